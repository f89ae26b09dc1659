"""A2: what is collected about customers, by whom, how far verified, and what was known when; through the flow on real databases."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import delete, select

from service.clock import Clock
from service.errors import BadInput, NotAllowed, NotFound, RuleRefused
from service.flow import fact_documents, fact_duties, fact_entry, fact_kinds, fact_views
from service.flow.collected import facts_of, history_of
from service.flow.customers import get_customer
from service.flow.documents import confirm, correct_field
from service.flow.fact_entry import FactGiven
from service.flow.filing import credit_file, file_document
from service.records.tables import (
    AuditEntry,
    Customer,
    CustomerFact,
    Document,
    DocumentField,
    FactDuty,
    FactVoice,
)
from tests.service.conftest import OWNER, TODAY, Office, embedded_env, open_office
from tests.service.test_flow import new_contract


class Then(Clock):
    """A clock whose moments lie on the day the calendar was moved to, each a second after the one before."""

    ticks = 0

    def now(self) -> datetime:
        self.ticks += 1
        return datetime.combine(self.today(), time(1), UTC) + timedelta(seconds=self.ticks)


NAME, CODE = "云桥智联信息技术有限公司", "91330106MA27XL1X6Q"


def known(office: Office) -> str:
    new_contract(office)
    office.house.clock = Then(TODAY)
    with office.house.database.read() as session:
        return session.scalars(select(Customer.id)).one()


@pytest.fixture
def customer_id(office: Office) -> str:
    return known(office)


def enter(office: Office, customer_id: str, kind: str, value: str, who: str = "handler", **more: Any) -> str:
    given = {"source": "public_record", "note": "国家企业信用信息公示系统"} | more
    return fact_entry.record_fact(office.house, office[who], customer_id, FactGiven(kind, value, **given))


def fact(office: Office, customer_id: str, kind: str, on: date = TODAY, known_at: datetime | None = None) -> Any:
    with office.house.database.read() as session:
        return facts_of(session, customer_id, on, known_at).get(kind)


def duty(office: Office, customer_id: str, kind: str) -> FactDuty:
    with office.house.database.read() as session:
        return session.get_one(FactDuty, (customer_id, kind))


def confirm_by(office: Office, customer_id: str, kind: str, *people: str) -> None:
    for who in people:
        row = fact(office, customer_id, kind, office.house.clock.today())
        fact_entry.confirm_fact(office.house, office[who], customer_id, row.fact.id, row.fact.value)


def test_A2_1_each_piece_has_its_source_evidence_collector_and_who_entered_it(embedded):
    office, customer_id = embedded, known(embedded)
    document_id = office.take_in()
    assert enter(office, customer_id, "legal_representative", "王芳", document_id=document_id, page=1, note="",
                 collected_by="head", collected_on="2026-11-20") == "record"  # fmt: skip
    row = fact(office, customer_id, "legal_representative")
    assert (row.fact.value, row.fact.source, row.fact.document_id, row.fact.page) == (
        "王芳",
        "public_record",
        document_id,
        1,
    )
    assert (row.fact.collected_by, row.fact.collected_on) == ("person:head", date(2026, 11, 20))
    assert (row.fact.entered_by, row.state, row.checked_on) == ("person:handler", "entered", date(2026, 11, 20))
    with office.house.database.read() as session:
        assert session.scalar(select(AuditEntry.action).where(AuditEntry.action == "fact.record")) == "fact.record"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"kind": "mood"}, "kind"),
        ({"value": " "}, "value"),
        ({"kind": "valid_until", "value": "soon"}, "value"),
        ({"kind": "code", "value": "91330106MA27XL1X6X"}, "value"),
        ({"kind": "net_assets", "value": "much"}, "value"),
        ({"source": "hearsay"}, "source"),
        ({"note": ""}, "note"),
        ({"valid_from": "2026-13-01"}, "valid_from"),
        ({"valid_from": "2027-01-01"}, "valid_from"),
        ({"collected_on": "2026-11-26"}, "collected_on"),
        ({"valid_from": "2026-11-20", "valid_until": "2026-11-19"}, "valid_until"),
        ({"collected_by": "nobody"}, "collected_by"),
    ],
)
def test_A2_1_what_is_no_information_leaves_nothing(shared, given, field):
    office, customer_id = shared
    whole = {"kind": "industry", "value": "软件", "source": "site_visit", "note": "走访"} | given
    with pytest.raises(BadInput) as error:
        fact_entry.record_fact(office.house, office["handler"], customer_id, FactGiven(**whole))
    assert field in error.value.fields
    with office.house.database.read() as session:
        assert session.scalars(select(CustomerFact)).all() == []


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    office = open_office(embedded_env(tmp_path_factory.mktemp("facts") / "home"))
    yield office, known(office)
    office.house.database.dispose()


def test_A2_2_two_different_people_who_did_not_enter_it_verify_a_value(office, customer_id):
    enter(office, customer_id, "legal_representative", "王芳")
    row = fact(office, customer_id, "legal_representative")
    with pytest.raises(RuleRefused, match="dual verification"):
        fact_entry.confirm_fact(office.house, office["handler"], customer_id, row.fact.id, "王芳")
    confirm_by(office, customer_id, "legal_representative", "head", "head")
    assert fact(office, customer_id, "legal_representative").state == "once"
    confirm_by(office, customer_id, "legal_representative", "administrator")
    assert fact(office, customer_id, "legal_representative").state == "verified"
    assert duty(office, customer_id, "legal_representative").state == "verified"


def test_A2_2_a_disagreement_goes_to_a_third_person(office, customer_id):
    house = office.house
    enter(office, customer_id, "legal_representative", "王芳")
    confirm_by(office, customer_id, "legal_representative", "head")
    first = fact(office, customer_id, "legal_representative").fact.id
    say = fact_entry.contradict_fact
    assert say(house, office["administrator"], customer_id, first, "汪芳", "身份证") == "dispute"
    assert (
        fact(office, customer_id, "legal_representative").fact.value,
        fact(office, customer_id, "legal_representative").state,
    ) == ("王芳", "disputed")
    for who in ("handler", "head", "administrator"):
        with pytest.raises(RuleRefused, match="took a side"):
            say(house, office[who], customer_id, first, "汪芳", "我看对")
    with pytest.raises(RuleRefused, match="disagree"):
        fact_entry.confirm_fact(house, office["first"], customer_id, first)
    assert say(house, office["first"], customer_id, first, "汪芳", "看了原件") == "decide"
    row = fact(office, customer_id, "legal_representative")
    assert (row.fact.value, row.stand.entered_by, row.stand.confirmed_by, row.state) == (
        "汪芳",
        "person:administrator",
        ("person:first",),
        "once",
    )
    assert row.fact.corrects == first
    with pytest.raises(RuleRefused, match="replaced or withdrawn"):
        fact_entry.confirm_fact(house, office["second"], customer_id, first)


def test_A2_2_nobody_speaks_about_a_value_they_have_not_seen_or_of_another_customer(embedded):
    customer_id = known(embedded)
    new_contract(embedded, counterparty="另一家有限公司")
    with embedded.house.database.read() as session:
        other = session.scalars(select(Customer.id).where(Customer.id != customer_id)).one()
    enter(embedded, customer_id, "industry", "软件")
    row = fact(embedded, customer_id, "industry")
    with pytest.raises(BadInput, match="in the meantime"):
        fact_entry.confirm_fact(embedded.house, embedded["head"], customer_id, row.fact.id, "硬件")
    with pytest.raises(NotFound):
        fact_entry.confirm_fact(embedded.house, embedded["head"], other, row.fact.id)
    with pytest.raises(NotAllowed):
        fact_entry.confirm_fact(embedded.house, embedded["archivist"], customer_id, row.fact.id)


def test_A2_3_what_did_we_know_on_the_first_of_march_has_an_answer(office, customer_id):
    house = office.house
    house.clock.move_to(date(2026, 2, 10))
    enter(office, customer_id, "legal_representative", "王芳", valid_from="2020-01-01")
    confirm_by(office, customer_id, "legal_representative", "head", "administrator")
    house.clock.move_to(date(2026, 3, 15))
    enter(office, customer_id, "legal_representative", "李强", valid_from="2026-02-20")  # it had changed already then
    house.clock.move_to(date(2026, 4, 1))
    march = fact_views.get_sheet(house, office["head"], customer_id, on="2026-03-01", known_at="2026-03-01")
    now = fact_views.get_sheet(house, office["head"], customer_id, on="2026-03-01")
    before = fact_views.get_sheet(house, office["head"], customer_id, known_at="2026-02-09")

    def of(sheet):
        return next(
            (
                (line.known.fact.value, line.known.state)
                for line in sheet.lines
                if line.kind.code == "legal_representative" and line.known
            ),
            None,
        )

    assert of(march) == ("王芳", "verified")
    assert of(now) == ("李强", "entered")
    assert of(before) is None
    assert [
        line.known.fact.value
        for line in fact_views.get_sheet(house, office["head"], customer_id, on="2026-02-19").lines
        if line.known
    ] == ["王芳"]
    past = fact_views.get_past(house, office["head"], customer_id, "legal_representative")
    assert [(span.first, span.last, row.fact.value) for span, row in past.spans] == [
        (date(2020, 1, 1), date(2026, 2, 19), "王芳"),
        (date(2026, 2, 20), None, "李强"),
    ]
    with pytest.raises(BadInput):
        fact_views.get_sheet(house, office["head"], customer_id, known_at="yesterday")


def test_A2_3_a_name_that_was_verified_renames_the_customer_and_the_old_one_stays(embedded):
    office, customer_id = embedded, known(embedded)
    house = office.house
    enter(office, customer_id, "name", NAME, valid_from="2019-05-01")
    enter(office, customer_id, "name", "云桥数科集团有限公司", valid_from="2026-11-01")
    assert get_customer(house, office["head"], customer_id).customer.name == NAME
    confirm_by(office, customer_id, "name", "head", "administrator")
    view = get_customer(house, office["head"], customer_id)
    assert view.customer.name == "云桥数科集团有限公司"
    assert [(n.name, n.first, n.last) for n in view.former_names] == [(NAME, date(2019, 5, 1), date(2026, 10, 31))]


def test_A2_3_information_grows_stale_and_stands_on_its_persons_list(office, customer_id):
    house = office.house
    fact_duties.set_responsible(house, office["administrator"], "handler")
    fact_duties.set_responsible(house, office["administrator"], "head", kind="industry")
    enter(office, customer_id, "industry", "软件")
    enter(office, customer_id, "legal_representative", "王芳")
    assert duty(office, customer_id, "industry").due_on == TODAY + timedelta(days=90)
    assert fact_duties.list_due(house, office["head"]) == (0, [])
    house.clock.move_to(TODAY + timedelta(days=91))
    total, rows = fact_duties.list_due(house, office["head"])
    assert (total, [(r.duty.kind, r.responsible, r.days) for r in rows]) == (
        2,
        [("industry", "head", -1), ("legal_representative", "handler", -1)],
    )
    assert [r.duty.kind for r in fact_duties.list_due(house, office["head"], login="head")[1]] == ["industry"]
    assert [(s.login, s.stale, s.stale_key, s.unverified) for s in fact_duties.dashboard(house, office["head"])] == [
        ("handler", 1, 1, 1),
        ("head", 1, 0, 1),
    ]
    row = fact(office, customer_id, "industry", house.clock.today())
    fact_entry.recheck_fact(house, office["handler"], customer_id, row.fact.id, "电话核实")
    assert fact_duties.list_due(house, office["head"], login="head")[0] == 0
    assert fact(office, customer_id, "industry", house.clock.today()).state == "entered"
    fact_duties.set_responsible(house, office["administrator"], "first", customer_id=customer_id)
    assert {duty(office, customer_id, k).responsible_id for k in ("industry", "legal_representative")} == {
        office["first"].person_id
    }
    fact_duties.set_responsible(house, office["administrator"], "", customer_id=customer_id)
    assert duty(office, customer_id, "industry").responsible_id == office["head"].person_id


def test_A2_3_a_known_change_of_key_information_is_a_task_with_three_days(embedded):
    office, customer_id = embedded, known(embedded)
    house = office.house
    with pytest.raises(RuleRefused, match="enter the value instead"):
        fact_entry.report_change(house, office["handler"], customer_id, "legal_representative", "换人了")
    enter(office, customer_id, "legal_representative", "王芳")
    fact_entry.report_change(house, office["handler"], customer_id, "legal_representative", "客户来电说换人了")
    row = duty(office, customer_id, "legal_representative")
    assert (row.changed_on, row.due_on, row.change_note) == (TODAY, TODAY + timedelta(days=3), "客户来电说换人了")
    assert fact_duties.list_due(house, office["head"], view="changed")[0] == 1
    enter(
        office, customer_id, "legal_representative", "李强", who="administrator", valid_from="2026-11-24"
    ) if False else None
    house.clock.move_to(TODAY + timedelta(days=1))
    assert enter(office, customer_id, "legal_representative", "李强") == "record"
    row = duty(office, customer_id, "legal_representative")
    assert (row.changed_on, row.due_on) == (None, TODAY + timedelta(days=91))


def test_A2_3_a_value_that_ended_is_due_and_a_period_of_its_own_counts(embedded):
    customer_id = known(embedded)
    enter(embedded, customer_id, "external_rating", "AA", valid_until="2026-12-01")
    assert duty(embedded, customer_id, "external_rating").due_on == date(2026, 12, 1)
    enter(embedded, customer_id, "industry", "软件")
    given = fact_kinds.KindGiven("industry", "所属行业", "industry", refresh_days="30")
    fact_kinds.set_kind(embedded.house, embedded["administrator"], given)
    assert duty(embedded, customer_id, "industry").due_on == TODAY + timedelta(days=30)
    fact_kinds.set_kind(embedded.house, embedded["administrator"], fact_kinds.KindGiven("mood", "心情", key=True))
    enter(embedded, customer_id, "mood", "好")
    assert duty(embedded, customer_id, "mood").key
    for wrong in ({"code": "A-b"}, {"zh": ""}, {"form": "colour"}, {"refresh_days": "0"}):
        with pytest.raises(BadInput):
            fact_kinds.set_kind(embedded.house, OWNER, fact_kinds.KindGiven(**({"code": "x1", "zh": "x"} | wrong)))


def test_one_takes_back_ones_own_entry_and_what_was_before_counts_again(embedded):
    customer_id = known(embedded)
    enter(embedded, customer_id, "industry", "软件", valid_from="2026-01-01")
    enter(embedded, customer_id, "industry", "硬件")
    row = fact(embedded, customer_id, "industry")
    with pytest.raises(RuleRefused, match="other people"):
        fact_entry.withdraw_fact(embedded.house, embedded["administrator"], customer_id, row.fact.id, "错了")
    fact_entry.withdraw_fact(embedded.house, embedded["handler"], customer_id, row.fact.id, "录错客户")
    assert fact(embedded, customer_id, "industry").fact.value == "软件"
    entries = fact_views.get_past(embedded.house, embedded["head"], customer_id, "industry").entries
    assert [(e.fact.value, e.fact.withdrawn_why) for e in entries] == [("硬件", "录错客户"), ("软件", "")]


def licence(office: Office, customer_id: str, **values: str) -> str:
    """A licence as it was read, in the customer's file: nobody has confirmed anything."""
    document_id = office.take_in()
    with office.house.database.write() as session:
        document = session.get_one(Document, document_id)
        document.kind, document.category, document.review_reasons = "licence", "1.2", []
        document.fields = [
            DocumentField(
                name=name, position=n, value=value, page=1, box=[1, 2, 3, 4], confidence=0.9, read_value=value
            )
            for n, (name, value) in enumerate(values.items())
        ]
    file = credit_file(office.house, office["administrator"], customer_id)
    file_document(office.house, office["administrator"], document_id, file.id, "1.2")
    return document_id


