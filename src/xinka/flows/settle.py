"""Settlement: verified money meets its order, and the goods are the buyer's in the same commit. No Django here.

The plain case, an open order paid in full for the first time, is settled for a whole batch by one statement. All else
(duplicates, late, short, too much, twice) is told one by one by :func:`settle_unusual`. Verified money is always
recorded: every path but a refusal ends with a receipt and a balanced journal.

Locks are taken in this order, here and in every other flow: order, payment, reservation.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from xinka.flows.choosing import next_alike
from xinka.flows.promotions.returning import give_back, retake
from xinka.kernel.flow import Flow, Query, Row
from xinka.kernel.ids import new_uuid
from xinka.ledger import sql as ledger_sql
from xinka.ledger.accounts import Account, JournalKind
from xinka.ledger.posting import Journal, Leg, post
from xinka.orders import sql as orders_sql
from xinka.orders.states import CLOSED_UNPAID, OPEN, OrderState
from xinka.payments import sql as payments_sql
from xinka.payments.errors import NotUnmatched, TradeMismatch, WrongChannel
from xinka.payments.states import ReceiptOutcome, RefundReason, RefundTo
from xinka.platform.database.arrays import plain_array, text_array
from xinka.platform.outbox import sql as outbox_sql
from xinka.stock import sql as stock_sql

DELIVERED = "order.delivered"
REFUND_DUE = "refund.due"
SHORT_PAID = "order.short_paid"


@dataclass(slots=True)  # not frozen, for the hot path's sake; nobody changes one
class VerifiedMoney:
    """Money that a channel's signature, or its answer to our query, proves to have come.

    ``payment_id`` is ``None`` when the provider's copy of our number is not one we gave out.
    """

    channel_id: int
    payment_id: UUID | None
    trade_no: str
    amount: int
    currency: str = "CNY"
    journal_id: UUID = field(default_factory=new_uuid)


@dataclass(slots=True)
class MatchedMoney(VerifiedMoney):
    """Money that is in suspense, and whose order is known now.

    People say which it is, and ``match_id`` names their decision; or the gateway itself does by a notice that came
    after its bill, ``match_id`` is the receipt's journal then, and nobody (``by_id``) decided anything.
    """

    match_id: UUID = field(kw_only=True)
    by_id: int | None = field(kw_only=True)


class Settlement(NamedTuple):
    """What became of the money. ``is_new`` is false for a notice that had been counted before."""

    outcome: ReceiptOutcome
    order_id: UUID | None
    is_new: bool = True


@dataclass(frozen=True, slots=True)
class _Order:
    id: UUID
    sku_id: int
    quantity: int
    amount: int
    currency: str
    state: OrderState
    chosen: int | None


#: The statement in two parts, so that :mod:`xinka.flows.selling` can make one of it and of checkouts.
SETTLE_STEPS = f"""
money AS MATERIALIZED (
  SELECT * FROM unnest($1::uuid[], $2::int[], $3::text[], $4::bigint[], $5::text[], $6::uuid[]) WITH ORDINALITY
    AS t(payment_id, channel_id, trade_no, amount, currency, journal_id, n)),
due AS MATERIALIZED (
  SELECT r.n, r.trade_no, r.journal_id, r.channel_id, p.id AS payment_id, p.order_id, p.amount, p.currency
  FROM money r
  CROSS JOIN LATERAL (
    SELECT id, order_id, amount, currency FROM payments_payment
    WHERE id = r.payment_id AND channel_id = r.channel_id AND amount = r.amount AND currency = r.currency
      AND state = 'pending' LIMIT 1) p
  -- The order's lock stands for its payments too: nobody moves a payment without it.
  CROSS JOIN LATERAL (
    SELECT id FROM orders_order WHERE id = p.order_id AND state = 'awaiting_payment' AND amount = p.amount
    LIMIT 1 FOR UPDATE SKIP LOCKED) o
  LEFT JOIN LATERAL (
    SELECT true AS found FROM payments_receipt WHERE channel_id = r.channel_id AND trade_no = r.trade_no LIMIT 1
  ) seen ON true
  WHERE seen.found IS NULL),
