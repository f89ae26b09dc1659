"""Related documents: the same paper, the same number, the same file and customer; only what one may see, and nothing destroyed."""

import random
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fpdf import FPDF
from sqlalchemy import delete, func, select, update

from search.errors import IndexUnavailable
from service.access import people
from service.errors import NotFound
from service.flow.archive import destroy, filing, ledger, reviews
from service.flow.common import index, kept
from service.flow.search import texts
from service.flow.search.hits import hits_in
from service.flow.search.related import related_to
from service.flow.search.sketches import made_with, make_waiting
from service.flow.search.texts import texts_of
from service.records.tables import CaseFile, Document, DocumentMark, DocumentSketch
from tests.service.conftest import OWNER, Office
from tests.service.test_flow import decide_all, due_file, new_contract, propose

WORDS = [
    "buyer",
    "seller",
    "goods",
    "delivery",
    "payment",
    "penalty",
    "invoice",
    "bank",
    "term",
    "notice",
    "court",
    "sign",
    "stamp",
    "copy",
    "page",
    "law",
]


def paper(folder: Path, name: str, seed: int, *, figures: int, wrong: float = 0.0, more: str = "") -> Path:
    """A page of the one form that `seed` draws, with its figures; of its letters `wrong` are misread."""
    words, other, noise = random.Random(seed), random.Random(figures), random.Random(name)
    lines = [" ".join(words.choice(WORDS) + f"{words.choice('aeiou')}" for _ in range(9)) for _ in range(24)]
    lines += [f"No {other.randint(10**9, 10**10)} of {other.randint(10**7, 10**8)}" for _ in range(8)]
    text = "\n".join([*lines, more])
    text = "".join(
        noise.choice("0123456789" if char.isdigit() else "abcdefgh")
        if char.isalnum() and noise.random() < wrong
        else char
        for char in text
    )
    pdf = FPDF()
    pdf.set_font("Helvetica", size=10)
    pdf.add_page()
    pdf.multi_cell(0, 6, text)
    path = folder / f"{name}.pdf"
    pdf.output(str(path))
    return path


def kinds(office: Office, document_id: str, login: str = "handler") -> dict[str, list[str]]:
    return {
        found.document.id: [r.kind for r in found.reasons]
        for found in related_to(office.house, office[login], document_id)
    }


def test_a_second_scan_is_found_and_another_paper_of_the_form_is_not(embedded: Office, tmp_path: Path) -> None:
    first = embedded.take_in(paper(tmp_path, "first", 1, figures=1))
    again = embedded.take_in(paper(tmp_path, "again", 1, figures=1, wrong=0.03))
    sibling = embedded.take_in(paper(tmp_path, "sibling", 1, figures=2))
    embedded.take_in(paper(tmp_path, "stranger", 2, figures=3))
    assert kinds(embedded, first) == {again: ["same_paper"]}
    assert kinds(embedded, again) == {first: ["same_paper"]}
    assert kinds(embedded, sibling) == {}
    (found,) = related_to(embedded.house, embedded["handler"], first)
    assert found.reasons[0].zh.startswith("文字约有 ")
    assert "same paper scanned again" in found.reasons[0].en


def test_what_names_the_same_number_lies_in_the_same_file_or_belongs_to_the_same_customer(
    embedded: Office, tmp_path: Path
) -> None:
    contract_id, file_id = new_contract(embedded)
    document_id = embedded.take_in()
    filing.file_document(embedded.house, embedded["handler"], document_id, file_id)
    number = ledger.get_contract(embedded.house, embedded["handler"], contract_id).number
    naming = embedded.take_in(paper(tmp_path, "naming", 4, figures=4, more=f"under contract {number}"))
    beside = embedded.take_in(paper(tmp_path, "beside", 5, figures=5))
    filing.file_document(embedded.house, embedded["handler"], beside, file_id)
    found = kinds(embedded, document_id)
    assert found[naming] == ["same_number"]
    assert "same_contract" in found[beside]
    assert document_id not in found
    assert kinds(embedded, naming) == {}  # it has no value read as a number, so it looks for none


def test_only_what_may_be_read_is_shown_and_nothing_of_another_department(embedded: Office, tmp_path: Path) -> None:
    other = people.create_department(embedded.house, OWNER, "CG", "采购部")
    embedded.hire("stranger", "handler", department_id=other.id)
    mine = embedded.take_in(paper(tmp_path, "mine", 1, figures=1))
    theirs = embedded.take_in(paper(tmp_path, "theirs", 1, figures=1, wrong=0.01), "stranger")
    assert kinds(embedded, mine) == {}
    assert kinds(embedded, mine, "administrator") == {theirs: ["same_paper"]}
    with pytest.raises(NotFound):
        related_to(embedded.house, embedded["stranger"], mine)


