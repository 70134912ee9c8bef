"""What must hold at the end: goods for money, once; nothing that was answered is lost; nothing grows for ever."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field

import psycopg

from resilience.soak.faults import World
from resilience.soak.gateway import CHANNEL
from resilience.soak.people import Book
from resilience.soak.shop import Figures, Shop
from xinka.kernel import ids

#: Tables in which rows only wait; they are as good as empty once everything is quiet.
_WAITING = {
    "outbox_event": 0,
    "procrastinate_jobs": 120,
    "procrastinate_events": 400,
    "procrastinate_periodic_defers": 200,
    "procrastinate_workers": 12,
    "job_problem": 40,
}
#: How much more than after its start a part may hold at the end, on top of as much again.
_MORE_MB, _MORE_FILES = 60.0, 25
_LOG_KB_PER_MINUTE = 400.0
#: Events and jobs that wait, and money that has neither brought goods nor gone back; jobs of the hour come anyway.
_WAITS = f"""
SELECT (SELECT count(*) FROM outbox_event) + (SELECT count(*) FROM procrastinate_jobs
  WHERE status IN ('todo', 'doing') AND queueing_lock IS NULL) + (SELECT count(*) FROM payments_refund f
  JOIN payments_channel c ON c.id = f.channel_id WHERE c.slug = '{CHANNEL}' AND f.state <> 'done')
"""
_UNPAID = f"""
SELECT p.id FROM payments_payment p JOIN orders_order o ON o.id = p.order_id
JOIN payments_channel c ON c.id = p.channel_id
WHERE c.slug = '{CHANNEL}' AND o.state NOT IN ('delivered', 'refunded')
"""
_TABLES = """
SELECT relname, pg_total_relation_size(oid), reltuples::bigint FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 2 DESC LIMIT 12
"""
_DEAD = """
SELECT task_name, coalesce(p.problem, '?'), count(*), queueing_lock IS NOT NULL
FROM procrastinate_jobs j LEFT JOIN job_problem p ON p.job_id = j.id
WHERE status = 'failed' GROUP BY 1, 2, 4 ORDER BY 3 DESC
"""


_PAYMENTS = f"""
SELECT p.id, o.state, (SELECT count(*) FROM delivery_code d WHERE d.order_id = o.id),
  (SELECT coalesce(sum(f.amount), 0)::bigint FROM payments_refund f WHERE f.order_id = o.id AND f.state = 'done')
FROM payments_payment p JOIN orders_order o ON o.id = p.order_id JOIN payments_channel c ON c.id = p.channel_id
WHERE c.slug = '{CHANNEL}'
"""


@dataclass
class Verdict:
    """What was found: what is wrong, and what else there is to say."""

    wrong: list[str] = field(default_factory=list)
    facts: list[str] = field(default_factory=list)

    def expect(self, *, holds: bool, what: str, found: object) -> None:
        """Note a fact, and that it is wrong if it does not hold."""
        self.facts.append(f"{'ok ' if holds else 'BAD'} {what}: {found}")
        if not holds:
            self.wrong.append(f"{what}: {found}")


def wait_for_quiet(world: World, patience: float) -> str:
    """Wait until nothing waits any more and all money has brought something; say how long that took or what waits."""
    begun, waits, owed = time.monotonic(), 0, 0
    while time.monotonic() - begun < patience:
        with suppress(psycopg.Error):
            waits = world.shop.ask(_WAITS)[0][0]
            unpaid = {ids.show("pay", row[0]) for row in world.shop.ask(_UNPAID)}
            owed = sum(number in unpaid and not trade.refunded for number, trade in world.gateway.trades.items())
            if not waits and not owed:
                return f"after {time.monotonic() - begun:.0f} s"
        time.sleep(2)
    return f"not within {patience:.0f} s: {waits} events, jobs or refunds wait, {owed} payments have brought nothing"


def money_and_goods(world: World, book: Book, verdict: Verdict) -> None:
    """Hold the shop's tables against what the gateway and the buyers have written down."""
    shop = world.shop
    kept = {ids.show("ord", row[0]) for row in shop.ask("SELECT id FROM orders_order")}
    lost = [order for order in book.orders if order not in kept]
    verdict.expect(holds=not lost, what=f"of {len(book.orders)} orders that were answered, lost", found=len(lost))
    rows = shop.ask(_PAYMENTS)
    known = {ids.show("pay", row[0]): row[1:] for row in rows}
    ends = Counter[str]()
    for number, trade in world.gateway.trades.items():
        state, n_codes, given_back = known.get(number, ("unknown", 0, 0))
        end = _end_of(state, n_codes, given_back, trade.amount, trade.refunded)
        ends[end] += 1
    bad = {end: n for end, n in ends.items() if end not in {"goods", "goods, then money back", "money back"}}
    verdict.expect(holds=not bad, what=f"what became of {len(world.gateway.trades)} payments", found=dict(ends))
    doubled = shop.ask("SELECT count(*) - count(DISTINCT code_id) FROM delivery_code WHERE NOT reusable")[0][0]
    verdict.expect(holds=doubled == 0, what="codes delivered twice", found=doubled)
    verdict.expect(holds=not book.scandals, what="answers that must never be given", found=book.scandals[:5] or 0)


