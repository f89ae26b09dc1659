"""Files that came singly become pages that are turned, ordered, split, merged and put back; killed in between nothing is lost."""

import io
from pathlib import Path

import pikepdf
import pytest
from PIL import Image
from sqlalchemy import select

from service.errors import NotAllowed, NotFound, RuleRefused
from service.flow.archive import filing
from service.flow.intake import arrange as flow
from service.flow.intake import batches, stacks
from service.flow.intake.process import process_waiting
from service.flow.intake.receive import receive
from service.flow.intake.rescan import rescan
from service.records.tables import Batch, Document, Stack
from tests.service.test_batches import change, original, page, rows, scanner, send, sound, stack, whole
from tests.service.test_flow import new_contract

__all__ = ["scanner"]


def photo(folder: Path, seed: int, name: str) -> Path:
    path = folder / name
    Image.fromarray(page(seed)).save(path)
    return path


def take(office, *paths, login="scanner", batch="B-1"):
    return [receive(office.house, office[login], path, path.name, batch=batch).document_id for path in paths]


def arrange(office, login="scanner"):
    return flow.arrange(office.house, office[login], "B-1")


def test_a_file_that_came_in_no_batch_gets_one_of_its_own_and_a_page_of_it_a_new_scan(scanner, tmp_path):
    """As from a watched folder; whoever read 第 2 页请重新扫描 there can put it right."""
    (document_id,) = take(scanner, stack(tmp_path, 1, 2, name="a.tif"), batch="")
    take(scanner, tmp_path / "a.tif", batch="")  # once more, because the answer was lost
    with pytest.raises(NotAllowed):
        flow.arrange_alone(scanner.house, scanner["head"], document_id)
    assert [document.batch for document in rows(scanner, Document)] == [""]
    name = flow.arrange_alone(scanner.house, scanner["scanner"], document_id)
    assert name == f"{scanner.house.clock.now():%Y%m%d}-{document_id[:8]}"
    assert flow.arrange_alone(scanner.house, scanner["scanner"], document_id) == name  # once more changes nothing
    found = whole(scanner, name=name)
    new = photo(tmp_path, 5, "new.png")
    rescan(scanner.house, scanner["scanner"], name, found.batch.version, "1.2", new, "new.png")
    found = whole(scanner, name=name)
    assert [part.pages for part in found.parts] == [["1.1", "2.1"]]
    assert found.manifest.balances
    (document,) = rows(scanner, Document)
    batches.release(scanner.house, scanner["scanner"], name)
    _contract, file_id = new_contract(scanner)
    filing.file_document(scanner.house, scanner["handler"], document.id, file_id, "1.9")


def test_what_came_out_of_a_file_is_no_paper_of_its_batch(scanner, tmp_path):
    inner, outer = stack(tmp_path, 1, name="inner.pdf"), stack(tmp_path, 2, name="outer.pdf")
    with pikepdf.open(outer, allow_overwriting_input=True) as pdf:
        pdf.attachments["inner.pdf"] = inner.read_bytes()
        pdf.save(outer)
    take(scanner, outer, photo(tmp_path, 3, "b.png"))
    process_waiting(scanner.house)
    assert len(rows(scanner, Document)) == 3
    assert arrange(scanner) == 1
    assert (whole(scanner).manifest.sheets, whole(scanner).manifest.balances) == (2, True)


def test_a_document_whose_pages_stay_gets_no_batch(scanner, tmp_path):
    (document_id,) = take(scanner, stack(tmp_path, 1, name="a.tif"), batch="")
    filing.file_document(scanner.house, scanner["handler"], document_id, new_contract(scanner)[1], "1.9")
    with pytest.raises(RuleRefused, match="stay as they are"):
        flow.arrange_alone(scanner.house, scanner["handler"], document_id)
    assert [document.batch for document in rows(scanner, Document)] == [""]


