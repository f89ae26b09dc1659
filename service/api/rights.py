"""Rights: papers on record (RULES B7 to B9), and what is opened to a person for a time."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field

from service.access import paper_entries
from service.access.papers import PaperGiven
from service.access.policy import Actor
from service.api.operations import Input, Operations
from service.flow.archive import grants as flow
from service.house import House

papers = Operations("papers")
grants = Operations("grants")

Id = Annotated[str, Field(max_length=36)]
Reason = Annotated[str, Field(min_length=1, max_length=500)]


class NewPaper(Input):
    """What is on paper: agreement (confidentiality), degree, retrieval, exam; note: where it lies. No valid_until: no end."""

    kind: Literal["agreement", "degree", "retrieval", "exam"]
    valid_from: date
    valid_until: date | None = None
    note: Annotated[str, Field(min_length=1, max_length=300)]

    def given(self) -> PaperGiven:
        """Return it as the rules take it."""
        return PaperGiven(self.kind, self.valid_from, self.valid_until, self.note)


@papers("GET", "/accounts/{login}/papers", "The papers on record of a person")
def list_papers(house: House, actor: Actor, login: str) -> dict[str, Any]:
    """Return them, revoked ones too, the latest entry first."""
    return {"papers": [paper_entries.as_json(paper) for paper in paper_entries.list_papers(house, actor, login)]}


@papers("POST", "/accounts/{login}/papers", "Put a paper on record", body=NewPaper, status=201, problems=(409,))
def add_paper(house: House, actor: Actor, login: str, given: NewPaper) -> dict[str, Any]:
    """Enter a paper of someone else; it counts at once."""
    return paper_entries.as_json(paper_entries.add_paper(house, actor, login, given.given()))


class Revoke(Input):
    """Why."""

    reason: Reason


@papers(
    "POST",
    "/accounts/{login}/papers/{paper_id}/revocation",
    "Take a paper off the record",
    body=Revoke,
    status=204,
    problems=(409,),
)
def revoke_paper(house: House, actor: Actor, login: str, paper_id: str, given: Revoke) -> None:
    """Revoke a paper; what rests on it ends at once."""
    paper_entries.revoke_paper(house, actor, login, paper_id, given.reason)


@papers("GET", "/papers/lacking", "Who lacks which paper, and from when they are demanded")
def list_lacking(house: House, actor: Actor) -> dict[str, Any]:
    """Return everyone who lacks a paper for a role of theirs, or the agreement."""
    first, found = paper_entries.who_lacks(house, actor)
    people = [{"login": lack.login, "name": lack.name, "lacks": lack.states} for lack in found]
    return {"demanded_from": first.isoformat() if first else None, "people": people}


class NewGrant(Input):
    """Who may read what until when, and why. tier: the highest it opens; left out, that of the thing today."""

    login: Annotated[str, Field(max_length=64)]
    kind: Literal["document", "file", "customer"]
    subject_id: Id
    until: date
    reason: Reason
    tier: Literal["public", "internal", "secret", "core"] | None = None


@grants(
    "POST", "/grants", "Open a document, file or customer to a person", body=NewGrant, status=201, problems=(404, 409)
)
def give_grant(house: House, actor: Actor, given: NewGrant) -> dict[str, Any]:
    """Open something for reading until the end of a day."""
    values = given.model_dump()
    tier = values.pop("tier") or ""
    return flow.as_json(house, flow.give_grant(house, actor, tier=tier, **values))


class ListGrants(Input):
    """Whose; one's own, or of anyone for those who give them."""

    login: Annotated[str, Field(max_length=64)] | None = None


@grants("GET", "/grants", "What is opened to whom", query=ListGrants)
def list_grants(house: House, actor: Actor, given: ListGrants) -> dict[str, Any]:
    """Return the grants in sight, open ones first."""
    return {"grants": [flow.as_json(house, grant) for grant in flow.list_grants(house, actor, given.login)]}


@grants("DELETE", "/grants/{grant_id}", "Close a grant", status=204)
def end_grant(house: House, actor: Actor, grant_id: str) -> None:
    """Close a grant at once."""
    flow.end_grant(house, actor, grant_id)


GROUPS = (papers, grants)
