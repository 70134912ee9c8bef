"""What one till process holds: its connections, its keys, its channels and its engine."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg
import structlog
from psycopg_pool import AsyncConnectionPool

from xinka.config.environment import Environment, load
from xinka.orders.access import OrderAccess
from xinka.payments.providers.protocol import Provider, ProviderSession
from xinka.payments.providers.registry import provider_for
from xinka.platform.maintenance import state
from xinka.platform.maintenance.state import Maintenance
from xinka.platform.vault.envelope import BlindIndex, DataKey, Keyring, WrappedKey, derived_for_index, index_scope
from xinka.till.engine import Engine, Pool, watch_commits
from xinka.till.waiting import Waiting
from xinka.till.wishes import WishReader

log = structlog.get_logger("xinka.till")

_CHANNELS = "SELECT id, slug, provider, config FROM payments_channel"
_KEYS = "SELECT id, scope, wrapped, retired_at IS NULL FROM vault_data_key WHERE scope IN ('contacts', 'channels')"
_INDEX_KEYS = "SELECT id, scope, wrapped FROM vault_data_key WHERE scope LIKE 'index:%'"
_NEW_KEY = "INSERT INTO vault_data_key (scope, wrapped, created_at) VALUES ($1, $2, now()) ON CONFLICT DO NOTHING"
#: A pool this small never waits for itself: one batch, two unusual settlements, one reader.
_POOL = 4
#: Seconds that a request waits for a database that restarts; after that its visitor should hear of it.
_PATIENCE = 6.0
#: No call to a gateway takes as long, in seconds.
LONGEST_CALL = 60.0

_ChannelRow = tuple[int, str, str, bytes]


@dataclass(slots=True)
class Channel:
    """One way to pay, ready to judge notices; ``sealed`` is the envelope its settings came in."""

    id: int
    slug: str
    provider: Provider
    kind: str
    sealed: bytes
    _session: ProviderSession | None = None
    _exits: contextlib.AsyncExitStack = field(default_factory=contextlib.AsyncExitStack)
    _opening: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def session(self) -> ProviderSession:
        """Return the open connections to the gateway, opening them at the first call, once for all who wait."""
        async with self._opening:
            if self._session is None:
                self._session = await self._exits.enter_async_context(self.provider.session())
            return self._session

    async def close(self) -> None:
        """Close the connections, if there are any."""
        async with self._opening:
            self._session = None
            await self._exits.aclose()


@dataclass(slots=True)
class Till:
    """Everything a handler needs."""

    environment: Environment
    pool: Pool
    access: OrderAccess
    contacts: DataKey
    contact_index: BlindIndex
    address_index: BlindIndex
    password_index: BlindIndex
    request_index: BlindIndex
    channels: dict[str, Channel]
    waiting: Waiting
    engine: Engine
    ring: Keyring
    wishes: WishReader
    started_at: float = field(default_factory=time.time)
    #: Channels that changed or went, and who closes each of them when its calls have ended.
    leaving: dict[asyncio.Task[None], Channel] = field(default_factory=dict)
    #: A closure of the shop that was announced or has begun, as it was last read.
    maintenance: Maintenance | None = None

    async def reload_maintenance(self) -> None:
        """Read again whether the shop is closed, or is going to be."""
        async with self.pool.connection() as connection:
            self.maintenance = await read_maintenance(connection)

    async def reload_channels(self) -> None:
        """Read the channels again; those that did not change stay as they are, with their open connections.

        The connections of one that changed or went are closed when nobody can be asking over them any more.
        """
        async with self.pool.connection() as connection:
            rows = await _channel_rows(connection)
        before, self.channels = self.channels, await open_channels(rows, self.ring, self.channels)
        for channel in before.values():
            if self.channels.get(channel.slug) is not channel:
                task = asyncio.get_running_loop().create_task(_close_later(channel))
                self.leaving[task] = channel
                task.add_done_callback(self.leaving.pop)

    async def close_channels(self) -> None:
        """Close the connections to all gateways, also those that were left open for calls that had begun."""
        leaving = dict(self.leaving)
        for task in leaving:
            task.cancel()
        for channel in (*leaving.values(), *self.channels.values()):
            await channel.close()


async def _close_later(channel: Channel) -> None:
    await asyncio.sleep(LONGEST_CALL)
    await channel.close()


async def _configure(connection: psycopg.AsyncConnection[Any]) -> None:
    await connection.set_autocommit(True)
    connection.prepare_threshold = 0
    # The hot statements are the same every time, only their arrays differ: planning them anew each time costs more
    # than they do.
    await connection.execute("SET plan_cache_mode = force_generic_plan")
    for kind in ("seqscan", "hashjoin", "mergejoin"):
        # A plan made while a table was small is kept after it has grown, and would then read all of it for every
        # batch. Each statement of the till finds its rows by an index, so nothing else may be planned.
        await connection.execute(f"SET enable_{kind} = off")
    await connection.execute("SET application_name = 'xinka-till'")
    await connection.execute("SET statement_timeout = '10s'")
    watch_commits(connection)


async def open_till() -> Till:
    """Connect, open the keys and read the channels."""
    environment = load()
    pool: Pool = AsyncConnectionPool(
        environment.database_url, min_size=1, max_size=_POOL, configure=_configure, open=False, timeout=_PATIENCE
    )
    await pool.open()
    async with pool.connection() as connection:
        ring = await _open_ring(connection, environment)
        index = await _open_indexes(connection, environment, ring)
        rows = await _channel_rows(connection)
        maintenance = await read_maintenance(connection)
    channels = await open_channels(rows, ring, {})
    contacts = ring.current("contacts")
    assert contacts is not None  # noqa: S101 - for the type checker: _open_ring made it
    waiting = Waiting(pool)
    return Till(
        environment=environment,
        pool=pool,
        access=OrderAccess(environment.derive("order-access")),
        contacts=contacts,
        contact_index=index("contact"),
        address_index=index("address"),
        password_index=index("order-password"),
        request_index=index("request"),
        channels=channels,
        waiting=waiting,
        engine=Engine(pool, waiting.wake),
        ring=ring,
        wishes=WishReader(environment, index("gift-card")),
        maintenance=maintenance,
    )


async def close_till(till: Till) -> None:
    """Answer what is queued, then let go of everything."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(till.engine.batcher.drain(), 20)
    await till.close_channels()
    await till.pool.close()


