"""Receivables: what comes from the company's books, what customers owe, and what is done to collect it."""

from datetime import date
from typing import Annotated, Any, Literal

from flask import request
from pydantic import Field

from service.access.policy import Actor
from service.api.operations import Input, Operations
from service.errors import BadInput
from service.flow.common.guard import require
from service.flow.credit import collections, receivables_import
from service.flow.credit.receivables import account_as_json, get_account
from service.house import House

receivables = Operations("receivables")

Short = Annotated[str, Field(max_length=80)]


@receivables("GET", "/customers/{customer_id}/receivables", "What a customer owes: ageing, open items, how it pays")
def customer_receivables(house: House, actor: Actor, customer_id: str) -> dict[str, Any]:
    """Return the account of a customer today."""
    return account_as_json(get_account(house, actor, customer_id))


class Entry(Input):
    """An invoice, payment, credit note or order under its own number. customer: number, code or name.

    invoice: the invoice that money is for, or the order an invoice is for. status: void for one that does not count any more.
    """

    kind: Literal["invoice", "payment", "credit_note", "order"]
    number: Short
    customer: Annotated[str, Field(max_length=200)]
    on: Annotated[str, Field(max_length=10)]
    due_on: Annotated[str, Field(max_length=10)] = ""
    amount: Annotated[str, Field(max_length=30)]
    currency: Annotated[str, Field(max_length=10)] = "CNY"
    invoice: Short = ""
    status: Literal["valid", "void"] = "valid"
    note: Annotated[str, Field(max_length=300)] = ""


class Entries(Input):
    """dry_run: judge them only."""

    entries: Annotated[tuple[Entry, ...], Field(min_length=1, max_length=5000)]
    dry_run: bool = False


@receivables("POST", "/receivables", "Bring in invoices, payments, credit notes and orders", body=Entries)
def bring_in_entries(house: House, actor: Actor, given: Entries) -> dict[str, Any]:
    """Judge each by itself and enter what is right; the same again changes nothing. Returns the reconciliation report."""
    entries = [entry.model_dump() for entry in given.entries]
    return receivables_import.report_as_json(
        receivables_import.bring_in(house, actor, entries, apply=not given.dry_run)
    )


class ImportFile(Input):
    """What stands beside the file. dry_run: judge it only."""

    dry_run: bool = True


@receivables(
    "POST",
    "/receivables/import",
    "Bring in invoices, payments, credit notes and orders from XLSX or CSV",
    body=ImportFile,
    multipart=True,
    problems=(413,),
)
def import_receivables(house: House, actor: Actor, given: ImportFile) -> dict[str, Any]:
    """Judge a file line by line and, without `dry_run`, enter what is right."""
    require(actor, "receivable.import")
    file = request.files.get("file")
    if file is None or not file.filename:
        raise BadInput("file: send the file as the form's part named file", {"file": "is missing"})
    data = file.stream.read(receivables_import.MAX_BYTES + 1)
    report = receivables_import.bring_in_file(house, actor, file.filename, data, apply=not given.dry_run)
    return receivables_import.report_as_json(report)


@receivables("GET", "/receivables/imports/{import_id}", "The reconciliation report of an import")
def show_receivable_import(house: House, actor: Actor, import_id: str) -> dict[str, Any]:
    """Return what came, what changed, and what was refused and why."""
    row = receivables_import.get_import(house, actor, import_id)
    made = {"made_by": row.made_by, "made_at": row.made_at.isoformat()}
    return {"id": row.id, "sha256": row.sha256, "counts": row.counts, "lines": row.lines, **made}


@receivables("GET", "/currency-rates", "The rates of currencies")
def list_currency_rates(house: House, actor: Actor) -> dict[str, Any]:
    """Return the rates, by currency, the newest first."""
    found = receivables_import.list_rates(house, actor)
    return {
        "rates": [
            {"currency": row.currency, "valid_from": row.valid_from.isoformat(), "rate": row.rate, "set_by": row.set_by}
            for row in found
        ]
    }


class NewRate(Input):
    """rate: yuan for one unit, as decimal text."""

    currency: Annotated[str, Field(max_length=3)]
    valid_from: date
    rate: Annotated[str, Field(max_length=24)]


@receivables(
    "POST", "/currency-rates", "Set the rate of a currency from a day on", body=NewRate, status=201, problems=(409,)
)
def set_currency_rate(house: House, actor: Actor, given: NewRate) -> dict[str, Any]:
    """Put a rate on record."""
    row = receivables_import.set_rate(house, actor, given.currency, given.valid_from, given.rate)
    return {"currency": row.currency, "valid_from": row.valid_from.isoformat(), "rate": row.rate}


@receivables("GET", "/customers/{customer_id}/collections", "What was done to collect a customer's debts")
def list_collections(house: House, actor: Actor, customer_id: str) -> dict[str, Any]:
    """Return the records, newest first, and what became of promises."""
    _customer, found = collections.list_records(house, actor, customer_id)
    return {"records": [collections.record_as_json(row, promise) for row, promise in found]}


class NewCollection(Input):
    """What was done. documents: ids; invoices: numbers; promised_on, promised_amount: what the customer promised to pay, and by when."""

    kind: Literal["call", "letter", "visit", "lawyer", "lawsuit", "other"]
    happened_on: date
    said: Annotated[str, Field(min_length=1, max_length=2000)]
    contact: Annotated[str, Field(max_length=120)] = ""
    promised_on: date | None = None
    promised_amount: Annotated[str, Field(max_length=30)] = ""
    currency: Annotated[str, Field(max_length=3)] = "CNY"
    invoices: Annotated[tuple[Short, ...], Field(max_length=20)] = ()
    documents: Annotated[tuple[Annotated[str, Field(max_length=36)], ...], Field(max_length=20)] = ()


@receivables(
    "POST",
    "/customers/{customer_id}/collections",
    "Record what was done to collect a debt",
    body=NewCollection,
    status=201,
)
def record_collection(house: House, actor: Actor, customer_id: str, given: NewCollection) -> dict[str, Any]:
    """Put a call, letter, visit or step of a lawyer on record."""
    row = collections.record(house, actor, customer_id, collections.Collected(**given.model_dump()))
    return {"id": row.id}


GROUPS = (receivables,)
