"""Reading and indexing under faults: what passes is waited for, what is damaged costs only itself."""

import contextlib
import errno
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import delete, select, update

from intake.crew import Allowance, Crew
from intake.errors import Rejected
from intake.model import Field, PageText, ReadPage, Understanding
from search.model import IndexedPage
from service.bootstrap import without_settings
from service.commands import intake
from service.errors import DatabaseUnavailable, NoSpace, RuleRefused, ServiceError
from service.flow.archive import filing
from service.flow.archive.checks import doctor
from service.flow.common.index import reindex
from service.flow.intake import checking, copies, documents
from service.flow.intake import process as process_flow
from service.flow.intake.extraction_categories import read_as
from service.flow.intake.heap import Heap, telling
from service.flow.intake.preserve import preserve
from service.flow.intake.process import process, process_waiting, read_again
from service.flow.intake.receive import receive
from service.flow.search import find
from service.flow.trust.fixity import fixity
from service.records.tables import CaseFile, Document, Rendition, WrappedKey
from tests.intake import fragile
from tests.service import conftest
from tests.service.conftest import DIGITAL, OWNER, SCANS
from tests.service.test_flow import new_contract
from tests.vault.test_transit import server as key_server
from vault.adapters.transit import TransitKey
from vault.errors import KeysUnavailable, StoreUnavailable
from vault.keyring import KeyRing

__all__ = ["key_server"]


def status(office, document_id: str) -> tuple[str, int]:
    with office.house.database.read() as session:
        document = session.get_one(Document, document_id)
        return document.status, document.attempts


def damage(office, tmp_path, document_id: str, kind: str) -> None:
    """Flip one byte of a sealed object on the disk."""
    with office.house.database.read() as session:
        query = select(Rendition.id).where(Rendition.document_id == document_id, Rendition.kind == kind)
        name = session.scalars(query).first()
    (path,) = [p for p in (tmp_path / "home" / "objects").rglob("*") if p.name.startswith(str(name))]
    path.chmod(0o600)
    data = bytearray(path.read_bytes())
    data[-20] ^= 1
    path.write_bytes(data)


def test_an_outage_of_the_store_costs_no_attempt(embedded, monkeypatch):
    house = embedded.house
    document_id = receive(house, embedded["handler"], DIGITAL, "a.pdf").document_id

    def down(*_args):
        raise StoreUnavailable("down")

    with monkeypatch.context() as patch:
        patch.setattr(house.vault, "open", down)
        for _ in range(5):
            with pytest.raises(StoreUnavailable):
                process(house, document_id)
    assert status(embedded, document_id) == ("received", 0)
    assert process_waiting(house) == [document_id]
    assert find.find(house, OWNER, "技术服务").total == 1


def test_a_key_server_that_does_not_answer_costs_no_attempt_and_a_damaged_key_does(embedded, tmp_path, key_server):
    house, (address, answers) = embedded.house, key_server
    house.keys = KeyRing(TransitKey.create(tmp_path / "transit", "good", address, "transit"))
    waits = receive(house, embedded["handler"], DIGITAL, "a.pdf").document_id
    answers.sealed = True
    for _ in range(5):
        with pytest.raises(KeysUnavailable, match="is sealed"):
            process(house, waits)
    with pytest.raises(KeysUnavailable):
        process_waiting(house)
    assert status(embedded, waits) == ("received", 0)
    answers.sealed = False
    assert process_waiting(house) == [waits]
    damaged = receive(house, embedded["handler"], SCANS / "payment.jpg", "b.jpg").document_id
    with house.database.write() as session:
        row = session.get_one(WrappedKey, damaged)
        row.wrapped = row.wrapped[:-8] + b"AAAA" + row.wrapped[-4:]
    for _ in range(4):
        process_waiting(house)
    assert status(embedded, damaged) == ("failed", 3)


def test_a_full_disk_costs_no_attempt(embedded, monkeypatch):
    house = embedded.house
    document_id = receive(house, embedded["handler"], DIGITAL, "a.pdf").document_id

    def full(*_args):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("service.flow.intake.originals.shutil.copyfileobj", full)
        for _ in range(5):
            with pytest.raises(NoSpace):
                process(house, document_id)
    assert status(embedded, document_id) == ("received", 0)
    assert process_waiting(house) == [document_id]


