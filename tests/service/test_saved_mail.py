"""E-mail about saved searches: told once of what is new, at most once an hour, and of nothing its owner may not know any more."""

import email
import json
import re
import smtplib
from collections.abc import Callable
from datetime import timedelta
from email import policy
from email.message import EmailMessage
from types import SimpleNamespace

import pytest
from flask import Flask
from sqlalchemy import select

from service.access import people
from service.api.app import blueprint
from service.bootstrap import build
from service.errors import NotFound, RuleRefused
from service.flow.common.index import index_document
from service.flow.credit import deliveries
from service.flow.credit.send_mail import Mailer
from service.flow.search.saved_searches import change_search, delete_search, forget, look_for_all, mark_seen
from service.records.tables import AuditEntry, Document, SavedSearch
from service.settings import load
from service.web.app import create_app
from tests.service.conftest import OWNER, Office, Ran
from tests.service.test_deliveries import Post, clock, mailing, of_channel, post, tries  # noqa: F401 - fixtures
from tests.service.test_find_orders import copies
from tests.service.test_saved_searches import saved_before
from tests.service.web.conftest import Site, open_site


def letters(post: Post) -> list[EmailMessage]:  # noqa: F811 - not the fixture itself
    return [email.message_from_bytes(one.content, policy=policy.default) for one in post.letters]


def wanted(office: Office, login: str = "handler") -> str:
    """Save a search a day before anything comes, and want e-mail of it."""
    search_id = saved_before(office, login)
    assert change_search(office.house, office[login], search_id, mail=True).mail is True
    return search_id


def come(office: Office, moved: SimpleNamespace, count: int) -> list[str]:
    """Let documents come and the worker look for them."""
    made = copies(office, count)
    moved.now += timedelta(days=1)
    assert look_for_all(office.house) == count
    return made


def test_the_owner_is_told_once_of_what_is_new_and_then_once_an_hour(mailing: Office, post: Post, clock):  # noqa: F811 - fixtures
    house, search_id = mailing.house, wanted(mailing)
    made = copies(mailing, 3)
    with house.database.write() as session:
        session.get_one(Document, made[2]).status = "reading"  # comes later
    house.index.remove(made[2])
    clock.now += timedelta(days=1)
    assert look_for_all(house) == 2
    assert (Mailer(house).send_due(), Mailer(house).send_due()) == (1, 0)
    (letter,) = letters(post)
    assert letter["To"] == "handler@example.com"
    assert letter["Subject"] == "[卷宗] 保存的检索“钢”里有 2 件新的文件"
    assert "There are 2 new documents in your saved search “钢”" in letter.get_content()
    assert f"{house.settings.base_url}/search/saved" in letter.get_content()
    assert "钢材" not in letter.get_content()  # neither titles nor the words of the query leave the house
    (row,) = of_channel(mailing, "mail")
    assert (row.state, row.event, row.customer_id, tries(mailing, row)) == ("sent", "search.news", None, ["accepted"])
    assert "钢" not in json.dumps(row.content, ensure_ascii=False)

    mark_seen(house, mailing["handler"], search_id)
    with house.database.write() as session:
        session.get_one(Document, made[2]).status = "stored"
    index_document(house, made[2])
    clock.now += timedelta(minutes=30)
    assert look_for_all(house) == 1
    assert Mailer(house).send_due() == 0
    clock.now += timedelta(minutes=31)
    assert Mailer(house).send_due() == 1
    assert letters(post)[1]["Subject"] == "[卷宗] 保存的检索“钢”里有 1 件新的文件"


def test_while_one_waits_there_is_no_second(mailing: Office, post: Post, clock):  # noqa: F811 - fixtures
    house = mailing.house
    wanted(mailing)
    made = copies(mailing, 2)
    with house.database.write() as session:
        session.get_one(Document, made[1]).status = "reading"
    house.index.remove(made[1])
    clock.now += timedelta(days=1)
    assert look_for_all(house) == 1
    post.broken = "451 try again later"
    Mailer(house).send_due()
    with house.database.write() as session:
        session.get_one(Document, made[1]).status = "stored"
    index_document(house, made[1])
    clock.now += timedelta(hours=3)
    assert look_for_all(house) == 1
    assert len(of_channel(mailing, "mail")) == 1
    post.broken = ""
    assert Mailer(house).send_due() == 1
    assert [one["Subject"] for one in letters(post)] == ["[卷宗] 保存的检索“钢”里有 2 件新的文件"]


