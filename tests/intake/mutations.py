"""Sound files broken in every way that disks, networks and people break them, and some that only malice does; by seed."""

import io
import random
import re
import struct
import zipfile

from tests.intake import made

_WILD = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_WILD_WORDS = (b"0", b"-1", b"2147483647", b"4294967296", b"1e308", b"99999999999999999999", b"0.0000001", b"NaN")
_NUMBER = re.compile(rb"\d+(?:\.\d+)?")


def _flip(rng, data):
    """Turn over up to 20 bits."""
    for _ in range(rng.randint(1, 20)):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _cut(rng, data):
    """Cut the end off."""
    del data[rng.randrange(1, len(data)) :]


def _wild_length(rng, data):
    """Put a wild number where one may stand."""
    for _ in range(rng.randint(1, 4)):
        at, size = rng.randrange(max(1, len(data) - 4)), rng.choice((2, 4))
        data[at : at + size] = struct.pack(
            rng.choice("<>") + ("H" if size == 2 else "I"), rng.choice(_WILD) & ((1 << 8 * size) - 1)
        )


def _wild_head(rng, data):
    """The same in the first 200 bytes, where formats keep their sizes."""
    head = bytearray(data[:200])
    _wild_length(rng, head)
    data[:200] = head


def _wild_word(rng, data):
    """Put a wild number in the place of one that is written in digits."""
    found = list(_NUMBER.finditer(bytes(data)))
    for match in sorted(rng.sample(found, min(len(found), 3)), key=lambda m: -m.start()):
        data[match.start() : match.end()] = rng.choice(_WILD_WORDS)


def _swap(rng, data):
    """Let two pieces change places."""
    size = rng.randint(1, max(1, len(data) // 4))
    a, b = rng.randrange(len(data) - size + 1), rng.randrange(len(data) - size + 1)
    data[a : a + size], data[b : b + size] = data[b : b + size], data[a : a + size]


def _swap_objects(rng, data):
    """Let two objects, chunks or lines change their names or places."""
    lines = bytes(data).split(b"\n")
    a, b = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[a], lines[b] = lines[b], lines[a]
    data[:] = b"\n".join(lines)


def _empty_range(rng, data):
    """Sectors of a disk read as zeros."""
    at = rng.randrange(len(data))
    end = min(len(data), at + rng.choice((16, 512, 4096)))
    data[at:end] = bytes(end - at)


def _repeat(rng, data):
    """A piece comes twice."""
    at = rng.randrange(len(data))
    data[at:at] = data[at : at + rng.choice((64, 1000, 10_000))]


def _foreign(rng, data):
    """The head of one kind on the body of another."""
    other = made.MAKERS[rng.choice(sorted(made.MAKERS))][1]()
    data[: rng.randint(4, 64)] = other[: rng.randint(4, 300)]


WAYS = (_flip, _cut, _wild_length, _wild_head, _wild_word, _swap, _swap_objects, _empty_range, _repeat, _foreign)


def mutated(data, seed):
    """Return `data` broken in one or two ways; the same seed breaks it the same."""
    rng = random.Random(f"mutation {seed}")
    broken = bytearray(data)
    for _ in range(rng.choice((1, 1, 2))):
        if broken:
            rng.choice(WAYS)(rng, broken)
    return bytes(broken)


def mutated_part(data, seed):
    """Return a zip package with one of its parts broken and all checksums right, so that it is looked into."""
    rng = random.Random(f"part {seed}")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = rng.choice(sorted(parts))
    if rng.random() < 0.1:
        del parts[name]
    else:
        parts[name] = mutated(parts[name], seed)
    return made.package(parts)
