"""The sealed format: what was sealed opens, and nothing else does."""

import hashlib
import io
import random
import struct
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from vault.envelope import CHUNK_SIZE, HEADER_SIZE, TAG_SIZE, OpeningReader, SealingReader, sealed_size
from vault.errors import ObjectDamaged
from vault.model import FileKey
from vault.suites import NUMBERS

SMALL = 4096  # the smallest chunk the format allows: many chunks, little work
KEY = FileKey(UUID(int=1), bytes(range(32)))
NAME = UUID(int=2)
MIB = 1024 * 1024


def seal(plain: bytes, name: UUID = NAME, key: FileKey = KEY, chunk_size: int = SMALL) -> bytes:
    with SealingReader(io.BytesIO(plain), name, key, chunk_size=chunk_size) as reader:
        return reader.read()


def unseal(sealed: bytes, name: UUID = NAME, key: FileKey = KEY) -> bytes:
    return OpeningReader(io.BytesIO(sealed), name, key).read()


def chunks_of(sealed: bytes) -> tuple[bytes, list[bytes]]:
    body, step = sealed[HEADER_SIZE:], SMALL + TAG_SIZE
    return sealed[:HEADER_SIZE], [body[i : i + step] for i in range(0, len(body), step)]


at_any_speed = settings(deadline=None)  # a loaded machine is no failure
near_borders = st.builds(
    lambda chunks, offset: max(0, chunks * SMALL + offset), st.integers(0, 9), st.integers(-2, 2)
) | st.integers(0, 40_000)


@at_any_speed
@given(size=near_borders, seed=st.integers(0, 2**32))
def test_what_was_sealed_opens_again(size, seed):
    plain = random.Random(seed).randbytes(size)
    sealed = seal(plain)
    assert len(sealed) == sealed_size(size, SMALL)
    assert unseal(sealed) == plain


@pytest.mark.parametrize("blocks", [1, 2, 3, 11, 12])
@pytest.mark.parametrize("offset", [-CHUNK_SIZE, -1, 0, 1, CHUNK_SIZE])
def test_sizes_around_the_blocks_that_are_hashed_beside(blocks, offset):
    plain = random.Random(blocks).randbytes(blocks * MIB + offset)
    with SealingReader(io.BytesIO(plain), NAME, KEY) as reader:
        sealed = b"".join(iter(lambda: reader.read(700_000), b""))
        result = reader.seal()
    assert unseal(sealed) == plain
    assert (result.size, result.sha256) == (len(plain), hashlib.sha256(plain).hexdigest())
    assert result.sealed_size == len(sealed) == sealed_size(len(plain))
    assert result.name == NAME


@pytest.mark.parametrize("chunk_size", [4096, 10_000, 65_537, 700_000, MIB])
def test_chunks_have_their_size_across_all_blocks(chunk_size):
    plain = random.Random(chunk_size).randbytes(5 * MIB + 77)
    with SealingReader(io.BytesIO(plain), NAME, KEY, chunk_size=chunk_size) as reader:
        sealed = b"".join(iter(lambda: reader.read(1_000_003), b""))
        assert reader.seal().sealed_size == len(sealed) == sealed_size(len(plain), chunk_size)
    assert unseal(sealed) == plain


@at_any_speed
@given(size=near_borders, sizes=st.lists(st.integers(1, 10_000), min_size=1, max_size=20))
def test_readers_may_read_in_any_sizes(size, sizes):
    plain = random.Random(size).randbytes(size)
    sealer, sealed, turn = SealingReader(io.BytesIO(plain), NAME, KEY, chunk_size=SMALL), b"", 0
    while part := sealer.read(sizes[turn % len(sizes)]):
        sealed, turn = sealed + part, turn + 1
    opener, again = OpeningReader(io.BytesIO(sealed), NAME, KEY), b""
    while part := opener.read(sizes[turn % len(sizes)]):
        again, turn = again + part, turn + 1
    assert again == plain


def assert_refused(sealed: bytes, plain: bytes, intact_chunks: int, name: UUID = NAME, key: FileKey = KEY) -> None:
    """Nothing of the first bad chunk or of what follows it is given out, and the end is an error, not an end."""
    given_out = bytearray()

    def read_to_the_end() -> None:
        reader = OpeningReader(io.BytesIO(sealed), name, key)
        while part := reader.read(1000):
            given_out.extend(part)

    with pytest.raises(ObjectDamaged, match=str(name)):
        read_to_the_end()
    assert len(given_out) <= intact_chunks * SMALL
    assert plain.startswith(given_out)


