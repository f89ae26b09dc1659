"""`juanzong station scan` with SANE's own test scanner: no page lost, none handed in uncounted, whatever breaks off."""

import errno
import getpass
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import BinaryIO

import click
import numpy as np
import pytest
from PIL import Image, ImageChops, ImageDraw, ImageSequence
from sqlalchemy import select

from intake.adapters import scan_spool, scanner
from intake.adapters.scan_spool import Scan, new_scan
from intake.channels.scanning import ScanOrder
from service.bootstrap import build
from service.flow.intake import stacks
from service.flow.intake.delivery import LocalDelivery
from service.flow.intake.originals import original_on_disk
from service.records.tables import AuditEntry, Batch, BatchPart, Document, Stack
from service.settings import load
from tests.intake.batches.stacks import patch_sheet
from tests.servers.office_scanner import Scanner, office_scanner
from tests.service.conftest import embedded_env, prepared
from tests.service.faults import patiently
from tests.service.nursery import nursery
from tests.service.test_cli import ROOT, lines
from tests.service.test_malware import demand_clamd, real_clamd

STACK = ("--device", "test", "--resolution", "50", "--json")
SETTINGS = {"resolution": "50", "mode": "Gray", "source": "ADF", "paper": "A4", "operator": getpass.getuser()}


@pytest.fixture
def env(sane, tmp_path):
    env = embedded_env(tmp_path / "home") | sane
    prepared(env)
    return env


@pytest.fixture
def spool(tmp_path):
    return tmp_path / "home" / "station" / "scans"


def waiting(spool: Path) -> list[str]:
    return sorted(path.name for path in spool.iterdir()) if spool.exists() else []


def break_scanner(env: dict[str, str], status: str) -> None:
    Path(env["SANE_CONFIG_DIR"], "test.conf").write_text(f'read-status-code "{status}"\n')


def mend_scanner(env: dict[str, str]) -> None:
    Path(env["SANE_CONFIG_DIR"], "test.conf").write_text("")


def test_devices(juanzong_here, env):
    found = lines(juanzong_here(env, "station", "devices", "--json"))
    assert {"name": "test:0", "vendor": "Noname", "model": "frontend-tester", "kind": "virtual device"} in found


def test_a_counted_stack_is_one_document_pixel_for_pixel(juanzong_here, env, spool, tmp_path):
    (line,) = lines(juanzong_here(env, "station", "scan", *STACK, "--expect", "10", "--batch", "三月合同"))
    assert (line["status"], line["pages"]) == ("received", 10)
    assert waiting(spool) == []
    out = tmp_path / "out.tiff"
    juanzong_here(env, "get", line["document_id"], "--rendition", "original", "-o", out)
    by_hand = tmp_path / "by-hand.tiff"
    words = ["scanimage", "--device-name=test", "--format=tiff", "--resolution=50", "-x", "210", "-y", "297"]
    with by_hand.open("wb") as file:
        subprocess.run(words, env=os.environ | env, stdout=file, stderr=subprocess.DEVNULL, check=True)
    with Image.open(out) as document, Image.open(by_hand) as page:
        assert document.n_frames == 10
        for number in range(10):
            document.seek(number)
            assert (document.mode, document.size, document.info["dpi"]) == (page.mode, page.size, (50, 50))
            assert ImageChops.difference(document, page).getbbox() is None
        assert "三月合同".encode() in out.read_bytes()
        assert document.tag_v2[272] == "test"
    house = build(load(env))
    with house.database.read() as session:
        document = session.get_one(Document, line["document_id"])
        assert (document.channel, document.batch, document.pages) == ("scanner", "三月合同", 10)
        assert document.filename.startswith("三月合同-")
    house.database.dispose()


def test_every_page_is_on_the_disk_before_it_counts(sane, tmp_path, monkeypatch):
    for name, value in sane.items():
        monkeypatch.setenv(name, value)
    on_disk, counted, sync = set(), [], os.fsync

    def seen(file):
        sync(file)
        on_disk.add(str(Path(f"/proc/self/fd/{file}").readlink()))

    monkeypatch.setattr(os, "fsync", seen)
    scan = new_scan(tmp_path / "spool", ScanOrder("test", resolution=50, started="2026-11-27T09:00:00"))
    assert on_disk == {str(path) for path in (scan.folder / "scan.json.part", scan.folder, tmp_path / "spool")}

    def on_page(number):
        page = str(scan.pages[number - 1])
        counted.append({page, str(scan.folder)} <= on_disk)
        on_disk.discard(str(scan.folder))

    scanner.scan(scan.order, scan.folder, on_page=on_page)
    assert counted == [True] * 10
    scanner.scan(scan.order, again := scan.again, most=1)
    on_disk.clear()
    (fresh,) = scanner.pages_in(again)
    scan.exchange({3: fresh})
    aside = scan.folder / "again.old"
    assert on_disk == {str(path) for path in (aside / "p00003-1.tiff", aside, scan.folder)}


def test_pages_that_are_there_before_the_first_look_are_told_of_too(sane, tmp_path, monkeypatch):
    for name, value in sane.items():
        monkeypatch.setenv(name, value)
    follow, told = scanner._follow, []
    monkeypatch.setattr(scanner, "_follow", lambda process, *rest: process.wait() or follow(process, *rest))
    scanner.scan(ScanOrder("test", resolution=50), tmp_path, on_page=told.append)
    assert told == list(range(1, 11))


def test_a_stack_that_is_cut_keeps_its_paper_and_its_scanner_in_the_batch(juanzong_here, env, spool):
    split = ("--split", "--batch", "三月", "--order", "two-pass")
    done = juanzong_here(env, "station", "scan", *STACK, *split, "--expect", "21", check=3)
    assert "even" in done.stderr
    assert waiting(spool) == []
    for uncounted in (("--expect", "0"), ()):
        assert "needs a count" in juanzong_here(env, "station", "scan", *STACK, *split, *uncounted, check=3).stderr
    done = juanzong_here(env, "station", "scan", *STACK, *split, "--expect", "20", "--source", "Duplex", check=3)
    assert "two-pass" in done.stderr
    assert waiting(spool) == []
    few = juanzong_here(env, "station", "scan", *STACK, *split, "--expect", "24", check=4).stderr
    assert "10 fronts were scanned, 12 sheets were counted: 2 are missing" in few
    (name,) = waiting(spool)
    fronts = juanzong_here(env | {"LC_ALL": "zh_CN.UTF-8"}, "station", "resume", name, "--expect", "20", check=4).stderr
    assert (
        f"把整叠纸翻过来（后来补扫的，先叠到前面扫过的后面），`juanzong station resume {name} --scan` 扫背面" in fronts
    )
    juanzong_here(env, "station", "resume", name, "--expect", "0", check=3)
    (line,) = lines(juanzong_here(env, "station", "resume", name, "--scan", "--json"))  # the paper turned over
    assert (line["status"], line["pages"], line["batch"], line["document_id"]) == ("received", 20, "三月", None)
    assert waiting(spool) == []
    house = build(load(env))
    with house.database.read() as session:
        batch = session.get_one(Batch, "三月")
        assert (batch.sheets, batch.sides, batch.device) == (10, 2, "test")
        assert batch.settings == SETTINGS
        (stack,) = session.scalars(select(Stack))
        assert (stack.turn_over, stack.pages, stack.channel) == ("two_pass", 20, "scanner")
    house.database.dispose()


def test_the_fronts_of_two_passes_never_pass_for_both_sides(juanzong_here, env, spool):
    split = ("--split", "--order", "two-pass", "--expect", "10")  # as many as there are sheets
    done = juanzong_here(env, "station", "scan", *STACK, *split, check=4)
    assert (
        "--expect 10 counts both sides, so 5 sheets: 5 are too many; --expect 20 where the count was wrong"
        in done.stderr
    )
    (name,) = waiting(spool)
    juanzong_here(env, "station", "resume", name, check=4)
    assert (
        "补扫的纸叠到前面扫过的后面"
        in juanzong_here(env | {"LC_ALL": "zh_CN.UTF-8"}, "station", "resume", name, "--expect", "24", check=4).stderr
    )
    juanzong_here(env, "station", "resume", name, "--expect", "10", check=4)
    juanzong_here(env, "station", "resume", name, "--scan", check=4)  # no paper moves for a count that cannot be
    assert len(list((spool / name).glob("p*.tiff"))) == 10
    (line,) = lines(juanzong_here(env, "station", "resume", name, "--expect", "20", "--scan", "--json"))
    assert (line["status"], line["pages"]) == ("received", 20)


def side(number: int) -> bytes:
    """A side of paper with as many bars as its number says; 0 is blank."""
    picture, out = Image.new("L", (620, 877), "white"), io.BytesIO()
    for bar in range(number):
        ImageDraw.Draw(picture).rectangle((60, 80 + 120 * bar, 520, 130 + 120 * bar), fill="black")
    picture.save(out, "JPEG", dpi=(75, 75))
    return out.getvalue()


