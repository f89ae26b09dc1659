"""B1, B5: the paper beside the electronic file: where it stands, how many originals and copies, the sheets printed for it."""

import io

import pypdfium2
import pytest
import zxingcpp
from sqlalchemy import select

from service.errors import BadInput, NotAllowed, NotFound
from service.flow.archive import filing
from service.flow.archive.case_prints import SHEETS, sheet_of
from service.flow.archive.paper_file import count_papers, paper_file, set_place
from service.records.tables import AuditEntry
from service.reports.case_sheets import DRAWN
from tests.service.conftest import Office
from tests.service.test_api import client, headers  # noqa: F401 - fixtures
from tests.service.test_flow import archive, fill, new_contract


@pytest.fixture
def filed(embedded: Office) -> tuple[Office, str]:
    _contract, file_id = new_contract(embedded)
    filing.file_document(embedded.house, embedded["handler"], embedded.take_in(), file_id, original=True)
    fill(embedded, file_id)
    archive(embedded, file_id)
    return embedded, file_id


def print_sheet(house, actor, file_id: str, sheet: str) -> bytes:
    told = sheet_of(house, actor, file_id, sheet)
    return DRAWN[sheet](*told)


def text_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(io.BytesIO(pdf))
    text = "".join(page.get_textpage().get_text_range() for page in document)
    document.close()
    return text


def test_B1_place_and_counts_are_kept_and_every_change_noted(filed):
    office, file_id = filed
    house, who = office.house, office["archivist"]
    set_place(house, who, file_id, "一号库", "3 架", "12 盒")
    set_place(house, who, file_id, "二号库", "1 架", "2 盒")
    count_papers(house, who, file_id, "1.9", 2, 3)
    found = paper_file(house, office["head"], file_id)
    assert found.place is not None
    assert (found.place.room, found.counts) == ("二号库", {"1.9": (2, 3)})
    with house.database.read() as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.action == "file.place").order_by(AuditEntry.seq))
        assert "一号库" in list(entries)[1].detail
    for wrong in (("", "1", "2"), ("长" * 61, "1", "2")):
        with pytest.raises(BadInput):
            set_place(house, who, file_id, *wrong)
    for category, originals in (("5.1", 1), ("1.9", -1), ("1.9", 10_000), ("x", 1)):
        with pytest.raises(BadInput):
            count_papers(house, who, file_id, category, originals, 0)
    with pytest.raises(NotAllowed):
        set_place(house, office["head"], file_id, "1", "2", "3")


def test_B1_the_sheets_say_what_the_file_holds(filed):
    office, file_id = filed
    house, who = office.house, office["archivist"]
    count_papers(house, who, file_id, "1.9", 2, 3)
    number = filing.get_case_file(house, who, file_id).archive_number or ""
    catalogue, note, labels = (print_sheet(house, who, file_id, sheet) for sheet in SHEETS)
    assert number in text_of(catalogue)
    said = text_of(catalogue)
    for word in (
        "\N{IDEOGRAPHIC SPACE}共 1 件",
        "文号",
        "责任者",
        "页号",
        "HY-XX-2026-0052",
        "云桥智联信息技术有限公司",
        "原件 未经核验",
    ):
        assert word in said.replace("\r\n", ""), word
    told = text_of(note)
    assert all(word in told for word in ("1.11", "不适用", "无此类材料", "有"))
    document = pypdfium2.PdfDocument(io.BytesIO(labels))
    picture = document[0].render(scale=3).to_pil()
    document.close()
    assert [code.text for code in zxingcpp.read_barcodes(picture)] == [number, number]
    assert print_sheet(house, who, file_id, "labels") == labels
    with pytest.raises(NotFound):
        print_sheet(house, who, file_id, "cover")


def test_through_the_api(client, headers, filed):  # noqa: F811 - the fixtures
    _office, file_id = filed
    mine, path = headers("archivist"), f"/api/v1/files/{file_id}"
    assert client.put(f"{path}/place", json={"room": "1", "shelf": "2", "box": "3"}, headers=mine).status_code == 204
    assert client.put(f"{path}/papers/1.9", json={"originals": 1, "copies": 2}, headers=mine).status_code == 204
    told = client.get(f"{path}/paper", headers=mine).get_json()
    assert told == {
        "place": {"room": "1", "shelf": "2", "box": "3"},
        "papers": {"1.9": {"originals": 1, "copies": 2}},
        "former_numbers": [],
    }
    assert client.get(f"{path}/sheet?sheet=note", headers=mine).data.startswith(b"%PDF")
