"""Documents of a released batch go into the files that their separator sheets named."""

import io
import json
import signal
from pathlib import Path

import pikepdf
import pytest
from sqlalchemy import select, update

from intake.batches.payload import Separator
from intake.batches.sheets import Sheet, as_pdf
from service.errors import NotAllowed, NotFound, RuleRefused
from service.flow.archive import filing, holds, sheet_filing
from service.flow.common.tiers import set_file_tier
from service.flow.intake import batches, checking, documents
from service.flow.intake.process import process_waiting
from service.flow.intake.stacks import How, receive_stack
from service.records.tables import AuditEntry, BatchPart, CaseFile, Contract, Customer, Document, Hold
from tests.service.conftest import OWNER, Office
from tests.service.nursery import nursery
from tests.service.test_flow import archive, fill, new_contract
from tests.service.test_races import race
from tests.service.test_register import customer

__all__ = ["race"]

UNKNOWN = "HT-XS-2026-0999"


def stack(path: Path, *items: Separator | str) -> Path:
    """Write a stack of printed sheets, and pages with text: nothing of it needs OCR."""
    with pikepdf.new() as pdf:
        font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
        for item in items:
            if isinstance(item, Separator):
                with pikepdf.open(io.BytesIO(as_pdf([Sheet(item, "分隔页")]))) as sheet:
                    pdf.pages.append(sheet.pages[0])
                continue
            page = pdf.add_blank_page(page_size=(595, 842))
            page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F=font))
            lines = "".join(
                f"0 -24 Td (Clause {n} of the paper called {item} as both parties agreed) Tj " for n in range(20)
            )
            page.Contents = pdf.make_stream(f"BT /F 14 Tf 60 740 Td {lines} ET".encode())
        pdf.save(path)
    return path


def number_of(office: Office, contract_id: str) -> str:
    with office.house.database.read() as session:
        return str(session.get_one(Contract, contract_id).number)


def released(office: Office, path: Path, name: str = "B-1") -> list[str]:
    """Take a stack in, read what it holds and release it; returns the documents, in the order of the paper."""
    how = How(sheets=len(pikepdf.open(path).pages), sides=1)
    got = receive_stack(office.house, office["scanner"], path, path.name, batch=name, how=how)
    process_waiting(office.house)
    batches.release(office.house, office["scanner"], name)
    return [made.document_id for made in got.documents]


def standing(office: Office, who: str = "handler", name: str = "B-1") -> list[tuple[str, str]]:
    rows = sheet_filing.placings(office.house, office[who], name).rows
    return [(row.state, row.why) for row in rows]


def lies_in(office: Office, document_id: str) -> tuple[str | None, str]:
    with office.house.database.read() as session:
        found = session.get_one(Document, document_id)
        return found.case_file_id, found.category


def filings(office: Office) -> list[str]:
    with office.house.database.read() as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.action == "document.file"))
        return [entry.subject.partition(":")[2] for entry in entries]


@pytest.fixture
def scanner(office: Office) -> Office:
    office.hire("scanner", "operator")
    return office


def test_a_document_that_lacks_pages_by_their_numbers_is_not_filed_unseen(scanner, tmp_path):
    contract_id, _file_id = new_contract(scanner)
    path = stack(tmp_path / "stack.pdf", Separator("file", number_of(scanner, contract_id), category="1.9"), "contract")
    (document_id,) = released(scanner, path)
    assert standing(scanner) == [("ready", "")]
    with scanner.house.database.write() as session:  # as when it was released before it was read
        document = session.get_one(Document, document_id)
        document.status, document.review_reasons = "needs_review", ["pages_missing:2"]
    ((state, why),) = standing(scanner)
    assert (state, "pages 2 are missing" in why) == ("refused", True)
    assert sheet_filing.file_by_sheets(scanner.house, scanner["handler"], "B-1")[0] == 0
    settled = checking.Given(dismissed=["pages_missing:2"])
    checking.save(scanner.house, scanner["handler"], document_id, settled)
    assert sheet_filing.file_by_sheets(scanner.house, scanner["handler"], "B-1")[0] == 1


