"""Reads of the ways to pay."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from xinka.payments.models import Channel, Payment, Receipt, Refund, SuspenseProposal
from xinka.payments.states import PaymentState, ProposalState, ReceiptOutcome, RefundState
from xinka.platform.database.rows import Columns, rows_of

#: By hand, because every product page asks; the keys in ``config`` are not read.
_COLUMNS = Columns(Channel, "c", without={"config"})
_ON = f"""
SELECT {_COLUMNS.sql} FROM payments_channel c WHERE c."on" AND c.currency = %s ORDER BY c.position, c.id
"""  # noqa: S608 - names of columns


def channels_on(currency: str) -> list[Channel]:
    """Return the channels that take a currency now, in their order."""
    return [_COLUMNS.read(row) for row in rows_of(_ON, (currency,))]


def currencies_taken() -> set[str]:
    """Return the currencies that some channel takes now."""
    return set(Channel.objects.filter(on=True).values_list("currency", flat=True))


def orders_paid_late(since: datetime) -> QuerySet[Receipt, UUID | None]:
    """Return the numbers of orders that had expired and were paid and delivered all the same since a moment."""
    late = Receipt.objects.filter(outcome=ReceiptOutcome.LATE_SETTLED, received_at__gte=since, order_id__isnull=False)
    # Money that people matched came earlier than it paid its order.
    matched = SuspenseProposal.objects.filter(
        state=ProposalState.DONE, outcome=ReceiptOutcome.LATE_SETTLED, decided_at__gte=since
    )
    return late.values_list("order_id", flat=True).union(matched.values_list("order_id", flat=True))


class Tried(NamedTuple):
    """How many orders somebody began to pay by one channel, and how many were paid by it."""

    channel: Channel
    n_orders: int
    n_paid: int


def tried_by_channel(orders: QuerySet[Any, Any]) -> list[Tried]:
    """Return which channels these orders were to be paid by, the most used first.

    An order counts once for a channel however often it was begun anew, and for each channel that was tried.
    """
    payments = Payment.objects.filter(order_id__in=orders).values_list("channel_id")
    found = payments.annotate(
        n=Count("order_id", distinct=True), n_paid=Count("order_id", distinct=True, filter=Q(state=PaymentState.PAID))
    )
    counts = {channel_id: (n, n_paid) for channel_id, n, n_paid in found}
    tried = [Tried(channel, *counts[id_]) for id_, channel in Channel.objects.in_bulk(counts).items()]
    return sorted(tried, key=lambda one: (-one.n_orders, -one.n_paid, one.channel.position, one.channel.slug))


def is_going_back(order_id: UUID) -> bool:
    """Whether money of an order is on its way back to the buyer, promised but not yet there."""
    return Refund.objects.filter(order_id=order_id).exclude(state=RefundState.DONE).exists()
