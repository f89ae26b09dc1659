"""The customer register: duplicates merged with a trace, groups without circles, spreadsheets in and out, the card (RULES A5.2)."""

import io
import threading
from datetime import date
from decimal import Decimal

import pytest
from flask import Flask
from openpyxl import Workbook
from sqlalchemy import func, select

from credit.fact_kinds import SHIPPED
from service.access import people
from service.api.app import blueprint
from service.errors import BadInput, NotAllowed, NotFound, RuleRefused
from service.flow.archive.filing import credit_file
from service.flow.credit import customer_merge, customer_profile
from service.flow.credit.collected import facts_of
from service.flow.credit.customer_card import card_as_json, get_card
from service.flow.credit.customer_import import HEADINGS, apply_import, check_import, export_customers
from service.flow.credit.customer_merge import merge_customers, preview, undo_merge
from service.flow.credit.customer_profile import (
    ContactGiven,
    RelationGiven,
    add_contact,
    end_relation,
    profile_of,
    relate,
)
from service.flow.credit.customers import get_customer, list_customers
from service.flow.credit.duplicates import list_duplicates
from service.flow.credit.fact_entry import FactGiven, read_value, record_fact
from service.records.tables import (
    AuditEntry,
    CaseFile,
    Contract,
    Customer,
    CustomerContact,
    CustomerFact,
    CustomerMerge,
    FactDuty,
)
from tests.service.conftest import OWNER, TODAY, Office
from tests.service.test_flow import new_contract

CODE, OTHER_CODE = "91330106MA27XL1X6Q", "91110108MA01ABCD2H"
NAMES = list(HEADINGS)


def customer(office: Office, name: str, **more: str) -> str:
    contract_id, _file = new_contract(office, counterparty=name, **more)
    with office.house.database.read() as session:
        return str(session.get_one(Contract, contract_id).customer_id)


def fact(office: Office, customer_id: str, kind: str, value: str, who: str = "handler") -> None:
    record_fact(office.house, office[who], customer_id, FactGiven(kind, value, "site_visit", note="走访"))


def book(*rows: dict[str, object]) -> bytes:
    made = Workbook(write_only=True)
    sheet = made.create_sheet("客户")
    sheet.append([words[0] for words in HEADINGS.values()])
    for row in rows:
        sheet.append([row.get(name) for name in NAMES])
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def belongs(office: Office, customer_id: str) -> dict[str, int]:
    with office.house.database.read() as session:
        return {
            table.__tablename__: session.scalar(
                select(func.count()).select_from(table).where(table.customer_id == customer_id)
            )
            for table in (Contract, CaseFile, CustomerFact, CustomerContact, FactDuty)
        }


@pytest.fixture
def two(office: Office) -> tuple[str, str]:
    """A customer, and the same again under another name, each with a credit file, facts and people."""
    kept = customer(office, "云桥智联信息技术有限公司")
    merged = customer(office, "云桥智联信息技术有限责任公司", counterparty_code=CODE)
    for customer_id, who in ((kept, "甲"), (merged, "乙")):
        credit_file(office.house, office["administrator"], customer_id)
        fact(office, customer_id, "industry", f"软件{who}")
        add_contact(office.house, office["handler"], customer_id, ContactGiven("person", who, phone="1"))
    fact(office, merged, "controller", "赵某")
    return kept, merged


def test_duplicates_are_found_merged_in_one_step_and_the_number_leads_on(office, two):
    kept, merged = two
    house, who = office.house, office["administrator"]
    total, pairs, run = list_duplicates(house, who)
    assert (total, run) == (1, None)
    assert [(c.first.id, c.second.id, c.pair.why) for c in pairs] == [(kept, merged, "same_name")]
    before = {id_: belongs(office, id_) for id_ in two}
    assert preview(house, who, kept, merged)[2]["customer_facts"] == 2
    merge_customers(house, who, kept, merged, "同一家公司")
    after = belongs(office, kept)
    for name in ("contracts", "case_files", "customer_facts", "customer_contacts"):
        assert after[name] == before[kept][name] + before[merged][name], name
    assert set(belongs(office, merged).values()) == {0}
    view = get_customer(house, office["handler"], merged)
    assert (view.customer.id, view.customer.code, len(view.contracts)) == (kept, CODE, 2)
    assert [row.merged_id for row, _customer in view.mergers] == [merged]
    with house.database.read() as session:
        found = facts_of(session, kept, TODAY)
        assert (found["industry"].fact.value, found["controller"].fact.value) == ("软件甲", "赵某")
        assert session.get_one(FactDuty, (kept, "industry")).changed_on == TODAY  # they differ: somebody looks
        assert session.get_one(Customer, merged).number == "KH-2026-0002"
        living = select(CaseFile).where(CaseFile.customer_id == kept, CaseFile.kind == "credit")
        assert [file.superseded_by is None for file in session.scalars(living.order_by(CaseFile.created_at))] == [
            True,
            False,
        ]
    assert customer(office, "云桥智联信息技术有限责任公司") == kept
    assert list_customers(house, office["administrator"])[0] == 1
    assert list_duplicates(house, who)[:2] == (0, [])


