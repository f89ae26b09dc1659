"""The station on another machine than the archive: hot folder and scanner over HTTP, to a real server process."""

import getpass
import json
import socket
from dataclasses import replace
from pathlib import Path

import requests
from sqlalchemy import select

from intake.adapters.tus_delivery import TusDelivery
from intake.adapters.watched_folder import WatchedFolder
from intake.channels.arrivals import Patience
from service.access import people
from service.channels import reason
from service.records.tables import AuditEntry, Document, Stack
from tests.service import test_station_scan as scans
from tests.service import test_uploads_served as served
from tests.service.conftest import DIGITAL, OWNER, SCANS
from tests.service.test_cli import lines
from tests.service.test_split import TWO, digital

LICENCE = SCANS / "licence-portrait.jpg"
QUICK = ("--settle", "0.2", "--once", "--json")
archive = served.archive


def test_a_station_without_an_archive_hands_in_over_a_breaking_line(juanzong_here, archive, tmp_path):
    hot, here = tmp_path / "hot", {"JUANZONG_HOME": str(tmp_path / "station-home")}
    hot.mkdir()
    (hot / "合同.pdf").write_bytes(DIGITAL.read_bytes())
    (hot / "licence.jpg").write_bytes(LICENCE.read_bytes())
    (hot / "bad.pdf").write_bytes(b"%PDF-1.4\nstartxref\n5\n%%EOF\n")
    where = ("--server", archive.line(60_000, 200_000).address, "--token-file", archive.token_file)
    found = lines(juanzong_here(here, "station", "watch", hot, *QUICK, *where, check=3))
    assert sorted(line["status"] for line in found) == ["received", "received", "rejected"]
    archive.holds(DIGITAL, LICENCE)
    assert sorted(path.name for path in (hot / "done").iterdir()) == ["licence.jpg", "合同.pdf"]
    assert "文件不完整" in (hot / "refused" / "bad.pdf.reason.txt").read_text(encoding="utf-8")
    (hot / "again.pdf").write_bytes(DIGITAL.read_bytes())
    assert lines(juanzong_here(here, "station", "watch", hot, *QUICK, *where))[0]["status"] == "duplicate"


def test_a_scanned_stack_is_handed_in_over_the_network(juanzong_here, archive, sane, tmp_path):
    here = sane | {"JUANZONG_HOME": str(tmp_path / "station-home")}
    where = ("--server", archive.address, "--token-file", archive.token_file)
    words = ("station", "scan", "--device", "test", "--resolution", "50", "--expect", "10", "--batch", "三月", "--json")
    (line,) = lines(juanzong_here(here, *words, *where))
    assert (line["status"], line["pages"]) == ("received", 10)
    shown = json.loads(juanzong_here(archive.env, "show", line["document_id"], "--json").stdout)
    assert (shown["pages"], shown["sha256"], shown["received_by"]) == (10, line["sha256"], "person:scanner")
    assert channels(archive, Document) == {"scanner"}
    scan = scan_of(archive)
    assert (scan["sheets"], scan["sides"], scan["device"]) == (10, 1, "test")
    assert (scan["settings"]["resolution"], scan["settings"]["operator"]) == ("50", getpass.getuser())


def test_a_stack_larger_than_the_archive_takes_in_a_file_comes_in_several(juanzong_here, archive, tmp_path):
    little = scans.LITTLE
    archive.kill()
    archive.env |= little
    archive.start()
    home = tmp_path / "station-home"
    where = ("--server", archive.line(30_000).address, "--token-file", archive.token_file)
    order = replace(scans.BATCH, source="Duplex", expect=6)
    scan = scans.large(home / "station" / "scans", order, 1, 2, "T", 0, 3, 4)
    again = ("station", "resume", scan.name, "--json", *where)
    (line,) = lines(juanzong_here({"JUANZONG_HOME": str(home)}, *again))
    assert (line["status"], line["pages"], line["batch"]) == ("received", 6, "三月")
    (shown,) = lines(juanzong_here(archive.env, "batch", "show", "三月", "--json"))
    assert [document["pages"] for document in shown["documents"]] == [["1.1", "1.2"], ["2.3", "3.1"]]
    assert (shown["sheets"], shown["sides"], shown["manifest"]["balances"]) == (3, 2, True)
    with archive.house.database.read() as session:
        stacks = list(session.scalars(select(Stack).order_by(Stack.position)))
    assert [(stack.channel, stack.portion.split("/")[1:]) for stack in stacks] == [
        ("scanner", [str(number), "3"]) for number in (1, 2, 3)
    ]


