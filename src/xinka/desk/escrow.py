"""Where the money of one order is, as its merchant sees it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from xinka.disputes.queries import chargebacks_of_order
from xinka.disputes.states import Outcome
from xinka.escrow.models import Hold
from xinka.escrow.states import HoldState, Timer
from xinka.escrow.words import STATES


@dataclass(frozen=True)
class MoneyOfOrder:
    """The hold of an order in a merchant's words; ``yours`` is what the merchant gets, or would get now."""

    hold: Hold
    words: Promise
    kind: str
    icon: str
    yours: int
    commission: int
    percent: str
    next_step: str
    next_at: datetime | None

    @property
    def seized(self) -> int:
        """What a court had of it."""
        return self.hold.seized_held + self.hold.seized_net


class Bank:
    """What the buyer's bank has to do with an order's money: what it wanted back, and what it has given back."""

    def __init__(self, order_id: UUID, hold: Hold | None) -> None:
        self.cases = chargebacks_of_order(order_id)
        self.is_deciding = any(case.is_open for case in self.cases)
        self.given_back = sum(case.amount for case in self.cases if case.outcome == Outcome.LOST)
        left = hold.amount - hold.refunded - hold.seized_held if hold else 0
        #: Whether nothing can be given back here, now or at all.
        self.is_final = self.is_deciding or 0 < self.given_back >= left


def money_of_order(order_id: UUID) -> MoneyOfOrder | None:
    """Return where the money is, or nothing while the order has none."""
    hold = Hold.objects.filter(order_id=order_id).first()
    if hold is None:
        return None
    words, kind, icon = STATES[HoldState(hold.state)]
    yours, commission = shares_of(hold)
    percent = f"{hold.commission_bps / 100:g}"
    step, at = _next(hold)
    return MoneyOfOrder(hold, words, kind, icon, yours, commission, percent, step, at)


def shares_of(hold: Hold) -> tuple[int, int]:
    """Return the merchant's share and the commission: what they are, or would be if it were released now."""
    if hold.released:
        return hold.released - hold.commission + hold.subsidy - hold.seized_net, hold.commission
    base = hold.amount - hold.refunded - hold.seized_held
    subsidy = hold.discount_platform * base // hold.amount
    commission = (base + subsidy) * hold.commission_bps // 10_000
    return base + subsidy - commission, commission


def _next(hold: Hold) -> tuple[str, datetime | None]:
    if hold.state == HoldState.SEIZED:
        return _("A court ordered it to be handed over"), None
    if hold.state == HoldState.FROZEN:
        return _("Frozen by an official case"), None
    if hold.n_stops:
        return _("At rest while something about the order is open"), None
    if hold.due_event == Timer.SHARE:
        return _("The payment provider is sharing it out"), None
    told = {
        Timer.CONFIRM: _("Released to you, unless the buyer confirms earlier or complains"),
        Timer.MATURE: _("Can be withdrawn, unless the buyer complains"),
        Timer.FREE_RESERVE: _("The reserve can be withdrawn"),
    }
    return told.get(Timer(hold.due_event), ""), hold.due_at
