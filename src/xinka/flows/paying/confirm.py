"""Active queries: the shop asks the gateway itself whether a payment was paid, so that a lost notice costs minutes.

A payment is asked about at certain ages, less and less often, and until a day after its order expired. Claiming the
question and queueing its job is one statement, so two schedulers never ask twice and a killed one loses nothing.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from uuid import UUID

from django.db import close_old_connections, connection, transaction

from xinka.flows.checkout import RESERVED_FOR
from xinka.flows.hints import CONFIRM
from xinka.flows.settle import Settlement, VerifiedMoney
from xinka.flows.settling import settle_now
from xinka.kernel import ids
from xinka.kernel.errors import ProviderError
from xinka.kernel.flow import Flow, Query
from xinka.orders.models import Order
from xinka.payments.channels import provider_of
from xinka.payments.errors import TradeMismatch
from xinka.payments.models import Payment
from xinka.payments.providers.protocol import AS_ASKED, QueryResult, TradeStatus
from xinka.payments.states import PaymentState
from xinka.platform.database.arrays import plain_array
from xinka.platform.jobs.queue import defer
from xinka.platform.jobs.retries import in_words, is_permanent

log = logging.getLogger(__name__)

#: Ages of a payment, in seconds, at which the gateway is asked while the order can still be paid.
AGES = (30, 60, 120, 300, 600)
#: And once in the last minute before the order expires.
BEFORE_EXPIRY = 50
#: Seconds after expiry at which a payment is asked about again: late money is still the buyer's.
AGES_EXPIRED = (60, 300, 900, 3600, 3 * 3600, 8 * 3600, 24 * 3600)
#: How late an expired payment's question may be asked in a round like any other.
CATCH_UP = 900
#: Rounds further apart than this, in seconds, leave questions behind: the machine stood still, or its clock jumped.
STEADY = 300
#: How many times the usual may be asked in such a round: it comes once a minute, those about open orders six times.
CATCHING_UP = 6
#: How long ago, in seconds, a payment may have been begun for such a round to ask about it still.
LONGEST_STOP = 7 * 24 * 3600
#: The most questions put to one channel per round.
BUDGET = 20
#: Questions of the schedule wait for all else about money: each to a gateway that hangs takes seconds, and a refund, or
#: what another gateway hinted at, must not stand behind hundreds of them.
_SCHEDULED = replace(CONFIRM, priority=-1)
#: How often, in seconds, it is asked about a payment that was begun under a clock that was ahead: its ages come later
#: than its buyer, who may have paid, waits for the goods.
WHILE_AHEAD = 120
#: Questions of one moment are spread over this many seconds, by payment.
JITTER = 8


class Answer(StrEnum):
    """What asking the gateway brought."""

    SETTLED = "settled"
    UNPAID = "unpaid"
    CLOSED = "closed"
    KNOWN = "known"


@dataclass(frozen=True, slots=True)
class Confirmation:
    """The gateway's answer and, when there was money, what became of it."""

    answer: Answer
    settlement: Settlement | None = None


def confirm_payment(payment_id: UUID) -> Confirmation:
    """Ask the channel about one payment and settle what it confirms.

    The question is put outside of any transaction, so a slow gateway holds no lock.

    Raises:
        ProviderError: if the gateway gave no certain answer; nothing was changed.
        Payment.DoesNotExist: if there is no such payment.
    """
    payment = Payment.objects.select_related("channel").get(id=payment_id)
    if payment.state == PaymentState.PAID:
        return Confirmation(Answer.KNOWN)
    number = ids.show("pay", payment.id)
    result = provider_of(payment.channel).query(number, payment.handle)
    if result.out_trade_no != number:
        raise ProviderError("the gateway answered about another payment")
    if result.status is TradeStatus.CLOSED:
        _mark_closed(payment)
        return Confirmation(Answer.CLOSED)
    if not result.paid:
        if result.status not in {TradeStatus.UNPAID, TradeStatus.NOT_FOUND}:
            log.warning("payment.unexpected_status", extra={"payment": number, "status": result.status.value})
        return Confirmation(Answer.UNPAID)
    settlement = _settle(payment, result)
    log.info("payment.confirmed", extra={"payment": number, "outcome": settlement.outcome.value})
    return Confirmation(Answer.SETTLED, settlement)


