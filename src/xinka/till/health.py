"""``/livez``, ``/readyz`` and ``/metrics``."""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Coroutine
from http import HTTPStatus

import psycopg
from psycopg_pool import PoolTimeout

from xinka.config.environment import Environment
from xinka.platform.maintenance.state import is_closed_now
from xinka.till.context import Till
from xinka.till.http import TEXT, Request, Response
from xinka.till.serving.heads import PRIVATE, lines_of

ROUTES = frozenset({"/livez", "/readyz", "/metrics"})
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_LINES = lines_of([TEXT]) + PRIVATE
_METRICS = ("content-type", "text/plain; version=0.0.4; charset=utf-8")

#: Seconds within which whoever watches the shop gets an answer, whatever the database does.
_PATIENCE = 3.0
_asked: dict[str, asyncio.Task[str]] = {}

_responses: Counter[tuple[str, int]] = Counter()
_durations: Counter[tuple[str, int]] = Counter()
_seconds: defaultdict[str, float] = defaultdict(float)


def count(path: str, status: int, seconds: float) -> None:
    """Remember one answered request. Only the first segment of the path is kept: the rest names orders."""
    route = path.split("/", 2)[1] or "home"
    if route not in _ROUTES:
        route = "other"
    _responses[route, status] += 1
    _durations[route, bisect_left(_BUCKETS, seconds)] += 1
    _seconds[route] += seconds


_ROUTES = frozenset({"home", "p", "c", "search", "checkout", "pay", "order", "stock", "livez", "readyz", "metrics"})


async def answer(till: Till, request: Request) -> Response:
    """Answer whether the process lives, whether it can sell, and its figures.

    The figures tell how the shop does, so only this machine and the addresses named for it may read them.
    """
    if request.path == "/livez":
        return Response(HTTPStatus.OK, _well(till), ready=_LINES)
    if request.path == "/readyz":
        return await _ready(till)
    if not _may_read_figures(till.environment, request):
        return Response(HTTPStatus.NOT_FOUND, b"", ready=_LINES)
    return Response(HTTPStatus.OK, (await _figures(till)).encode(), [_METRICS], PRIVATE)


def _may_read_figures(environment: Environment, request: Request) -> bool:
    """Whether this is a neighbour; behind a proxy that nobody has named as trusted, the whole world looks like one."""
    peer = request.exchange.address
    if request.header("x-forwarded-for") and peer not in environment.trusted_proxies:
        return False
    return request.address in {"127.0.0.1", "::1", *environment.metrics_from}


async def _ready(till: Till) -> Response:
    """Whether an order could be placed now, but for a closure that the operator wants: the database answers."""
    if await _ask("ready", lambda: _can_be_read(till)):
        return Response(HTTPStatus.OK, _well(till), ready=_LINES)
    return Response(HTTPStatus.SERVICE_UNAVAILABLE, b"database\n", ready=_LINES)


def _well(till: Till) -> bytes:
    """Return what is said where all is well. A shop that its operator has closed is well, and says so."""
    return b"ok\nmaintenance\n" if is_closed_now(till.maintenance) else b"ok\n"


async def _can_be_read(till: Till) -> str:
    async with till.pool.connection(timeout=2) as connection:
        await connection.execute("SELECT 1 FROM orders_order LIMIT 1")
    return "ok"


async def _ask(name: str, question: Callable[[], Coroutine[None, None, str]]) -> str | None:
    """Return what the database says, or ``None`` if it does not say so soon: a lock or a frozen server holds it back.

    A question that is still open is joined and not put again, so that it never holds more than one connection.
    """
    asked = _asked.get(name)
    if asked is None or asked.done():
        asked = _asked[name] = asyncio.get_running_loop().create_task(question())
    await asyncio.wait({asked}, timeout=_PATIENCE)
    if not asked.done():
        return None
    error = asked.exception()
    if error is not None and not isinstance(error, psycopg.Error | PoolTimeout):
        raise error
    return None if error else asked.result()


async def _figures(till: Till) -> str:
    batcher = till.engine.batcher
    lines = [
        *_head("xinka_till_uptime_seconds", "gauge", "Since the till was started."),
        f"xinka_till_uptime_seconds {time.time() - till.started_at:.0f}",
        *_head("xinka_till_waiting", "gauge", "Requests that wait for the next batch."),
        f"xinka_till_waiting {batcher.n_waiting}",
        *_head("xinka_till_batches_total", "counter", "Transactions of the till."),
        f"xinka_till_batches_total {batcher.n_batches}",
        *_head("xinka_till_batched_items_total", "counter", "Requests in these transactions."),
        f"xinka_till_batched_items_total {batcher.n_items}",
        *_head("xinka_maintenance", "gauge", "Whether the operator has closed the shop."),
        f"xinka_maintenance {int(is_closed_now(till.maintenance))}",
        *_head("xinka_till_responses_total", "counter", "What the till answered itself."),
    ]
    lines += [
        f'xinka_till_responses_total{{route="{route}",status="{status}"}} {number}'
        for (route, status), number in sorted(_responses.items())
    ]
    lines += _head("xinka_till_seconds", "histogram", "How long these answers took.")
    for route in sorted(_seconds):
        lines += _histogram(route)
    return "\n".join(lines) + "\n" + await _shop_figures(till)


def _head(name: str, kind: str, meaning: str) -> list[str]:
    return [f"# HELP {name} {meaning}", f"# TYPE {name} {kind}"]


def _histogram(route: str) -> list[str]:
    lines, total = [], 0
    for place, bound in enumerate((*_BUCKETS, "+Inf")):
        total += _durations[route, place]
        lines.append(f'xinka_till_seconds_bucket{{route="{route}",le="{bound}"}} {total}')
    lines.append(f'xinka_till_seconds_sum{{route="{route}"}} {_seconds[route]:.6f}')
    lines.append(f'xinka_till_seconds_count{{route="{route}"}} {total}')
    return lines


async def _shop_figures(till: Till) -> str:
    """Return the gauges read from the database, or that it does not answer."""
    head = "\n".join(_head("xinka_database_up", "gauge", "Whether the database answers."))
    found = await _ask("figures", lambda: _gauges(till))
    return f"{head}\nxinka_database_up {0 if found is None else 1}\n{found or ''}"


async def _gauges(till: Till) -> str:
    from xinka.platform.metrics import gauges  # here, because only a monitored till needs it

    async with till.pool.connection(timeout=2) as connection:
        return await gauges(connection)
