"""Reconciliation: a gateway's bill of one day against our receipts and refunds, in sets, as often as one likes.

The lines go into a table of the session by COPY, one at a time, so memory stays flat. Comparing, queueing what differs
and entering the fees is one transaction; read again, the same bill changes nothing.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

import psycopg
from django.db import connection, transaction
from django.utils import timezone

from xinka.kernel import ids
from xinka.kernel.errors import BadIdentifier, ProviderError, Refusal
from xinka.kernel.flow import Flow, Query
from xinka.ledger.accounts import Account, JournalKind
from xinka.ledger.days import ZONE, end_of, start_of
from xinka.ledger.posting import Journal, Leg, post
from xinka.payments.channels import provider_of
from xinka.payments.models import Channel
from xinka.payments.providers.protocol import BillKind, BillRow, Can
from xinka.platform.database.arrays import plain_array
from xinka.platform.database.django_drive import run
from xinka.platform.database.session import holding_lock, undoing
from xinka.platform.jobs.queue import CHORES, Job, defer
from xinka.platform.vault.envelope import EnvelopeError
from xinka.reconciling import sql
from xinka.reconciling.bill_file import BillLine
from xinka.reconciling.models import Bill
from xinka.reconciling.states import BillState

log = logging.getLogger(__name__)

#: Our clock and the gateway's may put a payment on different days when it comes as near to midnight as this.
NEAR_MIDNIGHT = timedelta(minutes=5)
READ_BILL = Job("books.read_bill", CHORES, priority=-10)
#: How many days back a bill is still asked for.
ASKED_FOR = 3
#: How long it is remembered which bill told of a payment near midnight, or of a refund.
REMEMBERED_FOR = timedelta(days=400)
#: The most differences that are queued; a bill with more is most likely another channel's.
MOST = 10_000
#: More payments than this with another fee than agreed are one difference: of the agreement, not of each payment.
MOST_FEES = 50
_LOCK_SPACE = 0x42494C4C
#: Gateways whose days are not those of the books.
_CALENDARS: dict[str, tzinfo] = {"stripe": UTC, "paypal": UTC}


class BillBusy(Refusal):
    """Another process reads a bill of this channel just now."""

    code = "bill_busy"
    status = 409
    zh = "这个通道正在对账，请稍后再试。"
    en = "A bill of this channel is being read just now; try again in a moment."


class DayNotOver(Refusal):
    """A bill of a day that still goes on: what comes later that day would never be compared."""

    code = "day_not_over"
    status = 422
    zh = "{day} 按这个通道的日历还没过完（到 {until} 为止），当天的账单还不全。请在那之后再对账。"
    en = "By this channel's calendar {day} is not over before {until}, so its bill is not whole. Compare it then."


@dataclass(frozen=True, slots=True)
class Day:
    """One day of one channel's calendar."""

    channel: Channel
    day: date

    @property
    def start(self) -> datetime:
        """Its first moment."""
        return start_of(self.day, self._calendar)

    @property
    def end(self) -> datetime:
        """The first moment after it."""
        return end_of(self.day, self._calendar)

    @property
    def _calendar(self) -> tzinfo:
        return _CALENDARS.get(self.channel.provider, ZONE)


def see_that_it_is_over(channel: Channel, day: date, now: datetime) -> None:
    """Refuse a bill that somebody has too early; gateways that we ask say so themselves.

    Raises:
        DayNotOver: if the day goes on at the gateway, whose calendar may not be ours.
    """
    end = Day(channel, day).end
    if now < end:
        raise DayNotOver(day=day.isoformat(), until=f"{timezone.localtime(end):%Y-%m-%d %H:%M}")


_UNREAD = """
SELECT c.id, d.day::text FROM unnest($1::int[]) AS c(id) CROSS JOIN unnest($2::date[]) AS d(day)
WHERE NOT EXISTS (SELECT 1 FROM reconciling_bill b WHERE b.channel_id = c.id AND b.day = d.day AND b.state = 'done')
  AND NOT EXISTS (SELECT 1 FROM procrastinate_jobs j WHERE j.status IN ('todo', 'doing') AND j.task_name = $3
    AND j.args ->> 'day' = d.day::text AND (j.args ->> 'channel_id')::int = c.id)
  AND EXISTS (SELECT 1 FROM payments_receipt r WHERE r.channel_id = c.id)
ORDER BY d.day, c.id
"""


