"""One-time codes: RFC 6238's own vectors, codes that count once, recovery codes, roles that must have them, stages of signing in."""

import base64
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from service.access import accounts, people, second_factor, sessions
from service.access.second_factor import STEP, code_at, spelled, step_of, uri_of
from service.access.sessions import Visitor
from service.errors import BadInput, NotAllowed, NotFound, NotSignedIn, RuleRefused
from service.records.tables import Person, RecoveryCode, SecondFactor
from tests.service.conftest import OWNER, Office
from tests.service.test_accounts import entries

PASSWORD = "correct horse battery"
HERE = Visitor("10.0.0.1", "Firefox")
SECRET = b"12345678901234567890"


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_the_vectors_of_rfc_6238_appendix_b(seconds, code):
    assert code_at(SECRET, seconds // STEP, digits=8) == code
    assert code_at(SECRET, seconds // STEP) == code[2:]


@given(st.integers(STEP * 10, 4_000_000_000), st.integers(-4, 4))
def test_a_code_counts_one_step_early_or_late_and_never_after_a_later_one(now, off):
    step = now // STEP + off
    found = step_of(SECRET, code_at(SECRET, step), now, 0)
    assert found is None or code_at(SECRET, found) == code_at(SECRET, step)  # two steps may have the same code
    if abs(off) <= 1:
        assert found is not None
    assert step_of(SECRET, code_at(SECRET, now // STEP), now, now // STEP + 1) is None


def test_the_picture_says_what_an_authenticator_needs():
    address = urlsplit(uri_of(SECRET, "li"))
    said = parse_qs(address.query)
    assert (address.scheme, address.netloc, address.path) == ("otpauth", "totp", "/Juanzong:li")
    assert base64.b32decode(said["secret"][0]) == SECRET
    assert (said["digits"], said["period"], said["issuer"]) == (["6"], ["30"], ["Juanzong"])
    assert base64.b32decode(spelled(SECRET).replace(" ", "")) == SECRET


class Phone:
    """A person's phone, and the house's clock with it."""

    def __init__(self, office: Office, login: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self._house, self.now = office.house, datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
        monkeypatch.setattr(self._house.clock, "now", lambda: self.now)
        with self._house.database.read() as session:
            self.person = session.scalars(select(Person).where(Person.login == login)).one()
        self.secret = b""

    def code(self) -> str:
        """The next code: half a minute later, so that none is shown twice."""
        self.now += timedelta(seconds=STEP)
        return code_at(self.secret, int(self.now.timestamp()) // STEP)

    def enrol(self) -> list[str]:
        self.secret = second_factor.begin(self._house, self.person)
        return second_factor.confirm(self._house, self.person, self.code())


@pytest.fixture
def phone(embedded, monkeypatch):
    embedded.hire("li", "handler", password=PASSWORD)
    return Phone(embedded, "li", monkeypatch)


def enter(office: Office) -> str:
    return people.sign_in(office.house, "li", PASSWORD, HERE.user_agent, HERE.address)


def test_the_password_alone_opens_nothing_and_the_code_makes_another_session(embedded, phone):
    house = embedded.house
    phone.enrol()
    half = enter(embedded)
    with pytest.raises(NotSignedIn):
        people.person_of_session(house, half)
    assert sessions.half_open(house, half)[1] == "code"
    assert accounts.list_sessions(house, OWNER, "li") == []
    whole = sessions.complete(house, half, phone.code(), HERE)
    assert whole != half
    assert people.person_of_session(house, whole).login == "li"
    for over in (half, whole):
        with pytest.raises(NotSignedIn):
            sessions.half_open(house, over)
    assert entries(embedded, "session.open")[-1]["second_factor"] == "code"


def test_a_code_that_was_used_is_refused_also_in_another_session(embedded, phone):
    phone.enrol()
    one, other = enter(embedded), enter(embedded)
    code = phone.code()
    sessions.complete(embedded.house, one, code, HERE)
    with pytest.raises(NotSignedIn):
        sessions.complete(embedded.house, other, code, HERE)
    assert sessions.complete(embedded.house, other, phone.code(), HERE)


def test_guessing_codes_is_slowed_down_and_knowing_the_password_does_not_begin_it_anew(embedded, phone):
    phone.enrol()
    for _ in range(5):
        with pytest.raises(NotSignedIn):
            sessions.complete(embedded.house, enter(embedded), "000000 ", HERE)
    with pytest.raises(NotSignedIn, match="the account is locked"):
        enter(embedded)
    assert [lock.place for lock in accounts.locked(embedded.house, OWNER, "li")] == ["10.0.0.1"]
    phone.now += timedelta(minutes=2)
    half = enter(embedded)
    with pytest.raises(NotSignedIn):
        sessions.complete(embedded.house, half, "no", HERE)
    with pytest.raises(NotSignedIn, match="too many wrong codes"):
        sessions.complete(embedded.house, half, phone.code(), HERE)


def test_who_takes_too_long_begins_again(embedded, phone):
    phone.enrol()
    half = enter(embedded)
    phone.now += timedelta(minutes=6)
    with pytest.raises(NotSignedIn, match="please sign in"):
        sessions.complete(embedded.house, half, phone.code(), HERE)


def test_a_recovery_code_works_once_however_it_is_typed(embedded, phone):
    codes = phone.enrol()
    assert len(set(codes)) == 10
    assert all(re.fullmatch(r"([a-z2-7]{4}-){3}[a-z2-7]{4}", code) for code in codes)
    typed = codes[0].upper().replace("-", " ")
    assert sessions.complete(embedded.house, enter(embedded), typed, HERE)
    with pytest.raises(NotSignedIn):
        sessions.complete(embedded.house, enter(embedded), codes[0], HERE)
    assert second_factor.standing(embedded.house, phone.person).recovery_left == 9
    fresh = second_factor.renew_codes(embedded.house, phone.person, phone.code())
    with pytest.raises(NotSignedIn):
        sessions.complete(embedded.house, enter(embedded), codes[1], HERE)
    assert sessions.complete(embedded.house, enter(embedded), fresh[0], HERE)
    other = embedded.hire("wang", "handler", password=PASSWORD)
    with embedded.house.database.read() as session:
        owners = set(session.scalars(select(RecoveryCode.person_id)))
    assert owners == {phone.person.id}
    assert other.person_id not in owners


def test_a_recovery_code_of_somebody_else_opens_nothing(embedded, phone, monkeypatch):
    phone.enrol()
    other = Phone(embedded, "archivist", monkeypatch)
    (code, *_) = other.enrol()
    with pytest.raises(NotSignedIn):
        sessions.complete(embedded.house, enter(embedded), code, HERE)
    assert second_factor.standing(embedded.house, other.person).recovery_left == 10


def test_nothing_of_it_can_be_read_in_the_database(embedded, phone, tmp_path):
    codes = phone.enrol()
    with embedded.house.database.read() as session:
        row = session.scalars(select(SecondFactor)).one()
        assert phone.secret not in row.wrapped
        assert len(row.wrapped) == 61
    embedded.house.database.scrub()
    data = (tmp_path / "home" / "juanzong.db").read_bytes()
    for known in (phone.secret, base64.b32encode(phone.secret), codes[0].encode(), codes[0].replace("-", "").encode()):
        assert known not in data


def test_a_wrapped_secret_put_to_another_person_opens_nothing(embedded, phone):
    phone.enrol()
    other = embedded.hire("wang", "handler")
    with embedded.house.database.write() as session:
        row = session.scalars(select(SecondFactor)).one()
        session.add(
            SecondFactor(
                person_id=other.person_id,
                wrapped=row.wrapped,
                master_key_id=row.master_key_id,
                created_at=row.created_at,
            )
        )
    from vault.errors import KeyUnusable

    with embedded.house.database.read() as session:
        person = session.get_one(Person, other.person_id)
    with pytest.raises(KeyUnusable):
        second_factor.begin(embedded.house, person)


def test_adding_and_removing(embedded, phone):
    house = embedded.house
    with pytest.raises(RuleRefused, match="begin again"):
        second_factor.confirm(house, phone.person, "123456")
    first = second_factor.begin(house, phone.person)
    assert second_factor.begin(house, phone.person) == first  # the page may be loaded twice
    with pytest.raises(BadInput):
        second_factor.confirm(house, phone.person, "12345")
    assert people.person_of_session(house, enter(embedded))  # not confirmed: not asked for
    phone.enrol()
    with pytest.raises(RuleRefused, match="already"):
        second_factor.begin(house, phone.person)
    with pytest.raises(BadInput):
        second_factor.remove(house, phone.person, "wrong")
    second_factor.remove(house, phone.person, phone.code())
    assert people.person_of_session(house, enter(embedded))
    with pytest.raises(RuleRefused, match="there is no second factor"):
        second_factor.renew_codes(house, phone.person, "x")
    assert second_factor.begin(house, phone.person) != first


def test_a_role_that_must_have_one_adds_it_before_anything_else(embedded, phone):
    house = embedded.house
    house.settings = replace(house.settings, second_factor_roles=("handler",))
    half = enter(embedded)
    assert sessions.half_open(house, half)[1] == "enrol"
    with pytest.raises(NotSignedIn):
        people.person_of_session(house, half)
    with pytest.raises(NotSignedIn):
        sessions.enrolled(house, half, HERE)  # not yet
    with pytest.raises(NotSignedIn):
        sessions.complete(house, half, "123456", HERE)
    phone.enrol()
    whole = sessions.enrolled(house, half, HERE)
    assert people.person_of_session(house, whole)
    with pytest.raises(RuleRefused, match="must have"):
        second_factor.remove(house, phone.person, phone.code())
    house.settings = replace(house.settings, second_factor_roles=("all",))
    with house.database.read() as session:
        assert second_factor.is_required(house, session.scalars(select(Person).where(Person.login == "head")).one())


def test_the_administrator_resets_what_was_lost_but_not_their_own(embedded, phone):
    house, root = embedded.house, embedded.hire("root", "administrator")
    with pytest.raises(RuleRefused, match="there is no second factor"):
        accounts.reset_second_factor(house, root, "li")
    phone.enrol()
    whole = sessions.complete(house, enter(embedded), phone.code(), HERE)
    for actor, login, error in (
        (embedded["archivist"], "li", NotAllowed),
        (root, "root", RuleRefused),
        (root, "nobody", NotFound),
    ):
        with pytest.raises(error):
            accounts.reset_second_factor(house, actor, login)
    accounts.reset_second_factor(house, root, "li")
    with pytest.raises(NotSignedIn):
        people.person_of_session(house, whole)
    assert people.person_of_session(house, enter(embedded))
    with house.database.read() as session:
        assert list(session.scalars(select(RecoveryCode))) == []
