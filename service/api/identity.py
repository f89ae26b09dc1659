"""Stations and their receipts, accounts that wait after wrong attempts, second factors, and links to the company's sign-in."""

from typing import Annotated, Any

from pydantic import Field

from service.access import accounts, company, people
from service.access.policy import Actor
from service.api.operations import Input, Operations
from service.flow.intake.receipts import MOST, list_receipts
from service.house import House

stations = Operations("stations")
receipts = Operations("receipts")
identity = Operations("accounts")

Subject = Annotated[str, Field(min_length=1, max_length=255)]


class NewStation(Input):
    """The account of a scanning station. department: the code of the one that what it hands in belongs to."""

    login: Annotated[str, Field(max_length=64)]
    name: Annotated[str, Field(max_length=120)]
    department: Annotated[str, Field(max_length=16)] | None = None


@stations("POST", "/stations", "Make the account of a scanning station", body=NewStation, status=201, problems=(404,))
def create_station(house: House, actor: Actor, given: NewStation) -> dict[str, Any]:
    """Create it; it hands in with a token (`POST /accounts/{login}/tokens`) and never signs in."""
    people.demand(actor, "people.manage")
    department_id = people.department_by_code(house, given.department).id if given.department else None
    return dict(accounts.person_as_json(accounts.create_station(house, actor, given.login, given.name, department_id)))


class ListReceipts(Input):
    """Which ones."""

    limit: Annotated[int, Field(ge=1, le=MOST)] = 50
    offset: Annotated[int, Field(ge=0, le=1_000_000)] = 0


@receipts("GET", "/receipts", "What one handed in oneself, newest first", query=ListReceipts)
def list_own_receipts(house: House, actor: Actor, given: ListReceipts) -> dict[str, Any]:
    """Return id, name, hash and state of each, and nothing that was read from it."""
    total, found = list_receipts(house, actor, limit=given.limit, offset=given.offset)
    return {"total": total, "receipts": [receipt.as_json() for receipt in found]}


@identity("GET", "/accounts/{login}/locks", "From where an account does not answer, after wrong attempts")
def list_locks(house: House, actor: Actor, login: str) -> dict[str, Any]:
    """Return the places; `*` is every address from which the person has not signed in lately."""
    found = accounts.locked(house, actor, login)
    return {"locks": [{"place": x.place, "failures": x.failures, "until": x.until.isoformat()} for x in found]}


@identity("DELETE", "/accounts/{login}/locks", "Let an account answer again at once", status=204)
def unlock_person(house: House, actor: Actor, login: str) -> None:
    """Forget the wrong attempts into an account."""
    accounts.unlock(house, actor, login)


@identity(
    "DELETE", "/accounts/{login}/second-factor", "Take a second factor away that was lost", status=204, problems=(409,)
)
def reset_second_factor(house: House, actor: Actor, login: str) -> None:
    """Remove it and its recovery codes; the person is signed out everywhere."""
    accounts.reset_second_factor(house, actor, login)


@identity("GET", "/accounts/{login}/identities", "What is linked to an account at the company's sign-in")
def list_identities(house: House, actor: Actor, login: str) -> dict[str, Any]:
    """Return issuer and subject of each, one's own or as the administrator."""
    found = company.linked(house, actor, login)
    return {
        "identities": [
            {"issuer": x.issuer, "subject": x.subject, "linked_by": x.linked_by, "linked_at": x.linked_at.isoformat()}
            for x in found
        ]
    }


class Link(Input):
    """The subject (`sub`) at the company's sign-in."""

    subject: Subject


@identity(
    "POST", "/accounts/{login}/identities", "Link an account to a subject", body=Link, status=204, problems=(404, 409)
)
def link_identity(house: House, actor: Actor, login: str, given: Link) -> None:
    """Link it: who signs in there as this subject is this person here."""
    company.link(house, actor, login, given.subject)


@identity("DELETE", "/accounts/{login}/identities/{subject}", "Undo a link", status=204, problems=(409,))
def unlink_identity(house: House, actor: Actor, login: str, subject: str) -> None:
    """Undo a link; the sessions it opened end."""
    company.unlink(house, actor, login, subject)


GROUPS = (stations, receipts, identity)