def queue_bills(now: datetime) -> Flow[int]:
    """Queue the bills of the last days that were not read yet, of every channel that has bills and was paid through.

    Oldest first, so that what falls between two days is known when the later one is compared.
    """
    channels = [channel.id for channel in Channel.objects.filter(on=True) if has_bills(channel)]
    today = now.astimezone(ZONE).date()
    days = [today - timedelta(days=n) for n in range(ASKED_FOR, 0, -1)]
    rows = yield Query(_UNREAD, (plain_array(channels), plain_array(days), READ_BILL.task))
    yield from defer(READ_BILL, [{"channel_id": channel_id, "day": day} for channel_id, day in rows])
    return len(rows)


def has_bills(channel: Channel) -> bool:
    """Whether the channel's gateway hands out bills; one whose settings are not right hands out nothing."""
    try:
        return Can.BILL in provider_of(channel).can
    except (Refusal, EnvelopeError):
        return False


def reconcile_from_gateway(channel_id: int, day: date) -> Bill | None:
    """Fetch a bill and compare it; ``None`` when the gateway has none yet or cannot be asked: try again later."""
    channel = Channel.objects.get(id=channel_id)
    try:
        provider = provider_of(channel)
        if Can.BILL not in provider.can:
            return None
        return reconcile_day(channel, day, provider.bill(day))
    except (ProviderError, Refusal, EnvelopeError) as error:
        _note_problem(channel, day, str(error))
        return None


def _note_problem(channel: Channel, day: date, problem: str) -> None:
    fields = {"problem": problem[:300], "asked_at": timezone.now()}
    defaults = {**fields, "state": BillState.WAITING.value}
    bill, is_new = Bill.objects.get_or_create(channel_id=channel.id, day=day, defaults=defaults)
    if not is_new:
        Bill.objects.filter(id=bill.id).exclude(state=BillState.DONE).update(**fields, state=BillState.WAITING)
    log.warning("bill.not_read", extra={"channel": channel.slug, "day": day.isoformat(), "problem": problem})


def reconcile_day(channel: Channel, day: date, lines: Iterable[BillRow | BillLine]) -> Bill:
    """Compare a bill with our books, queue what differs, enter the fees, and return the bill.

    Raises:
        BillBusy: if another process does so now.
        ProviderError, Refusal: what reading ``lines`` raises; nothing was compared.
    """
    with _alone_with(channel):
        defaults = {"state": BillState.READING.value, "asked_at": timezone.now()}
        bill, _ = Bill.objects.get_or_create(channel_id=channel.id, day=day, defaults=defaults)
        _load(lines)
        with undoing(connection, _clear), transaction.atomic():
            run(_compare(bill, Day(channel, day)))
    bill.refresh_from_db()
    log.info("bill.compared", extra={"channel": channel.slug, "day": day.isoformat(), "n": bill.n_differences})
    return bill


@contextmanager
def _alone_with(channel: Channel) -> Iterator[None]:
    """Hold the channel's lock, which ends with this process however it ends."""
    with holding_lock(connection, _LOCK_SPACE, channel.id) as is_alone:
        if not is_alone:
            raise BillBusy
        yield


def _load(lines: Iterable[BillRow | BillLine]) -> None:
    """Copy the lines into the session's own table; a failure half-way leaves it empty."""
    with connection.cursor() as cursor:
        for statement in (sql.MAKE_LINES, sql.MAKE_FOUND, sql.MAKE_FEES, sql.CLEAR):
            cursor.execute(statement)
    with transaction.atomic():
        raw: psycopg.Connection[Any] = connection.connection
        with raw.cursor() as copying, copying.copy(sql.COPY_LINES) as copy:
            for line in lines:
                copy.write_row(_columns(line))
    with connection.cursor() as cursor:
        cursor.execute(sql.ANALYZE)


def _clear() -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql.CLEAR)


def _columns(line: BillRow | BillLine) -> tuple[object, ...]:
    kind, trade_no, out_trade_no, refund_no, amount, fee, currency, at = line
    refund_id = _our_refund(refund_no) if refund_no and kind == BillKind.REFUND else None
    return (str(kind), trade_no, out_trade_no, refund_no, refund_id, amount, fee, currency, at)


def _our_refund(number: str) -> object:
    try:
        return ids.parse("ref", number)
    except BadIdentifier:
        return None


