"""RULES B6: lost and overdue files and leaked secrets are pursued: persons responsible, findings, measures, outcome; how files are used."""

import io
from datetime import date

import pypdfium2
import pytest

from retention.errors import TransitionRefused
from service.errors import BadInput, NotAllowed, NotFound, RuleRefused
from service.flow.archive import incidents, loan_statistics, loans
from service.flow.archive.paper_file import set_place
from service.reports.case_sheets import out_card
from tests.service.conftest import Office
from tests.service.test_api import client, headers  # noqa: F401 - fixtures
from tests.service.test_flow import archive, fill, new_contract


def archived(office: Office) -> str:
    _contract, file_id = new_contract(office)
    fill(office, file_id)
    archive(office, file_id)
    return file_id


def lent(office: Office, file_id: str, until: str) -> str:
    asked = loans.ask(office.house, office["handler"], file_id, "核对付款")
    loans.decide_loan(office.house, office["archivist"], asked.id, grant=True, due_back=until)
    return asked.id


RESPONSIBLE = [("handler 某", "借出后未妥善保管"), ("", "")]


def test_a_lost_file_is_pursued_to_its_end_by_two_and_is_not_lent_meanwhile(embedded):
    house, file_id = embedded.house, archived(embedded)
    with pytest.raises(BadInput) as refused:
        incidents.report(house, embedded["handler"], file_id, "stolen", "2027-01-01", "x")
    assert set(refused.value.fields) == {"kind", "happened_on"}
    row = incidents.report(house, embedded["handler"], file_id, "lost", "2026-11-20", "搬家后找不到")
    assert (row.number, row.state) == ("SG-2026-001", "open")
    with pytest.raises(RuleRefused, match="reported lost, incident SG-2026-001"):
        lent(embedded, file_id, "2026-12-01")
    archivist, administrator = embedded["archivist"], embedded["administrator"]
    with pytest.raises(NotAllowed):
        incidents.examine(house, embedded["handler"], row.id, RESPONSIBLE, "没有交接", "补办")
    with pytest.raises(TransitionRefused, match="after who is responsible"):
        incidents.close(house, administrator, row.id, "结案")
    for people in ([], [("", "")], [("甲", "")]):
        with pytest.raises(BadInput, match="each with the part"):
            incidents.examine(house, archivist, row.id, people, "没有交接", "补办")
    incidents.examine(house, archivist, row.id, RESPONSIBLE, "没有交接清单", "通报批评；补办交接制度")
    with pytest.raises(TransitionRefused, match="another person closes"):
        incidents.close(house, archivist, row.id, "结案")
    incidents.close(house, administrator, row.id, "原件找回，完好")
    with pytest.raises(TransitionRefused, match="closed"):
        incidents.examine(house, archivist, row.id, RESPONSIBLE, "又", "又")
    found, _file = incidents.incident(house, embedded["head"], row.id)
    assert (found.state, found.responsible) == ("closed", [{"name": "handler 某", "part": "借出后未妥善保管"}])
    assert (found.examined_by, found.closed_by) == ("person:archivist", "person:administrator")
    lent(embedded, file_id, "2026-12-01")  # found again, it is lent again


def test_a_loan_that_is_thirty_days_overdue_becomes_an_incident_once_and_waits_for_the_return(embedded):
    house, file_id = embedded.house, archived(embedded)
    request_id = lent(embedded, file_id, "2026-11-26")
    house.clock.move_to(date(2026, 12, 26))
    assert incidents.open_overdue(house) == 0  # the thirtieth day is the last one
    house.clock.move_to(date(2026, 12, 27))
    assert incidents.open_overdue(house) == 1
    assert incidents.open_overdue(house) == 0
    total, ((row, _file),) = incidents.incidents(house, embedded["archivist"])
    assert (total, row.kind, row.request_id, row.reported_by) == (1, "overdue", request_id, "system")
    assert "逾期 31 天未还" in row.description
    incidents.examine(house, embedded["archivist"], row.id, RESPONSIBLE, "出差", "催还")
    with pytest.raises(TransitionRefused, match="has not come back"):
        incidents.close(house, embedded["administrator"], row.id, "已还")
    loans.give_back(house, embedded["archivist"], request_id, "whole")
    incidents.close(house, embedded["administrator"], row.id, "已还")
    assert incidents.incidents(house, embedded["archivist"], open_only=True)[0] == 0