-- Two payments of one order in one batch: the first settles, the second is money that came twice.
held AS MATERIALIZED (
  SELECT f.*, v.row_at, v.code_ids, v.reusable FROM (SELECT DISTINCT ON (order_id) * FROM due ORDER BY order_id, n) f
  CROSS JOIN LATERAL (
    SELECT ctid AS row_at, code_ids, reusable FROM stock_reservation WHERE order_id = f.order_id LIMIT 1 FOR UPDATE) v),
freed AS (DELETE FROM stock_reservation v USING held h WHERE v.ctid = h.row_at RETURNING h.*),
paid AS (UPDATE payments_payment p SET state = 'paid', paid_at = now() FROM freed f WHERE p.id = f.payment_id),
ordered AS (
  UPDATE orders_order o SET state = 'delivered', paid_at = now(), delivered_at = now()
  FROM freed f WHERE o.id = f.order_id),
received AS (
  INSERT INTO payments_receipt
    (channel_id, trade_no, payment_id, order_id, amount, currency, outcome, journal_id, received_at)
  SELECT channel_id, trade_no, payment_id, order_id, amount, currency, 'settled', journal_id, now() FROM freed),
delivered AS (
  INSERT INTO delivery_code (order_id, position, code_id, reusable)
  SELECT f.order_id, c.position, c.code_id, f.reusable
  FROM freed f CROSS JOIN LATERAL unnest(f.code_ids) WITH ORDINALITY AS c(code_id, position)),
posted AS (
  INSERT INTO ledger_entry (journal_id, account, kind, amount, currency, order_id, channel_id, at)
  SELECT f.journal_id, leg.account, {JournalKind.PAYMENT:d}, leg.sign * f.amount, f.currency, f.order_id, f.channel_id,
    now()
  FROM freed f CROSS JOIN (VALUES ({Account.CLEARING:d}, 1), ({Account.ESCROW:d}, -1)) AS leg(account, sign)),
told AS (INSERT INTO outbox_event (kind, subject, at) SELECT '{DELIVERED}', order_id, now() FROM freed)
"""
SETTLE_PLAIN = f"WITH {SETTLE_STEPS} SELECT n, order_id FROM freed"


def settle_plain(batch: Sequence[VerifiedMoney]) -> Flow[list[Settlement | None]]:
    """Settle what is plain in a batch; ``None`` stands where :func:`settle_unusual` must look.

    Run it in a transaction of its own. Every ``payment_id`` must be set and must occur once in the batch.
    """
    rows = yield Query(SETTLE_PLAIN, columns_of(batch))
    return settlements(len(batch), rows)


def columns_of(batch: Sequence[VerifiedMoney]) -> tuple[object, ...]:
    """Return the moneys column by column, as the statement's parameters."""
    return (
        plain_array([money.payment_id and money.payment_id.hex for money in batch]),
        plain_array([money.channel_id for money in batch]),
        text_array([money.trade_no for money in batch]),
        plain_array([money.amount for money in batch]),
        text_array([money.currency for money in batch]),
        plain_array([money.journal_id.hex for money in batch]),
    )


def settlements(n_moneys: int, rows: Iterable[Row]) -> list[Settlement | None]:
    """Return the answers in rows of (n, order)."""
    answers: list[Settlement | None] = [None] * n_moneys
    settled = ReceiptOutcome.SETTLED
    for n, order_id in rows:
        answers[n - 1] = Settlement(settled, order_id)
    return answers