def bars(page: Image.Image) -> int:
    gray = page.convert("L")
    column = [gray.getpixel((290, y)) < 128 for y in range(page.height)]
    return sum(here and not above for above, here in pairwise(column))


def on_the_network(env: dict[str, str], scanner: Scanner) -> None:
    config = Path(env["SANE_CONFIG_DIR"])
    (config / "dll.conf").write_text("escl\n")
    (config / "escl.conf").write_text(f"device {scanner.device.removeprefix('escl:')} Feeder\n")


def test_both_sides_of_a_sheet_in_one_pass_of_a_duplex_feeder(juanzong_here, env, spool, tmp_path):
    duplex = ("--source", "Duplex", "--resolution", "75", "--split", "--batch", "双面", "--json")
    with office_scanner([side(number) for number in (1, 2, 3, 0, 4)]) as scanner:
        on_the_network(env, scanner)
        device = ("--device", scanner.device)
        assert "sides" in juanzong_here(env, "station", "scan", *device, *duplex, "--sides", "1", check=3).stderr
        short = juanzong_here(env, "station", "scan", *device, *duplex, "--expect", "6", check=4)
        assert "5 pages were scanned, 6 were counted on paper: 1 are missing" in short.stderr
        (name,) = waiting(spool)
        scanner.feeder.append(side(5))
        (line,) = lines(juanzong_here(env, "station", "resume", name, "--scan", "--json"))
    assert (line["status"], line["pages"], line["batch"]) == ("received", 6, "双面")
    assert waiting(spool) == []
    assert len(scanner.ordered) == 2
    assert all("<scan:Duplex>true</scan:Duplex>" in order and "Feeder" in order for order in scanner.ordered)
    house = build(load(env))
    with house.database.read() as session:
        batch, document = session.get_one(Batch, "双面"), session.scalars(select(Document)).one()
        assert (batch.sheets, batch.sides, batch.settings["source"]) == (3, 2, "Duplex")
        (stack,) = session.scalars(select(Stack))
        assert (stack.turn_over, [page["kind"] for page in stack.looked]) == (
            "as_scanned", ["page", "page", "page", "blank", "page", "page"])  # fmt: skip
    house.database.dispose()
    out = tmp_path / "out.tiff"
    juanzong_here(env, "get", document.id, "--rendition", "original", "-o", out)
    with Image.open(out) as pages:
        assert [bars(page) for page in ImageSequence.Iterator(pages)] == [1, 2, 3, 4, 5]


def bars_in(folder: Path) -> list[int]:
    return [bars(Image.open(path)) for path in sorted(folder.glob("p*.tiff"))]


def kept(spool: Path, order: ScanOrder, *numbers: int) -> Scan:
    """A stack in the spool, with sides of so many bars."""
    scan = new_scan(spool, order)
    for place, number in enumerate(numbers, 1):
        Image.open(io.BytesIO(side(number))).save(scan.folder / f"p{place:05d}.tiff")
    return scan


def test_a_sheet_of_a_duplex_stack_scanned_once_more_changes_the_sides_asked_for_alone(juanzong_here, env, spool):
    chinese = env | {"LC_ALL": "zh_CN.UTF-8"}
    with office_scanner([side(number) for number in (7, 1, 1, 7)]) as scanner:
        on_the_network(env, scanner)
        order = ScanOrder(scanner.device, 75, source="Duplex", expect=8, started="2026-11-27T09:00:00")
        scan = kept(spool, order, 1, 2, 3, 4, 5, 6)
        juanzong_here(chinese, "station", "resume", scan.name, "--page", 4, "--page", 1, check=4)
        assert bars_in(scan.folder) == [7, 2, 3, 7, 5, 6]
        scanner.feeder[:] = [side(number) for number in (1, 2, 3)]
        said = juanzong_here(chinese, "station", "resume", scan.name, "--page", 2, "--page", 3, check=3).stderr
    assert "要过来 4 面，只过来 3 面，什么也没有换：把第 1、2 张（上面有第 2、3 页）按这个顺序放进进纸器" in said
    assert bars_in(scan.folder) == [7, 2, 3, 7, 5, 6]
    assert bars_in(scan.folder / "again.old") == [1, 4]


def test_no_page_is_exchanged_while_a_duplex_stack_has_half_a_sheet(juanzong_here, env, spool, request):
    duplex = ("--source", "Duplex", "--resolution", "75")
    with office_scanner([side(number) for number in (1, 2, 3)]) as scanner:
        on_the_network(env, scanner)
        said = juanzong_here(
            env, "station", "scan", "--device", scanner.device, *duplex, "--json", "--expect", 4, check=4
        )
        assert "3 sides leave a sheet with one alone" in said.stderr
        (name,) = waiting(spool)
        scanner.feeder[:] = [side(number) for number in (6, 7)]
        again = ("station", "resume", name, "--page", 2)
        refused = juanzong_here(env | {"LC_ALL": "zh_CN.UTF-8"}, *again, check=3).stderr
        assert "现在说不准哪一页在哪张纸上，不能重扫其中一页：有一张纸只有一面；3 面里有一张纸只有一面" in refused
        assert (bars_in(spool / name), len(scanner.feeder)) == ([1, 2, 3], 2)
        juanzong_here(env, "station", "resume", name, "--drop", 3, check=4)
        juanzong_here(env, *again, check=4)
        assert bars_in(spool / name) == [1, 7]
        juanzong_here(env, "station", "discard", name, "--yes")
        scanner.feeder[:] = [side(number) for number in (1, 2, 3)]
        answers = request.getfixturevalue("at_a_terminal")
        answers += ["2", ""]
        done = juanzong_here(
            env | {"LC_ALL": "C.UTF-8"}, "station", "scan", "--device", scanner.device, *duplex, check=4
        )
    assert "a sheet has one side alone\nPress Enter to keep the stack here" in done.stderr
    assert answers == []


def two_passes(scanner: Scanner, *, expect: int = 6, fronts: int = 3) -> ScanOrder:
    order = ScanOrder(scanner.device, 75, split=True, page_order="two_pass", expect=expect, fronts=fronts)
    return replace(order, started="2026-11-27T09:00:00")


def test_both_sides_of_a_sheet_of_two_passes_are_scanned_once_more_one_after_the_other(
    juanzong_here, env, spool, request
):
    with office_scanner([]) as scanner:
        on_the_network(env, scanner)
        scan = kept(spool, two_passes(scanner), 1, 2, 3, 4, 5, 6)
        both = ("station", "resume", scan.name, "--page", 5, "--page", 2)
        refused = juanzong_here(env, *both, check=3).stderr
        assert "pages 2 and 5 have both sides of one sheet, and one side is scanned at a time" in refused
        assert bars_in(scan.folder) == [1, 2, 3, 4, 5, 6]
        answers = request.getfixturevalue("at_a_terminal")
        answers += [lambda: scanner.feeder.append(side(7)) or "", lambda: scanner.feeder.append(side(1)) or "", "k"]
        done = juanzong_here(env | {"LC_ALL": "C.UTF-8"}, *both, check=4).stderr
    assert bars_in(scan.folder) == [1, 7, 3, 4, 1, 6]
    assert re.findall(r"Put (the .*) into the feeder in this order and press Enter\n", done) == [
        "the front of sheet 2",
        "the back of sheet 2",
    ]
    assert "Press Enter to scan pages 2, 5 again, in more than one go" in done
    assert answers == []


@pytest.mark.parametrize(("expect", "fronts"), [(14, 0), (8, 4), (4, 2), (4, 3)])
def test_no_page_is_exchanged_while_a_pass_is_not_whole(juanzong_here, env, spool, expect, fronts):
    with office_scanner([side(7)]) as scanner:
        on_the_network(env, scanner)
        scan = kept(spool, two_passes(scanner, expect=expect, fronts=fronts), 1, 2, 3, 4, 5, 6)
        refused = juanzong_here(env, "station", "resume", scan.name, "--page", 5, check=3).stderr
    assert "it is not sure which page is on which sheet" in refused
    assert (bars_in(scan.folder), len(scanner.feeder)) == ([1, 2, 3, 4, 5, 6], 1)


