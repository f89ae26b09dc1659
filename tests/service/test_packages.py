"""A case file leaves as a signed bag and is the same file in another archive (RULES Part B, Electronic package; RFC 8493)."""

import json
import random
import subprocess
import sys
import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from sqlalchemy import select

from service.errors import BadInput, NotAllowed, NotFound, RuleRefused
from service.flow.archive import ledger
from service.flow.archive.checks import verify_audit
from service.flow.archive.package_import import import_package
from service.flow.archive.packages import export_package
from service.flow.archive.paper_file import count_papers
from service.flow.intake import render
from service.flow.intake.views import document_as_json, file_as_json
from service.flow.search import find
from service.records.tables import (
    AuditEntry,
    CaseFile,
    Contract,
    ContractEvent,
    Document,
    FormerNumber,
    Milestone,
    PaperCount,
)
from tests.service.conftest import OWNER, Office, embedded_env, open_office
from tests.service.test_api import client, headers  # noqa: F401 - fixtures
from tests.service.test_flow import due_file, new_contract


def _told_of(office: Office, file_id: str, document_id: str) -> None:
    """What else is known of a file: milestones, what it was called before, how much of it is paper."""
    house, now = office.house, office.house.clock.now()
    with house.database.write() as session:
        contract_id = session.get_one(CaseFile, file_id).contract_id or ""
        set_ = {"contract_id": contract_id, "set_by": "person:handler", "set_at": now, "due_on": date(2026, 11, 10)}
        done = {"done_on": date(2026, 11, 12), "done_by": "person:handler", "document_id": document_id}
        session.add(Milestone(kind="payment", title="首付款", amount=Decimal("9000.00"), **set_, **done))
        session.add(
            Milestone(kind="performance", title="试运行", dropped_by="person:handler", dropped_why="免", **set_)
        )
        noted = {"case_file_id": file_id, "entered_by": "person:administrator", "entered_at": now}
        session.add(FormerNumber(kind="archive", number="旧-2009-17", **noted))
        session.scalars(
            select(ContractEvent).where(ContractEvent.contract_id == contract_id)
        ).first().document_id = document_id
    count_papers(house, office["administrator"], file_id, "1.9", 2, 1)


def _else_known(office: Office, file_id: str) -> dict:
    with office.house.database.read() as session:
        contract_id = session.get_one(CaseFile, file_id).contract_id
        milestones = session.scalars(select(Milestone).where(Milestone.contract_id == contract_id))
        events = session.scalars(select(ContractEvent).where(ContractEvent.contract_id == contract_id))
        former = session.scalars(select(FormerNumber).where(FormerNumber.case_file_id == file_id))
        counts = session.scalars(select(PaperCount).where(PaperCount.case_file_id == file_id))
        return {
            "milestones": sorted(
                (m.title, m.due_on, m.amount, m.done_on, m.document_id, m.dropped_why) for m in milestones
            ),
            "events": sorted((e.kind, e.finished_on, e.document_id or "") for e in events),
            "former": [(f.kind, f.number) for f in former],
            "paper": [(c.category, c.originals, c.copies) for c in counts],
        }


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    """A package, where it came from, and what its file and document were there."""
    folder = tmp_path_factory.mktemp("packed")
    office = open_office(embedded_env(folder / "home"))
    file_id, document_id = due_file(office)
    _told_of(office, file_id, document_id)
    with (folder / "bag.zip").open("wb") as out:
        bag = export_package(office.house, office["archivist"], file_id, out)
    yield folder / "bag.zip", office, bag, file_id, document_id
    office.house.database.dispose()


@pytest.fixture
def other(tmp_path):
    """Another archive with the same departments and people, and another key."""
    home = tmp_path / "other"
    home.mkdir()  # so that it is no copy of an archive that was made before, with its key
    office = open_office(embedded_env(home))
    yield office
    office.house.database.dispose()


@pytest.fixture(scope="module")
def refusing(tmp_path_factory):
    """Such an archive for all that it refuses: nothing stays in it."""
    office = open_office(embedded_env(tmp_path_factory.mktemp("refusing")))
    yield office
    office.house.database.dispose()


def _as_there(office: Office, file_id: str, document_id: str):
    with office.house.database.read() as session:
        file = file_as_json(session.get_one(CaseFile, file_id))
        document = document_as_json(session.get_one(Document, document_id))
        contract = session.scalars(select(Contract).where(Contract.id == file["contract_id"])).one()
        about = (contract.number, contract.amount, contract.signed_on, contract.ended_on, contract.status)
    for row in (file, document):  # what an archive gives by itself
        for name in ("customer_id", "department_id", "received_by", "confidence", "review_reasons", "preservation"):
            row.pop(name, None)
    for field in document["fields"].values():
        field["entered_by"] = field["entered_by"].rpartition("/")[2]
    return file, document, about


