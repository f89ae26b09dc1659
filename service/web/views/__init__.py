"""The pages, a module a room. Importing this package hangs them all on the blueprint."""

from service.web.site import web
from service.web.views import (
    accounts,
    archive,
    batches,
    checking,
    document,
    finding,
    holds,
    home,
    intake,
    ledger,
    loans,
    paper,
    people,
    reviews,
    transfers,
    trust,
    uploads,
)

__all__ = [
    "accounts",
    "archive",
    "batches",
    "checking",
    "document",
    "finding",
    "holds",
    "home",
    "intake",
    "ledger",
    "loans",
    "paper",
    "people",
    "reviews",
    "transfers",
    "trust",
    "uploads",
    "web",
]
