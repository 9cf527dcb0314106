"""The Merkle tree, against the RFC's own recursive words and the vectors that everybody uses."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest

from storage import tree
from storage.export import verifier

LEAVES = [
    bytes.fromhex(leaf)
    for leaf in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
MOST = 33


def naive(leaves: list[bytes]) -> bytes:
    """The root as RFC 9162 §2.1.1 defines it."""
    if len(leaves) < 2:
        return leaves[0] if leaves else tree.EMPTY
    k = split(len(leaves))
    return tree.node_hash(naive(leaves[:k]), naive(leaves[k:]))


def naive_path(m: int, leaves: list[bytes]) -> list[bytes]:
    """The inclusion proof as §2.1.3.1 defines it."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return [*naive_path(m, leaves[:k]), naive(leaves[k:])]
    return [*naive_path(m - k, leaves[k:]), naive(leaves[:k])]


def naive_subproof(m: int, leaves: list[bytes], whole: bool) -> list[bytes]:
    """The consistency proof as §2.1.4.1 defines it."""
    if m == len(leaves):
        return [] if whole else [naive(leaves)]
    k = split(len(leaves))
    if m <= k:
        return [*naive_subproof(m, leaves[:k], whole), naive(leaves[k:])]
    return [*naive_subproof(m - k, leaves[k:], False), naive(leaves[:k])]


def split(n: int) -> int:
    """The largest power of two below n."""
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def grown(size: int) -> tuple[list[bytes], dict[tuple[int, int], bytes]]:
    """Leaf hashes, and every whole subtree that appending them made."""
    leaves = [tree.leaf_hash(bytes([number])) for number in range(size)]
    nodes: dict[tuple[int, int], bytes] = {}
    edge: list[bytes] = []
    for number, leaf in enumerate(leaves):
        nodes[0, number] = leaf
        for level, position, made in tree.grow(edge, number, leaf):
            nodes[level, position] = made
    assert tree.fold(edge) == naive(leaves)
    return leaves, nodes


@pytest.mark.parametrize("size", range(1, 9))
def test_known_roots(size: int) -> None:
    """The vectors of Certificate Transparency come out."""
    assert tree.root_of(map(tree.leaf_hash, LEAVES[:size])).hex() == ROOTS[size - 1]


