"""The tree and its proofs against the RFC's own words and the known vectors."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engines.merkle import reference
from xinka.engines.merkle import MemoryStorage, verify_consistency, verify_inclusion
from xinka.engines.merkle.errors import NoSuchEntry, ProofRefused
from xinka.engines.merkle.growth import Growth
from xinka.engines.merkle.hashing import EMPTY_ROOT, leaf_hash
from xinka.engines.merkle.proofs import consistency_proof, inclusion_proof, tree_root

# The eight leaves and roots of certificate-transparency's tests (merkletree tests of Go, C++ and Java alike).
_LEAVES = [
    bytes.fromhex(each)
    for each in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
_ENTRIES = [b"%d" % at for at in range(300)]
_TREES = [reference.mth(_ENTRIES[:size]) for size in range(301)]


def _grown(entries: list[bytes]) -> Growth:
    growth = Growth(MemoryStorage())
    for piece, packed in growth.cut(entries):
        growth.grow(piece, packed)
    return growth


@pytest.fixture(scope="module")
def tree() -> Growth:
    """A tree of 300 leaves: one full tile and a partial one."""
    return _grown(_ENTRIES)


def test_the_empty_tree_has_the_root_of_the_rfc() -> None:
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert _grown([]).frontier.root() == EMPTY_ROOT


@pytest.mark.parametrize("size", range(1, 9))
def test_the_known_trees_have_their_known_roots(size: int) -> None:
    assert _grown(_LEAVES[:size]).frontier.root().hex() == _ROOTS[size - 1]
    assert reference.mth(_LEAVES[:size]).hex() == _ROOTS[size - 1]


def test_the_known_paths_of_eight_leaves_come_out(tree: Growth) -> None:
    known = _grown(_LEAVES)
    assert [each.hex() for each in inclusion_proof(known, 5, 8)] == [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]
    assert [each.hex() for each in consistency_proof(known, 6, 8)] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


@pytest.mark.parametrize("size", range(1, 301))
def test_each_entry_of_each_size_has_the_path_of_the_rfc_and_it_holds(tree: Growth, size: int) -> None:
    assert tree_root(tree, size) == _TREES[size]
    for index in {0, 1, size // 3, size // 2, size - 2, size - 1} & set(range(size)):
        proof = inclusion_proof(tree, index, size)
        assert proof == reference.path(index, _ENTRIES[:size])
    for index in range(size):
        verify_inclusion(leaf_hash(_ENTRIES[index]), index, size, inclusion_proof(tree, index, size), _TREES[size])


@pytest.mark.parametrize("size", range(301))
def test_each_size_continues_each_smaller_one(tree: Growth, size: int) -> None:
    for old in {0, 1, size // 3, size // 2, size - 1, size} & set(range(size + 1)):
        assert consistency_proof(tree, old, size) == reference.proof(old, _ENTRIES[:size])
    for old in range(size + 1):
        verify_consistency(old, size, consistency_proof(tree, old, size), _TREES[old], _TREES[size])


@given(data=st.data())
@settings(deadline=None)
def test_nothing_changed_in_an_inclusion_proof_is_believed(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 300))
    index = data.draw(st.integers(0, size - 1))
    proof = reference.path(index, _ENTRIES[:size])
    leaf = leaf_hash(_ENTRIES[index])
    verify_inclusion(leaf, index, size, proof, _TREES[size])
    forged_index = data.draw(st.integers(-2, 2 * size).filter(lambda at: at != index))
    forged = [
        (leaf_hash(b"other"), index, size, proof, _TREES[size]),
        (leaf, forged_index, size, proof, _TREES[size]),
        (leaf, index, size, proof, _TREES[size - 1]),
        (leaf, index, size, [*proof, b"\x00" * 32], _TREES[size]),
        (leaf, index, size, [*proof, b"short"], _TREES[size]),
    ]
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        bit = bytes([proof[at][0] ^ 1]) + proof[at][1:]
        forged += [
            (leaf, index, size, [*proof[:at], bit, *proof[at + 1 :]], _TREES[size]),
            (leaf, index, size, [*proof[:at], *proof[at + 1 :]], _TREES[size]),
        ]
    for each in forged:
        with pytest.raises(ProofRefused):
            verify_inclusion(*each)


@given(data=st.data())
@settings(deadline=None)
def test_nothing_changed_in_a_consistency_proof_is_believed(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, 300))
    old = data.draw(st.integers(1, size - 1))
    proof = reference.proof(old, _ENTRIES[:size])
    other = data.draw(st.integers(1, size).filter(lambda at: at != old))
    at = data.draw(st.integers(0, len(proof) - 1))
    bit = bytes([proof[at][0] ^ 1]) + proof[at][1:]
    forged = [
        (old, size, proof, _TREES[other], _TREES[size]),
        (old, size, proof, _TREES[old], _TREES[size - 1] if size - 1 != old else _TREES[0]),
        (old, size, [*proof[:at], bit, *proof[at + 1 :]], _TREES[old], _TREES[size]),
        (old, size, [*proof[:at], *proof[at + 1 :]], _TREES[old], _TREES[size]),
        (old, size, [*proof, b"\x00" * 32], _TREES[old], _TREES[size]),
        (size, old, proof, _TREES[size], _TREES[old]),
        (old, size, [], _TREES[old], _TREES[size]),
    ]
    for each in forged:
        with pytest.raises(ProofRefused):
            verify_consistency(*each)


def test_equal_sizes_are_consistent_only_with_equal_roots_and_no_proof() -> None:
    verify_consistency(5, 5, [], _TREES[5], _TREES[5])
    for old, size, proof, first, second in [
        (5, 5, [], _TREES[5], _TREES[6]),
        (5, 5, [_TREES[5]], _TREES[5], _TREES[5]),
        (0, 5, [_TREES[5]], EMPTY_ROOT, _TREES[5]),
        (0, 5, [], _TREES[5], _TREES[5]),
        (0, 0, [], EMPTY_ROOT, _TREES[5]),
    ]:
        with pytest.raises(ProofRefused):
            verify_consistency(old, size, proof, first, second)


@pytest.mark.parametrize(("index", "size"), [(-1, 5), (5, 5), (0, 0)])
def test_what_is_not_in_the_tree_has_no_proof(tree: Growth, index: int, size: int) -> None:
    with pytest.raises(NoSuchEntry):
        inclusion_proof(tree, index, size)


def test_an_old_tree_larger_than_the_new_one_has_no_proof(tree: Growth) -> None:
    with pytest.raises(NoSuchEntry):
        consistency_proof(tree, 6, 5)