def test_what_the_sheets_say_of_contract_customer_and_category_is_where_the_documents_lie(scanner, tmp_path):
    house, handler = scanner.house, scanner["handler"]
    contract_id, file_id = new_contract(scanner)
    contract = number_of(scanner, contract_id)
    customer_id = customer(scanner, "临江精密制造有限公司")
    credit = filing.credit_file(house, handler, customer_id)
    with house.database.read() as session:
        buyer = session.get_one(Customer, customer_id).number
    path = stack(
        tmp_path / "stack.pdf",
        *(Separator("file", contract, category="1.9"), "contract"),
        *(Separator(category="1.10"), "acceptance"),
        *(Separator("file", customer=buyer, category="5.1"), "application"),
        *(Separator(category="1.2"), "licence"),
        *(Separator("file", contract, buyer, "1.3"), "card"),
        *(Separator("file", UNKNOWN, category="1.9"), "stranger"),
        *(Separator("file", customer="K-9999", category="5.1"), "nobody"),
        *(Separator("file", contract, category="5.1"), "misplaced"),
        *(Separator("file", category="1.9"), "unsaid"),
    )
    got = released(scanner, path)
    found = sheet_filing.placings(house, handler, "B-1")
    to = [(row.state, row.file.id if row.file else None) for row in found.rows]
    ready, other = [("ready", file_id)] * 2, [("ready", credit.id)] * 2
    assert to[:5] == [*ready, *other, ("ready", file_id)]
    assert [row.why.partition(",")[0] for row in found.rows[5:]] == [
        f"there is no contract {UNKNOWN}",
        "customer K-9999 has no credit file",
        "category: category 5.1 does not belong into a contract file; choose its category first",
    ]
    assert found.unsaid == 1
    assert not filings(scanner)  # looking changes nothing

    filed, after = sheet_filing.file_by_sheets(house, handler, "B-1")
    assert filed == 5
    assert [lies_in(scanner, one) for one in got[:5]] == [
        (file_id, "1.9"),
        (file_id, "1.10"),
        (credit.id, "5.1"),
        (credit.id, "1.2"),
        (file_id, "1.3"),
    ]
    assert [lies_in(scanner, one)[0] for one in got[5:]] == [None] * 4
    assert [row.state for row in after.rows] == ["filed"] * 5 + ["refused"] * 3
    assert sorted(filings(scanner)) == sorted(got[:5])
    with house.database.read() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.subject == f"document:{got[0]}")).all()[-1]
    assert (entry.actor, entry.action) == ("person:handler", "document.file")
    assert json.loads(entry.detail)["case_file"] == file_id

    assert sheet_filing.file_by_sheets(house, handler, "B-1")[0] == 0  # once more changes nothing
    assert len(filings(scanner)) == 5

    filing.unfile_document(house, handler, got[1])  # undone as for one document, and it can be filed again
    assert standing(scanner)[1] == ("ready", "")
    documents.set_category(house, handler, got[7], "1.10")  # what stood in the way is put right
    assert sheet_filing.file_by_sheets(house, handler, "B-1")[0] == 2


def test_only_what_was_shown_is_filed_and_only_there(scanner, tmp_path):
    house, handler = scanner.house, scanner["handler"]
    contract_id, file_id = new_contract(scanner)
    _, other_file = new_contract(scanner)
    number = number_of(scanner, contract_id)
    one, two = released(
        scanner,
        stack(tmp_path / "s.pdf", Separator("file", number, category="1.9"), "a", Separator(category="1.10"), "b"),
    )
    assert sheet_filing.file_by_sheets(house, handler, "B-1", {one: other_file})[0] == 0
    assert sheet_filing.file_by_sheets(house, handler, "B-1", {})[0] == 0
    assert sheet_filing.file_by_sheets(house, handler, "B-1", {two: file_id})[0] == 1
    assert (lies_in(scanner, one)[0], lies_in(scanner, two)[0]) == (None, file_id)
    filing.file_document(house, handler, one, other_file)  # by hand into another: it stays there
    assert sheet_filing.file_by_sheets(house, handler, "B-1")[0] == 0
    assert [row.file.id for row in sheet_filing.placings(house, handler, "B-1").rows] == [other_file, file_id]


