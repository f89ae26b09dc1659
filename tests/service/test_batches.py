"""Batches over real parts: stacks in, documents out, pages put right, paper accounted for, nothing lost when killed."""

import contextlib
import errno
import io
import json
import signal
import threading
from datetime import timedelta
from functools import cache
from pathlib import Path
from uuid import UUID

import pikepdf
import pytest
from PIL import Image
from sqlalchemy import delete, func, select, update

from intake.batches.apart import Look
from intake.batches.cutting import Cutter
from intake.batches.payload import Separator
from intake.errors import Rejected
from service.access import people
from service.errors import BadInput, DatabaseUnavailable, NoSpace, NotAllowed, NotFound, RuleRefused
from service.flow.archive import filing
from service.flow.archive.checks import doctor
from service.flow.intake import batches, holding, looks, parts, stacks
from service.flow.intake.rescan import rescan
from service.flow.trust.fixity import fixity
from service.records.tables import AuditEntry, Batch, BatchPart, Document, Rendition, Stack, WrappedKey
from tests.intake import made
from tests.intake.batches import stacks as scans
from tests.service.conftest import OWNER
from tests.service.nursery import nursery
from tests.service.test_flow import new_contract
from tests.thorough import so_many
from vault.errors import ObjectMissing, StoreUnavailable

DPI = 72
BLANK = "blank"


def page(seed):
    return scans.scanned(scans.words(scans.paper(DPI), 8, seed, DPI), seed, skew=0.5)


@cache
def picture(what):
    if what == BLANK:
        return scans.scanned(scans.paper(DPI), 50)
    if isinstance(what, Separator):
        return scans.scanned(scans.sheet(what, dpi=100), 60)
    return page(what)


def stack(folder: Path, *pages, name="stack.pdf") -> Path:
    """Write a stack: numbers are pages, BLANK a blank back, a Separator its sheet."""
    path = folder / name
    made = [picture(what) for what in pages]
    data = [scans.jpeg(p, 100 if isinstance(w, Separator) else DPI) for p, w in zip(made, pages, strict=True)]
    if path.suffix == ".tif":
        return scans.as_tiff(path, made, DPI)
    import img2pdf

    path.write_bytes(img2pdf.convert(data, nodate=True))
    return path


SHEET = Separator("file", "HT-XS-2026-0001", category="1.9")
USUAL = (1, BLANK, 2, SHEET, 3, BLANK, Separator(category="1.2"), 4)


@pytest.fixture
def scanner(embedded):
    embedded.hire("scanner", "operator")
    embedded.hire("colleague", "operator")
    return embedded


def send(office, path, login="scanner", *, batch="B-1", **how):
    return stacks.receive_stack(office.house, office[login], path, path.name, batch=batch, how=stacks.How(**how))


def whole(office, login="scanner", name="B-1"):
    return batches.get_batch(office.house, office[login], name)


def change(office, action, page, to="", login="scanner"):
    version = whole(office, login).batch.version
    batches.change_pages(office.house, office[login], "B-1", version, action, page, to)
    return [part.pages for part in whole(office, login).parts]


def rows(office, table):
    with office.house.database.read() as session:
        return list(session.scalars(select(table)))


def original(office, document_id):
    with office.house.database.read() as session:
        wrapped = session.get_one(WrappedKey, document_id).wrapped
    key = office.house.keys.unwrap(UUID(document_id), wrapped)
    with office.house.vault.open(UUID(document_id), key) as plain:
        return plain.read()


def sound(office):
    """Whether store, database and index agree, and every sealed object can be opened."""
    report = doctor(office.house, OWNER)
    *_, fix = fixity(office.house, OWNER)
    return not (report.orphans or report.stray or report.lost or report.missing) and fix.ok


def images(data):
    with pikepdf.open(io.BytesIO(data)) as pdf:
        return [next(iter(p.get_images().values())).read_raw_bytes() for p in pdf.pages]


@pytest.mark.parametrize("name", ["stack.pdf", "stack.tif"])
def test_a_stack_becomes_documents_with_what_their_sheets_say(scanner, tmp_path, name):
    if name == "stack.tif":
        path = scans.as_tiff(tmp_path / name, [scans.scanned(p, i) for i, p in enumerate(_large())])
    else:
        path = stack(tmp_path, *USUAL, name=name)
    got = send(scanner, path, sheets=4, sides=2)
    assert got.done
    assert [(d.pages, d.contract, d.category, d.duplicate) for d in got.documents] == [
        (2, "", "", False),
        (1, "HT-XS-2026-0001", "1.9", False),
        (1, "HT-XS-2026-0001", "1.2", False),
    ]
    seen = whole(scanner)
    assert [part.pages for part in seen.parts] == [["1.1", "1.3"], ["1.5"], ["1.8"]]
    assert (seen.manifest.kept, seen.manifest.blanks, seen.manifest.separators) == (4, 2, 2)
    assert seen.manifest.balances
    assert all(d.batch == "B-1" and d.received_by == "person:scanner" for d in seen.documents.values())
    assert sound(scanner)


def test_the_companys_own_labels_part_a_stack(scanner, tmp_path):
    folder = scanner.house.settings.home / "forms"
    folder.mkdir()
    (folder / "customers.toml").write_text('codes = ["KH-{customer:######}"]\nstarts = "file"\n', encoding="utf-8")
    (folder / "contracts.toml").write_text(
        'codes = ["{contract:HT-@@-####-####}"]\ncategory = "1.9"\n', encoding="utf-8"
    )

    def labelled(text, seed):
        sheet = scans.words(scans.paper(), 20, seed)
        return scans.scanned(
            scans.put(sheet, scans.code(text, "code128", module=0.4), 0.6, 9.5) if text else sheet, seed
        )

    texts = ("KH-000123", "", "HT-XS-2026-0001", "690-123456", "KH-000124")
    path = scans.as_pdf(tmp_path / "stack.pdf", [labelled(text, seed) for seed, text in enumerate(texts, 1)])
    got = send(scanner, path, sheets=5, sides=1)
    assert [(d.pages, d.contract, d.category) for d in got.documents] == [
        (2, "", ""),
        (2, "HT-XS-2026-0001", "1.9"),
        (1, "", ""),
    ]
    found = whole(scanner)
    assert [part.customer_number for part in found.parts] == ["000123", "", "000124"]
    assert (found.manifest.kept, found.manifest.separators) == (5, 0)  # the pages under the labels stay
    assert found.manifest.balances
    batches.release(scanner.house, scanner["scanner"], "B-1")
    assert sound(scanner)


def _large():
    blank = scans.paper()
    text = [scans.words(scans.paper(), 8, i) for i in range(4)]
    return [
        text[0],
        blank,
        text[1],
        scans.sheet(SHEET),
        text[2],
        blank,
        scans.sheet(Separator(category="1.2")),
        text[3],
    ]


def test_the_documents_hold_the_scanners_own_bytes(scanner, tmp_path):
    path = stack(tmp_path, *USUAL)
    got = send(scanner, path)
    before = images(path.read_bytes())
    after = [images(original(scanner, made.document_id)) for made in got.documents]
    assert after == [[before[0], before[2]], [before[4]], [before[7]]]


def test_a_stack_without_separators_is_one_document_byte_for_byte(scanner, tmp_path):
    path = stack(tmp_path, 1, 2, 3)
    (made,) = send(scanner, path).documents
    assert original(scanner, made.document_id) == path.read_bytes()


def test_the_same_stack_again_makes_nothing_new(scanner, tmp_path):
    path = stack(tmp_path, *USUAL)
    first = send(scanner, path)
    again = send(scanner, path, batch="B-2")
    assert again.duplicate
    assert (again.batch, [d.document_id for d in again.documents]) == ("B-1", [d.document_id for d in first.documents])
    assert all(d.duplicate for d in again.documents)
    assert len(rows(scanner, Document)) == 3
    assert len(rows(scanner, Stack)) == len(rows(scanner, Batch)) == 1
    batches.release(scanner.house, scanner["colleague"], "B-1", reason="nobody counted")
    once_more = send(scanner, path, batch="B-3")
    assert [d.document_id for d in once_more.documents] == [d.document_id for d in first.documents]
    assert len(rows(scanner, Document)) == 3


def test_single_sides_keep_blank_pages_and_so_does_who_asks(scanner, tmp_path):
    (made,) = send(scanner, stack(tmp_path, 1, BLANK, 2), sides=1).documents
    assert made.pages == 3
    (made,) = send(scanner, stack(tmp_path, 3, BLANK, name="b.pdf"), batch="B-2", drop_blanks=False).documents
    assert made.pages == 2


