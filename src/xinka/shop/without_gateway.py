"""The pages of paying without a gateway: from one's balance here, and by a transfer that staff will find."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from xinka.accounts.policies import signed_in
from xinka.flows.paying.attempts import is_awaiting
from xinka.flows.paying.transfers import MANUAL, reference_of
from xinka.flows.paying.wallet import BALANCE, balance_of_buyer, pay_from_balance
from xinka.kernel import ids
from xinka.kernel.errors import BadIdentifier
from xinka.orders.access import order_path
from xinka.orders.models import Order
from xinka.payments.actions import settings_of
from xinka.payments.models import Payment
from xinka.payments.states import PaymentState
from xinka.shop.access import order_for

_PAGES = {BALANCE: "shop:pay_balance", MANUAL: "shop:pay_transfer"}


@require_safe
def find(request: HttpRequest, number: str) -> HttpResponse:  # noqa: ARG001 - every view gets the request
    """Go to the page of an attempt, which lies below its order: only there does the buyer's cookie reach."""
    try:
        payment_id: UUID = ids.parse("pay", number)
    except BadIdentifier:
        raise Http404 from None
    found = Payment.objects.filter(id=payment_id, channel__provider__in=_PAGES).values_list(
        "order_id", "channel__provider"
    )
    for order_id, kind in found:
        return HttpResponseRedirect(reverse(_PAGES[kind], args=[ids.show("ord", order_id)]), status=303)
    raise Http404


def _attempt(request: HttpRequest, shown_id: str, kind: str) -> tuple[Payment, Order]:
    """Return the newest attempt of an order through a channel of a kind, for somebody who may see that order."""
    order = order_for(request, shown_id)
    found = Payment.objects.select_related("channel").filter(order_id=order.id, channel__provider=kind)
    payment = found.order_by("-created_at", "-id").first()
    if payment is None:
        raise Http404
    return payment, order


def _frame(payment: Payment, order: Order) -> dict[str, object]:
    return {
        "payment": payment,
        "order": order,
        "shown_id": ids.show("ord", order.id),
        "order_path": order_path(order.id),
        "is_open": payment.state == PaymentState.PENDING and is_awaiting(order),
    }


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def from_balance(request: HttpRequest, shown_id: str) -> HttpResponse:
    """Show what the balance is and what the order costs; a POST pays."""
    if not settings.WALLET:
        raise Http404
    payment, order = _attempt(request, shown_id, BALANCE)
    person = signed_in(request)
    if request.method == "POST":
        pay_from_balance(payment.id, by=person)
        return HttpResponseRedirect(order_path(order.id), status=303)
    balance = balance_of_buyer(person, payment.currency)
    context = {**_frame(payment, order), "balance": balance, "left": balance - payment.amount}
    return render(request, "shop/pay_balance.html", context)


@never_cache
@require_safe
def by_transfer(request: HttpRequest, shown_id: str) -> HttpResponse:
    """Show where to transfer the money to, and with which reference."""
    payment, order = _attempt(request, shown_id, MANUAL)
    known = settings_of(payment.channel)
    english = (get_language() or "").startswith("en")
    words = str((english and known.get("instructions_en")) or known.get("instructions", ""))
    context = {
        **_frame(payment, order),
        "payee": known["payee"],
        "account": known["account"],
        "bank": known.get("bank", ""),
        "instructions": words,
        "reference": reference_of(payment),
    }
    return render(request, "shop/pay_transfer.html", context)
