"""Where a signed-in buyer wants money of an order back: on its page, until a refund is on its way."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from xinka.accounts.policies import signed_in
from xinka.escrow.custody import has_wallet
from xinka.escrow.states import FINAL
from xinka.flows.order_story import OrderStory
from xinka.flows.paying.wallet import BALANCE
from xinka.flows.refunds.wishes import wish_for_order, wishes_balance
from xinka.orders.access import order_path
from xinka.orders.models import Order
from xinka.orders.states import OrderState
from xinka.payments.states import RefundState
from xinka.shop.access import keys_of_person, order_for


@dataclass(frozen=True)
class Wish:
    """What the page says of it: where money would go as things are."""

    to_balance: bool


def wish_of(request: HttpRequest, story: OrderStory) -> Wish | None:
    """Return the wish of a buyer who has a choice; guests have no balance, and what a balance paid goes back there."""
    if not may_wish(request, story.order) or story.paid_by_provider == BALANCE or not _may_go_back(story):
        return None
    return Wish(wishes_balance(story.order.id, signed_in(request)))


def may_wish(request: HttpRequest, order: Order) -> bool:
    """Whether whoever asks is signed in as the buyer of an order, in a shop that has balances."""
    return has_wallet() and order.contact_key in keys_of_person(request)


def _may_go_back(story: OrderStory) -> bool:
    if any(refund.state == RefundState.DUE for refund in story.refunds):
        return True
    is_live = story.hold is None or story.hold.state not in FINAL
    return story.state in {OrderState.PAID, OrderState.DELIVERED} and is_live


@require_POST
def set_wish(request: HttpRequest, shown_id: str) -> HttpResponse:
    """Take down where money of this order is to go back to."""
    order = order_for(request, shown_id)
    where = request.POST.get("to", "")
    if not may_wish(request, order) or where not in {"balance", "channel"}:
        raise Http404
    if wish_for_order(order.id, to_balance=where == "balance", by=signed_in(request)):
        messages.success(request, gettext("Noted. Nothing has gone back yet."))
    else:
        messages.success(request, gettext("Noted for what goes back from now on. What is on its way stays so."))
    response = HttpResponseRedirect(f"{order_path(order.id)}#money-back")
    response.status_code = 303
    return response
