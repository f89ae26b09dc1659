"""What comes in other formats, and how good pages are, all the way through the archive."""

import hashlib
import io
import json
import time
from contextlib import suppress
from datetime import timedelta

import numpy as np
import pytest
from PIL import Image, ImageFilter
from sqlalchemy import event, select, update

from intake.crew import Allowance, Crew
from intake.errors import Rejected
from intake.formats.opening import open_pages
from intake.inspect import inspect
from intake.model import Limits
from service.bootstrap import without_settings
from service.commands.intake import take_one
from service.errors import AttachmentBusy
from service.flow.archive import filing
from service.flow.archive.erase import destroy_keys
from service.flow.common.tiers import set_file_tier
from service.flow.intake import attached, documents
from service.flow.intake.attached import attached_to
from service.flow.intake.lacking import lacking
from service.flow.intake.page_quality import of_document
from service.flow.intake.process import process, process_waiting
from service.flow.intake.receive import receive
from service.flow.intake.render import open_rendition
from service.flow.search import find
from service.records.tables import AuditEntry, CaseFile, Document, Rendition, ReviewRecord
from tests.intake import made
from tests.intake.mutations import mutated, mutated_part
from tests.intake.test_corpus import SEEDS
from tests.service.conftest import OWNER, SCANS, embedded_env
from tests.service.test_flow import new_contract


@pytest.fixture
def quick(embedded, monkeypatch):
    """An office whose engine reads nothing of interest, at once."""
    monkeypatch.setenv("PYTHONPATH", str(SCANS.parents[1]))
    embedded.house.reader = Crew("tests.intake.fragile:Fragile", 1, Allowance(1, 60, 1 << 30, without_settings()))
    yield embedded
    embedded.house.reader.close()


def take(office, name, data):
    document_id = receive(office.house, office["handler"], io.BytesIO(data), name).document_id
    process(office.house, document_id)
    return document_id


def row(office, document_id):
    with office.house.database.read() as session:
        document = session.get_one(Document, document_id)
        return document.status, document.category, document.pages, document.review_reasons, document.notes


def test_an_a3_page_at_2400_dpi_in_black_and_white_is_found_and_its_original_is_what_came(embedded):
    data = made.fine_tiff((1169, 1654), 24)
    document_id = take(embedded, "fine.tif", data)
    status, _, pages, reasons, _ = row(embedded, document_id)
    assert (status in ("stored", "needs_review"), pages) == (True, 1)
    assert [reason for reason in reasons if reason.startswith(("unread", "rescan"))] == []
    assert find.find(embedded.house, OWNER, "产品销售合同").total == 1
    with open_rendition(embedded.house, OWNER, document_id, "original") as opened:
        assert opened.stream.read() == data


def test_a_recording_is_kept_unread_in_its_category_and_found_by_its_name(quick):
    document_id = take(quick, "张经理来电 2026-11-24.wav", made.wav())
    assert row(quick, document_id) == ("stored", "1.7", 0, [], [])
    assert find.find(quick.house, OWNER, "张经理来电").total == 1


def test_attachments_of_a_message_become_documents_of_their_own(quick):
    data = made.eml(
        ("发票.ofd", made.ofd(), "application/ofd"),
        ("木马.exe", b"MZ\x90\x00" * 100, "application/octet-stream"),
        ("内层.eml", made.eml(("扫描.png", made.saved(made.page(), "PNG"), "image/png")), "application/octet-stream"),
    )
    house = quick.house
    mail = take(quick, "信.eml", data)
    status, _, pages, reasons, notes = row(quick, mail)
    assert (status, pages) == ("needs_review", 1)
    assert "attachment_refused:木马.exe" in reasons
    assert notes == ["attachment:发票.ofd", "attachment:木马.exe", "attachment:内层.eml"]
    process_waiting(house)
    process_waiting(house)
    inside = {name: key for key, name in attached_to(house, OWNER, mail)}
    assert sorted(inside) == ["内层.eml", "发票.ofd"]
    assert [name for _, name in attached_to(house, OWNER, inside["内层.eml"])] == ["扫描.png"]
    assert find.find(house, OWNER, "华岳实业集团有限公司").hits[0].document_id == inside["发票.ofd"]
    with house.database.read() as session:
        by = session.scalars(select(Document.received_by).where(Document.channel == "attachment"))
        assert set(by) == {quick["handler"].name}
        total = len(session.scalars(select(Document)).all())
    # Read again, or sent again: nothing twice.
    assert receive(house, quick["handler"], io.BytesIO(data), "again.eml").duplicate
    assert total == 4