def test_a_page_too_many_is_taken_out_and_the_others_keep_their_order(juanzong_here, env, spool):
    scan = kept(spool, ScanOrder("test", 75, expect=3, started="2026-11-27T09:00:00"), 1, 2, 3, 4, 5, 6)

    def again(*words: object, check: int = 4) -> str:
        chinese = env | {"LC_ALL": "zh_CN.UTF-8"}
        return juanzong_here(chinese, "station", "resume", scan.name, *words, check=check).stderr

    assert f"多了 3 页：重了的用 `juanzong station resume {scan.name} --drop N` 拿掉第 N 页" in again()
    for words in (
        ("--drop", 7),
        ("--drop", 1, "--page", 2),
        [word for page in range(1, 7) for word in ("--drop", page)],
    ):
        again(*words, check=3)
    assert bars_in(scan.folder) == [1, 2, 3, 4, 5, 6]
    again("--drop", 5, "--drop", 1, "--drop", 5)
    assert (bars_in(scan.folder), bars_in(scan.folder / "again.old")) == ([2, 3, 4, 6], [1, 5])
    (scan.folder / "p00002.tiff").rename(scan.folder / "p00009.tiff")  # killed while the pages moved up
    again()
    assert [path.name for path in scan.pages] == [f"p0000{number}.tiff" for number in range(1, 5)]
    assert bars_in(scan.folder) == [2, 4, 6, 3]


@pytest.mark.parametrize("at", range(9))
def test_taking_pages_out_is_finished_wherever_it_broke_off(monkeypatch, tmp_path, at):
    """Two sheets in two passes, of which a front came twice and a back, too."""
    order = ScanOrder("test", 75, expect=4, page_order="two_pass", fronts=3, started="2026-11-27T09:00:00")
    scan = kept(tmp_path, order, 1, 2, 3, 4, 5, 6)
    left = at

    def step(do):
        def done(*given, **named):
            nonlocal left
            if left == 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            left -= 1
            return do(*given, **named)

        return done

    with monkeypatch.context() as disk, suppress(OSError):
        disk.setattr(Scan, "write", step(Scan.write))
        disk.setattr(Path, "rename", step(Path.rename))
        scan.drop([2, 5], "20261127T100000Z")
    scan.close_up()
    begun = at > 0
    assert bars_in(scan.folder) == ([1, 3, 4, 6] if begun else [1, 2, 3, 4, 5, 6])
    assert [path.name for path in scan.pages] == [f"p0000{n}.tiff" for n in range(1, len(scan.pages) + 1)]
    after = scan.order
    assert (after.fronts, list(after.dropped), list(after.leaving)) == ((2, [2, 5], []) if begun else (3, [], []))
    assert after.off(len(scan.pages)) == ("" if begun else "many")


def test_taking_a_page_out_twice_takes_one_out_and_the_archive_is_told(juanzong_here, env, spool):
    down = env | {"JUANZONG_OBJECT_STORE": "s3+http://a:b@127.0.0.1:9/bucket"}
    scan = kept(spool, ScanOrder("test", 75, expect=5, started="2026-11-27T09:00:00"), 1, 2, 3, 4, 5, 6)
    drop = ("station", "resume", scan.name, "--drop", 4)
    juanzong_here(down, *drop, check=5)
    again = juanzong_here(down, *drop, check=3).stderr  # the arrow key
    assert "only pages that are too many are taken out (once they are, leave --drop out): 5 of 5 pages" in again
    juanzong_here(down, *drop, "--drop", 2, "--expect", 4, check=3)
    assert (bars_in(scan.folder), scan.order.expect) == ([1, 2, 3, 5, 6], 5)
    juanzong_here(down, "station", "resume", scan.name, "--drop", 1, "--expect", 4, check=5)
    (line,) = lines(juanzong_here(env, "station", "resume", scan.name, "--json"))
    told = manifest(env, line["document_id"])
    settings = told[1]["settings"]
    assert told[0] == 4
    assert (settings["dropped"], settings["dropped_pages"]) == ("2", "4 1")
    assert datetime.now(UTC) - datetime.fromisoformat(settings["dropped_at"]) < timedelta(minutes=10)


def test_of_a_stack_that_nobody_counted_a_page_is_taken_out_with_a_count_alone(juanzong_here, env, spool):
    chinese = env | {"LC_ALL": "zh_CN.UTF-8"}
    scan = kept(spool, ScanOrder("test", 75, started="2026-11-27T09:00:00"), 1, 2, 3)
    for words in ((), ("--expect", 0)):
        refused = juanzong_here(chinese, "station", "resume", scan.name, "--drop", 2, *words, check=3).stderr
        assert "--drop 要和 --expect N 一起写，N 是拿掉以后应有的页数" in refused
    assert bars_in(scan.folder) == [1, 2, 3]
    (line,) = lines(juanzong_here(env, "station", "resume", scan.name, "--drop", 2, "--expect", 2, "--json"))
    assert line["pages"] == 2


def test_what_was_taken_out_of_each_stack_of_a_batch_is_kept_with_it(juanzong_here, env, spool):
    for started in ("2026-11-27T09:00:00", "2026-11-27T10:00:00"):
        order = ScanOrder("test", 75, expect=2, split=True, batch="三月", started=started)
        scan = kept(spool, order, 1, 2, 3)
        juanzong_here(env, "station", "resume", scan.name, "--drop", 3, "--json")
    assert "2 pages taken out at the station" in juanzong_here(env, "batch", "show", "三月").stdout
    house = build(load(env))
    with house.database.read() as session:
        settings = session.get_one(Batch, "三月").settings
        entries = session.scalars(select(AuditEntry).where(AuditEntry.action == "batch.receive"))
        told = [json.loads(entry.detail)["dropped_pages"] for entry in entries]
    house.database.dispose()
    assert (settings["dropped"], settings["dropped_pages"], told) == ("2", "3 3", ["3", "3"])


@pytest.mark.parametrize("options", [("--mode", "Color"), ("--source", "Flatbed", "--paper", "A5")])
def test_colour_and_glass(juanzong_here, env, options):
    (line,) = lines(juanzong_here(env, "station", "scan", *STACK, *options))
    assert line["pages"] == (1 if "Flatbed" in options else 10)


def test_a_stack_that_does_not_balance_is_kept_and_a_person_decides(juanzong_here, env, spool):
    done = juanzong_here(env, "station", "scan", *STACK, "--expect", "11", check=4)
    (name,) = waiting(spool)
    assert len(done.stderr.splitlines()) == 1
    assert f"station resume {name}" in done.stderr
    assert done.stdout == ""
    assert (spool / name).stat().st_mode & 0o777 == 0o700
    (row,) = lines(juanzong_here(env, "station", "spool", "--json"))
    assert row == {"scan": name, "pages": 10, "expect": 11, "batch": "", "server": "", "department": ""}
    juanzong_here(env, "station", "resume", name, "--json", check=4)
    assert waiting(spool) == [name]
    (line,) = lines(juanzong_here(env, "station", "resume", name, "--expect", "10", "--json"))
    assert (line["status"], line["pages"]) == ("received", 10)
    assert waiting(spool) == []


def test_pages_too_poor_are_told_at_once_and_kept_for_another_scan_when_asked(juanzong_here, env, spool, monkeypatch):
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    words = ("--device", "test", "--source", "Flatbed", "--resolution", "50")
    done = juanzong_here(env, "station", "scan", *words, "--hold", check=4)
    (name,) = waiting(spool)
    told, last = done.stderr.splitlines()[1], done.stderr.splitlines()[-1]
    assert told.startswith("第 1 页请重新扫描：分辨率 50 dpi 不够，至少 200 dpi")
    assert told in last
    assert f"station resume {name}" in last
    before = next((spool / name).glob("p*.tiff")).read_bytes()
    again = juanzong_here(env, "station", "resume", name, "--page", 1, "--hold", check=4)
    assert "第 1 页请重新扫描" in again.stderr
    (page,) = (spool / name).glob("p*.tiff")
    assert page.read_bytes() == before  # the test scanner gives the same page each time
    assert [path.read_bytes() for path in (spool / name / "again.old").iterdir()] == [before]
    juanzong_here(env, "station", "resume", name, "--page", 2, check=3)
    (line,) = lines(juanzong_here(env, "station", "resume", name, "--json"))  # a person has decided
    assert (line["status"], line["pages"], "rescan" in line) == ("received", 1, False)


def test_a_page_scanned_once_more_stands_in_its_place(juanzong_here, env, spool):
    juanzong_here(env, "station", "scan", *STACK, "--mode", "Color", "--expect", "11", check=4)
    (name,) = waiting(spool)
    pages = sorted((spool / name).glob("p*.tiff"))
    kept = [page.read_bytes() for page in pages]
    for number in (2, 5):
        pages[number - 1].write_bytes(b"spoiled")
    juanzong_here(env, "station", "resume", name, "--page", 5, "--page", 2, check=4)  # still one page short
    assert [page.read_bytes() for page in pages] == kept
    break_scanner(env, "SANE_STATUS_JAMMED")
    assert "10 pages are kept" in juanzong_here(env, "station", "resume", name, "--page", 3, check=5).stderr
    assert [page.read_bytes() for page in pages] == kept


def test_what_is_handed_in_all_the_same_says_which_pages_are_poor(juanzong_here, env):
    (line,) = lines(juanzong_here(env, "station", "scan", *STACK, "--source", "Flatbed"))
    assert (line["status"], line["rescan"][0]["page"]) == ("received", 1)
    assert "resolution" in line["rescan"][0]["why"]


