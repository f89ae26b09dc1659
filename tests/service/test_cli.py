"""The command line as people and programs use it: a real process, exit codes, one line per error, nothing lost when killed."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import click
import pytest

from search.errors import IndexUnavailable
from service.bootstrap import build
from service.commands import intake
from service.commands.common import plain
from service.commands.reading import search as search_command
from service.flow.intake.receive import receive as receive_file
from service.flow.search.find import find
from service.records.tables import Document
from service.settings import load
from tests.service import bad_files, ready
from tests.service.bad_files import LICENCE
from tests.service.conftest import DIGITAL, OWNER, Ran, embedded_env, server_env
from tests.thorough import a_share
from vault.errors import ObjectDamaged

ROOT = Path(__file__).parents[2]


def juanzong(
    env: dict[str, str], *args: object, check: int | None = 0, before: Sequence[str] = ()
) -> subprocess.CompletedProcess[str]:
    """Run `juanzong` in a process of its own."""
    done = subprocess.run(
        [*before, sys.executable, "-m", "service", *map(str, args)],
        env={**os.environ, **env},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert "Traceback" not in done.stderr
    if check is not None:
        assert done.returncode == check, done.stderr
    return done


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """An initialised archive."""
    env = embedded_env(tmp_path / "home")
    ready.put(env, "initialised", lambda first: juanzong(first, "init"))
    return env


def lines(done: subprocess.CompletedProcess[str] | Ran) -> list[dict]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_init_makes_everything_once(tmp_path):
    env = embedded_env(tmp_path / "home")
    first = json.loads(juanzong(env, "init", "--json").stdout)
    assert first["made"] is True
    assert "/invite/" in first["administrator_link"]
    key = tmp_path / "home" / "keys" / "master.key"
    assert key.stat().st_mode & 0o777 == 0o600
    before = key.read_bytes()
    second = json.loads(juanzong(env, "init", "--json").stdout)
    assert second == {"home": str(tmp_path / "home"), "made": False, "administrator_link": None}
    assert key.read_bytes() == before


def test_what_the_readme_has_a_newcomer_type_works(tmp_path, juanzong_here):
    """With one of the samples for all of them: that one is read without an engine."""
    typed = []
    for name in ("README.md", "README.zh-CN.md"):
        (block,) = re.findall(r"```sh\nmake *(?:#[^\n]*)?\n(.*?)```", (ROOT / name).read_text("utf-8"), re.DOTALL)
        typed.append([shlex.split(line, comments=True) for line in block.splitlines()])
    assert typed[0] == typed[1]
    home, *commands = typed[0]
    assert home == ["export", "JUANZONG_HOME=$PWD/var"]
    env = embedded_env(tmp_path / "var")
    for program, *words in commands:
        assert program == ".venv/bin/juanzong"
        done = juanzong_here(env, *(DIGITAL if word == "samples/scans" else word for word in words), "--json")
        assert done.stdout
    assert words[0] == "search"
    assert [hit["title"] for hit in json.loads(done.stdout)["hits"]] == ["技术服务合同"]


def test_two_that_make_it_at_once_make_one_archive(tmp_path, juanzong_here):
    env = embedded_env(tmp_path / "home")
    words = [sys.executable, "-m", "service", "init", "--json"]
    both = [
        subprocess.Popen(
            words, env=os.environ | env, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    said = [process.communicate(timeout=300) for process in both]
    assert [(process.returncode, error) for process, (_, error) in zip(both, said, strict=True)] == [(0, ""), (0, "")]
    made = [json.loads(out) for out, _ in said]
    assert sorted(one["made"] for one in made) == [False, True]
    assert sorted(bool(one["administrator_link"]) for one in made) == [False, True]
    assert json.loads(juanzong_here(env, "doctor", "--json").stdout)["ok"] is True
    assert json.loads(juanzong_here(env, "audit", "verify", "--json").stdout)["ok"] is True


def test_ingest_search_show_get(env, tmp_path):
    (line,) = lines(juanzong(env, "ingest", DIGITAL, "--json"))
    assert (line["status"], line["category"], line["pages"]) == ("stored", "1.9", 2)
    assert line["fields"]["amount"]["value"] == "680000.00"
    assert set(line["fields"]["amount"]) == {"value", "page", "box", "confidence"}
    found = json.loads(juanzong(env, "search", "技术服务", "--json").stdout)
    assert set(found) == {"total", "took_ms", "hits", "next"}
    (hit,) = found["hits"]
    assert hit["document_id"] == line["document_id"]
    assert set(hit) == {
        *("document_id", "title", "category", "page", "snippet", "boxes"),
        *("archive_number", "score", "approximate", "verification"),
    }
    assert "技术服务" in hit["snippet"]
    assert all(x0 < x1 and y0 < y1 for x0, y0, x1, y1 in hit["boxes"])
    assert hit["boxes"]
    shown = json.loads(juanzong(env, "show", line["document_id"], "--json").stdout)
    assert shown["sha256"] == line["sha256"]
    juanzong(env, "get", line["document_id"], "--rendition", "original", "-o", tmp_path / "out.pdf")
    assert (tmp_path / "out.pdf").read_bytes() == DIGITAL.read_bytes()
    juanzong(env, "get", line["document_id"], "--rendition", "text", "-o", tmp_path / "out.txt")
    assert (tmp_path / "out.txt").read_text(encoding="utf-8").count("\f") == 1
    juanzong(env, "show", "no-such-document", check=3)


def test_nothing_readable_lies_in_the_store_and_the_checks_are_green(env, tmp_path, juanzong_here):
    juanzong_here(env, "ingest", DIGITAL)
    for path in (tmp_path / "home" / "objects").rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert "技术服务".encode() not in data
            assert b"%PDF" not in data
    assert list((tmp_path / "home" / "tmp").iterdir()) == []
    assert json.loads(juanzong_here(env, "fixity", "--json").stdout)["ok"] is True
    assert json.loads(juanzong_here(env, "audit", "verify", "--json").stdout)["ok"] is True
    assert json.loads(juanzong_here(env, "doctor", "--json").stdout)["ok"] is True


def test_fixity_names_damaged_and_missing(env, tmp_path, juanzong_here):
    (line,) = lines(juanzong_here(env, "ingest", DIGITAL, "--json"))
    objects = sorted(p for p in (tmp_path / "home" / "objects").rglob("*") if p.is_file())
    objects[0].chmod(0o600)
    data = bytearray(objects[0].read_bytes())
    data[len(data) // 2] ^= 1
    objects[0].write_bytes(data)
    objects[1].unlink()
    report = json.loads(juanzong_here(env, "fixity", "--json", check=6).stdout)
    assert report["ok"] is False
    assert (report["damaged"], report["missing"]) == ([line["document_id"]], [line["document_id"]])


BAD = bad_files.CONTENTS | dict.fromkeys(bad_files.NAMES, lambda p: p.write_bytes(DIGITAL.read_bytes()))


def test_bad_input_is_refused_one_by_one_and_the_rest_goes_on(env, tmp_path, juanzong_here):
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    for name, make in BAD.items():
        make(inbox / name)
    (inbox / "zz-good.pdf").write_bytes(DIGITAL.read_bytes())
    env["JUANZONG_MAX_PAGES"] = str(bad_files.MAX_PAGES)
    done = juanzong_here(env, "ingest", inbox, "--json", check=3)
    by_name = {Path(line["path"]).name: line for line in lines(done)}
    assert set(by_name) == {*BAD, "zz-good.pdf"}
    for name in BAD:
        line = by_name[name]
        assert (line["status"], line["document_id"]) == ("rejected", None), name
        assert line["error"]
        assert "\n" not in line["error"]
    assert by_name["zz-good.pdf"]["status"] == "stored"
    house = build(load({**os.environ, **env}))
    assert len(list(house.vault.store.names())) == 6  # original, text, and image and words of two pages
    assert len(list(house.index.documents())) == 1


def test_what_cannot_be_read_is_refused(env, tmp_path, juanzong_here):
    done = juanzong_here(env, "ingest", tmp_path / "nowhere.pdf", "--json", check=3)
    assert lines(done)[0]["status"] == "rejected"


def _without_privilege() -> list[str]:
    """The words before a command that make root obey the modes of files, as everyone else does."""
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("root reads everything, and there is no setpriv to take that away")
    return ["setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--inh-caps", "-all", "--"]


def test_a_directory_that_cannot_be_read_is_named_not_passed_over(env, tmp_path):
    inbox = tmp_path / "inbox"
    for name in ("a/1.pdf", "b/2.pdf", "c/3.pdf"):
        (inbox / name).parent.mkdir(parents=True)
        (inbox / name).write_bytes(DIGITAL.read_bytes())
    locked, shut = tmp_path / "locked", tmp_path / "shut.pdf"
    locked.mkdir()
    shut.write_bytes(DIGITAL.read_bytes())
    for path in (inbox / "b", locked, shut):
        path.chmod(0)
    try:
        done = juanzong(env, "ingest", locked, shut, inbox, "--json", check=3, before=_without_privilege())
    finally:
        for path in (inbox / "b", locked, shut):
            path.chmod(0o700)
    first, second, *rest = lines(done)
    for line, path in ((first, locked), (second, shut)):
        assert (line["path"], line["status"]) == (str(path), "rejected")
        assert "Permission denied" in line["error"]
    found = {str(Path(line["path"]).relative_to(inbox)): line for line in rest}
    assert {name: line["status"] for name, line in found.items()} == {
        "a/1.pdf": "stored",
        "c/3.pdf": "duplicate",
        "b": "rejected",
    }
    assert "Permission denied" in found["b"]["error"]


def test_a_file_given_again_is_read_again_where_its_reading_failed(env, juanzong_here):
    (line,) = lines(juanzong_here(env, "ingest", DIGITAL, "--json"))
    house = build(load(env))
    with house.database.write() as session:
        document = session.get_one(Document, line["document_id"])
        document.status, document.error, document.attempts = "failed", "reading stopped 3 times without a result", 3
    house.database.dispose()
    (again,) = lines(juanzong_here(env, "ingest", DIGITAL, "--json"))
    assert (again["status"], again["document_id"], again["error"]) == ("duplicate", line["document_id"], None)
    assert json.loads(juanzong_here(env, "show", line["document_id"], "--json").stdout)["status"] == "stored"


def test_a_missing_master_key_and_a_shut_home_are_named(env, tmp_path, juanzong_here):
    key = tmp_path / "home" / "keys" / "master.key"
    juanzong_here(env, "user", "list")
    key.rename(tmp_path / "elsewhere.key")
    said = juanzong_here(env, "user", "list", check=2).stderr
    assert "JUANZONG_KEY_FILE" in said
    assert "put the archive's master key back" in said
    (tmp_path / "home").chmod(0)
    try:
        said = juanzong(env, "user", "list", check=2, before=_without_privilege()).stderr
    finally:
        (tmp_path / "home").chmod(0o700)
    assert "JUANZONG_HOME" in said
    assert "Permission denied" in said


def test_an_empty_directory_is_said(env, tmp_path, juanzong_here):
    (tmp_path / "inbox" / "deeper").mkdir(parents=True)
    done = juanzong_here(env, "ingest", tmp_path / "inbox")
    assert done.stdout == ""
    assert done.stderr == f"juanzong: nothing to take in in {tmp_path / 'inbox'}\n"


def test_a_name_cannot_write_on_the_terminal(env, tmp_path):
    path = tmp_path / "a\x1b[2J\nstored.pdf"
    path.write_bytes(DIGITAL.read_bytes())
    done = juanzong(env, "ingest", path, tmp_path / "none\x1b]0;x\x07.pdf", check=3)
    assert "\x1b" not in done.stdout + done.stderr
    assert len(done.stdout.splitlines()) == 2
    assert r"a\x1b[2J\nstored.pdf" in done.stdout


def test_text_from_a_document_cannot_write_on_the_terminal():
    assert plain("合同　甲\x1b[31m\u202e\r") == r"合同　甲\x1b[31m\u202e\r"


@pytest.fixture
def ingest(embedded, monkeypatch):
    """Return a function that runs `ingest --json` in this process: (exit code or error, lines)."""

    def run(*paths: Path):
        monkeypatch.setattr(intake.click, "echo", lambda *_a, **_k: None)
        found: list[dict] = []
        monkeypatch.setattr(intake, "out_json", found.append)
        try:
            options = {"split": False, "sheets": None, "sides": None, "order": "as-scanned", "keep_blanks": False}
            code = intake.ingest.callback.__wrapped__(embedded.house, OWNER, paths, None, as_json=True, **options)
        except Exception as error:  # noqa: BLE001 - which one it is, the test says
            return error, found
        return code, found

    return run


def test_what_nobody_foresaw_in_one_file_does_not_end_the_batch(ingest, monkeypatch, embedded):
    def receive(house, actor, path, *args, **options):
        if path == LICENCE:
            raise ZeroDivisionError("at the door")
        return receive_file(house, actor, path, *args, **options)

    monkeypatch.setattr(intake, "receive", receive)
    code, found = ingest(LICENCE, DIGITAL)
    assert code == 3
    assert [(line["status"], bool(line["document_id"])) for line in found] == [("rejected", False), ("stored", True)]
    assert found[0]["error"] == "unexpected ZeroDivisionError: at the door"


def test_what_nobody_foresaw_after_acceptance_does_not_end_the_batch(ingest, monkeypatch):
    def until(house, document_id, path):
        if path == LICENCE:
            raise ZeroDivisionError("in the reading")
        return settle(house, document_id, path)

    settle = intake._until_searchable
    monkeypatch.setattr(intake, "_until_searchable", until)
    code, found = ingest(LICENCE, DIGITAL)
    assert code == 3
    assert [(line["status"], bool(line["document_id"])) for line in found] == [("received", True), ("stored", True)]
    assert "ZeroDivisionError" in found[0]["error"]


@pytest.mark.parametrize("error", [MemoryError(), IndexUnavailable("down")])
def test_what_every_file_would_meet_ends_the_batch(ingest, monkeypatch, error):
    def until(*_args):
        raise error

    monkeypatch.setattr(intake, "_until_searchable", until)
    ended, found = ingest(LICENCE, DIGITAL)
    assert ended is error
    assert [line["status"] for line in found] == ["received"]


def test_an_older_document_that_is_damaged_does_not_keep_new_ones_out(ingest, monkeypatch):
    def waiting(_house):
        raise ObjectDamaged("an old one")

    monkeypatch.setattr(intake, "process_waiting", waiting)
    code, found = ingest(DIGITAL)
    assert (code, found[0]["status"]) == (0, "stored")


def test_quick_doctor_asks_whether_all_answer(env, juanzong_here):
    assert json.loads(juanzong_here(env, "doctor", "--quick", "--json").stdout)["ok"] is True
    juanzong_here(env, "doctor", "--quick", "--repair", check=2)


def test_the_same_bytes_twice_are_one_document(env, tmp_path, juanzong_here):
    copy = tmp_path / "other-name.pdf"
    copy.write_bytes(DIGITAL.read_bytes())
    first, second = lines(juanzong_here(env, "ingest", DIGITAL, copy, "--json"))
    assert (first["status"], second["status"]) == ("stored", "duplicate")
    assert first["document_id"] == second["document_id"]


@pytest.mark.slow
@pytest.mark.parametrize("delay", a_share([0.6, 1.2, 2.0, 3.5], 1, 2))
def test_a_killed_ingest_leaves_nothing_or_is_finished_by_the_next_start(env, delay, juanzong_here):
    process = subprocess.Popen(
        [sys.executable, "-m", "service", "ingest", str(LICENCE)],
        env={**os.environ, **env},
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    process.wait()
    juanzong_here(env, "doctor", "--repair")
    house = build(load({**os.environ, **env}))
    stored = {str(name) for name in house.vault.store.names()}
    total = find(house, OWNER, "营业执照").total
    assert (len(stored), total) in ((0, 0), (4, 1))
    (line,) = lines(juanzong_here(env, "ingest", LICENCE, "--json"))
    assert line["status"] == ("duplicate" if total else "stored")
    assert find(house, OWNER, "营业执照").total == 1
    assert json.loads(juanzong_here(env, "fixity", "--json").stdout)["checked"] == 4


def test_what_was_accepted_before_a_kill_is_finished_by_the_next_ingest_of_anything(env, juanzong_here):
    house = build(load({**os.environ, **env}))
    receive_file(house, OWNER, LICENCE, LICENCE.name)  # sealed and noted; whoever should have read it was killed
    assert find(house, OWNER, "营业执照").total == 0
    juanzong_here(env, "ingest", DIGITAL)
    assert find(house, OWNER, "营业执照").total == 1


def test_a_search_engine_that_is_down_delays_but_loses_nothing(env, juanzong_here):
    down = {**env, "JUANZONG_SEARCH": "http://127.0.0.1:9/test"}
    done = juanzong_here(down, "ingest", DIGITAL, "--json", check=5)
    assert len(done.stderr.splitlines()) == 1
    (accepted,) = lines(done)  # it is durable, so that the sender is told its id
    assert (accepted["status"], accepted["pages"]) == ("received", 2)
    assert "later" in accepted["error"]
    juanzong_here(down, "doctor", "--quick", check=5)
    juanzong_here(down, "search", "技术", check=5)
    (line,) = lines(juanzong_here(env, "ingest", DIGITAL, "--json"))
    assert (line["status"], line["document_id"]) == ("duplicate", accepted["document_id"])
    assert line["sha256"] == accepted["sha256"]
    assert json.loads(juanzong_here(env, "search", "技术服务", "--json").stdout)["total"] == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("JUANZONG_OBJECT_STORE", "s3+http://a:b@127.0.0.1:9/bucket"),
        ("JUANZONG_DATABASE_URL", "postgresql://a:b@127.0.0.1:9/x"),
    ],
)
def test_a_store_or_database_that_is_down_is_exit_5(env, name, value, juanzong_here):
    done = juanzong_here({**env, name: value}, "ingest", DIGITAL, check=5)
    assert len(done.stderr.splitlines()) == 1


def test_wrong_usage_wrong_setting_wrong_query(env, tmp_path):
    juanzong(env, "ingest", check=2)
    juanzong(env, "no-such-command", check=2)
    done = juanzong({**env, "JUANZONG_OCR": "x"}, "search", "a", check=2)
    assert "JUANZONG_OCR" in done.stderr
    said = juanzong(env, "search", '合同 "unbalanced', check=3).stderr
    assert said == "juanzong: this quotation mark is never closed (character 4 of the query)\n"
    juanzong({**env, "JUANZONG_HOME": str(tmp_path / "none")}, "search", "a", check=2)


@pytest.mark.parametrize(
    ("typed", "options", "text"),
    [
        ("-001", {}, "-001"),
        ("违约金 -滞纳金 (甲 OR 乙)", {}, "违约金 -滞纳金 (甲 OR 乙)"),
        ("--limit 3 -HT-o1 --near", {"limit": 3, "near": True}, "-HT-o1"),
        ("甲 --cursor -x --json -乙 -h2", {"cursor": "-x", "as_json": True}, "甲 -乙 -h2"),
        ("甲 -oa.csv --saved li -乙", {"output": Path("a.csv"), "saved": ("li", "-乙")}, "甲"),
        ("甲 --sort=number -- --near", {"sort": "number"}, "甲 --near"),
    ],
)
def test_what_is_looked_for_may_begin_with_a_dash(typed, options, text):
    given = search_command.make_context("search", typed.split()).params
    assert " ".join(given["words"]) == text
    assert given | options == given
    with pytest.raises(click.UsageError):
        search_command.make_context("search", [*typed.split("--", 1)[0].split(), "--nera"])


def test_a_number_may_be_looked_for_by_its_tail(env, juanzong_here):
    assert json.loads(juanzong_here(env, "search", "-001", "--json").stdout)["total"] == 0
    assert json.loads(juanzong_here(env, "search", "逾期", "-终止", "--json").stdout)["total"] == 0
    assert juanzong_here(env, "suggest", "-001").stdout == ""


def test_users_and_tokens(env, juanzong_here):
    juanzong_here(env, "department", "add", "XS", "销售部")
    made = juanzong_here(
        env, "user", "add", "li", "--name", "李某", "--role", "handler", "--department", "XS", "--json"
    )
    assert "/invite/" in json.loads(made.stdout)["link"]
    juanzong_here(env, "user", "add", "li", "--name", "李某", "--role", "handler", check=3)
    juanzong_here(env, "user", "add", "x", "--name", "x", "--role", "king", check=2)
    assert {line["login"] for line in lines(juanzong_here(env, "user", "list", "--json"))} == {"admin", "li"}
    token = json.loads(juanzong_here(env, "token", "create", "--user", "li", "--json").stdout)["token"]
    assert token.startswith("jz_")
    juanzong_here(env, "token", "create", "--user", "nobody", check=3)
    (listed,) = lines(juanzong_here(env, "token", "list", "--json"))
    assert (listed["user"], listed["revoked_at"]) == ("li", None)
    juanzong_here(env, "token", "revoke", listed["id"])
    assert lines(juanzong_here(env, "token", "list", "--user", "li", "--json"))[0]["revoked_at"]
    juanzong_here(env, "token", "revoke", "no-such-token", check=3)
    juanzong_here(env, "user", "disable", "li")
    assert {line["login"]: line["disabled"] for line in lines(juanzong_here(env, "user", "list", "--json"))}["li"]
    juanzong_here(env, "user", "disable", "nobody", check=3)


def test_a_lost_index_is_rebuilt(env, tmp_path, juanzong_here):
    juanzong_here(env, "ingest", DIGITAL)
    shutil.rmtree(tmp_path / "home" / "index")
    (tmp_path / "home" / "index").mkdir()
    lost = juanzong_here(env, "search", "技术服务", "--json", check=5)
    assert "`juanzong reindex`" in lost.stderr
    juanzong_here(env, "doctor", check=6)
    juanzong_here(env, "reindex")
    assert json.loads(juanzong_here(env, "search", "技术服务", "--json").stdout)["total"] == 1
    assert json.loads(juanzong_here(env, "search", "不在任何一页", "--json").stdout)["total"] == 0
    juanzong_here(env, "doctor")


@pytest.mark.servers
@pytest.mark.slow
def test_the_whole_line_on_real_servers(request, tmp_path):
    env = server_env(tmp_path / "home", request)
    juanzong(env, "init")
    first, second = lines(juanzong(env, "ingest", DIGITAL, LICENCE, "--json"))
    assert (first["category"], second["category"]) == ("1.9", "1.2")
    assert json.loads(juanzong(env, "search", "技术服务", "--json").stdout)["total"] == 1
    assert json.loads(juanzong(env, "search", second["fields"]["code"]["value"], "--json").stdout)["total"] >= 1
    juanzong(env, "fixity")
    juanzong(env, "doctor")
    juanzong(env, "audit", "verify")


# What a search may load: each module, package and mapped table is paid for at every start (`python -m tools.bench_start`). Before
# adding one here, see whether it can be imported where it is used, or mapped in a module of its own (`service/records/tables.py`).
SEARCH_LOADS = {
    *("credit", "credit.errors", "retention", "retention.errors"),
    *("intake", "intake.codec", "intake.errors", "intake.model"),
    *("search", "search.adapters", "search.adapters.tantivy", "search.errors", "search.fields", "search.folding"),
    *("search.highlight", "search.model", "search.ports", "search.projection", "search.results", "search.syntax"),
    "search.analysis",
    *("search.dates", "search.initials", "search.nearly", "search.numerals", "search.ranges", "search.similar"),
    *("service", "service.access", "service.access.policy", "service.bootstrap", "service.cli", "service.clock"),
    *("service.commands", "service.commands.common", "service.commands.reading", "service.errors", "service.flow"),
    *("service.flow.common", "service.flow.search"),
    *(
        "service.flow.search.find",
        "service.flow.common.guard",
        "service.flow.common.index",
        "service.flow.common.places",
        "service.house",
    ),
    *("service.flow.search.find_cursor", "service.flow.common.kept", "service.flow.common.stamps", "search.orders"),
    *("search.adapters.tantivy_generations", "search.adapters.tantivy_orders", "search.adapters.tantivy_queries"),
    *("service.records", "service.records.audit", "service.records.database", "service.records.migrate"),
    *("service.records.tables", "service.settings", "service.typed"),
    *("vault", "vault.adapters", "vault.adapters.files", "vault.adapters.filesystem", "vault.adapters.keyfile"),
    *("vault.adapters.keyfolder", "vault.adapters.passphrase", "vault.adapters.pkcs11", "vault.adapters.transit"),
    *("vault.adapters.wrapping", "vault.envelope", "vault.errors", "vault.hashing", "vault.keyring", "vault.model"),
    *("vault.ports", "vault.spare", "vault.streams", "vault.suites", "vault.vault"),
}
SEARCH_NEEDS = {
    "_cffi_backend",
    "_distutils_hack",
    "click",
    "cryptography",
    "opencc",
    "sqlalchemy",
    "tantivy",
    "typing_extensions",
}
SEARCH_MAPS = {"AuditEntry", "AuditHead", "AuditKey", "CaseFile", "Contract", "Customer", "Department", "Document"} | {
    *("DocumentField", "Person", "Rendition", "WrappedKey"),
}
ROOMS = {"credit", "intake", "retention", "search", "service", "vault"}


def test_search_starts_cold_with_nothing_that_it_does_not_need(env, juanzong_here):
    juanzong_here(env, "ingest", DIGITAL)
    code = (
        "import json, sys; from service.cli import juanzong; juanzong.main(['search', '技术服务'], standalone_mode=False); "
        "files = {n: getattr(m, '__file__', None) or '' for n, m in sys.modules.items()}; "
        "from service.records.tables import Base; "
        "print(json.dumps([files, [mapper.class_.__name__ for mapper in Base.registry.mappers]]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **env}, cwd=ROOT, capture_output=True, text=True, check=True
    )
    files, mapped = json.loads(done.stdout.splitlines()[-1])
    assert {name for name in files if name.partition(".")[0] in ROOMS} - SEARCH_LOADS == set()
    foreign = {name.partition(".")[0] for name, file in files.items() if "site-packages" in file}
    assert {name for name in foreign if not name.startswith("__editable__")} - SEARCH_NEEDS == set()
    assert set(mapped) - SEARCH_MAPS == set()