def test_a_merger_is_undone_and_what_came_since_stays(office, two):
    kept, merged = two
    house, who = office.house, office["administrator"]
    before = {id_: belongs(office, id_) for id_ in two}
    merge_id = merge_customers(house, who, kept, merged, "同一家公司")
    fact(office, kept, "turnover", "100万元")
    undo_merge(house, who, merge_id)
    assert belongs(office, merged) == before[merged]
    since = belongs(office, kept)
    assert since["customer_facts"] == before[kept]["customer_facts"] + 1
    with house.database.read() as session:
        assert facts_of(session, merged, TODAY)["industry"].fact.value == "软件乙"
        assert (session.get_one(Customer, merged).code, session.get_one(Customer, kept).code) == (CODE, None)
        assert session.scalars(select(CaseFile.superseded_by).where(CaseFile.superseded_by.is_not(None))).all() == []
        actions = set(session.scalars(select(AuditEntry.action).where(AuditEntry.subject == f"customer:{merged}")))
    assert {"customer.merge", "customer.unmerge"} <= actions
    with pytest.raises(RuleRefused, match="undone already"):
        undo_merge(house, who, merge_id)
    merge_customers(house, who, kept, merged, "还是同一家")


def test_what_is_not_one_is_not_merged(embedded):
    house, who = embedded.house, embedded["administrator"]
    one = customer(embedded, "甲公司", counterparty_code=CODE)
    other = customer(embedded, "乙公司", counterparty_code=OTHER_CODE)
    third = customer(embedded, "丙公司")
    for kept, merged, error, match in (
        (one, one, BadInput, "same"),
        (one, other, RuleRefused, "two companies"),
        (one, "x", NotFound, "no customer"),
    ):
        with pytest.raises(error, match=match):
            merge_customers(house, who, kept, merged, "r")
    with pytest.raises(BadInput, match="reason"):
        merge_customers(house, who, one, third, " ")
    with pytest.raises(NotAllowed):
        merge_customers(house, embedded["handler"], one, third, "r")
    merge_id = merge_customers(house, who, one, third, "r")
    with pytest.raises(RuleRefused, match="merged already"):
        merge_customers(house, who, other, third, "r")
    with pytest.raises(RuleRefused, match="merged into another"):
        fact(embedded, third, "industry", "x", "administrator")
    undo_merge(house, who, merge_id)


def test_a_merger_that_breaks_leaves_nothing_moved(embedded, two_embedded, monkeypatch):
    kept, merged = two_embedded
    before = {id_: belongs(embedded, id_) for id_ in two_embedded}

    def broken(*_given: object) -> None:
        raise OSError("killed")

    monkeypatch.setattr(customer_merge, "_move_facts", broken)
    with pytest.raises(OSError, match="killed"):
        merge_customers(embedded.house, embedded["administrator"], kept, merged, "r")
    assert {id_: belongs(embedded, id_) for id_ in two_embedded} == before
    with embedded.house.database.read() as session:
        assert session.scalars(select(CustomerMerge)).all() == []


@pytest.fixture
def two_embedded(embedded):
    return customer(embedded, "云桥智联信息技术有限公司"), customer(embedded, "云桥智联信息技术有限责任公司")


def test_a_group_has_no_circle_and_a_customer_one_parent(embedded):
    house, who = embedded.house, embedded["handler"]
    a, b, c = (customer(embedded, name) for name in ("甲公司", "乙公司", "丙公司"))
    first = relate(house, who, a, RelationGiven("parent", "乙公司"))
    relate(house, who, b, RelationGiven("parent", "KH-2026-0003", note="全资"))
    for one, other, match in ((c, "甲公司", "above itself"), (a, "乙公司", "on record"), (a, "丙公司", "one parent")):
        with pytest.raises(RuleRefused, match=match):
            relate(house, who, one, RelationGiven("parent", other))
    with pytest.raises(RuleRefused, match="above itself"):
        relate(house, who, a, RelationGiven("guarantor", a))
    relate(house, who, c, RelationGiven("guarantor", "甲公司"))  # another kind of relation
    with house.database.read() as session:
        links = profile_of(session, who, b).relations
    assert {(link.other.id, link.up) for link in links} == {(c, True), (a, False)}
    end_relation(house, who, a, first)
    relate(house, who, c, RelationGiven("parent", "甲公司"))
    with pytest.raises(RuleRefused, match="stand above itself"):
        merge_customers(house, embedded["administrator"], a, b, "r")  # a is above c, c above b
    with house.database.read() as session:
        assert session.get_one(Customer, b).merged_into is None