def test_what_lies_in_the_same_file_or_belongs_to_the_same_customer_is_shown_to_whom_it_is_open(
    embedded: Office, tmp_path: Path
) -> None:
    house = embedded.house
    other = people.create_department(house, OWNER, "CG", "采购部")
    embedded.hire("stranger", "handler", department_id=other.id)
    _, mine = new_contract(embedded)
    theirs = ledger.create_contract(
        house,
        OWNER,
        ledger.ContractInput(
            department_id=other.id,
            title="另一份",
            counterparty="云桥智联信息技术有限公司",
            handler_id=embedded["stranger"].person_id or "",
        ),
    )
    with house.database.read() as session:
        elsewhere = session.scalars(select(CaseFile.id).where(CaseFile.contract_id == theirs.id)).one()
    here, beside, far = (
        embedded.take_in(paper(tmp_path, name, seed, figures=seed), login)
        for name, seed, login in (("here", 1, "handler"), ("beside", 2, "handler"), ("far", 3, "stranger"))
    )
    for document_id, file_id in ((here, mine), (beside, mine), (far, elsewhere)):
        filing.file_document(house, OWNER, document_id, file_id)
    in_file = ["same_number", "same_contract"]
    assert kinds(embedded, here, "administrator") == {beside: in_file, far: ["same_customer"]}
    assert kinds(embedded, here) == {beside: in_file}
    with house.database.write() as session:
        session.get_one(Document, beside).tier = "secret"
    assert kinds(embedded, here) == {}


def test_the_same_number_is_left_out_while_the_index_is_down(embedded: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    document_id = embedded.take_in()

    def down(*_given: object, **_more: object) -> None:
        raise IndexUnavailable("down")

    monkeypatch.setattr(type(embedded.house.index), "search", down)
    assert kinds(embedded, document_id) == {}


def test_a_destroyed_document_leaves_no_sketch_and_is_related_to_nothing(embedded: Office, tmp_path: Path) -> None:
    file_id, gone = due_file(embedded)
    assert left(embedded, gone) == 13
    review_id = propose(embedded, file_id)
    decide_all(embedded, review_id, file_id)
    embedded.house.clock.move_to(date(2037, 1, 12))
    for login in ("fourth", "fifth"):
        reviews.supervise(embedded.house, embedded[login], review_id)
    destroy.execute(embedded.house, embedded["archivist"], review_id)
    assert left(embedded, gone) == 0
    with embedded.house.database.write() as session:  # what a lost deletion would leave is found by the proof
        session.add(DocumentSketch(document_id=gone, made_with="1"))
    assert destroy.prove(embedded.house, embedded["auditor"], file_id).columns_left == 1


def left(office: Office, document_id: str) -> int:
    with office.house.database.read() as session:
        counts = (
            select(func.count()).where(table.document_id == document_id) for table in (DocumentSketch, DocumentMark)
        )
        return sum(session.scalar(count) or 0 for count in counts)


def test_sketches_that_wait_are_made_by_the_worker(embedded: Office, tmp_path: Path) -> None:
    first = embedded.take_in(paper(tmp_path, "first", 1, figures=1))
    again = embedded.take_in(paper(tmp_path, "again", 1, figures=1, wrong=0.02))
    with embedded.house.database.write() as session:  # as the migration leaves them
        session.execute(delete(DocumentMark))
        session.execute(update(DocumentSketch).values(made_with="", pieces="", figures=""))
    assert kinds(embedded, first) == {}
    assert make_waiting(embedded.house, lambda: False) == 0
    assert make_waiting(embedded.house) == 2
    assert make_waiting(embedded.house) == 0
    assert kinds(embedded, first) == {again: ["same_paper"]}
    with embedded.house.database.read() as session:
        assert set(session.scalars(select(DocumentSketch.made_with))) == {made_with(embedded.house)}


def test_the_places_of_a_query_are_found_without_loading_every_page(
    embedded: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    document_id = embedded.take_in()
    house = embedded.house
    opened: list[object] = []
    read = kept.read_kept

    def counted(*given: Any) -> bytes:
        opened.append(given)
        return read(*given)

    for module in (index, texts):
        monkeypatch.setattr(module, "read_kept", counted)
    with house.database.read() as session:
        short = dict(texts_of(house, session, document_id))
    assert len(opened) == 1
    with house.database.write() as session:
        session.execute(delete(DocumentSketch))
    with house.database.read() as session:
        assert dict(texts_of(house, session, document_id)) == short
    assert len(opened) == 1 + len(short)
    found = hits_in(house, embedded["handler"], document_id, "违约金")
    assert found.total == sum(text.replace("\n", "").count("违约金") for text in short.values())