def test_killed_while_it_is_sent_it_is_not_sent_twice(mailing: Office, post: Post, clock, monkeypatch):  # noqa: F811 - fixtures
    wanted(mailing)
    come(mailing, clock, 2)

    def killed(*_arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(deliveries, "_note", killed)
        with pytest.raises(KeyboardInterrupt):
            Mailer(mailing.house).send_due()
    assert len(post.letters) == 1
    clock.now += deliveries.LEASE
    assert Mailer(mailing.house).send_due() == 0
    assert len(post.letters) == 1
    (row,) = of_channel(mailing, "mail")
    assert row.state == "given_up"
    assert tries(mailing, row) == ["the sender was stopped: it may have gone out"]
    deliveries.send_again(mailing.house, mailing["administrator"], row.id)  # a person may say so
    assert Mailer(mailing.house).send_due() == 1
    assert len(post.letters) == 2
    with mailing.house.database.read() as session:
        noted = session.scalars(select(AuditEntry).where(AuditEntry.action.startswith("delivery."))).all()
    assert [(one.action, one.subject) for one in noted] == [
        (f"delivery.{verb}", f"delivery:{row.id}") for verb in ("give_up", "again", "sent")
    ]


def test_a_line_that_breaks_while_it_is_handed_over_is_no_reason_to_send_it_again(
    mailing: Office,  # noqa: F811 - the fixture
    clock,  # noqa: F811 - the fixture
    monkeypatch,
):
    wanted(mailing)
    come(mailing, clock, 1)

    def broken(*_arguments: object) -> None:
        raise smtplib.SMTPServerDisconnected("connection lost")

    monkeypatch.setattr(smtplib.SMTP, "send_message", broken)
    Mailer(mailing.house).send_due()
    (row,) = of_channel(mailing, "mail")
    assert row.state == "given_up"


@pytest.mark.parametrize("why", ["destroyed", "seen", "shut", "switched off", "deleted", "left"])
def test_nothing_is_told_of_what_is_gone_when_it_goes_out(mailing: Office, post: Post, clock, why: str):  # noqa: F811 - fixtures
    house, handler, search_id = mailing.house, mailing["handler"], wanted(mailing)
    (made,) = come(mailing, clock, 1)
    with house.database.write() as session:
        if why == "destroyed":
            session.get_one(Document, made).status = "destroyed"
            forget(session, [made])
        elif why == "shut":
            session.get_one(Document, made).tier = "core"
    if why == "seen":
        mark_seen(house, handler, search_id)
    elif why == "switched off":
        change_search(house, handler, search_id, mail=False)
    elif why == "deleted":
        delete_search(house, handler, search_id)
    elif why == "left":
        people.disable(house, OWNER, "handler")
    Mailer(house).send_due()
    assert post.letters == []
    (row,) = of_channel(mailing, "mail")
    assert (row.state, tries(mailing, row)) == ("given_up", ["there is nothing to tell any more"])


def test_who_did_not_ask_for_it_gets_none(mailing: Office, post: Post, clock):  # noqa: F811 - fixtures
    saved_before(mailing)
    come(mailing, clock, 2)
    assert of_channel(mailing, "mail") == []


def test_it_is_switched_on_where_an_e_mail_can_go_and_by_its_owner_alone(mailing: Office):  # noqa: F811 - the fixture
    search_id = saved_before(mailing, "archivist")
    silent = build(load(mailing.env))  # the same archive without a server for e-mail
    for house, why in ((silent, "name no server"), (mailing.house, "where you want to be told")):
        with pytest.raises(RuleRefused, match=why):
            change_search(house, mailing["archivist"], search_id, mail=True)
        with pytest.raises(NotFound):
            change_search(house, mailing["handler"], search_id, mail=True)
    silent.database.dispose()
    with mailing.house.database.read() as session:
        assert session.get_one(SavedSearch, search_id).mail is False


def test_the_api_sets_the_address_and_switches_it_on_and_off(mailing: Office):  # noqa: F811 - the fixture
    app = Flask("test")
    app.register_blueprint(blueprint(mailing.house))
    api = app.test_client()
    token = people.create_token(mailing.house, OWNER, "archivist", "test")
    api.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    search = f"/api/v1/saved-searches/{saved_before(mailing, 'archivist')}"
    assert api.get("/api/v1/inbox/address").json == {"address": "", "sends": True}
    assert api.patch(search, json={"mail": True}).status_code == 409
    assert api.put("/api/v1/inbox/address", json={"address": "no at"}).status_code == 422
    assert api.put("/api/v1/inbox/address", json={"address": "a@example.com"}).status_code == 204
    assert api.get("/api/v1/inbox/address").json["address"] == "a@example.com"
    assert api.patch(search, json={"mail": True}).json["mail"] is True
    assert api.patch(search, json={"name": "材"}).json["name"] == "材"
    (listed,) = api.get("/api/v1/saved-searches").json["saved_searches"]
    assert (listed["name"], listed["mail"]) == ("材", True)
    assert api.patch(search, json={"mail": False}).json["mail"] is False


def test_the_command_line_switches_it_on_and_off(mailing: Office, juanzong_here: Callable[..., Ran]):  # noqa: F811 - the fixture
    saved_before(mailing)
    settings = mailing.house.settings
    env = {
        **mailing.env,
        "JUANZONG_SMTP": f"smtp://localhost:{settings.smtp.port}",  # type: ignore[union-attr] # it is set here
        "JUANZONG_SMTP_FROM": settings.smtp_from,
        "JUANZONG_SMTP_CA": str(settings.smtp_ca),
    }
    (listed,) = juanzong_here(env, "saved", "handler", "--mail", "钢", "--json").stdout.splitlines()
    assert json.loads(listed)["mail"] is True
    (listed,) = juanzong_here(env, "saved", "handler", "--no-mail", "钢", "--json").stdout.splitlines()
    assert json.loads(listed)["mail"] is False
    refused = juanzong_here(mailing.env, "saved", "handler", "--mail", "钢", check=None)
    assert (refused.returncode, "name no server" in refused.stderr) == (4, True)


def test_the_page_has_a_switch_where_an_e_mail_can_go(mailing: Office):  # noqa: F811 - the fixture
    saved_before(mailing, "archivist")
    silent = build(load(mailing.env))
    page = Site(mailing, create_app(silent, secret=b"x" * 32)).signed_in("archivist").get("/search/saved").text
    assert "邮" not in page.partition("<main")[2]
    silent.database.dispose()
    person = open_site(mailing).signed_in("archivist")
    assert "写下你的邮箱" in person.get("/search/saved").text
    assert person.post("/inbox/address", {"address": "archivist@example.com"}).status_code == 303
    switch = re.compile(r'action="(/search/saved/[0-9a-f-]+/mail/[01])"')
    (on,) = switch.findall(person.get("/search/saved").text)
    assert person.post(on).status_code == 303
    page = person.get("/search/saved").text
    assert "有新的就发邮件</span>" in page
    assert "archivist@example.com" in page
    (off,) = switch.findall(page)
    assert (on[:-1], on[-1], off[-1]) == (off[:-1], "1", "0")
    assert person.post(off).status_code == 303
    with mailing.house.database.read() as session:
        assert session.scalars(select(SavedSearch.mail)).all() == [False]


def test_the_list_of_deliveries_shows_one_that_is_about_no_customer(mailing: Office, clock):  # noqa: F811 - fixtures
    wanted(mailing)
    come(mailing, clock, 1)
    assert "保存的检索里有新的文件" in open_site(mailing).signed_in("administrator").get("/deliveries").text
