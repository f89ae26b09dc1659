"""Wrong attempts are slowed down where they come from; sessions end by time, by hand and with the password."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import argon2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from service.access import accounts, people, second_factor, sessions, throttle
from service.access.sessions import Visitor
from service.access.throttle import FROM_EVERYWHERE, FROM_ONE_PLACE, INTO_ANY_ACCOUNT, place_of, wait_after
from service.errors import NotAllowed, NotSignedIn, RuleRefused, TooManyRequests
from service.records.tables import Person, SignInTally, WebSession
from tests.service import compiled
from tests.service.conftest import OWNER, Office
from tests.service.test_accounts import entries

PASSWORD = "correct horse battery"
HOME = "10.0.0.1"


@given(st.integers(0, 10_000))
def test_waiting_grows_with_wrong_attempts_and_never_beyond_a_quarter_of_an_hour(failures):
    wait = wait_after(failures)
    assert timedelta() <= wait <= wait_after(failures + 1) <= timedelta(minutes=15)
    assert (wait == timedelta()) == (failures < FROM_ONE_PLACE)


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("10.1.2.3", "10.1.2.3"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::ffff", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("nonsense", ""),
    ],
)
def test_a_place_is_an_address_or_the_network_one_sender_has(address, place):
    assert place_of(address) == place


def test_a_password_costs_whoever_tries_many_as_much_as_is_advised(monkeypatch):
    """RFC 9106, section 4, for little memory; a name that nobody has is tried at the same cost, and no password fits it."""
    costs = argon2.extract_parameters(compiled.PASSWORDS.hash(PASSWORD))
    assert costs == argon2.profiles.RFC_9106_LOW_MEMORY
    monkeypatch.setattr(people, "_hasher", compiled.PASSWORDS)
    nobodys = people._nobodys()
    assert argon2.extract_parameters(nobodys) == costs
    monkeypatch.setattr(people, "_NOBODY", nobodys)
    tried = []
    monkeypatch.setattr(argon2.low_level, "verify_secret", lambda hashed, *_: tried.append(hashed) or True)
    monkeypatch.setattr("argon2._password_hasher.verify_secret", argon2.low_level.verify_secret)
    assert not people._matches(None, PASSWORD)
    assert tried == [nobodys.encode()]
    assert people._nobodys() != nobodys


class Time:
    """The house's clock, which a test moves."""

    def __init__(self, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
        monkeypatch.setattr(office.house.clock, "now", lambda: self.now)

    def passes(self, **much: float) -> None:
        self.now += timedelta(**much)


@pytest.fixture
def time(embedded, monkeypatch):
    return Time(embedded, monkeypatch)


@pytest.fixture
def li(embedded, monkeypatch):
    """An account whose password is checked as ever, but without the half minute of hashing that these tests would take."""
    actor = embedded.hire("li", "handler", password=PASSWORD)
    monkeypatch.setattr(people, "_matches", lambda hashed, password: hashed is not None and password == PASSWORD)
    return actor


def enter(office: Office, password: str = PASSWORD, address: str = HOME, login: str = "li") -> str | None:
    """Try to sign in; returns the session's secret, None when it was refused."""
    try:
        return people.sign_in(office.house, login, password, "Firefox", address)
    except NotSignedIn:
        return None


def test_a_place_that_guesses_waits_ever_longer_and_no_other_place_does(embedded, li, time):
    for minutes in (1, 2, 4, 8, 15, 15):
        while not accounts.locked(embedded.house, OWNER, "li"):
            assert enter(embedded, "wrong", "10.6.6.6") is None
        (lock,) = accounts.locked(embedded.house, OWNER, "li")
        assert (lock.place, lock.until) == ("10.6.6.6", time.now + timedelta(minutes=minutes))
        assert enter(embedded, PASSWORD, "10.6.6.6") is None  # right, and refused all the same
        assert enter(embedded, PASSWORD, HOME)
        time.passes(minutes=minutes, seconds=1)
    assert enter(embedded, PASSWORD, "10.6.6.6")
    assert enter(embedded, "wrong", "10.6.6.6") is None
    assert enter(embedded, PASSWORD, "10.6.6.6")  # being in once begins it anew


def test_what_is_tried_while_a_place_waits_does_not_make_it_wait_longer(embedded, li, time):
    for _ in range(FROM_ONE_PLACE):
        enter(embedded, "wrong", "10.6.6.6")
    (before,) = accounts.locked(embedded.house, OWNER, "li")
    for _ in range(10):
        enter(embedded, "wrong", "10.6.6.6")
    assert accounts.locked(embedded.house, OWNER, "li") == [before]


def test_many_places_together_lock_the_unknown_ones_and_never_the_known_one(embedded, li, time):
    assert enter(embedded)  # from home: known from now on
    for number in range(FROM_EVERYWHERE):
        assert enter(embedded, "wrong", f"10.6.{number}.6") is None
    assert enter(embedded, PASSWORD, "10.7.7.7") is None
    assert enter(embedded, PASSWORD, HOME)
    assert [lock.place for lock in accounts.locked(embedded.house, OWNER, "li")] == ["*"]
    assert entries(embedded, "session.refuse")[-1] == {"address": "10.7.7.7"}
    time.passes(minutes=16)
    assert enter(embedded, PASSWORD, "10.7.7.7")


def test_whoever_tries_many_accounts_is_not_answered_at_all_until_that_has_passed(embedded, li, time, monkeypatch):
    for number in range(INTO_ANY_ACCOUNT):
        assert enter(embedded, "wrong", "10.6.6.6", f"nobody{number}") is None
    hashed = []
    monkeypatch.setattr(people, "_matches", lambda *given: bool(hashed.append(given)))
    with pytest.raises(TooManyRequests) as refused:
        enter(embedded, PASSWORD, "10.6.6.6")
    assert 0 < refused.value.retry_after <= 901
    assert hashed == []  # it costs us nothing
    monkeypatch.undo()
    assert enter(embedded, PASSWORD, HOME)


def test_an_hour_without_wrong_attempts_forgets_them(embedded, li, time):
    for _ in range(FROM_ONE_PLACE - 1):
        enter(embedded, "wrong", "10.6.6.6")
    time.passes(hours=1, seconds=1)
    enter(embedded, "wrong", "10.6.6.6")
    assert accounts.locked(embedded.house, OWNER, "li") == []
    time.passes(hours=1, seconds=1)
    enter(embedded, "wrong", "10.7.7.7")
    with embedded.house.database.read() as session:
        places = set(session.scalars(select(SignInTally.place)))
    assert places == {"10.7.7.7", "*"}  # what is old is not kept


def test_the_administrator_sees_who_is_locked_and_unlocks_them(embedded, li, time):
    root = embedded.hire("root", "administrator")
    for _ in range(FROM_ONE_PLACE):
        enter(embedded, "wrong")
    assert accounts.locked_people(embedded.house, root) == {li.person_id}
    with pytest.raises(NotAllowed):
        accounts.unlock(embedded.house, embedded["archivist"], "li")
    with pytest.raises(NotAllowed):
        accounts.locked(embedded.house, embedded["archivist"], "li")
    accounts.unlock(embedded.house, root, "li")
    accounts.unlock(embedded.house, root, "li")
    assert enter(embedded)
    assert len(entries(embedded, "person.unlock")) == 1


def test_the_password_typed_to_change_it_is_counted_in_the_same_place(embedded, li, time):
    for _ in range(FROM_ONE_PLACE):
        with pytest.raises(NotSignedIn):
            accounts.change_password(embedded.house, li, "wrong", "a different password", address=HOME)
    assert enter(embedded) is None
    assert enter(embedded, address="10.7.7.7")


def test_a_session_ends_when_nobody_acts_and_at_the_latest_after_its_hours(embedded, li, time):
    house = embedded.house
    cookie = enter(embedded)
    for _ in range(13):  # somebody is there every 50 minutes
        time.passes(minutes=50)
        assert people.person_of_session(house, cookie, acts=True)
    (session,) = accounts.list_sessions(house, li, "li")
    assert session.seen_at == time.now
    time.passes(minutes=50)
    assert people.person_of_session(house, cookie)  # a page that asks by itself is nobody
    time.passes(minutes=11)
    with pytest.raises(NotSignedIn):
        people.person_of_session(house, cookie, acts=True)
    assert accounts.list_sessions(house, li, "li") == []
    cookie = enter(embedded)
    for _ in range(14):
        time.passes(minutes=50)
        assert people.person_of_session(house, cookie, acts=True)
    time.passes(minutes=30)  # 12 hours and 10 minutes, and active all the time
    with pytest.raises(NotSignedIn):
        people.person_of_session(house, cookie, acts=True)
    enter(embedded)
    with house.database.read() as reading:  # what is over is deleted with the next one
        query = select(func.count()).select_from(WebSession).where(WebSession.person_id == li.person_id)
        assert reading.scalar(query) == 1


def test_that_somebody_is_there_is_written_once_a_minute(embedded, li, time):
    cookie, begun = enter(embedded), time.now
    time.passes(seconds=50)
    people.person_of_session(embedded.house, cookie, acts=True)
    assert accounts.list_sessions(embedded.house, li, "li")[0].seen_at == begun
    time.passes(seconds=20)
    people.person_of_session(embedded.house, cookie, acts=True)
    assert accounts.list_sessions(embedded.house, li, "li")[0].seen_at == time.now


def test_signing_in_again_ends_the_session_this_browser_had(embedded, li, time):
    first = enter(embedded)
    second = people.sign_in(embedded.house, "li", PASSWORD, "Firefox", HOME, before=first)
    assert second != first
    with pytest.raises(NotSignedIn):
        people.person_of_session(embedded.house, first)
    (session,) = accounts.list_sessions(embedded.house, li, "li")
    assert (session.address, session.method) == (HOME, "password")


def test_a_station_never_signs_in(embedded, time):
    root = embedded.hire("root", "administrator")
    accounts.create_station(embedded.house, root, "desk1", "前台扫描站", embedded.department_id)
    with pytest.raises(RuleRefused):
        people.renew_invitation(embedded.house, root, "desk1")
    assert enter(embedded, "", login="desk1") is None
    people.disable(embedded.house, root, "desk1")
    assert accounts.open_again(embedded.house, root, "desk1") == ""


def test_idle_time_is_a_setting(embedded, li, time):
    embedded.house.settings = replace(embedded.house.settings, session_idle_minutes=5)
    cookie = enter(embedded)
    time.passes(minutes=6)
    with pytest.raises(NotSignedIn):
        people.person_of_session(embedded.house, cookie)


def test_wrong_attempts_at_once_are_all_counted(office, monkeypatch):
    li = office.hire("li", "handler")
    monkeypatch.setattr(people, "_matches", lambda _hashed, _password: False)
    count = FROM_EVERYWHERE - 1
    with ThreadPoolExecutor(8) as threads:
        tried = [threads.submit(enter, office, "wrong", f"10.6.{number}.6") for number in range(count)]
        assert [attempt.result() for attempt in tried] == [None] * count
        again = [threads.submit(enter, office, "wrong", HOME) for _ in range(FROM_ONE_PLACE - 1)]
        assert [attempt.result() for attempt in again] == [None] * (FROM_ONE_PLACE - 1)
    with office.house.database.read() as session:
        home, all_over = (session.get_one(SignInTally, (li.person_id, place)) for place in (HOME, "*"))
    assert home.failures <= FROM_ONE_PLACE - 1
    assert all_over.failures >= FROM_EVERYWHERE
    assert all_over.blocked_until


def test_a_recovery_code_used_twice_at_once_works_once(office):
    office.hire("li", "handler", password=PASSWORD)
    with office.house.database.read() as session:
        person = session.scalars(select(Person).where(Person.login == "li")).one()
    secret = second_factor.begin(office.house, person)
    step = int(office.house.clock.now().timestamp()) // second_factor.STEP
    codes = second_factor.confirm(office.house, person, second_factor.code_at(secret, step))
    halves = [enter(office) for _ in range(4)]

    def complete(half: str) -> bool:
        try:
            return bool(sessions.complete(office.house, half, codes[0], Visitor(HOME)))
        except NotSignedIn:
            return False

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(complete, halves)) == 1


def test_unlocking_says_how_many_places_waited(embedded, li, time):
    for place in ("10.6.6.6", "10.7.7.7"):
        for _ in range(FROM_ONE_PLACE):
            enter(embedded, "wrong", place)
    with embedded.house.database.write() as session:
        assert throttle.unlock(session, str(li.person_id)) == 2
