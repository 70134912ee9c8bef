"""Finding an order by what a buyer can tell, its number or address, and what a page about its money says of it."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from uuid import UUID

from django.utils.translation import gettext

from xinka.accounts.models import User
from xinka.disputes.models import Case
from xinka.disputes.words import badge_for
from xinka.escrow.models import Hold
from xinka.escrow.states import StopCause
from xinka.flows.order_story import contact_of
from xinka.kernel import ids
from xinka.kernel.actors import Role
from xinka.kernel.errors import BadIdentifier, BadInput
from xinka.office.disputes import kinds_open_to
from xinka.orders.contact import mask_contact, normalise_contact
from xinka.orders.models import Order
from xinka.orders.queries import SHOWN, contact_key, order_by_id, orders_of_contacts
from xinka.orders.states import OrderState
from xinka.orders.words import STATES
from xinka.platform.audit.actions import record

#: What stops that belong to a case begin their note with.
_OF_CASES = frozenset({StopCause.QUESTION.value, StopCause.DISPUTE.value, StopCause.CLAIM.value})


@dataclass(frozen=True)
class FoundOrder:
    """An order as the clerk who looks for it sees it."""

    order: Order
    words: object
    has_hold: bool

    @property
    def shown_id(self) -> str:
        """The number that the buyer knows."""
        return ids.show("ord", self.order.id)


@dataclass(frozen=True)
class Found:
    """What was found: orders, the newest first, or why there are none."""

    orders: list[FoundOrder] = field(default_factory=list)
    why_none: str = ""

    @property
    def only_hold(self) -> str:
        """The number of the one order that was found, if its money has a page."""
        return self.orders[0].shown_id if len(self.orders) == 1 and self.orders[0].has_hold else ""


def find_orders(text: str, *, by: User) -> Found:
    """Find orders by a number, or by an address or QQ number; that somebody's address was looked up is in the audit."""
    wanted = unicodedata.normalize("NFKC", text).strip().lower()
    try:
        order = order_by_id(ids.parse("ord", wanted))
    except BadIdentifier:
        return _of_contact(wanted, by)
    return _found([order] if order else [], gettext("There is no order of this number."))


def known_of(order_id: UUID, reader: User) -> dict[str, object]:
    """Return what a page about an order's money tells of the order: goods, buyer, and the cases the reader works on."""
    order = Order.objects.get(id=order_id)
    kinds = kinds_open_to(reader)
    cases = Case.objects.filter(order_id=order_id, kind__in=kinds).order_by("-opened_at", "-id")
    return {
        "title": order.local_title,
        "buyer": mask_contact(contact_of(order)),
        "cases": [(case.shown_id, badge_for(case, Role.STAFF)) for case in cases],
    }


def note_for_people(note: str) -> str:
    """Return the note of a step as the office writes it elsewhere: a case by its number."""
    cause, _colon, ref = note.partition(":")
    try:
        return ids.show("dsp", UUID(ref)) if cause in _OF_CASES else note
    except ValueError:
        return note


def _of_contact(text: str, by: User) -> Found:
    try:
        address = normalise_contact(text)
    except BadInput:
        return Found(why_none=gettext("That is neither an order number (ord_…) nor an e-mail address or QQ number."))
    orders = list(orders_of_contacts([contact_key(address)])[:SHOWN])
    record(by, "order.find", mask_contact(address), found=len(orders))
    return _found(orders, gettext("No order went to this address."))


def _found(orders: list[Order], why_none: str) -> Found:
    held: set[UUID] = set(Hold.objects.filter(order_id__in=[o.id for o in orders]).values_list("order_id", flat=True))
    found = [FoundOrder(order, STATES[OrderState(order.state)][0], order.id in held) for order in orders]
    return Found(found, "" if found else why_none)