READ = {
    "name": NAME,
    "code": CODE,
    "legal_representative": "王芳",
    "valid_until": "long-term",
    "issued_on": "2022-06-01",
}


def test_A2_2_what_was_read_and_never_confirmed_is_marked_and_becomes_verified_on_the_page_it_was_read_from(
    office, customer_id
):
    document_id = licence(office, customer_id, **READ)
    row = fact(office, customer_id, "legal_representative")
    assert (row.fact.value, row.state, row.fact.entered_by, row.fact.document_id) == (
        "王芳",
        "unconfirmed",
        "ocr",
        document_id,
    )
    assert (row.fact.valid_from, row.fact.source, row.fact.page) == (date(2022, 6, 1), "public_record", 1)
    assert get_customer(office.house, office["head"], customer_id).customer.code is None
    for who in ("handler", "administrator"):
        confirm(office.house, office[who], document_id, dict.fromkeys(READ))
    row = fact(office, customer_id, "legal_representative")
    assert (row.state, row.stand.confirmed_by) == ("verified", ("person:handler", "person:administrator"))
    assert get_customer(office.house, office["head"], customer_id).customer.code == CODE  # nobody typed it
    with office.house.database.read() as session:
        assert len(session.scalars(select(CustomerFact).where(CustomerFact.kind == "legal_representative")).all()) == 1


