"""Reading in child processes: a page that kills, hangs or starves its reader costs only its own text."""

import errno
import io
import os
import random
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from intake import patience
from intake.crew import Allowance, Crew
from intake.errors import EngineUnavailable, Rejected
from intake.inspect import inspect
from intake.model import Limits, Understanding
from intake.templates import Template
from intake.understand import understand, understand_as
from service.bootstrap import without_settings
from tests.intake import fragile, made
from tests.intake.fragile import EATS, HANGS, HANGS_HARD, KILLS, KILLS_ONCE, RAISES, RAISES_ONCE, SLOW, SPINS, book
from tests.intake.layouts import letter
from tests.intake.scans import scan
from tests.thorough import so_many

LIMITS = Limits()
A4 = (827, 1169)  # dots at 100 dpi
A3 = (2339, 3307)  # dots at 200 dpi
ROOT = Path(__file__).parents[2]


@pytest.fixture
def crew(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))  # children know the installed program only
    made = []

    def make(processes=1, seconds=60.0, memory=1 << 30, engine="tests.intake.fragile:Fragile"):
        made.append(Crew(engine, processes, Allowance(1, seconds, memory, without_settings())))
        return made[-1]

    yield make
    for one in made:
        one.close()


def read(crew, path):
    return list(crew.read(path, inspect(path, LIMITS, crew.look), LIMITS))


def seen(pages):
    return [page.trouble or page.page.text for page in pages]


def test_pages_come_in_order_from_any_number_of_children(crew, tmp_path):
    path = book(tmp_path / "b.tif", range(100, 120))
    for processes in (1, 3):
        pages = read(crew(processes), path)
        assert [p.page.number for p in pages] == list(range(1, 21))
        assert seen(pages) == [f"shade {shade}" for shade in range(100, 120)]


def test_an_a4_page_at_2400_dpi_is_read_within_the_memory_of_a_reader(crew, tmp_path):
    Image.new("1", (19_843, 28_063), 1).save(tmp_path / "fine.tif", compression="group4", dpi=(2400, 2400))
    (page,) = read(crew(memory=2048 << 20, engine="tests.intake.fragile:Blind"), tmp_path / "fine.tif")
    assert (page.trouble, page.quality.dpi) == ("", 2400)


def test_an_a3_page_at_2400_dpi_is_read_in_a_quarter_of_the_memory_of_a_reader(crew, tmp_path):
    """Held a byte for a pixel it would be 1,113 MB."""
    (tmp_path / "fine.tif").write_bytes(made.fine_tiff(A3, 12))
    (page,) = read(crew(memory=512 << 20, engine="tests.intake.fragile:Blind"), tmp_path / "fine.tif")
    assert (page.trouble, page.quality.dpi) == ("", 2400)
    with Image.open(io.BytesIO(page.image)) as kept:
        assert kept.size == (page.page.width, page.page.height)


FINE = {
    "gray.tif": lambda: made.fine_tiff(A4, 24, mode="L"),
    "colour.tif": lambda: made.fine_tiff(A4, 24, mode="RGB"),
    "gray.jpg": lambda: made.fine_jpeg("L"),
    "colour.jpg": lambda: made.fine_jpeg("RGB"),
    "gray.png": lambda: made.fine_png("L"),
    "black.pdf": lambda: made.fine_pdf("1", "FlateDecode"),
    "gray.pdf": lambda: made.fine_pdf("L", "DCTDecode"),
    "deflated.pdf": lambda: made.fine_pdf("L", "FlateDecode"),
    "colour.pdf": lambda: made.fine_pdf("RGB", "DCTDecode"),
    "gray.ofd": lambda: made.fine_ofd("L"),
    "colour.ofd": lambda: made.fine_ofd("RGB"),
}


@pytest.mark.parametrize("name", FINE)
def test_an_a4_page_at_2400_dpi_in_gray_and_colour_is_read_in_a_quarter_of_the_memory_of_a_reader(crew, tmp_path, name):
    """557 million pixels. Held whole: 1,671 MB in colour, 557 MB in gray."""
    path = tmp_path / name
    path.write_bytes(FINE[name]())
    (page,) = read(crew(memory=512 << 20, engine="tests.intake.fragile:Blind"), path)
    assert page.trouble == ""
    assert "damaged" not in page.quality.findings
    assert page.quality.dpi == pytest.approx(2400, abs=1)
    with Image.open(io.BytesIO(page.image)) as kept:
        shown = np.asarray(kept.convert("L").resize(A4)).astype(float)
    drawn = np.asarray(made.page("L", size=A4)).astype(float)
    assert np.corrcoef(shown.ravel(), drawn.ravel())[0, 1] > 0.9