@pytest.mark.parametrize(("answers", "kept", "asked"), [(["", "y"], False, 2), (["k"], True, 1)])
def test_at_a_terminal_the_operator_is_asked(juanzong_here, env, spool, monkeypatch, answers, kept, asked):
    told = iter(answers)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.prompt", lambda *_args, **_named: next(told))
    words = ("--device", "test", "--source", "Flatbed", "--resolution", "50")
    done = juanzong_here(env, "station", "scan", *words, check=4 if kept else 0)
    assert done.stderr.count("scan page 1 again") >= asked
    assert bool(waiting(spool)) is kept
    assert next(told, None) is None


@pytest.fixture
def at_a_terminal(monkeypatch):
    """Somebody sits there and gives these answers, one after the other, each typed or made by a call that first does something else;

    returns the list of those still to be given.
    """
    answers = []
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)

    def prompt(text: str, **_named: object) -> str:
        click.echo(text, err=True)
        answer = answers.pop(0)
        return answer if isinstance(answer, str) else answer()

    monkeypatch.setattr("click.prompt", prompt)

    def confirm(text: str, **_named: object) -> None:
        click.echo(text, err=True)
        if not answers.pop(0):
            raise click.Abort

    monkeypatch.setattr("click.confirm", confirm)
    return answers


def manifest(env, document_id):
    """What the archive keeps of the scan that a document is, and how many pages it counted itself."""
    house = build(load(env))
    with house.database.read() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.subject == f"document:{document_id}",
                                                         AuditEntry.action == "document.receive")).one()  # fmt: skip
    house.database.dispose()
    told = json.loads(entry.detail)
    return told["pages"], told["scan"]


def test_the_sheets_in_the_feeder_are_asked_for_and_a_page_less_is_not_handed_in(
    juanzong_here, env, spool, at_a_terminal
):
    words = ("--device", "test", "--resolution", "50")
    at_a_terminal += ["eleven", "11", "y"]
    short = juanzong_here(env | {"LC_ALL": "C.UTF-8"}, "station", "scan", *words, check=4)
    assert short.stderr.count("How many sheets of paper lie in the feeder?") == 2
    assert "10 pages were scanned, 11 were counted on paper: 1 are missing; 10 pages are kept" in short.stderr
    (name,) = waiting(spool)
    assert f"`juanzong station resume {name}` with --scan for the rest of the paper" in short.stderr
    (line,) = lines(juanzong_here(env, "station", "resume", name, "--expect", "10", "--json"))
    assert manifest(env, line["document_id"]) == (
        10, {"sheets": 10, "sides": 1, "device": "test", "settings": SETTINGS})  # fmt: skip
    assert at_a_terminal == []


def test_where_nobody_counted_it_is_said_and_kept(juanzong_here, env, at_a_terminal):
    at_a_terminal += ["", "y"]
    done = juanzong_here(env | {"LC_ALL": "zh_CN.UTF-8"}, "station", "scan", "--device", "test", "--resolution", "50")
    assert "进纸器里放了几张纸？" in done.stderr
    assert "没有点数" in done.stderr
    assert "10 页，纸上没有点数" in done.stdout
    assert done.stderr.count("\n第 10 页\n") == 1
    assert manifest(env, done.stdout.split()[-1])[1]["sheets"] is None
    juanzong_here(env, "station", "scan", *STACK, "--expect", "0")  # said beforehand, so not asked


def test_a_stack_in_two_passes_is_asked_for_until_it_is_counted(juanzong_here, env, at_a_terminal):
    at_a_terminal += ["", "0", "10", "y"]
    words = ("--device", "test", "--resolution", "50", "--split", "--order", "two-pass")
    done = juanzong_here(env | {"LC_ALL": "C.UTF-8"}, "station", "scan", *words, check=4)
    assert done.stderr.count("needs a count") == 2
    assert "the fronts of all 10 sheets are in" in done.stderr
    assert at_a_terminal == []


def test_a_page_that_was_forgotten_is_scanned_behind_the_others_and_pages_on_glass_one_by_one(
    juanzong_here, env, spool, request
):
    juanzong_here(env, "station", "scan", *STACK, "--source", "Flatbed", "--expect", "2", check=4)
    (name,) = waiting(spool)
    juanzong_here(env, "station", "resume", name, "--scan", "--expect", "3", "--json", check=4)
    both = ("station", "resume", name, "--page", 1, "--page", 2)
    assert "on the glass" in juanzong_here(env, *both, check=3).stderr  # which would scan one page twice
    assert not (spool / name / "again.old").exists()
    at_a_terminal = request.getfixturevalue("at_a_terminal")
    at_a_terminal += ["", "", "k"]
    done = juanzong_here(env | {"LC_ALL": "C.UTF-8"}, *both, check=4)
    assert re.findall(r"Put page (\d) on the glass", done.stderr) == ["1", "2"]
    assert len(list((spool / name / "again.old").iterdir())) == 2


def test_what_is_discarded_is_gone(juanzong_here, env, spool, at_a_terminal):
    juanzong_here(env, "station", "scan", *STACK, "--expect", "11", check=4)
    (name,) = waiting(spool)
    at_a_terminal += [False]
    told = juanzong_here(env | {"LC_ALL": "zh_CN.UTF-8"}, "station", "discard", name, check=130).stderr
    assert "10 页还没有收下，删了就只剩纸上的" in told
    assert waiting(spool) == [name]
    assert "10 pages" in juanzong_here(env, "station", "discard", name, "--yes").stdout
    assert waiting(spool) == []
    juanzong_here(env, "station", "discard", name, check=3)
    juanzong_here(env, "station", "resume", name, check=3)
    juanzong_here(env, "station", "resume", "../../keys", check=3)


def test_a_jam_keeps_the_pages_before_it(juanzong_here, env, spool):
    juanzong_here(env, "station", "scan", *STACK, "--expect", "11", check=4)
    (name,) = waiting(spool)
    break_scanner(env, "SANE_STATUS_JAMMED")
    done = juanzong_here(env, "station", "resume", name, "--scan", check=5)
    assert "jammed" in done.stderr
    assert "10 pages are kept" in done.stderr
    told = juanzong_here(env | {"LC_ALL": "zh_CN.UTF-8"}, "station", "resume", name, "--scan", check=5).stderr
    assert told.startswith("juanzong: 扫描仪停了：卡纸了；10 页都留着")
    mend_scanner(env)
    assert lines(juanzong_here(env, "station", "resume", name, "--expect", "0", "--json"))[0]["pages"] == 10


@pytest.mark.parametrize(
    ("status", "code"), [("SANE_STATUS_NO_DOCS", 3), ("SANE_STATUS_JAMMED", 5), ("SANE_STATUS_IO_ERROR", 5)]
)
def test_a_scan_without_a_page_leaves_nothing_behind(juanzong_here, env, spool, status, code):
    break_scanner(env, status)
    assert len(juanzong_here(env, "station", "scan", *STACK, check=code).stderr.splitlines()) == 1
    assert waiting(spool) == []


def test_an_archive_that_is_down_keeps_the_pages(juanzong_here, env, spool):
    down = env | {"JUANZONG_OBJECT_STORE": "s3+http://a:b@127.0.0.1:9/bucket"}
    done = juanzong_here(down, "station", "scan", *STACK, "--expect", "10", check=5)
    (name,) = waiting(spool)
    assert name in done.stderr
    assert lines(juanzong_here(env, "station", "resume", name, "--json"))[0]["status"] == "received"


