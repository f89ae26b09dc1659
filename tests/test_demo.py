"""`make demo` does the main job from the first scan to the proof, says what happened in words, and touches no other archive."""

import re
import shutil

from service.records.tables import Document
from tools import demo

#: What is read without an engine: how scans are read is tested elsewhere.
QUICK = ("contract-digital.pdf", "contract-lease.pdf")


def test_what_a_person_should_look_at_is_said_in_words():
    assert demo.look(Document(review_reasons=[])) == ""
    said = demo.look(Document(review_reasons=["low_confidence:currency", "missing:amount"]))
    assert "识别把握不足：币种；缺少字段：金额" in said
    assert "_" not in said


def test_the_main_job_is_done_and_told(tmp_path, monkeypatch, capsys):
    real = tmp_path / "real"
    for name, where in (
        ("HOME", f"{real}/home"),
        ("DATABASE_URL", f"sqlite:///{real}/juanzong.db"),
        ("OBJECT_STORE", f"file://{real}/objects"),
        ("REPLICA", f"file://{real}/replica"),
        ("SEARCH", f"tantivy://{real}/index"),
        ("KEY_FILE", f"{real}/master.key"),
        ("CONFIG", f"{real}/juanzong.toml"),
    ):
        monkeypatch.setenv(f"JUANZONG_{name}", where)
    scans = tmp_path / "scans"
    scans.mkdir()
    for name in QUICK:
        shutil.copy(demo.SCANS / name, scans)
    monkeypatch.setattr(demo, "SCANS", scans)
    monkeypatch.setattr(demo, "HOME", tmp_path / "home")
    assert demo.main() == 0
    said = capsys.readouterr().out
    assert [f"\n{number}. " in said for number in range(1, 8)] == [True] * 7
    assert re.search(r"2\. 检索.*?\n   \S+: 1 found in \d+ ms, page \d+, [1-9]\d* place", said, re.DOTALL)
    assert re.search(r"合同编号: HT-WZ-\d{4}-0001$", said, re.MULTILINE)
    assert re.search(r"承办人移交期限 \d{4}-\d\d-\d\d", said)
    assert re.search(r"档号: \w{4}-HT·\d{4}-\w+-WZ-\d+", said)
    assert "现在销毁被拒绝" in said
    left = "0 objects, 0 keys, 0 index entries, 0 database rows left; a search for "
    assert re.search(rf"核验: {left}\S+ finds 0$", said, re.MULTILINE)
    assert "unbroken 完整" in said
    assert re.search(r"juanzong serve\n +http://\S+ .*password 密码 \S+$", said.rstrip())
    assert not real.exists()