def test_nothing_goes_where_it_cannot_be_taken_out_again_or_is_not_to_be_seen(scanner, tmp_path):
    house = scanner.house
    scanner.hire("zhou", "credit_administrator", clearance="secret")
    contract_id, file_id = new_contract(scanner)
    secret_id, secret_file = new_contract(scanner)
    fill(scanner, file_id)
    archived = archive(scanner, file_id)
    set_file_tier(house, scanner["zhou"], secret_file, "secret", "涉密")
    number, secret = number_of(scanner, contract_id), number_of(scanner, secret_id)
    got = released(
        scanner,
        stack(
            tmp_path / "s.pdf",
            Separator("file", number, category="1.9"),
            "a",
            Separator("file", secret, category="1.9"),
            "b",
        ),
    )
    closed = f"file {archived.archive_number} is archived: what goes in stays in it; file the document by itself"
    hidden = f"there is no contract {secret}, or you may not see its file"
    assert standing(scanner) == [("refused", closed), ("refused", hidden)]
    assert sheet_filing.file_by_sheets(house, scanner["handler"], "B-1")[0] == 0
    assert standing(scanner, "zhou") == [("refused", closed), ("ready", "")]
    hold = holds.place_hold(house, OWNER, "（2026）川01民初1号", "诉讼保全", [secret_file])
    with house.database.read() as session:
        title = session.get_one(CaseFile, secret_file).title
    frozen = f"file {title} is frozen: what goes in stays in it; file the document by itself"
    assert standing(scanner, "zhou") == [("refused", closed), ("refused", frozen)]
    assert sheet_filing.file_by_sheets(house, scanner["zhou"], "B-1")[0] == 0
    with house.database.write() as session:
        session.get_one(Hold, hold.id).released_at = house.clock.now()
    assert sheet_filing.file_by_sheets(house, scanner["zhou"], "B-1")[0] == 1
    assert lies_in(scanner, got[1]) == (secret_file, "1.9")
    with pytest.raises(NotFound):  # now the batch holds what they may not see
        sheet_filing.placings(house, scanner["handler"], "B-1")


def test_what_came_out_of_a_document_goes_where_that_goes(scanner, tmp_path):
    inner, outer = stack(tmp_path / "inner.pdf", "Inner"), stack(tmp_path / "outer.pdf", "Outer")
    with pikepdf.open(outer, allow_overwriting_input=True) as pdf:
        pdf.attachments["inner.pdf"] = inner.read_bytes()
        pdf.save(outer)
    (document_id,) = released(scanner, outer)
    process_waiting(scanner.house)
    assert sheet_filing.placings(scanner.house, scanner["handler"], "B-1").unsaid == 2
    contract_id, file_id = new_contract(scanner)
    with scanner.house.database.write() as session:
        session.execute(update(BatchPart).values(contract_number=number_of(scanner, contract_id)))
        session.execute(update(Document).values(category="1.9"))
    assert standing(scanner) == [("ready", "")] * 2
    count, found = sheet_filing.file_by_sheets(scanner.house, scanner["handler"], "B-1")
    assert (count, [row.state for row in found.rows]) == (2, ["filed"] * 2)
    with scanner.house.database.read() as session:
        inside = session.scalar(select(Document).where(Document.id != document_id))
        assert (inside.filename, inside.case_file_id) == ("inner.pdf", file_id)


def test_who_may_not_file_or_not_see_the_batch_is_refused(scanner, tmp_path):
    from service.access import people
    from tests.service.conftest import OWNER

    house = scanner.house
    contract_id, _ = new_contract(scanner)
    path = stack(tmp_path / "s.pdf", Separator("file", number_of(scanner, contract_id), category="1.9"), "a")
    receive_stack(house, scanner["scanner"], path, "s.pdf", batch="B-1", how=How(sheets=2, sides=1))
    with pytest.raises(RuleRefused, match="B-1 is not released yet"):
        sheet_filing.file_by_sheets(house, scanner["handler"], "B-1")
    batches.release(house, scanner["scanner"], "B-1")
    assert standing(scanner) == [("refused", "the document is not read yet; it is filed when it is")]
    process_waiting(house)
    for step in (sheet_filing.placings, sheet_filing.file_by_sheets):
        with pytest.raises(NotAllowed, match=r"document\.file"):
            step(house, scanner["scanner"], "B-1")
    scanner.hire("far", "handler", department_id=people.create_department(house, OWNER, "CW", "财务部").id)
    for step in (sheet_filing.placings, sheet_filing.file_by_sheets):
        with pytest.raises(NotFound):
            step(house, scanner["far"], "B-1")
        with pytest.raises(NotFound):
            step(house, scanner["far"], "B-2")
    assert standing(scanner) == [("ready", "")]