def settle_unusual(money: VerifiedMoney) -> Flow[Settlement]:
    """Settle any verified money, also the plain; run it in a transaction of its own.

    Raises:
        WrongChannel: if the payment was made for another channel; nothing is recorded.
        TradeMismatch: if the provider's number is on record with other facts; nothing is recorded.
    """
    order = yield from _lock_order_of(money)
    seen = yield Query(payments_sql.RECEIPT_OF, (money.channel_id, money.trade_no))
    if seen:
        known = _judge_repeated(money, order, seen[0])
        named = (yield from _out_of_suspense(money)) if order and known.outcome is ReceiptOutcome.UNMATCHED else None
        return known if named is None or order is None else (yield from _settle_for(named, order))
    if order is None or order.currency != money.currency:
        return (yield from _keep_in_suspense(money))
    return (yield from _settle_for(money, order))


def settle_matched(money: MatchedMoney, order_id: UUID) -> Flow[Settlement]:
    """Settle money out of suspense for an order of its currency, as if it had come for it now.

    Run it in the transaction of the decision, which has looked at the order and holds its lock.

    Raises:
        NotUnmatched: if it is not in suspense (any more), or is other money than it was taken for.
    """
    order = yield from _lock_order(order_id)
    if order is None or order.currency != money.currency:
        raise NotUnmatched
    return (yield from _settle_for(money, order))


def _settle_for(money: VerifiedMoney, order: _Order) -> Flow[Settlement]:
    """Settle money for an order that is locked, in whatever state it is."""
    held = yield Query(payments_sql.HELD_RECEIPTS, (order.id,))
    missing = order.amount - sum(row[2] for row in held)
    if order.state in OPEN and money.amount < missing:
        return (yield from _keep_short(money, order))
    if order.state in OPEN | CLOSED_UNPAID and money.amount >= missing:
        return (yield from _settle_or_return(money, order, missing))
    reason, outcome = (RefundReason.DOUBLE, ReceiptOutcome.DOUBLE)
    if order.state in CLOSED_UNPAID:
        reason, outcome = (RefundReason.LATE, ReceiptOutcome.LATE_REFUNDED)
    yield from _receive(money, order.id, outcome, {Account.REFUND_IN_TRANSIT: money.amount})
    yield from _promise_refund(order.id, money, money.amount, reason)
    return Settlement(outcome, order.id)


def _lock_order_of(money: VerifiedMoney) -> Flow[_Order | None]:
    """Lock the order the money was meant for, if it is one of ours."""
    found = (yield Query(payments_sql.ORDER_OF, (money.payment_id,))) if money.payment_id else []
    if not found:
        return None
    order_id, channel_id, *_ = found[0]
    if channel_id != money.channel_id:
        raise WrongChannel
    return (yield from _lock_order(order_id))


def _lock_order(order_id: UUID) -> Flow[_Order | None]:
    rows = yield Query(orders_sql.LOCK_ONE, (order_id,))
    if not rows:
        return None
    identifier, sku_id, quantity, amount, currency, state, chosen = rows[0]
    return _Order(identifier, sku_id, quantity, amount, currency, OrderState(state), chosen)


def _judge_repeated(money: VerifiedMoney, order: _Order | None, seen: tuple[object, ...]) -> Settlement:
    payment_id, amount, currency, outcome, order_id = seen
    is_same_payment = payment_id is None or payment_id == money.payment_id
    # People may have given it to another order than its notice, which came later, names: that must not pass in silence.
    is_same_order = payment_id is not None or order is None or order_id in {None, order.id}
    if not is_same_payment or not is_same_order or amount != money.amount or currency != money.currency:
        raise TradeMismatch
    return Settlement(ReceiptOutcome(str(outcome)), order.id if order else None, is_new=False)


def _out_of_suspense(money: VerifiedMoney) -> Flow[MatchedMoney | None]:
    """Return money that waits in suspense, entered from a bill, and whose notice comes after all and names its order.

    It waits no more if it goes back, or if the books were told what became of it: the notice is only one more then.
    """
    yield Query(payments_sql.LOCK_RECEIPT, (money.channel_id, money.trade_no))
    suspense = f"suspense:{money.channel_id}"
    yield Query(ledger_sql.LOCK_SUSPENSE, (suspense,))
    stray = yield Query(payments_sql.STRAY_JOURNAL, (money.channel_id, money.trade_no))
    about = (money.channel_id, money.currency, f"{suspense}:{money.trade_no}")
    ((left,),) = yield Query(ledger_sql.STRANGE_LEFT, about)
    if not stray or left < money.amount:
        return None
    named = (money.channel_id, money.payment_id, money.trade_no, money.amount, money.currency)
    return MatchedMoney(*named, match_id=stray[0][0], by_id=None)


