"""Finding an order by what somebody can tell of it, a number or the buyer's address, and what pages about it say."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from uuid import UUID

from django.utils.translation import gettext, gettext_noop

from xinka.accounts.models import User
from xinka.disputes.models import Case
from xinka.disputes.words import badge_for
from xinka.escrow.states import StopCause
from xinka.escrow.words import CAUSES
from xinka.kernel import ids
from xinka.kernel.actors import Role
from xinka.kernel.errors import BadIdentifier, BadInput
from xinka.office.money_words import REASONS
from xinka.office.queue_filters import kinds_open_to
from xinka.orders.contact import mask_contact, normalise_contact
from xinka.orders.contacts import shown_contact
from xinka.orders.models import Order
from xinka.orders.queries import SHOWN, contact_key, order_by_id, orders_of_contacts
from xinka.orders.states import OrderState
from xinka.orders.words import STATES
from xinka.payments.models import Channel, Payment, Receipt, Refund
from xinka.platform.audit.actions import record

#: As long as an address can be.
LONGEST_SEARCH = 254
#: What stops that belong to a case begin their note with.
_OF_CASES = frozenset({StopCause.QUESTION.value, StopCause.DISPUTE.value, StopCause.CLAIM.value})


@dataclass(frozen=True)
class FoundOrder:
    """An order as the clerk who looks for it sees it."""

    order: Order
    words: object
    kind: str

    @property
    def shown_id(self) -> str:
        """The number that the buyer knows."""
        return ids.show("ord", self.order.id)


@dataclass(frozen=True)
class Found:
    """What was found: orders, the newest first, or why there are none."""

    orders: list[FoundOrder] = field(default_factory=list)
    why_none: str = ""


def find_orders(text: str, *, by: User) -> Found:
    """Find orders by a number of ours, a gateway's number of a payment, or an address or QQ number of a buyer.

    That somebody's address was looked up is in the audit.
    """
    typed = unicodedata.normalize("NFKC", text).strip()
    wanted = typed.lower()
    for prefix, (look, why_none) in _NUMBERS.items():
        if wanted.startswith(f"{prefix}_"):
            try:
                order_id = look(ids.parse(prefix, wanted))
            except BadIdentifier:
                return Found(why_none=gettext("This number is not whole. Compare it with where you have it from."))
            order = order_by_id(order_id) if order_id else None
            return _found([order] if order else [], gettext(why_none))
    paid = _paid_under(typed)
    return _found(paid, "") if paid else _of_contact(wanted, by)


def _itself(order_id: UUID) -> UUID | None:
    return order_id


def _of_payment(payment_id: UUID) -> UUID | None:
    return Payment.objects.filter(id=payment_id).values_list("order_id", flat=True).first()


def _of_refund(refund_id: UUID) -> UUID | None:
    return Refund.objects.filter(id=refund_id).values_list("order_id", flat=True).first()


def _of_case(case_id: UUID) -> UUID | None:
    return Case.objects.filter(id=case_id).values_list("order_id", flat=True).first()


#: Our own numbers: which order each leads to, and what is said where it leads to none.
_NUMBERS: dict[str, tuple[Callable[[UUID], UUID | None], str]] = {
    "ord": (_itself, gettext_noop("There is no order of this number.")),
    "pay": (_of_payment, gettext_noop("There is no payment of this number.")),
    "ref": (_of_refund, gettext_noop("There is no refund of this number.")),
    "dsp": (_of_case, gettext_noop("There is no case of this number.")),
}


def _paid_under(trade_no: str) -> list[Order]:
    """Return the orders that money with this number at a gateway came for; buyers read it in the gateway's app."""
    if "\0" in trade_no:
        return []
    channels = list(Channel.objects.values_list("id", flat=True))
    receipts = Receipt.objects.filter(channel_id__in=channels, trade_no=trade_no, order_id__isnull=False)
    return list(Order.objects.filter(id__in=list(receipts.values_list("order_id", flat=True))))


def known_of(order_id: UUID, reader: User) -> dict[str, object]:
    """Return what a page about an order's money tells of the order: goods, buyer, and the cases the reader works on."""
    order = Order.objects.get(id=order_id)
    kinds = kinds_open_to(reader)
    cases = Case.objects.filter(order_id=order_id, kind__in=kinds).order_by("-opened_at", "-id")
    return {
        "title": order.local_title,
        "buyer": shown_contact(order),
        "cases": [(case.shown_id, badge_for(case, Role.STAFF)) for case in cases],
    }


def note_for_people(note: str) -> str:
    """Return the note of a step as the office writes it elsewhere: a case by its number, a cause or reason in words."""
    cause, colon, ref = note.partition(":")
    if not colon:
        return str(REASONS.get(note, note))
    try:
        return ids.show("dsp", UUID(ref)) if cause in _OF_CASES else f"{CAUSES[StopCause(cause)]}: {ref}"
    except ValueError:
        return note


def _of_contact(text: str, by: User) -> Found:
    try:
        address = normalise_contact(text)
    except BadInput:
        told = gettext("That is neither a number that an order can be found by nor an e-mail address or QQ number.")
        return Found(why_none=told)
    orders = list(orders_of_contacts([contact_key(address)])[:SHOWN])
    record(by, "order.find", mask_contact(address), found=len(orders))
    return _found(orders, gettext("No order went to this address."))


def _found(orders: list[Order], why_none: str) -> Found:
    found = found_of(orders)
    return Found(found, "" if found else why_none)


def found_of(orders: Iterable[Order]) -> list[FoundOrder]:
    """Return these orders as a list of the office shows them."""
    return [FoundOrder(order, *STATES[OrderState(order.state)]) for order in orders]
