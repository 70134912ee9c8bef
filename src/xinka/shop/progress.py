"""The steps of an order, drawn as a line: solid is settled, dashed is held, dotted may never happen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext

from xinka.escrow.models import Hold
from xinka.escrow.states import HoldState, Timer
from xinka.flows.order_story import OrderStory
from xinka.orders.states import OrderState
from xinka.platform.look.templatetags.look import amount

#: Gateways that were paid in the last moment tell of it within minutes.
_LATE_MONEY_COMES = timedelta(minutes=10)


@dataclass(frozen=True)
class Step:
    """One node of the line; ``state`` is ``done``, ``now`` or ``next``."""

    state: str
    title: str
    text: str


def is_followed(story: OrderStory) -> bool:
    """Whether a page that shows the order waits for it to move: while it can be paid, and a while after it expired."""
    order = story.order
    if story.state is OrderState.EXPIRED:
        return timezone.now() < (order.closed_at or order.expires_at) + _LATE_MONEY_COMES
    return story.state.is_open


def steps_of(story: OrderStory, *, by_bank: bool = False) -> list[Step]:
    """Return the steps of an order from placing it to the merchant's money, or to the bank that gave it back."""
    order = story.order
    placed = Step("done", gettext("Order placed"), _time(order.placed_at))
    match OrderState.EXPIRED if story.is_late else story.state:
        case OrderState.DELIVERED | OrderState.PAID:
            return [placed, *_paid(story, by_bank=by_bank)]
        case OrderState.EXPIRED | OrderState.CANCELLED:
            over = gettext("Cancelled") if story.state is OrderState.CANCELLED else gettext("Expired")
            return [placed, Step("done", over, _time(order.closed_at or order.expires_at))]
        case OrderState.REFUNDED:
            gone = Step("done", gettext("Refunded"), _time(order.closed_at))
            if story.is_going_back:
                gone = Step("now", gettext("Your money is on its way back to you"), _time(order.closed_at))
            return [placed, _pay_step(story), _delivery_step(story), gone] if order.delivered_at else [placed, gone]
        case _:
            return [
                placed,
                Step("now", gettext("You pay"), gettext("until %(time)s") % {"time": _time(order.expires_at)}),
                Step("next", gettext("Delivery"), gettext("by itself, once the money is there")),
            ]


def _paid(story: OrderStory, *, by_bank: bool) -> list[Step]:
    if story.state is OrderState.PAID:
        return [_pay_step(story), Step("now", gettext("Delivery"), gettext("on its way"))]
    money = [Step("done", gettext("Given back by your bank"), "")] if by_bank else _held(story.hold)
    return [_pay_step(story), _delivery_step(story), *money]


def _pay_step(story: OrderStory) -> Step:
    order = story.order
    return Step("done", gettext("You paid"), f"{_time(order.paid_at)}  {amount(order.amount, order.currency)}")


def _delivery_step(story: OrderStory) -> Step:
    return Step("done", gettext("Delivered"), f"{_time(story.order.delivered_at)}  × {story.order.quantity}")


def _held(hold: Hold | None) -> list[Step]:
    """Return the steps of the money once the goods are there: checked, after-sale, the merchant's."""
    state = HoldState(hold.state) if hold else HoldState.HELD
    frozen = gettext("frozen by an official case")
    if state is HoldState.SEIZED:
        return [Step("done", gettext("Handed over to a court"), "")]
    if hold is None or state is HoldState.HELD or hold.frozen_from == HoldState.HELD:
        text = frozen if state is HoldState.FROZEN else _until(hold)
        return [
            Step("now", gettext("Held while you check"), text),
            Step("next", gettext("After-sale"), gettext("you can still complain")),
            Step("next", gettext("To the merchant"), ""),
        ]
    checked = Step("done", gettext("Checked"), _time(hold.released_at))
    if state is HoldState.SETTLED:
        return [checked, Step("done", gettext("To the merchant"), _time(hold.settled_at))]
    text = frozen if state is HoldState.FROZEN else _until(hold)
    return [checked, Step("now", gettext("After-sale"), text), Step("next", gettext("To the merchant"), "")]


def _until(hold: Hold | None) -> str:
    if hold is None:
        return ""
    if hold.n_stops:
        return gettext("stands still while something is open")
    if hold.due_event == Timer.SHARE:
        return gettext("on its way to the merchant")
    return gettext("until %(time)s") % {"time": _time(hold.due_at)}


def _time(moment: datetime | None) -> str:
    if moment is None:
        return ""
    local = timezone.localtime(moment)
    today = timezone.localtime().date() == local.date()
    return local.strftime("%H:%M:%S" if today else "%Y-%m-%d %H:%M")
