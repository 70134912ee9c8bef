"""Channels read again while the till sells: what did not change stays open, and one that is broken closes no other."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.cast import KEY
from xinka.payments.providers.errors import BadSignature
from xinka.payments.providers.protocol import Provider, ProviderSession, RawNotice
from xinka.platform.vault.envelope import DataKey, Keyring, WrappedKey
from xinka.till import context
from xinka.till.context import Channel, Till, channel_place, open_channels

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
    after = asyncio.run(open_channels([one, row(ring, 2, "two", pid="2002")], ring, before))
    assert after["one"] is before["one"]
    assert after["two"] is not before["two"]


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


class Gateway:
    """A provider that counts its connections."""

    def __init__(self) -> None:
        self.opened = self.closed = 0
        self.is_away = False

    @asynccontextmanager
    async def session(self) -> AsyncIterator[ProviderSession]:
        """Open one, unless the gateway is away."""
        await asyncio.sleep(0)
        if self.is_away:
            raise OSError
        self.opened += 1
        yield cast(ProviderSession, self)
        self.closed += 1


def channel(gateway: Gateway, slug: str = "one") -> Channel:
    return Channel(1, slug, cast(Provider, gateway), "epay", slug.encode())


def test_all_who_ask_at_once_share_one_opening_and_closing_it_twice_does_no_harm() -> None:
    async def asked(gateway: Gateway) -> None:
        one = channel(gateway)
        sessions = await asyncio.gather(*(one.session() for _ in range(5)))
        assert len(set(map(id, sessions))) == 1
        assert (gateway.opened, gateway.closed) == (1, 0)
        await one.close()
        await one.close()
        assert (gateway.opened, gateway.closed) == (1, 1)

    asyncio.run(asked(Gateway()))


def test_a_gateway_that_was_away_is_asked_again() -> None:
    async def asked(gateway: Gateway) -> None:
        one = channel(gateway)
        gateway.is_away = True
        with pytest.raises(OSError):
            await one.session()
        gateway.is_away = False
        await one.session()
        assert gateway.opened == 1

    asyncio.run(asked(Gateway()))


async def _reloaded(before: dict[str, Channel], after: dict[str, Channel], monkeypatch: pytest.MonkeyPatch) -> Till:
    """A till that had these channels and has read others; it has nothing else."""

    @asynccontextmanager
    async def connection() -> AsyncIterator[None]:
        yield

    async def nothing(*_: object) -> list[object]:
        return []

    async def others(*_: object) -> dict[str, Channel]:
        return after

    monkeypatch.setattr(context, "_channel_rows", nothing)
    monkeypatch.setattr(context, "open_channels", others)
    rest: dict[str, Any] = {
        name: None for name in Till.__dataclass_fields__ if name not in ("started_at", "leaving", "channels", "pool")
    }
    till = Till(**rest, channels=before, pool=cast(Any, SimpleNamespace(connection=connection)))
    await till.reload_channels()
    return till


def test_connections_of_a_channel_that_changed_are_closed_when_its_calls_have_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def changed(old: Gateway, kept: Gateway) -> None:
        monkeypatch.setattr(context, "LONGEST_CALL", 0.01)
        one, two = channel(old), channel(kept, "two")
        await asyncio.gather(one.session(), two.session())
        till = await _reloaded({"one": one, "two": two}, {"one": channel(Gateway()), "two": two}, monkeypatch)
        assert old.closed == 0
        await asyncio.gather(*till.leaving)
        await asyncio.sleep(0)
        assert (old.closed, kept.closed, till.leaving) == (1, 0, {})

    asyncio.run(changed(Gateway(), Gateway()))


def test_a_till_that_ends_closes_all_connections_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async def ended(old: Gateway, kept: Gateway) -> None:
        one, two = channel(old), channel(kept, "two")
        await asyncio.gather(one.session(), two.session())
        till = await _reloaded({"one": one, "two": two}, {"two": two}, monkeypatch)
        await asyncio.wait_for(till.close_channels(), 5)
        assert (old.closed, kept.closed) == (1, 1)

    asyncio.run(ended(Gateway(), Gateway()))