def test_what_is_in_a_pdf_or_an_ofd_becomes_documents_of_their_own(quick):
    scan, scan_too = (made.saved(made.page(text=f"{made.TEXT} {number}"), "PNG") for number in range(2))
    inner = made.pdf(embedded={"图.png": scan_too}, pinned={"图.png": scan_too})
    outer = made.pdf(
        embedded={"内层.pdf": inner, "数据.xml": b"<invoice/>", "../坏\u202e.png": scan[:-40]},
        pinned={"钉在页上.png": scan, "发票.ofd": attached_ofd()},
    )
    house = quick.house
    pdf = take(quick, "合同.pdf", outer)
    names = ["内层.pdf", "坏.png", "数据.xml", "钉在页上.png", "发票.ofd"]
    _, _, _, reasons, notes = row(quick, pdf)
    assert sorted(notes) == sorted(f"attachment:{name}" for name in names)
    assert [r for r in reasons if r.startswith("attachment")] == ["attachment_refused:坏.png"]
    for _ in range(2):
        process_waiting(house)
    inside = {name: key for key, name in attached_to(house, OWNER, pdf)}
    assert sorted(inside) == sorted(["内层.pdf", "发票.ofd", "钉在页上.png"])
    assert [name for _, name in attached_to(house, OWNER, inside["内层.pdf"])] == ["图.png"]
    assert [name for _, name in attached_to(house, OWNER, inside["发票.ofd"])] == ["附图.jpg"]
    with open_rendition(house, OWNER, inside["钉在页上.png"], "original") as opened:
        assert opened.stream.read() == scan
    with house.database.read() as session:
        total = len(session.scalars(select(Document)).all())
    assert total == 6
    process_again(house, pdf)
    with house.database.read() as session:
        assert len(session.scalars(select(Document)).all()) == total
    documents.set_tier(house, OWNER, pdf, "secret", "客户要求")
    assert {documents.get_document(house, OWNER, key).tier for key in inside.values()} == {"secret"}


def attached_ofd():
    """An OFD with an XML and a picture attached."""
    place = f'<ofd:Attachments {made.OFD_SPACE}><ofd:Attachment ID="1" Name="附图" Format="JPG"><ofd:FileLoc>a.jpg</ofd:FileLoc></ofd:Attachment>'
    place += (
        '<ofd:Attachment ID="2" Name="原始数据.xml"><ofd:FileLoc>b.xml</ofd:FileLoc></ofd:Attachment></ofd:Attachments>'
    )
    parts = {"Doc_0/Attachs/a.jpg": made.saved(made.page("RGB"), "JPEG"), "Doc_0/Attachs/b.xml": "<data/>"}
    return made.ofd(
        parts={"Doc_0/Attachs/Attachments.xml": place, **parts},
        document="<ofd:Attachments>Attachs/Attachments.xml</ofd:Attachments>",
    )


def process_again(house, document_id):
    with house.database.write() as session:
        session.execute(update(Document).where(Document.id == document_id).values(status="received"))
    process_waiting(house)


def test_of_files_packed_in_files_so_many_are_received_and_the_others_are_told(quick, monkeypatch):
    monkeypatch.setattr(attached, "_MOST_INSIDE", 3)
    house = quick.house
    pictures = [(f"{n}.png", made.saved(made.page(size=(300, 200 + n)), "PNG"), "image/png") for n in range(4)]
    mail = take(quick, "信.eml", made.eml(("内层.eml", made.eml(*pictures), "application/octet-stream")))
    process_waiting(house)
    process_waiting(house)
    ((inner, _),) = attached_to(house, OWNER, mail)
    assert [name for _, name in attached_to(house, OWNER, inner)] == ["0.png", "1.png"]
    refused = [reason for reason in row(quick, inner)[3] if reason.startswith("attachment_refused")]
    assert refused == ["attachment_refused:2.png", "attachment_refused:3.png"]


def test_what_was_destroyed_does_not_come_out_of_its_message_again(quick):
    house = quick.house
    mail = take(quick, "信.eml", made.eml(("录音.wav", made.wav(), "audio/wav")))
    ((inside, _),) = attached_to(house, OWNER, mail)
    with house.database.write() as session:  # as `erase` leaves it
        session.execute(update(Document).where(Document.id == inside).values(status="destroyed", filename=""))
    process_again(house, mail)
    with house.database.read() as session:
        (left,) = session.scalars(select(Document).where(Document.id != mail))
        assert left.id == inside
    assert not [reason for reason in row(quick, mail)[3] if reason.startswith("attachment")]


