"""The group and its companies, with their fonds numbers."""

from typing import Annotated, Any

from pydantic import Field

from service.access import companies
from service.access.policy import Actor
from service.api.operations import Input, Operations
from service.house import House

operation = Operations("departments")

Code = Annotated[str, Field(max_length=16)]
Name = Annotated[str, Field(max_length=120)]
Fonds = Annotated[str, Field(max_length=8)]


@operation("GET", "/companies", "The group and its companies")
def list_companies(house: House, actor: Actor) -> dict[str, Any]:
    """Return the companies with fonds numbers, what is above them, and their departments."""
    return {"companies": companies.companies(house, actor)}


class NewCompany(Input):
    """above: the code of the company it belongs to; none for the group itself."""

    code: Code
    name: Name
    fonds: Fonds
    above: Code = ""


@operation("POST", "/companies", "Make a company", body=NewCompany, status=201)
def create_company(house: House, actor: Actor, given: NewCompany) -> dict[str, Any]:
    """Make a company with its fonds number."""
    row = companies.create_company(house, actor, given.code, given.name, given.fonds, given.above)
    return {"code": row.code, "fonds": row.fonds}


class ChangeCompany(Input):
    """What changes; what is not given stays. above: "" for none."""

    name: Name | None = None
    fonds: Fonds | None = None
    above: Code | None = None


@operation("PATCH", "/companies/{code}", "Rename, renumber or move a company", body=ChangeCompany)
def change_company(house: House, actor: Actor, code: str, given: ChangeCompany) -> dict[str, Any]:
    """Change a company; numbers that were given stay."""
    row = companies.change_company(house, actor, code, name=given.name, fonds=given.fonds, above=given.above)
    return {"code": row.code, "name": row.name, "fonds": row.fonds}


@operation("POST", "/companies/{code}/closing", "Close a company", status=204, problems=(409,))
def close_company(house: House, actor: Actor, code: str) -> None:
    """Close a company that has no open part."""
    companies.close_company(house, actor, code)


class Belong(Input):
    """company: its code; none for a department of no company."""

    company: Code = ""


@operation(
    "PUT",
    "/departments/{code}/company",
    "Say which company a department belongs to",
    body=Belong,
    status=204,
    problems=(409,),
)
def move_department(house: House, actor: Actor, code: str, given: Belong) -> None:
    """Move a department; its files are numbered under the company's fonds number from then on."""
    companies.move_department(house, actor, code, given.company)