def test_a_sheet_older_than_the_merging_of_its_customer_finds_the_credit_file(scanner, tmp_path):
    house, handler = scanner.house, scanner["handler"]
    kept, merged = customer(scanner, "临江精密制造有限公司"), customer(scanner, "临江精密公司")
    credit = filing.credit_file(house, handler, kept)
    with house.database.write() as session:
        number = session.get_one(Customer, merged).number
        session.execute(update(Customer).where(Customer.id == merged).values(merged_into=kept))
    got = released(scanner, stack(tmp_path / "s.pdf", Separator("file", customer=number, category="5.1"), "a"))
    assert sheet_filing.file_by_sheets(house, handler, "B-1")[0] == 1
    assert lies_in(scanner, got[0]) == (credit.id, "5.1")


def three_of_one_contract(office, folder):
    """Release three documents whose sheets name a contract; returns them and its file."""
    contract_id, file_id = new_contract(office)
    sheets = [
        Separator("file", number_of(office, contract_id), category="1.9"),
        Separator(category="1.10"),
        Separator(category="1.4"),
    ]
    paper = (item for pair in zip(sheets, "abc", strict=True) for item in pair)
    return released(office, stack(folder / "s.pdf", *paper)), file_id


def test_two_who_file_the_same_batch_at_once_file_each_document_once(race, scanner, tmp_path):
    got, file_id = three_of_one_contract(scanner, tmp_path)
    one, two = race(
        "document.file",
        lambda: sheet_filing.file_by_sheets(scanner.house, scanner["handler"], "B-1"),
        lambda: sheet_filing.file_by_sheets(scanner.house, scanner["administrator"], "B-1"),
    )
    assert one.result()[0] + two.result()[0] == 3
    assert sorted(filings(scanner)) == sorted(got)
    assert {lies_in(scanner, document_id)[0] for document_id in got} == {file_id}


def test_of_two_who_put_a_document_into_different_files_at_once_the_second_is_told(race, scanner, tmp_path):
    _, first = new_contract(scanner)
    _, second = new_contract(scanner)
    (document_id,) = released(scanner, stack(tmp_path / "s.pdf", "a"))
    one, two = race(
        "document.file",
        lambda: filing.file_document(scanner.house, scanner["handler"], document_id, first, "1.9"),
        lambda: filing.file_document(scanner.house, scanner["administrator"], document_id, second, "1.9"),
    )
    one.result()
    with pytest.raises(RuleRefused, match="lies in another file"):
        two.result()
    assert lies_in(scanner, document_id)[0] == first


KILLED = """
import os, signal, sys
from service.access.policy import Actor
from service.bootstrap import build
from service.flow.archive.sheet_filing import file_by_sheets
from service.records import audit
from service.settings import load

count, append = [0], audit.append
def counting(*a, **k):
    append(*a, **k)
    count[0] += 1
    if count[0] == int(sys.argv[1]):
        os.kill(os.getpid(), signal.SIGKILL)
audit.append = counting
print(file_by_sheets(build(load()), Actor("person:handler", owner=True), "B-1")[0])
"""


def test_killed_in_the_middle_it_is_gone_on_with(embedded, tmp_path):
    embedded.hire("scanner", "operator")
    got, file_id = three_of_one_contract(embedded, tmp_path)
    for at in (2, 2):  # one is filed, the second half
        assert nursery().run(KILLED, at, env=embedded.env).returncode == -signal.SIGKILL
    assert [lies_in(embedded, one)[0] for one in got] == [file_id, file_id, None]
    done = nursery().run(KILLED, 9, env=embedded.env)
    assert (done.returncode, done.stdout.strip()) == (0, "1")
    assert sorted(filings(embedded)) == sorted(got)
    with embedded.house.database.read() as session:
        assert all(session.scalars(select(Document.indexed).where(Document.id == got[2])))


def test_a_document_that_lies_in_two_places_of_the_stack_is_filed_once(embedded, tmp_path):
    embedded.hire("scanner", "operator")
    contract_id, file_id = new_contract(embedded)
    sheet = Separator("file", number_of(embedded, contract_id), category="1.9")
    (document_id,) = set(released(embedded, stack(tmp_path / "s.pdf", sheet, "a", sheet, "a")))
    assert standing(embedded) == [("ready", "")]
    assert sheet_filing.file_by_sheets(embedded.house, embedded["handler"], "B-1")[0] == 1
    assert filings(embedded) == [document_id]
    with embedded.house.database.read() as session:
        assert len(session.scalars(select(BatchPart)).all()) == 2
        assert session.scalars(select(CaseFile.state).where(CaseFile.id == file_id)).one() == "open"
