"""What the pages of a document say of values that a person typed: where each stands, and which sums stand in capitals."""

import contextlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy.exc import NoResultFound

from intake.capitals import Capital, capitals_on
from intake.model import PageText
from intake.typed import kind_of, read_typed
from intake.whereabouts import NOWHERE, Spot, is_settled, spots
from service.access.policy import Actor
from service.flow.common.guard import load_document
from service.flow.common.index import each_page
from service.house import House
from vault.errors import ObjectDamaged, ObjectMissing, StoreUnavailable

_NOT_NOW = (NoResultFound, ObjectDamaged, ObjectMissing, StoreUnavailable)


@dataclass(frozen=True)
class Said:
    """capitals: the sums in capitals on the pages. spots: by field where its value stands; none of them where it was not looked for."""

    capitals: tuple[Capital, ...] = ()
    spots: Mapping[str, tuple[Spot, ...]] = field(default_factory=dict)


def said_of(
    house: House, actor: Actor, document_id: str, typed: Mapping[str, str], leaf: int = 0, sums: Collection[str] = ()
) -> Said:
    """Return what the pages say; nothing where they cannot be read at this moment.

    typed: by field what was typed without a place. leaf: the page open, 0 for none: with it and the pages of the values before, it is
    seen to whether the others need be opened. sums: further fields of which some may be sums, which are held against all pages.
    Raises NotFound.
    """
    wanted = {name: value for name, text in typed.items() if (value := read_typed(name, text).value)}
    money = any(kind_of(name) == "money" for name in (*typed, *sums))
    if not wanted and not money:
        return Said()
    with house.database.read() as session, contextlib.suppress(*_NOT_NOW):
        document = load_document(session, actor, document_id)
        old = {f.name: Spot(f.page, f.box) for f in document.fields}
        near = {leaf, *(old[name].page for name in wanted if name in old)} - {0}
        if near and not money:
            found = _found(each_page(house, session, document_id, near), wanted)
            if all(is_settled(places, leaf, old.get(name, NOWHERE)) for name, places in found.items()):
                return Said((), found)
        capitals = list[Capital]()
        found = _found(each_page(house, session, document_id), wanted, capitals if money else None)
        return Said(tuple(capitals), found)
    return Said()


def _found(
    pages: Iterable[PageText], wanted: Mapping[str, str], capitals: list[Capital] | None = None
) -> dict[str, tuple[Spot, ...]]:
    """Return where the values stand on the pages; adds the sums in capitals to `capitals`, where they are asked for."""
    found: dict[str, list[Spot]] = {name: [] for name in wanted}
    for page in pages:
        for name, value in wanted.items():
            found[name] += spots(name, value, page)
        if capitals is not None:
            capitals += capitals_on([page])
    return {name: tuple(places) for name, places in found.items()}
