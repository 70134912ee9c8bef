"""Which letters about one order went to its buyer, and what became of each: for staff, who are asked where they are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

from xinka.disputes.models import Case, CaseMove, Message
from xinka.disputes.states import CaseKind
from xinka.escrow.models import Hold
from xinka.flows.disputes.mailing import message_about, step_about
from xinka.flows.escrow.mailing import ends_about
from xinka.flows.mailing import short_about
from xinka.orders.contacts import contact_of
from xinka.orders.models import Order
from xinka.payments.models import Receipt, Refund
from xinka.payments.states import ReceiptOutcome
from xinka.platform.mail.models import SentLetter


def letters_to_buyer(order: Order, hold: Hold | None) -> list[SentLetter]:
    """Return the letters about an order that were handed to the mail server, or tried, the oldest first.

    A letter knows only what it is filed under, so that is worked out once more for all that may have been written. A
    reminder for a time that was moved later is not among them.
    """
    filed_under = {order.id, *_of_money(order.id), *_of_cases(order)}
    if hold is not None:
        ends = {hold.due_at, hold.delivered_at + timedelta(seconds=hold.confirm_seconds)} - {None}
        filed_under |= {ends_about(order.id, end) for end in ends if end is not None}
    return list(SentLetter.objects.filter(subject__in=filed_under).order_by("tried_at", "id"))


def _of_money(order_id: UUID) -> Iterator[UUID]:
    yield from Refund.objects.filter(order_id=order_id).values_list("id", flat=True)
    came = 0
    short = Receipt.objects.filter(
        order_id=order_id, outcome__in=[ReceiptOutcome.SHORT, ReceiptOutcome.SHORT_REFUNDED]
    ).order_by("received_at")
    for amount in short.values_list("amount", flat=True):
        came += amount
        yield short_about(order_id, came)


def _of_cases(order: Order) -> Iterator[UUID]:
    cases = list(Case.objects.filter(order_id=order.id).exclude(kind=CaseKind.CHARGEBACK))
    if not cases:
        return
    address = contact_of(order)
    for case_id, version in CaseMove.objects.filter(case__in=cases).values_list("case_id", "version"):
        yield step_about(case_id, version, address)
    for message_id in Message.objects.filter(case__in=cases).values_list("id", flat=True):
        yield message_about(message_id, address)
