"""Money and an order side by side, in words: what agrees, what does not, and what would become of the order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from xinka.accounts.models import User
from xinka.flows.matching import check, missing_of
from xinka.kernel import ids
from xinka.kernel.errors import Refusal
from xinka.office.names import named
from xinka.orders.contacts import is_forgotten, shown_contact
from xinka.orders.errors import OrderNotFound
from xinka.orders.models import Order
from xinka.orders.states import CLOSED_UNPAID, OrderState
from xinka.orders.words import STATES
from xinka.payments.models import Channel, Payment, Receipt
from xinka.platform.look.templatetags.look import amount, clock


@dataclass(frozen=True)
class Line:
    """One fact about the money beside the same about the order; ``differs`` where they do not agree."""

    label: Promise | str
    money: object
    order: object
    differs: bool = False


def side_by_side(receipt: Receipt, order: Order | None, reader: User) -> dict[str, Any]:
    """Return what a page tells of an order beside the money: facts, what would happen, and what stands against it."""
    if order is None:
        return {"why_not": OrderNotFound().message(get_language() or ""), "lines": []}
    try:
        check(order, receipt.currency, by=reader)
    except Refusal as refusal:
        why_not = refusal.message(get_language() or "")
    else:
        why_not = ""
    words, kind = STATES[OrderState(order.state)]
    return {
        "order": order,
        "order_shown": ids.show("ord", order.id),
        "buyer": "—" if is_forgotten(order) else shown_contact(order),
        "state_words": words,
        "state_kind": kind,
        "lines": list(_lines(receipt, order)),
        "why_not": why_not,
        "then": "" if why_not else _then(receipt, order),
    }


def _lines(receipt: Receipt, order: Order) -> Iterator[Line]:
    missing = missing_of(order)
    price = amount(order.amount, order.currency)
    if missing != order.amount:
        price = gettext("%(missing)s of %(price)s is missing") % {
            "missing": amount(missing, order.currency),
            "price": price,
        }
    is_sum = (receipt.amount, receipt.currency) == (missing, order.currency)
    yield Line(_("Amount"), amount(receipt.amount, receipt.currency), price, not is_sum)
    attempts = Payment.objects.filter(order_id=order.id).select_related("channel").defer("channel__config")
    channels = {one.channel_id: named(one.channel) for one in attempts}
    came = Channel.objects.filter(id=receipt.channel_id).defer("config").first()
    yield Line(
        _("Channel"),
        named(came) if came else "—",
        ", ".join(channels.values()) or "—",
        receipt.channel_id not in channels,
    )
    is_before = receipt.received_at < order.placed_at
    yield Line(_("When"), clock(receipt.received_at), clock(order.placed_at), is_before)
    yield Line(_("Number"), receipt.trade_no, ids.show("ord", order.id))


def _then(receipt: Receipt, order: Order) -> str:
    """Say what becomes of the order if somebody agrees now."""
    missing = missing_of(order)
    sums = {
        "short": amount(max(missing - receipt.amount, 0), order.currency),
        "over": amount(max(receipt.amount - missing, 0), order.currency),
    }
    is_closed = OrderState(order.state) in CLOSED_UNPAID
    if receipt.amount < missing:
        if is_closed:
            return gettext("The order is closed and this is %(short)s too little for it: all of it goes back.") % sums
        return gettext("The order then waits for %(short)s more. If that does not come in time, all goes back.") % sums
    told = gettext("The goods are delivered at once, and the buyer gets a mail.")
    if is_closed:
        told = gettext("The order is closed: the goods are delivered if they are still there, or all of it goes back.")
    if receipt.amount > missing:
        return told + " " + gettext("%(over)s more than the price goes back.") % sums
    return told
