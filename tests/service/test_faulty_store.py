"""An archive whose object store is a real server behind a line with faults: a clear error, nothing lost, and the work goes on.

`test_toxic_store.py` goes through every single call with a store that only seems to have troubles; here the client, the protocol and the
server are real, on MinIO and on Versity S3 Gateway.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from service.errors import KNOWN_ERRORS, NoSpace, outcome
from service.flow.archive.checks import doctor
from service.flow.common.room import room
from service.flow.intake.process import process, process_waiting, read_again
from service.flow.intake.receive import receive
from service.flow.intake.render import open_rendition
from service.flow.search.find import find
from service.flow.trust.fixity import fixity
from service.records.tables import Document
from tests.contract.faulty import FULL, Faults, line
from tests.service.conftest import DIGITAL, OWNER, Office, embedded_env, open_office
from vault.errors import ObjectDamaged, StoreUnavailable

WORD = "技术服务"


class Far(NamedTuple):
    """An office whose store is far away, and what goes wrong on the way."""

    office: Office
    faults: Faults


@pytest.fixture(params=["minio", "versity"])
def far(request, tmp_path, monkeypatch) -> Iterator[Far]:
    monkeypatch.setattr("vault.adapters.s3._READ_SECONDS", 0.7)
    url = f"{request.getfixturevalue(request.param + '_url')}/far-{uuid4().hex[:12]}"
    with line(url) as (near, faults):
        faults.full = FULL[request.param]
        office = open_office({**embedded_env(tmp_path / "home"), "JUANZONG_OBJECT_STORE": near})
        office.house.vault.store.check()
        yield Far(office, faults)
        office.house.database.dispose()


@contextmanager
def wrong_clock(_faults: Faults) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("minio.time.utcnow", lambda: datetime.now(UTC) + timedelta(hours=1))
        yield


def on_the_line(trouble: str, after: int) -> Callable[[Faults], object]:
    @contextmanager
    def begun(faults: Faults) -> Iterator[None]:
        faults.begin(trouble, after=after)
        yield
        faults.end()

    return begun


TROUBLES = {
    "down": on_the_line("down", 5),
    "stalls": on_the_line("stalls", 5),
    "full": on_the_line("full", 2),
    "deaf": on_the_line("deaf", 1),
    "bent": on_the_line("bent", 1),
    "clock": wrong_clock,
}


def take(office: Office) -> str:
    return receive(office.house, office["handler"], DIGITAL, DIGITAL.name).document_id


def everything_is_well(office: Office) -> None:
    house = office.house
    with house.database.read() as session:
        assert session.execute(select(Document.status, func.count()).group_by(Document.status)).all() == [("stored", 1)]
    assert find(house, OWNER, WORD).total == 1
    *_, report = fixity(house, OWNER)
    assert report.ok
    assert doctor(house, OWNER).ok


@pytest.mark.parametrize("trouble", TROUBLES)
def test_it_is_said_nothing_is_lost_and_the_work_goes_on(far, trouble):
    office, failures = far.office, []
    with TROUBLES[trouble](far.faults):
        for _ in range(2):  # whoever is refused tries again, and so does the worker
            try:
                with room():
                    process(office.house, take(office))
            except KNOWN_ERRORS as error:
                failures.append(error)
    assert failures, "nothing was said"
    for failure in failures:
        assert isinstance(failure, NoSpace if trouble == "full" else StoreUnavailable)
        assert outcome(failure).exit_code == 5
        assert outcome(failure).http_status in (503, 507)
        assert "\n" not in str(failure)
        assert trouble != "clock" or "NTP" in str(failure)
    take(office)  # sent a third time: what was begun, or the thing itself
    process_waiting(office.house)
    everything_is_well(office)


def test_a_slow_store_delivers_all_the_same(far):
    far.faults.begin("slow")
    process(far.office.house, take(far.office))
    everything_is_well(far.office)
    assert far.faults.met


def test_wrong_bytes_are_never_taken_for_the_document(far):
    house, handler = far.office.house, far.office["handler"]
    document_id = take(far.office)
    far.faults.begin("wrong")
    process(house, document_id)
    with house.database.read() as session:
        document = session.get_one(Document, document_id)
        assert (document.status, "damaged" in document.error) == ("failed", True)
    with pytest.raises(ObjectDamaged), open_rendition(house, handler, document_id, "original") as opened:
        opened.stream.read()
    *_, report = fixity(house, OWNER)
    assert report.damaged == [document_id]
    far.faults.end()
    read_again(house, handler, document_id)
    process(house, document_id)
    everything_is_well(far.office)
