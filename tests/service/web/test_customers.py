"""The pages of the customer register and of what is collected, as people use them, in both languages."""

import io
import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from service.flow.credit.fact_entry import FactGiven, record_fact
from service.records.tables import Customer, CustomerFact
from tests.service.conftest import TODAY, Office, embedded_env, open_office
from tests.service.test_flow import new_contract
from tests.service.web.conftest import Site, open_site


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    office = open_office(embedded_env(tmp_path_factory.mktemp("customers") / "home"))
    new_contract(office)
    new_contract(office, counterparty="云桥智联信息技术有限责任公司")
    yield open_site(office)
    office.house.database.dispose()


def ids(place: Site) -> list[str]:
    with place.office.house.database.read() as session:
        return list(session.scalars(select(Customer.id).order_by(Customer.number)))


def first_fact(office: Office, kind: str) -> CustomerFact:
    with office.house.database.read() as session:
        return session.scalars(select(CustomerFact).where(CustomerFact.kind == kind).order_by(CustomerFact.seq)).first()


def test_A2_1_A2_2_a_value_is_entered_with_its_source_and_verified_by_two_on_the_page(place):
    customer_id = ids(place)[0]
    page, path = f"/customers/{customer_id}/facts", f"/customers/{customer_id}"
    handler, head, administrator = (place.signed_in(login) for login in ("handler", "head", "administrator"))
    shown = handler.get(page).text
    assert "还没有收集" in shown
    assert "录入信息" in shown
    refused = handler.post(
        page, {"form": "fact", "kind": "legal_representative", "value": "王芳", "source": "public_record"}
    )
    assert refused.status_code == 422
    assert "没有文件" in refused.text
    assert "王芳" in refused.text  # what was typed stays
    given = {
        "form": "fact",
        "kind": "legal_representative",
        "value": "王芳",
        "source": "public_record",
        "note": "公示系统",
    }
    assert handler.post(page, given).status_code == 303
    assert "核对无误" not in handler.get(page).text  # nobody verifies their own entry
    fact = first_fact(place.office, "legal_representative")
    confirm = f"{page}/{fact.id}/confirmation"
    assert head.post(confirm, {"seen": "汪芳"}).status_code == 422
    assert head.post(confirm, {"seen": "王芳"}).status_code == 303
    assert "一人已核" in administrator.get(page).text
    assert administrator.post(confirm, {"seen": "王芳"}).status_code == 303
    assert "两人已核" in head.get(page).text
    assert "王芳" in head.get(path).text


def test_A2_2_a_disagreement_is_shown_and_decided_by_a_third_person_on_the_page(place):
    customer_id = ids(place)[0]
    page = f"/customers/{customer_id}/facts"
    handler, head, third = (place.signed_in(login) for login in ("handler", "head", "administrator"))
    given = {"form": "fact", "kind": "industry", "value": "软件", "source": "site_visit", "note": "走访"}
    assert handler.post(page, given).status_code == 303
    fact = first_fact(place.office, "industry")
    say = f"{page}/{fact.id}/contradiction"
    assert head.post(say, {"value": "硬件", "reason": "", "seen": "软件"}).status_code == 422
    assert head.post(say, {"value": "硬件", "reason": "看了厂房", "seen": "软件"}).status_code == 303
    shown = third.get(page).text
    assert "认为是：硬件" in shown
    assert "有争议" in shown
    assert handler.post(say, {"value": "硬件", "reason": "r", "seen": "软件"}).status_code == 409
    assert third.post(say, {"value": "硬件", "reason": "两处都看了", "seen": "软件"}).status_code == 303
    history = head.get(f"{page}/industry").text
    assert "被裁定取代" in history
    assert "看了厂房" in history


def test_A2_3_the_page_shows_what_was_known_then_and_lists_what_is_stale(place):
    office, customer_id = place.office, ids(place)[1]
    given = FactGiven("legal_representative", "李强", "public_record", valid_from="2020-01-01", note="n")
    record_fact(office.house, office["handler"], customer_id, given)
    head = place.signed_in("head")
    page = f"/customers/{customer_id}/facts"
    assert "李强" in head.get(page).text
    then = head.get(f"{page}?known_at=2020-02-01")
    assert "李强" not in then.text
    assert "只看不改" in then.text
    assert head.get(f"{page}?known_at=soon").status_code == 422
    assert head.get(f"{page}/legal_representative?known_at=2020-02-01").status_code == 200
    assert head.post("/freshness/responsible", {"login": "head", "kind": ""}).status_code == 303
    try:
        office.house.clock.move_to(TODAY + timedelta(days=100))
        board = head.get("/freshness?mine=1").text
        assert "逾期 10 天" in board
        assert "云桥智联信息技术有限责任公司" in board
        change = {"form": "x", "kind": "legal_representative", "note": "听说换人了"}
        assert place.signed_in("handler").post(f"{page}/changes", change).status_code == 303
        assert "听说换人了" in head.get("/freshness?view=changed").text
    finally:
        office.house.clock.move_to(TODAY)


