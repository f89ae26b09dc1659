"""One instance of each server for a whole test run, started when first wanted, whatever number of workers share it."""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.servers.keeper import EXIT_MISSING
from tests.servers.programs import Missing

PLACE = "JUANZONG_TEST_SERVERS"
OWNER = "JUANZONG_TEST_SERVERS_OWNER"
ROOT = Path(__file__).resolve().parents[2]
SECONDS_TO_STOP = 40.0


class Broken(Exception):
    """A server is on this machine and does not start."""


def open_place(owner: int) -> Path:
    """Make the directory of a run's servers and name it in the environment, where its workers find it."""
    place = Path(tempfile.mkdtemp(prefix="juanzong-servers-"))
    place.chmod(0o711)  # a server that runs as somebody else passes through
    os.environ[PLACE] = str(place)
    os.environ[OWNER] = str(owner)
    return place


def url_of(name: str) -> str:
    """Return the address of the server, started now if it was not. Raises Missing or Broken, each time at once."""
    place = Path(os.environ[PLACE])
    with (place / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        known, refused = place / f"{name}.json", place / f"{name}.refused"
        if not known.exists() and not refused.exists():
            answer = subprocess.run(
                [sys.executable, "-m", "tests.servers", "keep", name, str(place), os.environ[OWNER]],
                cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, start_new_session=True,
            )  # fmt: skip
            if answer.returncode:
                refused.write_text(json.dumps([answer.returncode, answer.stderr.strip()]))
        if refused.exists():
            status, words = json.loads(refused.read_text())
            raise (Missing if status == EXIT_MISSING else Broken)(words)
        return str(json.loads(known.read_text())["url"])


def stop_all(place: Path) -> None:
    """Stop every server of the run and remove what they wrote."""
    for known in place.glob("*.json"):
        try:
            os.kill(json.loads(known.read_text())["keeper"], signal.SIGTERM)
        except (ProcessLookupError, FileNotFoundError):
            known.unlink(missing_ok=True)
    end = time.monotonic() + SECONDS_TO_STOP
    while any(place.glob("*.json")) and time.monotonic() < end:
        time.sleep(0.1)
    shutil.rmtree(place, ignore_errors=True)
