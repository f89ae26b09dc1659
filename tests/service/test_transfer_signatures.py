"""Both sides sign the list, what is late comes to one more person each time, and the deadlines are a calendar (RULES B3)."""

import json
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from retention.transfer import told
from service.access import people
from service.errors import NotAllowed, NotSignedIn
from service.flow.archive import calendar_feed, filing, transfers
from service.flow.archive.transfer_lists import signatures, transfer_list
from service.records import signing
from service.records.tables import AuditEntry, Transfer
from tests.service.conftest import OWNER
from tests.service.test_api import client, headers  # noqa: F401 - fixtures
from tests.service.test_flow import new_contract
from tests.service.web.conftest import Site, site  # noqa: F401 - a fixture


def test_b3_each_side_signs_the_list_and_the_trail_has_its_hash(office):
    house = office.house
    _, file_id = new_contract(office)
    document_id = office.take_in()
    filing.file_document(house, office["handler"], document_id, file_id, "1.9", original=True)
    (item,) = transfers.transfers_of(house, office["handler"], file_id)
    transfers.hand_over(house, office["handler"], item.transfer.id)
    transfers.accept(house, office["administrator"], item.transfer.id)
    found = signatures(house, transfer_list(house, office["handler"], item.transfer.id))
    assert [(row["act"], row["holds"]) for row in found] == [("hand_over", True), ("accept", True)]
    with house.database.read() as session:
        entries = session.scalars(
            select(AuditEntry)
            .where(AuditEntry.action.in_(("transfer.hand_over", "transfer.accept")))
            .order_by(AuditEntry.seq)
        ).all()
        public = signing.public_of(session)
    for row, entry, person in zip(found, entries, ("person:handler", "person:administrator"), strict=True):
        said = json.loads(row["statement"])
        assert (said["by"], said["act"], entry.actor) == (person, row["act"], person)
        assert json.loads(entry.detail)["list"] == row["sha256"] == sha256(row["statement"].encode()).hexdigest()
        assert [one["document"] for one in said["documents"]] == [document_id]
        assert len(said["documents"][0]["sha256"]) == 64
        # Whoever has the public key needs nothing of ours to verify it.
        assert signing.is_signed(public, row["signature"], row["statement"].encode())
        assert not signing.is_signed(public, row["signature"], row["statement"].replace("handler", "nobody").encode())


def test_b3_a_changed_statement_or_a_strangers_key_does_not_hold(embedded):
    house = embedded.house
    _, file_id = new_contract(embedded)
    (item,) = transfers.transfers_of(house, embedded["handler"], file_id)
    transfers.hand_over(house, embedded["handler"], item.transfer.id)

    def now_says(**more: str) -> bool:
        with house.database.write() as session:
            row = session.get_one(Transfer, item.transfer.id)
            signed = row.contents["signed"]["hand_over"] | more
            row.contents = {**row.contents, "signed": {"hand_over": signed}}
        (found,) = signatures(house, transfer_list(house, embedded["handler"], item.transfer.id))
        return found["holds"]

    assert now_says()
    assert not now_says(statement="{}")
    assert not now_says(statement="{}", public_key="00" * 32)


def test_b3_a_returned_file_is_signed_anew(embedded):
    house = embedded.house
    _, file_id = new_contract(embedded)
    (item,) = transfers.transfers_of(house, embedded["handler"], file_id)
    transfers.hand_over(house, embedded["handler"], item.transfer.id)
    transfers.return_file(house, embedded["administrator"], item.transfer.id, "缺页")
    house.clock.move_to(date(2026, 11, 27))
    transfers.hand_over(house, embedded["handler"], item.transfer.id)
    (found,) = signatures(house, transfer_list(house, embedded["handler"], item.transfer.id))
    assert json.loads(found["statement"])["on"] == "2026-11-27"


def test_b3_the_list_on_paper_shows_the_signatures(site: Site):  # noqa: F811 - the fixture
    _, file_id = new_contract(site.office)
    (item,) = transfers.transfers_of(site.office.house, site.office["handler"], file_id)
    transfers.hand_over(site.office.house, site.office["handler"], item.transfer.id)
    page = site.signed_in("handler").get(f"/transfers/{item.transfer.id}/list").text
    assert "电子签名（Ed25519） 承办人" in page
    assert "有效" in page


# --- escalation ---

DUE = date(2026, 11, 30)


@pytest.mark.parametrize(
    ("day", "who"),
    [
        ("2026-11-22", ()),
        ("2026-11-23", ("responsible",)),
        ("2026-11-30", ("responsible",)),
        ("2026-12-01", ("responsible", "department_head")),
        ("2026-12-07", ("responsible", "department_head", "credit_administrator")),
        ("2026-12-29", ("responsible", "department_head", "credit_administrator")),
        ("2026-12-30", ("responsible", "department_head", "credit_administrator", "auditor")),
    ],
)
def test_b3_a_deadline_comes_to_one_more_person_each_time(day, who):
    assert told(DUE, date.fromisoformat(day)) == who


@given(st.integers(-60, 400), st.integers(0, 60))
def test_b3_whoever_was_told_stays_told(days, more):
    first, later = (told(DUE, DUE + timedelta(days=n)) for n in (days, days + more))
    assert later[: len(first)] == first