def _compare(bill: Bill, day: Day) -> Flow[None]:
    channel_id = day.channel.id
    yield Query(sql.ROOMY)
    yield Query("SELECT 1 FROM reconciling_bill WHERE id = $1 FOR UPDATE", (bill.id,))
    yield Query(sql.REFUNDS_BY_OUR_NUMBER, (channel_id,))
    yield Query(sql.REFUNDS_BY_THEIR_NUMBER, (channel_id,))
    yield Query(sql.REFUNDS_BY_AMOUNT, (channel_id, bill.id))
    yield Query(sql.FORGET, (channel_id, day.day, day.day - REMEMBERED_FOR))
    since, until = yield from _window(day)
    yield Query(sql.FIND_PAYMENTS, (channel_id,))
    yield Query(sql.FIND_PAYMENTS_NOT_THERE, (channel_id, since, until))
    yield Query(sql.FIND_REFUNDS, ())
    yield Query(sql.FIND_REFUNDS_NOT_THERE, (channel_id, since, until))
    yield Query(sql.FIND_REPEATED, ())
    yield Query(sql.FEES, (channel_id,))
    yield Query(sql.FIND_FEES, (MOST_FEES,))
    yield Query(sql.REMEMBER, (channel_id, day.day, day.start, day.end - NEAR_MIDNIGHT))
    yield Query(sql.RESOLVE_ELSEWHERE, (channel_id, bill.id))
    yield Query(sql.RESOLVE_GONE, (bill.id,))
    yield Query(sql.QUEUE, (bill.id, MOST))
    yield from _conclude(bill, day)


def _window(day: Day) -> Flow[tuple[datetime, datetime]]:
    """Return between which moments our side must be on this bill, unless another bill has told of it.

    What came in the last minutes of a day is asked for a day later, when both bills that may have it are known; so the
    first bill of a channel begins at midnight sharp.
    """
    before = yield Query(
        "SELECT 1 FROM reconciling_bill WHERE channel_id = $1 AND day = $2 AND state = 'done'",
        (day.channel.id, day.day - timedelta(days=1)),
    )
    since = day.start - NEAR_MIDNIGHT if before else day.start
    return since, day.end - NEAR_MIDNIGHT


_DONE = """
UPDATE reconciling_bill SET state = 'done', problem = '', n_payments = $2, n_refunds = $3, n_differences = $4,
  sums = $5::jsonb, fees_entered = $6::jsonb, fees_agreed = $7::jsonb,
  n_readings = n_readings + 1, done_at = now() WHERE id = $1
"""


def _conclude(bill: Bill, day: Day) -> Flow[None]:
    """Keep the sums of the bill and enter its fees."""
    rows = yield Query(sql.SUMS)
    ((n_found,),) = yield Query(sql.N_FOUND)
    sums = {row[0]: {"paid": row[3], "refunded": row[4], "fees": row[5]} for row in rows}
    fees = {currency: int(one["fees"]) for currency, one in sums.items()}
    yield from _enter_fees(bill, day, fees)

    agreed = yield Query(sql.AGREED_FEES)
    n_payments, n_refunds = sum(row[1] for row in rows), sum(row[2] for row in rows)
    facts = (bill.id, n_payments, n_refunds, n_found, json.dumps(sums), json.dumps(fees), json.dumps(dict(agreed)))
    yield Query(_DONE, facts)


def _enter_fees(bill: Bill, day: Day, fees: dict[str, int]) -> Flow[None]:
    """Enter what the gateway kept (P1'), less what an earlier reading of this bill has entered."""
    ((kept, n_readings),) = yield Query(
        "SELECT fees_entered::text, n_readings FROM reconciling_bill WHERE id = $1", (bill.id,)
    )
    entered = json.loads(kept)
    journals = []
    for currency in sorted({*fees, *entered}):
        amount = fees.get(currency, 0) - int(entered.get(currency, 0))
        legs = (Leg(Account.PSP_FEE, amount), Leg(Account.CLEARING, -amount))
        key = f"bill-fee/{day.channel.id}/{day.day}/{currency}/{n_readings + 1}"
        if amount:
            note = f"{day.channel.slug} {day.day}"
            journals.append(Journal(JournalKind.PSP_FEE, key, currency, legs, channel_id=day.channel.id, note=note))
    yield from post(journals)