def test_A2_2_a_correction_on_the_page_follows_and_a_newer_licence_is_a_change(embedded):
    office, customer_id = embedded, known(embedded)
    document_id = licence(office, customer_id, **READ)
    correct_field(office.house, office["handler"], document_id, "legal_representative", "王方")
    row = fact(office, customer_id, "legal_representative")
    assert (row.fact.value, row.state) == ("王方", "entered")
    for who in ("administrator", "archivist"):
        confirm(office.house, office[who], document_id, {"legal_representative": "王方"})
    assert fact(office, customer_id, "legal_representative").state == "verified"
    with office.house.database.write() as session:  # the same page again would be the same document
        session.get_one(Document, document_id).sha256 = "0" * 64
    newer = licence(office, customer_id, **READ | {"legal_representative": "李强", "issued_on": "2026-10-01"})
    assert fact(office, customer_id, "legal_representative").fact.value == "王方"  # read, not confirmed: it is a task
    assert duty(office, customer_id, "legal_representative").changed_on == TODAY
    for who in ("handler", "archivist"):
        confirm(office.house, office[who], newer, {"legal_representative": "李强"})
    row = fact(office, customer_id, "legal_representative")
    assert (row.fact.value, row.state, row.fact.valid_from) == ("李强", "verified", date(2026, 10, 1))
    assert fact(office, customer_id, "legal_representative", date(2026, 9, 30)).fact.value == "王方"


