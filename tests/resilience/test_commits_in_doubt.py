"""Commits of which nobody can say whether they happened (F29, F31), on a database of its own and with real faults.

A standby that is named and never comes lets every commit wait; an administrator cancels the wait, and PostgreSQL then
reports success for what may be lost with the primary. A proxy between till and database hangs up in the moment in
which the answer to a commit is on its way.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pytest_django import DjangoDbBlocker

from tests import cast
from tests.resilience.client import Answer, Client, checkout_body
from tests.resilience.house import broken_rules, django_on, number, open_till
from tests.resilience.tills import at_tills, engines
from xinka.catalog.models import Sku
from xinka.flows.checkout import CheckoutRequest
from xinka.platform.database.embedded import EmbeddedPostgres
from xinka.till.engine import Engine

pytestmark = [pytest.mark.crash, pytest.mark.timeout(600)]
Goods = tuple[Any, Any]
_ORDERS = "SELECT count(*) FROM orders_order"
_WAITING = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'"


@pytest.fixture(scope="module")
def alone(django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """A shop on a server of its own, whose settings a test may change."""
    data = Path("/tmp") / f"xk-doubt-{os.getpid()}"  # noqa: S108 - a socket's path must be short
    postgres = EmbeddedPostgres(data / "postgres")
    url = postgres.start()
    migrate = [sys.executable, "-m", "django", "migrate", "--verbosity=0"]
    try:
        subprocess.run(migrate, env={**os.environ, "DATABASE_URL": url}, check=True, timeout=300)
        with django_db_blocker.unblock(), django_on(url):
            yield url
    finally:
        postgres.stop()
        subprocess.run(["rm", "-rf", str(data)], check=True)


@pytest.fixture(scope="module")
def goods(alone: str) -> Goods:
    """Something to buy, and a way to pay for it."""
    ware = cast.ware(cast.adas_shop(), 50)
    Sku.objects.filter(id=ware.sku.id).update(max_quantity=50)
    return ware.sku, cast.channel()


def asked(goods: Goods, name: str) -> CheckoutRequest:
    """Return a checkout of one piece."""
    return cast.ask(*goods, contact=f"{name}@example.com")


@asynccontextmanager
async def a_standby_that_never_comes(url: str) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    """Let every commit wait for it; yields the administrator's connection, which does not."""
    as_superuser = url.replace("//xinka@", "//postgres@")
    async with await psycopg.AsyncConnection.connect(as_superuser, autocommit=True) as administrator:
        await administrator.execute("SET synchronous_commit = local")
        await administrator.execute("ALTER SYSTEM SET synchronous_standby_names = 'ghost'")
        await administrator.execute("SELECT pg_reload_conf()")
        try:
            yield administrator
        finally:
            await administrator.execute("ALTER SYSTEM RESET synchronous_standby_names")
            await administrator.execute("SELECT pg_reload_conf()")


async def wait_that_began(administrator: psycopg.AsyncConnection[Any]) -> int:
    """Return the backend whose commit waits for the standby."""
    while not (row := await (await administrator.execute(_WAITING)).fetchone()):  # noqa: ASYNC110 - nothing tells us
        await asyncio.sleep(0.02)
    return int(row[0])


async def cancel(administrator: psycopg.AsyncConnection[Any], end: str = "pg_cancel_backend") -> None:
    """Give up the wait for the standby, and see that it is over."""
    pid = await wait_that_began(administrator)
    began = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s AND wait_event = 'SyncRep' AND state_change = %s"
    row = await (
        await administrator.execute("SELECT state_change FROM pg_stat_activity WHERE pid = %s", [pid])
    ).fetchone()
    await administrator.execute(f"SELECT {end}(%s)".encode(), [pid])
    while await (await administrator.execute(began, [pid, *(row or ())])).fetchone() == (1,):  # noqa: ASYNC110 - as above
        await asyncio.sleep(0.005)