def test_a_page_that_could_not_be_looked_at_is_told(scanner, tmp_path, monkeypatch):
    seen = Look("page", 0.1, None, "", b"a picture")
    monkeypatch.setattr(looks, "look", lambda *_: iter([seen, Look("page", 0.0, None, "", b""), seen]))
    (made,) = send(scanner, stack(tmp_path, 1, SHEET, 2)).documents
    assert made.pages == 3
    found = whole(scanner)
    assert [found.page(key).get("measured") for key in found.order] == [None, "unseen", None]


def test_only_sheets_and_blanks_stay_in_the_batch_and_a_blank_can_be_kept(scanner, tmp_path):
    got = send(scanner, stack(tmp_path, SHEET, BLANK), sides=2, sheets=1)
    assert (got.done, got.documents) == (True, ())
    assert change(scanner, "keep", "1.2") == [["1.2"]]
    assert whole(scanner).manifest.balances


def test_two_passes_in_one_file(scanner, tmp_path):
    path = stack(tmp_path, 1, 3, 5, 6, 4, 2)
    (made,) = send(scanner, path, order="two_pass", sides=2, sheets=3).documents
    before = images(path.read_bytes())
    assert images(original(scanner, made.document_id)) == [before[i] for i in (0, 5, 1, 4, 2, 3)]
    with pytest.raises(Rejected, match="odd number"):
        send(scanner, stack(tmp_path, 1, 2, 3, name="odd.pdf"), batch="B-2", order="two_pass")
    assert len(rows(scanner, Stack)) == 1


def test_two_passes_in_two_files_wait_for_one_another(scanner, tmp_path):
    with pytest.raises(Rejected, match="no first pass"):
        send(scanner, stack(tmp_path, 9, name="early.pdf"), order="backs")
    fronts = send(scanner, stack(tmp_path, 1, SHEET, 3, name="f.pdf"), order="fronts", sides=2, sheets=3)
    assert (fronts.done, fronts.documents) == (False, ())
    with pytest.raises(RuleRefused, match="second pass"):
        batches.release(scanner.house, scanner["scanner"], "B-1")
    with pytest.raises(Rejected, match="3 pages, the second 1"):
        send(scanner, stack(tmp_path, 9, name="short.pdf"), order="backs", sides=2)
    backs = send(scanner, stack(tmp_path, 4, BLANK, 2, name="b.pdf"), order="backs", sides=2, sheets=3)
    assert backs.done
    assert [part.pages for part in whole(scanner).parts] == [["1.1", "2.3"], ["1.3", "2.1"]]
    assert whole(scanner).manifest.balances
    batches.release(scanner.house, scanner["scanner"], "B-1")


def test_while_a_first_pass_waits_no_other_comes_between(scanner, tmp_path):
    fronts = send(scanner, stack(tmp_path, 1, 3, name="f.pdf"), order="fronts", sides=2, sheets=2)
    with pytest.raises(Rejected, match="second 1"):
        send(scanner, stack(tmp_path, 2, name="short.pdf"), order="backs")
    with pytest.raises(Rejected, match="still waits for its backs") as refused:
        send(scanner, stack(tmp_path, 11, 13, name="others.pdf"), order="fronts", sheets=2)
    assert refused.value.code == "first_pass_waits"
    assert whole(scanner).batch.sheets == 2
    assert not send(scanner, tmp_path / "f.pdf", order="fronts").done  # the same one again is no other
    backs = send(scanner, stack(tmp_path, 4, 2, name="b.pdf"), order="backs")
    assert {s.id for s in whole(scanner).stacks} == {fronts.stack_id, backs.stack_id}
    assert [part.pages for part in whole(scanner).parts] == [["1.1", "2.2", "1.2", "2.1"]]
    send(scanner, tmp_path / "others.pdf", order="fronts", sheets=2)
    send(scanner, stack(tmp_path, 14, 12, name="others-backs.pdf"), order="backs")
    assert [part.pages for part in whole(scanner).parts][1:] == [["3.1", "4.2", "3.2", "4.1"]]


def test_passes_that_the_worker_cuts_later_wait_for_nobody(scanner, tmp_path):
    def later(path, order):
        how = stacks.How(order=order)
        return stacks.receive_stack(scanner.house, scanner["scanner"], path, path.name, batch="B-1", how=how, most=1)

    later(stack(tmp_path, 1, 3, name="f.pdf"), "fronts")
    later(stack(tmp_path, 4, 2, name="b.pdf"), "backs")
    later(stack(tmp_path, 11, 13, name="f2.pdf"), "fronts")
    later(stack(tmp_path, 14, 12, name="b2.pdf"), "backs")
    with pytest.raises(Rejected, match="no first pass"):
        later(stack(tmp_path, 24, 22, name="b3.pdf"), "backs")
    stacks.resume(scanner.house)
    assert [p.pages for p in whole(scanner).parts] == [["1.1", "2.2", "1.2", "2.1"], ["3.1", "4.2", "3.2", "4.1"]]


