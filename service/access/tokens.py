"""Bearer tokens: what of an account's rights one has, from where it works, and how often its use is written down."""

from collections.abc import Collection
from datetime import timedelta
from ipaddress import ip_address, ip_network

from service.access.policy import SCOPES
from service.errors import BadInput

#: All that a station's token can do.
STATION_SCOPES = ("hand_in",)
#: That a token was used is written down no more often than this.
USED = timedelta(minutes=5)
_MOST_NETWORKS = 20


def scopes_of(wanted: Collection[str] | None, most: Collection[str], makers: Collection[str] | None) -> list[str]:
    """Return the scopes of a new token. wanted: None for all it can have. most: of the account. makers: of the token that asks.

    A token makes none that may do more than itself. Raises BadInput.
    """
    can = [scope for scope in SCOPES if scope in most and (makers is None or scope in makers)]
    chosen = can if wanted is None else [scope for scope in SCOPES if scope in wanted]
    if not chosen or not set(chosen) <= set(can) or not set(wanted or ()) <= set(SCOPES):
        why = f"one or more of {', '.join(can)}"
        raise BadInput(f"scopes: {why}", {"scopes": why})
    return chosen


def networks_of(given: Collection[str]) -> list[str]:
    """Return networks as they are kept: 10.1.0.0/16. Raises BadInput for what is none, and for more than 20."""
    try:
        found = sorted({str(ip_network(text.strip(), strict=False)) for text in given if text.strip()})
    except ValueError:
        found = None
    if found is None or len(found) > _MOST_NETWORKS:
        why = f"addresses or networks such as 10.1.2.3 or 10.1.0.0/16, at most {_MOST_NETWORKS}"
        raise BadInput(f"networks: {why}", {"networks": why})
    return found


def is_from(address: str, networks: Collection[str]) -> bool:
    """Return whether an address lies in one of these networks; none given: every address does."""
    if not networks:
        return True
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    found = getattr(found, "ipv4_mapped", None) or found
    return any(found in ip_network(network) for network in networks)
