"""The gauges say what is in the tables, in a form that Prometheus reads."""

from __future__ import annotations

import asyncio

import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families

from xinka.platform.metrics import gauges


def _read(url: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    async def ask() -> str:
        async with await psycopg.AsyncConnection.connect(url) as connection:
            return await gauges(connection)

    samples = {}
    for family in text_string_to_metric_families(asyncio.run(ask())):
        assert family.documentation
        for sample in family.samples:
            samples[sample.name, tuple(sorted(sample.labels.items()))] = sample.value
    return samples


def test_an_empty_shop_has_its_gauges_at_zero(shop_database: str) -> None:
    read = _read(shop_database)
    for name in ("xinka_outbox_events", "xinka_outbox_lag_seconds", "xinka_workers_alive", "xinka_receipts_unmatched"):
        assert read[name, ()] == 0


def test_what_is_in_the_tables_is_on_the_page(shop_database: str) -> None:
    with psycopg.connect(shop_database) as connection:
        connection.execute(
            "INSERT INTO outbox_event (kind, subject, at) "
            "VALUES ('order.delivered', gen_random_uuid(), now() - interval '90 s')"
        )
        connection.execute("INSERT INTO procrastinate_jobs (queue_name, task_name) VALUES ('a\"b', 'x'), ('a\"b', 'y')")
        connection.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now()), (now() - interval '1 h')"
        )
        connection.execute(
            "INSERT INTO audit_report VALUES ('orders_of_day', now(), 0, true, '{\"delivered\": 7}'), "
            "('books', now(), 0, false, '{}')"
        )
    read = _read(shop_database)
    assert read["xinka_outbox_events", ()] == 1
    assert read["xinka_outbox_lag_seconds", ()] == pytest.approx(90, abs=20)
    assert read["xinka_jobs", (("queue", 'a"b'), ("status", "todo"))] == 2
    assert read["xinka_workers_alive", ()] == 1
    assert read["xinka_orders_of_day", (("state", "delivered"),)] == 7
    assert read["xinka_check_holds", (("check", "books"),)] == 0
