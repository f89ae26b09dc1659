"""An export and an evidence package are verified by the one file that ships for it, run as its own program without ours."""

import hashlib
import io
import json
import random
import shutil
import subprocess
import sys
import zipfile
from collections import Counter
from datetime import date
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text

from service.errors import NotAllowed, NotFound, RuleRefused
from service.flow.archive import filing, transfers
from service.flow.common.index import load_key
from service.flow.trust import evidence as flow
from service.flow.trust.checkpoints import checkpoint, public_key
from service.flow.trust.trail_export import export
from service.records import audit, signing, verify_audit
from service.records.checkpoints import root_of
from tests.service.conftest import DIGITAL, OWNER
from tests.service.test_checkpoints import _lift
from tests.service.test_flow import new_contract

TOOL = Path(__file__).parents[2] / "tools" / "verify_audit.py"


@pytest.fixture
def verifier(tmp_path):
    """The verifier alone in a folder: it finds nothing of this program, and nothing else it would need."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    shutil.copy(TOOL, folder / "verify_audit.py")

    def run(file, *arguments, check=0):
        command = [sys.executable, "-I", "-W", "error", folder / "verify_audit.py", file, *arguments, "--json"]
        ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, encoding="utf-8", check=False)
        assert ran.returncode == check, ran.stdout + ran.stderr
        return json.loads(ran.stdout) if ran.stdout else {}

    return run


def _exported(office, path):
    path.write_bytes(b"".join(export(office.house, OWNER)))
    return path


def test_the_verifier_has_no_line_of_this_program():
    import ast

    tree = ast.parse(TOOL.read_text("utf-8"))
    names = {node.module.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    names |= {
        alias.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
    }
    assert names - set(sys.stdlib_module_names) == {"cryptography"}


def test_an_export_is_verified_elsewhere(office, tmp_path, verifier):
    house = office.house
    checkpoint(house, OWNER)
    with house.database.write() as session:
        audit.append(
            session, "person:li", "x", "y", {"词": '引号"、反斜线\\、换行\n、制表\t、\x7f、𠮷', "n": [1, None, True]}
        )
    file = _exported(office, tmp_path / "audit.jsonl")
    found = verifier(file, "--public-key", public_key(house)[1])
    with house.database.read() as session:
        entries = session.scalar(text("SELECT count(*) FROM audit"))
    assert (found["entries"], found["checkpoints"]) == (entries, 2)
    assert verifier(file)["entries"] == entries  # with the key that the file names
    assert "至少应有" in verifier(file, "--at-least", str(entries + 1), check=1)["problem"]
    verifier(file, "--public-key", "no such file", check=2)
    assert "不是用本档案的公钥" in verifier(file, "--public-key", "ab" * 32, check=1)["problem"]


def test_every_line_of_an_export_counts(embedded, tmp_path, verifier):
    for _ in range(2):
        checkpoint(embedded.house, OWNER)
        with embedded.house.database.write() as session:
            audit.append(session, "person:li", "x", "y")
    file = _exported(embedded, tmp_path / "audit.jsonl")
    public = public_key(embedded.house)[1]
    lines = file.read_text("utf-8").splitlines(keepends=True)
    entries = [n for n, line in enumerate(lines) if line.startswith('{"seq"')]
    first = {n: number for number, n in enumerate(entries, 1)}

    def refused(changed):
        other = tmp_path / "other.jsonl"
        other.write_text("".join(changed), "utf-8")
        return verifier(other, "--public-key", public, check=1)["problem"]

    for n in (entries[0], entries[len(entries) // 2], entries[-1]):
        assert f"entry {first[n]} " in refused(
            [*lines[:n], lines[n].replace("person", "persom").replace("cli", "clj"), *lines[n + 1 :]]
        )
    for n in range(1, len(lines), 5):
        refused([*lines[:n], *lines[n + 1 :]])  # removed
        refused([*lines[:n], lines[n], *lines[n:]])  # twice
        refused(lines[:n])  # cut
    middle = entries[5]
    refused([*lines[:middle], lines[middle + 1], lines[middle], *lines[middle + 2 :]])
    refused([])
    refused(["{}\n"])
    refused(["[]\n"])


def test_a_broken_trail_is_exported_as_it_is(embedded, tmp_path, verifier):
    checkpoint(embedded.house, OWNER)
    with embedded.house.database.write() as session:
        audit.append(session, "person:li", "x", "y")
        _lift(session)
        session.execute(text("UPDATE audit SET actor = 'nobody' WHERE seq = 4"))
        session.execute(text("UPDATE audit SET detail = CAST(x'ff00' AS TEXT) WHERE seq = 6"))
    file = _exported(embedded, tmp_path / "audit.jsonl")
    assert "entry 4 " in verifier(file, check=1)["problem"]


def test_who_may_not_read_the_trail_exports_none(embedded):
    with pytest.raises(NotAllowed):
        export(embedded.house, embedded["handler"])


def _package(office, document_id, path, actor=OWNER):
    with path.open("wb") as file:
        flow.evidence(office.house, actor, document_id, file)
    return path


def test_a_document_with_its_evidence(office, tmp_path, verifier):
    document_id = office.take_in()
    made = _package(office, document_id, tmp_path / "evidence.zip", office["handler"])
    public = public_key(office.house)[1]
    found = verifier(made, "--public-key", public)
    assert found["document_id"] == document_id
    assert found["received"]["action"] == "document.receive"
    assert found["original"] == hashlib.sha256(DIGITAL.read_bytes()).hexdigest()
    with zipfile.ZipFile(made) as package:
        assert package.read("original.pdf") == DIGITAL.read_bytes()
        assert "设备" in package.read("text.txt").decode()
        cover = package.read("cover.html").decode()
        history = json.loads(package.read("history.json"))
        metadata = json.loads(package.read("metadata.json"))
        assert package.read("verify_audit.py") == TOOL.read_bytes()
    assert [entry["action"] for entry in history["entries"]][-1] == "document.evidence"
    assert {entry["subject"] for entry in history["entries"]} == {f"document:{document_id}"}
    assert metadata["document_id"] == document_id
    assert found["original"] in cover
    assert "一个字节也没有变" in cover
    assert "<script" not in cover
    with office.house.database.read() as session:
        last = session.execute(text("SELECT actor, action FROM audit ORDER BY seq DESC LIMIT 2")).all()
    assert ("person:handler", "document.evidence") in [tuple(row) for row in last]


def test_an_original_that_is_not_the_one_that_was_received_is_not_packed(embedded):
    """Other bytes in its place, sealed as well as it was, by somebody who had the key."""
    house, document_id = embedded.house, embedded.take_in()
    with house.database.read() as session:
        key = load_key(house, session, document_id)
    house.vault.delete(UUID(document_id))
    house.vault.put(UUID(document_id), key, io.BytesIO(b"%PDF-1.4 another"))
    with pytest.raises(RuleRefused, match="not what was once sealed"):
        flow.evidence(house, OWNER, document_id, io.BytesIO())


def test_nothing_of_a_package_can_be_changed(embedded, tmp_path, verifier):
    document_id = embedded.take_in()
    made = _package(embedded, document_id, tmp_path / "evidence.zip")
    public = public_key(embedded.house)[1]
    with zipfile.ZipFile(made) as package:
        whole = {name: package.read(name) for name in package.namelist()}

    def refused(parts, *more):
        other = tmp_path / "other.zip"
        with zipfile.ZipFile(other, "w") as package:
            for name, content in [*parts.items(), *more]:
                package.writestr(name, content)
        return verifier(other, "--public-key", public, check=1)["problem"]

    for name, content in whole.items():
        assert name.split(".sig")[0] in refused({**whole, name: content[:-1] + b"#"})
        refused({other: whole[other] for other in whole if other != name})
    refused({**whole, "more.txt": b"x"})

    # Somebody who makes the manifest anew, and signs it with another key, or leaves the signature as it is.
    def remade(name, content):
        manifest = json.loads(whole["manifest.json"])
        manifest["files"][name] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
        return {**whole, name: content, "manifest.json": json.dumps(manifest, ensure_ascii=False).encode()}

    assert "manifest.json" in refused(remade("original.pdf", b"another"))


class SignedAnew:
    """Writes a package with other files in it, its manifest made and signed anew with the archive's own key."""

    def __init__(self, house, path):
        self.house = house
        with zipfile.ZipFile(path) as package:
            self.whole = {name: package.read(name) for name in package.namelist()}

    def __call__(self, path, parts):
        manifest = json.loads(self.whole["manifest.json"])
        for name, content in parts.items():
            manifest["files"][name] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
        text_of = json.dumps(manifest).encode()
        with self.house.database.read() as session:
            row = signing.ensure(session, self.house.keys)
            seal = {"public_key": row.public, "signature": signing.sign(self.house.keys, row, text_of)}
        own = {"manifest.json": text_of, "manifest.sig.json": json.dumps(seal).encode()}
        with zipfile.ZipFile(path, "w") as package:
            for name, part in {**self.whole, **parts, **own}.items():
                package.writestr(name, part)
        return path


