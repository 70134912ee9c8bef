"""Who comes back from paying in another browser than the one that ordered hears of the money, and sees nothing else.

Payment apps open the way back in the telephone's own browser, whatever app the order was placed in. The payment's
number is known to its buyer and its gateway; it says what became of this payment and opens no order.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from xinka.flows.paying.attempts import payment_with_order
from xinka.kernel import ids
from xinka.kernel.errors import BadIdentifier
from xinka.orders.states import OrderState
from xinka.payments.states import PaymentState

#: What the address of an order says to those who come back from a gateway: the payment's number.
CAME_FROM = "paid"
#: An address that stays in a browser's history does not tell of the order for ever.
TOLD_FOR = timedelta(days=1)


def coming_back(path: str, payment_id: UUID) -> str:
    """Return the address of an order's page for somebody who comes back from paying."""
    return f"{path}?{CAME_FROM}={ids.show('pay', payment_id)}"


def paid_elsewhere(request: HttpRequest, shown_id: str) -> HttpResponse | None:
    """Return what to tell a browser that may not open this order but comes from paying it, or nothing."""
    try:
        order_id, payment_id = ids.parse("ord", shown_id), ids.parse("pay", request.GET.get(CAME_FROM, ""))
    except BadIdentifier:
        return None
    found = payment_with_order(payment_id, order_id, since=timezone.now() - TOLD_FOR)
    if found is None:
        return None
    payment, order = found
    is_paid = payment.state == PaymentState.PAID
    context = {
        "is_delivered": is_paid and order.state == OrderState.DELIVERED,
        "is_paid": is_paid,
        "is_closed": payment.state == PaymentState.CLOSED,
        "here": request.get_full_path(),
    }
    response = render(request, "shop/paid_elsewhere.html", context)
    response["X-Robots-Tag"] = "noindex"
    return response