def test_a_stack_that_waits_knows_where_it_was_going(juanzong_here, archive, sane, tmp_path):
    here = sane | {"JUANZONG_HOME": str(tmp_path / "station-home")}
    where = ("--server", archive.address, "--token-file", archive.token_file)
    words = ("station", "scan", "--device", "test", "--resolution", "50", "--expect", "11", "--json")
    juanzong_here(here, *words, "--server", "http://127.0.0.1:9", "--token-file", archive.token_file, check=4)
    (row,) = lines(juanzong_here(here, "station", "spool", "--json"))
    assert (row["server"], row["department"]) == ("http://127.0.0.1:9", "")
    again = ("station", "resume", row["scan"])
    wrong = tmp_path / "wrong"
    wrong.write_text("jz_nobody")
    refused = juanzong_here(here | {"LC_ALL": "zh_CN.UTF-8"}, *again, "--expect", 10, *where[:3], wrong, check=5)
    assert "档案系统不认这台扫描站的令牌：请管理员看一下；10 页都留着" in refused.stderr
    juanzong_here(here, *again, "--expect", 11, *where, check=4)
    assert lines(juanzong_here(here, "station", "spool", "--json"))[0]["server"] == archive.address
    elsewhere = juanzong_here(here, *again, "--department", "XS", "--expect", 10, check=3).stderr  # none of ours
    assert "documents belong to the department of the token's owner: leave --department out" in elsewhere
    assert lines(juanzong_here(here, "station", "spool", "--json"))[0]["server"] == archive.address
    (line,) = lines(juanzong_here(here, *again, "--expect", 9, "--drop", 3, "--json"))
    assert (line["status"], line["pages"], channels(archive, Document)) == ("received", 9, {"scanner"})
    settings = scan_of(archive)["settings"]
    assert (settings["dropped"], settings["dropped_pages"], len(settings["dropped_at"])) == ("1", "3", 16)


def test_a_scanner_of_a_long_name_is_a_scanner(juanzong_here, archive, sane, tmp_path):
    name = "office " * 20
    Path(sane["SANE_CONFIG_DIR"], "dll.aliases").write_text(f'alias "{name}" test:0\n')
    here = sane | {"JUANZONG_HOME": str(tmp_path / "station-home")}
    where = ("--server", archive.address, "--token-file", archive.token_file)
    words = ("station", "scan", "--device", name, "--resolution", "50", "--expect", "10", "--json")
    assert lines(juanzong_here(here, *words, *where))[0]["status"] == "received"
    assert scan_of(archive)["device"] == name[:120]


def test_stacks_are_cut_at_the_archive_also_over_a_breaking_line(juanzong_here, archive, tmp_path):
    hot, here = tmp_path / "hot", {"JUANZONG_HOME": str(tmp_path / "station-home")}
    hot.mkdir()
    data = digital(hot / "a.pdf", *TWO).read_bytes()
    (hot / "b.jpg").write_bytes(LICENCE.read_bytes())
    where = ("--server", archive.line(60_000).address, "--token-file", archive.token_file)
    stack, photograph = lines(juanzong_here(here, "station", "watch", hot, *QUICK, *where, "--split", "--sides", 1))
    assert (stack["status"], stack["document_id"], photograph["status"]) == ("received", None, "received")
    (shown,) = lines(juanzong_here(archive.env, "batch", "show", stack["batch"], "--json"))
    assert (shown["sides"], shown["operator"], len(shown["documents"])) == (1, "person:scanner", 2)
    assert (channels(archive, Stack), channels(archive, Document)) == ({"station"}, {"station"})
    (hot / "c.pdf").write_bytes(data)
    (again,) = lines(juanzong_here(here, "station", "watch", hot, *QUICK, *where, "--split"))
    assert (again["status"], again["batch"]) == ("duplicate", stack["batch"])