def test_two_who_link_at_once_never_make_a_circle(office):
    house, who = office.house, office["handler"]
    a, b = customer(office, "甲公司"), customer(office, "乙公司")
    refused: list[Exception] = []

    def link(one: str, other: str) -> None:
        try:
            relate(house, who, one, RelationGiven("parent", other))
        except RuleRefused as error:
            refused.append(error)

    threads = [threading.Thread(target=link, args=pair) for pair in ((a, b), (b, a))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (ContactGiven("pigeon", "甲"), "kind"),
        (ContactGiven("person", " ", phone="1"), "name"),
        (ContactGiven("person", "甲"), "phone"),
        (ContactGiven("person", "甲", email="nowhere"), "email"),
        (ContactGiven("bank", "工行", account="x"), "account"),
        (ContactGiven("person", "甲" * 121, phone="1"), "name"),
    ],
)
def test_a_contact_that_is_none_is_refused_before_anything_is_looked_up(given, field):
    with pytest.raises(BadInput) as error:
        customer_profile.add_contact(None, None, "x", given)  # type: ignore[arg-type]  # judged before they are used
    assert field in error.value.fields


def test_customers_come_in_by_spreadsheet_all_or_none_and_go_out_as_they_came(office):
    house, who = office.house, office["administrator"]
    known = customer(office, "老客户有限公司")
    data = book(
        {"name": "新客户有限公司", "code": CODE, "legal_representative": "王芳", "valid_until": "长期", "registered_capital": "5000万元",
         "contact": "赵六", "phone": "010-1", "bank": "工商银行", "account": "6222 0000 1111"},
        {"name": "老客户有限公司", "established_on": date(2010, 5, 1), "industry": "机械"},
    )  # fmt: skip
    dry = check_import(house, who, data)
    assert (dry.rows, dry.new, dry.findings) == (2, 1, ())
    assert list_customers(house, who)[0] == 1
    apply_import(house, who, data)
    with house.database.read() as session:
        new = session.scalars(select(Customer).where(Customer.code == CODE)).one()
        found = facts_of(session, new.id, TODAY)
        assert {kind: row.fact.value for kind, row in found.items()} == {
            "name": "新客户有限公司",
            "code": CODE,
            "legal_representative": "王芳",
            "valid_until": "long-term",
            "registered_capital": "50000000.00",
        }
        assert {row.state for row in found.values()} == {"entered"}
        assert facts_of(session, known, TODAY)["industry"].fact.value == "机械"
        assert session.get(FactDuty, (new.id, "code")) is not None
    with pytest.raises(RuleRefused, match="this very file"):
        apply_import(house, who, data)
    out = export_customers(house, who, "xlsx")
    back = check_import(house, who, book(*(dict(zip(NAMES, row, strict=True)) for row in out)))
    assert (back.rows, back.new, back.findings) == (2, 0, ())
    with house.database.read() as session:
        count = session.scalar(select(func.count()).select_from(CustomerFact))
    apply_import(house, who, book(*(dict(zip(NAMES, row, strict=True)) for row in out)))
    with house.database.read() as session:
        assert session.scalar(select(func.count()).select_from(CustomerFact)) == count  # nothing twice


def test_every_wrong_row_is_named_and_nothing_comes_in(embedded):
    house, who = embedded.house, embedded["administrator"]
    customer(embedded, "老客户有限公司", counterparty_code=CODE)
    data = book(
        {"name": "好的有限公司"},
        {"name": "错码有限公司", "code": "91330106MA27XL1X6X"},
        {"code": OTHER_CODE, "legal_representative": "没有名字"},
        {"name": "好的有限公司"},
        {"number": "KH-1999-0001", "name": "没有此号"},
        {"name": "老客户有限公司", "number": "KH-2026-0001", "code": OTHER_CODE},
        {"name": "坏日期有限公司", "established_on": "昨天"},
        {"name": "无人有限公司", "phone": "010"},
    )
    judged = check_import(house, who, data)
    assert {(f.line, f.field) for f in judged.findings} == {
        (3, "code"), (4, "name"), (5, "name"), (6, "number"), (7, "code"), (7, "name"), (8, "established_on"), (9, "contact"),
    }  # fmt: skip
    with pytest.raises(BadInput, match="nothing was imported"):
        apply_import(house, who, data)
    assert list_customers(house, who)[0] == 1
    for bad in (b"", b"no workbook"):
        with pytest.raises(BadInput):
            check_import(house, who, bad)
    with pytest.raises(BadInput, match="no rows"):
        apply_import(house, who, book())
    with pytest.raises(NotAllowed):
        check_import(house, embedded["handler"], data)