def test_a_database_that_fails_in_the_middle_keeps_no_other_thread_from_reading(embedded, monkeypatch):
    house = embedded.house
    document_id = receive(house, embedded["handler"], DIGITAL, "a.pdf").document_id

    @contextlib.contextmanager
    def silent():
        raise DatabaseUnavailable("database or disk is full")
        yield

    def down(*_args):
        patch.setattr(house.database, "write", silent)
        raise StoreUnavailable("down")

    with monkeypatch.context() as patch:
        patch.setattr(house.vault, "open", down)
        with pytest.raises(StoreUnavailable):
            process(house, document_id)
    assert status(embedded, document_id) == ("reading", 1)
    with ThreadPoolExecutor(1) as other:
        assert other.submit(process_waiting, house).result() == [document_id]
    assert status(embedded, document_id) == ("stored", 0)


def test_what_brings_its_worker_down_three_times_is_listed_and_can_be_read_again(embedded, monkeypatch):
    house = embedded.house
    document_id = receive(house, embedded["handler"], DIGITAL, "a.pdf").document_id

    def killed(*_args, **_more):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(house.reader, "read", killed)
        for _ in range(3):
            with pytest.raises(KeyboardInterrupt):
                process(house, document_id)
    process(house, document_id)
    assert status(embedded, document_id) == ("failed", 3)
    read_again(house, embedded["handler"], document_id)
    process(house, document_id)
    assert status(embedded, document_id)[0] == "stored"
    with pytest.raises(RuleRefused):
        read_again(house, embedded["handler"], document_id)


def test_a_page_that_kills_its_reader_is_kept_unread_and_can_be_read_again(embedded, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(SCANS.parents[1]))
    monkeypatch.setenv(fragile.ONCE, str(tmp_path / "once"))
    house = embedded.house
    house.reader = Crew("tests.intake.fragile:Fragile", 1, Allowance(1, 60, 1 << 30, without_settings()))
    path = fragile.book(tmp_path / "b.tif", [100, fragile.KILLS, 102])
    document_id = receive(house, embedded["handler"], path, "b.tif").document_id
    process(house, document_id)
    with house.database.read() as session:
        document = session.get_one(Document, document_id)
        assert (document.status, document.pages_read) == ("needs_review", 3)
        assert "unread:2:killed" in document.review_reasons
        kinds = select(Rendition.kind).where(Rendition.document_id == document_id, Rendition.page == 2)
        assert sorted(session.scalars(kinds)) == ["page-image", "page-text"]
    assert find.find(house, OWNER, '"shade 102"').total == 1
    house.reader.close()
    house.reader = Crew("tests.intake.fragile:Reads", 1, Allowance(1, 60, 1 << 30, without_settings()))
    read_again(house, embedded["handler"], document_id)
    process(house, document_id)
    with house.database.read() as session:
        reasons = session.get_one(Document, document_id).review_reasons
    assert not [reason for reason in reasons if reason.startswith("unread")]
    assert find.find(house, OWNER, f'"shade {fragile.KILLS}"').total == 1
    house.reader.close()


def fail(office, document_id: str) -> None:
    with office.house.database.write() as session:
        document = session.get_one(Document, document_id)
        document.status, document.error, document.review_reasons = "failed", "for the test", ["reading_failed"]


def read_once_more(office, document_id: str) -> Document:
    fail(office, document_id)
    read_again(office.house, office["administrator"], document_id)
    process(office.house, document_id)
    return documents.get_document(office.house, OWNER, document_id)


def test_the_category_that_a_person_chose_outlives_the_next_readings(embedded):
    house, document_id = embedded.house, embedded.take_in(DIGITAL)
    documents.set_category(house, embedded["administrator"], document_id, "1.10")
    for _ in range(2):
        found = read_once_more(embedded, document_id)
        assert (found.category, found.kind) == ("1.10", "acceptance")
    with house.database.read() as session:
        assert read_as(session, document_id) == "1.9"


def test_a_category_that_was_taken_back_is_the_machines_again(embedded):
    house, document_id = embedded.house, embedded.take_in(DIGITAL)
    checking.save(house, embedded["administrator"], document_id, checking.Given(category="1.10"))
    checking.undo(house, embedded["administrator"], document_id)
    with house.database.write() as session:
        session.get_one(Document, document_id).category = "1.6"  # as if the machine had taken it for that
    found = read_once_more(embedded, document_id)
    assert (found.category, found.categorised_by) == ("1.9", "")


