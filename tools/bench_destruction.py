"""Destroy many files and look for what is left: `python -m tools.bench_destruction [--files N] [--home FOLDER]`.

Each file has one document with a planted word in its text, its name, its title and its values. The review goes through its own
steps; afterwards `tools.destruction_scan` looks everywhere. Prints one JSON object per line, with the time on the clock and what this
process worked; exit 1 when a trace is left.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from secrets import token_hex
from typing import Any

import pikepdf

from service.access import people
from service.access.papers import KINDS, PaperGiven
from service.access.policy import Actor
from service.bootstrap import build, prepare
from service.flow.archive import destroy, reviews
from service.flow.intake.process import process
from service.flow.intake.receive import receive
from service.house import House
from service.records.tables import (
    CaseFile,
    Document,
    DocumentField,
    FieldCorrection,
    LastSave,
)
from service.settings import load
from tools.destruction_scan import planted, traces

OWNER = Actor("cli:bench", owner=True)
CLOSED, DUE, PROPOSED, EXECUTED = date(2010, 6, 30), date(2021, 1, 1), date(2026, 11, 25), date(2026, 12, 3)
GROUP, APPROVER, SUPERVISORS = ("first", "second", "third"), "head", ("fourth", "fifth")


def write_pdf(path: Path, word: str) -> None:
    """Write a small page with a text layer that holds `word`."""
    with pikepdf.new() as pdf:
        font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
        page = pdf.add_blank_page(page_size=(200, 120))
        lines = (
            f"Number {word}",
            "Delivery note to the framework contract between both parties.",
            "Received in order.",
        )
        drawn = "".join(f"BT /F 5 Tf 10 {100 - 12 * n} Td ({line}) Tj ET\n" for n, line in enumerate(lines))
        page.Contents = pdf.make_stream(drawn.encode())
        page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F=pdf.make_indirect(font)))
        pdf.save(path)


def plant(
    house: House, actor: Actor, department_id: str, number: int, folder: Path, *, read: bool = True
) -> tuple[str, str, str]:
    """Make an archived file whose period has ended, with one document; returns (file id, document id, planted word).

    read: whether the document is read and indexed, too; otherwise it has its original alone.
    """
    word = f"mark{token_hex(8)}"
    path = folder / f"{word}.pdf"
    write_pdf(path, word)
    document_id = receive(house, actor, path, path.name).document_id
    path.unlink()
    if read:
        process(house, document_id)
    with house.database.write() as session:
        file = CaseFile(
            kind="credit",
            title=f"客户信用档案 {number}",
            department_id=department_id,
            state="archived",
            archive_number=f"J001-XY·2010-D10-XS-{number:04}",
            archived_on=CLOSED,
            closed_on=CLOSED,
            retention="D10",
            due_on=DUE,
            created_at=datetime(2010, 1, 4, tzinfo=UTC),
        )
        session.add(file)
        session.flush()
        document = session.get_one(Document, document_id)
        document.case_file_id, document.title, document.category = file.id, f"函件 {word}", "5.11"
        value = DocumentField(name="party_a", value=word, page=1, box=[], confidence=0.9, read_value=word)
        document.fields = [value]
        now = house.clock.now()
        what = {"field": "party_a", "category": "5.11", "kind": "", "page": 1, "engine": "rapidocr", "marks": []}
        said = {"read_value": word, "confidence": 0.5, "corrected_value": word, "by": actor.name, "at": now}
        session.add(FieldCorrection(document_id=document_id, **what, **said))
        before = {"party_a": {"value": word}}
        session.add(
            LastSave(document_id=document_id, by=actor.name, at=now, before=before, after="0" * 64, corrections=[])
        )
        return file.id, document_id, word


def review_of(house: House, actors: Mapping[str, Actor], files: list[str]) -> str:
    """Bring a review of these files to where it may be executed; returns its id."""
    house.clock.move_to(PROPOSED)
    ids = {name: actors[name].person_id or "" for name in actors}
    group, supervisors = [ids[name] for name in GROUP], [ids[name] for name in SUPERVISORS]
    review_id = reviews.propose(house, actors["archivist"], files, group, ids[APPROVER], supervisors).id
    for name in GROUP:
        reviews.add_opinions(house, actors[name], review_id, files, "destroy", reason="期满，无争议")
    reviews.approve(house, actors[APPROVER], review_id)
    house.clock.move_to(EXECUTED)
    for name in SUPERVISORS:
        reviews.supervise(house, actors[name], review_id)
    return review_id


@contextmanager
def _timed(what: str, **more: Any) -> Iterator[None]:
    begun, worked = time.monotonic(), time.process_time()
    yield
    took = {"seconds": round(time.monotonic() - begun, 2), "processor_s": round(time.process_time() - worked, 2)}
    print(json.dumps({"what": what, **took, **more, "load": round(os.getloadavg()[0], 1)}), flush=True)


def _staff(house: House, department_id: str) -> dict[str, Actor]:
    papers = [PaperGiven(kind, date(2020, 1, 1), None, "人事档案") for kind in KINDS]
    roles = dict.fromkeys((*GROUP, APPROVER, *SUPERVISORS), "department_head") | {
        "archivist": "archivist",
        "handler": "handler",
    }
    found = {}
    for login, role in roles.items():
        secret = people.invite(house, OWNER, login, login, [role], department_id, "internal", papers)
        found[login] = people.actor_of_person(house, people.invited_person(house, secret))
    return found


def run(env: dict[str, str], files: int, folder: Path) -> int:
    settings = load(env)
    prepare(settings)
    house = build(settings)
    house.clock.move_to(PROPOSED)
    department = people.create_department(house, OWNER, "XS", "销售部")
    actors = _staff(house, department.id)
    with _timed("taken in, sealed, read, indexed", files=files):
        made = [plant(house, actors["handler"], department.id, n, folder) for n in range(1, files + 1)]
    gone = planted(
        f"sqlite:///{settings.home}/juanzong.db",
        frozenset(word for _, _, word in made),
        frozenset(document for _, document, _ in made),
    )
    with _timed("scanned before", traces=len(traces(env, gone)), objects=len(gone.objects), keys=len(gone.keys)):
        pass
    with _timed("reviewed", files=files):
        review_id = review_of(house, actors, [file for file, _, _ in made])
    with _timed("destroyed", files=files):
        outcomes = destroy.execute(house, actors["archivist"], review_id)
    with _timed("certified"):
        for name in SUPERVISORS:
            reviews.supervise(house, actors[name], review_id)
    house.database.dispose()
    left = traces(env, gone)
    destroyed = sum(outcome.outcome == "destroyed" for outcome in outcomes)
    print(json.dumps({"what": "scanned after", "traces": len(left), "destroyed": destroyed, "first": left[:5]}))
    return int(bool(left) or destroyed != files)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--home", type=Path, default=None, help="where to work; a temporary folder unless given")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.home) as folder:
        home = Path(folder) / "home"
        sys.exit(run({"JUANZONG_HOME": str(home), "JUANZONG_MODE": "test"}, given.files, Path(folder)))


if __name__ == "__main__":
    main()
