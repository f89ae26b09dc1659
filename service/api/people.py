"""Accounts, departments, and what belongs to oneself: password, sessions, tokens."""

from typing import Annotated, Any

from flask import request
from pydantic import Field

from service.access import accounts, departments, people
from service.access.policy import Actor
from service.api.operations import Input, Operations
from service.api.rights import NewPaper
from service.caller import address_of
from service.errors import NotFound
from service.house import House
from service.records.tables import ApiToken, Department, WebSession

accounts_operations = Operations("accounts")
department_operations = Operations("departments")
token_operations = Operations("tokens")

Name = Annotated[str, Field(max_length=120)]
Code = Annotated[str, Field(max_length=16)]
Roles = Annotated[list[Annotated[str, Field(max_length=32)]], Field(max_length=20)]
Tier = Annotated[str, Field(max_length=16)]


def _link(house: House, login: str, secret: str) -> dict[str, Any]:
    return {"login": login, "link": f"{house.settings.base_url}/invite/{secret}" if secret else None}


def _department_id(house: House, code: str | None) -> str | None:
    return people.department_by_code(house, code).id if code else code


@accounts_operations("GET", "/accounts", "List accounts")
def list_accounts(house: House, actor: Actor) -> dict[str, Any]:
    """Return all accounts."""
    return {"accounts": [accounts.person_as_json(person) for person in people.list_people(house, actor)]}


class NewPerson(Input):
    """An account. department: its code."""

    login: Annotated[str, Field(max_length=64)]
    name: Name
    roles: Roles
    department: Code | None = None
    clearance: Tier = "internal"
    papers: Annotated[list[NewPaper], Field(max_length=20)] = Field(default_factory=list)


@accounts_operations(
    "POST", "/accounts", "Invite a person; the link is shown once", body=NewPerson, status=201, problems=(404, 409)
)
def invite_person(house: House, actor: Actor, given: NewPerson) -> dict[str, Any]:
    """Create an account; the answer holds the one-time link with which the person sets a password."""
    people.demand(actor, "people.manage")
    department_id = _department_id(house, given.department)
    papers = [paper.given() for paper in given.papers]
    secret = people.invite(house, actor, given.login, given.name, given.roles, department_id, given.clearance, papers)
    return _link(house, given.login, secret)


@accounts_operations("GET", "/accounts/{login}", "An account")
def show_person(house: House, actor: Actor, login: str) -> dict[str, Any]:
    """Return one account."""
    return dict(accounts.person_as_json(accounts.get_person(house, actor, login)))


class ChangePerson(Input):
    """What to change; only what is given changes. department: its code, "" for none."""

    name: Name | None = None
    roles: Roles | None = None
    department: Code | None = None
    clearance: Tier | None = None


@accounts_operations("PATCH", "/accounts/{login}", "Change an account", body=ChangePerson, problems=(409,))
def change_person(house: House, actor: Actor, login: str, given: ChangePerson) -> dict[str, Any]:
    """Change name, roles, department or clearance; it takes effect at once."""
    people.demand(actor, "people.read")
    person = accounts.change_person(
        house,
        actor,
        login,
        name=given.name,
        roles=given.roles,
        department_id=_department_id(house, given.department),
        clearance=given.clearance,
    )
    return dict(accounts.person_as_json(person))


@accounts_operations("POST", "/accounts/{login}/closing", "Close an account at once", status=204, problems=(409,))
def close_person(house: House, actor: Actor, login: str) -> None:
    """Close an account: its sessions end, its tokens and links are void."""
    accounts.close_account(house, actor, login)


@accounts_operations("POST", "/accounts/{login}/opening", "Open a closed account again", problems=(409,))
def open_person(house: House, actor: Actor, login: str) -> dict[str, Any]:
    """Open an account again; the answer holds a one-time link, the old password is void."""
    return _link(house, login, accounts.open_again(house, actor, login))


@accounts_operations("POST", "/accounts/{login}/link", "A fresh one-time link", problems=(409,))
def new_link(house: House, actor: Actor, login: str) -> dict[str, Any]:
    """Return a fresh one-time link, for instance after a forgotten password."""
    return _link(house, login, people.renew_invitation(house, actor, login))


@accounts_operations("GET", "/accounts/{login}/sessions", "Where a person is signed in")
def list_sessions(house: House, actor: Actor, login: str) -> dict[str, Any]:
    """Return the open web sessions, one's own or as the administrator."""
    return {"sessions": [_session(found) for found in accounts.list_sessions(house, actor, login)]}


def _session(found: WebSession) -> dict[str, Any]:
    times = {
        "created_at": found.created_at.isoformat(),
        "expires_at": found.expires_at.isoformat(),
        "seen_at": (found.seen_at or found.created_at).isoformat(),
    }
    return {"id": found.id, **times, "browser": found.user_agent, "address": found.address, "method": found.method}


@accounts_operations("DELETE", "/accounts/{login}/sessions/{session_id}", "Sign a person out of a browser", status=204)
def end_session(house: House, actor: Actor, login: str, session_id: str) -> None:
    """End a web session at once."""
    accounts.end_session(house, actor, login, session_id)


class NewPassword(Input):
    """The present password and the new one."""

    old: Annotated[str, Field(max_length=200)]
    new: Annotated[str, Field(max_length=200)]


@accounts_operations("POST", "/me/password", "Change one's own password", body=NewPassword, status=204)
def change_password(house: House, actor: Actor, given: NewPassword) -> None:
    """Set one's own password; every browser is signed out."""
    address = address_of(request, house.settings.proxies)
    accounts.change_password(house, actor, given.old, given.new, address=address)