@pytest.mark.parametrize(
    ("shade", "why"),
    [(KILLS, "killed"), (EATS, "memory"), (RAISES, "error")],
)
def test_a_page_that_brings_its_reader_down_costs_only_its_own_text(crew, tmp_path, shade, why):
    path = book(tmp_path / "b.tif", [100, shade, 101, 102])
    pages = read(crew(), path)
    assert seen(pages) == ["shade 100", why, "shade 101", "shade 102"]
    _pictured(pages[1], shade)


def test_two_readers_that_hang_at_once_are_given_up_at_once(crew, tmp_path):
    hands = crew(2, seconds=3.0)
    # Both know their libraries before: what is counted is a page.
    read(hands, book(tmp_path / "a.tif", range(100, 104)))
    path = book(tmp_path / "b.tif", [HANGS, HANGS_HARD, 101, 102])
    began = time.monotonic()
    pages = read(hands, path)
    assert seen(pages) == ["timeout", "timeout", "shade 101", "shade 102"]
    assert 2 < time.monotonic() - began < 40
    for page, shade in zip(pages, (HANGS, HANGS_HARD), strict=False):
        _pictured(page, shade)


def _pictured(lost, shade):
    assert (lost.page.source, lost.page.lines, lost.pictured) == ("unread", (), True)
    image = Image.open(io.BytesIO(lost.image))
    assert image.size == (lost.page.width, lost.page.height) == (80, 60)
    assert abs(image.convert("L").getpixel((40, 30)) - shade) <= 2


@pytest.mark.parametrize("once", [KILLS_ONCE, RAISES_ONCE])
def test_a_child_that_falls_by_chance_is_replaced_and_the_page_read(crew, tmp_path, monkeypatch, once):
    monkeypatch.setenv(fragile.ONCE, str(tmp_path / "once"))
    path = book(tmp_path / "b.tif", [100, once, 101])
    assert seen(read(crew(), path)) == ["shade 100", f"shade {once}", "shade 101"]
    assert (tmp_path / "once").exists()


def test_killed_at_any_moment_every_page_is_read(crew, tmp_path):
    many = so_many(40, 14)
    path = book(tmp_path / "b.tif", range(100, 100 + many))
    hands, pages = crew(2), []
    moments = random.Random(4)
    for page in hands.read(path, inspect(path, LIMITS, hands.look), LIMITS):
        pages.append(page)
        if (
            page.page.number % 4 == 0
        ):  # by pages, not by the clock: on a busy machine children may be slower than any clock
            time.sleep(moments.random() / 20)
            for child in _children():
                os.kill(child, signal.SIGKILL)
    assert [p.page.number for p in pages] == list(range(1, many + 1))
    assert all(p.trouble in ("", "killed") for p in pages)
    assert sum(not p.trouble for p in pages) > many // 2


def _children():
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and b"intake.child" in (entry / "cmdline").read_bytes():
                ours = (entry / "stat").read_text().rpartition(")")[2].split()[1] == str(os.getpid())
                found += [int(entry.name)] if ours else []
        except OSError:
            continue
    return found


def test_a_file_without_a_name_is_read(crew, tmp_path):
    with book(tmp_path / "b.tif", [100, 101]).open("rb") as file:
        (tmp_path / "b.tif").unlink()
        assert seen(read(crew(), Path(f"/proc/self/fd/{file.fileno()}"))) == ["shade 100", "shade 101"]


def test_a_missing_engine_is_said_and_costs_no_page(crew, tmp_path):
    hands = crew(engine="tests.intake.fragile:Missing")
    with pytest.raises(EngineUnavailable, match="not installed"):
        read(hands, book(tmp_path / "b.tif", [100]))


def test_a_reader_given_up_half_way_leaves_nobody_at_work(crew, tmp_path):
    path = book(tmp_path / "b.tif", [100, HANGS, HANGS])
    hands = crew(2)
    pages = hands.read(path, inspect(path, LIMITS, hands.look), LIMITS)
    assert next(pages).page.text == "shade 100"
    pages.close()
    assert seen(read(hands, book(tmp_path / "c.tif", [101]))) == ["shade 101"]


