"""The customer register: the card for sales and service (RULES A5.2), people, banks, groups, duplicates, spreadsheets."""

from typing import Annotated, Any

from flask import Response, request
from pydantic import Field
from werkzeug.http import dump_options_header

from service.access.policy import Actor
from service.api.archive import Day, Id, Reason
from service.api.operations import Input, Operations
from service.flow.common.guard import require
from service.flow.credit import customer_card, customer_import, customer_merge, customer_profile
from service.flow.credit.duplicates import list_duplicates
from service.house import House
from service.reports.sheets import FORMATS, Table, write

register = Operations("customers")

Short = Annotated[str, Field(max_length=120)]


@register("GET", "/customers/{customer_id}/card", "The customer card for sales and service")
def show_customer_card(house: House, actor: Actor, customer_id: str) -> dict[str, Any]:
    """Return grade, line, exposure, block, warnings, contracts with file state, documents and people, as far as one may see them."""
    return customer_card.card_as_json(customer_card.get_card(house, actor, customer_id), house.clock.today())


class NewContact(Input):
    """kind: person (role, phone, email) or bank (account)."""

    kind: Annotated[str, Field(max_length=8)]
    name: Short
    role: Short = ""
    phone: Short = ""
    email: Short = ""
    account: Short = ""


@register(
    "POST",
    "/customers/{customer_id}/contacts",
    "Put a person or a bank on record",
    body=NewContact,
    status=201,
    problems=(409,),
)
def add_customer_contact(house: House, actor: Actor, customer_id: str, given: NewContact) -> dict[str, Any]:
    """Return the id of what was added."""
    given_ = customer_profile.ContactGiven(**given.model_dump())
    return {"id": customer_profile.add_contact(house, actor, customer_id, given_)}


@register("DELETE", "/customers/{customer_id}/contacts/{contact_id}", "Take one off", status=204, problems=(409,))
def end_customer_contact(house: House, actor: Actor, customer_id: str, contact_id: str) -> None:
    """End a contact; its row stays."""
    customer_profile.end_contact(house, actor, customer_id, contact_id)


class NewRelation(Input):
    """other: number, code, exact name or id of the parent or guarantor."""

    kind: Annotated[str, Field(max_length=12)]
    other: Annotated[str, Field(max_length=200)]
    since: Day = ""
    document_id: Id = ""
    note: Annotated[str, Field(max_length=500)] = ""


@register(
    "POST",
    "/customers/{customer_id}/relations",
    "Say whom it belongs to or who guarantees it",
    body=NewRelation,
    status=201,
    problems=(409,),
)
def relate_customer(house: House, actor: Actor, customer_id: str, given: NewRelation) -> dict[str, Any]:
    """Return the id of the relation."""
    given_ = customer_profile.RelationGiven(**given.model_dump())
    return {"id": customer_profile.relate(house, actor, customer_id, given_)}


@register("DELETE", "/customers/{customer_id}/relations/{relation_id}", "End a relation", status=204, problems=(409,))
def end_customer_relation(house: House, actor: Actor, customer_id: str, relation_id: str) -> None:
    """End a relation; it stays on record."""
    customer_profile.end_relation(house, actor, customer_id, relation_id)


class AskDuplicates(Input):
    """Which page."""

    limit: Annotated[int, Field(ge=1, le=1000)] = 1000
    offset: Annotated[int, Field(ge=0, le=1_000_000)] = 0


@register("GET", "/customer-duplicates", "Pairs of customers that may be one", query=AskDuplicates)
def customer_duplicates(house: House, actor: Actor, given: AskDuplicates) -> dict[str, Any]:
    """Return one page of the pairs, the surest first. total: counted up to 10,000; 10,001 says that there are more.

    comparing: how many of the customers that were there before have been compared; null when all are.
    """
    total, found, run = list_duplicates(house, actor, limit=given.limit, offset=given.offset)
    shown = [
        {"why": pair.pair.why, "customers": [{"id": c.id, "number": c.number, "name": c.name, "code": c.code} for c in (pair.first, pair.second)]}
        for pair in found
    ]  # fmt: skip
    return {"total": total, "pairs": shown, "comparing": {"done": run.done, "total": run.total} if run else None}


class Merger(Input):
    """other: id of the customer that is merged into this one."""

    other: Id
    reason: Reason


@register(
    "POST",
    "/customers/{customer_id}/mergers",
    "Merge another customer into this one",
    body=Merger,
    status=201,
    problems=(409,),
)
def merge_customer(house: House, actor: Actor, customer_id: str, given: Merger) -> dict[str, Any]:
    """Return the id of the merger, by which it can be undone."""
    return {"id": customer_merge.merge_customers(house, actor, customer_id, given.other, given.reason)}


@register("POST", "/customer-mergers/{merge_id}/undo", "Undo a merger", status=204, problems=(409,))
def undo_customer_merge(house: House, actor: Actor, merge_id: str) -> None:
    """Give the merged customer back what was its own."""
    customer_merge.undo_merge(house, actor, merge_id)


class Importing(Input):
    """apply: enter the rows; without it they are only judged."""

    apply: bool = False


@register(
    "POST",
    "/customers/import",
    "Judge a workbook of customers or enter it, all rows or none",
    body=Importing,
    multipart=True,
    problems=(409,),
)
def import_customers(house: House, actor: Actor, given: Importing) -> dict[str, Any]:
    """Return what would be or was done, with everything that is wrong, by row."""
    require(actor, "customer.import")
    file = request.files.get("file")
    data = file.stream.read() if file else b""
    judged = customer_import.check_import(house, actor, data)
    if given.apply and not judged.findings:
        return customer_import.judged_as_json(customer_import.apply_import(house, actor, data), applied=True)
    return customer_import.judged_as_json(judged, applied=False)


class ExportForm(Input):
    """form: xlsx or csv."""

    form: Annotated[str, Field(pattern="^(csv|xlsx)$")] = "xlsx"


@register(
    "GET",
    "/customers/export",
    "The register as a spreadsheet, in the form in which it is imported",
    query=ExportForm,
    answer="application/octet-stream",
)
def export_customers(house: House, actor: Actor, given: ExportForm) -> Response:
    """Send all customers in sight."""
    rows = customer_import.export_customers(house, actor, given.form)
    heads = [words[0] for words in customer_import.HEADINGS.values()]
    answer = Response(write(Table("客户", heads, rows), given.form), content_type=FORMATS[given.form])
    answer.headers["Content-Disposition"] = dump_options_header("attachment", {"filename": f"customers.{given.form}"})
    return answer


GROUPS = (register,)