def _mark_closed(payment: Payment) -> None:
    """Note that an attempt will never be paid, so that the buyer is not sent to it again and nobody asks about it.

    Money that comes for it all the same is settled like any other.
    """
    with transaction.atomic():
        # The order's lock stands for its payments too.
        Order.objects.select_for_update().filter(id=payment.order_id).first()
        if Payment.objects.filter(id=payment.id, state=PaymentState.PENDING).update(state=PaymentState.CLOSED):
            log.info("payment.closed", extra={"payment": ids.show("pay", payment.id)})


def _settle(payment: Payment, result: QueryResult) -> Settlement:
    """Settle at the amount the gateway names, which need not be the one we asked for."""
    amount = payment.amount if result.amount_minor == AS_ASKED else result.amount_minor
    if not result.trade_no or amount <= 0:
        # Without the gateway's number the same money could be counted again when its notice comes.
        raise ProviderError("the gateway confirms a payment without its number or amount")
    currency = result.currency or payment.currency
    money = VerifiedMoney(payment.channel_id, payment.id, result.trade_no, amount, currency)
    try:
        return settle_now(money)
    except TradeMismatch:
        # The notice may have been recorded between our look and our insert; the second look sees it whole.
        return settle_now(money)


def is_left_to_the_schedule(payment_id: UUID, error: Exception, now: datetime) -> bool:
    """Whether a question that brought no answer may be dropped, because the same is asked again later; says so.

    It may not where only a person can help: the gateway's no is final, or the last question was this one.
    """
    if not connection.in_atomic_block:
        close_old_connections()  # should the failure have cost the connection, this look gets another
    payment = Payment.objects.get(id=payment_id)
    last_asked_at = payment.created_at + timedelta(seconds=RESERVED_FOR + AGES_EXPIRED[-1])
    if is_permanent(error) or payment.state == PaymentState.CLOSED or now >= last_asked_at:
        return False
    log.warning("payment.not_confirmed_yet", extra={"payment": ids.show("pay", payment.id), "why": in_words(error)})
    return True


#: Questions that are still to be put, because gateways or the machine are slow: the same need not be put once more.
_QUEUED = f"""
WITH queued AS MATERIALIZED (
  SELECT CAST(j.args ->> 'payment_id' AS uuid) AS payment_id FROM procrastinate_jobs j
  WHERE j.status = 'todo' AND j.task_name = '{CONFIRM.task}'),"""
_CLAIM_OPEN = f"""{_QUEUED}
waiting AS (
  SELECT p.id, p.channel_id, p.asked_at, p.created_at, v.expires_at,
    (('x' || right(p.id::text, 4))::bit(16)::int % $4::int) * interval '1 second' AS jitter
  FROM stock_reservation v JOIN payments_payment p ON p.order_id = v.order_id
  WHERE p.state = 'pending' AND (p.created_at < $1::timestamptz - $2::int * interval '1 second'
    OR p.created_at > $1::timestamptz + interval '1 minute')),
due AS (
  SELECT w.id, w.asked_at, row_number() OVER (PARTITION BY w.channel_id ORDER BY w.expires_at) AS nth
  FROM waiting w JOIN LATERAL (
    SELECT max(m.moment) AS moment FROM (
      SELECT w.created_at + w.jitter + age * interval '1 second' AS moment FROM unnest($3::int[]) AS age
      UNION ALL SELECT w.expires_at - $5::int * interval '1 second'
      UNION ALL SELECT $1::timestamptz - {WHILE_AHEAD} * interval '1 second'
        WHERE w.created_at > $1::timestamptz + interval '1 minute') m
    WHERE m.moment <= $1::timestamptz) last ON last.moment IS NOT NULL
  WHERE (w.asked_at IS NULL OR w.asked_at < last.moment OR w.asked_at > $1::timestamptz + interval '1 minute')
    AND NOT EXISTS (SELECT 1 FROM queued q WHERE q.payment_id = w.id))
"""

