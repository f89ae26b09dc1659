"""What a backup and a restore cost: `python -m tools.bench_backup [--large N] [--small N]`.

An archive on the embedded parts with N objects of 256 MiB and N of 20 KiB is backed up, backed up again on top of that, and
restored into an empty system, which opens every object. Beside it the plain copy of its objects. Memory is what the process
has more than before, looked at fifty times a second. Prints one JSON object per line.
"""

import argparse
import io
import json
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from service.access.policy import Actor
from service.bootstrap import build, make_home, prepare
from service.flow.backup.check import open_chain
from service.flow.backup.restore import restore
from service.flow.backup.take import How, take
from service.house import House
from service.records.tables import Document, Rendition, WrappedKey, new_id
from service.settings import load

MIB = 1 << 20
OWNER = Actor("cli:bench", owner=True)


def resident() -> int:
    return next(int(line.split()[1]) for line in Path("/proc/self/status").open() if line.startswith("VmRSS"))


@contextmanager
def measured(what: str, **more: Any) -> Iterator[dict[str, Any]]:
    """Print how long something took and how much memory it added."""
    base = peak = resident()
    over = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not over.wait(0.02):
            peak = max(peak, resident())

    watcher = threading.Thread(target=watch)
    watcher.start()
    begun, said = time.monotonic(), dict(more)
    try:
        yield said
    finally:
        over.set()
        watcher.join()
    seconds = round(time.monotonic() - begun, 2)
    print(json.dumps({"what": what, "seconds": seconds, "added_mib": (peak - base) // 1024, **said}), flush=True)


def keep(house: House, data: bytes) -> None:
    """Put a document into the archive that consists of its original alone."""
    name = new_id()
    key, wrapped = house.keys.new(UUID(name))
    sealed = house.vault.put(UUID(name), key, io.BytesIO(data))
    with house.database.write() as session:
        kept = {"sha256": sealed.sha256, "size": sealed.size, "media_type": "application/pdf"}
        row = Document(id=name, filename="a.pdf", pages=1, status="stored", received_by="bench", **kept)
        row.received_at = house.clock.now()
        session.add(row)
        session.flush()
        session.add(WrappedKey(document_id=name, wrapped=wrapped, master_key_id=house.keys.key_id))
        more = {"kind": "original", "state": "kept", "sealed_size": sealed.sealed_size}
        session.add(Rendition(id=name, document_id=name, **kept, **more))


def archive(home: Path, key: Path | None = None) -> House:
    settings = load({"JUANZONG_HOME": str(home), **({"JUANZONG_KEY_FILE": str(key)} if key else {})})
    if key is None:
        prepare(settings)
    else:
        make_home(settings)
    return build(settings, empty=key is not None)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--large", type=int, default=4)
    parser.add_argument("--small", type=int, default=1000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        house = archive(root / "home")
        for _ in range(asked.large):
            keep(house, os.urandom(256 * MIB))
        for _ in range(asked.small):
            keep(house, os.urandom(20 * 1024))
        with measured("plain copy of the objects"):
            shutil.copytree(root / "home" / "objects", root / "copy")
            os.sync()
        shutil.rmtree(root / "copy")
        with measured("backup") as said:
            taken = take(house, OWNER, root / "full.jz")
            said |= {"objects": taken.objects, "mib": taken.size // MIB}
        with measured("incremental backup") as said:
            more = take(house, OWNER, root / "more.jz", How(open_chain([root / "full.jz"], house.keys).newest))
            said |= {"objects": more.objects, "mib": round(more.size / MIB, 2)}
        other = archive(root / "other", root / "home" / "keys" / "master.key")
        with measured("restore") as said:
            chain = open_chain([root / "full.jz"], other.keys)
            proof = restore(other, OWNER, chain, None, without_register=True)
            said |= {"ok": proof.ok, "objects": proof.objects}


if __name__ == "__main__":
    main()