def test_a_document_that_came_in_a_message_and_was_destroyed_is_shown_with_it_no_more(quick):
    """As the rules destroy it, with the case file it lies in."""
    house = quick.house
    mail = take(quick, "信.eml", made.eml(("录音.wav", made.wav(), "audio/wav")))
    ((inside, _),) = attached_to(house, OWNER, mail)
    _, file_id = new_contract(quick)
    with house.database.write() as session:
        review = ReviewRecord(
            number="JD-1", state="executing", proposed_by="x", created_on=house.clock.today(), data={}
        )
        session.add(review)
        session.get_one(Document, inside).case_file_id = file_id
        session.flush()
        destroy_keys(session, "person:archivist", session.get_one(CaseFile, file_id), review.id, {})
    assert attached_to(house, OWNER, mail) == []
    process_again(house, mail)
    with house.database.read() as session:
        (left,) = session.scalars(select(Document).where(Document.id != mail))
        assert (left.id, left.status) == (inside, "destroyed")


def test_what_cannot_be_taken_out_of_a_paper_is_told(quick, monkeypatch):
    paper = take(quick, "发票.pdf", made.pdf(embedded={f"{n:03}.xml": b"<a/>" for n in range(102)}))
    told = [reason for reason in row(quick, paper)[3] if reason.startswith("attachment")]
    assert told == ["attachment_refused:100.xml", "attachment_refused:101.xml"]


def test_what_no_document_can_be_made_of_is_told_of_a_portfolio_and_not_of_a_paper(quick):
    inside = {"数据.xml": b"<a/>", "说明.txt": b"x"}
    paper = take(quick, "发票.pdf", made.pdf(embedded=inside))
    portfolio = take(quick, "包.pdf", made.pdf(embedded=inside, portfolio=True))
    told = [[r for r in row(quick, each)[3] if r.startswith("attachment")] for each in (paper, portfolio)]
    assert told == [[], ["attachment_refused:数据.xml", "attachment_refused:说明.txt"]]


def test_what_waits_long_for_its_attachments_stays_that_of_whoever_reads_it(quick, monkeypatch):
    seen = []
    real = attached.receive

    def slow(house, *args, **kwargs):
        with house.database.write() as session:
            document = session.scalars(select(Document).where(Document.status == "reading")).one()
            seen.append(document.claimed_until)
            document.claimed_until = house.clock.now()
        return real(house, *args, **kwargs)

    monkeypatch.setattr(attached, "receive", slow)
    take(quick, "信.eml", made.eml(*[(f"{n}.wav", made.wav() + bytes(n), "audio/wav") for n in range(2)]))
    assert len(seen) == 2
    assert seen[1] > quick.house.clock.now()


def test_filing_a_paper_that_nothing_came_with_looks_for_no_attachments(quick):
    _, file_id = new_contract(quick)
    paper = take(quick, "合同.pdf", made.saved(made.page(), "PDF"))
    said = []

    def note(_connection, _cursor, statement, *_):
        said.append(statement)

    event.listen(quick.house.database.engine, "before_cursor_execute", note)
    try:
        filing.file_document(quick.house, OWNER, paper, file_id, "1.6")
    finally:
        event.remove(quick.house.database.engine, "before_cursor_execute", note)
    assert said
    assert not [statement for statement in said if "documents.notes AS" in statement and "LIKE" in statement]


def test_what_is_attached_to_a_secret_message_is_secret_from_the_start(quick):
    house = quick.house
    data = made.eml(("发票.ofd", made.ofd(), "application/ofd"))
    mail = receive(house, quick["handler"], io.BytesIO(data), "信.eml").document_id
    documents.set_tier(house, OWNER, mail, "secret", "客户要求")
    process_waiting(house)
    process_waiting(house)
    ((inside, _),) = attached_to(house, OWNER, mail)
    assert documents.get_document(house, OWNER, inside).tier == "secret"
    assert find.find(house, OWNER, "华岳实业集团有限公司").total == 1
    assert find.find(house, quick["handler"], "华岳实业集团有限公司").total == 0