@token_operations("GET", "/accounts/{login}/tokens", "The tokens of a person, never their secrets")
def list_tokens(house: House, actor: Actor, login: str) -> dict[str, Any]:
    """Return tokens, one's own or as the administrator."""
    return {"tokens": [_token(token) for token, _login in people.list_tokens(house, actor, login)]}


def _token(token: ApiToken) -> dict[str, Any]:
    return {
        "id": token.id,
        "name": token.name,
        "scopes": token.scopes,
        "networks": token.networks,
        "last_used_at": token.last_used_at.isoformat() if token.last_used_at else None,
        "last_address": token.last_address,
        "created_at": token.created_at.isoformat(),
        "expires_at": token.expires_at.isoformat() if token.expires_at else None,
        "revoked_at": token.revoked_at.isoformat() if token.revoked_at else None,
    }


class NewToken(Input):
    """What it is for, how long it lives, what of the account's rights it has (all, when nothing is said) and from where it works."""

    name: Annotated[str, Field(min_length=1, max_length=120)]
    days: Annotated[int, Field(ge=1, le=3650)] = 365
    scopes: Annotated[list[Annotated[str, Field(max_length=16)]], Field(max_length=10)] | None = None
    networks: Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=20)] = Field(default_factory=list)


@token_operations(
    "POST", "/accounts/{login}/tokens", "A new token; it is shown once", body=NewToken, status=201, problems=(409,)
)
def create_token(house: House, actor: Actor, login: str, given: NewToken) -> dict[str, Any]:
    """Create a bearer token: one's own, or a station's as the administrator."""
    secret = people.create_token(
        house, actor, login, given.name, given.days, scopes=given.scopes, networks=given.networks
    )
    return {"login": login, "token": secret}


@token_operations("DELETE", "/accounts/{login}/tokens/{token_id}", "Revoke a token at once", status=204)
def revoke_token(house: House, actor: Actor, login: str, token_id: str) -> None:
    """Revoke a token, one's own or as the administrator."""
    if token_id not in {token.id for token, _login in people.list_tokens(house, actor, login)}:
        raise NotFound(f"there is no token {token_id}")
    people.revoke_token(house, actor, token_id)


def _department(department: Department) -> dict[str, Any]:
    return {
        "id": department.id,
        "code": department.code,
        "name": department.name,
        "fonds": department.fonds,
        "closed": department.closed_at is not None,
    }


@department_operations("GET", "/departments", "List departments")
def list_departments(house: House, actor: Actor) -> dict[str, Any]:
    """Return all departments, closed ones too."""
    people.demand(actor, "directory.read")
    return {"departments": [_department(department) for department in people.list_departments(house)]}


class NewDepartment(Input):
    """A department. code: becomes part of contract and archive numbers; fonds: the company's unless given."""

    code: Code
    name: Name
    fonds: Annotated[str, Field(max_length=8)] | None = None


@department_operations("POST", "/departments", "Create a department", body=NewDepartment, status=201)
def create_department(house: House, actor: Actor, given: NewDepartment) -> dict[str, Any]:
    """Create a department."""
    return _department(people.create_department(house, actor, given.code, given.name, given.fonds))


class Rename(Input):
    """The new name."""

    name: Name


@department_operations("PATCH", "/departments/{code}", "Rename a department", body=Rename)
def rename_department(house: House, actor: Actor, code: str, given: Rename) -> dict[str, Any]:
    """Give a department another name; its code stays."""
    return _department(departments.rename_department(house, actor, code, given.name))


class ApprovalRule(Input):
    """since: contracts signed from this day on are approved before; "" ends the demand. source: the internal rule that says so."""

    since: Annotated[str, Field(max_length=10)] = ""
    source: Annotated[str, Field(max_length=200)] = ""


@department_operations("GET", "/departments/approvals", "Which departments demand that contracts are approved first")
def list_approval_rules(house: House, actor: Actor) -> dict[str, Any]:
    """Return the open departments with their demands: since when, and the rule that says so."""
    return {"departments": [_approval(row) for row in departments.approval_rules(house, actor)]}


@department_operations(
    "PUT", "/departments/{code}/approval", "Demand an approval before contracts are signed", body=ApprovalRule
)
def demand_approval(house: House, actor: Actor, code: str, given: ApprovalRule) -> dict[str, Any]:
    """Demand it from a day on, or end the demand; contracts that were signed before are carried on as they are."""
    return _approval(departments.demand_approval(house, actor, code, given.since, given.source))


def _approval(row: Department) -> dict[str, Any]:
    since = row.approval_from.isoformat() if row.approval_from else None
    return {"code": row.code, "name": row.name, "since": since, "source": row.approval_source}


@department_operations("POST", "/departments/{code}/closing", "Close a department", problems=(409,))
def close_department(house: House, actor: Actor, code: str) -> dict[str, Any]:
    """Close a department: no new contract and no new account in it; refused with their list while it has open files."""
    return _department(departments.close_department(house, actor, code))


class Merge(Input):
    """The code of the department that takes over."""

    into: Code


@department_operations(
    "POST", "/departments/{code}/merging", "Merge a department into another", body=Merge, problems=(409,)
)
def merge_department(house: House, actor: Actor, code: str, given: Merge) -> dict[str, Any]:
    """Give another department all that one has, and close it; numbers that were given stay."""
    return _department(departments.merge_department(house, actor, code, given.into))


@department_operations("POST", "/departments/{code}/opening", "Open a closed department again")
def open_department(house: House, actor: Actor, code: str) -> dict[str, Any]:
    """Open a department again."""
    return _department(departments.open_department(house, actor, code))


GROUPS = (accounts_operations, department_operations, token_operations)