def test_b3_each_escalation_is_noted_once_also_when_nobody_looked_for_a_while(embedded):
    house = embedded.house
    _, file_id = new_contract(embedded)  # due on 30 November 2026

    def noted() -> list[list[str]]:
        with house.database.read() as session:
            entries = session.scalars(
                select(AuditEntry).where(AuditEntry.action == "transfer.escalate").order_by(AuditEntry.seq)
            )
            return [json.loads(entry.detail)["to"] for entry in entries]

    assert (transfers.escalate(house), transfers.escalate(house)) == (1, 0)
    house.clock.move_to(date(2026, 12, 20))
    assert (transfers.escalate(house), transfers.escalate(house)) == (1, 0)
    assert noted() == [["responsible"], ["department_head", "credit_administrator"]]
    (item,) = transfers.transfers_of(house, embedded["handler"], file_id)
    assert transfers.as_json(item)["told"]["department_head"] == "2026-12-20"
    transfers.hand_over(house, embedded["handler"], item.transfer.id)
    transfers.accept(house, embedded["administrator"], item.transfer.id)
    house.clock.move_to(date(2027, 1, 1))
    assert transfers.escalate(house) == 0  # done; the next stage is not due yet


# --- the calendar ---


def _unfolded(content: bytes) -> list[str]:
    text = content.decode()
    assert text.endswith("\r\n")
    assert "\n" not in text.replace("\r\n", "")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    return text.replace("\r\n ", "").split("\r\n")[:-1]


def test_b3_the_feed_has_each_deadline_its_reader_may_see(embedded):
    house = embedded.house
    _, file_id = new_contract(embedded, counterparty="云桥，智联;信息\\技术, 有限公司" + "很长的名称" * 12)
    secret = calendar_feed.make_feed(house, embedded["handler"])
    lines = _unfolded(calendar_feed.feed(house, secret))
    assert (lines[0], lines[-1]) == ("BEGIN:VCALENDAR", "END:VCALENDAR")
    assert "DTSTART;VALUE=DATE:20261130" in lines
    assert "DTEND;VALUE=DATE:20261201" in lines
    assert "SUMMARY:HT-XS-2026-0001 签订 移交信用管理员" in lines
    (told_of,) = [line for line in lines if line.startswith("DESCRIPTION:云桥")]
    assert "云桥，智联\\;信息\\\\技术\\, 有限公司" in told_of
    assert "\\n" in told_of
    assert f"URL:{house.settings.base_url}/files/{file_id}" in lines
    elsewhere = people.create_department(house, OWNER, "CG", "采购部")
    stranger = embedded.hire("stranger", "handler", department_id=elsewhere.id)
    assert "BEGIN:VEVENT" not in _unfolded(calendar_feed.feed(house, calendar_feed.make_feed(house, stranger)))
    people.disable(house, OWNER, "handler")
    with pytest.raises(NotSignedIn):
        calendar_feed.feed(house, secret)


def test_b3_a_feed_opens_nothing_else_and_ends_with_the_next(client, headers, embedded):  # noqa: F811 - the fixtures
    house = embedded.house
    made = client.post("/api/v1/transfers/calendar-feed", headers=headers("handler"))
    assert made.status_code == 201
    secret = made.get_json()["url"].rpartition("/")[2].removesuffix(".ics")
    for path in ("/api/v1/transfers", "/api/v1/contracts", "/api/v1/me/tokens"):
        assert client.get(path, headers={"Authorization": f"Bearer {secret}"}).status_code in (403, 404)
    calendar_feed.feed(house, secret)
    second = calendar_feed.make_feed(house, embedded["handler"])
    with pytest.raises(NotSignedIn):
        calendar_feed.feed(house, secret)
    calendar_feed.feed(house, second)
    whole = people.create_token(house, embedded["handler"], "handler", "all")
    with pytest.raises(NotSignedIn):  # no other token is a calendar's
        calendar_feed.feed(house, whole)
    with pytest.raises(NotAllowed):
        calendar_feed.make_feed(house, OWNER)


def test_b3_the_page_gives_an_address_and_the_address_a_calendar(site: Site):  # noqa: F811 - the fixture
    new_contract(site.office)
    browser = site.signed_in("handler")
    assert "HT-XS-2026-0001" in browser.get("/transfers/calendar").text
    page = browser.post("/transfers/calendar", {}).text
    path = "/calendar/" + page.split("/calendar/jzc_")[1].split(".ics")[0].join(("jzc_", ".ics"))
    visitor = site.app.test_client()
    answer = visitor.get(path, headers={"Accept-Language": "en"})
    assert (answer.status_code, answer.mimetype) == (200, "text/calendar")
    assert "signed to the credit administrator" in answer.text.replace("\r\n ", "")
    assert visitor.get("/calendar/jzc_wrong.ics").status_code == 404


@given(st.text(max_size=200))
def test_no_text_breaks_out_of_its_line(text):
    from service.flow.archive.calendar_feed import _folded, _text

    line = f"SUMMARY:{_text(text)}"
    assert not any(ord(c) < 32 and c != "\t" for c in line)
    pieces = list(_folded(line))
    assert pieces[0] + "".join(piece[1:] for piece in pieces[1:]) == line
    assert all(len(piece.encode("utf-8", "surrogatepass")) <= 75 for piece in pieces)


def test_an_empty_calendar_is_one():
    lines = _unfolded(calendar_feed.calendar([], datetime(2026, 1, 1, tzinfo=UTC), "http://x"))
    assert (lines[0], lines[-1], "VERSION:2.0" in lines) == ("BEGIN:VCALENDAR", "END:VCALENDAR", True)