def test_A5_2_the_card_shows_sales_what_they_may_see_and_prints(place):
    customer_id = ids(place)[0]
    card = place.signed_in("handler").get(f"/customers/{customer_id}/card").text
    for word in ("客户卡", "信用等级", "信用额度", "已占用", "没有停止", "HT-XS-2026-0001", "名下文件"):
        assert word in card
    place.office.hire("scanner", "operator")
    seen = place.signed_in("scanner").get(f"/customers/{customer_id}/card").text
    assert "HT-XS-2026-0001" in seen
    assert "信用等级" not in seen
    assert "王芳" not in seen
    english = place.signed_in("head")
    english.post("/language", {"language": "en", "next": "/"})
    assert "Customer card" in english.get(f"/customers/{customer_id}/card").text
    english.post("/language", {"language": "zh", "next": "/"})


def test_people_banks_and_a_group_are_kept_on_the_customers_page(place):
    one, other = ids(place)
    handler = place.signed_in("handler")
    path = f"/customers/{one}"
    wrong = handler.post(f"{path}/contacts", {"form": "person", "kind": "person", "name": "赵六"})
    assert wrong.status_code == 422
    assert "电话" in wrong.text
    assert (
        handler.post(
            f"{path}/contacts", {"form": "person", "kind": "person", "name": "赵六", "phone": "010-1"}
        ).status_code
        == 303
    )
    assert (
        handler.post(
            f"{path}/contacts", {"form": "bank", "kind": "bank", "name": "工行", "account": "6222 0000 1111"}
        ).status_code
        == 303
    )
    assert (
        handler.post(
            f"{path}/relations", {"form": "relation", "kind": "parent", "other": "云桥智联信息技术有限责任公司"}
        ).status_code
        == 303
    )
    circle = handler.post(
        f"/customers/{other}/relations", {"form": "relation", "kind": "parent", "other": "KH-2026-0001"}
    )
    assert circle.status_code == 409
    shown = handler.get(path).text
    assert "赵六" in shown
    assert "上级单位" in shown
    end = re.search(rf"{path}/relations/[\w-]+/end", shown)
    assert end is not None
    assert handler.post(end[0]).status_code == 303
    assert (
        handler.post(f"{path}/relations", {"form": "relation", "kind": "parent", "other": "无此公司"}).status_code
        == 422
    )


def test_duplicates_are_merged_with_a_look_before_and_can_be_undone(place):
    one, other = ids(place)
    administrator = place.signed_in("administrator")
    shown = administrator.get("/customers/duplicates").text
    assert "名称相同" in shown
    preview = administrator.get(f"/customers/{one}/merge?other={other}").text
    assert "会移过来的" in preview
    assert administrator.get(f"/customers/{one}/merge?other=none").status_code == 422
    assert (
        administrator.post(f"/customers/{one}/merge", {"form": "merge", "other": other, "reason": ""}).status_code
        == 422
    )
    assert (
        administrator.post(f"/customers/{one}/merge", {"form": "merge", "other": other, "reason": "同一家"}).status_code
        == 303
    )
    led = administrator.get(f"/customers/{other}")
    assert (led.status_code, led.headers["Location"]) == (303, f"/customers/{one}")
    assert administrator.get(f"/customers/{other}/card").status_code == 303
    page = administrator.get(f"/customers/{one}").text
    undo = re.search(rf"/customers/{one}/mergers/[\w-]+/undo", page)
    assert undo is not None
    assert administrator.post(undo[0]).status_code == 303
    assert administrator.get(f"/customers/{other}").status_code == 200


def test_the_register_goes_out_and_comes_in_by_spreadsheet(place):
    administrator = place.signed_in("administrator")
    sheet = administrator.get("/customers/export.xlsx")
    assert sheet.status_code == 200
    dry = administrator.post(
        "/customers/import", {"file": (io.BytesIO(sheet.data), "a.xlsx")}, content_type="multipart/form-data"
    )
    assert dry.status_code == 200
    assert "2 行都可以导入" in dry.text
    bad = administrator.post(
        "/customers/import", {"file": (io.BytesIO(b"x"), "a.xlsx")}, content_type="multipart/form-data"
    )
    assert bad.status_code == 422
    form = administrator.get("/customers/import/form.xlsx")
    assert form.status_code == 200
    apply = {"file": (io.BytesIO(sheet.data), "a.xlsx"), "apply": "1"}
    assert administrator.post("/customers/import", apply, content_type="multipart/form-data").status_code == 303
    assert administrator.get("/customers/export.doc").status_code == 404