def _handed_over(office):
    """A document on a list that was signed, returned, signed anew and accepted; returns (its id, the id of its file)."""
    house = office.house
    _, file_id = new_contract(office)
    document_id = office.take_in()
    filing.file_document(house, office["handler"], document_id, file_id, "1.9", original=True)
    (item,) = transfers.transfers_of(house, office["handler"], file_id)
    transfers.hand_over(house, office["handler"], item.transfer.id)
    transfers.return_file(house, office["administrator"], item.transfer.id, "缺页")
    house.clock.move_to(date(2026, 11, 27))
    transfers.hand_over(house, office["handler"], item.transfer.id)
    transfers.accept(house, office["administrator"], item.transfer.id)
    return document_id, file_id


def test_the_signed_lists_are_in_the_package_also_those_from_before_a_return(office, tmp_path, verifier):
    document_id, _ = _handed_over(office)
    made = _package(office, document_id, tmp_path / "evidence.zip", office["handler"])
    found = verifier(made, "--public-key", public_key(office.house)[1])
    signed = [(one["act"], one["by"], one["on"], one["has_document"]) for one in found["lists"]]
    assert signed == [
        ("hand_over", "person:handler", "2026-11-25", True),
        ("hand_over", "person:handler", "2026-11-27", True),
        ("accept", "person:administrator", "2026-11-27", True),
    ]
    assert found["lists_lacking"] == 0
    with zipfile.ZipFile(made) as package:
        carried = json.loads(package.read("signed-lists.json"))["lists"]
        history = json.loads(package.read("history.json"))["entries"]
    named = [said["list"] for entry in history if "list" in (said := json.loads(entry["detail"]))]
    assert [hashlib.sha256(one["statement"].encode()).hexdigest() for one in carried] == named
    assert "技术服务合同" not in json.dumps(carried, ensure_ascii=False)  # digests, no titles


