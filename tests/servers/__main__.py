"""python -m tests.servers: the real servers of the tests, by hand.

obtain          fetch those that are not on this machine (MinIO, Versity S3 Gateway, Elasticsearch, Java)
up              start all; prints the line that makes later test runs use them
down            stop what `up` started
"""

import os
import subprocess
import sys
from pathlib import Path

from tests.servers import programs, shared
from tests.servers.keeper import keep
from tests.servers.plans import PLANS


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")


def _complain(words: str | None) -> None:
    sys.stderr.write(f"{words}\n")


def _up() -> int:
    place = shared.open_place(owner=1)
    status = 0
    for name in PLANS:
        try:
            shared.url_of(name)
            _say(f"# {name} is up")
        except (programs.Missing, shared.Broken) as error:
            _complain(f"# {name}: {error}")
            status = 1
    _say(f"export {shared.PLACE}={place}")
    return status


def _down() -> int:
    if shared.PLACE not in os.environ:
        _complain(f"{shared.PLACE} is not set: nothing to stop")
        return 2
    shared.stop_all(Path(os.environ[shared.PLACE]))
    return 0


def _obtain() -> int:
    try:
        programs.obtain()
    except (subprocess.CalledProcessError, FileNotFoundError, programs.Missing) as error:
        _complain(f"cannot obtain the servers: {error}")
        return 1
    return 0


def main(words: list[str]) -> int:
    """Carry out one command; return its exit status."""
    match words:
        case ["obtain"]:
            return _obtain()
        case ["up"]:
            return _up()
        case ["down"]:
            return _down()
        case ["keep", name, place, owner]:
            return keep(name, Path(place), int(owner))
        case _:
            _complain(__doc__)
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
