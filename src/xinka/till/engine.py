"""The engine: checkouts and verified money, gathered into transactions of both kinds."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from typing import Any
from uuid import UUID

import psycopg
import structlog
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from xinka.flows.checkout import CheckoutRequest, Placed, needs_transaction
from xinka.flows.selling import sell
from xinka.flows.settle import Settlement, VerifiedMoney, settle_unusual
from xinka.kernel.errors import Refusal
from xinka.platform.batching import Batcher, Overloaded
from xinka.platform.database.drive import MAX_TRIES, RETRYABLE, drive_async
from xinka.platform.outbox.sql import NOTIFIED_ON as OUTBOX
from xinka.till.logs import seldom

Item = CheckoutRequest | VerifiedMoney
#: ``None`` is for money that was not plain.
Outcome = Placed | Refusal | Settlement | None
Pool = AsyncConnectionPool[psycopg.AsyncConnection[Any]]

#: How many checkouts may wait, and how many notices: notices are money that has already moved, so they
#: get more room, and go first.
CHECKOUTS_WAITING = 2_000
NOTICES_WAITING = 6_000
#: A batch is as large as a share of what is under way, within these bounds (decision 39).
MIN_BATCH = 32
MAX_BATCH = 200
#: A smaller one begins at least so many seconds after the one before. Without it, batches at half load are many and
#: small, and each costs PostgreSQL more than half a millisecond, whatever is in it (decision 21).
BEAT = 0.008
#: How many unusual settlements may run beside the batches, each in a transaction of its own.
UNUSUAL_AT_ONCE = 2
#: After these the same work may simply be run again. Two of the same request at once are a unique violation for the
#: later one; run again, it finds what the earlier one wrote.
_RUN_AGAIN = (*RETRYABLE, psycopg.errors.UniqueViolation)

#: No connection for so long, or a statement that took too long and was rolled back.
_GIVEN_UP = (PoolTimeout, psycopg.errors.QueryCanceled)

#: How often, at most, the worker's relay is woken, in seconds.
WAKE_AT_MOST_EVERY = 0.03

log = structlog.get_logger("xinka.till")


class OutcomeUnknown(Exception):
    """The commit may or may not have happened; the batch is run again, which finds out."""


class Engine:
    """Runs the two hot flows for this process."""

    def __init__(self, pool: Pool, on_settled: Callable[[UUID], None]) -> None:
        self._pool = pool
        self._on_settled = on_settled
        self._waker: asyncio.Task[None] | None = None
        self._wake_again = False
        self._unusual = asyncio.Semaphore(UNUSUAL_AT_ONCE)
        self.batcher: Batcher[Item, Outcome] = Batcher(
            self._work, _key, min_batch=MIN_BATCH, max_batch=MAX_BATCH, beat=BEAT
        )

    async def place(self, request: CheckoutRequest) -> Placed:
        """Place one order.

        Raises:
            Refusal: if it was not taken; nothing was reserved.
        """
        answer = await self.batcher.submit(request, limit=CHECKOUTS_WAITING)
        if isinstance(answer, Refusal):
            raise answer
        assert isinstance(answer, Placed)  # noqa: S101 - for the type checker: a checkout is never answered otherwise
        return answer

    def refuse_if_full(self) -> None:
        """Refuse a checkout before anything was done for it, as ``place`` would in the end.

        Raises:
            Overloaded: if as many wait as may.
        """
        if self.batcher.n_waiting >= CHECKOUTS_WAITING:
            raise Overloaded

    async def settle(self, money: VerifiedMoney) -> Settlement:
        """Settle verified money; when this returns, it is committed.

        Raises:
            WrongChannel: if the payment was made for another channel.
            TradeMismatch: if the provider's number is on record with other facts.
        """
        answer = (
            await self.batcher.submit(money, limit=NOTICES_WAITING, is_urgent=True)
            if money.payment_id is not None
            else None
        )
        if answer is None:
            async with self._unusual:
                answer = await self._settle_unusual(money)
        assert isinstance(answer, Settlement)  # noqa: S101 - for the type checker, as above
        if answer.order_id is not None:
            self._on_settled(answer.order_id)
        self._wake_relay()
        return answer

    def _wake_relay(self) -> None:
        """Let the worker know that there is mail to send, for many settlements at once."""
        self._wake_again = True
        if self._waker is None or self._waker.done():
            self._waker = asyncio.get_running_loop().create_task(self._wake())

    async def _wake(self) -> None:
        """Notify outside of the settling transactions: a NOTIFY inside makes all commits of a database queue up.

        What is lost with a notification is a moment: the relay also looks by itself.
        """
        while self._wake_again:
            self._wake_again = False
            try:
                async with self._pool.connection() as connection:
                    await connection.execute(f"NOTIFY {OUTBOX}")
            except (psycopg.OperationalError, PoolTimeout) as error:
                log.warning("relay.not_woken", reason=type(error).__name__)
            await asyncio.sleep(WAKE_AT_MOST_EVERY)

    async def _work(self, batch: Sequence[Item]) -> list[Outcome | Exception]:
        """Run one batch, in one statement and so in one transaction unless something unusual is among it."""
        is_in_doubt = False
        for attempt in range(MAX_TRIES):
            try:
                async with self._pool.connection() as connection:
                    if is_in_doubt:
                        await _reach_standby(connection)
                    return await self._run(connection, batch)
            except _GIVEN_UP as error:
                # Somebody holds what all need, or the database is away. No item is at fault, so halves and other tries
                # would only wait as long again, and behind them everybody else.
                return [error for _ in batch]
            except (*_RUN_AGAIN, psycopg.OperationalError, OutcomeUnknown) as error:
                if attempt == MAX_TRIES - 1:
                    raise
                is_in_doubt = is_in_doubt or not isinstance(error, _RUN_AGAIN)
                if n := seldom.count("batch.retried", type(error).__name__):
                    log.warning("batch.retried", reason=type(error).__name__, n=n, n_items=len(batch))
                await asyncio.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311 - jitter, not a secret
        raise OutcomeUnknown  # pragma: no cover - the loop above returns or raises

    async def _run(self, connection: psycopg.AsyncConnection[Any], batch: Sequence[Item]) -> list[Outcome | Exception]:
        checkouts = [item for item in batch if isinstance(item, CheckoutRequest)]
        moneys = [item for item in batch if isinstance(item, VerifiedMoney)]
        # The plain batch is one statement, which needs no transaction around it: four round trips fewer.
        together = any(needs_transaction(request) for request in checkouts)
        async with connection.transaction() if together else nullcontext():
            placed, settled = await drive_async(connection, sell(checkouts, moneys))
        _refuse_cancelled_commit(connection)
        answers: dict[type, Iterator[Outcome | Exception]] = {
            CheckoutRequest: iter(placed),
            VerifiedMoney: iter(settled),
        }
        return [next(answers[type(item)]) for item in batch]

    async def _settle_unusual(self, money: VerifiedMoney) -> Settlement:
        """Settle what was not plain, in a transaction of its own: its failure is its own too."""
        is_in_doubt = False
        for attempt in range(MAX_TRIES):
            try:
                async with self._pool.connection() as connection:
                    if is_in_doubt:
                        await _reach_standby(connection)
                    async with connection.transaction():
                        settlement = await drive_async(connection, settle_unusual(money))
                    _refuse_cancelled_commit(connection)
                    return settlement
            except (*_RUN_AGAIN, psycopg.OperationalError, OutcomeUnknown) as error:
                if isinstance(error, _GIVEN_UP) or attempt == MAX_TRIES - 1:
                    raise
                is_in_doubt = is_in_doubt or not isinstance(error, _RUN_AGAIN)
                log.warning("settlement.retried", reason=type(error).__name__)
        raise OutcomeUnknown  # pragma: no cover - the loop above returns or raises


def _key(item: Item) -> object:
    """Return what two items of one batch must not share."""
    if isinstance(item, CheckoutRequest):
        return item.request_key
    return item.payment_id or (item.channel_id, item.trade_no)


def watch_commits(connection: psycopg.AsyncConnection[Any]) -> None:
    """Notice when PostgreSQL gives up waiting for its standby: it then reports success for a commit that may be lost.

    See the fault catalogue, F29. The flag is read after each commit.
    """

    def remember(diagnostic: psycopg.errors.Diagnostic) -> None:
        if diagnostic.severity_nonlocalized == "WARNING" and "synchronous replication" in (
            diagnostic.message_primary or ""
        ):
            connection.xinka_commit_unknown = True  # type: ignore[attr-defined]  # our mark on their object

    connection.add_notice_handler(remember)


async def _reach_standby(connection: psycopg.AsyncConnection[Any]) -> None:
    """Wait until a standby has what was committed before, where there has to be one; elsewhere it is a small commit.

    What runs again after a commit in doubt finds its rows and writes none, so PostgreSQL would wait for nobody: the
    answer would rest on rows that are lost with this server. A commit waits for all that was written before it, and
    only one that writes waits at all.

    Raises:
        OutcomeUnknown: if that wait was given up too.
    """
    await connection.execute("SELECT pg_logical_emit_message(true, 'xinka', 'in doubt')")
    _refuse_cancelled_commit(connection)


def _refuse_cancelled_commit(connection: psycopg.AsyncConnection[Any]) -> None:
    if getattr(connection, "xinka_commit_unknown", False):
        connection.xinka_commit_unknown = False  # type: ignore[attr-defined]  # our mark on their object
        raise OutcomeUnknown
