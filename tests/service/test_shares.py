"""A long document read by several: every page once, whoever dies on the way, and nobody with a short one waits for its end."""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from intake.crew import Allowance, Crew
from intake.model import PageText, ReadPage
from service.bootstrap import without_settings
from service.flow.common.index import load_key
from service.flow.intake import shares
from service.flow.intake.process import process, process_waiting
from service.flow.intake.receive import receive
from service.flow.intake.sealing import Superseded, keep_page
from service.flow.search import find
from service.records.tables import AuditEntry, Document, PageShare, Rendition
from tests.intake import fragile
from tests.service.conftest import OWNER, SCANS
from tests.service.nursery import nursery

PAGES = 25
BROKEN = 23  # its reader falls over it
SHADES = [fragile.RAISES if number == BROKEN else 99 + number for number in range(1, PAGES + 1)]
# Another worker, in a process of its own. It ends when there is nothing for it to do any more.
ELSEWHERE = """
import os, signal, sys, time
from intake.crew import Allowance, Crew
from service.bootstrap import build, without_settings
from service.flow.intake import process, sealing, shares
from service.settings import load
house = build(load())
house.reader = Crew("tests.intake.fragile:Fragile", 1, Allowance(1, 60, 1 << 30, without_settings()))
kept, keep_page = [], sealing.keep_page
def counted(*args):
    keep_page(*args)
    kept.append(args)
    if len(kept) == int(sys.argv[1]):
        os.kill(os.getpid(), signal.SIGKILL)
shares.keep_page = counted
if len(sys.argv) > 2:
    process.process(house, sys.argv[2])
end = time.monotonic() + 60
while not shares.help_others(house, lambda: True) and time.monotonic() < end:
    time.sleep(0.02)
house.reader.close()
print("kept", len(kept))
"""


_made = []


def reading_with(engine):
    _made.append(Crew(f"tests.intake.fragile:{engine}", 1, Allowance(1, 60, 1 << 30, without_settings())))
    return _made[-1]


@pytest.fixture
def long(embedded, tmp_path, monkeypatch):
    """An archive whose reader is quick, with a document of twenty-five pages."""
    return _with_long_document(embedded, tmp_path, monkeypatch)


def _with_long_document(office, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(SCANS.parents[1]))
    office.house.reader = reading_with("Fragile")
    path = fragile.book(tmp_path / "long.tif", SHADES)
    office.document_id = receive(office.house, office["handler"], path, "long.tif").document_id
    return office


@pytest.fixture(autouse=True)
def _nobody_stays():
    yield
    while _made:
        _made.pop().close()


def elsewhere(office, dies_after=0, document_id=""):
    return nursery().run(ELSEWHERE, dies_after, *([document_id] if document_id else []), env=office.env)


def is_whole(office):
    """Every page is there once, in its order, and said to be what it is; nothing is left of the shares."""
    house, document_id = office.house, office.document_id
    with house.database.read() as session:
        document = session.get_one(Document, document_id)
        assert (document.status, document.pages_read, document.attempts) == ("needs_review", PAGES, 0)
        assert [r for r in document.review_reasons if r.startswith("unread")] == [f"unread:{BROKEN}:error"]
        kept = session.execute(
            select(Rendition.kind, Rendition.page, Rendition.state).where(Rendition.document_id == document_id)
        )
        wanted = [(kind, page, "kept") for kind in ("page-image", "page-text") for page in range(1, PAGES + 1)]
        assert Counter(map(tuple, kept)) == Counter([*wanted, ("original", 0, "kept"), ("text", 0, "kept")])
        assert session.scalar(select(func.count()).select_from(PageShare)) == 0
        read = select(func.count()).where(AuditEntry.action == "document.read")
        assert session.scalar(read.where(AuditEntry.subject == f"document:{document_id}")) == 1
        numbers = [page.number for page in shares.each_page(house, session, document_id)]
        assert numbers == list(range(1, PAGES + 1))
        names = set(session.scalars(select(Rendition.id)))
    assert set(map(str, house.vault.store.names())) == names
    assert find.find(house, OWNER, f'"shade {SHADES[-1]}"').hits[0].page == PAGES


def test_a_worker_elsewhere_reads_a_part_of_it(office, tmp_path, monkeypatch):
    house = _with_long_document(office, tmp_path, monkeypatch).house
    with ThreadPoolExecutor(1) as pool:
        helper = pool.submit(elsewhere, office)

        def wait_for_help(done, total):
            assert total == PAGES
            end = time.monotonic() + 60
            while done == 1 and time.monotonic() < end:
                with house.database.read() as session:
                    if session.scalar(select(func.count()).where(PageShare.done)):
                        return
                time.sleep(0.02)

        process(house, office.document_id, wait_for_help)
        answer = helper.result()
    assert answer.returncode == 0, answer.stdout
    assert shares.PAGES <= int(answer.stdout.rpartition("kept ")[2].split()[0]) < PAGES
    is_whole(office)


