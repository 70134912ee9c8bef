"""Gauges that only the database knows, in Prometheus' text format, for the till to add to its own. No Django here.

Each is one cheap statement; what would have to read a day of orders is counted by a worker once a minute.
"""

from __future__ import annotations

from typing import Any

import psycopg

_JOBS = """
SELECT queue_name, status::text, count(*) FROM procrastinate_jobs
WHERE status IN ('todo', 'doing', 'failed', 'aborted') GROUP BY 1, 2 ORDER BY 1, 2
"""
_TRIED_AGAIN = """
SELECT queue_name, count(*) FROM procrastinate_jobs WHERE status = 'todo' AND attempts > 0 GROUP BY 1 ORDER BY 1
"""
_OUTBOX = "SELECT count(*), coalesce(extract(epoch FROM now() - min(at)), 0)::float8 FROM outbox_event"
_WORKERS = "SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - interval '30 seconds'"
_ORDERS = "SELECT details FROM audit_report WHERE name = 'orders_of_day'"
_REPORTS = """
SELECT name, holds, extract(epoch FROM at)::float8 FROM audit_report WHERE name IN ('sweep', 'books') ORDER BY name
"""
_LOW = """
SELECT count(*) FROM catalog_sku k JOIN catalog_product p ON p.id = k.product_id
WHERE k.mode = 'unique' AND k.on_sale AND p.state = 'live' AND k.low_stock_at >= (SELECT count(*) FROM (
  SELECT 1 FROM stock_unsold u WHERE u.sku_id = k.id AND (u.expires_on IS NULL
    OR u.expires_on > (now() AT TIME ZONE 'Asia/Shanghai')::date)
  LIMIT k.low_stock_at + 1) few)
"""
_LETTERS = "SELECT state, count(*) FROM mail_letter WHERE state <> 'sent' GROUP BY state ORDER BY state"
_REFUNDS = "SELECT state, count(*) FROM payments_refund WHERE state <> 'done' GROUP BY state ORDER BY state"
_UNMATCHED = """
SELECT count(*) FROM payments_receipt r WHERE outcome = 'unmatched' AND NOT EXISTS (
  SELECT 1 FROM payments_refund f WHERE f.channel_id = r.channel_id AND f.trade_no = r.trade_no)
  AND NOT EXISTS (SELECT 1 FROM ledger_journal j WHERE j.key = 'suspense:' || r.channel_id || ':' || r.trade_no)
"""

_HELP = {
    "xinka_jobs": "Jobs by queue and status; failed ones are dead letters.",
    "xinka_jobs_tried_again": "Of the jobs that wait, those that failed and run again by themselves.",
    "xinka_outbox_events": "Committed events that are not jobs yet.",
    "xinka_outbox_lag_seconds": "Age of the oldest of them.",
    "xinka_workers_alive": "Crews of workers with a fresh heartbeat.",
    "xinka_orders_of_day": "Orders placed in the last 24 hours, by state, counted once a minute.",
    "xinka_skus_low": "Variants on sale with no more unsold codes than their alert allows.",
    "xinka_letters": "Letters that are not sent, by state.",
    "xinka_refunds": "Refunds that are not done, by state.",
    "xinka_receipts_unmatched": "Money that came for no order of ours.",
    "xinka_check_holds": "Whether the last examination found nothing wrong.",
    "xinka_check_timestamp_seconds": "When the last examination was made.",
}


async def gauges(connection: psycopg.AsyncConnection[Any]) -> str:
    """Return the gauges as text (Prometheus exposition format 0.0.4)."""
    page = _Page()
    for queue, status, count in await _rows(connection, _JOBS):
        page.add("xinka_jobs", count, queue=queue, status=status)
    for count, lag in await _rows(connection, _OUTBOX):
        page.add("xinka_outbox_events", count)
        page.add("xinka_outbox_lag_seconds", lag)
    for name, statement in (
        ("xinka_workers_alive", _WORKERS),
        ("xinka_skus_low", _LOW),
        ("xinka_receipts_unmatched", _UNMATCHED),
    ):
        for (count,) in await _rows(connection, statement):
            page.add(name, count)
    for (by_state,) in await _rows(connection, _ORDERS):
        for state, count in sorted(by_state.items()):
            page.add("xinka_orders_of_day", count, state=state)
    for name, label, statement in (
        ("xinka_jobs_tried_again", "queue", _TRIED_AGAIN),
        ("xinka_letters", "state", _LETTERS),
        ("xinka_refunds", "state", _REFUNDS),
    ):
        for kind, count in await _rows(connection, statement):
            page.add(name, count, **{label: kind})
    for check, holds, at in await _rows(connection, _REPORTS):
        page.add("xinka_check_holds", int(holds), check=check)
        page.add("xinka_check_timestamp_seconds", at, check=check)
    return page.text()


async def _rows(connection: psycopg.AsyncConnection[Any], statement: str) -> list[tuple[Any, ...]]:
    async with psycopg.AsyncRawCursor(connection) as cursor:
        await cursor.execute(statement.encode())
        return await cursor.fetchall()


class _Page:
    """Collects samples, those of one name together as the format asks."""

    def __init__(self) -> None:
        self._lines: dict[str, list[str]] = {}

    def add(self, name: str, value: float, **labels: str) -> None:
        """Add one sample."""
        inside = ",".join(f'{label}="{_escape(text)}"' for label, text in labels.items())
        self._lines.setdefault(name, []).append(f"{name}{{{inside}}} {value}" if inside else f"{name} {value}")

    def text(self) -> str:
        """Return the page."""
        parts = []
        for name, lines in self._lines.items():
            parts += [f"# HELP {name} {_HELP[name]}", f"# TYPE {name} gauge", *lines]
        return "\n".join(parts) + "\n" if parts else ""


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