def _end_of(state: str, n_codes: int, given_back: int, amount: int, at_gateway: int) -> str:
    if given_back != at_gateway:
        return f"the shop says {given_back} went back, the gateway {at_gateway}"
    if state == "delivered" and n_codes == 1:
        return "goods"
    if state == "refunded" and given_back == amount:
        return "goods, then money back" if n_codes else "money back"
    if given_back == amount and not n_codes:
        return "money back"
    return f"{state} with {n_codes} codes and {given_back} of {amount} back"


def letters(world: World, book: Book, verdict: Verdict) -> None:
    """Every buyer with goods has a letter; one that came twice came under one Message-ID."""
    delivered = {ids.show("ord", row[0]) for row in world.shop.ask("SELECT DISTINCT order_id FROM delivery_code")}
    owed = {address for order, (_, address) in book.orders.items() if order in delivered}
    without = [address for address in owed if address not in world.mailbox.letters]
    verdict.expect(holds=not without, what=f"of {len(owed)} buyers with goods, without a letter", found=len(without))
    twice = sum(count - 1 for address in owed for count in world.mailbox.letters[address].values())
    verdict.facts.append(f"    letters that came twice under the same Message-ID: {twice}")


def bounded(
    world: World, before: dict[str, Figures], after: dict[str, Figures], minutes: float, verdict: Verdict
) -> None:
    """Nothing has grown for ever: memory, open files, tables in which rows only wait, the logs."""
    for part, now in after.items():
        then = before[part]
        holds = now.rss_mb <= 2 * then.rss_mb + _MORE_MB and now.files <= 2 * then.files + _MORE_FILES
        found = f"{then.rss_mb:.0f} → {now.rss_mb:.0f} MB, {then.files} → {now.files} open files"
        verdict.expect(holds=holds, what=part, found=found)
    for table, most in _WAITING.items():
        n_rows = world.shop.ask(f"SELECT count(*) FROM {table}")[0][0]
        verdict.expect(holds=n_rows <= most, what=f"rows that wait in {table} (at most {most})", found=n_rows)
    for table, size, n_rows in world.shop.ask(_TABLES):
        verdict.facts.append(f"    {table}: {size / 2**20:.1f} MB, about {n_rows} rows")
    found_dead = world.shop.ask(_DEAD)
    # A job of the hour that met a fault leaves its last failure to be read, until it is done again.
    verdict.facts += [
        f"    of the hour, its last failure: {task}: {why}" for task, why, _, by_hour in found_dead if by_hour
    ]
    dead = [row[:3] for row in found_dead if not row[3]]
    verdict.expect(holds=not dead, what="dead letters", found=dead or 0)
    for name, file in (
        ("the shop's log", world.shop.log),
        ("PostgreSQL's log", world.shop.data / "postgres/server.log"),
    ):
        rate = file.stat().st_size / 1024 / minutes
        verdict.expect(holds=rate <= _LOG_KB_PER_MINUTE, what=name, found=f"{rate:.0f} kB a minute")


def rules(shop: Shop, verdict: Verdict) -> None:
    """Run the auditor's own examination, as an operator does."""
    checked = shop.command("check")
    last = (checked.stdout + checked.stderr).strip().splitlines()[-1:]
    verdict.expect(holds=checked.returncode == 0, what="xinka check", found=last)