def test_a_page_that_was_not_read_is_read_again_as_one_of_the_category_that_a_person_chose(
    embedded, tmp_path, monkeypatch
):
    monkeypatch.setenv("PYTHONPATH", str(SCANS.parents[1]))
    monkeypatch.setenv(fragile.ONCE, str(tmp_path / "once"))
    house = embedded.house
    house.reader = Crew("tests.intake.fragile:Fragile", 1, Allowance(1, 60, 1 << 30, without_settings()))
    document_id = embedded.take_in(fragile.book(tmp_path / "b.tif", [100, fragile.KILLS, 102]))
    documents.set_category(house, embedded["administrator"], document_id, "1.6")
    house.reader.close()
    house.reader = Crew("tests.intake.fragile:Reads", 1, Allowance(1, 60, 1 << 30, without_settings()))
    read_again(house, embedded["administrator"], document_id)
    process(house, document_id)
    house.reader.close()
    found = documents.get_document(house, OWNER, document_id)
    assert (found.category, [r for r in found.review_reasons if r.startswith("unread")]) == ("1.6", [])
    assert "unknown_kind" not in found.review_reasons


def test_what_lies_in_a_file_keeps_its_category_and_is_read_again_only_while_the_file_is_open(embedded):
    house, document_id = embedded.house, embedded.take_in(DIGITAL)
    _, file_id = new_contract(embedded)
    with house.database.write() as session:
        session.get_one(Document, document_id).category = "1.10"  # what the machine took it for, and nobody minded
    filing.file_document(house, embedded["administrator"], document_id, file_id)
    assert read_once_more(embedded, document_id).category == "1.10"
    fail(embedded, document_id)
    with house.database.write() as session:
        session.get_one(CaseFile, file_id).state = "archived"
    with pytest.raises(RuleRefused, match="is archived and is not changed any more"):
        read_again(house, embedded["administrator"], document_id)
    assert status(embedded, document_id)[0] == "failed"


def test_a_page_that_runs_for_ever_is_told_and_the_rest_of_its_document_is_read(embedded, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(SCANS.parents[1]))
    house = embedded.house
    house.reader = Crew("tests.intake.fragile:Fragile", 1, Allowance(1, 3, 1 << 30, without_settings()))
    # The reader knows its libraries: what is counted is a page.
    embedded.take_in(fragile.book(tmp_path / "a.tif", [99]))
    path = fragile.book(tmp_path / "b.tif", [100, fragile.SPINS, 102])
    document_id = embedded.take_in(path)
    with house.database.read() as session:
        document = session.get_one(Document, document_id)
        assert (document.status, document.pages_read) == ("needs_review", 3)
        assert [why for why in document.review_reasons if why.startswith("unread")] == ["unread:2:timeout"]
    assert find.find(house, OWNER, '"shade 102"').total == 1
    house.reader.close()


def test_a_damaged_page_costs_only_its_own_text(embedded, tmp_path):
    house = embedded.house
    damaged_id = embedded.take_in()
    sound_id = embedded.take_in(SCANS / "contract-mixed.pdf")
    damage(embedded, tmp_path, damaged_id, "page-text")
    found = find.find(house, OWNER, "技术服务合同").hits
    assert [hit.document_id for hit in found] == [damaged_id]
    lost: list[str] = []
    assert list(reindex(house, lost))[-1] == (2, 2)
    assert lost == [damaged_id]
    assert find.find(house, OWNER, "产品销售框架合同").hits[0].document_id == sound_id
    assert find.find(house, OWNER, "680000").hits[0].document_id == damaged_id  # by what the database knows
    *_, report = fixity(house, OWNER)
    assert report.damaged == [damaged_id]


def test_a_damaged_original_fails_by_itself_and_the_rest_goes_on(embedded, tmp_path):
    house = embedded.house
    damaged_id = receive(house, embedded["handler"], DIGITAL, "a.pdf").document_id
    sound_id = receive(house, embedded["handler"], SCANS / "contract-mixed.pdf", "b.pdf").document_id
    damage(embedded, tmp_path, damaged_id, "original")
    process_waiting(house)
    assert status(embedded, damaged_id)[0] == "failed"
    assert status(embedded, sound_id)[0] == "stored"


