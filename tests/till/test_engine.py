"""The engine when the database says "perhaps": it finds out, it tries again, and it gives up in time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import psycopg
import pytest
from pytest_django import DjangoDbBlocker

from tests.resilience import tills
from tests.resilience.house import broken_rules, django_on, rows_of
from tests.resilience.tills import at_tills
from xinka.platform.database.drive import MAX_TRIES
from xinka.till import engine as engine_module
from xinka.till.engine import Engine


@pytest.fixture
def committed(shop_database: str, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """The address of an empty shop's database that Django works on too."""
    with django_db_blocker.unblock(), django_on(shop_database) as url:
        yield url


def fail_after_commit(n: int, fail: Callable[[psycopg.AsyncConnection[Any]], Awaitable[None]]) -> Any:
    """Return an engine's ``_run`` that does all of its work, and then has something happen, ``n`` times."""
    whole, left = Engine._run, [n]

    async def run(self: Engine, connection: psycopg.AsyncConnection[Any], batch: Any) -> Any:
        answers = await whole(self, connection, batch)
        if left[0]:
            left[0] -= 1
            await fail(connection)
        return answers

    return run


def one_order(committed: str) -> tuple[Any, Any]:
    """Return two equal requests."""
    from tests import cast  # models need the settings, which are read after this file's neighbours

    ware, alipay = cast.ware(cast.adas_shop(), 3), cast.channel()
    first = cast.ask(ware.sku, alipay)
    return first, cast.ask(ware.sku, alipay, request_key=first.request_key)


def test_a_connection_that_breaks_after_the_commit_gives_the_same_order_again(
    committed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    request, _ = one_order(committed)

    async def hang_up(connection: psycopg.AsyncConnection[Any]) -> None:
        await connection.close()
        raise psycopg.OperationalError("the connection is lost")

    monkeypatch.setattr(Engine, "_run", fail_after_commit(1, hang_up))

    async def story(opened: list[Engine]) -> None:
        answer = await opened[0].place(request)
        assert (answer.order_id, answer.is_new) == (request.order_id, False)

    at_tills(committed, 1, story)
    assert rows_of(committed)["orders_order"] == 1
    assert broken_rules(committed) == {}


def test_a_commit_that_gave_up_waiting_for_its_standby_is_not_believed(
    committed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server's warning is raised by hand, in the words of PostgreSQL's syncrep.c."""
    request, _ = one_order(committed)
    commits = []
    judge = engine_module._refuse_cancelled_commit

    def note(connection: psycopg.AsyncConnection[Any]) -> None:
        try:
            judge(connection)
        except engine_module.OutcomeUnknown:
            commits.append("unknown")
            raise
        commits.append("certain")

    whole = engine_module.sell
    warn = "DO $$ BEGIN RAISE WARNING 'canceling wait for synchronous replication due to user request'; END $$"

    def sell_with_a_warning(requests: Any, moneys: Any) -> Any:
        from xinka.kernel.flow import Query  # here, because only this flow is made up

        if not commits:
            yield Query(warn)
        return (yield from whole(requests, moneys))

    monkeypatch.setattr(engine_module, "_refuse_cancelled_commit", note)
    monkeypatch.setattr(engine_module, "sell", sell_with_a_warning)

    async def story(opened: list[Engine]) -> None:
        answer = await opened[0].place(request)
        assert answer.order_id == request.order_id

    at_tills(committed, 1, story)
    assert commits == ["unknown", "certain", "certain"], "the standby is reached before the order is looked for"
    assert rows_of(committed)["orders_order"] == 1


@pytest.mark.parametrize("n_deadlocks", [1, MAX_TRIES - 1, MAX_TRIES])
def test_a_deadlock_is_run_again_and_only_so_often(
    committed: str, monkeypatch: pytest.MonkeyPatch, n_deadlocks: int
) -> None:
    request, _ = one_order(committed)

    async def deadlock(_: object) -> None:
        raise psycopg.errors.DeadlockDetected

    monkeypatch.setattr(Engine, "_run", fail_after_commit(n_deadlocks, deadlock))

    async def story(opened: list[Engine]) -> None:
        if n_deadlocks < MAX_TRIES:
            assert (await opened[0].place(request)).order_id == request.order_id
        else:
            with pytest.raises(psycopg.errors.DeadlockDetected):
                await opened[0].place(request)

    at_tills(committed, 1, story)
    assert rows_of(committed)["orders_order"] == 1


def test_two_equal_requests_in_two_batches_of_one_till_are_one_order(committed: str) -> None:
    first, second = one_order(committed)

    async def story(opened: list[Engine]) -> None:
        answers = await asyncio.gather(opened[0].place(first), opened[0].place(second))
        assert len({answer.order_id for answer in answers}) == 1

    at_tills(committed, 1, story)
    assert rows_of(committed)["orders_order"] == 1


def test_who_holds_a_table_is_not_waited_for_five_times_over_and_by_halves(
    committed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Eight orders wait as long as one statement may take; each try of each half of them would wait so long again."""
    from tests import cast  # as above

    ware, alipay = cast.ware(cast.adas_shop(), 20, sku={"max_quantity": 10}), cast.channel()
    requests = [cast.ask(ware.sku, alipay, contact=f"cy{n}@example.com") for n in range(8)]
    configure, whole, runs = tills._configure, Engine._run, list[int]()

    async def hasty(connection: psycopg.AsyncConnection[Any]) -> None:
        await configure(connection)
        await connection.execute("SET statement_timeout = '300ms'")

    async def counted(self: Engine, connection: psycopg.AsyncConnection[Any], batch: Any) -> Any:
        runs.append(len(batch))
        return await whole(self, connection, batch)

    monkeypatch.setattr(tills, "_configure", hasty)
    monkeypatch.setattr(Engine, "_run", counted)

    async def story(opened: list[Engine]) -> None:
        with psycopg.connect(committed) as holder:
            holder.execute("LOCK TABLE orders_order IN ACCESS EXCLUSIVE MODE")
            answers = await asyncio.gather(*[opened[0].place(each) for each in requests], return_exceptions=True)
        assert {type(answer) for answer in answers} == {psycopg.errors.QueryCanceled}
        assert sum(runs) == 8, "each was tried once"
        again = await asyncio.gather(*[opened[0].place(each) for each in requests])
        assert [answer.order_id for answer in again] == [request.order_id for request in requests]

    at_tills(committed, 1, story)
    assert rows_of(committed)["orders_order"] == 8
    assert broken_rules(committed) == {}
