"""People's other rows: how they sign in, what their rights rest on. Loaded when one of them is asked for, see `tables.py`."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from service.records.tables import Base, Id, Person, new_id


class WebSession(Base):
    """A signed-in browser. The cookie holds the secret, the table only its SHA-256.

    stage: what is still wanted, `code` or `enrol` (see `service/access/sessions.py`), "" when signed in. method: password or
    company. seen_at: the last time the person did something, to the minute.
    """

    __tablename__ = "web_sessions"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    user_agent: Mapped[str] = mapped_column(String(200), default="")
    seen_at: Mapped[datetime | None]
    address: Mapped[str] = mapped_column(String(64), default="")
    stage: Mapped[str] = mapped_column(String(8), default="")
    method: Mapped[str] = mapped_column(String(8), default="password")


class ApiToken(Base):
    """A bearer token; only its SHA-256 is kept.

    scopes: what of the account's rights it has (`policy.SCOPES`). networks: from where it works, none for everywhere.
    last_used_at: to a few minutes.
    """

    __tablename__ = "api_tokens"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    name: Mapped[str] = mapped_column(String(120))
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    scopes: Mapped[list[str]]
    networks: Mapped[list[str]] = mapped_column(default=list)
    last_used_at: Mapped[datetime | None]
    last_address: Mapped[str] = mapped_column(String(64), default="")


class SignInTally(Base):
    """Wrong attempts to sign in: into one account from one place.

    place ``*``: from everywhere. person_id ``*``: into any account. since: the first of them. signed_in_at: when that person last got in from there.
    """

    __tablename__ = "sign_in_tallies"
    person_id: Mapped[str] = mapped_column(Id, primary_key=True)
    place: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    since: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    blocked_until: Mapped[datetime | None]
    signed_in_at: Mapped[datetime | None]


class SecondFactor(Base):
    """What makes a person's one-time codes: 32 bytes wrapped by the master key. confirmed_at: when the first code was right.

    last_step: the time step of the last code taken; neither it nor an earlier one is taken again.
    """

    __tablename__ = "second_factors"
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), primary_key=True)
    wrapped: Mapped[bytes]
    master_key_id: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)


class RecoveryCode(Base):
    """A code for the day the phone is lost; works once. Only its SHA-256 is kept."""

    __tablename__ = "recovery_codes"
    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    used_at: Mapped[datetime | None]


class Identity(Base):
    """The account of a person at the company's sign-in: its issuer and subject, which never change, and no e-mail address."""

    __tablename__ = "identities"
    issuer: Mapped[str] = mapped_column(String(255), primary_key=True)
    subject: Mapped[str] = mapped_column(String(255), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    linked_by: Mapped[str] = mapped_column(String(80))
    linked_at: Mapped[datetime]


class CompanySignIn(Base):
    """A way to the company's sign-in that somebody is on; deleted by coming back. person_id: whose account is to be linked."""

    __tablename__ = "company_sign_ins"
    state_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    target: Mapped[str] = mapped_column(Text)
    person_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    expires_at: Mapped[datetime]


class Invitation(Base):
    """A one-time link with which a person sets their password."""

    __tablename__ = "invitations"
    secret_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Paper(Base):
    """What a person's rights rest on (RULES B7 to B9). kind: agreement, degree, retrieval, exam; see `service/access/papers.py`.

    valid_until: the last day, None for no end. note: where the paper itself lies. revoked_by: who took it back; the row stays.
    """

    __tablename__ = "papers"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]
    note: Mapped[str] = mapped_column(String(300))
    entered_by: Mapped[str] = mapped_column(String(80))
    entered_at: Mapped[datetime]
    revoked_by: Mapped[str | None] = mapped_column(String(80))
    revoked_at: Mapped[datetime | None]
    revoke_reason: Mapped[str] = mapped_column(Text, default="")


class Grant(Base):
    """One document, case file or customer opened to one person for a time. kind: document, file, customer.

    tier: the highest it opens. until: the last day. ended_by: who closed it before that; the row stays.
    """

    __tablename__ = "grants"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    subject_id: Mapped[str] = mapped_column(Id, index=True)
    tier: Mapped[str] = mapped_column(String(16))
    until: Mapped[date]
    reason: Mapped[str] = mapped_column(Text)
    given_by: Mapped[str] = mapped_column(String(80))
    given_at: Mapped[datetime]
    ended_by: Mapped[str | None] = mapped_column(String(80))
    ended_at: Mapped[datetime | None]
    person: Mapped[Person] = relationship(lazy="joined")


class Term(Base):
    """A day from which a rule is demanded in this archive, by name. papers, statistics: set by the upgrade of an archive that has people."""

    __tablename__ = "terms"
    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    day: Mapped[date]


class SavedSearch(Base):
    """A question a person keeps under a name. looked_until: up to when what was received has been looked through for news.

    mail: whether its owner is told of news by e-mail; mailed_at: when the last one was due, see `flow/search/saved_mail.py`.
    """

    __tablename__ = "saved_searches"
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    query: Mapped[str] = mapped_column(Text)
    filters: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    looked_until: Mapped[datetime]
    mail: Mapped[bool] = mapped_column(default=False)
    mailed_at: Mapped[datetime | None]


class SavedSearchFind(Base):
    """A document that came after a search was saved, and answers it. It goes when the document is destroyed."""

    __tablename__ = "saved_search_finds"
    saved_search_id: Mapped[str] = mapped_column(ForeignKey("saved_searches.id"), primary_key=True)
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id"), primary_key=True, index=True)
    found_at: Mapped[datetime]
    seen_at: Mapped[datetime | None]