@pytest.mark.parametrize(
    ("device", "code"),
    [
        ("nowhere:0", 5),
        ("--help", 3),
        ("-d", 3),
        ("test; touch HIT", 5),
        ("$(touch HIT)", 5),
        ("test --batch=/tmp/HIT", 5),
        ("", 3),
    ],
)
def test_a_hostile_device_name_is_only_a_name(juanzong_here, env, spool, device, code, tmp_path):
    device = device.replace("HIT", str(tmp_path / "hit"))
    done = juanzong_here(env, "station", "scan", f"--device={device}", check=code)
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "hit").exists()
    assert waiting(spool) == []


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--mode", "Lineart"), 3),  # the test scanner has Gray and Color
        (("--source", "Duplex"), 3),
        (("--resolution", "4800"), 3),
        (("--mode", "Pink"), 2),
        (("--batch", "a/b"), 3),
        (("--batch", "x" * 37), 3),
        (("--server", "http://127.0.0.1:9"), 2),
        (("--token-file", "x"), 2),
    ],
)
def test_what_cannot_be_is_said_before_paper_moves(juanzong_here, env, spool, options, code):
    done = juanzong_here(env, "station", "scan", "--device", "test", *options, check=code)
    assert len(done.stderr.splitlines()) == 1
    assert waiting(spool) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("scan", "--device", "test", "--mode", "Lineart"), "扫描仪没有 --mode Lineart；它有：Gray, Color"),
        (("scan", "--device", "test", "--source", "Duplex"), "扫描仪没有 --source Duplex；它有："),
        (("scan", "--device", "test", "--resolution", "4800"), "扫描仪没有 --resolution 4800；它有：1–1200 dpi"),
        (
            (
                "scan",
                "--device=-d",
            ),
            "这不是扫描仪的名称；`juanzong station devices` 列出有哪些",
        ),
        (("scan", "--device", "test", "--batch", "x" * 37), "--batch 有 37 个字，最多 36 个"),
        (("scan", "--device", "test", "--batch", "a/b"), "--batch：文件名里有不能用的字符。"),
        (("resume", "20261127-090000"), "没有叫 20261127-090000 的一叠；`juanzong station spool` 列出还有哪些"),
        (("discard", "20261127-090000"), "没有叫 20261127-090000 的一叠"),
    ],
)
def test_what_cannot_be_is_said_in_chinese_at_a_chinese_machine(juanzong_here, env, words, said):
    done = juanzong_here(env | {"LC_ALL": "zh_CN.UTF-8"}, "station", *words, check=3)
    assert done.stderr.startswith(f"juanzong: {said}")


def test_an_archive_that_takes_nothing_says_why_in_chinese(juanzong_here, env, spool):
    chinese = env | {"LC_ALL": "zh_CN.UTF-8"}
    juanzong_here(env, "station", "scan", *STACK, "--split", "--batch", "三月", "--expect", "10")
    house = build(load(env))
    with house.database.write() as session:
        session.get_one(Batch, "三月").state = "released"
    house.database.dispose()
    scan = kept(spool, ScanOrder("test", 75, expect=1, split=True, batch="三月", started="2026-11-27T09:00:00"), 1)
    refused = juanzong_here(chinese, "station", "resume", scan.name, check=3).stderr
    assert refused.startswith(
        f"juanzong: 批次 三月 已放行，不能再加进文件；`juanzong station resume {scan.name} --batch 新批次名` 交到那一批；1 页都留着"
    )
    down = chinese | {"JUANZONG_OBJECT_STORE": "s3+http://a:b@127.0.0.1:9/bucket"}
    scan.write(replace(scan.order, split=False))
    assert "juanzong: 档案系统现在收不了：" in juanzong_here(down, "station", "resume", scan.name, check=5).stderr


def test_a_stack_that_its_batch_refuses_is_handed_in_under_another_name(juanzong_here, env, spool):
    one = replace(BATCH, expect=2, sides=1)
    first = large(spool, one, 1, 2)
    juanzong_here(env, "station", "resume", first.name, "--json")
    juanzong_here(env, "batch", "release", "三月")
    scan = large(spool, replace(one, started="2026-11-27T10:00:00"), 3, 4)
    refused = juanzong_here(env | {"LC_ALL": "C.UTF-8"}, "station", "resume", scan.name, check=3).stderr
    assert (
        f"`juanzong station resume {scan.name} --batch NAME` hands them in under another; 2 pages are kept" in refused
    )
    for wrong in ("a/b", "x" * 37):
        juanzong_here(env, "station", "resume", scan.name, "--batch", wrong, check=3)
    assert scan.order.batch == "三月"
    (line,) = lines(juanzong_here(env, "station", "resume", scan.name, "--batch", "四月", "--json"))
    assert (line["status"], line["batch"], waiting(spool)) == ("received", "四月", [])
    assert in_the_archive(env)[1] == [[1, 2], [3, 4]]


def test_without_sane_it_says_what_to_install(juanzong_here, env, tmp_path):
    done = juanzong_here({**env, "PATH": str(tmp_path)}, "station", "devices", check=5)
    assert "sane-utils" in done.stderr
    told = juanzong_here({**env, "PATH": str(tmp_path), "LC_ALL": "zh_CN.UTF-8"}, "station", "devices", check=5).stderr
    assert told == "juanzong: 没有装 scanimage：apt-get install sane-utils\n"


