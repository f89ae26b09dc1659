"""Rebuilding the embedded index while it answers: one whole generation answers at any moment, killed or not."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from threading import Event, Thread, get_ident

import pytest

from search.adapters import open_index, tantivy
from search.errors import IndexUnavailable
from search.model import IndexedPage, Reader
from search.syntax import parse
from tests.thorough import so_many

EVERYONE = Reader(None)


@pytest.fixture
def index(tmp_path):
    return open_index(f"tantivy://{tmp_path}")


def page(document, text):
    return [IndexedPage(document, 1, text, stamp="s")]


def total(index, text):
    return index.search(parse(text), EVERYONE).total


def generations(path):
    return sorted(entry.name for entry in path.iterdir() if entry.is_dir())


def test_a_rebuild_that_was_killed_leaves_a_whole_index_and_goes_on(tmp_path, index):
    index.replace_many({f"d{n}": page(f"d{n}", "合同旧文") for n in range(40)})
    program = (
        "import sys\n"
        "from search.adapters import open_index\n"
        "from search.model import IndexedPage\n"
        "index = open_index('tantivy://' + sys.argv[1])\n"
        "while True:\n"
        "    index.begin()\n"
        "    done = dict(index.filled())\n"
        "    for n in range(0, 40, 8):\n"
        "        index.fill({f'd{m}': [IndexedPage(f'd{m}', 1, '合同新文', stamp='s')] for m in range(n, n + 8)})\n"
        "        print(n, flush=True)\n"
        "    index.finish()\n"
    )
    rng = random.Random(7)
    for _ in range(so_many(4, 2)):
        builder = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE)
        builder.stdout.readline()
        time.sleep(rng.uniform(0, 0.2))
        os.kill(builder.pid, signal.SIGKILL)
        builder.wait()
        builder.stdout.close()
        assert total(index, "合同") == 40
        assert total(index, "旧文") in (0, 40)  # never half of one and half of the other
        index.replace("after", page("after", "之后"))
        assert total(index, "之后") == 1
        index.remove("after")
    index.begin()
    index.fill({f"d{n}": page(f"d{n}", "合同新文") for n in range(40)})
    index.finish()
    assert (total(index, "新文"), total(index, "旧文")) == (40, 0)
    assert len(generations(tmp_path)) == 1
    assert not (tmp_path / "next").exists()


def test_one_that_lies_there_from_another_version_is_said_not_misread(tmp_path, index):
    index.replace("d", page("d", "合同"))
    name = (tmp_path / "current").read_text()
    (tmp_path / "current").write_text("v2-000001")
    other = open_index(f"tantivy://{tmp_path}")
    with pytest.raises(IndexUnavailable, match=r"another version.*`juanzong reindex`"):
        total(other, "合同")
    (tmp_path / "current").write_text(name)
    assert total(other, "合同") == 1
    (tmp_path / "current").unlink()
    with pytest.raises(IndexUnavailable, match=r"is missing.*`juanzong reindex`"):
        other.check()
    other.clear()
    assert total(other, "合同") == 0
    shutil.rmtree(tmp_path)
    tmp_path.mkdir()
    (tmp_path / "meta.json").write_text("{}")  # as the first version had it
    with pytest.raises(IndexUnavailable, match=r"another version.*`juanzong reindex`"):
        open_index(f"tantivy://{tmp_path}").check()


def test_a_lost_generation_is_lost_and_not_empty(tmp_path, index):
    index.replace("d", page("d", "合同"))
    shutil.rmtree(tmp_path / generations(tmp_path)[0])
    with pytest.raises(IndexUnavailable, match="juanzong reindex"):
        total(open_index(f"tantivy://{tmp_path}"), "合同")


@pytest.mark.parametrize("half", [False, True])
def test_a_kill_before_the_first_generation_was_named_costs_nothing(tmp_path, index, half):
    index.check()
    (made,) = generations(tmp_path)
    (tmp_path / "current").unlink()
    if half:
        (tmp_path / made / "meta.json").unlink()
    again = open_index(f"tantivy://{tmp_path}")
    again.replace("d", page("d", "合同正文"))
    assert total(again, "合同") == 1
    (tmp_path / "current").unlink()
    with pytest.raises(IndexUnavailable):  # one with entries is not taken for none
        open_index(f"tantivy://{tmp_path}").check()


def test_a_damaged_rebuild_is_begun_anew_and_costs_no_change(tmp_path, index):
    index.replace("d", page("d", "合同"))
    index.begin()
    index.fill({"d": page("d", "合同")})
    assert dict(index.filled()) == {"d": "s"}
    (tmp_path / (tmp_path / "next").read_text() / "meta.json").write_text("{")
    index.replace("e", page("e", "合同"))
    assert total(index, "合同") == 2
    with pytest.raises(IndexUnavailable, match="builds it anew"):
        index.finish()
    index.remove("e")  # nothing of it may lie there, and what is damaged cannot tell
    assert total(index, "合同") == 1
    assert not index.begun()
    with pytest.raises(IndexUnavailable, match="begins it anew"):
        index.finish()
    index.begin()
    assert list(index.filled()) == []


@pytest.mark.parametrize("step", ["_entry", "_conclude"])
def test_what_comes_while_a_batch_of_a_rebuild_is_written_is_found_before_that_ends(tmp_path, index, monkeypatch, step):
    """Neither the making of a batch nor its commit may hold what comes meanwhile."""
    place = tantivy if step == "_entry" else tantivy.TantivyIndex
    real, under_way, go_on = getattr(place, step), Event(), Event()
    builder: list[int] = []

    def held(*given):
        if step == "_conclude" or get_ident() in builder:
            under_way.set()
            assert go_on.wait(60)
        return real(*given)

    def fill():
        builder.append(get_ident())
        index.fill({f"old{n}": page(f"old{n}", "合同旧文") for n in range(3)})

    monkeypatch.setattr(place, step, held)
    monkeypatch.setattr(tantivy, "_WAIT_SECONDS", 0.1)
    index.begin()
    busy = Thread(target=fill)
    busy.start()
    try:
        assert under_way.wait(60)
        other = open_index(f"tantivy://{tmp_path}")  # as another process
        other.replace("new", page("new", "合同新文"))
        assert total(other, "新文") == 1
        assert "new" not in dict(other._next().states())  # the batch is not written
    finally:
        go_on.set()
        busy.join()
    monkeypatch.undo()
    assert dict(index.filled()) == {"old0": "s", "old1": "s", "old2": "s", "new": "s"}
    index.finish()
    assert total(index, "合同") == 4


def test_a_batch_read_before_a_change_brings_nothing_back(index):
    index.replace_many({"changed": page("changed", "合同旧文"), "gone": page("gone", "合同密文")})
    index.begin()
    index.replace("changed", page("changed", "合同新文"))
    index.remove("gone")
    index.fill({"changed": page("changed", "合同旧文"), "gone": page("gone", "合同密文")})
    index.finish()
    assert (total(index, "新文"), total(index, "旧文"), total(index, "密文")) == (1, 0, 0)
    assert not index.contains("gone")
    assert not list(index._path.rglob("changed"))


def test_a_reader_of_another_process_follows_to_the_next_generation(tmp_path, index):
    index.replace("d", page("d", "合同"))
    other = open_index(f"tantivy://{tmp_path}")
    assert total(other, "合同") == 1
    index.begin()
    index.fill({"d": page("d", "合同"), "e": page("e", "合同")})
    assert total(other, "合同") == 1
    index.finish()
    assert total(other, "合同") == 2
    assert json.loads((tmp_path / generations(tmp_path)[0] / "meta.json").read_text())["segments"]