def test_somebody_elses_licence_and_a_classified_one_say_nothing_of_the_customer(embedded):
    customer_id = known(embedded)
    document_id = licence(embedded, customer_id, **READ | {"name": "担保人有限公司", "code": ""})
    assert fact(embedded, customer_id, "name") is None
    kinds = fact_documents.take_over(embedded.house, embedded["administrator"], customer_id, document_id)
    assert "legal_representative" in kinds
    with embedded.house.database.write() as session:
        session.get_one(Document, document_id).tier = "core"
    embedded.hire("chief", "credit_administrator", clearance="core")
    with pytest.raises(RuleRefused, match="not classified"):
        fact_documents.take_over(embedded.house, embedded["chief"], customer_id, document_id)


def test_the_worker_finds_what_was_missed_when_the_process_died(embedded):
    customer_id = known(embedded)
    document_id = licence(embedded, customer_id, **READ)
    for who in ("handler", "administrator"):
        confirm(embedded.house, embedded[who], document_id, dict.fromkeys(READ))
    with embedded.house.database.write() as session:
        for table in (FactVoice, FactDuty, CustomerFact):
            session.execute(delete(table))
    assert fact_documents.catch_up(embedded.house, lambda: True) == ""
    assert fact(embedded, customer_id, "legal_representative").state == "verified"


