"""The buyer's money on the order page: where it is, until when, and the button that lets it go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_POST

from xinka.disputes.queries import chargebacks_of_order
from xinka.disputes.states import Outcome
from xinka.escrow.models import Hold
from xinka.escrow.states import HoldState, Timer
from xinka.flows.escrow import confirm
from xinka.flows.order_story import OrderStory
from xinka.kernel.actors import Actor, Role
from xinka.kernel.errors import Refusal
from xinka.orders.access import order_path
from xinka.platform.database.django_drive import run
from xinka.shop.access import order_for


@dataclass(frozen=True)
class Holding:
    """What the page tells of a hold; ``left`` is what is still held of it (minor units).

    ``until`` is when the money moves on by itself, if it does; ``by_bank`` is what the buyer's bank has given back.
    """

    state: str
    until: datetime | None
    may_confirm: bool
    is_stopped: bool
    is_leaving: bool
    back: int
    left: int
    claim_days: int
    is_sealed: bool
    is_at_bank: bool
    by_bank: int

    @property
    def is_with_buyer(self) -> bool:
        """Whether the bank has given back all that was left: nothing is held for the buyer any more."""
        return 0 < self.by_bank >= self.left


def holding_of(story: OrderStory) -> Holding | None:
    """Return what to tell, or nothing when nothing is held yet."""
    hold = story.hold
    if hold is None:
        return None
    is_leaving = hold.due_event == Timer.SHARE
    is_held = hold.state == HoldState.HELD
    banks = chargebacks_of_order(hold.order_id)
    return Holding(
        state=hold.state,
        until=hold.due_at if hold.due_event in {Timer.CONFIRM, Timer.MATURE} else None,
        may_confirm=is_held and not hold.n_stops and not is_leaving,
        is_stopped=bool(hold.n_stops),
        is_leaving=is_held and is_leaving,
        back=hold.refunded,
        left=hold.amount - hold.refunded - hold.seized_held,
        claim_days=max(1, timedelta(seconds=hold.after_sale_seconds).days),
        is_sealed=bool(story.codes) and story.is_sealed,
        is_at_bank=any(case.is_open for case in banks),
        by_bank=sum(case.amount for case in banks if case.outcome == Outcome.LOST),
    )


def badge_of(hold: Hold | None, *, by_bank: bool = False) -> tuple[str, str, str]:
    """Return the badge of a delivered order's money, ``by_bank`` if a bank gave it back: kind, icon, words."""
    if by_bank:
        return "", "check", gettext("Given back by your bank")
    if hold is None or (hold.state == HoldState.HELD and not hold.n_stops):
        return "held", "lock", gettext("Held")
    if hold.state == HoldState.SEIZED:
        return "d", "out", gettext("Handed over to a court")
    if hold.state == HoldState.FROZEN:
        return "d", "lock", gettext("Frozen")
    if hold.n_stops:
        return "w", "scale", gettext("Being settled")
    if hold.state == HoldState.AFTERSALE:
        return "held", "shield", gettext("After-sale")
    return "g", "check", gettext("Completed")


@require_POST
def confirm_received(request: HttpRequest, shown_id: str) -> HttpResponse:
    """The buyer says that everything is right, and the money goes to the merchant; saying it again changes nothing."""
    order = order_for(request, shown_id)
    user_id = request.user.pk if request.user.is_authenticated else None
    try:
        run(confirm(order.id, by=Actor(Role.BUYER, user_id)))
    except Refusal as refusal:
        messages.warning(request, refusal.message(get_language() or ""))
    else:
        messages.success(request, gettext("Thank you. The money goes to the merchant."))
    response = HttpResponseRedirect(f"{order_path(order.id)}#money")
    response.status_code = 303
    return response