def test_a_pdf_and_photographs_become_one_document_and_fall_apart_again(scanner, tmp_path):
    paths = [
        stack(tmp_path, 1, 2, name="a.pdf"),
        photo(tmp_path, 3, "b.webp"),
        photo(tmp_path, 4, "c.bmp"),
        photo(tmp_path, 5, "d.png"),
    ]
    ids = take(scanner, *paths)
    assert arrange(scanner) == 4
    opened = whole(scanner)
    assert [part.document_id for part in opened.parts] == ids  # nothing was made anew yet
    assert (opened.manifest.kept, opened.manifest.expected, opened.manifest.balances) == (5, 5, True)
    assert arrange(scanner) == 0

    assert change(scanner, "join", "") == [["1.1", "1.2", "2.1", "3.1", "4.1"]]
    (part,) = whole(scanner).parts
    with pikepdf.open(io.BytesIO(original(scanner, part.document_id))) as pdf:
        assert len(pdf.pages) == 5
    assert len(rows(scanner, Document)) == 1
    assert change(scanner, "move", "4.1", "1.1") == [["4.1", "1.1", "1.2", "2.1", "3.1"]]
    assert change(scanner, "rotate", "1.1", "90")[0][1] == "1.1@90"
    assert change(scanner, "split", "2.1") == [["4.1", "1.1@90", "1.2"], ["2.1", "3.1"]]
    for expected in ([["4.1", "1.1@90", "1.2", "2.1", "3.1"]], [["4.1", "1.1", "1.2", "2.1", "3.1"]]):
        assert change(scanner, "undo", "") == expected
    change(scanner, "undo", "")
    assert change(scanner, "undo", "") == [["1.1", "1.2"], ["2.1"], ["3.1"], ["4.1"]]
    # Every file is again what was sent, byte for byte.
    for made, path in zip(whole(scanner).parts, paths, strict=True):
        assert original(scanner, made.document_id) == path.read_bytes()
    with pytest.raises(RuleRefused, match="no change of pages to undo"):
        change(scanner, "undo", "")
    assert sound(scanner)
    batches.release(scanner.house, scanner["scanner"], "B-1")
    assert sound(scanner)
    with pytest.raises(RuleRefused, match="was released"):
        arrange(scanner)


def test_a_dropped_page_comes_back_with_what_was_seen_of_it(scanner, tmp_path):
    send(scanner, stack(tmp_path, 1, 2, 3), sheets=3, sides=1)
    before = whole(scanner).page("1.2")
    change(scanner, "drop", "1.2")
    assert whole(scanner).manifest.blanks == 1
    change(scanner, "undo", "")
    assert whole(scanner).page("1.2") == before
    assert whole(scanner).manifest.kept == 3


@pytest.mark.parametrize("batch", ["", "B-2"])
def test_what_somebody_else_was_told_of_stays_when_its_batch_changes(scanner, tmp_path, batch):
    path = stack(tmp_path, 1, 2, 3, name="a.pdf")
    (document_id,) = take(scanner, path)
    again = receive(scanner.house, scanner["colleague"], path, path.name, channel="folder", batch=batch)
    assert (again.document_id, again.duplicate) == (document_id, True)
    assert {d.id for d in process_all(scanner)} == {document_id}
    arrange(scanner)
    assert change(scanner, "drop", "1.3") == [["1.1", "1.2"]]
    assert original(scanner, document_id) == path.read_bytes()
    kept = {d.id: d for d in rows(scanner, Document)}[document_id]
    assert (kept.batch, kept.indexed) == (batch, False)  # the change took it out of the index: it is put there again
    assert kept.status in ("stored", "needs_review")
    assert whole(scanner).manifest.kept == 2
    batches.count_paper(scanner.house, scanner["scanner"], "B-1", sheets=3, sides=1)
    assert not whole(scanner).account.lost
    assert sound(scanner)
    assert {d.id for d in process_all(scanner)} >= {document_id}


def process_all(office):
    """Index what came: the document that stays is found again."""
    from service.flow.intake.process import process_waiting

    process_waiting(office.house)
    return [d for d in rows(office, Document) if d.indexed]


def test_what_its_own_sender_sent_twice_goes_with_the_change(scanner, tmp_path):
    path = stack(tmp_path, 1, 2, name="a.pdf")
    assert take(scanner, path) == take(scanner, path)
    arrange(scanner)
    assert change(scanner, "drop", "1.2") == [["1.1"]]
    (left,) = rows(scanner, Document)
    assert left.pages == 1