def test_B6_what_comes_back_not_whole_is_an_incident_of_that_loan(embedded):
    house, file_id = embedded.house, archived(embedded)
    request_id = lent(embedded, file_id, "2026-12-01")
    with pytest.raises(TransitionRefused, match="damaged or lacking"):
        loans.give_back(house, embedded["archivist"], request_id, "lost")
    number = loans.give_back(house, embedded["archivist"], request_id, "lost", "附件二不在")
    _total, ((row, _file),) = incidents.incidents(house, embedded["archivist"])
    assert (row.number, row.kind, row.request_id, row.description) == (number, "lost", request_id, "附件二不在")
    (loan,) = loans.list_loans(house, embedded["handler"])
    assert loans.as_json(loan)["returned_as"] == "lost"
    assert loans.as_json(loan)["return_note"] == "附件二不在"


def test_how_files_are_used(embedded):
    house = embedded.house
    first, second = archived(embedded), archived(embedded)
    back = lent(embedded, first, "2026-11-27")
    refused = loans.ask(house, embedded["handler"], first, "再看")
    loans.decide_loan(house, embedded["archivist"], refused.id, grant=False, reason="不需要")
    lent(embedded, second, "2026-11-26")
    house.clock.move_to(date(2026, 11, 29))
    loans.give_back(house, embedded["archivist"], back, "whole")
    incidents.report(house, embedded["handler"], first, "damaged", "2026-11-28", "受潮")
    found = loan_statistics.use(house, embedded["archivist"])
    whole = found.whole
    assert (whole.asked, whole.refused, whole.lent, whole.returned, whole.late) == (3, 1, 2, 1, 1)
    assert (whole.out, whole.overdue, whole.days) == (1, 1, 4.0)
    assert [line.name for line in found.departments] == ["XS 销售部"]
    assert [line.asked for line in found.files] == [2, 1]
    assert found.incidents == {"damaged": 1}
    assert loan_statistics.use(house, embedded["archivist"], "2026-01-01", "2026-01-31").whole.asked == 0
    with pytest.raises(BadInput):
        loan_statistics.use(house, embedded["archivist"], "2026-02-01", "2026-01-31")
    with pytest.raises(NotAllowed):
        loan_statistics.use(house, embedded["handler"])


def test_the_out_card_says_who_has_the_file_and_until_when(embedded):
    house, file_id = embedded.house, archived(embedded)
    set_place(house, embedded["archivist"], file_id, "一号库", "3", "12")
    request_id = lent(embedded, file_id, "2026-12-09")
    card = loan_statistics.out_card(house, embedded["archivist"], request_id)
    pdf = pypdfium2.PdfDocument(io.BytesIO(out_card(card)))
    text = pdf[0].get_textpage().get_text_range()
    pdf.close()
    for said in ("代卷卡", "J001-HT·2026-D10-XS-0001", "一号库 3 12", "handler 某", "2026-12-09", "archivist 某"):
        assert said in text
    with pytest.raises(NotAllowed):
        loan_statistics.out_card(house, embedded["handler"], request_id)
    loans.give_back(house, embedded["archivist"], request_id, "whole")
    with pytest.raises(RuleRefused, match="not lent"):
        loan_statistics.out_card(house, embedded["archivist"], request_id)


def test_the_api_reports_examines_closes_and_counts(embedded, client, headers):  # noqa: F811 - the fixtures
    file_id = archived(embedded)
    sent = {"kind": "leaked", "happened_on": "2026-11-20", "description": "邮件误发"}
    made = client.post(f"/api/v1/files/{file_id}/incidents", json=sent, headers=headers("handler"))
    assert made.status_code == 201
    path = f"/api/v1/incidents/{made.json['id']}"
    told = {"responsible": [{"name": "甲", "part": "误发"}], "findings": "收件人写错", "measures": "召回"}
    assert client.post(f"{path}/examination", json=told, headers=headers("archivist")).status_code == 204
    closed = client.post(f"{path}/closing", json={"outcome": "对方已删除"}, headers=headers("administrator"))
    assert closed.status_code == 204
    shown = client.get(path, headers=headers("head")).json
    assert (shown["state"], shown["responsible"][0]["name"]) == ("closed", "甲")
    assert client.get("/api/v1/incidents", headers=headers("head")).json["total"] == 1
    assert client.get("/api/v1/access-requests/statistics", headers=headers("head")).json["incidents"] == {"leaked": 1}
    with pytest.raises(NotFound):
        incidents.incident(embedded.house, embedded["head"], "nothing")