def test_several_threads_share_the_children(crew, tmp_path):
    hands, results = crew(2), {}

    def work(name):
        path = book(tmp_path / f"{name}.tif", [name] * 5)
        results[name] = seen(read(hands, path))

    threads = [threading.Thread(target=work, args=(100 + n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {100 + n: [f"shade {100 + n}"] * 5 for n in range(4)}
    assert len(hands._idle) <= 2


def test_only_the_wanted_pages_are_read_and_asked_for_when_a_child_is_free(crew, tmp_path):
    path = book(tmp_path / "b.tif", range(100, 130))
    hands, asked = crew(2), []

    def wanted():
        for number in (7, 3, 21, 22, 23, 24, 25, 26, 27, 28):
            asked.append(number)
            yield number

    pages = hands.read(path, inspect(path, LIMITS, hands.look), LIMITS, wanted())
    assert next(pages).page.text == "shade 106"
    assert len(asked) <= 2 * 2 + 2, "no more than two pages for each of two children, and the next one"
    assert seen(pages) == [f"shade {99 + number}" for number in asked[1:]]
    assert asked[-1] == 28
    assert list(hands.read(path, inspect(path, LIMITS, hands.look), LIMITS, iter(()))) == []


def test_who_reads_a_long_file_learns_that_others_wait_and_comes_behind_them(crew, tmp_path):
    hands, order = crew(1), []
    long, short = book(tmp_path / "l.tif", range(100, 106)), book(tmp_path / "s.tif", [99])
    inspections = {path: inspect(path, LIMITS, hands.look) for path in (long, short)}

    def read_short():
        order.extend(seen(hands.read(short, inspections[short], LIMITS)))

    waiting = threading.Thread(target=read_short)

    def until_awaited(numbers):
        for number in numbers:
            yield number
            if number == 2:
                waiting.start()
                while not hands.awaited:
                    time.sleep(0.01)
                return

    order += seen(hands.read(long, inspections[long], LIMITS, until_awaited(range(1, 7))))
    # It asks again at once, and has to stand in line all the same.
    order += seen(hands.read(long, inspections[long], LIMITS, range(3, 7)))
    waiting.join()
    assert order == ["shade 100", "shade 101", "shade 99", "shade 102", "shade 103", "shade 104", "shade 105"]
    assert not hands.awaited


def test_a_child_that_gets_free_joins_the_file_that_is_being_read(crew, tmp_path):
    hands = crew(2)
    first, second = book(tmp_path / "a.tif", [100, 101]), book(tmp_path / "b.tif", range(102, 112))
    inspections = {path: inspect(path, LIMITS, hands.look) for path in (first, second)}
    others = hands.read(first, inspections[first], LIMITS, iter([1, 2]))
    next(others)  # two children are lent for it
    found = []
    reading = threading.Thread(
        target=lambda: found.extend(seen(hands.read(second, inspections[second], LIMITS))), daemon=True
    )
    reading.start()
    while not hands.awaited:
        time.sleep(0.01)
    assert seen(others) == ["shade 101"]
    reading.join()
    assert found == [f"shade {shade}" for shade in range(102, 112)]
    assert (hands._busy, len(hands._idle)) == (0, 2)
    with hands._some(1) as children:
        assert hands.spare(children)
        assert not hands.spare(children), "there are only two"
        assert len({child.pid for child in children}) == 2
    assert (hands._busy, len(hands._idle)) == (0, 2)


def test_waiting_for_a_processor_is_no_hanging_and_what_hangs_ends_all_the_same(crew, tmp_path, monkeypatch):
    monkeypatch.setattr(patience, "waited", lambda _pid: 1000 * time.monotonic())  # nobody gets a processor
    monkeypatch.setattr(patience, "HELD_UP", 1)
    path = book(tmp_path / "b.tif", [SLOW, HANGS])  # the first takes four seconds, of three it has
    assert seen(read(crew(2, seconds=3.0), path)) == [f"shade {SLOW}", "timeout"]


def test_a_page_that_runs_for_ever_costs_only_its_own_text(crew, tmp_path):
    hands = crew(seconds=3.0)
    read(hands, book(tmp_path / "a.tif", [100]))  # it knows its libraries: what is counted is a page
    began = time.monotonic()
    pages = read(hands, book(tmp_path / "b.tif", [100, SPINS, 101]))
    assert seen(pages) == ["shade 100", "timeout", "shade 101"]
    _pictured(pages[1], SPINS)
    # On a machine that lets it wait for a processor more than three seconds, and never more than its last.
    assert 3 < time.monotonic() - began < 3 * (1 + patience.HELD_UP) + 30


def test_a_file_that_holds_up_whoever_looks_at_it_is_refused_for_that_and_the_next_is_looked_at(
    crew, tmp_path, monkeypatch
):
    office = tmp_path / "soffice"
    office.write_text("#!/bin/sh\nsleep 600\n")
    office.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    hands, path = crew(seconds=0.5), tmp_path / "a.docx"
    path.write_bytes(made.office("docx"))
    began = time.monotonic()
    with pytest.raises(Rejected, match="longer than 1 s") as caught:
        inspect(path, LIMITS, hands.look)
    assert caught.value.code == "too_slow"
    assert time.monotonic() - began < 30
    assert _children() == [], "nobody goes on with it"
    assert inspect(book(tmp_path / "b.tif", [100, 101]), LIMITS, hands.look).pages == 2


def test_a_reader_takes_no_more_memory_after_sixty_pages_than_after_twenty(crew, tmp_path):
    path = book(tmp_path / "b.tif", range(100, 160))
    hands, taken = crew(engine="tests.intake.fragile:Litters"), []
    for page in hands.read(path, inspect(path, LIMITS, hands.look), LIMITS):
        assert page.page.text == "shade 32"
        taken.append(max(map(_resident, _children())))
    assert taken[59] - taken[19] < 40 * 2**20, "40 pages added as much as the readers kept of them"


def test_what_a_reader_has_mapped_and_does_not_hold_is_no_memory(crew, tmp_path):
    path = book(tmp_path / "b.tif", range(100, 120))
    hands = crew(engine="tests.intake.fragile:Reserves")
    assert seen(read(hands, path)) == [f"shade {shade}" for shade in range(100, 120)], "twice the limit is mapped"


def _resident(pid):
    """Return the bytes a process has in memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_a_child_knows_no_settings_of_the_archive(crew, tmp_path, monkeypatch):
    monkeypatch.setenv("JUANZONG_DATABASE_URL", "postgresql://secret")
    hands = crew()
    read(hands, book(tmp_path / "b.tif", [100]))
    (child,) = hands._idle
    assert b"secret" not in Path(f"/proc/{child.pid}/environ").read_bytes()
    limits = Path(f"/proc/{child.pid}/limits").read_text()
    (most,) = [int(line.split()[3]) for line in limits.splitlines() if line.startswith("Max data size")]
    assert 1 << 30 <= most < 2 << 30  # with what it has mapped and does not hold


def test_what_is_refused_here_is_refused_there(crew, tmp_path):
    hands = crew()
    path = tmp_path / "cut.jpg"
    path.write_bytes(scan("payment.jpg").read_bytes()[:20_000])
    with pytest.raises(Rejected) as caught:
        inspect(path, LIMITS, hands.look)
    assert caught.value.code == "truncated"
    assert inspect(scan("contract-digital.pdf"), LIMITS, hands.look) == inspect(scan("contract-digital.pdf"), LIMITS)


def test_a_machine_that_has_no_process_to_spare_refuses_no_file(crew, tmp_path, monkeypatch):
    def none_left(*_):
        raise OSError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr("intake.crew.Child", none_left)
    with pytest.raises(EngineUnavailable, match="temporarily unavailable"):
        inspect(book(tmp_path / "b.tif", [100]), LIMITS, crew().look)


LICENCE = (
    "# 营业执照\n统一社会信用代码：91310115MA1K35JX78\n名称：东湖实业有限公司\n法定代表人：郭靖\n注册资本：叁佰万元整"
)
POWER = "# 授权委托书\n委托人：上海振华机电设备有限公司\n受托人：王芳\n委托期限：自2024年5月6日至2025年5月5日"
FORM = Template(("营业执照", "法定代表人"), "5.2", {"agent": ("法定代表人",)})


@pytest.mark.parametrize("text", [LICENCE, POWER, "\ud800 nothing"])
def test_what_a_document_says_is_found_in_a_child_as_it_is_here(crew, text):
    hands, pages, ours = crew(), [letter(text), letter("第二页", number=2)], ["上海振华机电设备有限公司"]
    assert hands.understand(pages, ours) == understand(pages, ours)
    assert hands.understand(pages, (), [FORM]) == understand(pages, (), [FORM])
    assert hands.understand(pages, (), [FORM], "1.9") == understand_as(pages, "1.9", [FORM])


def until_understood(hands, pages, right):
    assert any(hands.understand(pages) == right for _ in range(5))


@pytest.mark.parametrize(("sent", "known"), [(signal.SIGSTOP, False), (signal.SIGKILL, True)])
def test_words_that_hang_who_understands_them_cost_only_their_understanding(crew, sent, known):
    pages = [letter(LICENCE)]
    right = understand(pages)
    hands = crew(seconds=4.0)
    until_understood(hands, pages, right)  # a busy machine may take long to start it
    os.kill(hands._looker.pid, sent)
    nothing = Understanding("", "unknown", "", 0.0, {}, ("unknown_kind",))
    assert hands.understand(pages) == (right if known else nothing)
    if not known:
        until_understood(hands, pages, right)  # by another child
        os.kill(hands._looker.pid, sent)
        assert hands.understand(pages, (), (), "1.2") == replace(
            nothing, category="1.2", needs_review=("low_confidence:kind",)
        )


def test_who_waits_for_the_looker_loses_no_time_to_understand(crew):
    hands, pages = crew(seconds=4.0), [letter(LICENCE)]
    hands.understand(pages)
    with hands._looking:
        waiting = ThreadPoolExecutor(1).submit(hands.understand, pages)
        time.sleep(5)  # as while a large file is looked at
    assert waiting.result(60) == understand(pages)


def test_words_that_understanding_fails_over_are_a_persons_to_understand(crew):
    assert crew().understand([letter(LICENCE)], (), (), "9.9").needs_review == ("low_confidence:kind",)