def _receive(
    money: VerifiedMoney, order_id: UUID | None, outcome: ReceiptOutcome, owed_to: dict[Account, int]
) -> Flow[None]:
    """Write the receipt and its journal: clearing is debited with the whole, ``owed_to`` says for whom."""
    if isinstance(money, MatchedMoney):
        yield from _take_over(money, order_id, outcome, owed_to)
        return
    is_known = order_id is not None
    new = yield Query(
        payments_sql.INSERT_RECEIPT,
        (
            money.channel_id,
            money.trade_no,
            money.payment_id if is_known else None,
            order_id,
            money.amount,
            money.currency,
            outcome.value,
            money.journal_id,
        ),
    )
    if not new:
        # Another process recorded it between our look and our insert; that transaction tells the whole story.
        raise TradeMismatch
    if is_known:
        yield Query(payments_sql.MARK_PAID, (money.payment_id,))
    legs = {Account.CLEARING: money.amount} | {account: -amount for account, amount in owed_to.items() if amount}
    yield from _post(money, JournalKind.PAYMENT, order_id, legs)


def match_key(match_id: UUID) -> str:
    """Return the key of the journal by which money in suspense met its order."""
    return f"match/{match_id}"


def _take_over(
    money: MatchedMoney, order_id: UUID | None, outcome: ReceiptOutcome, owed_to: dict[Account, int]
) -> Flow[None]:
    """Take the receipt out of suspense by one conditional update, and enter for whom its money is now."""
    facts = (money.channel_id, money.trade_no, money.amount, money.currency, order_id, outcome.value, money.payment_id)
    if not (yield Query(payments_sql.TAKE_OVER, facts)):
        raise NotUnmatched
    if money.payment_id is not None:
        yield Query(payments_sql.MARK_PAID, (money.payment_id,))
    legs = (Leg(Account.SUSPENSE, money.amount), *(Leg(account, -amount) for account, amount in owed_to.items()))
    journal = Journal(
        *(JournalKind.MATCHED, match_key(money.match_id), money.currency, legs),
        order_id=order_id,
        channel_id=money.channel_id,
        by_id=money.by_id,
    )
    yield from post([journal])


def _post(money: VerifiedMoney, kind: JournalKind, order_id: UUID | None, legs: dict[Account, int]) -> Flow[None]:
    journal_id = money.journal_id if kind is JournalKind.PAYMENT else new_uuid()
    accounts, amounts = plain_array([int(account) for account in legs]), plain_array(legs.values())
    yield Query(ledger_sql.POST, (journal_id, int(kind), order_id, money.channel_id, money.currency, accounts, amounts))


def _keep_in_suspense(money: VerifiedMoney) -> Flow[Settlement]:
    """Money without an order of ours: kept, entered, and shown to staff."""
    yield from _receive(money, None, ReceiptOutcome.UNMATCHED, {Account.SUSPENSE: money.amount})
    return Settlement(ReceiptOutcome.UNMATCHED, None)


def _keep_short(money: VerifiedMoney, order: _Order) -> Flow[Settlement]:
    """Less than the price: held for the order until the rest comes or the order expires and it goes back."""
    yield from _receive(money, order.id, ReceiptOutcome.SHORT, {Account.ESCROW: money.amount})
    yield Query(orders_sql.MOVE_ONE, (order.id, OrderState.PART_PAID.value, _states(OPEN)))
    yield Query(outbox_sql.APPEND, (SHORT_PAID, plain_array([order.id])))
    return Settlement(ReceiptOutcome.SHORT, order.id)