def slow_scan(env: dict[str, str], spool: Path, pages: int) -> tuple[subprocess.Popen, Path]:
    """Start a scan that takes long for every page; return it when so many pages are there."""
    Path(env["SANE_CONFIG_DIR"], "test.conf").write_text("read-delay true\nread-delay-duration 20000\n")
    process = subprocess.Popen(
        [sys.executable, "-m", "service", "station", "scan", *STACK, "--expect", "10"],
        env={**os.environ, **env}, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    last = time.monotonic() + 300
    while time.monotonic() < last:
        folders = list(spool.glob("2*"))
        if folders and len(list(folders[0].glob("p*.tiff"))) >= pages:
            return process, folders[0]
        time.sleep(0.01)
    process.kill()
    raise AssertionError("no page came")


def test_killed_while_it_scans_the_pages_are_kept_and_another_waits_for_the_scanner(juanzong_here, env, spool):
    process, folder = slow_scan(env, spool, 2)
    process.send_signal(signal.SIGKILL)
    process.wait()
    early = juanzong_here(env, "station", "resume", folder.name, "--json", check=None)
    assert early.returncode in (0, 5)
    last = time.monotonic() + 300
    while early.returncode:  # the scanner itself is still at work: it keeps its lock, and the pages come through
        assert "still at work" in early.stderr
        assert time.monotonic() < last
        time.sleep(0.2)
        early = juanzong_here(env, "station", "resume", folder.name, "--json", check=None)
        assert early.returncode in (0, 5)
    assert lines(early)[0]["pages"] == 10
    assert waiting(spool) == []


DIE = """
import os, signal, sys
from service.flow.intake.delivery import LocalDelivery
from service.cli import juanzong
from intake.adapters.scan_spool import Scan

def die(*args, **named):
    os.kill(os.getpid(), signal.SIGKILL)

def after(function):
    def wrapped(*args, **named):
        function(*args, **named)
        die()
    return wrapped

where = sys.argv.pop(1)
if where == "bound":
    Scan.bind = after(Scan.bind)
if where == "received":
    LocalDelivery.deliver = after(LocalDelivery.deliver)
if where == "half-removed":
    import intake.adapters.scan_spool as spool
    spool.shutil.rmtree = die
juanzong.main(sys.argv[1:], standalone_mode=False)
"""


@pytest.mark.parametrize("where", ["bound", "received", "half-removed"])
def test_killed_around_the_receipt_a_stack_is_one_document(juanzong_here, env, spool, where):
    done = nursery().run(DIE, where, "station", "scan", *STACK, "--expect", "10", env=env)
    assert done.returncode == -signal.SIGKILL, done.stderr
    names = [json.loads(line)["scan"] for line in juanzong_here(env, "station", "spool", "--json").stdout.splitlines()]
    expected = {"bound": ["received"], "received": ["duplicate"], "half-removed": []}[where]
    assert [lines(juanzong_here(env, "station", "resume", name, "--json"))[0]["status"] for name in names] == expected
    assert waiting(spool) == []
    house = build(load(env))
    with house.database.read() as session:
        assert [d.pages for d in session.query(Document)] == [10]
    house.database.dispose()


def test_the_reason_is_what_was_said_before_the_pipe_broke(tmp_path):
    log = tmp_path / "scanimage.log"
    log.write_text(
        "scanimage: sane_start: Document feeder jammed\nscanimage: received signal 13\nscanimage: trying to stop scanner\n"
    )
    assert "jammed" in scanner._last_words(log)
    with log.open("a") as more:
        more.write("scanimage: received signal 15\nscanimage: aborting\n")
    assert "jammed" in scanner._last_words(log)
    log.write_text("scanimage: received signal 15\n")
    assert "signal 15" in scanner._last_words(log)


#: Bytes that an archive takes in a file in these tests: two of the sides that `large` draws.
LITTLE = {"JUANZONG_MAX_BYTES": "24500"}
BATCH = ScanOrder("test", 75, split=True, batch="三月", started="2026-11-27T09:00:00")


def large(spool: Path, order: ScanOrder, *numbers: int | str) -> Scan:
    """A stack in the spool, some 11 to 14 kB a side: as many bars as the number says, 0 for a blank one, "T" for a separator sheet."""
    scan, noise = new_scan(spool, order), Image.frombytes("L", (82, 82), Random(1).randbytes(82 * 82))
    for place, number in enumerate(numbers, 1):
        page = Image.fromarray(patch_sheet("T", 100)) if number == "T" else Image.open(io.BytesIO(side(int(number))))
        if number not in ("T", 0):
            page.paste(noise, (530, 780))
        page.save(scan.folder / f"p{place:05d}.tiff", dpi=(100, 100) if number == "T" else (75, 75))
    return scan


def in_the_archive(env: dict[str, str], *, resumed: bool = False) -> tuple[list[Stack], list[list[int]]]:
    """The stacks that are there, and of every document in the batch in its order the pages."""
    house = build(load(env))
    if resumed:
        stacks.resume(house)
    with house.database.read() as session:
        found = list(session.scalars(select(Stack).order_by(Stack.position)))
        parts = session.scalars(select(BatchPart).where(BatchPart.wanted.is_(False)).order_by(BatchPart.position))
        documents = []
        for part in parts:
            with original_on_disk(house, part.document_id) as path, Image.open(path) as pages:
                documents.append([bars(page) for page in ImageSequence.Iterator(pages)])
    house.database.dispose()
    return found, documents


def test_a_scan_too_large_for_one_file_is_one_document_all_the_same(juanzong_here, env, spool):
    scan = large(spool, replace(BATCH, split=False, expect=6), 1, 2, 3, 0, 5, 6)
    done = juanzong_here(env | LITTLE | {"LC_ALL": "zh_CN.UTF-8"}, "station", "resume", scan.name)
    assert "这一叠太大，一个文件交不了：分成 4 个文件交，档案系统收齐后合起来" in done.stderr
    assert "4 个文件里的第 4 个交好了" in done.stderr
    assert waiting(spool) == []
    sent, documents = in_the_archive(env)
    assert [stack.pages for stack in sent] == [2, 2, 1, 1]
    assert all(stack.size <= int(LITTLE["JUANZONG_MAX_BYTES"]) for stack in sent)
    assert documents == [[1, 2, 3, 0, 5, 6]]  # larger than what is taken in one file; nothing of it was dropped
    house = build(load(env))
    with house.database.read() as session:
        document, batch = session.scalars(select(Document)).one(), session.scalars(select(Batch)).one()
    house.database.dispose()
    assert document.filename == f"三月-{scan.name}.tiff"
    assert re.fullmatch(rf"三月-{scan.name}-[0-9a-f]{{4}}", batch.name)
    assert (batch.sheets, batch.sides, batch.device) == (6, 1, "test")


@pytest.mark.parametrize("order", ["as_scanned", "two_pass"])
def test_a_stack_too_large_for_one_file_is_cut_as_if_it_were_one(juanzong_here, env, spool, order):
    read = [1, 2, "T", 0, 3, 0, 4, 5, 6, "T", 1, 0]
    if order == "two_pass":
        asked, lie = replace(BATCH, page_order="two_pass", expect=12, fronts=6), read[::2] + read[::-2]
    else:
        asked, lie = replace(BATCH, source="Duplex", expect=12), read
    scan = large(spool, asked, *lie)
    (line,) = lines(juanzong_here(env | LITTLE, "station", "resume", scan.name, "--json"))
    assert (line["status"], line["pages"], line["batch"]) == ("received", 12, "三月")
    sent, documents = in_the_archive(env)
    assert len(sent) > 2
    assert documents == [[1, 2], [3, 4, 5, 6], [1]]
    (shown,) = lines(juanzong_here(env, "batch", "show", "三月", "--json"))
    assert (shown["sheets"], shown["manifest"]["balances"], shown["manifest"]["separators"]) == (6, True, 2)
    released = json.loads(juanzong_here(env, "batch", "release", "三月", "--json").stdout)
    assert released["state"] == "released"


KILLED = """
import os, signal, sys
from service.flow.intake.delivery import LocalDelivery
from service.cli import juanzong

def die(*args, **named):
    os.kill(os.getpid(), signal.SIGKILL)

where, which = sys.argv.pop(1), int(sys.argv.pop(1))
deliver, count = LocalDelivery.deliver, 0

def counted(self, *args, **named):
    global count
    count += 1
    if where == "before" and count == which:
        die()
    receipt = deliver(self, *args, **named)
    if where == "received" and count == which:
        die()
    return receipt

LocalDelivery.deliver = counted
juanzong.main(sys.argv[1:], standalone_mode=False)
"""


@pytest.mark.parametrize(("where", "which"), [("before", 2), ("before", 3), ("received", 1), ("received", 3)])
def test_killed_between_the_files_of_a_stack_every_page_is_there_once(juanzong_here, env, spool, where, which):
    scan = large(spool, replace(BATCH, source="Duplex", expect=6), 1, 2, "T", 0, 3, 4)
    done = nursery().run(KILLED, where, str(which), "station", "resume", scan.name, env=env | LITTLE)
    assert done.returncode == -signal.SIGKILL, done.stderr
    sent, documents = in_the_archive(env, resumed=True)
    if len(sent) < 3:
        assert documents == []  # no half of a document, and what came waits
        assert {stack.state for stack in sent} == {"kept"}
    (line,) = lines(juanzong_here(env | LITTLE, "station", "resume", scan.name, "--json"))
    assert line["batch"] == "三月"
    assert waiting(spool) == []
    sent, documents = in_the_archive(env, resumed=True)
    assert (len(sent), documents) == (3, [[1, 2], [3, 4]])
    (shown,) = lines(juanzong_here(env, "batch", "show", "三月", "--json"))
    assert (shown["sheets"], shown["manifest"]["balances"]) == (3, True)


def test_pages_put_right_after_a_part_of_the_stack_is_in_count_once(juanzong_here, env, spool):
    scan = large(spool, replace(BATCH, expect=7), 1, 2, 3, 4, 5, 6, 1)
    nursery().run(KILLED, "received", "2", "station", "resume", scan.name, env=env | LITTLE)
    sent, _ = in_the_archive(env)
    assert [stack.pages for stack in sent] == [2, 1]
    juanzong_here(env | LITTLE, "station", "resume", scan.name, "--drop", 3, "--expect", 6, "--json")
    sent, documents = in_the_archive(env)
    assert documents == [[1, 2, 4, 5, 6, 1]]
    (shown,) = lines(juanzong_here(env, "batch", "show", "三月", "--json"))
    assert ([given["pages"] for given in shown["given_up"]], shown["waiting"]) == ([1], [])
    assert (shown["sheets"], shown["manifest"]["balances"]) == (6, True)
    assert "1 pages taken out at the station" in juanzong_here(env, "batch", "show", "三月").stdout


@pytest.mark.parametrize("which", [1, 2, 3])
def test_the_paper_of_a_stack_in_several_files_is_what_its_last_file_says(juanzong_here, env, spool, which):
    """The count is put right after files of the stack are in, whether its pages change or not; other paper of the batch stays counted."""
    other = kept(spool, replace(BATCH, expect=1, started="2026-11-27T08:00:00"), 6)
    juanzong_here(env, "station", "resume", other.name, "--json")
    scan = large(spool, replace(BATCH, expect=5), 1, 2, 3, 4, 5)
    nursery().run(KILLED, "received", str(which), "station", "resume", scan.name, env=env | LITTLE)
    scan.write(replace(scan.order, expect=6))
    Image.open(scan.pages[1]).save(scan.folder / "p00006.tiff")  # the sheet that nobody had counted is scanned behind
    juanzong_here(env | LITTLE, "station", "resume", scan.name, "--json")
    (shown,) = lines(juanzong_here(env, "batch", "show", "三月", "--json"))
    assert (shown["sheets"], shown["manifest"]["kept"], shown["manifest"]["balances"]) == (7, 7, True)
    released = json.loads(juanzong_here(env, "batch", "release", "三月", "--json").stdout)
    assert released["state"] == "released"


def test_a_stack_that_becomes_smaller_between_its_files_is_never_put_together_with_what_it_was(
    juanzong_here, env, spool
):
    """Of three files two are in; without page 5 there are two: the second as it was must not make the stack whole."""
    scan = large(spool, replace(BATCH, expect=5), 1, 2, 3, 0, 4)
    nursery().run(KILLED, "received", "2", "station", "resume", scan.name, env=env | LITTLE)
    assert [stack.portion[-3:] for stack in in_the_archive(env)[0]] == ["1/3", "2/3"]
    done = nursery().run(
        KILLED, "received", "1", "station", "resume", scan.name, "--drop", "3", "--expect", "4", env=env | LITTLE
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert in_the_archive(env, resumed=True)[1] == []
    juanzong_here(env | LITTLE, "station", "resume", scan.name, "--json")
    assert in_the_archive(env)[1] == [[1, 2, 0, 4]]


@pytest.mark.parametrize("where", ["received", "before"])
def test_a_file_of_a_stack_whose_others_never_come_has_a_way_out(juanzong_here, env, spool, where):
    scan = large(spool, replace(BATCH, expect=6), 1, 2, 3, 4, 5, 6)
    which = "1" if where == "received" else "2"  # in either case the archive has the first file alone
    nursery().run(KILLED, where, which, "station", "resume", scan.name, env=env | LITTLE)
    (shown,) = lines(juanzong_here(env, "batch", "show", "三月", "--json"))
    assert shown["waiting"][0]["pages"] == 2
    waits = juanzong_here(env, "batch", "release", "三月", check=4).stderr
    assert "waits for the other files of a stack that came in several" in waits
    juanzong_here(env, "batch", "give-up", "三月")
    (line,) = lines(juanzong_here(env | LITTLE, "station", "resume", scan.name, "--json"))  # the station is found again
    assert line["status"] == "received"
    assert in_the_archive(env)[1] == [[1, 2, 3, 4, 5, 6]]
    (shown,) = lines(juanzong_here(env, "batch", "show", "三月", "--json"))
    assert shown["manifest"]["balances"]


@pytest.mark.parametrize("files", [1, 3])
def test_a_scan_that_is_in_and_whose_pages_are_put_right_afterwards_counts_once(juanzong_here, env, spool, files):
    """Its answer was lost; the other page makes other bytes of it."""
    scan = large(spool, replace(BATCH, expect=3 * min(files, 2)), *range(1, 3 * min(files, 2) + 1))
    limit = LITTLE if files > 1 else {}
    count = len(scan.bind(int(LITTLE["JUANZONG_MAX_BYTES"]) if limit else 0))
    nursery().run(KILLED, "received", str(count), "station", "resume", scan.name, env=env | limit)
    before = in_the_archive(env)
    page = scan.pages[1]
    Image.open(page).rotate(180).save(page, dpi=(75, 75))
    for again in ((), ("--batch", "四月")):
        refused = juanzong_here(env | limit, "station", "resume", scan.name, *again, check=3).stderr
        assert "This scan is in batch 三月 already, as stack 1" in refused
    told = juanzong_here(env | limit | {"LC_ALL": "zh_CN.UTF-8"}, "station", "resume", scan.name, check=3).stderr
    assert "这一叠已经收在批次 三月 里了（第 1 叠），再收就重复了" in told
    assert "照批次名 三月 交" in told
    after = in_the_archive(env, resumed=True)
    assert [stack.sha256 for stack in after[0]] == [stack.sha256 for stack in before[0]]
    assert after[1] == before[1] != []
    assert waiting(spool) == [scan.name]
    juanzong_here(env, "batch", "release", "三月")  # it balances
    juanzong_here(env | limit, "station", "resume", scan.name, check=3)


def test_a_file_of_a_stack_that_stays_alone_is_cut_as_it_is(juanzong_here, env, spool):
    scan = large(spool, replace(BATCH, expect=6), 1, 2, 3, 4, 5, 6)
    nursery().run(KILLED, "received", "1", "station", "resume", scan.name, env=env | LITTLE)
    said = juanzong_here(env, "batch", "show", "三月").stdout
    assert "is file 1 of 5 of a stack and waits for the others: see station resume, or one-sided, give-up" in said
    juanzong_here(env, "batch", "one-sided", "三月")
    assert in_the_archive(env)[1] == [[1, 2]]
    again = ("station", "resume", scan.name)
    refused = juanzong_here(env | LITTLE, *again, check=3).stderr  # the station is found again
    assert "was cut as it is in batch 三月, because the others did not come: take its 2 pages out" in refused
    told = juanzong_here(env | LITTLE | {"LC_ALL": "zh_CN.UTF-8"}, *again, check=3).stderr
    assert "已经在批次 三月 里按现有的 2 页分件了：在扫描站用 --drop 拿掉它的那几页" in told
    assert [stack.pages for stack in in_the_archive(env, resumed=True)[0]] == [2]
    juanzong_here(env | LITTLE, *again, "--drop", 1, "--drop", 2, "--expect", 4, "--json")
    assert in_the_archive(env)[1] == [[1, 2], [3, 4, 5, 6]]


@pytest.mark.parametrize("split", [True, False])
def test_a_file_that_was_cut_as_it_is_does_not_come_again_with_a_page_put_right(juanzong_here, env, spool, split):
    scan = large(spool, replace(BATCH, split=split, expect=6), 1, 2, 3, 4, 5, 6)
    nursery().run(KILLED, "received", "1", "station", "resume", scan.name, env=env | LITTLE)
    (stack,) = in_the_archive(env)[0]
    juanzong_here(env, "batch", "one-sided", stack.batch)
    before = in_the_archive(env)
    page = scan.pages[1]
    Image.open(page).rotate(180).save(page, dpi=(75, 75))  # as --page would
    again = ("station", "resume", scan.name)
    for _ in range(2):
        refused = juanzong_here(env | LITTLE, *again, check=3).stderr
        assert (
            f"was cut as it is in batch {stack.batch}, because the others did not come: take its 2 pages out" in refused
        )
    refused = juanzong_here(env | LITTLE, *again, "--batch", "四月", check=3).stderr
    assert f"was cut as it is in batch {stack.batch}" in refused
    after = in_the_archive(env, resumed=True)
    assert ([one.sha256 for one in after[0]], after[1]) == ([one.sha256 for one in before[0]], [[1, 2]])
    into = ("--batch", stack.batch) if split else ()
    refused = juanzong_here(env | LITTLE, *again, *into, "--drop", 1, "--expect", 5, check=3).stderr
    assert f"was cut as it is in batch {stack.batch}" in refused  # the other of its two pages is still there
    juanzong_here(env | LITTLE, *again, *into, "--drop", 1, "--expect", 4, "--json")
    assert sorted(in_the_archive(env)[1]) == [[1, 2], [3, 4, 5, 6]]


def test_a_page_of_it_may_be_taken_out_before_that_is_known(juanzong_here, env, spool):
    scan = large(spool, replace(BATCH, expect=6), 1, 2, 3, 4, 5, 6)
    nursery().run(KILLED, "received", "1", "station", "resume", scan.name, env=env | LITTLE)
    juanzong_here(env, "batch", "one-sided", "三月")
    again = ("station", "resume", scan.name)
    refused = juanzong_here(env | LITTLE, *again, "--drop", 1, "--expect", 5, check=3).stderr
    assert "take its 2 pages out" in refused
    juanzong_here(env | LITTLE, *again, "--drop", 1, "--expect", 4, "--json")
    assert in_the_archive(env)[1] == [[1, 2], [3, 4, 5, 6]]


def test_other_pages_taken_out_do_not_let_it_come_twice(juanzong_here, env, spool):
    scan = large(spool, replace(BATCH, expect=6), 1, 2, 3, 4, 5, 6)
    nursery().run(KILLED, "received", "1", "station", "resume", scan.name, env=env | LITTLE)
    juanzong_here(env, "batch", "one-sided", "三月")
    page = scan.pages[1]
    Image.open(page).rotate(180).save(page, dpi=(75, 75))  # nothing but its place in the scan says that it is in
    again = ("station", "resume", scan.name)
    for more in ((), ("--drop", 5, "--drop", 6, "--expect", 4), ()):
        refused = juanzong_here(env | LITTLE, *again, *more, check=3).stderr
        assert "take its 2 pages out" in refused
    juanzong_here(env | LITTLE, *again, "--drop", 1, "--drop", 2, "--expect", 2, "--json")
    assert in_the_archive(env)[1] == [[1, 2], [3, 4]]


def test_of_two_files_that_were_cut_as_they_are_all_pages_are_taken_out(juanzong_here, env, spool):
    scan = large(spool, replace(BATCH, expect=6), 1, 2, 3, 4, 5, 6)
    nursery().run(KILLED, "received", "2", "station", "resume", scan.name, env=env | LITTLE)
    refused = juanzong_here(env, "batch", "one-sided", "三月", "--stack", 2, check=4).stderr
    assert (
        "stack 1 is an earlier file of the same scan" in refused
    )  # the station takes its first pages for those that are in
    for stack in (1, 2):
        juanzong_here(env, "batch", "one-sided", "三月", "--stack", stack)
    pages = sum(stack.pages for stack in in_the_archive(env)[0])
    again = ("station", "resume", scan.name)
    refused = juanzong_here(env | LITTLE, *again, check=3).stderr
    assert f"take its {pages} pages out" in refused
    drop = [word for number in range(1, pages + 1) for word in ("--drop", number)]
    juanzong_here(env | LITTLE, *again, *drop, "--expect", 6 - pages, "--json")
    assert sorted(page for part in in_the_archive(env)[1] for page in part) == [1, 2, 3, 4, 5, 6]


def test_of_an_archive_that_does_not_say_how_much_it_takes_it_is_found_out(juanzong_here, env, spool, monkeypatch):
    monkeypatch.setattr(LocalDelivery, "most", lambda _self: 0)
    scan = large(spool, replace(BATCH, expect=6), 1, 2, 3, 4, 5, 6)
    juanzong_here(env | LITTLE, "station", "resume", scan.name, "--json")
    assert in_the_archive(env)[1] == [[1, 2, 3, 4, 5, 6]]
    scan = large(spool, replace(BATCH, started="2026-11-27T10:00:00", expect=2), 1, 2)
    least = env | {"JUANZONG_MAX_BYTES": "3000", "LC_ALL": "zh_CN.UTF-8"}
    refused = juanzong_here(least, "station", "resume", scan.name, check=3)
    assert "文件太大" in refused.stderr  # a single page is: nothing goes on for ever
    assert waiting(spool) == [scan.name]


def test_a_stack_that_fits_one_file_after_a_part_of_it_is_in_counts_once(juanzong_here, env, spool):
    scan = large(spool, replace(BATCH, expect=3), 1, 2, 3)
    nursery().run(KILLED, "received", "1", "station", "resume", scan.name, env=env | LITTLE)
    juanzong_here(env | LITTLE, "station", "resume", scan.name, "--drop", 3, "--expect", 2, "--json")
    sent, documents = in_the_archive(env)
    assert ([stack.portion[-3:] for stack in sent if stack.turn_over != "given_up"], documents) == (
        ["1/1"],
        [[1, 2]],
    )
    (shown,) = lines(juanzong_here(env, "batch", "show", "三月", "--json"))
    assert (shown["sheets"], shown["waiting"], shown["manifest"]["balances"]) == (2, [], True)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short name: that of a socket has 107 bytes."""
    demand_clamd()
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def looked_at(folder: Path) -> list[str]:
    """What clamd says of every file that it was shown."""
    return re.findall(r"instream\(local\): .*?(OK|FOUND)", (folder / "log").read_text())


def test_every_file_of_a_stack_is_shown_to_the_malware_scanner_and_an_infected_one_is_refused(
    juanzong_here, env, spool, folder
):
    scan = large(spool, replace(BATCH, expect=6), 1, 2, 3, 4, 5, 6)
    third = scan.pack(scan.pages[2]).read_bytes()
    half = len(third) // 2
    with real_clamd(folder, third[half : half + 40]) as clamd:
        guarded = env | LITTLE | {"JUANZONG_CLAMD": clamd}
        refused = juanzong_here(guarded | {"LC_ALL": "zh_CN.UTF-8"}, "station", "resume", scan.name, check=3).stderr
        patiently(lambda: looked_at(folder) == ["OK", "FOUND"], 60)
        again = juanzong_here(guarded, "station", "resume", scan.name, "--json", check=3).stderr
        patiently(lambda: looked_at(folder) == ["OK", "FOUND"] * 2, 60)
        assert re.search(r"个文件里的第 2 个（第 3 页）没有收下：文件里有恶意程序，没有收下；6 页都留着", refused)
        assert "(pages 3) was not taken: the file holds malware: Eicar-Test-Signature" in again
        sent, documents = in_the_archive(env, resumed=True)
        assert ([stack.pages for stack in sent], documents) == (
            [2],
            [],
        )  # no half of a document, and nothing of the infected file
        assert waiting(spool) == [scan.name]
        house = build(load(env))
        assert [str(name) for name in house.vault.store.names()] == [sent[0].id]
        house.database.dispose()
        # The page is left out (or scanned again, or all of it discarded and given up): the rest comes in.
        juanzong_here(guarded, "station", "resume", scan.name, "--drop", 3, "--expect", 5, "--json")
        patiently(lambda: looked_at(folder)[4:] == ["OK"] * 4, 60)
    sent, documents = in_the_archive(env)
    assert documents == [[1, 2, 4, 5, 6]]
    assert [stack.pages for stack in sent] == [2, 1, 1, 1]
    (shown,) = lines(juanzong_here(env, "batch", "show", "三月", "--json"))
    assert (shown["sheets"], shown["manifest"]["balances"]) == (5, True)


def test_what_the_malware_scanner_finds_too_large_goes_in_smaller_files(juanzong_here, env, spool, folder):
    """One document all the same, though larger than a file that the scanner looks at: it was looked at in its files."""
    scan = large(spool, replace(BATCH, split=False, expect=5), 1, 2, 3, 4, 5)
    with real_clamd(folder, most=24_500) as clamd:
        juanzong_here(env | {"JUANZONG_CLAMD": clamd}, "station", "resume", scan.name, "--json")
    sent, documents = in_the_archive(env)
    assert documents == [[1, 2, 3, 4, 5]]
    assert len(sent) > 2
    assert looked_at(folder).count("OK") == len(sent)


@pytest.mark.parametrize("split", [False, True])
def test_a_stack_of_more_pages_than_a_document_may_have_is_one_document_a_file(
    juanzong_here, env, spool, monkeypatch, split
):
    """Uncut, it is as many documents as it needs files; cut, only a document that is too long itself is parted so."""
    monkeypatch.setattr(scan_spool, "_MOST_PAGES", 3)
    few = env | {"JUANZONG_MAX_PAGES": "3"}
    read = [1, 2, 3, 4, 5, 6, 1, 2] if not split else [1, 2, 3, "T", 5, 6, "T", 2]
    scan = large(spool, replace(BATCH, split=split, expect=8), *read)
    told = juanzong_here(few | {"LC_ALL": "zh_CN.UTF-8"}, "station", "resume", scan.name)
    assert "分成 3 个文件交" in told.stderr
    sent, documents = in_the_archive(few, resumed=True)
    assert [stack.pages for stack in sent] == [3, 3, 2]
    assert documents == ([[1, 2, 3], [5, 6], [2]] if split else [[1, 2, 3], [4, 5, 6], [1, 2]])
    assert {stack.error_code for stack in sent} == ({""} if split else {"too_many_pages"})
    name = sent[0].batch
    (shown,) = lines(juanzong_here(few, "batch", "show", name, "--json"))
    assert (shown["sheets"], shown["manifest"]["balances"]) == (8, True)
    assert json.loads(juanzong_here(few, "batch", "release", name, "--json").stdout)["state"] == "released"


def test_pages_are_packed_while_the_scanner_feeds_and_none_is_packed_twice(juanzong_here, env, spool, monkeypatch):
    fed, packed = [], []
    write, feed = scan_spool.deflate_page, scanner.scan

    def noted(page: Path, target: BinaryIO) -> None:
        packed.append((page.name, bool(fed), threading.current_thread().name))
        write(page, target)

    def fed_whole(*given: object, **named: object) -> None:
        feed(*given, **named)
        patiently(lambda: len(packed) == 4, 60)
        fed.append(True)

    monkeypatch.setattr(scan_spool, "deflate_page", noted)
    monkeypatch.setattr(scanner, "scan", fed_whole)
    with office_scanner([side(number) for number in (1, 2, 3, 4)]) as office:
        on_the_network(env, office)
        words = ("--device", office.device, "--source", "Duplex", "--resolution", "75", "--json", "--expect", 6)
        juanzong_here(env, "station", "scan", *words, check=4)
    assert [name for name, after, _ in packed if not after] == [f"p{number:05d}.tiff" for number in range(1, 5)]
    assert all(thread.startswith("packer") for *_, thread in packed)
    (name,) = waiting(spool)
    juanzong_here(env, "station", "resume", name, "--expect", 4, "--json")
    assert len(packed) == 4


@pytest.mark.parametrize("left", ["part", "torn", "another"])
def test_what_a_killed_packer_left_is_not_taken_for_a_page(spool, left):
    """Half a file, a file that a power cut emptied, and the packing of the page that stood in this place before."""
    scan = large(spool, replace(BATCH, expect=3), 1, 2, 3)
    packed = scan.pack(scan.pages[1])
    if left == "part":
        (packed.parent / "p00002.part").write_bytes(packed.read_bytes()[:100])
        packed.unlink()
    elif left == "torn":
        packed.write_bytes(b"")
    else:
        Image.open(io.BytesIO(side(5))).save(scan.folder / "p00002.tiff", dpi=(75, 75))
    (bound,) = scan.bind()
    with Image.open(bound.path) as document:
        assert [bars(page) for page in ImageSequence.Iterator(document)] == [1, 5 if left == "another" else 2, 3]
    once = bound.path.read_bytes()
    shutil.rmtree(scan.folder / "packed")
    assert scan.bind()[0].path.read_bytes() == once  # the same pages, the same bytes


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "I;16"])
def test_a_page_is_bound_pixel_for_pixel_whatever_its_mode(spool, mode):
    scan = new_scan(spool, BATCH)
    pixels = np.random.default_rng(1).integers(0, 255, (123, 457, 3), np.uint8)
    page = (
        Image.fromarray(pixels[..., 0].astype(np.uint16) * 257)
        if mode == "I;16"
        else Image.fromarray(pixels).convert(mode)
    )
    page.save(scan.folder / "p00001.tiff", dpi=(300, 300))
    (bound,) = scan.bind()
    with Image.open(bound.path) as document:
        assert (document.mode, document.size, document.info["dpi"]) == (page.mode, page.size, (300, 300))
        assert document.tobytes() == page.tobytes()
        assert document.tag_v2[269].encode("latin-1").decode() == "三月"