def test_a_pass_whose_receiver_died_keeps_nobody_out(scanner, tmp_path, monkeypatch):
    def die(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(stacks, "_keep", die)
        with pytest.raises(KeyboardInterrupt):
            send(scanner, stack(tmp_path, 1, 3, name="f.pdf"), order="fronts")
    send(scanner, stack(tmp_path, 11, 13, name="f2.pdf"), order="fronts")
    assert [s.filename for s in whole(scanner).stacks] == ["f2.pdf"]


def test_a_first_pass_that_is_all_there_is_becomes_documents(scanner, tmp_path):
    send(scanner, stack(tmp_path, 1, BLANK, SHEET, 3, name="f.pdf"), order="fronts", sides=2, sheets=4)
    office = (scanner.house, scanner["colleague"])
    batches.take_as_one_sided(*office, "B-1")
    assert [part.pages for part in whole(scanner).parts] == [
        ["1.1", "1.2"],
        ["1.4"],
    ]  # no page is taken for a blank back
    with pytest.raises(RuleRefused, match="no first pass"):
        batches.take_as_one_sided(*office, "B-1")
    batches.count_paper(*office, "B-1", sheets=4, sides=1)
    batches.release(*office, "B-1")
    with pytest.raises(RuleRefused, match="was released"):
        batches.give_up_pass(*office, "B-1")


def test_a_first_pass_that_is_given_up_lets_its_paper_be_scanned_again(scanner, tmp_path):
    send(scanner, stack(tmp_path, 1, 3, name="f.pdf"), order="fronts", sides=2, sheets=2)
    office = (scanner.house, scanner["scanner"])
    batches.give_up_pass(*office, "B-1")
    seen = whole(scanner)
    assert (seen.busy, seen.order, seen.manifest.replaced) == (False, (), 2)
    assert [s.filename for s in seen.given_up] == ["f.pdf"]
    assert scanner.house.vault.remains(UUID(seen.stacks[0].id))  # what was on the glass stays until the release
    with pytest.raises(RuleRefused, match="does not balance"):
        batches.release(*office, "B-1")
    send(scanner, stack(tmp_path, 11, 13, name="again.pdf"), order="fronts", sides=2, sheets=2)
    send(scanner, stack(tmp_path, 14, 12, name="b.pdf"), order="backs", sides=2, sheets=2)
    assert [part.pages for part in whole(scanner).parts] == [["2.1", "3.2", "2.2", "3.1"]]
    assert (whole(scanner).batch.sheets, whole(scanner).manifest.balances) == (2, True)
    assert sound(scanner)
    batches.release(*office, "B-1", reason="第 2、3 叠就是")
    assert {e.action for e in rows(scanner, AuditEntry)} >= {"batch.give_up", "batch.release"}


def test_paper_that_was_given_up_goes_only_with_a_word_on_where_it_was_scanned_again(scanner, tmp_path):
    """Other paper of as many sheets balances the account as well as the same paper would."""
    send(scanner, stack(tmp_path, 1, 3, name="f.pdf"), order="fronts", sides=1, sheets=2)
    office = (scanner.house, scanner["scanner"])
    batches.give_up_pass(*office, "B-1")
    send(scanner, stack(tmp_path, 21, 23, name="other.pdf"), sides=1, sheets=2)
    seen = whole(scanner)
    assert seen.manifest.balances
    with pytest.raises(RuleRefused, match=r"stack 1 was given up, and goes with the release"):
        batches.release(*office, "B-1")
    assert scanner.house.vault.remains(UUID(seen.stacks[0].id))
    batches.release(*office, "B-1", reason="在批次 B-2 里")
    (entry,) = [row for row in rows(scanner, AuditEntry) if row.action == "batch.release"]
    assert json.loads(entry.detail)["given_up"] == [[1, 2, seen.stacks[0].sha256]]


def test_what_was_given_up_and_comes_again_counts(scanner, tmp_path):
    """Sent with the wrong order: given up, and the very same file sent as it is."""
    path = stack(tmp_path, 1, 2, name="f.pdf")
    first = send(scanner, path, order="fronts", sheets=2)
    batches.give_up_pass(scanner.house, scanner["scanner"], "B-1")
    with pytest.raises(Rejected, match="no first pass"):
        send(scanner, path, order="backs")
    assert [s.id for s in whole(scanner).stacks] == [first.stack_id]  # what is refused takes nothing away
    again = send(scanner, path, sides=1, sheets=2)
    assert (again.duplicate, [made.pages for made in again.documents]) == (False, [2])
    assert whole(scanner).manifest.balances
    assert [s.turn_over for s in whole(scanner).stacks] == ["as_scanned"]
    assert not scanner.house.vault.remains(UUID(first.stack_id))
    assert sound(scanner)


def test_the_paper_of_a_pass_that_was_given_up_is_counted_once(scanner, tmp_path, monkeypatch):
    """Given up twice, with other paper between; and whose receiver died, that stack counts for nothing."""
    for seed in (1, 11):
        send(scanner, stack(tmp_path, seed, seed + 2, name=f"{seed}.pdf"), order="fronts", sides=2, sheets=2)
        batches.give_up_pass(scanner.house, scanner["scanner"], "B-1")
    send(scanner, stack(tmp_path, 31, 32, name="other.pdf"), sides=2, sheets=1)
    assert (whole(scanner).batch.sheets, whole(scanner).manifest.balances) == (3, False)

    def die(*_):
        raise KeyboardInterrupt

    again = stack(tmp_path, 21, 23, name="again.pdf")
    with monkeypatch.context() as patched:
        patched.setattr(stacks, "_keep", die)
        with pytest.raises(KeyboardInterrupt):
            send(scanner, stack(tmp_path, 41, 43, 45, name="died.pdf"), order="fronts", sides=2, sheets=3)
    send(scanner, again, order="fronts", sides=2, sheets=2)
    send(scanner, stack(tmp_path, 24, 22, name="b.pdf"), order="backs", sides=2, sheets=2)
    assert (whole(scanner).batch.sheets, whole(scanner).manifest.balances) == (3, True)


def test_what_goes_from_a_batch_because_its_bytes_came_again_leaves_an_entry(scanner, tmp_path):
    path = stack(tmp_path, 1, 2, name="f.pdf")
    first = send(scanner, path, order="fronts", sheets=2)
    batches.give_up_pass(scanner.house, scanner["scanner"], "B-1")
    send(scanner, path, "colleague", batch="B-2", sides=1, sheets=2)
    assert [batch.name for batch in rows(scanner, Batch)] == ["B-2"]  # nothing else was in the other
    (entry,) = [e for e in rows(scanner, AuditEntry) if e.action == "batch.moved"]
    assert (entry.actor, entry.subject) == ("person:colleague", "batch:B-1")
    detail = json.loads(entry.detail)
    assert (detail["stack"], detail["pages"], detail["to"]) == (first.stack_id, 2, "B-2")


def test_what_was_given_up_is_not_cut_because_nothing_else_waits(scanner, tmp_path):
    office = (scanner.house, scanner["scanner"])
    send(scanner, stack(tmp_path, 1, 3, name="f.pdf"), order="fronts", sides=2, sheets=2)
    batches.give_up_pass(*office, "B-1")
    seen = whole(scanner)
    assert not seen.may_come_twice(seen.given_up[0])
    send(scanner, stack(tmp_path, 11, 13, name="again.pdf"), order="fronts", sides=2, sheets=2)
    send(scanner, stack(tmp_path, 14, 12, name="b.pdf"), order="backs", sides=2, sheets=2)
    with pytest.raises(RuleRefused, match=r"no first pass .* where it is named: stack 1"):
        batches.take_as_one_sided(*office, "B-1")
    seen = whole(scanner)
    assert ([part.pages for part in seen.parts], seen.manifest.balances) == ([["2.1", "3.2", "2.2", "3.1"]], True)
    assert seen.may_come_twice(seen.given_up[0])  # the page of the batch says so beside the button


def test_what_was_given_up_by_mistake_is_cut_all_the_same(scanner, tmp_path):
    send(scanner, stack(tmp_path, 1, 2, name="f.pdf"), order="fronts")
    batches.give_up_pass(scanner.house, scanner["scanner"], "B-1", 1)
    batches.take_as_one_sided(scanner.house, scanner["scanner"], "B-1", 1)
    assert [part.pages for part in whole(scanner).parts] == [["1.1", "1.2"]]


def test_first_passes_that_waited_together_are_told_apart(scanner, tmp_path):
    """As a batch of an earlier version may have them."""
    for number in (1, 2):
        send(scanner, stack(tmp_path, number, number + 10, name=f"{number}.pdf"), order="as_scanned")
    with scanner.house.database.write() as session:
        session.execute(delete(BatchPart))
        session.execute(update(Stack).values(turn_over="fronts", state="kept"))
    with pytest.raises(Rejected, match="still waits"):
        send(scanner, stack(tmp_path, 4, 2, name="b.pdf"), order="backs")
    with pytest.raises(BadInput, match="say which"):
        batches.give_up_pass(scanner.house, scanner["scanner"], "B-1")
    batches.give_up_pass(scanner.house, scanner["scanner"], "B-1", 2)
    send(scanner, tmp_path / "b.pdf", order="backs")
    assert [part.pages for part in whole(scanner).parts] == [["1.1", "3.2", "1.2", "3.1"]]


def test_nothing_is_filed_before_the_release_and_everything_after(scanner, tmp_path):
    made = send(scanner, stack(tmp_path, 1, 2), sheets=2, sides=1).documents[0]
    _, file_id = new_contract(scanner)
    with pytest.raises(RuleRefused, match="B-1 is not released yet"):
        filing.file_document(scanner.house, scanner["handler"], made.document_id, file_id, "1.9")
    batches.release(scanner.house, scanner["scanner"], "B-1")
    filing.file_document(scanner.house, scanner["handler"], made.document_id, file_id, "1.9")


def test_documents_of_batches_without_a_stack_are_filed_as_before(scanner):
    from service.flow.intake.receive import receive
    from tests.service.conftest import DIGITAL

    got = receive(scanner.house, scanner["handler"], DIGITAL, "a.pdf", batch="B-20261125-abcdef")
    _, file_id = new_contract(scanner)
    filing.file_document(scanner.house, scanner["handler"], got.document_id, file_id, "1.9")


def test_a_picture_that_goes_with_the_release_is_not_there_and_one_that_is_lost_is_damage(
    scanner, tmp_path, monkeypatch
):
    send(scanner, stack(tmp_path, 1), sheets=1, sides=1)
    fetch = batches.thumbnail

    def after_the_release(house, found, number):
        batches.release(house, scanner["scanner"], "B-1")
        return fetch(house, found, number)

    monkeypatch.setattr(batches, "thumbnail", after_the_release)
    with pytest.raises(NotFound):
        batches.page_picture(scanner.house, scanner["scanner"], "B-1", "1.1")
    monkeypatch.setattr(batches, "thumbnail", fetch)
    send(scanner, stack(tmp_path, 2), sheets=1, sides=1, batch="B-2")
    (thumbs,) = (UUID(row.thumbs) for row in rows(scanner, Stack) if row.batch == "B-2")
    scanner.house.vault.delete(thumbs)
    with pytest.raises(ObjectMissing):
        batches.page_picture(scanner.house, scanner["scanner"], "B-2", "1.1")


def test_the_release_takes_the_stacks_away_and_leaves_the_documents(scanner, tmp_path):
    path = stack(tmp_path, *USUAL)
    got = send(scanner, path, sheets=4, sides=2)
    (kept,) = rows(scanner, Stack)
    assert batches.page_picture(scanner.house, scanner["scanner"], "B-1", "1.4").startswith(b"\xff\xd8")
    names = [UUID(kept.id), UUID(kept.thumbs)]
    assert all(scanner.house.vault.remains(name) for name in names)
    batches.release(scanner.house, scanner["scanner"], "B-1")
    (gone,) = rows(scanner, Stack)
    assert (gone.state, gone.key, gone.filename, gone.thumbs) == ("removed", None, "", None)
    assert not any(scanner.house.vault.remains(name) for name in names)
    assert all(original(scanner, made.document_id) for made in got.documents)
    assert sound(scanner)
    with pytest.raises(NotFound):
        batches.page_picture(scanner.house, scanner["scanner"], "B-1", "1.4")
    with pytest.raises(RuleRefused, match="was released"):
        change(scanner, "rotate", "1.1", "90")
    with pytest.raises(RuleRefused, match="was released"):
        send(scanner, stack(tmp_path, 77, name="late.pdf"))
    with scanner.house.database.read() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "batch.release")).one()
    assert '"1.2":0.0' in entry.detail.replace(" ", "")  # the trace of the dropped back: its place and its ink


