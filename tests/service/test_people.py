"""Accounts: one-time links, throttled sign-in, tokens."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from service.access import accounts, people
from service.access.people import INVITATION_DAYS
from service.errors import BadInput, NotAllowed, NotFound, NotSignedIn
from service.records.tables import AuditEntry, WebSession
from tests.service.conftest import OWNER

PASSWORD = "correct horse battery"


def test_a_link_sets_a_password_once(embedded):
    house = embedded.house
    secret = people.invite(house, OWNER, "li", "李某", ["handler"])
    with pytest.raises(BadInput):
        people.set_password(house, secret, "short")
    people.set_password(house, secret, PASSWORD)
    with pytest.raises(NotFound):
        people.set_password(house, secret, "another password")
    session = people.sign_in(house, "li", PASSWORD)
    assert people.actor_of_session(house, session).name == "person:li"
    people.sign_out(house, session)
    with pytest.raises(NotSignedIn):
        people.actor_of_session(house, session)


def test_a_link_opens_nothing_after_its_days_or_once_a_password_was_set_with_another(embedded, monkeypatch):
    house = embedded.house
    first = people.invite(house, OWNER, "li", "李某", ["handler"])
    lost, second = (people.renew_invitation(house, OWNER, "li") for _ in range(2))
    people.set_password(house, second, PASSWORD)
    for link in (first, lost, second):
        with pytest.raises(NotFound):
            people.set_password(house, link, "somebody else's password")
    open_still = people.renew_invitation(house, OWNER, "li")
    li = people.actor_of_session(house, people.sign_in(house, "li", PASSWORD))
    accounts.change_password(house, li, PASSWORD, "a different password")
    with pytest.raises(NotFound):
        people.set_password(house, open_still, "somebody else's password")
    fresh, now = people.renew_invitation(house, OWNER, "li"), house.clock.now()
    for days, there in ((INVITATION_DAYS, True), (INVITATION_DAYS + 1, False)):
        monkeypatch.setattr(house.clock, "now", lambda days=days: now + timedelta(days=days, seconds=-60))
        if there:
            assert people.invited_person(house, fresh).login == "li"
        else:
            with pytest.raises(NotFound):
                people.invited_person(house, fresh)


def test_a_new_password_ends_old_sessions(embedded):
    house = embedded.house
    people.set_password(house, people.invite(house, OWNER, "li", "李某", ["handler"]), PASSWORD)
    session = people.sign_in(house, "li", PASSWORD)
    people.set_password(house, people.renew_invitation(house, OWNER, "li"), "a different password")
    with pytest.raises(NotSignedIn):
        people.actor_of_session(house, session)


def test_sign_in_is_locked_after_five_wrong_passwords_and_says_the_same_for_everything(embedded, monkeypatch):
    house = embedded.house
    people.set_password(house, people.invite(house, OWNER, "li", "李某", ["handler"]), PASSWORD)
    messages = set()
    for login in ["li"] * 5 + ["nobody"]:
        with pytest.raises(NotSignedIn) as refused:
            people.sign_in(house, login, "wrong password")
        messages.add(str(refused.value))
    assert len(messages) == 1
    with pytest.raises(NotSignedIn):
        people.sign_in(house, "li", PASSWORD)
    later = house.clock.now() + timedelta(minutes=6)
    monkeypatch.setattr(house.clock, "now", lambda: later)
    assert people.sign_in(house, "li", PASSWORD)


def test_secrets_are_kept_only_as_hashes(embedded, tmp_path):
    house = embedded.house
    secret = people.invite(house, OWNER, "li", "李某", ["handler"])
    people.set_password(house, secret, PASSWORD)
    token = people.create_token(house, OWNER, "li", "scanner")
    session = people.sign_in(house, "li", PASSWORD)
    house.database.scrub()
    data = (tmp_path / "home" / "juanzong.db").read_bytes()
    for known in (secret, PASSWORD, token, session):
        assert known.encode() not in data
    assert people.actor_of_token(house, token).name == "person:li"


def test_a_token_expires(embedded, monkeypatch):
    house = embedded.house
    token = people.create_token(house, OWNER, "handler", "scanner", days=1)
    later = house.clock.now() + timedelta(days=2)
    monkeypatch.setattr(house.clock, "now", lambda: later)
    with pytest.raises(NotSignedIn):
        people.actor_of_token(house, token)
    with pytest.raises(NotSignedIn):
        people.actor_of_token(house, "jz_unknown")


@pytest.mark.parametrize(
    ("login", "roles", "wrong"),
    [
        ("Li", ["handler"], "login"),
        ("handler", ["handler"], "login"),
        ("li", [], "roles"),
        ("li", ["king"], "roles"),
        ("li", ["administrator", "auditor"], "roles"),
    ],
)
def test_a_wrong_account_is_refused_at_the_field(embedded, login, roles, wrong):
    with pytest.raises(BadInput) as refused:
        people.invite(embedded.house, OWNER, login, "某", roles)
    assert set(refused.value.fields) == {wrong}


def test_only_the_administrator_makes_accounts(embedded):
    with pytest.raises(NotAllowed):
        people.invite(embedded.house, embedded["archivist"], "li", "李某", ["handler"])
    with pytest.raises(NotAllowed):
        people.create_token(embedded.house, embedded["handler"], "archivist", "mine")
    assert people.create_token(embedded.house, embedded["handler"], "handler", "mine")


def _said(house):
    with house.database.read() as session:
        return [(e.actor, e.action, e.subject) for e in session.scalars(select(AuditEntry).order_by(AuditEntry.seq))]


def test_a_disabled_account_is_shut_out_everywhere_at_once(embedded):
    house = embedded.house
    embedded.hire("li", "handler", password=PASSWORD)
    session, token = people.sign_in(house, "li", PASSWORD), people.create_token(house, OWNER, "li", "scanner")
    link = people.renew_invitation(house, OWNER, "li")
    people.disable(house, OWNER, "li")
    people.disable(house, OWNER, "li")
    for attempt in (
        lambda: people.actor_of_session(house, session),
        lambda: people.actor_of_token(house, token),
        lambda: people.sign_in(house, "li", PASSWORD),
    ):
        with pytest.raises(NotSignedIn):
            attempt()
    with pytest.raises(NotFound):
        people.set_password(house, link, "another password")
    with house.database.read() as found:
        assert found.scalars(select(WebSession)).all() == []
    assert all(item.revoked_at for item, _ in people.list_tokens(house, OWNER, "li"))
    assert _said(house).count((OWNER.name, "person.disable", "person:li")) == 1
    with pytest.raises(NotFound):
        people.disable(house, OWNER, "nobody")
    with pytest.raises(NotAllowed):
        people.disable(house, embedded["archivist"], "handler")


def test_a_token_is_revoked_by_its_person_or_the_administrator(embedded):
    house = embedded.house
    first, second = (people.create_token(house, OWNER, "handler", name) for name in ("a", "b"))
    ids = {item.name: item.id for item, _ in people.list_tokens(house, embedded["handler"], "handler")}
    with pytest.raises(NotFound):
        people.revoke_token(house, embedded["archivist"], ids["a"])
    with pytest.raises(NotAllowed):
        people.list_tokens(house, embedded["archivist"], "handler")
    with pytest.raises(NotAllowed):
        people.list_tokens(house, embedded["archivist"])
    people.revoke_token(house, embedded["handler"], ids["a"])
    with pytest.raises(NotSignedIn):
        people.actor_of_token(house, first)
    assert people.actor_of_token(house, second).name == "person:handler"
    people.revoke_token(house, OWNER, ids["b"])
    with pytest.raises(NotSignedIn):
        people.actor_of_token(house, second)
    said = _said(house)
    assert ("person:handler", "token.revoke", "person:handler") in said
    assert (OWNER.name, "token.revoke", "person:handler") in said
    with pytest.raises(NotFound):
        people.revoke_token(house, OWNER, "no-such-token")


def test_an_unknown_name_is_in_the_trail_but_not_what_was_typed(embedded):
    before = len(_said(embedded.house))
    with pytest.raises(NotSignedIn):
        people.sign_in(embedded.house, "hunter2 typed in the wrong place", "x")
    after = _said(embedded.house)
    assert len(after) == before + 1
    assert after[-1] == ("nobody", "session.refuse", "session")