@pytest.mark.parametrize("dies_after", [3, shares.PAGES + 1])
def test_what_a_killed_helper_leaves_is_read_again_and_nothing_twice(long, dies_after):
    def one_dies(done, _total):
        if done == 1:
            assert elsewhere(long, dies_after).returncode == -9

    process(long.house, long.document_id, one_dies)
    is_whole(long)


def test_what_is_done_stays_done_when_who_began_is_killed(long, monkeypatch):
    house, asked = long.house, []
    assert elsewhere(long, 2 * shares.PAGES + 4, long.document_id).returncode == -9
    with house.database.read() as session:
        before = set(session.scalars(select(Rendition.id).where(Rendition.page.between(1, 2 * shares.PAGES))))
        assert len(before) == 4 * shares.PAGES
    _note_what_is_asked(house, asked, monkeypatch)
    assert process_waiting(house) == [long.document_id]
    assert asked == list(range(2 * shares.PAGES + 1, PAGES + 1))
    with house.database.read() as session:
        assert before <= set(session.scalars(select(Rendition.id)))
    is_whole(long)


def _note_what_is_asked(house, asked, monkeypatch):
    read = house.reader.read

    def noted(path, inspection, limits, numbers):
        for page in read(path, inspection, limits, numbers):
            asked.append(page.page.number)
            yield page

    monkeypatch.setattr(house.reader, "read", noted)


def _read_elsewhere(house, document_id):
    """Let another machine have the document, one that just does not get on."""
    with house.database.write() as session:
        document = session.get_one(Document, document_id)
        document.status, document.attempts = "reading", 1
        document.claimed_by, document.claimed_until = "elsewhere:1:1:1", house.clock.now() + timedelta(minutes=5)
    shares.divide(house, document_id, PAGES)


def test_helpers_can_read_all_of_it_and_who_cannot_is_no_harm(long, monkeypatch, caplog):
    house, asked = long.house, []
    able = house.reader
    assert shares.help_others(house, lambda: True) == 0, "nobody reads it yet"
    _read_elsewhere(house, long.document_id)
    house.reader = reading_with("Missing")
    assert shares.help_others(house, lambda: True) == 0
    assert "not installed" in caplog.text
    house.reader = able
    assert shares.help_others(house, lambda: False) == 0
    assert shares.help_others(house, lambda: True) == PAGES
    assert shares.help_others(house, lambda: True) == 0, "nothing is left"
    with house.database.write() as session:  # the other machine is gone
        session.execute(update(Document).values(claimed_until=house.clock.now() - timedelta(seconds=1)))
    _note_what_is_asked(house, asked, monkeypatch)
    assert process_waiting(house) == [long.document_id]
    assert asked == []
    is_whole(long)


def test_whoever_was_thought_dead_keeps_nothing(long):
    house = long.house
    _read_elsewhere(house, long.document_id)
    with house.database.read() as session:
        key = load_key(house, session, long.document_id)
    page = ReadPage(PageText(1, 10, 10, 0, "rapidocr", ()), b"picture")
    with ThreadPoolExecutor(1) as other:
        share = other.submit(shares._take, house, long.document_id, []).result()
        other.submit(keep_page, house, share, key, page).result()
        assert shares._take(house, long.document_id, []).first == shares.PAGES + 1, "the first has an owner"
        with house.database.write() as session:
            session.execute(update(PageShare).values(claimed_until=house.clock.now() - timedelta(seconds=1)))
        before = set(house.vault.store.names())
        mine = shares._take(house, long.document_id, [])
        assert (mine.first, mine.last) == (1, shares.PAGES)
        assert len(before - set(house.vault.store.names())) == 2, "what it had kept is gone"
        with pytest.raises(Superseded):
            other.submit(keep_page, house, share, key, page).result()
    with house.database.read() as session:
        assert session.scalars(select(Rendition.kind)).all() == ["original"]
    assert len(list(house.vault.store.names())) == 1


def test_a_destroyed_one_is_let_go_by_all(long):
    house = long.house
    _read_elsewhere(house, long.document_id)

    def gone(*_args):
        with house.database.write() as session:
            session.get_one(Document, long.document_id).status = "destroyed"
        return True

    assert shares.help_others(house, gone) == 0


def test_a_short_document_does_not_wait_for_the_end_of_a_long_one(long, tmp_path):
    house = long.house
    short_id = receive(house, long["handler"], fragile.book(tmp_path / "s.tif", [99]), "s.tif").document_id
    states = []

    def read_short():
        process(house, short_id)
        with house.database.read() as session:
            states.append([session.get_one(Document, name).status for name in (short_id, long.document_id)])

    other = threading.Thread(target=read_short)

    def another_comes(done, _total):
        if done == 1:
            other.start()
            while not house.reader.awaited:
                time.sleep(0.01)

    process(house, long.document_id, another_comes)
    other.join()
    assert [state[1] for state in states] == ["reading"]
    is_whole(long)