async def _open_indexes(
    connection: psycopg.AsyncConnection[Any], environment: Environment, ring: Keyring
) -> Callable[[str], BlindIndex]:
    """Return what gives the keyed hash of a purpose: of the stored key, or of the one the first master key gives."""
    async with psycopg.AsyncRawCursor(connection) as cursor:
        await cursor.execute(_INDEX_KEYS)
        stored = {scope: ring.unwrap(WrappedKey(number, scope, key)) async for number, scope, key in cursor}

    def index(purpose: str) -> BlindIndex:
        return BlindIndex(stored.get(index_scope(purpose)) or environment.derive(derived_for_index(purpose)))

    return index


async def _open_ring(connection: psycopg.AsyncConnection[Any], environment: Environment) -> Keyring:
    ring = Keyring(environment.master_key)
    async with psycopg.AsyncRawCursor(connection) as cursor:
        for scope in ("contacts", "channels"):
            await cursor.execute(_NEW_KEY, (scope, ring.wrap_new(scope)))
        await cursor.execute(_KEYS)
        ring.add(WrappedKey(*row) for row in await cursor.fetchall())
    return ring


async def read_maintenance(connection: psycopg.AsyncConnection[Any]) -> Maintenance | None:
    """Return the closure that was announced or has begun."""
    async with psycopg.AsyncRawCursor(connection) as cursor:
        await cursor.execute(state.READ)
        return state.of_row(await cursor.fetchone())


async def _channel_rows(connection: psycopg.AsyncConnection[Any]) -> list[_ChannelRow]:
    async with psycopg.AsyncRawCursor(connection) as cursor:
        await cursor.execute(_CHANNELS)
        return await cursor.fetchall()


async def open_channels(rows: Iterable[_ChannelRow], ring: Keyring, known: Mapping[str, Channel]) -> dict[str, Channel]:
    """Return the channels of the rows; one that cannot be read is left out and named in the log.

    Some gateways' keys take tens of milliseconds to open: a thread does it, for orders go on meanwhile.
    """
    found: dict[str, Channel] = {}
    for identifier, slug, kind, sealed in rows:
        old = known.get(slug)
        if old is not None and (old.id, old.kind, old.sealed) == (identifier, kind, sealed):
            found[slug] = old
            continue
        try:
            provider = await asyncio.to_thread(_open_provider, ring, slug, kind, sealed)
        except Exception as error:  # noqa: BLE001 - one broken channel must not close the till for the others
            log.warning("channel.unreadable", channel=slug, reason=type(error).__name__)
        else:
            found[slug] = Channel(identifier, slug, provider, kind, sealed)
    return found


def _open_provider(ring: Keyring, slug: str, kind: str, sealed: bytes) -> Provider:
    settings: Mapping[str, object] = json.loads(ring.open(sealed, channel_place(slug)))
    return provider_for(kind, settings)


def channel_place(slug: str) -> bytes:
    """Return the associated data of a channel's settings."""
    return b"payments_channel.config:" + slug.encode()