_CLAIM_EXPIRED = f"""{_QUEUED}
due AS (
  SELECT p.id, p.asked_at, row_number() OVER (PARTITION BY p.channel_id ORDER BY p.id DESC) AS nth
  FROM unnest($2::uuid[], $3::uuid[], $4::timestamptz[]) AS span(first, last, moment)
  JOIN payments_payment p ON p.id >= span.first AND p.id < span.last
  WHERE p.state = 'pending' AND (p.asked_at IS NULL OR p.asked_at < p.created_at + (($1::timestamptz - span.moment))
      OR p.asked_at > $1::timestamptz + interval '1 minute')
    AND NOT EXISTS (SELECT 1 FROM queued q WHERE q.payment_id = p.id))
"""

_ASK = """,
picked AS (
  SELECT p.id FROM payments_payment p JOIN due d ON d.id = p.id
  WHERE d.nth <= %s AND p.state = 'pending' AND p.asked_at IS NOT DISTINCT FROM d.asked_at
  FOR UPDATE OF p SKIP LOCKED)
UPDATE payments_payment p SET asked_at = $1::timestamptz FROM picked WHERE p.id = picked.id RETURNING p.id
"""


def ask_about_open(now: datetime, *, budget: int = BUDGET) -> Flow[int]:
    """Queue questions about payments of orders that can still be paid; return how many."""
    sql = _CLAIM_OPEN + _ASK % int(budget)
    rows = yield Query(sql, (now, AGES[0], plain_array(AGES), JITTER, BEFORE_EXPIRY))
    yield from defer(_SCHEDULED, [{"payment_id": row[0]} for row in rows])
    return len(rows)


def ask_about_expired(now: datetime, *, budget: int = BUDGET, after_a_stop: bool = False) -> Flow[int]:
    """Queue questions about payments whose order expired less than a day ago; return how many.

    Payments are found by their numbers, which grow with time, so this reads only what is due now. ``after_a_stop`` also
    finds each whose last question fell into a time in which nobody asked, which reads the payments of a week.
    """
    sql = _CLAIM_EXPIRED + _ASK % int(budget)
    firsts, lasts, moments = zip(*(_whole_spans(now) if after_a_stop else _spans(now)), strict=True)
    rows = yield Query(sql, (now, plain_array(firsts), plain_array(lasts), list(moments)))
    yield from defer(_SCHEDULED, [{"payment_id": row[0]} for row in rows])
    return len(rows)


class ExpiredRounds:
    """The rounds of :func:`ask_about_expired` in one process, which notice when they come too late.

    A gateway that found the shop's machine dead has stopped sending its notice when the machine is back; without this
    the buyer would wait for the next age on the list, which may be hours away. So the first round of a process, and
    the first after a stop or a jump of the clock, asks for all that was left behind, and so does the next until less
    was left than may be asked at once.
    """

    def __init__(self) -> None:
        self._caught_up_at: datetime | None = None

    def ask(self, now: datetime, *, budget: int = BUDGET) -> Flow[int]:
        """Queue the questions that are due; return how many."""
        last = self._caught_up_at
        is_behind = last is None or abs((now - last).total_seconds()) > STEADY
        most = budget * CATCHING_UP if is_behind else budget
        n_asked = yield from ask_about_expired(now, budget=most, after_a_stop=is_behind)
        if n_asked < most:
            self._caught_up_at = now
        return n_asked


_Span = tuple[UUID, UUID, datetime]


def _spans(now: datetime) -> list[_Span]:
    """Return, for each age, the payment numbers that reached it within the last ``CATCH_UP`` seconds."""
    return [_span(now, RESERVED_FOR + age, RESERVED_FOR + age + CATCH_UP) for age in AGES_EXPIRED]


def _whole_spans(now: datetime) -> list[_Span]:
    """Return, for each age, the payment numbers that have reached it and not the next.

    The ages of orders that can still be paid are among them: a clock that was ahead for a moment has let such expire.
    """
    ages = [*AGES, *[RESERVED_FOR + age for age in AGES_EXPIRED], LONGEST_STOP]
    return [_span(now, age, following) for age, following in pairwise(ages)]


def _span(now: datetime, age: int, oldest: int) -> _Span:
    """Return the payment numbers between two ages in seconds, and the moment at which the youngest was made."""
    made = now.timestamp() - age
    last = datetime.fromtimestamp(made, tz=now.tzinfo)
    return ids.first_of(now.timestamp() - oldest), ids.first_of(made), last
