"""Looking at the pages of a stack in a process of its own: a page that kills or hangs it is taken as an ordinary page.

look ─▶ python -m intake.batches.apart (the file as its standard input) ─▶ a line of JSON a page
"""

import base64
import io
import json
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from intake import memory
from intake.batches.own_labels import OwnLabel, as_plain
from intake.batches.payload import Separator, decode, encode
from intake.batches.plan import Kind
from intake.child_handle import Dead, Late
from intake.errors import Rejected
from intake.model import Inspection, Limits
from intake.patience import Patience

SECONDS = 60.0
_FAILURES = 5  # a file whose pages keep killing the process is not looked at any further
_IN_A_ROW = 20  # so many damaged pages one after the other, and the rest of the file is not looked at
_SIDE = 280  # pixels of the longer side of a small picture


@dataclass(frozen=True)
class Look:
    """One page as it was looked at. thumbnail: JPEG, empty when the page could not be looked at. how: what the mark was read from."""

    kind: Kind
    ink: float
    separator: Separator | None
    how: str
    thumbnail: bytes


UNSEEN = Look("page", 0.0, None, "", b"")


def look(
    path: Path, kind: str, pages: int, limits: Limits, own: Sequence[OwnLabel] = (), *, seconds: float = SECONDS
) -> Iterator[Look]:
    """Yield a look at every page in order, as many as `pages`. own: the company's own labels. seconds: how long one may take, not counted what it waits for a processor.

    A page whose damage shows only now is unseen, and those behind it are looked at all the same. So is one at which the
    process hung or, begun anew with it, died once more: the first time it may have been the machine that lacked memory.
    """
    done, failures, again = 0, 0, -1
    while done < pages:
        died = False
        try:
            for found in _from_child(path, kind, pages, limits, own, done, seconds):
                done += 1
                yield found
        except Dead:
            died = True
        except Late:
            pass
        if died and again != done < pages:
            again = done
        elif done < pages:
            failures += 1
            yield UNSEEN
            done += 1
            if failures >= _FAILURES:
                yield from (UNSEEN for _ in range(pages - done))
                return


def _from_child(
    path: Path, kind: str, pages: int, limits: Limits, own: Sequence[OwnLabel], first: int, seconds: float
) -> Iterator[Look]:
    """Yield looks from page `first` (from 0) on until the process ends. Raises Dead when it was killed, Late."""
    job = json.dumps({"kind": kind, "pages": pages, "limits": asdict(limits), "first": first, "own": as_plain(own)})
    with path.open("rb") as file:
        child = subprocess.Popen(  # noqa: S603 - this program, with its own module
            [sys.executable, "-m", "intake.batches.apart", job],
            stdin=file,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PATH": os.defpath},  # settings hold passwords; whoever opens foreign files has no use for them
            cwd=Path(__file__).parents[2],
        )
    try:
        for line in _lines(child, seconds):
            said = json.loads(line)
            mark = decode(said["mark"]) if said["mark"] else None
            yield Look(said["kind"], said["ink"], mark, said["how"], base64.b64decode(said["thumbnail"]))
        with suppress(subprocess.TimeoutExpired):
            if child.wait(seconds) != 0:
                raise Dead
    finally:
        child.kill()
        child.wait()
        if child.stdout is not None:
            child.stdout.close()


def _lines(child: subprocess.Popen[bytes], seconds: float) -> Iterator[bytes]:
    """Yield whole lines; ends with the stream. Raises Late when a line takes longer than it may."""
    assert child.stdout is not None  # noqa: S101 - asked for above
    waiting, patience = b"", Patience(seconds, child.pid)
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout, selectors.EVENT_READ)
        while patience.left():
            if not selector.select(max(0.0, patience.until - time.monotonic())):
                continue
            block = os.read(child.stdout.fileno(), 1 << 16)
            if not block:
                return
            waiting += block
            *whole, waiting = waiting.split(b"\n")
            if whole:
                yield from whole
                patience = Patience(seconds, child.pid)
    raise Late


def _work(job: dict[str, Any]) -> None:
    """Look at the pages of standard input, and say each in a line."""
    page, damaged = job["first"], 0
    while page < job["pages"] and damaged < _IN_A_ROW:
        try:
            for said in _looks(job, page):
                print(json.dumps(said), flush=True)  # noqa: T201 - this is how the process answers
                page, damaged = page + 1, 0
        except Rejected:
            said = {"kind": "page", "ink": 0.0, "mark": "", "how": "", "thumbnail": ""}
            print(json.dumps(said), flush=True)  # noqa: T201 - as above
            page, damaged = page + 1, damaged + 1


def _looks(job: dict[str, Any], first: int) -> Iterator[dict[str, Any]]:
    """Yield what is said of each page from `first` on. Raises Rejected for the first one that is damaged."""
    import numpy as np
    from PIL import Image

    from intake.batches import blank, looking, marks, own_labels

    inspection = Inspection(job["kind"], "", job["pages"], 0, "")
    path = Path(f"/proc/self/fd/{sys.stdin.fileno()}")
    own = [own_labels.parse(label) for label in job["own"]]
    memory.limit(memory.LOOKING)
    with closing(looking.pages(path, inspection, Limits(**job["limits"]), first=first)) as pages:
        for image, dpi, is_damaged in pages:
            picture = Image.fromarray(image)
            mark = marks.find(np.asarray(picture.convert("L")), dpi, own)
            ink = blank.ink(image, dpi)
            kind: Kind = "page"
            if mark is not None and not mark.separator.label:
                kind = "separator"
            elif mark is None and ink < blank.BLANK and is_damaged() is False:  # who knows what stood there
                kind = "blank"
            picture.thumbnail((_SIDE, _SIDE), reducing_gap=2.0)
            out = io.BytesIO()
            picture.save(out, "JPEG", quality=70)
            yield {
                "kind": kind,
                "ink": ink,
                "mark": encode(mark.separator) if mark is not None else "",
                "how": mark.how if mark is not None else "",
                "thumbnail": base64.b64encode(out.getvalue()).decode(),
            }
            memory.limit(memory.LOOKING)


if __name__ == "__main__":
    _work(json.loads(sys.argv[1]))
