"""The pages of warnings and receivables: from an imported invoice to a warning that two people closed."""

import io
import re

from openpyxl import Workbook

from service.flow.credit import warning_acts, warning_settings
from tests.service.test_warnings import a_customer, bring, invoice
from tests.service.web.conftest import Site

NAME = "东方贸易有限公司"


def workbook(*rows: tuple[object, ...]) -> tuple[io.BytesIO, str]:
    book = Workbook()
    book.active.append(("类型", "单号", "客户", "日期", "到期日", "金额", "对应单号"))
    for row in rows:
        book.active.append(row)
    data = io.BytesIO()
    book.save(data)
    data.seek(0)
    return data, "应收.xlsx"


def test_a4_1_a4_2_a4_3_from_the_books_to_a_closed_warning(site: Site) -> None:
    customer_id = a_customer(site.office, NAME)
    me, handler, head = (site.signed_in(login) for login in ("administrator", "handler", "head"))
    rows = (
        ("发票", "F1", NAME, "2026-01-01", "2026-06-01", 1000, ""),
        ("发票", "F2", NAME, "2026-01-01", "", 1000, ""),
    )
    trial = me.post("/receivables/import", {"file": workbook(*rows)}, content_type="multipart/form-data")
    assert "检查结果，什么都没有改变" in trial.text
    assert "发票要有到期日。" in trial.text
    done = me.post("/receivables/import", {"file": workbook(*rows), "apply": "1"}, content_type="multipart/form-data")
    report = me.get(done.headers["Location"]).text
    assert "新增 1，变更 0，没有变化 0，拒收 1。" in report
    assert "1,000.00 CNY" in handler.get(f"/customers/{customer_id}/receivables").text

    home = handler.get("/inbox").text
    assert "逾期 177 天" in home
    message = re.search(r'name="id" value="([^"]+)"', home)
    assert message
    opened = handler.post("/inbox/read", {"id": message[1]}).headers["Location"]
    listed = handler.get("/warnings").text
    link = re.search(rf"/customers/{customer_id}/warnings/[0-9a-f-]{{36}}", listed)
    assert link
    page = handler.get(link[0]).text
    assert opened in (link[0], f"/customers/{customer_id}/warnings")
    assert "发律师函，决定是否起诉" in page
    assert "先确认收到" in page
    assert handler.post(f"{link[0]}/acknowledge").status_code == 303
    for task in re.findall(rf'action="({link[0]}/tasks/[0-9a-f-]{{36}})"', page)[::2]:
        assert handler.post(task, {"outcome": "客户已付"}).status_code == 303
    refused = handler.post(f"{link[0]}/closing", {"form": "closing", "reason": ""})
    assert refused.status_code == 422
    assert handler.post(f"{link[0]}/closing", {"reason": "已收款"}).status_code == 303
    own = handler.post(f"{link[0]}/closing/decision", {"close": "1"})
    assert own.status_code == 409
    assert "申请的人不能自己决定" in own.text
    assert "预警已关闭。" in head.post(f"{link[0]}/closing/decision", {"close": "1"}, follow_redirects=True).text
    assert "已关闭" in me.get("/warnings?state=closed").text

    # The warning was of high severity, so its plan blocked credit; two people lift that.
    block = f"/customers/{customer_id}/block"
    assert "逾期 177 天" in me.get(f"/customers/{customer_id}/warnings").text
    assert me.post(f"{block}/lifting", {"reason": "已收款"}).status_code == 303
    assert me.post(f"{block}/lifting/decision", {"lift": "1"}).status_code == 409
    assert "信用冻结已解除。" in head.post(f"{block}/lifting/decision", {"lift": "1"}, follow_redirects=True).text
    told = me.get("/deliveries").text
    assert "应用内" in told
    assert "handler 某" in told

    # What the archive kept of it in Chinese is read in English, too; what people wrote stays as they wrote it.
    me.client.set_cookie("language", "en")
    pages = [me.get(link[0]).text, me.get(f"/customers/{customer_id}/warnings").text, me.get("/inbox").text]
    assert "177 days overdue" in pages[0]
    assert "Send a lawyer&#39;s letter, and decide whether to sue: 客户已付" in pages[0]
    assert "177 days overdue" in pages[1]
    assert "credit blocked: 177 days overdue" in pages[2]
    own_words = re.compile(rf"客户已付|已收款|{NAME}|某|中文|卷宗")
    for page in pages:
        assert not re.search(
            r"[\u4e00-\u9fff]+", own_words.sub("", re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL))
        )