@pytest.mark.parametrize("end", ["pg_cancel_backend", "pg_terminate_backend"])
def test_a_commit_whose_wait_was_ended_is_waited_for_again_before_it_is_answered(
    alone: str, goods: Goods, end: str
) -> None:
    """That the row is there is no proof that it would be there after a failover: the standby must have it."""
    request = asked(goods, end)
    n_before = number(alone, _ORDERS)

    async def story(tills: list[Engine]) -> None:
        async with a_standby_that_never_comes(alone) as administrator:
            placing = asyncio.create_task(tills[0].place(request))
            await cancel(administrator, end)
            await wait_that_began(administrator)
            assert not placing.done(), "nothing is answered while the standby is not there"
        answer = await placing
        assert (answer.order_id, answer.is_new) == (request.order_id, False)

    at_tills(alone, 1, story)
    assert number(alone, _ORDERS) == n_before + 1
    assert broken_rules(alone) == {}


def test_control_what_is_only_read_again_waits_for_no_standby(alone: str, goods: Goods) -> None:
    request = asked(goods, "control")

    async def story(tills: list[Engine]) -> None:
        await tills[0].place(request)
        async with a_standby_that_never_comes(alone) as administrator:
            assert (await tills[0].place(request)).is_new is False
            assert await (await administrator.execute(_WAITING)).fetchone() is None

    at_tills(alone, 1, story)


def test_a_commit_that_stays_in_doubt_is_answered_with_look_first_and_the_order_is_found_by_its_key(
    alone: str, goods: Goods, tmp_path: Path
) -> None:
    key = secrets.token_hex(16)
    body = checkout_body(goods[0].id, channel=goods[1].slug, contact="doubt@example.com", key=key)

    async def story(port: int) -> None:
        def order() -> Answer:
            with Client(port) as client:
                return client.post_json("/checkout", body)

        async with a_standby_that_never_comes(alone) as administrator:
            placing = asyncio.create_task(asyncio.to_thread(order))
            while not placing.done():
                with suppress(TimeoutError):
                    await asyncio.wait_for(cancel(administrator), 1)
            refused = await placing
        assert (refused.status, refused.json()["code"]) == (503, "database_away")
        assert "look first whether it went through" in refused.json()["message_en"]
        again = await asyncio.to_thread(order)
        assert again.status == 200, again.body

    n_before = number(alone, _ORDERS)
    with open_till(alone, tmp_path / "till.log", PYTHONUNBUFFERED="1") as till:
        asyncio.run(asyncio.wait_for(story(till.port), 120))
    assert number(alone, _ORDERS) == n_before + 1
    assert "Traceback" not in till.words()


class Cutter:
    """Stands between a till and its database, and hangs up in place of one answer: what was asked has been done."""

    def __init__(self, server: str) -> None:
        self.server = server
        self.is_armed = False
        self.n_cut = 0
        self.lines: list[asyncio.StreamWriter] = []

    async def close(self) -> None:
        """Hang up on everybody."""
        for line in self.lines:
            line.close()
        await asyncio.gather(*(line.wait_closed() for line in self.lines), return_exceptions=True)

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry bytes both ways."""
        there = await asyncio.open_unix_connection(self.server)
        self.lines += (writer, there[1])
        await asyncio.gather(self._asked(reader, there[1]), self._answered(there[0], writer), return_exceptions=True)

    async def _asked(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while part := await reader.read(65_536):
            writer.write(part)
        writer.close()

    async def _answered(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while part := await reader.read(65_536):
            if self.is_armed and b"SELECT 1" in part:
                self.is_armed, self.n_cut = False, self.n_cut + 1
                writer.transport.abort()
                return
            writer.write(part)
        writer.close()


def test_a_line_that_breaks_while_the_answer_to_a_commit_comes_gives_the_same_order_again(
    alone: str, goods: Goods
) -> None:
    request = asked(goods, "cut")
    n_before = number(alone, _ORDERS)
    socket_of = Path(psycopg.conninfo.conninfo_to_dict(alone)["host"]) / ".s.PGSQL.5432"

    async def story() -> None:
        cutter = Cutter(str(socket_of))
        with tempfile.TemporaryDirectory(prefix="xk-cut-", dir="/tmp") as place:
            server = await asyncio.start_unix_server(cutter.carry, f"{place}/.s.PGSQL.5432")
            async with server, engines(alone.replace(str(socket_of.parent), place), 1) as (till,):
                cutter.is_armed = True
                answer = await till.place(request)
                assert (answer.order_id, answer.is_new, cutter.n_cut) == (request.order_id, False, 1)
            await cutter.close()

    asyncio.run(asyncio.wait_for(story(), 60))
    assert number(alone, _ORDERS) == n_before + 1
    assert broken_rules(alone) == {}
