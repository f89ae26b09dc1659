"""The Merkle tree against RFC 6962's own definition, and every path against the root."""

from hashlib import sha256

import pytest

from service.records.tree import Root, leaf, paths

HASHES = [sha256(bytes([n])).hexdigest() for n in range(33)]


def _mth(hashes):
    """RFC 6962, 2.1, word for word."""
    if not hashes:
        return sha256(b"").digest()
    if len(hashes) == 1:
        return sha256(b"\x00" + bytes.fromhex(hashes[0])).digest()
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return sha256(b"\x01" + _mth(hashes[:k]) + _mth(hashes[k:])).digest()


def _climb(node, index, size, steps):
    """RFC 9162, 2.1.3.2."""
    last = size - 1
    for step in map(bytes.fromhex, steps):
        if index & 1 or index == last:
            node = sha256(b"\x01" + step + node).digest()
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            node = sha256(b"\x01" + node + step).digest()
        index, last = index >> 1, last >> 1
    assert last == 0
    return node


@pytest.mark.parametrize("size", range(34))
def test_root_and_paths_are_those_of_the_standard(size):
    hashes, root = HASHES[:size], Root()
    for one in hashes:
        root.add(one)
    assert root.hexdigest() == _mth(hashes).hex()
    for index, steps in paths(hashes, range(size)).items():
        assert _climb(leaf(hashes[index]), index, size, steps).hex() == root.hexdigest()