def test_what_is_attached_to_a_message_in_a_secret_file_is_secret(quick):
    house = quick.house
    for login, role in (("zhou", "credit_administrator"), ("sec", "handler")):
        quick.hire(login, role, clearance="secret")
    data = made.eml(("发票.ofd", made.ofd(), "application/ofd"))
    mail = receive(house, quick["handler"], io.BytesIO(data), "信.eml").document_id
    _, file_id = new_contract(quick)
    filing.file_document(house, quick["handler"], mail, file_id, "1.9")
    set_file_tier(house, quick["zhou"], file_id, "secret", "涉密")
    process(house, mail)
    assert [len(attached_to(house, quick[who], mail)) for who in ("sec", "handler")] == [1, 0]


def a_letter(office):
    """A message with an invoice that was here before, a drawing, and a message with a scan; returns its id, and theirs by name."""
    house, invoice = office.house, made.ofd()
    receive(house, office["handler"], io.BytesIO(invoice), "来票.ofd")
    scan = made.saved(made.page(), "PNG")
    inner = made.eml(("扫描.png", scan, "image/png"))
    data = made.eml(
        ("发票.ofd", invoice, "application/ofd"),
        ("图.png", made.saved(made.page(), "PNG") + b"\n", "image/png"),
        ("内层.eml", inner, "application/octet-stream"),
    )
    mail = receive(house, office["handler"], io.BytesIO(data), "信.eml").document_id
    for _ in range(3):
        process_waiting(house)
    with house.database.read() as session:
        return mail, {document.filename: document.id for document in session.scalars(select(Document))}


@pytest.mark.parametrize("by", ["itself", "its file", "filing"])
def test_what_came_attached_follows_a_message_that_is_made_more_confidential(quick, by):
    house = quick.house
    mail, ids = a_letter(quick)
    if by == "itself":
        documents.set_tier(house, OWNER, mail, "secret", "客户要求")
    else:
        _, file = new_contract(quick)
        if by == "filing":
            set_file_tier(house, OWNER, file, "secret", "客户要求")
        filing.file_document(house, OWNER, mail, file, "1.8")
        if by == "its file":
            set_file_tier(house, OWNER, file, "secret", "客户要求")
    came = {ids[name] for name in ("图.png", "内层.eml", "扫描.png")}
    with house.database.read() as session:
        tier = {document.id: document.tier for document in session.scalars(select(Document))}
        said = session.scalars(select(AuditEntry).where(AuditEntry.action == "document.tier"))
        noted = {entry.subject.partition(":")[2]: json.loads(entry.detail) for entry in said}
    assert {key for key in came if tier[key] == "secret"} == came
    raised = {"from": "internal", "to": "secret", "message": mail}
    assert [noted[key] for key in came] == [raised] * 3
    assert tier[ids["来票.ofd"]] == "internal", "it was here before: its own people say what it is"
    found = find.find(house, quick["handler"], "华岳实业集团有限公司").hits
    assert {hit.document_id for hit in found} == {ids["来票.ofd"]}
    documents.set_tier(house, OWNER, ids["图.png"], "core", "客户要求")
    documents.set_tier(house, OWNER, mail, "secret" if by != "itself" else "internal", "客户要求")
    assert documents.get_document(house, OWNER, ids["图.png"]).tier == "core"


def test_a_message_made_secret_while_its_attachments_are_taken_out_has_secret_ones(quick, monkeypatch):
    house, real = quick.house, attached.receive

    def meanwhile(*given, **more):
        done = real(*given, **more)
        documents.set_tier(house, OWNER, mail, "secret", "客户要求")
        return done

    data = made.eml(("发票.ofd", made.ofd(), "application/ofd"))
    mail = receive(house, quick["handler"], io.BytesIO(data), "信.eml").document_id
    monkeypatch.setattr(attached, "receive", meanwhile)
    process_waiting(house)
    ((inside, _),) = attached_to(house, OWNER, mail)
    assert documents.get_document(house, OWNER, inside).tier == "secret"


