"""Paying without leaving the shop's page, inside a gateway's app (WeChat): who pays is asked, then the app pays."""

from __future__ import annotations

import json
import logging
import secrets
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from xinka.accounts.client_addresses import client_address
from xinka.flows.paying import attempts
from xinka.flows.paying.in_app import ANSWER_WITHIN, Answer, ask_who, take_answer
from xinka.kernel import ids
from xinka.kernel.cookies import Cookie
from xinka.kernel.errors import BadIdentifier, ProviderError
from xinka.orders.access import order_path
from xinka.orders.errors import OrderNotFound
from xinka.orders.models import Order
from xinka.payments.models import Payment
from xinka.payments.states import PaymentState
from xinka.shop import words
from xinka.shop.access import order_for

log = logging.getLogger(__name__)

#: The half of the question's state that only this browser has.
COOKIE = Cookie("xk_payer", is_of_all=False)


def device_of(request: HttpRequest) -> str:
    """Return where the page is looked at, in the words of ``PaymentRequest.device``."""
    agent = request.headers.get("User-Agent", "")
    if "MicroMessenger" in agent:
        return "wechat"
    return "mobile" if "Mobi" in agent else "pc"


@require_POST
def ask(request: HttpRequest, shown_id: str) -> HttpResponse:
    """Send the buyer's browser to the gateway, which sends it back knowing who they are."""
    order = order_for(request, shown_id)
    browser = secrets.token_hex(16)
    wanted = request.POST.get("channel", "")
    question = ask_who(order, wanted, device=device_of(request), browser=browser, now=timezone.now())
    response = HttpResponseRedirect(question.url, status=303)
    response.set_cookie(
        COOKIE.name(secure=settings.ENVIRONMENT.secure),
        browser,
        max_age=int(ANSWER_WITHIN.total_seconds()),
        path=order_path(order.id),
        secure=settings.ENVIRONMENT.secure,
        httponly=True,
        samesite="Lax",  # the gateway leads back here, which a stricter cookie would not survive
    )
    return response


@never_cache
@require_safe
def answered(request: HttpRequest, shown_id: str, number: str) -> HttpResponse:
    """Take the gateway's answer, prepare the payment, and go to the page that pays."""
    order, payment = _attempt(request, shown_id, number)
    answer = Answer(request.GET.get("state", "")[:128], request.GET.get("code", "")[:128], timezone.now())
    payer = attempts.Payer(client_address(request), device_of(request))
    browser = COOKIE.of(request.COOKIES)
    try:
        ready = take_answer(payment, order, payer, browser=browser, answer=answer)
    except ProviderError as error:
        log.warning("payment.payer_not_known", extra={"channel": payment.channel.slug, "why": str(error)})
        query = urlencode({"channel": payment.channel.slug, "inside": "failed"})
        where = f"{reverse('shop:pay', args=[shown_id])}?{query}"
    else:
        where = (ready.bridge and ready.pay_url) or reverse("shop:pay", args=[shown_id])
    response = HttpResponseRedirect(where, status=303)
    response.delete_cookie(COOKIE.name(secure=settings.ENVIRONMENT.secure), path=order_path(order.id), samesite="Lax")
    return response


@never_cache
@require_safe
def pay_here(request: HttpRequest, shown_id: str, number: str) -> HttpResponse:
    """Show the page whose script lets the app pay; what the app then says is not believed, the gateway is asked."""
    order, payment = _attempt(request, shown_id, number)
    if payment.bridge is None:
        return HttpResponseRedirect(reverse("shop:pay", args=[shown_id]), status=303)
    back = reverse("shop:gateway_return", args=[payment.channel.slug])
    context = {
        "order": order,
        "shown_id": shown_id,
        "order_path": order_path(order.id),
        "payment": payment,
        "name": words.channel_name(payment.channel),
        "call": payment.bridge["call"],
        "fields": json.dumps(payment.bridge["fields"]),
        "paid_path": f"{back}?{urlencode({'out_trade_no': number})}",
        "is_open": payment.state == PaymentState.PENDING and attempts.is_awaiting(order),
        "pretend_bridge": getattr(request, "pretend_bridge", ""),
    }
    return render(request, "shop/pay_inside.html", context)


def _attempt(request: HttpRequest, shown_id: str, number: str) -> tuple[Order, Payment]:
    """Return an attempt to pay an order, for somebody who may see that order; raises ``OrderNotFound``."""
    order = order_for(request, shown_id)
    try:
        payment_id = ids.parse("pay", number)
    except BadIdentifier:
        raise OrderNotFound from None
    payment = Payment.objects.select_related("channel").filter(id=payment_id, order_id=order.id).first()
    if payment is None:
        raise OrderNotFound
    return order, payment