def test_a_list_that_was_not_signed_so_is_refused_and_one_that_is_lacking_is_said(embedded, tmp_path, verifier):
    house = embedded.house
    document_id, _ = _handed_over(embedded)
    public, anew = public_key(house)[1], SignedAnew(house, _package(embedded, document_id, tmp_path / "evidence.zip"))

    def told(change, check):
        lists = json.loads(anew.whole["signed-lists.json"])
        change(lists["lists"])
        made = anew(tmp_path / "other.zip", {"signed-lists.json": json.dumps(lists, ensure_ascii=False).encode()})
        return verifier(made, "--public-key", public, check=check)

    assert told(lambda lists: None, 0)["lists_lacking"] == 0
    assert told(lambda lists: lists.pop(0), 0)["lists_lacking"] == 1
    another = "00" * 32
    for change in (
        lambda lists: lists.append(lists[0]),
        lambda lists: lists.append([]),
        lambda lists: lists[0].update(statement=lists[0]["statement"].replace("handler", "nobody")),
        lambda lists: lists[0].update(signature=lists[1]["signature"]),
        lambda lists: lists[0].update(public_key=another),
        lambda lists: lists[0].pop("signature"),
    ):
        assert "移交清单" in told(change, 1)["problem"] or "signed-lists.json" in told(change, 1)["problem"]


