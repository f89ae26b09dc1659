"""The time a process has: what it waits for a processor is its own besides, and nothing else is."""

import os
import subprocess
import sys
import time

import pytest

from intake import patience
from intake.patience import Patience, family, waited


@pytest.mark.parametrize(
    ("waits", "left"),
    [(4.0, 0.0), (4.0625, 0.0625), (6.5, 2.5), (63.0, 12.0), (1e6, 12.0)],
    ids=["not at all", "a little", "some", "nearly all the time", "with many threads"],
)
def test_what_a_process_waited_for_a_processor_is_given_to_it_once(monkeypatch, waits, left):
    clock, total = [0.0], [4.0]
    monkeypatch.setattr(patience, "HELD_UP", 0.2)
    monkeypatch.setattr(patience.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(patience, "waited", lambda _pid: total[0])
    given = Patience(60.0, 1)
    clock[0], total[0] = 59.0, waits
    assert given.left() == 1.0
    clock[0] = 60.0
    assert given.left() == left
    clock[0] += left
    assert given.left() == 0.0


def test_another_process_goes_on_with_what_is_left(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(patience.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(patience, "waited", {0: 0.0, 1: 10.0, 2: 90.0}.__getitem__)
    given = Patience(60.0, 1)
    clock[0] = 59.0
    given.watch(2)
    assert (given.left(), given.most()) == (1.0, 241.0)
    clock[0] = 60.0
    assert given.left() == 0.0, "what another one waited before is not its own"


def test_the_system_tells_how_long_a_process_and_what_it_started_waited_for_a_processor():
    script = "import os\nparent = os.getppid()\nwhile os.getppid() == parent: pass"
    start = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {script!r}])"
    one = min(os.sched_getaffinity(0))
    command = ["taskset", "-c", str(one), sys.executable, "-c"]
    with subprocess.Popen([*command, start]) as parent, subprocess.Popen([*command, "while True: pass"]) as other:
        try:
            began = time.monotonic()
            while len(family(parent.pid)) < 2 or waited(family(parent.pid)[1]) < 0.2:  # three share one processor
                assert time.monotonic() - began < 30
                time.sleep(0.05)
            child = waited(family(parent.pid)[1])
            assert waited(parent.pid) >= child
        finally:
            parent.kill()
            other.kill()
    assert (family(parent.pid), waited(parent.pid)) == ([], 0.0)
