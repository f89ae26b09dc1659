"""Transfer to an outside archive, the other disposal (RULES Part B): package, both signatures, a verified receipt, then the removal; no step is left out."""

import io
import json
from contextlib import nullcontext
from datetime import timedelta

import pypdfium2
import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from retention.errors import DestructionBlocked, TransitionRefused
from service.errors import BadInput, NotAllowed, NotFound, RuleRefused
from service.flow.archive import (
    destroy,
    destructions,
    filing,
    holds,
    loans,
    outside,
    outside_lists,
    outside_receipts,
    reviews,
)
from service.flow.archive.checks import verify_audit
from service.flow.archive.erase import look
from service.flow.archive.package_import import import_package
from service.flow.backup.take import take
from service.records.tables import AuditEntry, CaseFile, Document, OutsideTransferRecord, Stub
from tests.service.conftest import OWNER, Office, embedded_env, open_office
from tests.service.test_backup import empty_system, opened, put_back
from tests.service.test_destruction_steps import due
from tests.service.web.conftest import open_site
from tools.bench_destruction import APPROVER, EXECUTED, GROUP, PROPOSED, SUPERVISORS, plant

REASON = "地方史料价值"


def decided(office: Office, files: list[str], leaving: list[str]) -> str:
    """Carry a review out by which `leaving` go to an outside archive and the others are destroyed; returns its id."""
    house = office.house
    house.clock.move_to(PROPOSED)
    ids = {name: office[name].person_id or "" for name in (*GROUP, APPROVER, *SUPERVISORS)}
    group, supervisors = [ids[name] for name in GROUP], [ids[name] for name in SUPERVISORS]
    review_id = reviews.propose(house, office["archivist"], files, group, ids[APPROVER], supervisors).id
    for name in GROUP:
        going = [file_id for file_id in files if file_id not in leaving]
        if going:
            reviews.add_opinions(house, office[name], review_id, going, "destroy", reason="期满")
        reviews.add_opinions(house, office[name], review_id, leaving, "transfer_out", reason=REASON)
    reviews.approve(house, office[APPROVER], review_id)
    house.clock.move_to(EXECUTED)
    for name in SUPERVISORS:
        reviews.supervise(house, office[name], review_id)
    destroy.execute(house, office["archivist"], review_id)
    return review_id


def planted(office: Office, tmp_path, number: int) -> str:
    return plant(office.house, office["handler"], office.department_id, number, tmp_path, read=False)[0]


def transfer_of(office: Office, file_id: str) -> str:
    with office.house.database.read() as session:
        query = select(OutsideTransferRecord.id).where(OutsideTransferRecord.case_file_id == file_id)
        return session.scalars(query.order_by(OutsideTransferRecord.created_at.desc())).first() or ""


def state_of(office: Office, transfer_id: str) -> str:
    with office.house.database.read() as session:
        return session.get_one(OutsideTransferRecord, transfer_id).state


@pytest.fixture
def leaving(embedded, tmp_path):
    """An office with a file of one document whose appraisal says that it leaves; the transfer's id and the file's."""
    embedded.hire("keeper", "archivist")
    file_id = planted(embedded, tmp_path, 1)
    decided(embedded, [file_id], [file_id])
    return embedded, transfer_of(embedded, file_id), file_id


def handed_over(office: Office, transfer_id: str, key: str = "") -> str:
    """Make the package and sign that it was handed over; returns the manifest."""
    bag = outside.pack(office.house, office["archivist"], transfer_id, "市档案馆", key, io.BytesIO())
    outside.hand_over(office.house, office["archivist"], transfer_id, with_paper=True)
    return bag.manifest


def stamped(office: Office, transfer_id: str, manifest: str, **more: str) -> None:
    scan = office.take_in(login="archivist") if "document_id" not in more else ""
    day = office.house.clock.today().isoformat()
    given = {"manifest": manifest, "by": "王馆员", "on": day, "number": "收 2026-17", "document_id": scan} | more
    outside.enter_paper_receipt(office.house, office["archivist"], transfer_id, **given)


