"""Channels read again while the till sells: what did not change stays open, and one that is broken closes no other."""

from __future__ import annotations

import asyncio
import hashlib
import json
from typing import cast

import pytest

from tests.cast import KEY
from xinka.payments.providers.errors import BadSignature
from xinka.payments.providers.protocol import ProviderSession, RawNotice
from xinka.platform.vault.envelope import DataKey, Keyring, WrappedKey
from xinka.till.context import channel_place, open_channels

SETTINGS = {"base_url": "http://127.0.0.1:9/", "pid": "1001", "key": KEY, "sign_type": "MD5", "plain_http": True}


@pytest.fixture
def ring() -> Keyring:
    """A ring with a key for channels."""
    ring = Keyring(b"m" * 32)
    ring.add([WrappedKey(1, "channels", ring.wrap_new("channels"))])
    return ring


def row(ring: Keyring, identifier: int, slug: str, **changes: object) -> tuple[int, str, str, bytes]:
    """A row of the table, sealed as the office seals it."""
    key = ring.current("channels")
    assert isinstance(key, DataKey)
    return identifier, slug, "epay", key.seal(json.dumps({**SETTINGS, **changes}).encode(), channel_place(slug))


def test_only_the_channel_that_was_saved_is_opened_anew(ring: Keyring) -> None:
    one, two = row(ring, 1, "one"), row(ring, 2, "two")
    before = asyncio.run(open_channels([one, two], ring, {}))
    session = cast(ProviderSession, object())  # stands for open connections
    before["one"].session = session
    after = asyncio.run(open_channels([one, row(ring, 2, "two", pid="2002")], ring, before))
    assert after["one"] is before["one"]
    assert after["one"].session is session
    assert after["two"] is not before["two"]
    assert after["two"].session is None


def test_a_new_key_counts_at_once_and_the_old_one_no_more(ring: Keyring) -> None:
    def notice(key: str) -> RawNotice:
        fields = "money=1.00&name=n&out_trade_no=o&pid=1001&trade_no=t&trade_status=TRADE_SUCCESS&type=alipay"
        sign = hashlib.md5((fields + key).encode(), usedforsecurity=False).hexdigest()
        return RawNotice("GET", f"{fields}&sign={sign}&sign_type=MD5".encode(), b"", "", {})

    before = asyncio.run(open_channels([row(ring, 1, "one")], ring, {}))
    assert before["one"].provider.judge_notice(notice(KEY)).amount_minor == 100
    after = asyncio.run(open_channels([row(ring, 1, "one", key=KEY[::-1])], ring, before))
    assert after["one"].provider.judge_notice(notice(KEY[::-1])).amount_minor == 100
    with pytest.raises(BadSignature):
        after["one"].provider.judge_notice(notice(KEY))


def test_a_channel_that_was_taken_away_is_gone(ring: Keyring) -> None:
    one, two = row(ring, 1, "one"), row(ring, 2, "two")
    before = asyncio.run(open_channels([one, two], ring, {}))
    assert asyncio.run(open_channels([two], ring, before)).keys() == {"two"}


def test_a_broken_channel_is_left_out_and_closes_no_other(ring: Keyring) -> None:
    moved = (1, "one", "epay", row(ring, 1, "elsewhere")[3])  # an envelope that does not open in this place
    unknown = (2, "two", "no-such-gateway", row(ring, 2, "two")[3])
    assert asyncio.run(open_channels([moved, unknown, row(ring, 3, "three")], ring, {})).keys() == {"three"}
