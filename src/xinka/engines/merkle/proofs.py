"""Inclusion and consistency proofs: built from any source of perfect subtrees, verified as RFC 9162 writes it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Protocol

from xinka.engines.merkle.errors import NoSuchEntry, ProofRefused
from xinka.engines.merkle.hashing import EMPTY_ROOT, HASH_SIZE, node_hash


class Nodes(Protocol):
    """Gives the hash of any complete perfect subtree."""

    def node(self, height: int, index: int) -> bytes:
        """Return the root of the subtree over the leaves from ``index << height`` to ``(index + 1) << height``."""
        ...


def subtree_root(nodes: Nodes, low: int, high: int) -> bytes:
    """Return the hash over the leaves from ``low`` to ``high``; ``low`` must begin a subtree that is large enough."""
    peaks = []
    while low < high:
        height = (high - low).bit_length() - 1
        peaks.append(nodes.node(height, low >> height))
        low += 1 << height
    return reduce(lambda right, left: node_hash(left, right), reversed(peaks)) if peaks else EMPTY_ROOT


def tree_root(nodes: Nodes, size: int) -> bytes:
    """Return the root of the tree of the first ``size`` leaves."""
    return subtree_root(nodes, 0, size)


def inclusion_proof(nodes: Nodes, index: int, size: int) -> list[bytes]:
    """Return the audit path of a leaf in the tree of ``size``, from its sibling upward (RFC 6962 section 2.1.1).

    Raises:
        NoSuchEntry: the tree has no such leaf.
    """
    if not 0 <= index < size:
        raise NoSuchEntry(asked=index, size=size)
    low, high, path = 0, size, []
    while high - low > 1:
        middle = low + (1 << ((high - low - 1).bit_length() - 1))
        if index < middle:
            path.append(subtree_root(nodes, middle, high))
            high = middle
        else:
            path.append(subtree_root(nodes, low, middle))
            low = middle
    return path[::-1]


def consistency_proof(nodes: Nodes, old: int, size: int) -> list[bytes]:
    """Return what shows that the tree of ``size`` continues that of ``old`` (RFC 6962 section 2.1.2); empty from 0.

    Raises:
        NoSuchEntry: the old tree is larger.
    """
    if not 0 <= old <= size:
        raise NoSuchEntry(asked=old, size=size)
    if old in (0, size):
        return []
    low, high, path = 0, size, []
    while old != high:
        middle = low + (1 << ((high - low - 1).bit_length() - 1))
        if old <= middle:
            path.append(subtree_root(nodes, middle, high))
            high = middle
        else:
            path.append(subtree_root(nodes, low, middle))
            low = middle
    # What is left is a complete subtree of the old tree; the verifier knows it if it is the whole old tree.
    return [*([] if low == 0 else [subtree_root(nodes, low, high)]), *path[::-1]]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check that a leaf hash is the ``index``-th of the tree with this size and root (RFC 9162 section 2.1.3.2).

    Raises:
        ProofRefused: it is not, or the proof does not show it.
    """
    if not 0 <= index < size or not _are_hashes([leaf, root, *proof]):
        raise ProofRefused
    left, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise ProofRefused
        if left & 1 or left == last:
            found = node_hash(sibling, found)
            while left & 1 == 0 and left:
                left, last = left >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        left, last = left >> 1, last >> 1
    if last or found != root:
        raise ProofRefused


def verify_consistency(old: int, size: int, proof: Sequence[bytes], old_root: bytes, root: bytes) -> None:
    """Check that one tree continues another (RFC 9162 section 2.1.4.2); from the empty tree an empty proof is right.

    Raises:
        ProofRefused: it does not, or the proof does not show it.
    """
    if not 0 <= old <= size or not _are_hashes([old_root, root, *proof]):
        raise ProofRefused
    if old in (0, size):
        if proof or (old == 0 and old_root != EMPTY_ROOT) or (old == size and old_root != root):
            raise ProofRefused
        return
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    if not path:
        raise ProofRefused
    _climb(old, size, path, old_root, root)


def _climb(old: int, size: int, path: list[bytes], old_root: bytes, root: bytes) -> None:
    left, last = old - 1, size - 1
    while left & 1:
        left, last = left >> 1, last >> 1
    old_found = found = path[0]
    for step in path[1:]:
        if last == 0:
            raise ProofRefused
        if left & 1 or left == last:
            old_found, found = node_hash(step, old_found), node_hash(step, found)
            while left & 1 == 0 and left:
                left, last = left >> 1, last >> 1
        else:
            found = node_hash(found, step)
        left, last = left >> 1, last >> 1
    if last or old_found != old_root or found != root:
        raise ProofRefused


def _are_hashes(found: Sequence[bytes]) -> bool:
    return all(len(each) == HASH_SIZE for each in found)