def test_a_file_goes_to_another_archive_with_both_signatures_and_only_its_stub_stays(embedded, tmp_path):
    embedded.hire("keeper", "archivist")
    house, archivist = embedded.house, embedded["archivist"]
    going, dying = planted(embedded, tmp_path, 1), due(embedded, 2)
    review_id = decided(embedded, [going, dying], [going])
    transfer_id = transfer_of(embedded, going)
    other = open_office(embedded_env(tmp_path / "other"))
    other.house.clock.move_to(EXECUTED)
    with house.database.read() as session:
        assert session.get_one(CaseFile, going).state == "leaving"
        document_id = session.scalars(select(Document.id).where(Document.case_file_id == going)).one()
        assert session.get(Stub, going) is None
    key = _public_key(other)
    package = tmp_path / "package.zip"
    with package.open("wb") as out:
        bag = outside.pack(house, archivist, transfer_id, "市档案馆", key, out)
    statement = outside.hand_over(house, archivist, transfer_id, with_paper=True)
    assert outside_receipts.statement_holds(statement)
    assert (statement["manifest"], statement["recipient"], statement["documents"]) == (bag.manifest, "市档案馆", 1)
    assert not outside_receipts.statement_holds(statement | {"documents": 2})
    made = import_package(other.house, other["archivist"], package, frozenset({bag.public_key}), department="XS")
    assert made.documents == (document_id,)
    receipt = outside_receipts.make_receipt(other.house, other["archivist"], bag.manifest, "王馆员")
    outside.enter_receipt(house, archivist, transfer_id, receipt)
    with pytest.raises(TransitionRefused, match="another person verifies"):
        outside.verify(house, archivist, transfer_id)
    outside.verify(house, embedded["keeper"], transfer_id)
    with pytest.raises(TransitionRefused, match="another person removes"):
        outside.remove(house, embedded["keeper"], transfer_id)
    assert outside.remove(house, archivist, transfer_id).ok
    assert look(house, going).ok
    with house.database.read() as session:
        stub = session.get_one(Stub, going)
        assert (session.get_one(CaseFile, going).state, stub.review_id) == ("destroyed", review_id)
        assert stub.register_row["remark"].startswith("已移交市档案馆")
        actions = session.scalars(select(AuditEntry.action).where(AuditEntry.subject == f"outside:{transfer_id}")).all()
    steps = ["begin", "pack", "hand_over", "receipt", "verify", "remove", "finish"]
    assert [action for action in actions if action != "outside.view"] == [f"outside.{step}" for step in steps]
    # The register of the destroyed says nothing of it, and its certificate says why it was not destroyed.
    assert [row["file_id"] for row in destroy.register(house, archivist)] == [dying]
    for name in SUPERVISORS:
        reviews.supervise(house, embedded[name], review_id)
    certificate = reviews.get_review(house, archivist, review_id).record.certificate
    assert (certificate["files"], list(certificate["not_destroyed"])) == (1, [going])
    assert REASON in certificate["not_destroyed"][going]
    assert verify_audit(house, OWNER).ok
    other.house.database.dispose()


def _public_key(office: Office) -> str:
    from service.records import signing

    with office.house.database.write() as session:
        return signing.ensure(session, office.house.keys).public