def test_what_people_say_on_the_customers_page_is_not_undone_by_its_document(embedded):
    customer_id = known(embedded)
    document_id = licence(embedded, customer_id, **READ)
    confirm(embedded.house, embedded["handler"], document_id, {"legal_representative": "王芳"})
    row = fact(embedded, customer_id, "legal_representative")
    fact_entry.contradict_fact(embedded.house, embedded["head"], customer_id, row.fact.id, "汪芳", "身份证")
    confirm(embedded.house, embedded["administrator"], document_id, {"name": None})
    assert fact(embedded, customer_id, "legal_representative").state == "disputed"
    fact_entry.contradict_fact(embedded.house, embedded["first"], customer_id, row.fact.id, "汪芳", "原件")
    confirm(embedded.house, embedded["archivist"], document_id, {"name": None})
    assert fact(embedded, customer_id, "legal_representative").fact.value == "汪芳"


class Store(RuleBasedStateMachine):
    """The store against a naive oracle: a list of everything that was said, searched from its end."""

    office: Office
    customer_id: str

    @initialize()
    def begin(self) -> None:
        with self.office.house.database.write() as session:
            for table in (FactVoice, FactDuty, CustomerFact):
                session.execute(delete(table))
        self.office.house.clock.move_to(TODAY)
        self.said: list[dict[str, Any]] = []
        self.moments = [datetime(2026, 1, 1, tzinfo=UTC)]

    @rule(value=st.sampled_from("甲乙"), first=st.integers(-9, 0), length=st.none() | st.integers(0, 6))
    def enter(self, value: str, first: int, length: int | None) -> None:
        begin = TODAY + timedelta(days=first)
        last = None if length is None else begin + timedelta(days=length)
        before = self.winner(begin, None)
        given = FactGiven(
            "industry",
            value,
            "site_visit",
            begin.isoformat(),
            last.isoformat() if last else "",
            note="n",
            collected_on=begin.isoformat(),
        )
        act = fact_entry.record_fact(self.office.house, self.office["handler"], self.customer_id, given)
        if before is not None and before["value"] == value and (before["first"] == begin or last is None):
            assert act in ("confirm", "recheck")
            self.tick()
            return
        moment = self.tick()
        if before is not None and before["first"] == begin:
            before["gone"] = moment
            last = before["last"]
            assert act == "correct"
        elif last is None:
            later = [
                d
                for d in (begin + timedelta(days=n) for n in range(1, 40))
                if self.winner(d, None) is not self.winner(begin, None) and self.winner(d, None) is not None
            ]
            ahead = [
                d
                for d in later
                if self.winner(d, None)["first"] > begin
                or self.winner(d - timedelta(days=1), None) is not self.winner(d, None)
            ]
            last = ahead[0] - timedelta(days=1) if ahead else None
        self.said.append({"value": value, "first": begin, "last": last, "at": moment, "gone": None})

    @rule(pick=st.integers(0, 9))
    def withdraw(self, pick: int) -> None:
        living = [entry for entry in self.said if entry["gone"] is None]
        if not living:
            return
        entry = living[pick % len(living)]
        history = self.history()
        row = next(
            f
            for f in history.facts["industry"]
            if f.withdrawn_at is None
            and (f.value, f.valid_from, f.valid_until) == (entry["value"], entry["first"], entry["last"])
            and f.known_at == entry["at"]
        )
        fact_entry.withdraw_fact(self.office.house, self.office["handler"], self.customer_id, row.id, "w")
        entry["gone"] = self.tick()

    def history(self):
        with self.office.house.database.read() as session:
            return history_of(session, self.customer_id)

    def tick(self) -> datetime:
        """The moment of what was just said, as the store has it."""
        history = self.history()
        moments = [m for f in history.by_id.values() for m in (f.known_at, f.withdrawn_at) if m]
        moments += [voice.at for voices in history.voices.values() for voice in voices]
        self.moments.append(max(moments))
        return max(moments)

    def winner(self, day: date, at: datetime | None) -> dict[str, Any] | None:
        for entry in reversed(self.said):
            counts = (
                entry["gone"] is None
                if at is None
                else entry["at"] <= at and (entry["gone"] is None or at < entry["gone"])
            )
            if counts and entry["first"] <= day and (entry["last"] is None or day <= entry["last"]):
                return entry
        return None

    @invariant()
    def every_day_at_every_moment(self) -> None:
        history = self.history()
        for at in [None, *self.moments[-4:]]:
            for n in range(-10, 8):
                day = TODAY + timedelta(days=n)
                row, expected = history.at("industry", day, at), self.winner(day, at)
                assert (row.fact.value if row else None) == (expected["value"] if expected else None), (day, at)


def test_A2_3_the_store_answers_as_a_naive_oracle_does(shared):
    office, customer_id = shared
    made = type("Bound", (Store,), {"office": office, "customer_id": customer_id})
    run_state_machine_as_test(
        made,
        settings=settings(
            max_examples=15, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