def test_a_rebuild_that_was_killed_goes_on_where_it_was(office):
    house = office.house
    document_id = office.take_in()
    steps = reindex(house, [])
    house_index = house.index
    original = house_index.fill

    def killed(_entries):
        raise KeyboardInterrupt

    house_index.fill = killed
    with pytest.raises(KeyboardInterrupt):
        next(steps)
    house_index.fill = original
    assert find.find(house, OWNER, "技术服务").total == 1  # search goes on
    assert house.index.begun()
    assert doctor(house, OWNER).rebuilding
    later = office.take_in(SCANS / "contract-mixed.pdf")  # written to both
    assert dict(house.index.filled()).keys() == {later}
    written = []
    house_index.fill = lambda entries: (written.extend(entries), original(entries))
    list(reindex(house, []))
    del house_index.fill
    assert written == [document_id]  # and not what stands there already
    assert not house.index.begun()
    assert set(house.index.documents()) == {document_id, later}
    assert find.find(house, OWNER, "技术服务").total == 1
    assert doctor(house, OWNER).ok


def test_an_entry_that_the_database_has_otherwise_is_found_and_mended(office):
    house = office.house
    document_id = office.take_in()
    with (
        house.database.write() as session
    ):  # a change whose index entry was lost: another process wrote an older state after it
        session.get_one(Document, document_id).title = "改过的标题"
    assert find.find(house, OWNER, "改过的标题").total == 0
    assert doctor(house, OWNER).stale == [document_id]
    doctor(house, OWNER, repair=True)
    assert find.find(house, OWNER, "改过的标题").total == 1
    assert doctor(house, OWNER).ok


def test_search_goes_on_while_the_index_is_rebuilt_and_strangers_leave_it(office):
    house = office.house
    document_id = office.take_in()
    house.index.replace("stranger", [IndexedPage("stranger", 1, "没有主人的条目")])
    for _done, _total in reindex(house, []):
        assert find.find(house, OWNER, "技术服务").total == 1
    assert list(house.index.documents()) == [document_id]
    with house.database.read() as session:
        assert session.get_one(Document, document_id).indexed
    steps = reindex(house, [], anew=True)
    house.index.replace("stranger", [IndexedPage("stranger", 1, "没有主人的条目")])
    assert list(steps) == [(1, 1)]
    assert list(house.index.documents()) == [document_id]


def test_a_document_destroyed_while_it_is_read_stays_destroyed(embedded):
    house = embedded.house
    document_id = receive(house, embedded["handler"], DIGITAL, "a.pdf").document_id

    def destroyed(_done: int, _total: int) -> None:
        with house.database.write() as session:
            session.execute(update(Document).values(status="destroyed"))

    process(house, document_id, destroyed)
    assert status(embedded, document_id)[0] == "destroyed"
    with house.database.read() as session:
        rows = {str(name) for name in session.scalars(select(Rendition.id))}
    assert {str(name) for name in house.vault.store.names()} == rows
    assert find.find(house, OWNER, "技术服务").total == 0


def test_doctor_names_the_document_whose_object_is_gone(embedded, tmp_path):
    house = embedded.house
    whole, lacking = embedded.take_in(), receive(house, embedded["handler"], SCANS / "payment.jpg", "b.jpg").document_id
    (path,) = (p for p in (tmp_path / "home" / "objects").rglob("*") if p.name.startswith(lacking))
    path.unlink()
    report = doctor(house, OWNER)
    assert (report.ok, report.missing) == (False, [lacking])
    assert whole not in report.missing


def kept_pages(session, document_id: str) -> list[tuple[str, int]]:
    query = select(Rendition.kind, Rendition.page).where(Rendition.document_id == document_id, Rendition.page > 0)
    return sorted(map(tuple, session.execute(query.where(Rendition.state == "kept"))))


@pytest.mark.parametrize("fails", [False, True])
def test_who_stood_still_at_the_end_of_a_reading_leaves_the_document_to_who_took_it_over(embedded, monkeypatch, fails):
    house = embedded.house
    document_id = receive(house, embedded["handler"], DIGITAL, "a.pdf").document_id
    real = process_flow.keep_text

    def another() -> None:
        def ends(_done: int, _total: int) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            process(house, document_id, ends)

    def runs_out() -> None:
        with house.database.write() as session:
            session.get_one(Document, document_id).claimed_until = house.clock.now() - timedelta(seconds=1)

    def stood_still(*args):
        real(*args)
        runs_out()
        with ThreadPoolExecutor(1) as elsewhere:
            elsewhere.submit(another).result()
        if fails:
            raise Rejected("truncated", "for the test")

    with monkeypatch.context() as patch:
        patch.setattr(process_flow, "keep_text", stood_still)
        process(house, document_id)
    assert status(embedded, document_id) == ("reading", 2)
    runs_out()
    process(house, document_id)
    with house.database.read() as session:
        assert len(kept_pages(session, document_id)) == 2 * session.get_one(Document, document_id).pages
    assert status(embedded, document_id)[0] == "stored"
    assert doctor(house, OWNER).ok