def test_an_import_against_another_persons_word_is_a_disagreement(embedded):
    customer_id = customer(embedded, "老客户有限公司")
    fact(embedded, customer_id, "industry", "软件")
    apply_import(embedded.house, embedded["administrator"], book({"name": "老客户有限公司", "industry": "机械"}))
    with embedded.house.database.read() as session:
        row = facts_of(session, customer_id, TODAY)["industry"]
    assert (row.fact.value, row.state, row.stand.rival) == ("软件", "disputed", "机械")


def test_A5_2_the_card_has_what_each_may_see(embedded):
    customer_id = customer(embedded, "云桥智联信息技术有限公司")
    fact(embedded, customer_id, "legal_representative", "王芳")
    add_contact(embedded.house, embedded["handler"], customer_id, ContactGiven("person", "赵六", phone="1"))
    embedded.hire("scanner", "operator")
    card = card_as_json(get_card(embedded.house, embedded["handler"], customer_id), TODAY)
    assert (card["contracts"]["total"], card["contracts"]["shown"][0]["file_state"]) == (1, "open")
    assert (card["exposure"], card["blocked"], card["grade"]) == ("0.00", False, None)
    assert (card["facts"]["legal_representative"]["value"], card["people"][0]["name"]) == ("王芳", "赵六")
    seen = card_as_json(get_card(embedded.house, embedded["scanner"], customer_id), TODAY)
    assert (seen["contracts"]["total"], seen["blocked"], seen["facts"], seen["people"]) == (1, None, {}, [])
    with pytest.raises(NotFound):
        get_card(embedded.house, embedded["handler"], "x")
    with pytest.raises(NotAllowed):
        get_card(embedded.house, embedded["auditor"], customer_id)


def test_A5_2_the_card_by_the_api(embedded):
    customer_id = customer(embedded, "云桥智联信息技术有限公司", amount="1000.00")
    app = Flask("card")
    app.register_blueprint(blueprint(embedded.house))
    bearer = {"Authorization": f"Bearer {people.create_token(embedded.house, OWNER, 'handler', 't')}"}
    answer = app.test_client().get(f"/api/v1/customers/{customer_id}/card", headers=bearer)
    assert answer.status_code == 200
    assert answer.json["contracts"]["shown"][0]["amount"] == "1000.00"
    entered = app.test_client().post(
        f"/api/v1/customers/{customer_id}/facts",
        headers=bearer,
        json={"kind": "industry", "value": "软件", "source": "site_visit", "note": "n"},
    )
    assert (entered.status_code, entered.json) == (201, {"act": "record"})
    known = app.test_client().get(f"/api/v1/customers/{customer_id}/facts?known_at=2020-01-01", headers=bearer).json
    assert known["facts"] == []
    assert "name" in known["missing_key"]
    assert Decimal(answer.json["exposure"]) == 0


def test_the_register_by_the_command_line(embedded, juanzong_here, tmp_path):
    env = embedded.env
    customer(embedded, "云桥智联信息技术有限公司")
    customer(embedded, "云桥智联信息技术有限责任公司")
    sheet, more = tmp_path / "a.xlsx", tmp_path / "b.xlsx"
    juanzong_here(env, "customers", "export", sheet)
    more.write_bytes(book({"name": "新客户有限公司", "code": CODE, "industry": "机械"}))
    assert "1 new customers, 0 wrong: all can be imported" in juanzong_here(env, "customers", "import", more).stdout
    assert "2 rows, 0 new" in juanzong_here(env, "customers", "import", sheet).stdout
    assert "imported" in juanzong_here(env, "customers", "import", more, "--apply").stdout
    more.write_bytes(book({"code": CODE}))
    assert "name" in juanzong_here(env, "customers", "import", more, check=3).stdout
    assert "same_name" in juanzong_here(env, "customers", "duplicates").stdout
    assert "新客户有限公司" in juanzong_here(env, "customers", "card", CODE).stdout
    assert "机械" in juanzong_here(env, "customers", "facts", "KH-2026-0003").stdout
    assert "机械" not in juanzong_here(env, "customers", "facts", CODE, "--known-at", "2020-01-01").stdout
    assert juanzong_here(env, "customers", "stale").stdout == ""
    told = juanzong_here(env | {"JUANZONG_TODAY": "2027-11-25"}, "customers", "stale", "--for", "-").stdout
    assert "KH-2026-0003" in told
    juanzong_here(env, "customers", "stale", "--view", "none", check=3)
    juanzong_here(env, "customers", "export", tmp_path / "c.doc", check=3)


def test_net_assets_may_be_negative_and_no_other_sum():
    assert read_value(SHIPPED["net_assets"], "-250,000") == "-250000.00"
    with pytest.raises(BadInput):
        read_value(SHIPPED["registered_capital"], "-250,000")
