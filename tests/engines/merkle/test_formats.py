"""Tiles, notes, keys, checkpoints, proofs, policies: their examples, their rules, and bytes that are none of them."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engines.merkle.conftest import ORIGIN
from xinka.engines.merkle import AddCheckpoint, Checkpoint, Kind, Note, Policy, Receipt, Signer, Verifier, sign_note
from xinka.engines.merkle.errors import (
    BadEntry,
    BadFormat,
    KeyUnusable,
    MerkleError,
    QuorumMissing,
    SignatureRefused,
    WrongOrigin,
)
from xinka.engines.merkle.frontier import Frontier
from xinka.engines.merkle.hashing import EMPTY_ROOT, leaf_hashes
from xinka.engines.merkle.notes import Signature, open_checkpoint
from xinka.engines.merkle.tiles import (
    bundle_path,
    is_resource,
    pack_entries,
    partial_tiles,
    tile_path,
    tile_width,
    unpack_entries,
)

# The key of the example in Go's documentation of `note`, and its signed text.
_GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
_GO_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
_ROOT = bytes(range(32))
_CHECKPOINT = Checkpoint(ORIGIN, 7, _ROOT)


def test_paths_are_those_of_the_specification() -> None:
    assert tile_path(0, 1234067) == "tile/0/x001/x234/067"
    assert tile_path(5, 0, 3) == "tile/5/000.p/3"
    assert bundle_path(1000, 255) == "tile/entries/x001/000.p/255"
    assert all(map(is_resource, ["checkpoint", "tile/63/999", "tile/entries/x001/000.p/1"]))
    assert not any(map(is_resource, ["tile/64/000", "tile/00/000", "tile/0/../key", "private/key", "tile/0/1000", ""]))


def test_a_tree_of_70000_has_the_tiles_the_specification_counts() -> None:
    assert list(partial_tiles(70_000)) == [(0, 273, 112), (1, 1, 17), (2, 0, 1)]
    assert list(partial_tiles(256)) == [(1, 0, 1)]
    assert (tile_width(70_000, 0, 272), tile_width(70_000, 0, 273), tile_width(70_000, 0, 274)) == (256, 112, 0)


@given(st.lists(st.binary(max_size=300)))
@settings(deadline=None)
def test_a_bundle_gives_back_its_entries(given_entries: list[bytes]) -> None:
    assert unpack_entries(pack_entries(given_entries)) == given_entries


def test_an_entry_may_be_as_long_as_its_length_can_say_and_no_longer() -> None:
    assert unpack_entries(pack_entries([bytes(65_535)])) == [bytes(65_535)]
    with pytest.raises(BadEntry) as refusal:
        pack_entries([b"", bytes(65_536)], 10)
    assert refusal.value.params == {"place": 11}


@given(st.lists(st.integers(0, 600), max_size=6), st.booleans())
@settings(deadline=None)
def test_a_frontier_comes_back_from_its_snapshot(sizes: list[int], whole: bool) -> None:
    frontier = Frontier()
    for size in sizes:
        frontier.extend(leaf_hashes([b"%d" % at for at in range(size)]))
    again = Frontier.restore(frontier.snapshot())
    assert (again.size, again.root()) == (frontier.size, frontier.root())
    assert Frontier.restore(frontier.snapshot(whole_tiles=True)).size == frontier.size - frontier.size % 256


@pytest.mark.parametrize("data", [b"", bytes(8), bytes(9), bytes(8) + b"\x01" + bytes(32), bytes(6) + b"\x01\x00\x01"])
def test_a_snapshot_that_is_none_is_refused(data: bytes) -> None:
    with pytest.raises(BadFormat):
        Frontier.restore(data)


def test_the_example_of_gos_note_package_is_verified() -> None:
    key = Verifier.parse(_GO_KEY)
    note = Note.parse(_GO_NOTE.encode())
    assert [each.key for each in note.verified_by([key])] == [key]
    assert note.encode() == _GO_NOTE.encode()
    assert key.vkey == _GO_KEY


def test_a_key_comes_back_from_its_text(ada: Signer, wim: Signer, wanda: Signer) -> None:
    for signer in (ada, wim, wanda):
        assert Signer.parse(signer.secret) == signer
        assert Verifier.parse(f" {signer.verifier.vkey}\n") == signer.verifier
        assert signer.seed.hex() not in repr(signer)
        assert signer.secret not in repr(signer)


@pytest.mark.parametrize("name", ["", "two words", "a+b", "a\nb", "a\u3000b", "a\u0085b", "\ud800", "a\x00"])
def test_a_key_cannot_have_every_name(name: str) -> None:
    with pytest.raises(KeyUnusable):
        Signer.generate(name)


def test_signatures_of_unknown_keys_are_kept_and_passed_over(ada: Signer, eve: Signer) -> None:
    strange = Signature("someone.example", b"\x01\x02\x03\x04", b"of a type we do not know")
    note = sign_note(_CHECKPOINT.text, ada).with_signatures([strange])
    again = Note.parse(note.encode())
    assert again.signatures[-1] == strange
    assert [each.key for each in again.verified_by([ada.verifier])] == [ada.verifier]
    with pytest.raises(SignatureRefused):
        again.verified_by([eve.verifier])


def test_a_wrong_signature_under_a_known_key_refuses_the_note(ada: Signer, wim: Signer) -> None:
    note = sign_note(_CHECKPOINT.text, ada, wim, at=1_700_000_000)
    line = note.signatures[1]
    broken = note.with_signatures([Signature(line.name, line.key_id, line.data[:-1] + bytes([line.data[-1] ^ 1]))])
    assert len(broken.verified_by([ada.verifier])) == 1
    with pytest.raises(SignatureRefused):
        broken.verified_by([ada.verifier, wim.verifier])


def test_cosignatures_bear_their_time_and_it_is_signed(wim: Signer, wanda: Signer) -> None:
    for signer in (wim, wanda):
        note = sign_note(_CHECKPOINT.text, signer, at=1_700_000_000)
        assert [each.at for each in note.verified_by([signer.verifier])] == [1_700_000_000]
        line = note.signatures[0]
        later = (1_700_000_001).to_bytes(8, "big") + line.data[8:]
        with pytest.raises(SignatureRefused):
            Note(note.text, (Signature(line.name, line.key_id, later),)).verified_by([signer.verifier])


def test_the_post_quantum_cosignature_has_the_length_of_the_standard(wanda: Signer) -> None:
    assert len(wanda.verifier.public_key) == 1312
    assert len(wanda.sign(_CHECKPOINT.text, at=5)) == 8 + 2420


def test_a_checkpoint_of_another_log_is_refused(ada: Signer) -> None:
    other = sign_note(Checkpoint("other.example", 7, _ROOT).text, ada).encode()
    with pytest.raises(WrongOrigin):
        open_checkpoint(other, ada.verifier)
    assert open_checkpoint(other, ada.verifier, "other.example")[0].size == 7


@pytest.mark.parametrize(
    "text",
    [
        "o\n07\nAAAA\n",
        f"o\n07\n{'A' * 43}=\n",
        f"o\n-1\n{'A' * 43}=\n",
        f"o\n9223372036854775808\n{'A' * 43}=\n",
        f"o\n7\n{'A' * 42}B=\n",
        f"\n7\n{'A' * 43}=\n",
        f"o\n7\n{'A' * 43}=\n\n",
        f"o\n7\n{'A' * 43}=",
        f"o\n٧\n{'A' * 43}=\n",
    ],
)
def test_a_checkpoint_has_one_spelling(text: str) -> None:
    with pytest.raises(BadFormat):
        Checkpoint.parse(text)


def test_extension_lines_are_kept(ada: Signer) -> None:
    checkpoint = Checkpoint(ORIGIN, 7, _ROOT, ("one", "two"))
    assert Checkpoint.parse(checkpoint.text) == checkpoint


_PARSERS: list[Callable[[bytes], object]] = [
    Note.parse,
    Receipt.parse,
    AddCheckpoint.parse,
    Policy.parse,
    unpack_entries,
    Frontier.restore,
    lambda data: Checkpoint.parse(data.decode("latin-1")),
    lambda data: Verifier.parse(data.decode("latin-1")),
    lambda data: Signer.parse(data.decode("latin-1")),
    lambda data: Signature.parse(data.decode("latin-1")),
]
_GOOD = [
    _GO_NOTE.encode(),
    _GO_KEY.encode(),
    _CHECKPOINT.text.encode(),
    Receipt(5, (_ROOT, _ROOT), _GO_NOTE.encode(), b"extra").encode(),
    AddCheckpoint(5, (_ROOT,), _GO_NOTE.encode()).encode(),
    f"log {_GO_KEY}\nquorum none\n".encode(),
    pack_entries([b"a", b"bc"]),
    Signer(ORIGIN, Kind.ED25519, _ROOT).secret.encode(),
    Frontier().snapshot(),
]


@pytest.mark.parametrize("parse", _PARSERS)
@given(data=st.data())
@settings(deadline=None)
def test_bytes_of_any_kind_raise_only_what_is_documented(parse: Callable[[bytes], object], data: st.DataObject) -> None:
    good = data.draw(st.sampled_from(_GOOD))
    at = data.draw(st.integers(0, len(good)))
    changed = good[:at] + data.draw(st.binary(max_size=20)) + good[data.draw(st.integers(at, len(good))) :]
    for each in (changed, data.draw(st.binary(max_size=200))):
        try:
            parse(each)
        except MerkleError:
            continue


@pytest.mark.parametrize("piece", ["\n", "+", "A", "—", "x ", "1", "— a ", "\ud800"])
def test_ten_megabytes_are_refused_at_once(ada: Signer, piece: str) -> None:
    data = piece.encode("utf-8", "surrogatepass") * (10_000_000 // len(piece))
    note = sign_note(_CHECKPOINT.text, ada).encode()
    before = time.process_time()
    for parse in (Note.parse, Receipt.parse, AddCheckpoint.parse, Policy.parse):
        for long in (data, note + data, b"old 0\n" + data, b"c2sp.org/tlog-proof@v1\nindex 0\n" + data):
            with pytest.raises(BadFormat):
                parse(long)
    for vkey in (piece * 10_000_000, f"a+{piece * 10_000_000}x", f"{ada.verifier.vkey}{piece * 10_000_000}x"):
        with pytest.raises(BadFormat):
            Verifier.parse(vkey)
    assert time.process_time() - before < 5  # seconds; what grows with the square would take hours


def test_a_key_whose_name_is_no_text_is_refused_like_any_wrong_key() -> None:
    with pytest.raises(BadFormat, match="line 1: it is not name\\+id\\+key"):
        Policy.parse(b"log \x80" + _GO_KEY.encode() + b"\nquorum none\n")
    with pytest.raises(BadFormat):
        Verifier.parse("\ud800" + _GO_KEY)


def test_a_receipt_is_spelled_as_the_specification_does(ada: Signer) -> None:
    note = sign_note(Checkpoint(ORIGIN, 1, EMPTY_ROOT).text, ada).encode()
    receipt = Receipt(0, (), note)
    assert receipt.encode() == b"c2sp.org/tlog-proof@v1\nindex 0\n\n" + note
    assert Receipt.parse(receipt.encode()) == receipt
    more = Receipt(12, (_ROOT,), note, b"\x00")
    assert more.encode().startswith(b"c2sp.org/tlog-proof@v1\nextra AA==\nindex 12\nAAECAwQF")
    assert Receipt.parse(more.encode()) == more


def _policy(*lines: str) -> Policy:
    return Policy.parse("".join(f"{line}\n" for line in lines).encode())


@pytest.fixture
def signers() -> list[Signer]:
    """Five witnesses."""
    return [Signer(f"w{at}.example", Kind.COSIGNATURE, bytes([at] * 32)) for at in range(5)]


def test_a_quorum_of_groups_is_met_by_so_many_of_each(ada: Signer, signers: list[Signer]) -> None:
    policy = _policy(
        "# who watches",
        f"log {ada.verifier.vkey} https://shop.example/orders",
        *(f"witness X{at} {key.verifier.vkey}" for at, key in enumerate(signers[:3])),
        *(f"\twitness Y{at}  {key.verifier.vkey} https://y.example " for at, key in enumerate(signers[3:])),
        "group X 2 X0 X1 X2",
        "group Y any Y0 Y1",
        "group both all X Y",
        "quorum both",
    )
    for present, is_met in [([0, 1, 3], True), ([0, 2, 4], True), ([0, 1, 2], False), ([0, 3, 4], False), ([], False)]:
        note = sign_note(_CHECKPOINT.text, ada, *(signers[at] for at in present), at=9)
        if is_met:
            assert {each.key for each in policy.check(note)} == {
                ada.verifier,
                *(signers[at].verifier for at in present),
            }
        else:
            with pytest.raises(QuorumMissing):
                policy.check(note)


def test_groups_may_stand_in_each_other_as_deep_as_a_file_is_long(ada: Signer, signers: list[Signer]) -> None:
    deep = [f"group g{at} 1 g{at - 1}" for at in range(1, 40_000)]
    policy = _policy(f"witness w {signers[0].verifier.vkey}", "group g0 1 w", *deep, "quorum g39999")
    assert len(policy.check(sign_note(_CHECKPOINT.text, ada, signers[0], at=9), [ada.verifier])) == 2
    with pytest.raises(QuorumMissing):
        policy.check(sign_note(_CHECKPOINT.text, ada), [ada.verifier])


def test_a_policy_trusts_only_its_logs_and_only_under_their_own_names(ada: Signer, eve: Signer) -> None:
    policy = _policy(f"log {ada.verifier.vkey}", "quorum none")
    assert len(policy.check(sign_note(_CHECKPOINT.text, ada))) == 1
    for note in (sign_note(_CHECKPOINT.text, eve), sign_note(Checkpoint("else.example", 7, _ROOT).text, ada)):
        with pytest.raises(SignatureRefused):
            policy.check(note)


def test_one_broken_witness_does_not_undo_the_others(ada: Signer, signers: list[Signer]) -> None:
    policy = _policy(
        *(f"witness w{at} {key.verifier.vkey}" for at, key in enumerate(signers[:2])), "group g any w0 w1", "quorum g"
    )
    note = sign_note(_CHECKPOINT.text, ada, *signers[:2], at=9)
    broken = Signature(note.signatures[1].name, note.signatures[1].key_id, bytes(72))
    found = policy.check(note.with_signatures([broken]), [ada.verifier])
    assert [each.key for each in found] == [ada.verifier, signers[1].verifier]


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ([], "the quorum line is missing"),
        (["quorum a"], "line 1: a name is not defined before"),
        (["quorum none", "quorum none"], "line 2: one quorum line with one name"),
        (["witness none {0}", "quorum none"], "line 1: the name is taken"),
        (["witness a {0}", "witness b {0}", "quorum none"], "line 2: the key is already listed"),
        (["witness a {0}", "witness a {1}", "quorum none"], "line 2: the name is taken"),
        (["log {0}", "quorum none"], "line 1: the key is of a wrong type"),
        (["witness a {0}", "group g 2 a", "quorum g"], "line 2: the number is not 1 to the number of members"),
        (["witness a {0}", "group g 0 a", "quorum g"], "line 2: the number is not 1 to the number of members"),
        (["witness a {0}", "group g any a", "group h any a", "quorum h"], "line 3: a member is in two groups"),
        (["group g any a", "witness a {0}", "quorum g"], "line 1: a name is not defined before"),
        (["group g any none", "quorum g"], "line 1: a name is not defined before"),
        (["hello"], "line 1: it begins with an unknown word"),
        (["quorum\u00a0none"], "line 1: it begins with an unknown word"),
    ],
)
def test_a_wrong_policy_names_its_line(signers: list[Signer], lines: list[str], why: str) -> None:
    with pytest.raises(BadFormat) as refusal:
        _policy(*(line.format(*(key.verifier.vkey for key in signers)) for line in lines))
    assert refusal.value.params["why_en"] == why
