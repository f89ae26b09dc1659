"""Looking in a process of its own: what a page does to it stays there."""

import subprocess
import sys
import time
from dataclasses import asdict

import pytest
from PIL import Image

from intake import memory, patience
from intake.batches import apart
from intake.batches.payload import Separator
from intake.model import Limits
from tests.intake import made
from tests.intake.batches import stacks


def test_every_page_is_looked_at(tmp_path):
    pages = [stacks.words(stacks.paper(), 5, 1), stacks.paper(), stacks.sheet(Separator(category="1.2"))]
    path = stacks.as_pdf(tmp_path / "a.pdf", [stacks.scanned(p, i) for i, p in enumerate(pages)])
    found = list(apart.look(path, "pdf", 3, Limits()))
    assert [look.kind for look in found] == ["page", "blank", "separator"]
    assert found[2].separator == Separator(category="1.2")
    assert all(look.thumbnail.startswith(b"\xff\xd8") for look in found)


def test_a_page_that_hangs_or_kills_is_taken_as_a_page(tmp_path, monkeypatch):
    path = stacks.as_pdf(tmp_path / "a.pdf", [stacks.words(stacks.paper(72), 5, 1, 72)] * 3, 72)
    monkeypatch.setattr(apart.sys, "executable", "/bin/false")  # a process that dies at once
    found = list(apart.look(path, "pdf", 3, Limits()))
    assert [look.kind for look in found] == ["page"] * 3
    monkeypatch.setattr(apart.sys, "executable", "/bin/cat")  # one that would say nothing, if it did not end
    assert len(list(apart.look(path, "pdf", 30, Limits(), seconds=0.2))) == 30


@pytest.mark.parametrize(("times", "kinds"), [(1, ["page", "separator", "page"]), (2, ["page", "page", "page"])])
def test_a_page_whose_process_was_killed_is_looked_at_once_more(tmp_path, monkeypatch, times, kinds):
    pages = [
        stacks.words(stacks.paper(), 5, 1),
        stacks.sheet(Separator(category="1.2")),
        stacks.words(stacks.paper(), 5, 2),
    ]
    path = stacks.as_pdf(tmp_path / "a.pdf", [stacks.scanned(p, i) for i, p in enumerate(pages)])
    program, deaths = tmp_path / "killed", tmp_path / "deaths"
    program.write_text(
        "#!/bin/sh\n"
        f'[ $(cat {deaths} | wc -l) -ge {times} ] && exec {sys.executable} "$@"\n'
        f"echo >>{deaths}\n"
        f'[ $(cat {deaths} | wc -l) = 1 ] && {sys.executable} "$@" | head -n 1\n'  # the first page, and dead at the second
        "kill -9 $$\n"
    )
    program.chmod(0o755)
    deaths.touch()
    monkeypatch.setattr(apart.sys, "executable", str(program))
    assert [look.kind for look in apart.look(path, "pdf", 3, Limits())] == kinds


@pytest.mark.parametrize(("waits", "says", "kind"), [(True, 0.5, "blank"), (False, 0.5, "page"), (True, 60, "page")])
def test_a_page_that_waits_for_a_processor_is_looked_at_all_the_same(tmp_path, monkeypatch, waits, says, kind):
    path = stacks.as_pdf(tmp_path / "a.pdf", [stacks.paper(72)], 72)
    said = '{"kind": "blank", "ink": 0, "mark": "", "how": "", "thumbnail": ""}'
    program = tmp_path / "slow"
    program.write_text(f"#!/bin/sh\nsleep {says}\necho '{said}'\n")
    program.chmod(0o755)
    monkeypatch.setattr(apart.sys, "executable", str(program))
    monkeypatch.setattr(patience, "HELD_UP", 30 if says < 1 else 4)
    monkeypatch.setattr(patience, "waited", lambda _pid: 1000 * time.monotonic() if waits else 0.0)
    assert [look.kind for look in apart.look(path, "pdf", 1, Limits(), seconds=0.2)] == [kind]


@pytest.mark.parametrize(("state", "kind"), [("whole", "blank"), ("gone", "page"), ("cut", "page")])
def test_an_image_that_cannot_be_unpacked_is_no_blank_back(tmp_path, state, kind):
    white = made.saved(Image.new("RGB", (827, 1169), "white"), "JPEG")
    path = tmp_path / "a.pdf"
    jpeg = {"whole": white, "gone": bytes(len(white)), "cut": white[: len(white) // 2] + b"\xff\xd9"}[state]
    path.write_bytes(made.pdf(jpeg=jpeg))
    assert [look.kind for look in apart.look(path, "pdf", 1, Limits())] == [kind]


def test_of_a_file_that_cannot_be_opened_every_page_is_unseen(tmp_path):
    path = tmp_path / "a.pdf"
    path.write_bytes(b"%PDF-1.4 nothing more")
    assert list(apart.look(path, "pdf", 30, Limits())) == [apart.UNSEEN] * 30


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate"])
def test_a_damaged_page_hides_nothing_that_lies_behind_it(tmp_path, compression):
    pages = [stacks.words(stacks.paper(), 5, 1), stacks.words(stacks.paper(), 5, 2)]
    pages += [stacks.sheet(Separator(category="1.2")), stacks.words(stacks.paper(), 5, 3), stacks.paper()]
    path = stacks.as_tiff(tmp_path / "a.tif", pages, compression=compression)
    with Image.open(path) as image:
        image.seek(1)
        offset, count = image.tag_v2[273][0], image.tag_v2[279][0]
    data = bytearray(path.read_bytes())
    data[offset + 2 : offset + count] = bytes(b ^ 0x5A for b in data[offset + 2 : offset + count])
    path.write_bytes(data)
    found = list(apart.look(path, "tiff", 5, Limits()))
    assert [look.kind for look in found] == ["page", "page", "separator", "page", "blank"]
    assert [bool(look.thumbnail) for look in found] == [True, False, True, True, True]


def test_who_looks_at_pages_may_not_hold_more_memory_than_it_is_given(tmp_path):
    path = stacks.as_pdf(tmp_path / "a.pdf", [stacks.words(stacks.paper(72), 5, 1, 72)], 72)
    job = {"kind": "pdf", "pages": 1, "limits": asdict(Limits()), "first": 0, "own": []}
    for most, said in ((memory.LOOKING, 1), (1, 0)):
        code = f"from intake import memory\nmemory.LOOKING = {most}\nfrom intake.batches import apart\napart._work({job!r})"
        with path.open("rb") as file:
            child = subprocess.run([sys.executable, "-c", code], stdin=file, capture_output=True, check=False)
        assert len(child.stdout.splitlines()) == said
        assert (child.returncode == 0) == bool(said)