def _settle_or_return(money: VerifiedMoney, order: _Order, missing: int) -> Flow[Settlement]:
    """Enough has come: deliver what was reserved, or what can be reserved again, or give everything back."""
    late = order.state in CLOSED_UNPAID
    # What made it cheaper was given back. If that is gone by now, it cannot be sold at this price any more. It is had
    # again before the codes, since a flash sale then lets those out that it has set aside.
    is_priced = (yield from retake(order.id)) if late else True
    codes = (yield from _claim_codes(order)) if is_priced else None
    if codes is None:
        if late:
            yield from give_back([order.id])
        yield from _receive(money, order.id, ReceiptOutcome.LATE_REFUNDED, {Account.REFUND_IN_TRANSIT: money.amount})
        yield from _promise_refund(order.id, money, money.amount, RefundReason.LATE)
        return Settlement(ReceiptOutcome.LATE_REFUNDED, order.id)
    code_ids, reusable = codes
    excess = money.amount - missing
    plain = ReceiptOutcome.MATCHED if isinstance(money, MatchedMoney) else ReceiptOutcome.SETTLED
    outcome = ReceiptOutcome.LATE_SETTLED if late else ReceiptOutcome.OVER if excess else plain
    yield from _receive(money, order.id, outcome, {Account.ESCROW: missing, Account.REFUND_IN_TRANSIT: excess})
    if excess:
        yield from _promise_refund(order.id, money, excess, RefundReason.OVERPAID)
    yield Query(orders_sql.DELIVER_ONE, (order.id, _states(OPEN | CLOSED_UNPAID)))
    yield Query(stock_sql.DELIVER, (order.id, plain_array(code_ids), reusable))
    yield Query(outbox_sql.APPEND, (DELIVERED, plain_array([order.id])))
    return Settlement(outcome, order.id)


def _claim_codes(order: _Order) -> Flow[tuple[list[int], bool] | None]:
    """Return the order's codes: the reserved ones, else fresh ones of the same SKU, else ``None``."""
    reserved = yield Query(stock_sql.CLAIM_RESERVED, (order.id,))
    if reserved:
        return reserved[0][0], reserved[0][1]
    if order.chosen is not None:
        # The buyer paid for this very code, or for what stands on it: another one would be something else.
        return (yield from _claim_chosen(order.sku_id, order.chosen))
    fresh = yield Query(stock_sql.CLAIM_FRESH, (order.sku_id, order.quantity))
    if fresh and (fresh[0][1] or len(fresh[0][0]) == order.quantity):
        return fresh[0][0], fresh[0][1]
    if fresh:
        # Too few: the sale would be in part. Give back what this statement removed.
        yield Query(stock_sql.GIVE_BACK, (order.sku_id, plain_array(fresh[0][0])))
    return None


def _claim_chosen(sku_id: int, chosen: int) -> Flow[tuple[list[int], bool] | None]:
    """Return the chosen code, else another with its label, else ``None``."""
    if (yield Query(stock_sql.CLAIM_CHOSEN, (sku_id, chosen))):
        return [chosen], False
    alike = yield from next_alike(sku_id, chosen)
    if alike is None or not (yield Query(stock_sql.CLAIM_CHOSEN, (sku_id, alike))):
        return None
    return [alike], False


def _promise_refund(order_id: UUID, money: VerifiedMoney, amount: int, reason: RefundReason) -> Flow[None]:
    """Write the refund that a worker will carry out."""
    refund_id = new_uuid()
    yield Query(
        payments_sql.INSERT_REFUND,
        (
            refund_id,
            order_id,
            money.channel_id,
            money.trade_no,
            amount,
            money.currency,
            reason.value,
            None,
            RefundTo.CHANNEL.value,
        ),
    )
    yield Query(outbox_sql.APPEND, (REFUND_DUE, plain_array([refund_id])))


def _states(states: frozenset[OrderState]) -> str:
    return text_array(sorted(state.value for state in states))