def test_no_step_is_left_out_and_nobody_else_does_them(leaving):
    office, transfer_id, file_id = leaving
    house, archivist, keeper = office.house, office["archivist"], office["keeper"]

    def refused_but(*allowed: str) -> None:
        steps = {
            "hand_over": lambda: outside.hand_over(house, archivist, transfer_id, with_paper=False),
            "receipt": lambda: stamped(office, transfer_id, "0" * 64, document_id=scan),
            "refuse": lambda: outside.refuse(house, keeper, transfer_id, "章不对"),
            "verify": lambda: outside.verify(house, keeper, transfer_id),
            "remove": lambda: outside.remove(house, archivist, transfer_id),
        }
        for name, step in steps.items():
            if name not in allowed:
                with pytest.raises(TransitionRefused, match="is not the next step"):
                    step()

    scan = office.take_in(login="archivist")
    refused_but()
    with pytest.raises(RuleRefused, match="no package yet"):
        outside_lists.outside_list(house, archivist, transfer_id, "pdf")
    bag = outside.pack(house, archivist, transfer_id, "市档案馆", "", io.BytesIO())
    refused_but("hand_over")
    outside.hand_over(house, archivist, transfer_id, with_paper=False)
    refused_but("receipt")
    stamped(office, transfer_id, bag.manifest, document_id=scan)
    refused_but("refuse", "verify")
    outside.refuse(house, keeper, transfer_id, "章不对")
    refused_but("receipt")
    stamped(office, transfer_id, bag.manifest, document_id=scan)
    for login in ("handler", "head", "auditor"):
        with pytest.raises(NotAllowed):
            outside.verify(house, office[login], transfer_id)
    outside.verify(house, office["administrator"], transfer_id)
    refused_but("remove")
    with house.database.read() as session:
        assert session.get(Stub, file_id) is None


@pytest.mark.parametrize(
    ("more", "match"),
    [
        ({"manifest": "f" * 64}, "another package"),
        ({"on": "2026-12-02"}, "before the handing over"),
        ({"on": "2026-12-31"}, "in the future"),
        ({"on": "2026-02-30"}, "a date YYYY-MM-DD"),
        ({"by": " "}, "by: is needed"),
        ({"number": ""}, "number: is needed"),
    ],
)
def test_a_receipt_that_is_wrong_is_not_entered(leaving, more, match):
    office, transfer_id, _ = leaving
    manifest = handed_over(office, transfer_id)
    with pytest.raises((TransitionRefused, BadInput), match=match):
        stamped(office, transfer_id, **{"manifest": manifest} | more)
    assert state_of(office, transfer_id) == "handed_over"


def test_a_signed_receipt_must_be_whole_and_of_the_archive_that_was_named(leaving, tmp_path):
    office, transfer_id, _ = leaving
    house, archivist = office.house, office["archivist"]
    manifest = handed_over(office, transfer_id, key="a" * 64)
    with house.database.write() as session:
        said = outside_receipts.signed(
            house,
            session,
            {
                "format": outside_receipts.RECEIPT,
                "manifest": manifest,
                "number": "n",
                "received_by": "王馆员",
                "received_on": house.clock.today().isoformat(),
            },
        )
    with pytest.raises(TransitionRefused, match="not signed with the key of the archive"):
        outside.enter_receipt(house, archivist, transfer_id, json.dumps(said).encode())
    for data in (b"", b"{}", b"[1]", b"\xff", json.dumps(said | {"received_by": "别人"}).encode()):
        with pytest.raises(BadInput, match="no signed receipt"):
            outside.enter_receipt(house, archivist, transfer_id, data)
    with pytest.raises(NotFound, match="was taken in here"):
        outside_receipts.make_receipt(house, archivist, manifest, "王馆员")  # only who took it in receipts it


def test_what_stands_against_a_destruction_stands_against_the_leaving(leaving):
    office, transfer_id, file_id = leaving
    house, archivist, keeper = office.house, office["archivist"], office["keeper"]
    manifest = handed_over(office, transfer_id)
    stamped(office, transfer_id, manifest)
    hold = holds.place_hold(house, office["administrator"], "(2026) 民初 7 号", "诉讼", [file_id])
    with pytest.raises(DestructionBlocked):
        outside.verify(house, keeper, transfer_id)
    holds.ask_release(house, office["administrator"], hold.id, "结案")
    holds.release(house, keeper, hold.id)
    outside.verify(house, keeper, transfer_id)
    holds.place_hold(house, office["administrator"], "(2026) 民初 8 号", "诉讼", [file_id])
    with pytest.raises(DestructionBlocked):
        outside.remove(house, archivist, transfer_id)
    assert state_of(office, transfer_id) == "verified"
    with house.database.read() as session:
        assert session.get(Stub, file_id) is None


