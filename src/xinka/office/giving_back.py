"""What staff can give back of an order's money now, and what stands against it: said before a form is filled in."""

from __future__ import annotations

from uuid import UUID

from django.utils.translation import get_language, gettext

from xinka.disputes.errors import BankDecides, CaseIsOpen
from xinka.disputes.queries import is_at_the_bank, open_case_of
from xinka.escrow.errors import NoHold
from xinka.escrow.models import Hold
from xinka.escrow.states import LIVE, HoldState
from xinka.orders.models import Order
from xinka.orders.states import OrderState


def left_to_give(order: Order, hold: Hold | None) -> int:
    """Return what can go back; an order just delivered has its hold a moment later."""
    if hold is None:
        return order.amount if order.state == OrderState.DELIVERED else 0
    return left_of(hold) if hold.state in LIVE else 0


def left_of(hold: Hold) -> int:
    """Return what of a hold has gone neither back to the buyer nor to a court."""
    return hold.amount - hold.refunded - hold.seized_held - hold.seized_net


def why_not_to_give(order_id: UUID, hold: Hold | None, left: int) -> str:
    """Return what stands against giving anything back now, in the reader's language; nothing if it can be done."""
    language = get_language() or ""
    if open_case_of(order_id) is not None:
        return CaseIsOpen().message(language)
    if is_at_the_bank(order_id):
        return BankDecides().message(language)
    if left:
        return ""
    if hold is None:
        return NoHold().message(language)
    if hold.state == HoldState.FROZEN:
        return gettext("This money is frozen by an official case. It goes to nobody until that is over.")
    return gettext("Nothing is left to give back: the money went back before, or the merchant has it.")