def test_a_station_account_is_all_a_station_needs(juanzong_here, archive, tmp_path):
    people.create_department(archive.house, OWNER, "XS", "销售部")
    shown = json.loads(
        juanzong_here(
            archive.env, "user", "add-station", "desk1", "--name", "前台", "--department", "XS", "--json"
        ).stdout
    )
    assert shown["roles"] == ["station"]
    made = juanzong_here(archive.env, "token", "create", "--user", "desk1", "--network", "127.0.0.0/8", "--json").stdout
    token_file = tmp_path / "desk1"
    token_file.write_text(json.loads(made)["token"])
    hot, here = tmp_path / "hot", {"JUANZONG_HOME": str(tmp_path / "station-home")}
    hot.mkdir()
    (hot / "licence.jpg").write_bytes(LICENCE.read_bytes())
    digital(hot / "stack.pdf", *TWO)
    where = ("--server", archive.address, "--token-file", token_file)
    found = lines(juanzong_here(here, "station", "watch", hot, *QUICK, *where, "--split", "--sides", 1))
    assert [line["status"] for line in found] == ["received", "received"]
    (batch,) = [line["batch"] for line in found if line.get("batch")]
    (seen,) = lines(juanzong_here(archive.env, "batch", "show", batch, "--json"))
    assert (seen["operator"], len(seen["documents"])) == ("person:desk1", 2)
    answer = requests.get(
        f"{archive.address}/api/v1/receipts",
        headers={"Authorization": f"Bearer {token_file.read_text()}"},
        timeout=120,
    )
    assert answer.json()["total"] == 3
    again = tmp_path / "again"
    again.mkdir()
    (again / "more.pdf").write_bytes(DIGITAL.read_bytes())
    assert lines(juanzong_here(here, "station", "watch", again, *QUICK, *where))[0]["status"] == "received"


def test_a_server_that_is_away_or_refuses_the_token_moves_nothing(archive, tmp_path):
    hot = tmp_path / "hot"
    hot.mkdir()
    (hot / "a.pdf").write_bytes(DIGITAL.read_bytes())
    with socket.create_server(("127.0.0.1", 0)) as probe:
        nobody = f"http://127.0.0.1:{probe.getsockname()[1]}"
    wrong = tmp_path / "wrong"
    wrong.write_text("jz_no-such-token")
    for address, token in ((nobody, archive.token_file), (archive.address, wrong)):
        assert settled(hot, TusDelivery(address, token, tmp_path / "memory", patience=0.5)) == ["waiting"]
        assert (hot / "a.pdf").exists()
    assert settled(hot, TusDelivery(archive.address, archive.token_file, tmp_path / "memory")) == ["received"]
    assert (hot / "done" / "a.pdf").exists()
    archive.holds(DIGITAL)


def scan_of(archive):
    """The manifest of the one document that is there."""
    with archive.house.database.read() as session:
        received = session.scalars(select(AuditEntry).where(AuditEntry.action == "document.receive")).one()
        return json.loads(received.detail)["scan"]


def channels(archive, table):
    """By which ways all that is there came in."""
    with archive.house.database.read() as session:
        return set(session.scalars(select(table.channel)))


def settled(hot, delivery):
    """What becomes of the files in `hot` at a second look."""
    now = [0.0]
    spool = hot.with_name("spool")
    watcher = WatchedFolder(hot, delivery, spool, reason=reason, clock=lambda: now[0], patience=Patience(1.0))
    list(watcher.poll())
    now[0] = 10.0
    found = [arrival.status for arrival in watcher.poll()]
    watcher.close()
    return found