def test_a_file_that_leaves_is_neither_changed_nor_lent_nor_put_on_another_review(leaving):
    office, transfer_id, file_id = leaving
    house = office.house
    document_id = office.take_in(login="handler")
    with pytest.raises(RuleRefused):
        filing.file_document(house, office["archivist"], document_id, file_id)
    with pytest.raises(RuleRefused, match="on its way to an outside archive"):
        loans.ask(house, office["handler"], file_id, "核对")
    assert file_id not in [file.id for file in reviews.candidates(house, office["archivist"])]
    outside.cancel(house, office["archivist"], transfer_id, "档案馆不收")
    with house.database.read() as session:
        assert session.get_one(CaseFile, file_id).state == "archived"


def test_a_removal_that_was_killed_is_finished_by_the_sweep(leaving, monkeypatch):
    office, transfer_id, file_id = leaving
    house = office.house
    stamped(office, transfer_id, handed_over(office, transfer_id))
    outside.verify(house, office["keeper"], transfer_id)

    with monkeypatch.context() as patch:
        patch.setattr("service.flow.archive.erase.finish", _killed)
        with pytest.raises(KeyboardInterrupt):
            outside.remove(house, office["archivist"], transfer_id)
    assert state_of(office, transfer_id) == "removing"
    with pytest.raises(TransitionRefused, match="is not the next step"):
        outside.cancel(house, office["archivist"], transfer_id, "不移交了")
    assert outside.resume(house) == 1
    assert (state_of(office, transfer_id), look(house, file_id).ok) == ("removed", True)
    assert outside.resume(house) == 0


def test_the_pages_lead_through_it_and_the_command_line_lists_it(leaving, juanzong_here, tmp_path):
    office, transfer_id, file_id = leaving
    site = open_site(office)
    archivist, keeper = site.signed_in("archivist"), site.signed_in("keeper")
    at = f"/outside/{transfer_id}"
    assert at in archivist.get("/outside").text
    assert at in archivist.get(f"/files/{file_id}").text
    assert "移交档案馆中" in archivist.get(f"/files/{file_id}").text
    assert archivist.post(f"{at}/package", {"recipient": ""}).status_code == 422
    assert archivist.post(f"{at}/package", {"recipient": "市档案馆"}).data[:2] == b"PK"
    assert archivist.post(f"{at}/hand-over", {"with_paper": "1"}).status_code == 303
    page = archivist.get(at).text
    assert "移交方签名成立" in page
    assert "一并移交" in page
    listed = archivist.get(f"{at}/list.pdf")
    words = "".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(listed.data))
    assert (listed.status_code, f"{at}/list.pdf" in page) == (200, True)
    for word in ("档案移交清单", "市档案馆", "Ed25519", "签名成立", "接收单位（签字", "函件"):
        assert word in "".join(words.split()), word
    assert archivist.get(f"{at}/list.doc").status_code == 404
    with office.house.database.read() as session:
        manifest = session.get_one(OutsideTransferRecord, transfer_id).data["manifest"]
    scan = office.take_in(login="archivist")
    day = office.house.clock.today().isoformat()
    given = {"number": "收 17", "by": "王馆员", "on": day, "manifest": manifest, "document_id": scan}
    wrong = archivist.post(f"{at}/paper-receipt", given | {"manifest": "0" * 64})
    assert wrong.status_code == 409
    assert "回执所收的不是" in wrong.text
    assert archivist.post(f"{at}/paper-receipt", given).status_code == 303
    assert f"{at}/verify" not in archivist.get(at).text
    assert keeper.post(f"{at}/verify").status_code == 303
    assert archivist.post(f"{at}/remove").status_code == 303
    assert "这一卷已移交市档案馆，只留存根" in archivist.get(f"/files/{file_id}").text
    listed = json.loads(juanzong_here(office.env, "outside", "list", "--json").stdout)
    assert (listed["state"], listed["receipt"]["number"]) == ("removed", "收 17")
    assert "removed" in juanzong_here(office.env, "outside", "show", transfer_id).stdout
    juanzong_here(office.env, "outside", "list-to-sign", transfer_id, tmp_path / "list.xlsx")
    (sheet,) = [s for s in load_workbook(tmp_path / "list.xlsx") if s.title == "各件"]
    rows = list(sheet.iter_rows(values_only=True))
    with office.house.database.read() as session:
        digests = session.get_one(OutsideTransferRecord, transfer_id).data["documents"].values()
    assert {row[-1] for row in rows} >= set(digests)  # what went stays named when its title is gone
    assert any("（已清除，只留存根）" in row for row in rows)
    juanzong_here(office.env, "outside", "list-to-sign", transfer_id, tmp_path / "list.doc", check=3)
    assert "--yes" in juanzong_here(office.env, "outside", "remove", transfer_id, check=3).stderr


