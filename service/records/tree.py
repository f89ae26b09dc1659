"""A Merkle tree over hashes, as RFC 6962 (section 2.1) has it: one root for many entries, a short proof for each.

A checkpoint signs the root of the entries it adds. So one entry can be shown to belong to it without showing the others.
"""

from collections.abc import Collection, Sequence
from hashlib import sha256


def leaf(entry_hash: str) -> bytes:
    """Return the leaf of an entry. entry_hash: its hash in the chain, 64 hexadecimal digits."""
    return sha256(b"\x00" + bytes.fromhex(entry_hash)).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


class Root:
    """The root of leaves that come one after the other, in memory that grows with the logarithm of their number."""

    def __init__(self) -> None:
        self.size = 0
        self._full: list[bytes] = []  # roots of full trees, the largest first

    def add(self, entry_hash: str) -> None:
        """Put the next entry behind those that are there."""
        node, size = leaf(entry_hash), self.size
        while size & 1:
            node, size = _node(self._full.pop(), node), size >> 1
        self._full.append(node)
        self.size += 1

    def hexdigest(self) -> str:
        """Return the root, 64 hexadecimal digits; of nothing it is the hash of nothing."""
        if not self._full:
            return sha256(b"").hexdigest()
        node = self._full[-1]
        for left in reversed(self._full[:-1]):
            node = _node(left, node)
        return node.hex()


def paths(hashes: Sequence[str], wanted: Collection[int]) -> dict[int, list[str]]:
    """Return the audit path (RFC 6962, 2.1.1) of each wanted place among `hashes`, from the leaf to the root, in hexadecimal."""
    level = [leaf(entry_hash) for entry_hash in hashes]
    found: dict[int, list[str]] = {index: [] for index in wanted}
    height = 0
    while len(level) > 1:
        for index, steps in found.items():
            beside = (index >> height) ^ 1
            if beside < len(level):
                steps.append(level[beside].hex())
        above = [_node(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
        # The last one of an odd number goes up as it is: the same shape as RFC 6962's split at the largest power of two.
        level, height = above + level[len(above) * 2 :], height + 1
    return found
