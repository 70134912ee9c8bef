"""Envelopes: a stolen database tells nothing, and a row that was moved or changed does not open."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinka.platform.vault.envelope import BlindIndex, EnvelopeError, Keyring, WrappedKey

MASTER = bytes(range(32))


def ring(*scopes: str, master: bytes = MASTER) -> Keyring:
    """Return a keyring with a current key for each scope."""
    made = Keyring(master)
    made.add(WrappedKey(number, scope, made.wrap_new(scope)) for number, scope in enumerate(scopes, start=1))
    return made


def seal(keys: Keyring, plain: bytes, where: bytes, scope: str = "merchant:1") -> bytes:
    """Seal with the current key of a scope."""
    key = keys.current(scope)
    assert key is not None
    return key.seal(plain, where)


@given(st.binary(max_size=200), st.binary(max_size=40))
def test_an_envelope_opens_in_its_place(plain: bytes, where: bytes) -> None:
    keys = ring("merchant:1")
    assert keys.open(seal(keys, plain, where), where) == plain


def test_an_envelope_moved_to_another_row_does_not_open() -> None:
    keys = ring("merchant:1")
    first, second = (seal(keys, b"CODE-%d" % n, b"stock_stockcode.envelope:%d" % n) for n in (1, 2))
    for envelope, row in ((first, 2), (second, 1)):
        with pytest.raises(EnvelopeError):
            keys.open(envelope, b"stock_stockcode.envelope:%d" % row)


def test_every_flipped_bit_is_noticed() -> None:
    keys = ring("merchant:1", "merchant:2")
    envelope = seal(keys, b"XK-CANARY-0001", b"here")
    for position in range(len(envelope) * 8):
        spoilt = bytearray(envelope)
        spoilt[position // 8] ^= 1 << position % 8
        with pytest.raises(EnvelopeError):
            keys.open(bytes(spoilt), b"here")


def test_every_shortened_envelope_is_noticed() -> None:
    keys = ring("merchant:1")
    envelope = seal(keys, b"XK-CANARY-0001", b"here")
    for length in range(len(envelope)):
        with pytest.raises(EnvelopeError):
            keys.open(envelope[:length], b"here")


def test_nothing_of_what_is_inside_can_be_read_and_no_two_envelopes_are_alike() -> None:
    keys = ring("merchant:1")
    envelopes = {seal(keys, b"XK-CANARY-0001", b"here") for _ in range(200)}
    assert len(envelopes) == 200
    assert not any(b"CANARY" in envelope for envelope in envelopes)


def test_the_key_of_one_merchant_does_not_open_the_codes_of_another() -> None:
    keys = ring("merchant:1", "merchant:2")
    envelope = seal(keys, b"code", b"here", "merchant:1")
    other = keys.current("merchant:2")
    assert other is not None
    with pytest.raises(EnvelopeError):
        other.open(envelope, b"here")


def test_the_database_without_the_master_key_opens_nothing() -> None:
    wrapped = WrappedKey(1, "merchant:1", ring().wrap_new("merchant:1"))
    with pytest.raises(EnvelopeError, match="master key"):
        ring(master=os.urandom(32)).add([wrapped])


def test_a_wrapped_key_moved_to_another_scope_does_not_open() -> None:
    keys = ring()
    with pytest.raises(EnvelopeError):
        keys.add([WrappedKey(1, "merchant:2", keys.wrap_new("merchant:1"))])


def test_a_retired_key_still_opens_and_no_longer_seals() -> None:
    keys = ring()
    old = keys.wrap_new("contacts")
    keys.add([WrappedKey(1, "contacts", old)])
    envelope = seal(keys, b"cy@example.com", b"here", "contacts")
    fresh = Keyring(MASTER)
    fresh.add([WrappedKey(1, "contacts", old, is_current=False), WrappedKey(2, "contacts", fresh.wrap_new("contacts"))])
    current = fresh.current("contacts")
    assert current is not None
    assert current.id == 2
    assert fresh.open(envelope, b"here") == b"cy@example.com"


def test_an_envelope_of_an_unknown_key_says_so() -> None:
    envelope = seal(ring("merchant:1"), b"code", b"here")
    keys = Keyring(MASTER)
    assert not keys.knows(envelope)
    with pytest.raises(EnvelopeError, match="not in the ring"):
        keys.open(envelope, b"here")


def test_an_open_key_shows_no_secret_when_printed() -> None:
    key = ring("merchant:1").current("merchant:1")
    assert repr(key) == "<DataKey 1 merchant:1>"


def test_a_blind_index_is_the_same_for_the_same_value_and_says_nothing_without_its_key() -> None:
    index, other = BlindIndex(b"k" * 32), BlindIndex(b"l" * 32)
    assert index.uuid(b"cy@example.com") == index.uuid(b"cy@example.com")
    assert len({index.hex(b"a"), index.hex(b"b"), other.hex(b"a")}) == 3
    assert index.uuid(b"a").hex == index.hex(b"a") == index.raw(b"a").hex()