def test_the_public_tool_finds_the_bag_whole(packed, tmp_path):
    pytest.importorskip("bagit")
    with zipfile.ZipFile(packed[0]) as file:
        file.extractall(tmp_path)
    (bag,) = [path for path in tmp_path.iterdir() if (path / "bagit.txt").exists()]

    def valid() -> int:
        program = "import sys, bagit; b = bagit.Bag(sys.argv[1]); b.validate(); print(b.payload_entries().__len__())"
        return subprocess.run([sys.executable, "-c", program, bag], capture_output=True, check=False).returncode

    assert valid() == 0
    (original,) = bag.glob("data/documents/J001-HT·2026-D10-XS-0001-0001/original.pdf")
    original.write_bytes(original.read_bytes() + b"\n")
    assert valid() != 0


def test_the_metadata_has_the_names_of_the_standard(packed):
    source, _office, bag, _file_id, document_id = packed
    with zipfile.ZipFile(source) as file:
        root = ET.fromstring(file.read(f"{bag.name}/data/metadata.xml"))
        history = json.loads(file.read(f"{bag.name}/data/history.json"))
    assert root.findtext("档号") == "J001-HT·2026-D10-XS-0001"
    (item,) = root.findall("文件")
    assert item.findtext("电子文件号") == document_id
    assert item.findtext("数字摘要") == next(d for n, (d, _) in bag.payload.items() if "original" in n)
    assert {"file.archive", "document.receive"} <= {entry["action"] for entry in history["entries"]}


def test_another_archive_has_the_same_file_afterwards(packed, other):
    source, office, bag, file_id, document_id = packed
    made = import_package(other.house, other["archivist"], source, frozenset({bag.public_key}), handler="handler")
    assert (made.file_id, made.documents) == (file_id, (document_id,))
    assert _as_there(other, file_id, document_id) == _as_there(office, file_id, document_id)
    originals = []
    for house in (office.house, other.house):
        with render.open_rendition(house, OWNER, document_id, "original") as opened:
            originals.append(opened.stream.read())
    assert originals[0] == originals[1]
    assert find.find(other.house, other["handler"], "技术服务").hits[0].archive_number == made.archive_number
    with other.house.database.read() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "file.import")).one()
    assert json.loads(entry.detail)["package"] == bag.manifest
    assert verify_audit(other.house, OWNER).ok
    assert _else_known(other, file_id) == _else_known(office, file_id)
    assert all(_else_known(other, file_id).values())
    # Its numbers are not given again here, and it does not come twice.
    other.house.clock.move_to(office.house.clock.today())
    contract_id, _ = new_contract(other)
    assert ledger.get_contract(other.house, OWNER, contract_id).number == "HT-XS-2026-0002"
    with pytest.raises(RuleRefused, match="is here already"):
        import_package(other.house, other["archivist"], source, frozenset({bag.public_key}), handler="handler")


def test_a_former_number_that_is_another_files_here_refuses_the_package(packed, other):
    source, _, bag, _, _ = packed
    _contract, file_id = new_contract(other, signed_on="2025-10-31")
    with other.house.database.write() as session:
        noted = {"case_file_id": file_id, "entered_by": "x", "entered_at": other.house.clock.now()}
        session.add(FormerNumber(kind="archive", number="旧-2009-17", **noted))
    with pytest.raises(RuleRefused, match="旧-2009-17 is a former number here already; nothing was taken in"):
        import_package(other.house, other["archivist"], source, frozenset({bag.public_key}), handler="handler")


def test_an_import_that_was_killed_is_done_again(packed, other, monkeypatch):
    source, _, bag, file_id, document_id = packed
    given = (other.house, other["archivist"], source, frozenset({bag.public_key}))
    with monkeypatch.context() as patch:
        patch.setattr(
            "service.flow.archive.package_import._make_file", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt)
        )
        with pytest.raises(KeyboardInterrupt):
            import_package(*given, handler="handler")
    with other.house.database.read() as session:
        assert session.get(CaseFile, file_id) is None
        assert session.get_one(Document, document_id).case_file_id is None
    assert import_package(*given, handler="handler").documents == (document_id,)


def test_nothing_of_a_package_lies_readable_on_the_disk_while_it_is_taken_in(packed, other, monkeypatch):
    """A process that is killed leaves what lies there; so nothing may."""
    source, _, bag, _, _ = packed
    home, seen = other.house.settings.home, []

    def look_around(*_given, **_more):
        seen.extend(path for path in (home / "tmp").rglob("*") if path.is_file() and b"%PDF" in path.read_bytes())
        raise KeyboardInterrupt

    for step in ("receive", "_make_file"):
        with monkeypatch.context() as patch:
            patch.setattr(f"service.flow.archive.package_import.{step}", look_around)
            with pytest.raises(KeyboardInterrupt):
                import_package(other.house, other["archivist"], source, frozenset({bag.public_key}), handler="handler")
    assert seen == []