@pytest.mark.parametrize("kind", ["page-text", "page-image"])
def test_a_document_that_lacks_pages_is_found_and_read_again_and_what_people_typed_stays(embedded, kind):
    house, document_id, whole = embedded.house, embedded.take_in(), embedded.take_in(SCANS / "payment.jpg")
    documents.correct_field(house, embedded["administrator"], document_id, "contract_number", "HT-2026-0999")
    with house.database.write() as session:
        before = kept_pages(session, document_id)
        session.execute(
            delete(Rendition).where(Rendition.document_id == document_id, Rendition.kind == kind, Rendition.page == 1)
        )
    assert not preserve(house, document_id)
    assert copies.trouble_of(house, document_id) == (
        f"only {len(before) // 2 - 1} of its {len(before) // 2} pages are kept; it must be read again"
    )
    report = doctor(house, OWNER)
    assert (report.ok, report.unread) == (False, [document_id])
    assert whole not in report.unread
    doctor(house, OWNER, repair=True)
    report = doctor(house, OWNER)
    assert (report.ok, report.unread) == (True, [])
    with house.database.read() as session:
        assert kept_pages(session, document_id) == before
        document = session.get_one(Document, document_id)
        assert (document.preservation, document.indexed) == ("waiting", True)
        (number,) = (field for field in document.fields if field.name == "contract_number")
        assert (number.value, number.entered_by) == ("HT-2026-0999", "person:administrator")


def says(monkeypatch, **values):
    """Let every reading from now on find a contract with these values, and a page that is faint."""
    fields = {name: Field(value, 1, (1, 2, 3, 4), 0.5) for name, value in values.items()}
    found = Understanding("1.9", "contract", "另一个题名", 0.5, fields, ("low_confidence:title", "faint:1"))
    monkeypatch.setattr(Crew, "understand", lambda *_given: found)


def test_values_stay_where_a_document_is_not_understood_as_of_another_category(embedded, monkeypatch):
    house, document_id = embedded.house, embedded.take_in()
    before = stands(house, document_id)
    nothing = Understanding("1.10", "unknown", "", 0.0, {}, ("low_confidence:kind",))
    monkeypatch.setattr(Crew, "understand", lambda *_given: nothing)
    documents.set_category(house, OWNER, document_id, "1.10")
    after = stands(house, document_id)
    assert after[1] == "1.10"
    assert before[4]
    assert {name: value for name, (value, *_) in after[4].items()} == {
        name: value for name, (value, *_) in before[4].items()
    }


def stands(house, document_id):
    with house.database.read() as session:
        document = session.get_one(Document, document_id)
        fields = {field.name: (field.value, field.entered_by, tuple(field.confirmed_by)) for field in document.fields}
        return document.status, document.category, document.title, document.confidence, fields


@pytest.mark.parametrize("state", ["open", "archived"])
def test_in_a_file_that_is_closed_reading_again_changes_nothing_but_the_pages(embedded, monkeypatch, state):
    """A value that nobody confirmed yet is what people saw when the file was closed."""
    house, document_id = embedded.house, embedded.take_in()
    filing.file_document(house, OWNER, document_id, new_contract(embedded)[1], "1.9")
    with house.database.write() as session:
        session.execute(update(CaseFile).values(state=state))
        document = session.get_one(Document, document_id)
        document.review_reasons, document.status = ["low_confidence:amount", "blurred:1"], "needs_review"
        before = kept_pages(session, document_id)
        session.execute(
            delete(Rendition).where(
                Rendition.document_id == document_id, Rendition.kind == "page-text", Rendition.page == 1
            )
        )
    stood = stands(house, document_id)
    assert {entered_by for _value, entered_by, confirmed_by in stood[-1].values() if not confirmed_by} == {"ocr"}
    says(monkeypatch, title="别的合同", agent="张三")
    doctor(house, OWNER, repair=True)
    with house.database.read() as session:
        assert kept_pages(session, document_id) == before
        reasons = session.get_one(Document, document_id).review_reasons
    assert (stands(house, document_id) == stood) is (state == "archived")
    assert reasons == ["low_confidence:amount" if state == "archived" else "low_confidence:title", "faint:1"]
    assert doctor(house, OWNER).unread == []