def test_a4_1_lines_and_a4_2_plans_are_edited_on_their_pages(site: Site) -> None:
    me, handler = site.signed_in("administrator"), site.signed_in("handler")
    assert 'name="overdue_days"' not in handler.get("/warnings/lines").text
    page = me.get("/warnings/lines").text
    given = dict(re.findall(r'<input id="lines-(\w+)"[^>]* value="([^"]*)"', page))
    assert given["overdue_days"] == "30"
    wrong = me.post("/warnings/lines", {**given, "form": "lines", "overdue_days": "many", "reason": "x"})
    assert wrong.status_code == 422
    assert "从 0 起的整数。" in wrong.text
    far = me.post("/warnings/lines", {**given, "form": "lines", "overdue_days": "99999", "reason": "x"})
    assert "最多 36500。" in far.text  # days, and no number of files
    sent = {**given, "overdue_days": "45", "score_drop": "", "reason": "行业惯例", "addresses": "credit@example.com"}
    assert me.post("/warnings/lines", sent).status_code == 303
    lines = warning_settings.list_lines(site.office.house, site.office["administrator"])[0]
    assert (lines.lines.overdue_days, lines.lines.score_drop, lines.addresses) == (45, None, ("credit@example.com",))
    assert "行业惯例" in me.get("/warnings/lines").text
    task = {"action.0": "legal", "what.0": "起诉", "owner.0": "handler", "days.0": "7", "what.1": ""}
    assert me.post("/warnings/plans/overdue_days", {**task, "block": "1"}).status_code == 303
    assert "起诉" in me.get("/warnings/plans").text
    again = me.post("/warnings/plans/overdue_days", {"form": "overdue_days", "what.0": "x", "days.0": "soon"})
    assert again.status_code == 422


def test_collection_with_a_promise_stands_on_the_customers_receivables(site: Site) -> None:
    customer_id = a_customer(site.office, NAME)
    bring(site.office, invoice("F1", NAME, "2026-10-01"))
    handler = site.signed_in("handler")
    where = f"/customers/{customer_id}/collections"
    given = {"form": "collection", "kind": "call", "happened_on": "2026-11-20", "said": "月底付款"}
    wrong = handler.post(where, {**given, "promised_on": "2026-11-10", "invoices": "F9"})
    assert wrong.status_code == 422
    assert "早于谈的那天。" in wrong.text
    sent = {**given, "promised_on": "2026-11-30", "promised_amount": "1,000.00", "invoices": "F1"}
    assert handler.post(where, sent).status_code == 303
    page = handler.get(f"/customers/{customer_id}/receivables").text
    assert "等付款" in page
    assert "1,000.00 CNY" in page
    english = site.signed_in("administrator")
    english.post("/language", {"language": "en"})
    for path in ("/warnings", "/warnings/lines", "/warnings/plans", "/inbox", "/deliveries", "/receivables/import"):
        assert english.get(path).status_code == 200
    assert "Days beyond terms" in english.get(f"/customers/{customer_id}/receivables").text
    (row,) = warning_acts.list_warnings(site.office.house, site.office["handler"])[1]
    assert "one level up" in english.get(f"/customers/{customer_id}/warnings/{row.id}").text


def test_rates_are_put_on_record_and_never_changed(site: Site) -> None:
    me = site.signed_in("administrator")
    sent = {"form": "rate", "currency": "usd", "valid_from": "2026-01-01", "rate": "7.1"}
    assert me.post("/currency-rates", sent).status_code == 303
    twice = me.post("/currency-rates", sent)
    assert twice.status_code == 409
    assert "已有汇率" in twice.text
    assert me.post("/currency-rates", {**sent, "rate": "-1"}).status_code == 422
    assert "7.1" in me.get("/receivables/import").text
