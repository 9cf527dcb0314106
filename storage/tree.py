"""The log's Merkle tree, as RFC 9162 §2.1 has it: leaf ``SHA-256(00 ‖ entry)``, node ``SHA-256(01 ‖ left ‖ right)``.

A tree of n leaves is the row of its whole subtrees, one for each bit of n, largest first: its *right edge*. Appending
touches the edge alone and never hashes history again. A whole subtree is named by its level (0 is a leaf) and its
position from the left, and never changes once complete; proofs are made of such nodes, which the caller looks up
wherever it keeps them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

EMPTY = sha256(b"").digest()
"""The root of a tree without leaves."""

Place = tuple[int, int]
"""A whole subtree: its level and its position from the left."""


def leaf_hash(entry: bytes) -> bytes:
    """The hash of a leaf: 32 bytes."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node: 32 bytes."""
    return sha256(b"\x01" + left + right).digest()


def grow(edge: list[bytes], size: int, leaf: bytes) -> list[tuple[int, int, bytes]]:
    """Append a leaf to a tree of ``size`` leaves whose right edge is ``edge``, which is changed in place.

    Returns the inner nodes that became complete: level, position, hash.
    """
    made: list[tuple[int, int, bytes]] = []
    level, position, top = 0, size, leaf
    while position & 1:
        top = node_hash(edge.pop(), top)
        level, position = level + 1, position >> 1
        made.append((level, position, top))
    edge.append(top)
    return made


def fold(edge: Sequence[bytes]) -> bytes:
    """The root of the tree with this right edge."""
    if not edge:
        return EMPTY
    top = edge[-1]
    for left in reversed(edge[:-1]):
        top = node_hash(left, top)
    return top


def edge_of(leaves: Sequence[bytes]) -> list[bytes]:
    """The right edge of the tree over these leaf hashes."""
    edge: list[bytes] = []
    for level, position in cover(0, len(leaves)):
        row = leaves[position << level : (position + 1) << level]
        while len(row) > 1:
            row = [sha256(b"\x01" + row[at] + row[at + 1]).digest() for at in range(0, len(row), 2)]
        edge.append(row[0])
    return edge


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root over leaf hashes."""
    edge: list[bytes] = []
    for size, leaf in enumerate(leaves):
        grow(edge, size, leaf)
    return fold(edge)


def cover(start: int, end: int) -> list[Place]:
    """The whole subtrees that make up the leaves from ``start`` to before ``end``, left to right. ``start`` is a
    multiple of the largest power of two below the range's length, as every range in a proof is."""
    places = []
    while start < end:
        level = (end - start).bit_length() - 1
        places.append((level, start >> level))
        start += 1 << level
    return places


def inclusion_ranges(index: int, size: int) -> list[tuple[int, int]]:
    """The subtrees, as ranges of leaves, whose roots prove that leaf ``index`` is in the tree of ``size``
    (§2.1.3.1)."""
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    ranges: list[tuple[int, int]] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    return ranges[::-1]


def consistency_ranges(first: int, second: int) -> list[tuple[int, int]]:
    """The subtrees, as ranges of leaves, whose roots prove that the tree of ``second`` continues that of ``first``
    (§2.1.4.1)."""
    if not 0 < first <= second:
        raise ValueError(f"no proof from a tree of {first} to one of {second}")
    ranges: list[tuple[int, int]] = []
    start, end, whole = 0, second, True
    while first != end:
        middle = start + _split(end - start)
        if first <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start, whole = middle, False
    if not whole:
        ranges.append((start, end))
    return ranges[::-1]


def prove(ranges: Sequence[tuple[int, int]], node: Callable[[Place], bytes]) -> list[bytes]:
    """The proof made of the roots of these ranges; ``node`` finds the hash of a whole subtree."""
    return [fold([node(place) for place in cover(start, end)]) for start, end in ranges]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the proof shows leaf hash ``leaf`` at ``index`` of the tree of ``size`` with this root (§2.1.3.2)."""
    if not _hashes(leaf, root, *proof) or not 0 <= index < size:
        return False
    fn, sn, r = index, size - 1, leaf
    for p in proof:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            if not fn & 1:
                while fn and not fn & 1:
                    fn, sn = fn >> 1, sn >> 1
        else:
            r = node_hash(r, p)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and r == root


def verify_consistency(first: int, second: int, proof: Sequence[bytes], first_root: bytes, second_root: bytes) -> bool:
    """Whether the proof shows that the tree of ``second`` continues that of ``first`` (§2.1.4.2). A first size of 0
    proves nothing and is rejected."""
    if not _hashes(first_root, second_root, *proof) or not 0 < first <= second:
        return False
    if first == second:
        return not proof and first_root == second_root
    if not proof:
        return False
    path = [first_root, *proof] if first & (first - 1) == 0 else list(proof)
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node_hash(c, fr), node_hash(c, sr)
            if not fn & 1:
                while fn and not fn & 1:
                    fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, c)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and fr == first_root and sr == second_root


def _split(length: int) -> int:
    return 1 << ((length - 1).bit_length() - 1)


def _hashes(*values: bytes) -> bool:
    return all(len(value) == 32 for value in values)
