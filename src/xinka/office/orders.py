"""Every order has one page: what it is, what happened to it, what can be done now. Who looked is written down.

The goods themselves are on none of these pages: what a code says, only its buyer and its merchant see.
"""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from xinka.accounts.models import User
from xinka.accounts.policies import signed_in
from xinka.catalog.models import Sku
from xinka.escrow.models import Hold
from xinka.escrow.states import HoldState
from xinka.escrow.words import STATES as HOLD_STATES
from xinka.flows.mailing import ask_for_order_links
from xinka.kernel import ids
from xinka.kernel.errors import BadIdentifier
from xinka.office.finding import LONGEST_SEARCH, Found, find_orders, found_of, known_of
from xinka.office.giving_back import left_of
from xinka.office.order_moments import Told, moments_of
from xinka.office.order_ways import ways_of
from xinka.office.policies import Room, for_staff
from xinka.orders.contacts import contact_of, is_forgotten
from xinka.orders.models import Order
from xinka.orders.states import OrderState
from xinka.orders.words import STATES
from xinka.payments.models import Payment
from xinka.platform.audit.actions import record
from xinka.platform.audit.models import AuditEntry

#: Somebody who works on an order loads its page many times; it is written down once in this time.
_ONE_LOOK = timedelta(minutes=15)
_LATELY = 10
_LOOK = "order.look"


@require_safe
@for_staff(Room.ORDERS)
@never_cache
def index(request: HttpRequest) -> HttpResponse:
    """Find orders; without a question, show what the reader looked at lately."""
    asked_for, me = request.GET.get("q", "").strip()[:LONGEST_SEARCH], signed_in(request)
    found = find_orders(asked_for, by=me) if asked_for else Found()
    if len(found.orders) == 1:
        return HttpResponseRedirect(reverse("office:order", args=[found.orders[0].shown_id]))
    context = {"asked_for": asked_for, "found": found, "lately": [] if asked_for else _lately(me)}
    return render(
        request, "office/orders.html", context, status=HTTPStatus.NOT_FOUND if found.why_none else HTTPStatus.OK
    )


def _lately(me: User) -> list[object]:
    looks = AuditEntry.objects.filter(actor=me, action=_LOOK).order_by("-id")[: 5 * _LATELY]
    numbers = list(dict.fromkeys(looks.values_list("subject", flat=True)))[:_LATELY]
    orders = Order.objects.in_bulk([ids.parse("ord", number) for number in numbers])
    return [*found_of(orders[ids.parse("ord", number)] for number in numbers if ids.parse("ord", number) in orders)]


@require_safe
@for_staff(Room.ORDERS)
@never_cache
def show(request: HttpRequest, shown_id: str) -> HttpResponse:
    """Show one order; that it was looked at is in the audit."""
    order, me = _order(shown_id), signed_in(request)
    _write_look_down(me, shown_id)
    hold = Hold.objects.filter(order_id=order.id).first()
    told = Told(order, hold, me)
    words, kind = STATES[OrderState(order.state)]
    paid_by = Payment.objects.filter(order_id=order.id, state="paid").select_related("channel").defer("channel__config")
    context = {
        "order": order,
        "shown_id": shown_id,
        "words": words,
        "kind": kind,
        "known": known_of(order.id, me),
        "sku": Sku.objects.select_related("product__merchant").get(id=order.sku_id),
        "paid_by": [payment.channel for payment in paid_by],
        "hold": hold,
        "hold_badge": HOLD_STATES[HoldState(hold.state)] if hold else None,
        "left": left_of(hold) if hold else 0,
        "moments": moments_of(told),
        "ways": ways_of(told),
    }
    return render(request, "office/order.html", context)


@require_POST
@for_staff(Room.ORDERS)
def mail_links(request: HttpRequest, shown_id: str) -> HttpResponse:
    """Have links to the buyer's orders mailed to the buyer, and to nobody else."""
    order = _order(shown_id)
    if is_forgotten(order):
        messages.error(request, gettext("Whom this order went to is not kept any more, so nothing was mailed."))
        return HttpResponseRedirect(reverse("office:order", args=[shown_id]))
    with transaction.atomic():
        ask_for_order_links(contact_of(order), order.language)
        record(signed_in(request), "order.mail_links", shown_id)
    messages.success(request, gettext("It will be mailed to the buyer's own address, at most once in ten minutes."))
    response = HttpResponseRedirect(reverse("office:order", args=[shown_id]))
    response.status_code = HTTPStatus.SEE_OTHER
    return response


def _order(shown_id: str) -> Order:
    try:
        return get_object_or_404(Order, id=ids.parse("ord", shown_id))
    except BadIdentifier:
        raise Http404 from None


def _write_look_down(me: User, shown_id: str) -> None:
    since = timezone.now() - _ONE_LOOK
    if not AuditEntry.objects.filter(at__gte=since, actor=me, action=_LOOK, subject=shown_id).exists():
        record(me, _LOOK, shown_id)