def test_an_attachment_that_another_is_receiving_makes_its_message_wait(quick, monkeypatch):
    house, invoice = quick.house, made.ofd()
    with monkeypatch.context() as patch:
        patch.setattr("service.flow.intake.receive.record_sealed", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            receive(house, quick["handler"], io.BytesIO(invoice), "a.ofd")
    with house.database.write() as session:
        until = house.clock.now() + timedelta(minutes=5)
        session.execute(update(Document).values(claimed_by="elsewhere:1:1:1", claimed_until=until))
    data = made.eml(("发票.ofd", invoice, "application/ofd"))
    mail = receive(house, quick["handler"], io.BytesIO(data), "信.eml").document_id
    for _ in range(4):
        with pytest.raises(AttachmentBusy):
            process(house, mail)
    assert process_waiting(house) == []
    assert row(quick, mail)[0] == "received"
    with house.database.write() as session:
        session.execute(update(Document).where(Document.id != mail).values(claimed_until=None))
    assert process_waiting(house) == [mail]
    assert not [reason for reason in row(quick, mail)[3] if reason.startswith("attachment")]
    assert [name for _, name in attached_to(house, OWNER, mail)] == ["发票.ofd"]


def test_signatures_and_attachments_are_noted_and_the_original_is_bit_exact(quick, tmp_path):
    data = made.pdf(signed=True, attachment="报价单.xlsx")
    document_id = take(quick, "signed.pdf", data)
    assert row(quick, document_id)[4] == ["signed", "signature:unverifiable:", "attachment:报价单.xlsx"]
    from service.flow.intake.render import open_rendition

    with open_rendition(quick.house, OWNER, document_id, "original") as opened:
        assert opened.stream.read() == data


def test_a_page_below_the_line_is_flagged_for_another_scan(quick):
    sharp = Image.open(SCANS / "payment.jpg")
    blurred = sharp.filter(ImageFilter.GaussianBlur(5))
    data = made.saved(sharp, "TIFF", save_all=True, append_images=[blurred], compression="jpeg", dpi=(200, 200))
    document_id = take(quick, "two.tif", data)
    status, _, _, reasons, _ = row(quick, document_id)
    assert status == "needs_review"
    assert [r for r in reasons if r.startswith("rescan")] == ["rescan:2:blurred"]
    good, bad = of_document(quick.house, document_id)
    assert (good["page"], good["dpi"], good["findings"]) == (1, 200, [])
    assert (bad["page"], bad["findings"]) == (2, ["blurred"])


def test_a_document_of_blank_pages_alone_is_flagged(quick):
    quick.house.reader.close()
    quick.house.reader = Crew("tests.intake.fragile:Blind", 1, Allowance(1, 60, 1 << 30, without_settings()))
    blank = Image.fromarray(np.full((2339, 1654), 250, dtype=np.uint8))
    both = made.saved(
        blank,
        "TIFF",
        save_all=True,
        append_images=[Image.open(SCANS / "payment.jpg").resize((1654, 2339))],
        dpi=(200, 200),
    )
    alone = made.saved(blank, "PNG", dpi=(200, 200))
    assert "rescan:1:blank" in row(quick, take(quick, "a.png", alone))[3]
    assert not [r for r in row(quick, take(quick, "b.tif", both))[3] if "blank" in r]


def test_a_page_whose_image_is_damaged_in_part_is_kept_and_flagged(quick):
    quick.house.reader.close()
    quick.house.reader = Crew("tests.intake.fragile:Blind", 1, Allowance(1, 60, 1 << 30, without_settings()))
    jpeg = made.saved(made.page("RGB", size=(827, 1169)), "JPEG")
    document_id = take(quick, "a.pdf", made.pdf(jpeg=jpeg[: len(jpeg) // 2] + b"\xff\xd9"))
    assert "rescan:1:damaged" in row(quick, document_id)[3]
    assert row(quick, document_id)[0] == "needs_review"
    assert not any("damaged" in reason for reason in row(quick, take(quick, "b.pdf", made.pdf(jpeg=jpeg)))[3])


def is_whole(house, document_id, raw):
    """A document is there as it came, with the image and the text of each page; or says why not."""
    with house.database.read() as session:
        document = session.get_one(Document, document_id)
        assert document.sha256 == hashlib.sha256(raw).hexdigest()
        if document.status == "failed":
            assert document.error
            return
        assert document.pages_read == document.pages
        of_pages = select(Rendition.kind, Rendition.page).where(Rendition.document_id == document.id)
        of_pages = of_pages.where(Rendition.kind.like("page-%"), Rendition.state == "kept")
        wanted = [(k, p) for k in ("page-image", "page-text") for p in range(1, document.pages + 1)]
        assert sorted(map(tuple, session.execute(of_pages))) == wanted
        assert document.status == "stored" or document.review_reasons


def one_that_shows(name, make, path):
    """Write a broken file of this kind that still shows a page; returns its bytes, None where none of twenty does."""
    data = make()
    for number in range(20):
        raw = (mutated_part if name.endswith(".ofd") else mutated)(data, f"read {name} {number}")
        path.write_bytes(raw)
        with suppress(Rejected):
            found = inspect(path, Limits())
            if 0 < found.pages <= 3:
                with open_pages(path, found.kind, Limits()) as pages:
                    pages.picture(0)
                return raw
    return None


def test_broken_files_that_still_show_a_page_are_read_by_the_engine(embedded, tmp_path):
    """As all others are: what a broken page makes of lines, seals, layout and fields brings nothing down."""
    house, read, found = embedded.house, 0, 0
    for name, make in SEEDS.items():
        raw = one_that_shows(name, make, tmp_path / "file")
        if raw is None:
            continue
        line, trouble = take_one(house, embedded["handler"], tmp_path / "file", "", None)
        assert (line["status"] in ("stored", "needs_review"), trouble) == (True, None), (name, line)
        is_whole(house, line["document_id"], raw)
        _, _, _, reasons, _ = row(embedded, line["document_id"])
        assert not [why for why in reasons if why.startswith("unread") and not why.endswith(":damaged")], (
            name,
            reasons,
        )
        read += 1
        found += "合同" in text_of(house, line["document_id"])
    assert read >= 20
    assert found >= read // 2


def text_of(house, document_id):
    with open_rendition(house, OWNER, document_id, "text") as opened:
        return opened.stream.read().decode()


def test_what_was_typed_into_a_form_is_read(embedded):
    document_id = take(embedded, "form.pdf", made.form("HT-2026-0731"))
    assert "HT-2026-0731" in text_of(embedded.house, document_id)
    assert find.find(embedded.house, OWNER, "HT-2026-0731").total == 1


def test_a_form_that_its_pages_do_not_show_is_for_a_person_to_look_at(quick):
    document_id = take(quick, "申请表.pdf", made.pdf(xfa="dynamic"))
    status, _, _, reasons, notes = row(quick, document_id)
    assert (status, notes) == ("needs_review", ["xfa"])
    assert "form_unshown" in reasons
    documents.confirm(quick.house, OWNER, document_id, {}, ["form_unshown"])
    assert "form_unshown" not in row(quick, document_id)[3]


def test_a_hundred_broken_files_are_refused_whole_or_taken_in_whole(quick, tmp_path):
    house, taken, refused = quick.house, 0, 0
    for name, make in SEEDS.items():
        data = make()
        for number in range(4):
            raw = (mutated_part if name.endswith(".ofd") else mutated)(data, f"ingest {name} {number}")
            path = tmp_path / "file"
            path.write_bytes(raw)
            began = time.monotonic()
            line, trouble = take_one(house, quick["handler"], path, "", None)
            assert time.monotonic() - began < 60, (name, number)
            assert line["status"] in ("stored", "needs_review", "rejected", "duplicate"), (name, number, line)
            if line["status"] == "rejected":
                assert isinstance(trouble, Rejected), (name, number, trouble)
                assert line["document_id"] is None
                assert line["error"].strip()
                refused += 1
                continue
            assert trouble is None, (name, number, trouble)
            taken += 1
            is_whole(house, line["document_id"], raw)
    assert taken + refused == len(SEEDS) * 4 >= 100
    assert taken
    assert refused
    assert lacking(house) == []
    process_waiting(house)  # what was attached to broken messages
    with house.database.read() as session:
        left = session.scalars(
            select(Document.status).where(Document.status.not_in(("stored", "needs_review", "failed")))
        )
        assert list(left) == []
        pending = session.scalars(select(Rendition.id).where(Rendition.state != "kept"))
        assert list(pending) == []


def test_ingest_tells_the_quality_and_what_was_attached(juanzong_here, tmp_path):
    env = embedded_env(tmp_path / "home")
    path = tmp_path / "信.eml"
    path.write_bytes(made.eml(("发票.ofd", made.ofd(), "application/ofd")))
    juanzong_here(env, "init")
    done = juanzong_here(env, "ingest", "--json", path)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(line["path"], line["pages"], line["quality"]) for line in lines] == [
        (str(path), 1, []),
        (f"{path}/发票.ofd", 1, []),
    ]
    assert all(line["document_id"] for line in lines)
