"""Payment pages that outlive their order: some gateways cannot be told that nobody waits for the money any more."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext

from xinka.flows.paying.closing import goes_back_by_hand, left_open, stays_open
from xinka.orders.models import Order
from xinka.payments.models import Channel, Refund
from xinka.payments.states import RefundState, RefundTo
from xinka.shop import words


@dataclass(frozen=True)
class LeftOpen:
    """Where one may still pay although nobody waits for it: names for people, and whether a person sends it back."""

    names: str
    by_hand: bool


def left_open_of(order: Order) -> LeftOpen | None:
    """Return what of an order that is over can still be paid at gateways, if anything."""
    return _told(left_open(order))


def will_stay_open(channel: Channel) -> LeftOpen | None:
    """Return the same of one channel while its order is still open."""
    return _told([channel] if stays_open(channel) else [])


def waits_for_a_person(refunds: Iterable[Refund]) -> bool:
    """Whether money goes back that its gateway cannot send: somebody has to ask the buyer where it shall go."""
    open_ones = [one for one in refunds if one.state != RefundState.DONE and one.goes_to == RefundTo.CHANNEL]
    return any(goes_back_by_hand(one.channel) for one in open_ones)


def _told(channels: list[Channel]) -> LeftOpen | None:
    if not channels:
        return None
    names = gettext(", ").join(dict.fromkeys(words.channel_name(channel) for channel in channels))
    return LeftOpen(names, any(goes_back_by_hand(channel) for channel in channels))