def test_a_release_broken_off_after_the_keys_is_finished_later(scanner, tmp_path, monkeypatch):
    send(scanner, stack(tmp_path, 1), sheets=1, sides=1)
    (kept,) = rows(scanner, Stack)

    def die(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(batches, "remove", die)
        with pytest.raises(KeyboardInterrupt):
            batches.release(scanner.house, scanner["scanner"], "B-1")
    assert scanner.house.vault.remains(UUID(kept.id))
    assert rows(scanner, Stack)[0].key is None
    stacks.resume(scanner.house)
    assert not scanner.house.vault.remains(UUID(kept.id))
    assert sound(scanner)


def test_what_does_not_balance_needs_a_second_person_with_a_reason(scanner, tmp_path):
    send(scanner, stack(tmp_path, *USUAL), sheets=5, sides=2)
    release = batches.release
    with pytest.raises(
        RuleRefused, match=r"5 sheets x 2 sides = 10, but 4 pages kept \+ 2 blanks dropped \+ 2 separators = 8"
    ):
        release(scanner.house, scanner["scanner"], "B-1")
    with pytest.raises(RuleRefused, match="someone else"):
        release(scanner.house, scanner["scanner"], "B-1", reason="it will be right")
    with pytest.raises(NotAllowed):
        _release_as_auditor(scanner)
    release(scanner.house, scanner["colleague"], "B-1", reason="two sheets stuck together, counted again")
    (batch,) = rows(scanner, Batch)
    assert (batch.state, batch.released_by) == ("released", "person:colleague")
    assert "stuck" in batch.release_reason


def _release_as_auditor(office):
    office.hire("auditing", "auditor")
    try:
        batches.release(office.house, office["auditing"], "B-1", reason="x")
    except NotFound as error:  # who may not see a batch does not learn that it is there
        raise NotAllowed(str(error)) from error


def test_paper_that_nobody_counted_is_asked_for(scanner, tmp_path):
    send(scanner, stack(tmp_path, *USUAL))
    with pytest.raises(RuleRefused, match="say how many sheets"):
        batches.release(scanner.house, scanner["scanner"], "B-1")
    with pytest.raises(BadInput):
        batches.count_paper(scanner.house, scanner["scanner"], "B-1", sheets=0, sides=3)
    batches.count_paper(scanner.house, scanner["scanner"], "B-1", sheets=4, sides=2)
    batches.release(scanner.house, scanner["scanner"], "B-1")


def test_pages_are_put_right_from_the_stack(scanner, tmp_path):
    path = stack(tmp_path, 1, 2, SHEET, 3, 4)
    first = send(scanner, path)
    assert change(scanner, "rotate", "1.1", "90") == [["1.1@90", "1.2"], ["1.4", "1.5"]]
    assert change(scanner, "later", "1.1") == [["1.2", "1.1@90"], ["1.4", "1.5"]]
    assert change(scanner, "move", "1.1", "1.5") == [["1.2"], ["1.4", "1.1@90", "1.5"]]
    assert change(scanner, "split", "1.1") == [["1.2"], ["1.4"], ["1.1@90", "1.5"]]
    assert change(scanner, "merge", "1.2") == [["1.2", "1.4"], ["1.1@90", "1.5"]]
    assert change(scanner, "drop", "1.5") == [["1.2", "1.4"], ["1.1@90"]]
    assert whole(scanner).account.blanks == 1
    assert change(scanner, "keep", "1.5") == [["1.2", "1.4", "1.5"], ["1.1@90"]]
    assert change(scanner, "keep", "1.3")[0] == ["1.2", "1.3", "1.4", "1.5"]  # no separator after all
    seen = whole(scanner)
    before = images(path.read_bytes())
    assert images(original(scanner, seen.parts[0].document_id)) == [before[i] for i in (1, 2, 3, 4)]
    assert len(rows(scanner, Document)) == 2
    assert not {d.document_id for d in first.documents} & {d.id for d in rows(scanner, Document)}
    assert sound(scanner)
    with pytest.raises(BadInput):
        change(scanner, "rotate", "7.7", "90")
    with pytest.raises(BadInput):
        change(scanner, "burn", "1.1")


def test_who_stood_at_the_station_does_not_release_alone_what_does_not_balance(scanner, tmp_path):
    """The batch's operator is the station's account; the person is known by the name they have on the station."""
    scanner.hire("peng", "operator")
    how = {"device": "fi-7160", "settings": {"operator": "colleague"}}
    send(scanner, stack(tmp_path, 1, 2), sheets=3, sides=1, **how)
    for login in ("scanner", "colleague"):
        with pytest.raises(RuleRefused, match="someone else"):
            batches.release(scanner.house, scanner[login], "B-1", reason="it will be right")
    batches.release(scanner.house, scanner["peng"], "B-1", reason="counted again")
    assert [batch.released_by for batch in rows(scanner, Batch)] == ["person:peng"]


def test_neither_does_who_handed_in_a_later_stack_or_stood_at_the_station_then(scanner, tmp_path):
    for login in ("peng", "bao", "lin"):
        scanner.hire(login, "operator")
    send(scanner, stack(tmp_path, 1, 2), sheets=3, sides=1, settings={"operator": "colleague"})
    send(scanner, stack(tmp_path, 3, name="b.pdf"), login="peng", sheets=1, sides=1, settings={"operator": "bao"})
    assert whole(scanner).batch.settings["operator"] == "colleague, bao"
    for login in ("scanner", "colleague", "peng", "bao"):
        with pytest.raises(RuleRefused, match="someone else"):
            batches.release(scanner.house, scanner[login], "B-1", reason="it will be right")
    batches.release(scanner.house, scanner["lin"], "B-1", reason="counted again")


def test_who_saw_an_older_state_changes_nothing(scanner, tmp_path):
    send(scanner, stack(tmp_path, 1, 2, 3))
    version = whole(scanner).batch.version
    change(scanner, "split", "1.2")
    with pytest.raises(RuleRefused, match="changed by someone else"):
        batches.change_pages(scanner.house, scanner["colleague"], "B-1", version, "merge", "1.1")


def test_unchanged_documents_stay_the_ones_they_are(scanner, tmp_path):
    send(scanner, stack(tmp_path, 1, SHEET, 2, 3))
    stays = whole(scanner).parts[0].document_id
    change(scanner, "split", "1.4")
    assert whole(scanner).parts[0].document_id == stays


def test_a_page_is_scanned_again(scanner, tmp_path):
    path = stack(tmp_path, 1, 2, 3)
    send(scanner, path, sheets=3, sides=1)
    new = tmp_path / "again.jpg"
    new.write_bytes(scans.jpeg(page(42), DPI))
    version = whole(scanner).batch.version
    rescan(scanner.house, scanner["scanner"], "B-1", version, "1.2", new, "again.jpg")
    seen = whole(scanner)
    assert [part.pages for part in seen.parts] == [["1.1", "2.1", "1.3"]]
    assert (seen.manifest.kept, seen.manifest.replaced, seen.manifest.received) == (3, 1, 4)
    before = images(path.read_bytes())
    assert images(original(scanner, seen.parts[0].document_id)) == [before[0], new.read_bytes(), before[2]]
    with pytest.raises(BadInput, match="came in before"):
        rescan(scanner.house, scanner["scanner"], "B-1", seen.batch.version, "1.1", new, "again.jpg")
    with pytest.raises(Rejected, match="just one page"):
        rescan(scanner.house, scanner["scanner"], "B-1", seen.batch.version, "1.1", path, "many.pdf")
    assert sound(scanner)
    batches.release(scanner.house, scanner["scanner"], "B-1")
    assert all(row.state == "removed" for row in rows(scanner, Stack))


def rescanned(office, tmp_path):
    """Page 1.2 of B-1 was scanned again, by mistake with a page that belongs elsewhere; returns the new scan."""
    send(office, stack(tmp_path, 1, 2, 3), sheets=3, sides=1)
    other = stack(tmp_path, 77, name="other.tif")
    version = whole(office).batch.version
    rescan(office.house, office["scanner"], "B-1", version, "1.2", other, other.name)
    return other


def test_a_new_scan_that_was_undone_and_comes_where_it_belongs_is_taken_there(scanner, tmp_path):
    other = rescanned(scanner, tmp_path)
    change(scanner, "drop", "1.3")
    with pytest.raises(Rejected, match=r"pages 1\.2, 1\.3 of it"):
        send(scanner, tmp_path / "stack.pdf", batch="B-2")
    assert send(scanner, other, batch="B-2").duplicate  # it stands in a document
    for _step in range(2):
        change(scanner, "undo", "")
    got = send(scanner, other, batch="B-2", sheets=1, sides=1)
    assert (got.duplicate, got.batch, [made.pages for made in got.documents]) == (False, "B-2", [1])
    assert [s.turn_over for s in whole(scanner).stacks] == ["as_scanned"]
    assert whole(scanner).manifest.balances
    for name in ("B-1", "B-2"):
        batches.release(scanner.house, scanner["scanner"], name)
    assert sorted(d.pages for d in rows(scanner, Document)) == [1, 3]
    assert sound(scanner)


def test_a_new_scan_that_was_undone_may_come_again(scanner, tmp_path):
    other = rescanned(scanner, tmp_path)
    for page in ("1.3", "1.2"):
        change(scanner, "undo", "")
        version = whole(scanner).batch.version
        rescan(scanner.house, scanner["scanner"], "B-1", version, page, other, other.name)
        with pytest.raises(BadInput, match="came in before"):
            rescan(scanner.house, scanner["scanner"], "B-1", whole(scanner).batch.version, "1.1", other, other.name)
    assert [part.pages for part in whole(scanner).parts] == [["1.1", "2.1", "1.3"]]
    assert [s.state for s in rows(scanner, Stack)] == ["cut", "cut"]
    batches.release(scanner.house, scanner["scanner"], "B-1")
    assert sound(scanner)


def test_a_page_that_was_left_out_or_replaced_is_not_said_to_be_here(scanner, tmp_path):
    """Nobody is told that a file is here of which a page would go with the release."""
    rescanned(scanner, tmp_path)
    two = stack(tmp_path, 5, 6, name="two.tif")
    send(scanner, two, batch="B-3", sheets=2, sides=1)
    version = whole(scanner, name="B-3").batch.version
    batches.change_pages(scanner.house, scanner["scanner"], "B-3", version, "drop", "1.2")
    for path, page, name in ((tmp_path / "stack.pdf", "1.2", "B-1"), (two, "1.2", "B-3")):
        with pytest.raises(Rejected) as refused:
            send(scanner, path, batch="B-4")
        assert refused.value.code == "pages_left_out"
        assert f"pages {page} of it" in str(refused.value)
        assert name in str(refused.value)
    assert {b.name for b in rows(scanner, Batch)} == {"B-1", "B-3"}
    batches.release(scanner.house, scanner["scanner"], "B-3")
    again = send(scanner, two, batch="B-4", sheets=2, sides=1)
    assert (again.duplicate, [made.pages for made in again.documents]) == (False, [2])
    assert sound(scanner)


def test_while_pages_are_being_changed_nobody_is_told_that_they_are_here(scanner, tmp_path, monkeypatch):
    other = rescanned(scanner, tmp_path)

    def die(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(parts, "_put_into_force", die)
        with pytest.raises(KeyboardInterrupt):
            change(scanner, "undo", "")
    for path in (other, tmp_path / "stack.pdf"):
        with pytest.raises(Rejected) as refused:
            send(scanner, path, batch="B-2")
        assert refused.value.code == "busy"
    stacks.resume(scanner.house)
    assert send(scanner, tmp_path / "stack.pdf", batch="B-2").duplicate
    assert not send(scanner, other, batch="B-2").duplicate


def test_a_document_that_was_handed_over_goes_with_its_pages_in_its_new_batch(scanner, tmp_path):
    """Equal pages in two batches: the document is the first batch's, then the second's, and is in neither when both have turned it."""
    send(scanner, stack(tmp_path, 1, SHEET, 2, name="a.tif"), batch="Y", sheets=3, sides=1)
    send(scanner, stack(tmp_path, 3, SHEET, 2, name="b.tif"), sheets=3, sides=1)
    shared = whole(scanner).parts[1]
    assert (shared.duplicate, shared.document_id) == (True, whole(scanner, name="Y").parts[1].document_id)
    version = whole(scanner, name="Y").batch.version
    batches.change_pages(scanner.house, scanner["scanner"], "Y", version, "rotate", "1.3", "90")
    assert whole(scanner).documents[shared.document_id].batch == "B-1"
    change(scanner, "rotate", "1.3", "180")
    assert shared.document_id not in {d.id for d in rows(scanner, Document)}
    assert (whole(scanner).manifest.kept, whole(scanner).manifest.balances) == (2, True)
    for name in ("B-1", "Y"):
        batches.release(scanner.house, scanner["scanner"], name)
    assert sound(scanner)


def test_of_equal_pages_in_one_batch_the_document_goes_with_the_last(scanner, tmp_path):
    same = page(5)
    send(scanner, scans.as_tiff(tmp_path / "a.tif", [same, picture(SHEET), same], DPI), sheets=3, sides=1)
    one, other = whole(scanner).parts
    assert (one.document_id, other.duplicate) == (other.document_id, True)
    change(scanner, "rotate", "1.1", "90")
    assert other.document_id in {d.id for d in rows(scanner, Document)}
    change(scanner, "rotate", "1.3", "180")
    assert other.document_id not in {d.id for d in rows(scanner, Document)}
    assert whole(scanner).manifest.balances
    assert sound(scanner)


def test_other_departments_and_roles_see_no_batch(scanner, tmp_path):
    made = send(scanner, stack(tmp_path, 1, 2)).documents[0]
    other = people.create_department(scanner.house, OWNER, "CG", "采购部")
    scanner.hire("stranger", "operator", department_id=other.id)
    for login in ("stranger", "auditor", "head"):
        with pytest.raises((NotFound, NotAllowed)):
            whole(scanner, login)
        if login != "stranger":
            with pytest.raises(NotAllowed):
                batches.list_batches(scanner.house, scanner[login])
    assert batches.list_batches(scanner.house, scanner["stranger"]) == []
    assert [b.name for b in batches.list_batches(scanner.house, scanner["archivist"])] == ["B-1"]
    with pytest.raises(NotAllowed):
        stacks.receive_stack(scanner.house, scanner["auditor"], tmp_path / "stack.pdf", "s.pdf")
    with scanner.house.database.write() as session:
        session.get_one(Document, made.document_id).tier = "core"
    with pytest.raises(NotFound):  # one secret page, and the batch is out of sight
        whole(scanner, "colleague")


def test_a_stack_without_a_department_goes_to_the_one_that_sends_it_again(scanner, tmp_path):
    path = stack(tmp_path, *USUAL)
    first = stacks.receive_stack(scanner.house, OWNER, path, "stack.pdf", batch="B-1")
    with pytest.raises(NotFound):
        batches.get_batch(scanner.house, scanner["scanner"], "B-1")
    again = stacks.receive_stack(scanner.house, scanner["scanner"], path, "stack.pdf", batch="B-2")
    assert (again.duplicate, again.batch) == (True, first.batch)
    batches.get_batch(scanner.house, scanner["scanner"], "B-1")
    with scanner.house.database.read() as session:
        adopted = session.scalar(select(func.count()).where(AuditEntry.action == "document.adopt"))
        assert adopted == len({made.document_id for made in first.documents})
        assert set(session.scalars(select(Document.department_id))) == {scanner.department_id}


def test_nobody_adds_to_a_batch_of_another_department(scanner, tmp_path):
    send(scanner, stack(tmp_path, 1, name="a.pdf"))
    other = people.create_department(scanner.house, OWNER, "CG", "采购部")
    scanner.hire("outsider", "operator", department_id=other.id)
    with pytest.raises(BadInput, match="other people"):
        send(scanner, stack(tmp_path, 2, name="b.pdf"), "outsider")
    assert len(whole(scanner).stacks) == 1
    assert len(send(scanner, stack(tmp_path, 3, name="c.pdf"), "colleague").documents) == 1


def test_a_single_file_of_another_department_does_not_hide_a_batch(scanner, tmp_path):
    from service.flow.intake.receive import receive

    send(scanner, stack(tmp_path, 1, 2))
    department = people.create_department(scanner.house, OWNER, "Y", "别处")
    scanner.hire("elsewhere", "operator", department_id=department.id)
    path = stack(tmp_path, 5, name="t.pdf")
    with pytest.raises(Rejected, match="other people") as refused:
        receive(scanner.house, scanner["elsewhere"], path, path.name, batch="B-1")
    assert refused.value.code == "batch_refuses"
    assert whole(scanner).manifest.kept == 2
    assert not receive(scanner.house, scanner["colleague"], path, path.name, batch="B-1").duplicate
    assert whole(scanner).manifest.kept == 3


def test_what_is_no_stack_or_no_file_is_refused_and_leaves_nothing(scanner, tmp_path):
    jpg = tmp_path / "a.jpg"
    jpg.write_bytes(scans.jpeg(page(1), DPI))
    (tmp_path / "e.pdf").write_bytes(b"")
    for path, code in ((jpg, "no_stack"), (tmp_path / "e.pdf", "empty")):
        with pytest.raises(Rejected) as refused:
            send(scanner, path)
        assert refused.value.code == code
    with pytest.raises(BadInput):
        send(scanner, stack(tmp_path, 1), sides=3)
    assert rows(scanner, Batch) == rows(scanner, Stack) == []


def test_a_stack_that_cannot_be_cut_becomes_one_document(scanner, tmp_path, monkeypatch):
    path = stack(tmp_path, *USUAL)
    real = Cutter.write

    def broken(cutter, pieces, target):
        if len(pieces) != 8:
            raise Rejected("truncated", "The PDF is damaged or cut short.")
        return real(cutter, pieces, target)

    monkeypatch.setattr(Cutter, "write", broken)
    (made,) = send(scanner, path).documents
    assert original(scanner, made.document_id) == path.read_bytes()
    assert whole(scanner).stacks[0].error


def _damaged_behind(monkeypatch, *pages):
    """Let these pages of a stack refuse to be cut out."""
    real = Cutter.write

    def broken(cutter, pieces, target):
        if [piece.page for piece in pieces] == list(pages):
            raise Rejected("truncated", "The PDF is damaged or cut short.")
        return real(cutter, pieces, target)

    monkeypatch.setattr(Cutter, "write", broken)


def test_documents_made_before_a_stack_is_left_whole_go_again(scanner, tmp_path, monkeypatch):
    path = stack(tmp_path, 1, SHEET, 2, SHEET, 3, 4)
    _damaged_behind(monkeypatch, 5, 6)
    (made,) = send(scanner, path, sheets=6, sides=1).documents
    assert [document.id for document in rows(scanner, Document)] == [made.document_id]
    assert original(scanner, made.document_id) == path.read_bytes()
    assert whole(scanner).manifest.balances
    assert sound(scanner)


def test_documents_made_before_a_change_is_given_up_go_again(scanner, tmp_path, monkeypatch):
    send(scanner, stack(tmp_path, 1, 2, 3), sheets=3, sides=1)
    before = rows(scanner, Document)
    with monkeypatch.context() as patched:
        _damaged_behind(patched, 2, 3)
        with pytest.raises(Rejected):
            change(scanner, "split", "1.2")
    assert [document.id for document in rows(scanner, Document)] == [document.id for document in before]
    assert change(scanner, "split", "1.2") == [["1.1"], ["1.2", "1.3"]]
    assert not any(part.duplicate for part in whole(scanner).parts)
    assert sound(scanner)


def test_a_stack_with_a_damaged_page_that_cannot_be_cut_is_one_document_too(scanner, tmp_path, monkeypatch):
    path = scans.as_tiff(
        tmp_path / "a.tif", [_large()[0], _large()[2], _large()[3], _large()[4]], compression="tiff_lzw"
    )
    with Image.open(path) as image:
        image.seek(1)
        offset, count = image.tag_v2[273][0], image.tag_v2[279][0]
    data = bytearray(path.read_bytes())
    data[offset + 2 : offset + count] = bytes(b ^ 0x5A for b in data[offset + 2 : offset + count])
    path.write_bytes(data)
    real = Cutter.write

    def broken(cutter, pieces, target):
        numbers = [piece.page for piece in pieces]
        if numbers != [1, 2, 3, 4]:
            raise Rejected("truncated", "The TIFF is damaged or cut short.")
        return real(cutter, pieces, target)

    monkeypatch.setattr(Cutter, "write", broken)
    (made,) = send(scanner, path, order="two_pass").documents
    assert original(scanner, made.document_id) == path.read_bytes()
    assert not whole(scanner).busy


def test_who_sent_a_stack_that_cannot_even_be_left_whole_is_told_that_it_is_kept(scanner, tmp_path, monkeypatch):
    def broken(*_):
        raise Rejected("truncated", "The PDF is damaged or cut short.")

    path = stack(tmp_path, 1, SHEET, 2)
    with monkeypatch.context() as patched:
        patched.setattr(Cutter, "write", broken)
        got = send(scanner, path)
        assert (got.done, got.documents) == (False, ())
        assert stacks.resume(scanner.house) == []
    assert stacks.resume(scanner.house) == ["B-1"]
    assert [part.pages for part in whole(scanner).parts] == [["1.1", "1.2", "1.3"]]
    assert sound(scanner)


def test_a_damaged_stack_keeps_no_sender_of_another_waiting(scanner, tmp_path):
    for_the_worker(scanner, stack(tmp_path, 1, SHEET, 2), sheets=3, sides=1)
    (lost,) = rows(scanner, Stack)
    scanner.house.vault.delete(UUID(lost.id))
    got = send(scanner, stack(tmp_path, 11, 12, name="b.pdf"), sheets=2, sides=1)
    assert (got.duplicate, got.done) == (False, False)
    assert [row.state for row in rows(scanner, Stack)] == ["kept", "kept"]


def test_a_disk_that_fails_under_one_stack_keeps_no_other_from_being_cut(scanner, tmp_path, monkeypatch):
    for number in (1, 2):
        path = stack(tmp_path, number, SHEET, 10 + number, name=f"{number}.pdf")
        how = stacks.How(sheets=3, sides=1)
        stacks.receive_stack(scanner.house, scanner["scanner"], path, path.name, batch=f"B-{number}", how=how, most=1)
    real, calls = Cutter.write, []

    def failing(cutter, pieces, target):
        calls.append(pieces)
        if len(calls) == 1:
            raise OSError(errno.EIO, "Input/output error")
        return real(cutter, pieces, target)

    monkeypatch.setattr(Cutter, "write", failing)
    assert len(stacks.resume(scanner.house)) == 1
    assert sorted(row.state for row in rows(scanner, Stack)) == ["cut", "cutting"]
    assert len(stacks.resume(scanner.house)) == 1
    assert [row.state for row in rows(scanner, Stack)] == ["cut", "cut"]
    assert sound(scanner)


def test_a_change_that_cannot_be_made_leaves_the_batch_as_it_was(scanner, tmp_path, monkeypatch):
    send(scanner, stack(tmp_path, 1, 2, 3))
    before = [(p.pages, p.document_id) for p in whole(scanner).parts]

    def broken(*_):
        raise Rejected("truncated", "The PDF is damaged or cut short.")

    with monkeypatch.context() as patched:
        patched.setattr(Cutter, "write", broken)
        with pytest.raises(Rejected):
            change(scanner, "split", "1.2")
    assert [(p.pages, p.document_id) for p in whole(scanner).parts] == before
    assert change(scanner, "split", "1.2") == [["1.1"], ["1.2", "1.3"]]


def test_a_filed_page_that_comes_again_stops_the_destruction_until_the_release(scanner, tmp_path):
    from service.flow.common.facts import file_facts
    from service.flow.intake.receive import receive
    from service.records.tables import CaseFile

    path = stack(tmp_path, 1, 2)
    first = receive(scanner.house, scanner["handler"], path, path.name).document_id
    _, file_id = new_contract(scanner)
    filing.file_document(scanner.house, scanner["handler"], first, file_id, "1.9")
    got = send(scanner, path, login="handler", sheets=2, sides=1)
    assert [(d.document_id, d.duplicate) for d in got.documents] == [(first, True)]

    def waiting():
        with scanner.house.database.read() as session:
            return file_facts(session, session.get_one(CaseFile, file_id)).open_batches

    assert waiting() == ("B-1",)
    version = whole(scanner, "handler").batch.version
    batches.change_pages(scanner.house, scanner["handler"], "B-1", version, "split", "1.2")
    assert first in {d.id for d in rows(scanner, Document)}  # it is no document of this batch: it stays
    batches.release(scanner.house, scanner["handler"], "B-1")
    assert waiting() == ()


def signed(path, *pages, **how):
    """Write a PDF with a signature or an attachment, and with pages of a stack behind its own."""
    made_pdf, more = made.pdf(**how), stack(path.parent, *pages, name="more.pdf")
    with pikepdf.open(io.BytesIO(made_pdf)) as pdf, pikepdf.open(more) as others:
        pdf.pages.extend(others.pages)
        pdf.save(path)
    return path


@pytest.mark.parametrize("how", [{"signed": True}, {"attachment": "报价单.xlsx"}])
def test_a_signed_file_or_one_with_attachments_is_never_cut(scanner, tmp_path, how):
    path = signed(tmp_path / "signed.pdf", BLANK, SHEET, 1, **how)
    with pytest.raises(Rejected) as refused:
        send(scanner, path, order="two_pass")
    assert refused.value.code == "stays_whole"
    (document,) = send(scanner, path, sheets=2, sides=2).documents
    assert original(scanner, document.document_id) == path.read_bytes()
    found = whole(scanner)
    assert [part.pages for part in found.parts] == [["1.1", "1.2", "1.3", "1.4"]]
    assert (found.manifest.kept, found.manifest.balances) == (4, True)
    assert [row.error_code for row in rows(scanner, Stack)] == ["stays_whole"]
    send(scanner, stack(tmp_path, 2, 3, name="b.pdf"), sheets=1, sides=2)
    for action, at, to in (("rotate", "1.1", "90"), ("drop", "1.2", ""), ("split", "1.3", ""), ("merge", "1.1", ""),
                           ("move", "2.1", "1.2"), ("join", "", "")):  # fmt: skip
        with pytest.raises(RuleRefused, match="stays as it came"):
            change(scanner, action, at, to)
    assert change(scanner, "split", "2.2") == [["1.1", "1.2", "1.3", "1.4"], ["2.1"], ["2.2"]]
    new = tmp_path / "new.pdf"
    new.write_bytes(made.pdf(**how))
    with pytest.raises(Rejected, match="signed or holds attachments"):
        rescan(scanner.house, scanner["scanner"], "B-1", whole(scanner).batch.version, "2.1", new, "new.pdf")
    assert original(scanner, document.document_id) == path.read_bytes()
    assert sound(scanner)


def claim_ran_out(office):
    with office.house.database.write() as session:
        session.get_one(Batch, "B-1").claimed_until = office.house.clock.now() - timedelta(seconds=1)


def beside(office):
    """Let another thread go on with the batch, as the next sweep does when the claim ran out."""
    claim_ran_out(office)
    other = threading.Thread(target=stacks.resume, args=[office.house])
    other.start()
    other.join()


def for_the_worker(office, path, **how):
    how = stacks.How(**how)
    stacks.receive_stack(office.house, office["scanner"], path, path.name, batch="B-1", how=how, most=1)


def test_a_batch_is_held_for_as_long_as_its_pages_are_looked_at(scanner, tmp_path, monkeypatch):
    for_the_worker(scanner, stack(tmp_path, 1, SHEET, 2), sheets=3, sides=1)
    real, left = looks.look, []

    def slow(*a):
        for found in real(*a):
            claim_ran_out(scanner)
            yield found
            (batch,) = rows(scanner, Batch)
            left.append(batch.claimed_until > scanner.house.clock.now())

    monkeypatch.setattr(holding, "_EVERY", 0.0)
    monkeypatch.setattr(looks, "look", slow)
    stacks.resume(scanner.house)
    assert left == [True, True, True]
    assert [part.pages for part in whole(scanner).parts] == [["1.1"], ["1.3"]]


@pytest.mark.parametrize("step", ["look_at", "_plan", "_make_one", "_leaving", "_leave_whole"])
def test_who_lost_a_batch_to_another_worker_writes_nothing_more(scanner, tmp_path, monkeypatch, step):
    for_the_worker(scanner, stack(tmp_path, 1, SHEET, 2), sheets=3, sides=1)
    real, mine, seen = getattr(parts, step), threading.get_ident(), []

    def late(*a, **k):
        if threading.get_ident() == mine and not seen:
            seen.append(step)
            monkeypatch.setattr(Cutter, "write", cut)
            beside(scanner)
        return real(*a, **k)

    cut = Cutter.write
    if step == "_leave_whole":
        monkeypatch.setattr(Cutter, "write", _refused)
    monkeypatch.setattr(parts, step, late)
    stacks.resume(scanner.house)
    found = whole(scanner)
    assert seen
    assert [part.pages for part in found.parts] == [["1.1"], ["1.3"]]
    assert found.manifest.balances
    assert sorted(document.id for document in rows(scanner, Document)) == sorted(p.document_id for p in found.parts)
    assert [row.error for row in rows(scanner, Stack)] == [""]
    assert not [part for part in rows(scanner, BatchPart) if part.wanted]
    assert sound(scanner)


def test_who_lost_a_batch_makes_no_document_that_nobody_wants_any_more(scanner, tmp_path, monkeypatch):
    for_the_worker(scanner, stack(tmp_path, 1, SHEET, 2), sheets=3, sides=1)
    real = Cutter.write

    def late(*a):
        monkeypatch.setattr(Cutter, "write", real)
        beside(scanner)
        assert change(scanner, "merge", "1.1") == [["1.1", "1.3"]]
        return real(*a)

    monkeypatch.setattr(Cutter, "write", late)
    stacks.resume(scanner.house)
    assert [document.pages for document in rows(scanner, Document)] == [2]
    assert sound(scanner)


def test_a_change_made_by_another_worker_is_put_into_force_once(scanner, tmp_path, monkeypatch):
    send(scanner, stack(tmp_path, 1, 2, 3))
    real, mine = parts._put_into_force, threading.get_ident()

    def late(*a):
        if threading.get_ident() == mine:
            beside(scanner)
        return real(*a)

    monkeypatch.setattr(parts, "_put_into_force", late)
    assert change(scanner, "split", "1.2") == [["1.1"], ["1.2", "1.3"]]
    assert len(rows(scanner, Document)) == 2
    assert sound(scanner)


@pytest.mark.parametrize("where", ["store", "disk", "pictures", "database"])
def test_an_outage_uses_up_no_attempt_to_look_at_a_stack(scanner, tmp_path, monkeypatch, where):
    for_the_worker(scanner, stack(tmp_path, 1, SHEET, 2, BLANK, name="a.pdf"), sheets=2, sides=2)
    vault, real = scanner.house.vault, looks.look
    trouble = {"disk": OSError(errno.ENOSPC, "No space left"), "database": DatabaseUnavailable("away")}
    trouble = trouble.get(where, StoreUnavailable("away"))

    def fails(*_):
        raise trouble

    def breaks(*a):
        yield next(real(*a))
        patched.setattr(scanner.house.database, "write", fails)
        raise trouble

    breaking = {
        "store": (vault, "open", fails),
        "disk": (looks, "look", fails),
        "pictures": (vault, "put", fails),
        "database": (looks, "look", breaks),
    }
    for _ in range(4):
        with monkeypatch.context() as patched, contextlib.suppress(NoSpace, DatabaseUnavailable, StoreUnavailable):
            patched.setattr(*breaking[where])
            stacks.resume(scanner.house)
    stacks.resume(scanner.house)
    found = whole(scanner)
    assert [part.pages for part in found.parts] == [["1.1"], ["1.3"]]
    assert found.manifest.balances
    assert [row.attempts for row in rows(scanner, Stack)] == [0]
    assert found.unseen == []


def test_an_outage_uses_up_no_attempt_where_another_worker_has_the_stack_next(scanner, tmp_path, monkeypatch):
    """Three workers would otherwise leave it unlooked, each with an attempt that it could not take back."""
    for_the_worker(scanner, stack(tmp_path, 1, SHEET, 2), sheets=3, sides=1)

    def away(*_):
        raise DatabaseUnavailable("away")

    def breaks(*_):
        patched.setattr(scanner.house.database, "write", away)
        raise DatabaseUnavailable("away")

    with monkeypatch.context() as patched:
        patched.setattr(looks, "look", breaks)
        with pytest.raises(DatabaseUnavailable):
            stacks.resume(scanner.house)
    assert [row.attempts for row in rows(scanner, Stack)] == [1]
    with scanner.house.database.write() as session:
        until = scanner.house.clock.now() + timedelta(minutes=5)
        session.execute(update(Batch).values(claimed_by="elsewhere:1:1:1", claimed_until=until))
    assert stacks.resume(scanner.house) == []
    assert [row.attempts for row in rows(scanner, Stack)] == [0]


def test_a_stack_that_kills_whoever_looks_is_released_only_with_a_word_on_its_pages(scanner, tmp_path):
    for_the_worker(scanner, stack(tmp_path, 1, SHEET, 2), sheets=3, sides=1)
    with scanner.house.database.write() as session:
        session.execute(update(Stack).values(attempts=parts.MAX_ATTEMPTS))
    stacks.resume(scanner.house)
    assert whole(scanner).unseen == ["1.1", "1.2", "1.3"]
    with pytest.raises(RuleRefused, match=r"pages 1\.1, 1\.2, 1\.3 could not be looked at"):
        batches.release(scanner.house, scanner["scanner"], "B-1")
    assert change(scanner, "drop", "1.2") == [["1.1", "1.3"]]
    with pytest.raises(RuleRefused, match=r"pages 1\.1, 1\.3 could not"):
        batches.release(scanner.house, scanner["scanner"], "B-1")
    batches.release(scanner.house, scanner["scanner"], "B-1", reason="两面正文")
    (entry,) = [row for row in rows(scanner, AuditEntry) if row.action == "batch.release"]
    assert json.loads(entry.detail)["unseen"] == ["1.1", "1.3"]


def _refused(*_):
    raise Rejected("truncated", "The PDF is damaged or cut short.")


KILLED = """
import os, signal, sys
from pathlib import Path
from service.access.policy import Actor
from service.bootstrap import build
from service.flow.intake import parts, stacks, looks
from service.settings import load
from vault.vault import Vault

count = [0]
def after(owner, name):
    real = getattr(owner, name)
    def wrapped(*a, **k):
        out = real(*a, **k)
        count[0] += 1
        if count[0] == int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)
        return out
    setattr(owner, name, wrapped)
from service.records import audit
for owner, name in ((Vault, "put"), (audit, "append"), (stacks, "_write_intent"), (parts, "_plan"), (parts, "_make_one"),
                    (parts, "look_at"), (parts, "receive")):
    after(owner, name)
house = build(load())
stacks.receive_stack(house, Actor("person:scanner", owner=True), Path(sys.argv[1]), "stack.pdf", batch=sys.argv[3],
                     how=stacks.How(sheets=4, sides=2))
print("done", count[0])
"""


@pytest.mark.slow
def test_killed_at_any_moment_the_same_stack_sent_again_gives_the_same_documents(scanner, tmp_path):
    at, steps = 0, so_many(3, 6)
    while True:
        at += steps
        path = stack(tmp_path, 100 + at, BLANK, 200 + at, SHEET, 300 + at, Separator(category="1.2"), 400 + at)
        done = nursery().run(KILLED, path, at, f"B-{at}", env=scanner.env)
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
        if at % 2:
            stacks.resume(scanner.house)
        got = stacks.receive_stack(scanner.house, scanner["scanner"], path, "stack.pdf", batch=f"C-{at}")
        assert [made.pages for made in got.documents] == [2, 1, 1]
        before = images(path.read_bytes())
        held = [image for made in got.documents for image in images(original(scanner, made.document_id))]
        assert held == [before[i] for i in (0, 2, 4, 6)]
        with scanner.house.database.read() as session:
            living = session.scalar(select(func.count()).select_from(Document).where(Document.batch == got.batch))
        assert living == 3
    assert at > 12
    stacks.resume(scanner.house)
    assert sound(scanner)
    with scanner.house.database.read() as session:
        assert not session.scalar(select(func.count()).select_from(BatchPart).where(BatchPart.wanted.is_(True)))
        assert not session.scalar(select(func.count()).select_from(Rendition).where(Rendition.state != "kept"))


def test_a_change_killed_in_the_middle_is_finished_by_the_next_sweep(scanner, tmp_path, monkeypatch):
    send(scanner, stack(tmp_path, 1, 2, 3))
    (old,) = [p.document_id for p in whole(scanner).parts]

    def die(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(parts, "_put_into_force", die)
        with pytest.raises(KeyboardInterrupt):
            change(scanner, "split", "1.2")
    with pytest.raises(RuleRefused, match="still being cut"):
        change(scanner, "merge", "1.1")
    stacks.resume(scanner.house)
    assert [p.pages for p in whole(scanner).parts] == [["1.1"], ["1.2", "1.3"]]
    assert old not in {d.id for d in rows(scanner, Document)}
    assert sound(scanner)


def test_a_scan_whose_pages_are_put_right_while_it_waits_to_be_cut_takes_its_place(scanner, tmp_path):
    """A long stack is cut by the worker; its answer was lost, and a page of it was scanned again."""
    house, operator = scanner.house, scanner["scanner"]
    how = stacks.How(2, 1, portion="0123456789abcdef/1/1")
    for name, pages in (("a.tif", (1, 2)), ("b.tif", (1, 3))):
        path = stack(tmp_path, *pages, name=name)
        stacks.receive_stack(house, operator, path, "scan.tiff", batch="B-1", how=how, most=1)
    stacks.resume(house)
    whole = batches.get_batch(house, operator, "B-1")
    assert [(scan.turn_over, scan.state) for scan in whole.stacks] == [("given_up", "cut"), ("as_scanned", "cut")]
    assert (whole.manifest.sheets, whole.manifest.kept, whole.manifest.balances) == (2, 2, True)
    with pytest.raises(Rejected) as refused:  # what was sent first arrives last
        stacks.receive_stack(house, operator, tmp_path / "a.tif", "scan.tiff", batch="B-1", how=how)
    assert refused.value.code == "scan_is_in"
    assert batches.get_batch(house, operator, "B-1").manifest.balances


def test_files_of_before_and_after_a_page_was_put_right_are_never_cut_together(scanner, tmp_path):
    """All files wait for the worker, the last answer was lost, and the page that was scanned again moves the bounds of the files."""
    house, operator = scanner.house, scanner["scanner"]

    def hand_in(number, name, *pages):
        how = stacks.How(4 if number == 1 else None, 1, portion=f"0123456789abcdef/{number}/2")
        path = stack(tmp_path, *pages, name=f"{name}.tif")
        stacks.receive_stack(house, operator, path, "scan.tiff", batch="B-1", how=how, most=1)

    hand_in(1, "a1", 1, 2)
    hand_in(2, "a2", 3, 4)
    hand_in(1, "b1", 1)
    stacks.resume(house)
    assert rows(scanner, Document) == []  # the second file of today is not there yet
    hand_in(2, "b2", 5, 3, 4)
    stacks.resume(house)
    found = whole(scanner)
    assert [part.pages for part in found.parts] == [["3.1", "4.1", "4.2", "4.3"]]
    assert (found.manifest.sheets, found.manifest.kept, found.manifest.balances) == (4, 4, True)


def test_a_file_that_did_not_change_counts_again_when_it_comes_again(scanner, tmp_path):
    house, operator = scanner.house, scanner["scanner"]
    files = [("a1", 1, (1, 2)), ("a2", 2, (3, 4)), ("b1", 1, (1, 5)), ("a2", 2, (3, 4))]
    for name, number, pages in files:
        how = stacks.How(4 if number == 1 else None, 1, portion=f"0123456789abcdef/{number}/2")
        path = stack(tmp_path, *pages, name=f"{name}.tif")
        stacks.receive_stack(house, operator, path, "scan.tiff", batch="B-1", how=how, most=1)
    stacks.resume(house)
    found = whole(scanner)
    assert [len(part.pages) for part in found.parts] == [4]
    assert (found.manifest.sheets, found.manifest.kept, found.manifest.balances) == (4, 4, True)
