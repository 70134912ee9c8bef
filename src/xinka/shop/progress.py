"""The steps of an order, drawn as a line: solid is settled, dashed is held, dotted may never happen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext

from xinka.flows.order_story import OrderStory
from xinka.orders.states import OrderState
from xinka.platform.look.templatetags.look import amount


@dataclass(frozen=True)
class Step:
    """One node of the line; ``state`` is ``done``, ``now`` or ``next``."""

    state: str
    title: str
    text: str


def steps_of(story: OrderStory) -> list[Step]:
    """Return the steps of an order from placing it to the merchant's money."""
    order = story.order
    placed = Step("done", gettext("Order placed"), _time(order.placed_at))
    match story.state:
        case OrderState.DELIVERED | OrderState.PAID:
            return [placed, *_paid(story)]
        case OrderState.EXPIRED | OrderState.CANCELLED:
            over = gettext("Expired") if story.state is OrderState.EXPIRED else gettext("Cancelled")
            return [placed, Step("done", over, _time(order.closed_at or order.expires_at))]
        case OrderState.REFUNDED:
            return [placed, Step("done", gettext("Refunded"), _time(order.closed_at))]
        case _:
            return [
                placed,
                Step("now", gettext("You pay"), gettext("until %(time)s") % {"time": _time(order.expires_at)}),
                Step("next", gettext("Delivery"), gettext("by itself, once the money is there")),
            ]


def _paid(story: OrderStory) -> list[Step]:
    order = story.order
    paid = Step("done", gettext("You paid"), f"{_time(order.paid_at)}  {amount(order.amount, order.currency)}")
    if story.state is OrderState.PAID:
        return [paid, Step("now", gettext("Delivery"), gettext("on its way"))]
    return [
        paid,
        Step("done", gettext("Delivered"), f"{_time(order.delivered_at)}  × {order.quantity}"),
        Step("now", gettext("Held by Xinka"), gettext("booked as held, not passed on")),
        Step("next", gettext("To the merchant"), gettext("not before release rules exist")),
    ]


def _time(moment: datetime | None) -> str:
    if moment is None:
        return ""
    local = timezone.localtime(moment)
    today = timezone.localtime().date() == local.date()
    return local.strftime("%H:%M:%S" if today else "%Y-%m-%d %H:%M")