objects = st.builds(lambda size, seed: random.Random(seed).randbytes(size), near_borders, st.integers(0, 99))


@at_any_speed
@given(plain=objects, data=st.data())
def test_a_changed_bit_is_refused(plain, data):
    sealed = bytearray(seal(plain))
    at = data.draw(st.integers(0, len(sealed) - 1) | st.integers(0, HEADER_SIZE - 1))
    sealed[at] ^= 1 << data.draw(st.integers(0, 7))
    intact = max(0, at - HEADER_SIZE) // (SMALL + TAG_SIZE) if at >= HEADER_SIZE else 0
    assert_refused(bytes(sealed), plain, intact)


def test_every_bit_of_the_header_matters():
    sealed = seal(b"a licence")
    for bit in range(HEADER_SIZE * 8):
        changed = bytearray(sealed)
        changed[bit // 8] ^= 1 << bit % 8
        assert_refused(bytes(changed), b"", 0)


@at_any_speed
@given(plain=objects, data=st.data())
def test_a_cut_is_refused(plain, data):
    sealed = seal(plain)
    borders = [HEADER_SIZE + n * (SMALL + TAG_SIZE) for n in range(len(chunks_of(sealed)[1]))]
    at = data.draw(st.sampled_from(borders) | st.integers(0, len(sealed) - 1))
    assert_refused(sealed[:at], plain, max(0, at - HEADER_SIZE) // (SMALL + TAG_SIZE))


@at_any_speed
@given(plain=objects, extra=st.binary(min_size=1, max_size=2 * SMALL))
def test_appended_bytes_are_refused(plain, extra):
    count = len(chunks_of(seal(plain))[1])
    assert_refused(seal(plain) + extra, plain, count - 1)


@at_any_speed
@given(count=st.integers(2, 8), data=st.data())
def test_swapped_repeated_and_dropped_chunks_are_refused(count, data):
    plain = random.Random(count).randbytes(count * SMALL - data.draw(st.integers(0, SMALL - 1)))
    header, chunks = chunks_of(seal(plain))
    first = data.draw(st.integers(0, count - 1))
    second = data.draw(st.integers(0, count - 1).filter(lambda n: n != first))
    swapped = list(chunks)
    swapped[first], swapped[second] = chunks[second], chunks[first]
    assert_refused(header + b"".join(swapped), plain, min(first, second))
    repeated = [*chunks[: first + 1], *chunks[first:]]
    assert_refused(header + b"".join(repeated), plain, first + 1 if first < count - 1 else first)
    dropped = chunks[:first] + chunks[first + 1 :]
    assert_refused(header + b"".join(dropped), plain, first)


def test_an_empty_chunk_after_the_last_is_refused():
    plain = bytes(2 * SMALL)
    header, chunks = chunks_of(seal(plain))
    longer = chunks_of(seal(plain + b"x"))[1]
    for extra in (b"", bytes(TAG_SIZE), longer[2], chunks[1]):
        if extra:
            assert_refused(header + b"".join(chunks) + extra, plain, 1)


@settings(max_examples=20, deadline=None)
@given(plain=objects)
def test_another_objects_bytes_are_refused(plain):
    other = UUID(int=77)
    assert_refused(seal(plain, name=other), plain, 0)
    # … also when its header was made to say otherwise
    ours, theirs = chunks_of(seal(plain)), chunks_of(seal(plain, name=other))
    assert_refused(ours[0] + b"".join(theirs[1]), plain, 0)
    forged = bytearray(seal(plain, name=other))
    forged[14:30] = NAME.bytes
    assert_refused(bytes(forged), plain, 0)


def test_another_documents_key_is_refused():
    assert_refused(seal(b"text"), b"", 0, key=FileKey(KEY.owner, bytes(32)))


def test_an_object_sealed_twice_shares_nothing():
    first, second = seal(bytes(SMALL)), seal(bytes(SMALL))
    assert first[30:] != second[30:]
    assert not {first[i : i + 16] for i in range(37, len(first) - 16)} & {second[i : i + 16] for i in range(37, 4000)}


def test_sealing_not_read_to_its_end_has_no_result():
    reader = SealingReader(io.BytesIO(bytes(3 * MIB)), uuid4(), KEY)
    reader.read(1000)
    with pytest.raises(ValueError, match="not been read to its end"):
        reader.seal()
    reader.close()


@pytest.mark.parametrize("chunk_size", [0, 4095, 2 * MIB])
def test_chunk_sizes_out_of_range_are_not_written(chunk_size):
    with pytest.raises(ValueError, match="chunk size"):
        SealingReader(io.BytesIO(b""), NAME, KEY, chunk_size=chunk_size)


@pytest.mark.parametrize("suite", NUMBERS.values(), ids=NUMBERS)
def test_nothing_of_a_changed_chunk_is_left_in_the_readers_own_buffer(suite):
    """It is opened straight into that buffer: what did not prove itself must not stay there, whatever the reader does next."""
    plain = random.Random(3).randbytes(2 * SMALL)
    with SealingReader(io.BytesIO(plain), NAME, KEY, chunk_size=SMALL, suite=suite) as reader:
        sealed = bytearray(reader.read())
    sealed[HEADER_SIZE + SMALL + TAG_SIZE - 1] ^= 1  # the last byte of the first tag
    buffer = bytearray(b"-" * SMALL)
    with pytest.raises(ObjectDamaged):
        OpeningReader(io.BytesIO(sealed), NAME, KEY).readinto(buffer)
    assert bytes(buffer) in (bytes(SMALL), b"-" * SMALL)


@pytest.mark.parametrize("suite", NUMBERS.values(), ids=NUMBERS)
@pytest.mark.parametrize("bad", range(5))
def test_what_is_sound_before_a_bad_chunk_comes_out_first_also_into_a_large_buffer(suite, bad):
    plain = random.Random(4).randbytes(5 * SMALL - 7)
    with SealingReader(io.BytesIO(plain), NAME, KEY, chunk_size=SMALL, suite=suite) as reader:
        sealed = bytearray(reader.read())
    sealed[HEADER_SIZE + bad * (SMALL + TAG_SIZE) + 9] ^= 1
    opening, buffer, got = OpeningReader(io.BytesIO(sealed), NAME, KEY), bytearray(b"-" * 8 * SMALL), 0
    while got < bad * SMALL:
        size = opening.readinto(memoryview(buffer)[got:])
        assert size > 0
        got += size
    assert got == bad * SMALL
    for _ in range(2):  # and again: nothing gets past it
        with pytest.raises(ObjectDamaged, match=f"chunk {bad} "):
            opening.readinto(memoryview(buffer)[got:])
    assert bytes(buffer[:got]) == plain[:got]
    assert set(buffer[got:]) <= {0, ord("-")}


@pytest.mark.parametrize(
    ("what", "value", "said"),
    [
        ("MAGIC", b"JZSEALEX", "begin like"),
        ("LARGEST_CHUNK", 1 << 31, "chunk size"),
        ("SMALLEST_CHUNK", 1, "chunk size"),
    ],
)
def test_what_is_no_object_of_this_format_is_refused_also_when_the_key_sealed_it(monkeypatch, what, value, said):
    """The header's own seal refuses it for anybody without the key; with the key, too, nothing is read for it and no memory taken."""
    with monkeypatch.context() as other:
        other.setattr(f"vault.envelope.{what}", value)
        size = {"LARGEST_CHUNK": 2 << 20, "SMALLEST_CHUNK": 16}.get(what, SMALL)
        with SealingReader(io.BytesIO(b"a licence"), NAME, KEY, chunk_size=size) as reader:
            sealed = reader.read()
    with pytest.raises(ObjectDamaged, match=said):
        unseal(sealed)


def test_an_empty_last_chunk_that_was_sealed_is_refused():
    """With the key itself nobody makes two objects of one content: an end of its own is what no sealing writes."""
    random_ = random.Random(5)
    given = [random_.randbytes(32), random_.randbytes(7), random_.randbytes(12)]
    plain, draws = random_.randbytes(SMALL), iter(given)
    with SealingReader(io.BytesIO(plain), NAME, KEY, chunk_size=SMALL, random=lambda _size: next(draws)) as reader:
        header = reader.read()[:HEADER_SIZE]
    cipher, bound_to = AESGCM(given[0]), hashlib.sha256(header).digest()
    chunks = [
        cipher.encrypt(given[1] + struct.pack(">IB", number, last), content, bound_to)
        for number, last, content in ((0, 0, plain), (1, 1, b""))
    ]
    with pytest.raises(ObjectDamaged, match="no sealing writes"):
        unseal(header + b"".join(chunks))


def test_an_object_of_a_later_version_is_said_to_be_that():
    sealed = bytearray(seal(b"a licence"))
    sealed[8] = 2
    with pytest.raises(ObjectDamaged, match="format version 2, suite 1 is not known to this program"):
        unseal(bytes(sealed))