@pytest.mark.parametrize("broken_off", [False, True])
def test_a_backup_from_before_does_not_bring_back_what_left(embedded, tmp_path, monkeypatch, broken_off):
    """The register outside the archive names it with its receipt, also when it was written before the removal came to its end."""
    embedded.hire("keeper", "archivist")
    house, archivist = embedded.house, embedded["archivist"]
    file_id, stays = (planted(embedded, tmp_path, number) for number in (1, 2))
    with house.database.read() as session:
        document_id = session.scalars(select(Document.id).where(Document.case_file_id == file_id)).one()
    take(house, OWNER, tmp_path / "before.jz")
    decided(embedded, [file_id], [file_id])
    transfer_id = transfer_of(embedded, file_id)
    stamped(embedded, transfer_id, handed_over(embedded, transfer_id))
    outside.verify(house, embedded["keeper"], transfer_id)
    with monkeypatch.context() as patch:
        if broken_off:
            patch.setattr("service.flow.archive.erase.remove_objects", _killed)
        with pytest.raises(KeyboardInterrupt) if broken_off else nullcontext():
            outside.remove(house, archivist, transfer_id)
    destructions.export(house, "cli:test", tmp_path / "register")
    empty = empty_system(embedded_env(tmp_path / "other"), house.settings.key_file)
    result = put_back(empty, tmp_path / "before.jz", register=tmp_path / "register")
    empty.database.dispose()
    assert (result.ok, result.destroyed) == (True, [file_id])
    with opened(empty) as again:
        again.clock.move_to(EXECUTED)
        assert outside.resume(again) == broken_off
        assert look(again, file_id).ok
        with again.database.read() as session:
            row = session.get_one(OutsideTransferRecord, transfer_id)
            assert (row.state, row.data["receipt"]["number"]) == ("removed", "收 2026-17")
            assert session.get_one(Document, document_id).status == "destroyed"
            assert session.get_one(CaseFile, stays).state == "archived"
            said = session.get_one(Stub, file_id).register_row["remark"]
        assert said.startswith("已移交市档案馆")
        assert destroy.register(again, OWNER) == []  # it was not destroyed


def _killed(*_given):
    raise KeyboardInterrupt


def test_the_clock_must_not_go_back_between_the_steps(leaving):
    office, transfer_id, _ = leaving
    handed_over(office, transfer_id)
    office.house.clock.move_to(EXECUTED - timedelta(days=1))
    with pytest.raises(TransitionRefused, match="lies before the last step"):
        outside.cancel(office.house, office["archivist"], transfer_id, "撤")
