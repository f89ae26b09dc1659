"""The destruction register as it is kept: PDF and XLSX with who signed what, where that stands in the trail, and the hash (RULES Part B)."""

import io

import pypdfium2
import pytest
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import select

from service.access import people
from service.api.app import blueprint
from service.errors import NotFound
from service.flow.archive import destroy, reviews
from service.flow.archive.destruction_registers import review_register
from service.records.tables import AuditEntry, ReviewRecord
from tests.service.conftest import OWNER, embedded_env, open_office
from tests.service.test_destruction_steps import due
from tests.service.web.conftest import open_site
from tools.bench_destruction import APPROVER, GROUP, SUPERVISORS, review_of


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """An office in which a review of two files was carried out, and the review's id."""
    office = open_office(embedded_env(tmp_path_factory.mktemp("register")))
    files = [due(office, n) for n in (1, 2)]
    review_id = review_of(office.house, office.actors, files)
    destroy.execute(office.house, office["archivist"], review_id)
    for name in SUPERVISORS:
        reviews.supervise(office.house, office[name], review_id)
    yield office, review_id
    office.house.database.dispose()


def certificate_of(office, review_id):
    with office.house.database.read() as session:
        return session.get_one(ReviewRecord, review_id).certificate


def words_of(pdf: bytes) -> str:
    text = "".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pdf))
    return "".join(text.split())


def cells_of(xlsx: bytes) -> dict[str, list[tuple]]:
    book = load_workbook(io.BytesIO(xlsx))
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book}


def test_every_signature_stands_with_its_part_its_day_and_its_entry_of_the_trail(done):
    office, review_id = done
    found = review_register(office.house, office["auditor"], review_id, "pdf")
    assert found.intact
    people_in = {row.person.removeprefix("person:") for row in found.signed}
    assert people_in == {"archivist", *GROUP, APPROVER, *SUPERVISORS}
    with office.house.database.read() as session:
        entries = {entry.seq: entry for entry in session.scalars(select(AuditEntry))}
    for row in found.signed:
        entry = entries[row.seq]
        assert (entry.actor, entry.action, entry.hash) == (row.person, f"review.{row.act}", row.hash)
        assert row.on
    assert [row.part for row in found.signed].count("supervisor") == 4  # both before and after


def test_the_workbook_and_the_paper_hold_cover_signatures_rows_and_hash(done):
    office, review_id = done
    site = open_site(office)
    auditor = site.signed_in("auditor")
    said = certificate_of(office, review_id)
    xlsx = auditor.get(f"/reviews/{review_id}/register.xlsx")
    cover, signed, rows = cells_of(xlsx.data).values()
    assert any(said["sha256"] in (row[0] or "") for row in cover)
    assert {row[1] for row in signed[1:]} >= {f"{name} 某" for name in (*GROUP, APPROVER, *SUPERVISORS)}
    assert rows[0] == ("序号", "题名", "年度", "档号", "应保管期限", "已保管期限", "页数", "备注")
    numbers = [row["archive_number"] for row in said["rows"]]
    assert [row[3] for row in rows[1:]] == numbers
    text = words_of(auditor.get(f"/reviews/{review_id}/register.pdf").data)
    for word in ("档案销毁清册", said["sha256"], "销毁前确认", "销毁后确认", *numbers):
        assert word in text
    assert auditor.get(f"/reviews/{review_id}/register.doc").status_code == 404
    page = auditor.get(f"/reviews/{review_id}").text
    assert f"/reviews/{review_id}/register.pdf" in page
    for form in ("pdf", "xlsx"):
        assert f"/register/signed.{form}" in auditor.get("/register").text
    whole = cells_of(auditor.get("/register/signed.xlsx").data)
    assert [row[3] for row in whole["清册"][1:]] == numbers
    assert any("审计日志条目" in (cell or "") for cell in whole[f"鉴定 {said['review']} 的签署"][0])
    with office.house.database.read() as session:
        left = session.scalars(select(AuditEntry.subject).where(AuditEntry.action == "register.export")).all()
    assert {f"review:{review_id}", "register"} <= set(left)


def test_a_certificate_that_was_changed_is_said_to_be_changed_on_the_register(done):
    office, review_id = done
    said = certificate_of(office, review_id)
    with office.house.database.write() as session:
        session.get_one(ReviewRecord, review_id).certificate = said | {"pages": 99}
    try:
        site = open_site(office)
        assert "证明被改动过" in words_of(site.signed_in("auditor").get(f"/reviews/{review_id}/register.pdf").data)
    finally:
        with office.house.database.write() as session:
            session.get_one(ReviewRecord, review_id).certificate = said


def test_the_api_and_the_command_line_give_the_same_register(done, juanzong_here, tmp_path):
    office, review_id = done
    said = certificate_of(office, review_id)
    app = Flask("test")
    app.register_blueprint(blueprint(office.house))
    headers = {"Authorization": f"Bearer {people.create_token(office.house, OWNER, 'auditor', 'test')}"}
    client = app.test_client()
    one = client.get(f"/api/v1/destructions/{review_id}/register?form=xlsx", headers=headers)
    assert [row[3] for row in cells_of(one.data)["清册"][1:]] == [row["archive_number"] for row in said["rows"]]
    assert said["sha256"] in words_of(client.get("/api/v1/destructions/register/signed", headers=headers).data)
    paper = tmp_path / "register.pdf"
    ran = juanzong_here(office.env, "destructions", "register", paper, "--review", said["review"], "--json")
    assert '"rows":2' in ran.stdout
    assert said["sha256"] in words_of(paper.read_bytes())
    assert "as .pdf or .xlsx" in juanzong_here(office.env, "destructions", "register", "a.doc", check=3).stderr
    assert (
        juanzong_here(office.env, "destructions", "register", paper, "--review", "1999-01", check=None).returncode == 3
    )


def test_there_is_no_register_before_the_certificate(done):
    office, _review_id = done
    house = office.house
    waiting = review_of(house, office.actors, [due(office, 3)])
    with pytest.raises(NotFound, match="no certificate yet"):
        review_register(house, office["archivist"], waiting, "pdf")
    reviews.stop(house, office["archivist"], waiting, "试验")
