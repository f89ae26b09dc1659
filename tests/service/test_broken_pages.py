"""Broken files whose pages are split, turned and put among others: whole documents or a reason, and nothing in between."""

import re

import pytest

from intake.batches.cut import can_cut
from intake.errors import Rejected
from intake.inspect import inspect
from service.flow.intake import arrange as flow
from service.flow.intake.receive import receive
from service.records.tables import Batch, Document, Stack
from service.web.refusals import REJECTIONS
from tests.intake.mutations import mutated
from tests.intake.test_corpus import SEEDS
from tests.service.test_batches import BLANK, SHEET, change, original, rows, scanner, send, sound, stack, whole
from tests.thorough import THOROUGH, a_share, so_many

__all__ = ["scanner"]
BROKEN = [
    *("scan.pdf", "locked.pdf", "g4.tif", "lzw.tif", "tiled.tif", "photo.jpg", "print.jpg", "deep.png", "bits.bmp"),
    *("page.webp", "phone.heic"),
]


def clear(refusal):
    return refusal.code in REJECTIONS and re.fullmatch(r"[A-Z][^\n<>]+\.", str(refusal))


def all_whole(office, tmp_path, *batches):
    """Whether every document of the batches has the pages it should have, and none is left that is in none of them."""
    path, documents = tmp_path / "document", set()
    for part in [part for name in batches for part in whole(office, name=name).parts]:
        path.write_bytes(original(office, part.document_id))
        if inspect(path, office.house.limits).pages != len(part.pages):
            return False
        documents.add(part.document_id)
    return {document.id for document in rows(office, Document)} == documents and sound(office)


@pytest.mark.parametrize("name", ["stack.pdf", "stack.tif"])
def test_a_broken_stack_is_split_into_whole_documents_kept_whole_or_refused(scanner, tmp_path, name):
    path, taken, refused = stack(tmp_path, 1, SHEET, 2, BLANK, 3, name=name), [], 0
    data = path.read_bytes()
    for number in range(so_many(12, 5)):
        path.write_bytes(mutated(data, f"splitting {name} {number}"))
        refusal = None
        try:
            got = send(scanner, path, batch=f"B-{number}")
        except Rejected as error:
            refusal = error
        if refusal is not None:
            assert clear(refusal), (number, refusal)
            refused += 1
            continue
        assert got.done, number
        taken.append(f"B-{number}")
        made = whole(scanner, name=taken[-1])
        assert made.manifest.kept + made.manifest.blanks + made.manifest.separators == got.pages, number
        if [len(part.pages) for part in made.parts] == [got.pages]:
            assert original(scanner, made.parts[0].document_id) == path.read_bytes(), number
    assert taken
    assert refused
    assert {row.batch for row in rows(scanner, Stack)} == {row.name for row in rows(scanner, Batch)} == set(taken)
    assert all_whole(scanner, tmp_path, *taken)


def taken_all_the_same(office, path, name):
    """Take in the first broken file made of `name` that the archive does not refuse; None: there is none that can be put in order."""
    for number in range(40):
        path.write_bytes(mutated(SEEDS[name](), f"arranging {name} {number}"))
        try:
            found = inspect(path, office.house.limits, office.house.reader.look)
        except Rejected:
            continue
        if can_cut(found.kind) and "signed" not in found.notes:
            return receive(office.house, office["scanner"], path, path.name, batch="B-1").document_id
    return None


def test_pages_of_broken_files_are_turned_and_put_among_others_or_stay_as_they_are(scanner, tmp_path):
    receive(scanner.house, scanner["scanner"], stack(tmp_path, 1, 2, name="sound.pdf"), "sound.pdf", batch="B-1")
    taken = [name for name in a_share(BROKEN, 1, 3) if taken_all_the_same(scanner, tmp_path / name, name)]
    assert flow.arrange(scanner.house, scanner["scanner"], "B-1") == 1 + len(taken)
    done, refused = 0, 0
    for first in [part.pages[0] for part in whole(scanner).parts[1:]]:
        for action, to in (("rotate", "90"), ("move", "1.2")):
            before = [(part.pages, part.document_id) for part in whole(scanner).parts]
            refusal = None
            try:
                change(scanner, action, first, to)
            except Rejected as error:
                refusal = error
            if refusal is None:
                done += 1
                continue
            refused += 1
            assert clear(refusal), refusal
            assert [(part.pages, part.document_id) for part in whole(scanner).parts] == before
    assert done > len(taken)
    assert refused or not THOROUGH
    assert all_whole(scanner, tmp_path, "B-1")