def test_any_changed_byte_is_told_in_one_line_or_changes_nothing(embedded, tmp_path, capsys):
    """Of 600 changes of a package and of an export none is taken for whole that says something else, and none ends in a traceback."""
    draw = random.Random(6)
    made = _package(embedded, embedded.take_in(), tmp_path / "evidence.zip")
    file = _exported(embedded, tmp_path / "audit.jsonl")
    public, said = public_key(embedded.house)[1], Counter[int]()

    def parts(path):
        with zipfile.ZipFile(path) as package:
            return {name: package.read(name) for name in package.namelist()}

    def entries(path):
        # `made_at` of the first line is nobody's word, and a signature may be written in capitals.
        return [
            json.dumps(line).replace((sign := line.get("checkpoint", {}).get("signature", "-")), sign.lower())
            for line in map(json.loads, path.read_text("utf-8").splitlines()[1:])
        ]

    for path, read in ((made, parts), (file, entries)):
        whole, sound, other = path.read_bytes(), read(path), tmp_path / f"other{path.suffix}"
        for _ in range(600):
            changed = bytearray(whole)
            changed[draw.randrange(len(changed))] ^= draw.randrange(1, 256)
            other.write_bytes(changed)
            code = verify_audit.main([str(other), "--public-key", public, "--json"])
            out = capsys.readouterr()
            said[code] += 1
            assert len((out.out + out.err).splitlines()) == 1
            assert code == 2 or json.loads(out.out)["ok"] == (code == 0)
            if code == 0:
                assert read(other) == sound
    assert said[1] > 900


@pytest.mark.parametrize(
    "other",
    [{}, *({name: "00" * 32} for name in ("root", "previous", "hash")), {"archive": "b"}, {"first": 1}, {"entries": 1}],
    ids=str,
)
def test_a_checkpoint_that_was_signed_for_something_else_is_refused(tmp_path, other):
    """Also where the signature is the archive's own: each thing that a statement says is compared."""
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    public = key.public_key().public_bytes_raw().hex()
    lines = [{"format": "juanzong audit export 1", "archive": "a", "public_keys": [public]}]
    previous = before = audit.GENESIS
    for number in (1, 2):
        said = {"at": "2026", "actor": "x", "action": "y", "subject": "z", "detail": "{}"}
        digest = audit.entry_hash(previous, number, *said.values())
        lines.append({"seq": number, **said, "previous": previous, "hash": digest})
        spans = {"number": number, "first": number, "entries": number, "at": "2026", "archive": "a", "previous": before}
        stated = {"format": "juanzong checkpoint 1", **spans, "hash": digest, "root": root_of([digest])}
        statement = audit.canonical(stated | (other if number == 2 else {}))
        signature = key.sign(statement.encode()).hex()
        lines.append({"checkpoint": {"statement": statement, "signature": signature, "public_key": public}})
        previous, before = digest, hashlib.sha256(statement.encode()).hexdigest()
    lines.append({"end": {"entries": 2, "checkpoints": 2}})
    file = tmp_path / "audit.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    assert verify_audit.main([str(file), "--public-key", public]) == (1 if other else 0)