def test_what_comes_into_a_closed_file_unread_is_read_as_any_other(embedded, monkeypatch):
    house = embedded.house
    document_id = receive(house, embedded["handler"], DIGITAL, "a.pdf").document_id
    filing.file_document(house, OWNER, document_id, new_contract(embedded)[1], "1.9")
    with house.database.write() as session:
        session.execute(update(CaseFile).values(state="archived"))
    says(monkeypatch, title="别的合同")
    process(house, document_id)
    assert stands(house, document_id)[2:] == ("另一个题名", 0.5, {"title": ("别的合同", "ocr", ())})


def test_who_waits_for_another_process_waits_as_long_as_that_goes_from_page_to_page(embedded, monkeypatch):
    house, read, done = embedded.house, [], 8
    document_id = receive(house, embedded["handler"], DIGITAL, "a.pdf").document_id
    clock = iter(range(0, 10**6, 50 * 60))

    def elsewhere(*_args):
        read.append(len(read) + 1)
        with house.database.write() as session:
            document = session.get_one(Document, document_id)
            document.status, document.pages_read = ("reading", min(len(read), done))

    monkeypatch.setattr(intake, "process", elsewhere)
    monkeypatch.setattr(intake, "time", SimpleNamespace(monotonic=lambda: next(clock), sleep=lambda _: None))
    with pytest.raises(ServiceError, match="still reading"):
        intake._until_searchable(house, document_id, DIGITAL)
    assert len(read) == done + 1  # eight pages, each in less than an hour, and then more than an hour without one


def test_a_long_document_is_understood_by_its_first_and_last_pages():
    pages = [PageText(number, 10, 10, 0, "rapidocr", ()) for number in range(1, 101)]
    heap = Heap()
    for page in pages:
        heap.add(ReadPage(page, b""))
    assert [page.number for page in heap.telling] == [*range(1, 41), *range(81, 101)]
    assert telling(iter(pages)) == heap.telling
    assert telling(iter(pages[:50])) == pages[:50]


def test_the_companys_own_forms_count_from_its_folder(embedded):
    folder = embedded.house.settings.home / "forms"
    folder.mkdir()
    (folder / "service.toml").write_text('words = ["技术服务合同"]\ncategory = "5.2"\n', encoding="utf-8")
    document_id = receive(embedded.house, embedded["handler"], DIGITAL, "a.pdf").document_id
    process(embedded.house, document_id)
    with embedded.house.database.read() as session:
        assert session.get_one(Document, document_id).category == "5.2"


def test_a_document_that_another_thread_is_reading_is_waited_for_by_the_test_that_took_it_in(embedded, monkeypatch):
    house, began, read_on = embedded.house, threading.Event(), threading.Event()
    read, received = house.reader.read, conftest.receive

    def slowly(*asked):
        began.set()
        assert read_on.wait(60)
        return read(*asked)

    with ThreadPoolExecutor(1) as others:

        def taken_at_once(*given):
            said = received(*given)
            others.submit(process, house, said.document_id)
            assert began.wait(60)
            threading.Timer(0.2, read_on.set).start()
            return said

        monkeypatch.setattr(house.reader, "read", slowly)
        monkeypatch.setattr(conftest, "receive", taken_at_once)
        document_id = embedded.take_in(SCANS / "contract-mixed.pdf")
    assert documents.get_document(house, OWNER, document_id).fields


def test_a_document_that_was_not_read_fails_the_test_that_took_it_in_and_says_why(embedded, monkeypatch):
    def looked(*_asked):
        raise Rejected("too_slow", "Looking at the file took longer than 60 s.")

    def second(*asked, look=embedded.house.reader.look):
        monkeypatch.setattr(embedded.house.reader, "look", looked)
        return look(*asked)

    monkeypatch.setattr(embedded.house.reader, "look", second)
    with pytest.raises(pytest.fail.Exception, match="Looking at the file took longer than 60 s"):
        embedded.take_in(DIGITAL)