def test_who_may_pack_and_who_may_take_in(packed, other, client, headers, embedded):  # noqa: F811 - the fixtures
    source, office, bag, file_id, _ = packed
    with pytest.raises(NotAllowed), (source.parent / "none.zip").open("wb") as out:
        export_package(office.house, office["handler"], file_id, out)
    with pytest.raises(NotAllowed):
        import_package(other.house, other["administrator"], source, frozenset({bag.public_key}), handler="handler")
    for name, given in (("handler", {}), ("department", {"handler": "handler", "department": "NO"})):
        with pytest.raises((BadInput, NotFound), match=name):
            import_package(other.house, other["archivist"], source, frozenset({bag.public_key}), **given)
    with pytest.raises(BadInput, match="not named"):
        import_package(other.house, other["archivist"], source, frozenset(), handler="handler")
    with other.house.database.read() as session:
        assert session.scalars(select(Document.id)).all() == []
    here, _ = due_file(embedded)
    answer = client.get(f"/api/v1/files/{here}/package", headers=headers("archivist"))
    assert (answer.status_code, answer.content_type) == (200, "application/zip")
    assert client.get(f"/api/v1/files/{here}/package", headers=headers("handler")).status_code == 403


def _spoilt(source: Path, target: Path, spoil) -> Path:
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        rows = {row.filename: old.read(row) for row in old.infolist()}
        for name, content in spoil(rows).items():
            new.writestr(name, content)
    return target


def _changed(part: str):
    def spoil(rows):
        (name,) = [name for name in rows if name.endswith(part)]
        return {**rows, name: rows[name] + b" "}

    return spoil


def _without(part: str):
    return lambda rows: {name: content for name, content in rows.items() if not name.endswith(part)}


SPOILT = {
    "original": _changed("original.pdf"),
    "metadata": _changed("file.json"),
    "manifest": _changed("/manifest-sha256.txt"),
    "tags": _changed("bag-info.txt"),
    "one more": lambda rows: {**rows, f"{next(iter(rows)).partition('/')[0]}/data/more.txt": b"x"},
    "lost": _without("original.pdf"),
    "no signature": _without("sig.json"),
    "no bag": _without("bagit.txt"),
    "two bags": lambda rows: {**rows, "second/bagit.txt": b"x"},
    "a way out": lambda rows: {**rows, f"{next(iter(rows)).partition('/')[0]}/../../evil": b"x"},
    "an absolute way": lambda rows: {**rows, "/etc/evil": b"x"},
    "empty": lambda _rows: {},
}


@pytest.mark.parametrize("how", SPOILT)
def test_what_was_changed_or_is_no_package_is_refused_whole(packed, refusing, tmp_path, how):
    source, _, bag, _, _ = packed
    spoilt = _spoilt(source, tmp_path / "spoilt.zip", SPOILT[how])
    with pytest.raises(BadInput, match="cannot be taken in"):
        import_package(refusing.house, refusing["archivist"], spoilt, frozenset({bag.public_key}), handler="handler")
    _nothing_left(refusing)


def test_a_zip_with_any_changed_byte_is_refused_in_one_line_or_is_the_same(packed, refusing, tmp_path):
    source, draw = packed[0].read_bytes(), random.Random(7)
    for _ in range(60):
        changed = bytearray(source)
        changed[draw.randrange(len(changed))] ^= draw.randrange(1, 256)
        (tmp_path / "changed.zip").write_bytes(changed)
        with pytest.raises(BadInput, match="cannot be taken in"):  # nobody's key is believed, so none comes in
            import_package(
                refusing.house, refusing["archivist"], tmp_path / "changed.zip", frozenset(), handler="handler"
            )
    _nothing_left(refusing)


def test_what_is_no_zip_is_refused(packed, refusing, tmp_path):
    (tmp_path / "no.zip").write_bytes(packed[0].read_bytes()[: 4 << 10])
    with pytest.raises(BadInput, match="no zip"):
        import_package(refusing.house, refusing["archivist"], tmp_path / "no.zip", frozenset(), handler="handler")
    _nothing_left(refusing)


def _nothing_left(office: Office) -> None:
    with office.house.database.read() as session:
        assert session.scalars(select(Document.id)).all() == []
    assert list((office.house.settings.home / "tmp").iterdir()) == []


def test_on_the_command_line(packed, other, tmp_path, juanzong_here):
    _source, office, _bag, file_id, _ = packed
    out = tmp_path / "again.zip"
    env = {**office.env, "JUANZONG_TODAY": "2037-01-04"}
    said = json.loads(juanzong_here(env, "package", "export", file_id, "-o", out, "--json").stdout)
    assert said["documents"] == 1
    args = ("--public-key", said["public_key"], "--handler", "handler", "--json")
    other.house.database.dispose()
    took = json.loads(juanzong_here(other.env, "package", "import", out, *args).stdout)
    assert took["file_id"] == file_id
    assert juanzong_here(other.env, "package", "import", out, *args, check=4).stderr.count("\n") == 1
    assert juanzong_here(other.env, "package", "import", out, check=3).stderr.count("\n") == 1
