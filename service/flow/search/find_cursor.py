"""Cursors: where the next page of a result list begins, sealed, so that it says nothing and only serves the question it came with.

AES-256-GCM (NIST SP 800-38D) under a key made for this use alone; who asked and what stand beside it as additional data.
"""

import base64
import binascii
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from search.orders import Anchor
from service.access.policy import Actor
from service.errors import BadCursor
from service.house import House

_PURPOSE = b"search cursors"
_NONCE = 12
_LONGEST = 2000  # none of ours is
_FORMAT = 1


@dataclass(frozen=True)
class Question:
    """What was asked: a cursor serves nothing else."""

    text: str
    filters: Mapping[str, str]
    order: str

    def bound_to(self, actor: Actor) -> bytes:
        """Return the bytes a cursor is sealed with."""
        return json.dumps([_FORMAT, actor.name, self.text, sorted(self.filters.items()), self.order]).encode()


@dataclass(frozen=True)
class Place:
    """Where a page begins. near: whether the list is one of near-misses."""

    after: Anchor
    near: bool


def seal(house: House, actor: Actor, question: Question, place: Place) -> str:
    """Return the cursor of a place."""
    nonce = os.urandom(_NONCE)
    said = json.dumps([asdict(place.after), place.near]).encode()
    sealed = AESGCM(house.keys.derive(_PURPOSE)).encrypt(nonce, said, question.bound_to(actor))
    return base64.urlsafe_b64encode(nonce + sealed).decode().rstrip("=")


def unseal(house: House, actor: Actor, question: Question, cursor: str) -> Place:
    """Return the place of a cursor. Raises BadCursor: it was changed, or is another person's or another question's."""
    try:
        given = cursor[:_LONGEST].encode("ascii")
        raw = base64.b64decode(given + b"=" * (-len(given) % 4), altchars=b"-_", validate=True)
        said = AESGCM(house.keys.derive(_PURPOSE)).decrypt(raw[:_NONCE], raw[_NONCE:], question.bound_to(actor))
    except (ValueError, binascii.Error, InvalidTag) as error:
        raise BadCursor("this cursor does not belong to this search: begin again with the first page") from error
    after, near = json.loads(said)
    return Place(Anchor(**after), near)