def test_a_file_that_a_part_of_a_stack_repeats_stays(scanner, tmp_path):
    path = stack(tmp_path, 1, 2, name="a.pdf")
    (document_id,) = take(scanner, path)
    (made,) = send(scanner, path).documents
    assert (made.document_id, made.duplicate) == (document_id, True)
    assert change(scanner, "drop", "1.2") == [["1.1"]]
    assert original(scanner, document_id) == path.read_bytes()


def test_the_last_page_is_not_dropped(scanner, tmp_path):
    take(scanner, photo(tmp_path, 1, "a.png"))
    arrange(scanner)
    with pytest.raises(RuleRefused, match="no page left"):
        change(scanner, "drop", "1.1")
    assert whole(scanner).manifest.kept == 1


def test_a_stack_that_comes_later_is_not_taken_away_by_a_step_back(scanner, tmp_path):
    send(scanner, stack(tmp_path, 1, 2))
    change(scanner, "split", "1.2")
    send(scanner, stack(tmp_path, 3, name="more.pdf"))
    with pytest.raises(RuleRefused, match="no change of pages to undo"):
        change(scanner, "undo", "")
    assert [part.pages for part in whole(scanner).parts] == [["1.1"], ["1.2"], ["2.1"]]


def test_what_would_break_stays_as_it_is(scanner, tmp_path):
    kept = take(scanner, photo(tmp_path, 1, "a.png"), photo(tmp_path, 2, "b.png"), photo(tmp_path, 3, "c.png"))
    with scanner.house.database.write() as session:
        for document_id, notes, tier in zip(
            kept, (["signed"], ["from:x"], []), (*["internal"] * 2, "secret"), strict=True
        ):
            document = session.get_one(Document, document_id)
            document.notes, document.tier = notes, tier
    with scanner.house.database.read() as session:
        assert not flow.can_arrange(list(session.scalars(select(Document))))
    flow_owner = scanner["administrator"]
    with pytest.raises((RuleRefused, NotFound)):
        flow.arrange(scanner.house, flow_owner, "B-1")
    assert rows(scanner, Batch) == []
    (last,) = take(scanner, photo(tmp_path, 4, "d.png"), login="administrator", batch="B-2")
    assert flow.arrange(scanner.house, flow_owner, "B-2") == 1
    _contract, file_id = new_contract(scanner)
    with pytest.raises(RuleRefused, match="not released yet"):
        filing.file_document(scanner.house, flow_owner, last, file_id)


def test_others_batches_are_not_there(scanner, tmp_path):
    take(scanner, photo(tmp_path, 1, "a.png"))
    scanner.hire("auditing", "auditor")
    with pytest.raises(NotFound):
        arrange(scanner, "auditing")
    with pytest.raises(NotFound):
        flow.arrange(scanner.house, scanner["scanner"], "B-none")
    assert rows(scanner, Batch) == []


class Killed(BaseException):
    """What a killed process does not catch."""


def test_killed_in_between_the_files_are_all_there_once(scanner, tmp_path, monkeypatch):
    """The process ends between the bytes of a file and its row; the next sweep and a second try finish it."""
    paths = [photo(tmp_path, 1, "a.png"), photo(tmp_path, 2, "b.png")]
    ids = take(scanner, *paths)
    put = scanner.house.vault.put
    died = []

    def dies(*given):
        put(*given)
        if len(died) < 1:
            died.append(True)
            raise Killed

    monkeypatch.setattr(flow, "let_go", lambda *_: None)  # nothing is tidied up by who was killed
    monkeypatch.setattr(type(scanner.house.vault), "put", lambda _self, *given: dies(*given))
    with pytest.raises(Killed):
        arrange(scanner)
    assert [stack.state for stack in rows(scanner, Stack)] == ["receiving"]
    monkeypatch.undo()
    stacks.resume(scanner.house)
    assert rows(scanner, Stack) == []
    assert {document.id for document in rows(scanner, Document)} == set(ids)
    assert arrange(scanner) == 2
    assert [part.document_id for part in whole(scanner).parts] == ids
    assert sound(scanner)
