"""Saved searches over the API: the caller's own, with what is new in them."""

from typing import Annotated, Any

from pydantic import Field

from service.access.policy import Actor
from service.api.documents import Search, search
from service.api.operations import Input, Operations
from service.flow.search.find import FACETS
from service.flow.search.saved_searches import (
    Saved,
    change_search,
    delete_search,
    list_saved,
    mark_seen,
    save_search,
)
from service.house import House
from service.records.tables import SavedSearch

operation = Operations("search")


@operation("POST", "/search", "Search with a query too long for an address", body=Search, problems=(400,))
def search_at_length(house: House, actor: Actor, given: Search) -> dict[str, Any]:
    """As `GET /search`: an address holds some 800 Chinese characters, a body as many as a query may have."""
    found: dict[str, Any] = search(house, actor, given)
    return found


class NewSearch(Input):
    """A question to keep. filters: facet to exact value, as of a search."""

    said_elsewhere = frozenset({"query"})

    name: Annotated[str, Field(max_length=200)]
    query: str
    filters: dict[str, Annotated[str, Field(max_length=300)]] = Field(default_factory=dict, max_length=len(FACETS))


class Changes(Input):
    """What is to change. name: what it is to be called; mail: whether its owner is told of news by e-mail, too."""

    name: Annotated[str, Field(max_length=200)] | None = None
    mail: bool | None = None


def _row(row: SavedSearch) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "query": row.query,
        "filters": row.filters,
        "created_at": row.created_at.isoformat(),
        "mail": row.mail,
    }


def _shown(saved: Saved) -> dict[str, Any]:
    newest = [{"document_id": one.id, "title": one.title, "category": one.category} for one in saved.newest]
    return {**_row(saved.search), "news": saved.news, "newest": newest}


@operation("GET", "/saved-searches", "Your saved searches, with what is new in them")
def list_saved_searches(house: House, actor: Actor) -> dict[str, Any]:
    """Return the caller's own; news counts, newest lists (at most 50) documents that came since and may be read now."""
    return {"saved_searches": [_shown(saved) for saved in list_saved(house, actor)]}


@operation("POST", "/saved-searches", "Save a search", body=NewSearch, status=201, problems=(400, 409))
def create_saved_search(house: House, actor: Actor, given: NewSearch) -> dict[str, Any]:
    """Keep a question; from now on its owner is told of documents that come and answer it."""
    return _row(save_search(house, actor, given.name, given.query, given.filters))


@operation(
    "PATCH",
    "/saved-searches/{search_id}",
    "Rename a saved search, or be told of its news by e-mail",
    body=Changes,
    problems=(409,),
)
def rename_saved_search(house: House, actor: Actor, search_id: str, given: Changes) -> dict[str, Any]:
    """Give it another name; begin or end to tell its owner of news by e-mail, to the address they gave (`PUT /inbox/address`)."""
    return _row(change_search(house, actor, search_id, name=given.name, mail=given.mail))


@operation("POST", "/saved-searches/{search_id}/seen", "Say that the news of a saved search were seen", status=204)
def see_saved_search(house: House, actor: Actor, search_id: str) -> None:
    """Its news begin anew."""
    mark_seen(house, actor, search_id)


@operation("DELETE", "/saved-searches/{search_id}", "Delete a saved search", status=204)
def delete_saved_search(house: House, actor: Actor, search_id: str) -> None:
    """Forget it with its news."""
    delete_search(house, actor, search_id)
