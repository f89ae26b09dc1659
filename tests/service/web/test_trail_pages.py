"""The auditor's page: who did what to what and when, page by page, taken out, and verified."""

import csv
import io
import json
import re
from datetime import timedelta

from sqlalchemy import text

from service.clock import CHINA
from service.flow.trust.checkpoints import checkpoint
from service.records import audit
from tests.service.conftest import OWNER
from tests.service.test_checkpoints import _lift


def _entries(site, number=3, actor="person:xun", action="loan.ask", subject="file:x"):
    with site.office.house.database.write() as session:
        for _ in range(number):
            audit.append(session, actor, action, subject)


def _shown(page):
    return len(re.findall("<tr data-row>", page))


def test_filters_and_period(site):
    _entries(site)
    _entries(site, 2, subject="file:y")
    auditor = site.signed_in("auditor")
    today = site.office.house.clock.now().astimezone(CHINA).date()
    days = [str(today + timedelta(days=n)) for n in (-1, 0, 1)]
    assert _shown(auditor.get("/audit?actor=person:xun").text) == 5
    assert _shown(auditor.get("/audit?actor=person:xun&subject=file:y").text) == 2
    assert _shown(auditor.get("/audit?actor=person:xun&action=hold.").text) == 0
    assert _shown(auditor.get(f"/audit?actor=person:xun&from={days[0]}&until={days[2]}").text) == 5
    assert _shown(auditor.get(f"/audit?actor=person:xun&until={days[0]}").text) == 0
    assert _shown(auditor.get(f"/audit?actor=person:xun&from={days[2]}").text) == 0
    for wrong in ("from=yesterday", "until=9999-12-31", "from=0001-01-01"):
        answer = auditor.get(f"/audit?{wrong}")
        assert answer.status_code == 422
        assert "写成 YYYY-MM-DD 的日期" in answer.text
    assert auditor.get("/audit?form=x&_external=1&endpoint=y&page=2").status_code == 200


def test_exports(site):
    _entries(site, 3, subject="=HYPERLINK(1)")
    auditor = site.signed_in("auditor")
    answer = auditor.get("/audit/export.csv?actor=person:xun")
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert rows[0][:2] == ["序号", "时间"]
    assert [row[2] for row in rows[1:]] == ["person:xun"] * 3
    assert rows[1][4] == "'=HYPERLINK(1)"  # never a formula
    lines = auditor.get("/audit/export.jsonl?actor=person:xun").text.splitlines()
    assert [json.loads(line)["subject"] for line in lines] == ["=HYPERLINK(1)"] * 3
    whole = auditor.get("/audit/trail.jsonl").data.splitlines()
    assert json.loads(whole[0])["format"] == "juanzong audit export 1"
    assert "end" in json.loads(whole[-1])
    assert auditor.get("/audit/export.exe").status_code == 404
    with site.office.house.database.read() as session:
        kept = session.execute(text("SELECT count(*) FROM audit WHERE action = 'audit.export'")).scalar()
    assert kept == 3
    for path in ("/audit/export.csv", "/audit/trail.jsonl"):
        assert site.signed_in("archivist").get(path).status_code == 403


def test_the_page_says_what_verification_found(site):
    auditor = site.signed_in("auditor")
    checkpoint(site.office.house, OWNER)
    page = auditor.post("/audit").text
    assert "签名检查点 1 个，都相符" in page
    assert "公钥指纹" in page
    with site.office.house.database.write() as session:
        _lift(session)
        session.execute(text("UPDATE checkpoints SET signature = 'x'"))
    page = auditor.post("/audit").text
    assert "从第 1 条起接不上" in page
    assert "检查点 1 不是用本档案的密钥签名的" in page