def test_a_history_is_proved_entry_by_entry(embedded, tmp_path, verifier):
    """With the signature of the manifest put aside: what the checkpoints prove by themselves."""
    house, document_id = embedded.house, embedded.take_in()
    made = _package(embedded, document_id, tmp_path / "evidence.zip")
    anew = SignedAnew(house, made)
    whole = anew.whole

    def signed_anew(history):
        return anew(tmp_path / "other.zip", {"history.json": json.dumps(history, ensure_ascii=False).encode()})

    good = json.loads(whole["history.json"])
    assert verifier(signed_anew(good))["entries"] == len(good["entries"])

    def spoilt(change):
        history = json.loads(whole["history.json"])
        change(history)
        return verifier(signed_anew(history), check=1)["problem"]

    spoilt(lambda h: h["entries"][0].update(actor="person:nobody"))
    spoilt(lambda h: h["entries"][0].update(seq=h["entries"][0]["seq"] + 1))
    spoilt(lambda h: h["entries"][0].update(checkpoint=99))
    spoilt(lambda h: h["entries"][0]["path"].pop())
    spoilt(lambda h: h["entries"][0]["path"].append("00" * 32))
    spoilt(lambda h: h["entries"][0].update(path=[1]))
    spoilt(lambda h: h["entries"].reverse())
    spoilt(lambda h: h["checkpoints"].clear())
    spoilt(lambda h: h["checkpoints"][0].update(signature="00" * 64))
    invented = {
        "seq": 2,
        "at": "x",
        "actor": "x",
        "action": "x",
        "subject": "x",
        "detail": "{}",
        "previous": audit.GENESIS,
    }
    digest = audit.entry_hash(audit.GENESIS, 2, "x", "x", "x", "x", "{}")
    spoilt(lambda h: h["entries"].insert(0, {**invented, "hash": digest, "checkpoint": 1, "path": []}))


def test_only_for_who_may_read_it(embedded, tmp_path):
    document_id = embedded.take_in()
    embedded.hire("stranger", "department_head", department_id=_elsewhere(embedded))
    for login in ("stranger", "auditor"):
        with pytest.raises((NotFound, NotAllowed)):
            flow.evidence(embedded.house, embedded[login], document_id, io.BytesIO())
    with pytest.raises(NotFound):
        flow.evidence(embedded.house, OWNER, "no-such-document", io.BytesIO())


def _elsewhere(office):
    from service.access import people

    return people.create_department(office.house, OWNER, "CG", "采购部").id


def test_on_the_command_line(embedded, juanzong_here, tmp_path, verifier):
    document_id = embedded.take_in()
    target = tmp_path / "court.zip"
    ran = juanzong_here(embedded.env, "evidence", document_id, "-o", target, "--json")
    assert json.loads(ran.stdout)["document_id"] == document_id
    verifier(target, "--public-key", public_key(embedded.house)[1])
    with zipfile.ZipFile(target) as package:
        assert "出具证据包" in package.read("cover.html").decode()
    assert juanzong_here(embedded.env, "evidence", "nothing", "-o", tmp_path / "no.zip", check=3).stderr
    assert not (tmp_path / "no.zip").exists()
    assert list(tmp_path.glob(".juanzong-*")) == []
    juanzong_here(embedded.env, "audit", "export", tmp_path / "a.jsonl")
    verifier(tmp_path / "a.jsonl")


def test_the_vector_of_the_documentation_holds(tmp_path, verifier):
    page = (Path(__file__).parents[2] / "docs" / "auditor.md").read_text("utf-8")
    vector = page.split("```json\n")[1].split("```")[0]
    file = tmp_path / "vector.jsonl"
    file.write_text(vector, "utf-8")
    found = verifier(file)
    assert (found["entries"], found["checkpoints"]) == (3, 1)
    # The program's own half of it: what it writes is what the documentation says.
    previous = audit.GENESIS
    for line in map(json.loads, vector.splitlines()[1:4]):
        said = [line[name] for name in ("seq", "at", "actor", "action", "subject", "detail")]
        previous = audit.entry_hash(previous, *said)
        assert previous == line["hash"]
