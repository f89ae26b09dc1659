"""Tampering with sealed objects in a store: every change is found, and nothing of a bad chunk is ever given out."""

import io
import os
import random
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from vault.adapters import open_store
from vault.envelope import CHUNK_SIZE, HEADER_SIZE, TAG_SIZE
from vault.errors import ObjectDamaged
from vault.model import FileKey
from vault.suites import AES_256_GCM, NUMBERS
from vault.vault import Vault

CHANGES = 1000
STEP = CHUNK_SIZE + TAG_SIZE
CHUNKS = 5


class Shelf:
    """Documents in a vault on a disk that somebody can write to."""

    def __init__(self, folder: Path, sizes: list[int], suite: int) -> None:
        self.vault = Vault(open_store(f"file://{folder}"), suite)
        chance = random.Random(11)
        self.documents = []
        for size in sizes:
            name, key, plain = uuid4(), FileKey(uuid4(), os.urandom(32)), chance.randbytes(size)
            sealed = self.vault.put(name, key, io.BytesIO(plain))
            (file,) = folder.glob(f"*/*/{name}")
            self.documents.append((name, key, plain, sealed.sha256, file))

    def given_out(self, name: UUID, key: FileKey) -> tuple[bytes, bool]:
        """Return what reading gives out, and whether it ended in a refusal."""
        out = b""
        try:
            with self.vault.open(name, key) as stream:
                while block := stream.read(10_000):
                    out += block
        except ObjectDamaged:
            return out, True
        return out, False


@pytest.fixture(scope="module", params=NUMBERS)
def shelf(request, tmp_path_factory) -> Shelf:
    sizes = [0, 1, 20_000, CHUNK_SIZE, CHUNKS * CHUNK_SIZE - 77, 2 * CHUNK_SIZE]
    return Shelf(tmp_path_factory.mktemp("shelf"), sizes, NUMBERS[request.param])


def test_each_of_a_thousand_single_changes_is_found_and_gives_nothing_bad_out(shelf):
    chance, found = random.Random(2026), 0
    changes = CHANGES if shelf.vault.suite == AES_256_GCM else 200  # SM4 is slow where the processor does not help
    for _ in range(changes):
        name, key, plain, digest, file = chance.choice(shelf.documents)
        sound = file.read_bytes()
        place = chance.randrange(len(sound))
        changed = bytearray(sound)
        changed[place] ^= chance.randrange(1, 256)
        file.write_bytes(changed)
        try:
            with pytest.raises(ObjectDamaged, match=str(name)):
                shelf.vault.verify(name, key, digest)
            found += 1
            out, refused = shelf.given_out(name, key)
            before = max(0, (place - HEADER_SIZE) // STEP) * CHUNK_SIZE if place >= HEADER_SIZE else 0
            assert refused
            assert plain.startswith(out)
            assert len(out) <= before, "something of the changed chunk was given out"
        finally:
            file.write_bytes(sound)
    assert found == changes
    for name, key, _, digest, _ in shelf.documents:
        shelf.vault.verify(name, key, digest)


def chunks_of(sealed: bytes) -> tuple[bytes, list[bytes]]:
    body = sealed[HEADER_SIZE:]
    return sealed[:HEADER_SIZE], [body[at : at + STEP] for at in range(0, len(body), STEP)]


def rearrangements(count: int):
    """Yield (what was done, the order of the chunks as indices, how many chunks from the first on are as they were)."""
    order = list(range(count))
    for cut in range(count):
        yield f"cut after {cut}", order[:cut], max(cut - 1, 0)
    for one in range(count):
        yield f"without {one}", order[:one] + order[one + 1 :], min(one, count - 2)
        yield f"{one} twice", order[: one + 1] + order[one:], min(one + 1, count - 1)
        for other in range(one + 1, count):
            swapped = [*order]
            swapped[one], swapped[other] = order[other], order[one]
            yield f"{one} and {other} swapped", swapped, one
    yield "backwards", order[::-1], 0
    yield "the beginning again at the end", [*order, 0], count - 1


@pytest.mark.parametrize(("what", "order", "sound_chunks"), list(rearrangements(CHUNKS)))
def test_chunks_out_of_their_order_are_refused_before_they_are_given_out(shelf, what, order, sound_chunks):
    name, key, plain, digest, file = shelf.documents[4]
    sound = file.read_bytes()
    header, chunks = chunks_of(sound)
    assert len(chunks) == CHUNKS
    file.write_bytes(header + b"".join(chunks[index] for index in order))
    try:
        with pytest.raises(ObjectDamaged):
            shelf.vault.verify(name, key, digest)
        out, refused = shelf.given_out(name, key)
        assert refused, what
        assert plain.startswith(out)
        assert len(out) <= sound_chunks * CHUNK_SIZE
        for start in range(0, len(plain), CHUNK_SIZE):  # ranges go past what lies before them
            with shelf.vault.open_range(name, key, start, min(1000, len(plain) - start)) as stream:
                try:
                    part = stream.read()
                except ObjectDamaged:
                    continue
            assert part == plain[start : start + 1000]
    finally:
        file.write_bytes(sound)


def test_objects_swapped_between_documents_are_refused(shelf):
    for one in shelf.documents:
        for other in shelf.documents:
            if one is other:
                continue
            name, key, _, digest, file = one
            sound = file.read_bytes()
            file.write_bytes(other[4].read_bytes())
            try:
                with pytest.raises(ObjectDamaged):
                    shelf.vault.verify(name, key, digest)
                assert shelf.given_out(name, key) == (b"", True)
            finally:
                file.write_bytes(sound)


def test_chunks_of_another_object_of_the_same_document_are_refused(shelf, tmp_path):
    mine = Shelf(tmp_path, [], shelf.vault.suite)
    key, plain = FileKey(uuid4(), os.urandom(32)), os.urandom(3 * CHUNK_SIZE)
    files = []
    for _ in range(2):
        name = uuid4()
        mine.vault.put(name, key, io.BytesIO(plain))
        (file,) = tmp_path.glob(f"*/*/{name}")
        files.append((name, file))
    (name, file), (_, other) = files
    header, chunks = chunks_of(file.read_bytes())
    for index, chunk in enumerate(chunks_of(other.read_bytes())[1]):
        file.write_bytes(header + b"".join([*chunks[:index], chunk, *chunks[index + 1 :]]))
        out, refused = mine.given_out(name, key)
        assert refused
        assert out == plain[: len(out)]
        assert len(out) <= index * CHUNK_SIZE