def test_empty_root() -> None:
    """The empty tree's root is the hash of nothing."""
    assert tree.root_of([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize("size", range(MOST))
def test_proofs_as_defined(size: int) -> None:
    """For every small tree, every inclusion and consistency proof is the RFC's and verifies."""
    leaves, nodes = grown(size)
    root = naive(leaves)
    for index in range(size):
        proof = tree.prove(tree.inclusion_ranges(index, size), nodes.__getitem__)
        assert proof == naive_path(index, leaves)
        assert tree.verify_inclusion(leaves[index], index, size, proof, root)
    for first in range(1, size + 1):
        proof = tree.prove(tree.consistency_ranges(first, size), nodes.__getitem__)
        assert proof == naive_subproof(first, leaves, True)
        assert tree.verify_consistency(first, size, proof, naive(leaves[:first]), root)


@pytest.mark.parametrize("size", range(1, 17))
def test_false_proofs_fail(size: int) -> None:
    """A proof for another leaf, place, size or root, a changed, cut or lengthened one: none verifies."""
    leaves, nodes = grown(size)
    root = naive(leaves)
    for index in range(size):
        proof = tree.prove(tree.inclusion_ranges(index, size), nodes.__getitem__)
        false = [bytes(32)]
        assert not tree.verify_inclusion(leaves[index], index, size, proof + false, root)
        assert not tree.verify_inclusion(bytes(32), index, size, proof, root)
        assert not tree.verify_inclusion(leaves[index], index, size, proof, bytes(32))
        for other in range(size):
            if other != index:
                assert not tree.verify_inclusion(leaves[index], other, size, proof, root)
        for at in range(len(proof)):
            assert not tree.verify_inclusion(leaves[index], index, size, proof[:at] + false + proof[at + 1 :], root)
            assert not tree.verify_inclusion(leaves[index], index, size, proof[:at], root)
    for first in range(1, size):
        proof = tree.prove(tree.consistency_ranges(first, size), nodes.__getitem__)
        old = naive(leaves[:first])
        assert not tree.verify_consistency(first, size, proof, bytes(32), root)
        assert not tree.verify_consistency(first, size, proof, old, bytes(32))
        assert not tree.verify_consistency(first, size, [*proof, bytes(32)], old, root)
        assert not tree.verify_consistency(size, first, proof, root, old)
        for at in range(len(proof)):
            assert not tree.verify_consistency(first, size, [*proof[:at], bytes(32), *proof[at + 1 :]], old, root)
            assert not tree.verify_consistency(first, size, proof[:at], old, root)


@pytest.mark.parametrize("size", range(2, 17))
def test_every_byte_of_every_proof(size: int) -> None:
    """Whichever byte of whichever proof of a small tree is changed, whatever hash is cut, lengthened or moved: it proves nothing any more."""
    leaves, nodes = grown(size)
    root = naive(leaves)
    for index in range(size):
        proof = tree.prove(tree.inclusion_ranges(index, size), nodes.__getitem__)
        for false in changed(proof):
            assert not tree.verify_inclusion(leaves[index], index, size, false, root)
    for first in range(1, size):
        proof = tree.prove(tree.consistency_ranges(first, size), nodes.__getitem__)
        old = naive(leaves[:first])
        for false in changed(proof):
            assert not tree.verify_consistency(first, size, false, old, root)
        assert not tree.verify_consistency(0, size, proof, tree.EMPTY, root)


def changed(proof: list[bytes]) -> Iterator[list[bytes]]:
    """A proof with one byte changed, for each byte; with one hash cut, lengthened, left out or doubled; with two of them exchanged."""
    for at, one in enumerate(proof):
        for byte in range(32):
            wrong = bytearray(one)
            wrong[byte] ^= 1 << byte % 8
            yield [*proof[:at], bytes(wrong), *proof[at + 1 :]]
        for wrong in (one[:31], one + b"x", b""):
            yield [*proof[:at], wrong, *proof[at + 1 :]]
        yield [*proof[:at], *proof[at + 1 :]]
        yield [*proof[:at], one, *proof[at:]]
        if at:
            yield [*proof[: at - 1], one, proof[at - 1], *proof[at + 1 :]]


@pytest.mark.parametrize("size", range(MOST))
def test_the_edge_at_once(size: int) -> None:
    """Worked out at once, the right edge is the one that grows leaf by leaf; and the one-file verifier has the same root at every size."""
    leaves, _ = grown(size)
    edge: list[bytes] = []
    for number, leaf in enumerate(leaves):
        tree.grow(edge, number, leaf)
    assert tree.edge_of(leaves) == edge
    found = verifier.roots(leaves, set(range(1, size + 1)))
    assert found == {-1: naive(leaves), **{first: naive(leaves[:first]) for first in range(1, size + 1)}}


def test_rejects_what_proves_nothing() -> None:
    """A first size of 0, a place outside the tree and hashes that are not 32 bytes are rejected."""
    leaves, _ = grown(4)
    root = naive(leaves)
    assert not tree.verify_consistency(0, 4, [], tree.EMPTY, root)
    assert not tree.verify_consistency(4, 4, [], root[:31], root[:31])
    assert not tree.verify_inclusion(leaves[0], 4, 4, [], root)
    assert not tree.verify_inclusion(b"", 0, 1, [], b"")
    with pytest.raises(ValueError, match="no proof"):
        tree.consistency_ranges(0, 4)
    with pytest.raises(ValueError, match="no leaf"):
        tree.inclusion_ranges(4, 4)


def test_appending_hashes_no_history() -> None:
    """A thousand appends make fewer than a thousand inner nodes, each once."""
    edge: list[bytes] = []
    places = []
    for number in range(1000):
        places += [node[:2] for node in tree.grow(edge, number, bytes(32))]
    assert len(places) == len(set(places)) == 1000 - len(edge)
    assert all(first != second for first, second in pairwise(places))
