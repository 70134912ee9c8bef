"""The payment page: how much, how, until when; and where gateways send buyers back to."""

from __future__ import annotations

import logging

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from xinka.accounts.client_addresses import client_address
from xinka.catalog.queries import can_be_bought
from xinka.flows.checkout import RESERVED_FOR
from xinka.flows.expire import cancel
from xinka.flows.order_story import OrderStory, story_of
from xinka.flows.paying import attempts
from xinka.flows.paying.confirm import confirm_payment
from xinka.flows.paying.in_app import inside_of
from xinka.flows.paying.starting_over import may_start_over, start_over
from xinka.kernel import ids
from xinka.kernel.errors import BadIdentifier, ProviderError, Refusal
from xinka.orders.access import order_path
from xinka.orders.errors import OrderNotFound
from xinka.orders.models import Order
from xinka.orders.states import OrderState
from xinka.payments.models import Channel, Payment
from xinka.payments.providers.errors import BadChannel, MethodUnavailable
from xinka.payments.states import PaymentState
from xinka.platform.database.django_drive import run
from xinka.platform.logs import Seldom
from xinka.platform.look.policy import allow_data_images, allow_form_to
from xinka.shop import words
from xinka.shop.access import grant_if_missing, order_for
from xinka.shop.elsewhere import app_that_stops
from xinka.shop.left_open import left_open_of, will_stay_open
from xinka.shop.paid_elsewhere import coming_back, paid_elsewhere
from xinka.shop.paying_inside import device_of
from xinka.shop.progress import is_followed
from xinka.shop.qr import qr_image

log = logging.getLogger(__name__)
_seldom = Seldom()

_SETTLED = {OrderState.PAID, OrderState.DELIVERED, OrderState.REFUNDED}


@require_http_methods(["GET", "HEAD", "POST"])
def pay(request: HttpRequest, shown_id: str) -> HttpResponse:
    """Show how an order is paid; a POST chooses another way, or the same ``again`` after it failed.

    Looking never makes a payment while one is open.
    """
    try:
        order = order_for(request, shown_id)
    except OrderNotFound:
        if told := paid_elsewhere(request, shown_id):
            return told
        raise
    address = reverse("shop:pay", args=[shown_id])
    if request.method == "POST":
        again, wanted = request.POST.get("again", ""), request.POST.get("channel", "")
        payment = start_over(order, again) if again else attempts.open_payment(order.id, wanted)
        where = f"{address}?channel={payment.channel.slug}" if payment else order_path(order.id)
        return HttpResponseRedirect(where, status=303)
    if OrderState(order.state) in _SETTLED:
        return HttpResponseRedirect(order_path(order.id), status=303)
    story = story_of(order)
    context = _frame(story)
    context |= _open(request, story) if attempts.is_awaiting(order) else {"left_open": left_open_of(order)}
    response = render(request, "shop/pay.html", context)
    grant_if_missing(request, response, order.id)
    return response


@require_POST
def cancel_order(request: HttpRequest, shown_id: str) -> HttpResponse:
    """Give the reserved stock back because the buyer does not want it any more."""
    order = order_for(request, shown_id)
    run(cancel(order.id))
    return HttpResponseRedirect(order_path(order.id), status=303)


@require_safe
def gateway_return(request: HttpRequest, channel: str, number: str = "") -> HttpResponse:
    """Bring a buyer back from the gateway. What the link claims is not believed: the gateway is asked.

    The payment's ``number`` is in the path; some gateways, and links of the time before it was, name it in the query.

    Raises:
        OrderNotFound: if it names no payment of ours.
    """
    try:
        payment = attempts.payment_by_number(channel, (number or request.GET.get("out_trade_no", ""))[:64])
    except BadIdentifier:
        payment = None
    if payment is None:
        raise OrderNotFound
    if attempts.claim_question(payment.id, timezone.now()):
        _ask_gateway(payment)
        payment.refresh_from_db(fields=["state"])
    where = order_path(payment.order_id)
    # A closed one is not worth waiting for: the payment page says so and offers another.
    where = f"{where}/pay" if payment.state == PaymentState.CLOSED else where
    return HttpResponseRedirect(coming_back(where, payment.id), status=303)


def _ask_gateway(payment: Payment) -> None:
    """Have the payment confirmed now, if the gateway knows it; if not, its notice or a worker will do it."""
    try:
        with attempts.gateway_slot():
            confirm_payment(payment.id)
    except (ProviderError, Refusal) as error:
        log.info("payment.not_confirmed_yet", extra={"channel": payment.channel.slug, "why": str(error)})


def _frame(story: OrderStory) -> dict[str, object]:
    order = story.order
    left = max(0, int((order.expires_at - timezone.now()).total_seconds()))
    product = story.sku.product
    return {
        "story": story,
        "order": order,
        "shown_id": ids.show("ord", order.id),
        "product": product,
        "can_be_bought": can_be_bought(story.sku),
        "art": product.category.tint,
        "merchant_name": words.merchant_name(product.merchant),
        "seconds": left,
        "total_seconds": RESERVED_FOR,
        "now": timezone.now(),
        "missing": story.missing,
        "received": order.amount - story.missing,
        "is_open": left > 0 and story.state.is_open,
        "is_followed": is_followed(story),
    }


def _open(request: HttpRequest, story: OrderStory) -> dict[str, object]:
    """Return what the page shows while the order can be paid."""
    order = story.order
    device = device_of(request)
    payments = [
        payment
        for payment in attempts.payments_of(order)
        if payment.amount == story.missing and (payment.bridge is None or inside_of(payment.channel, device))
    ]
    wanted = request.GET.get("channel", "")
    payment = next((one for one in payments if one.channel.slug == wanted), payments[0] if payments else None)
    channels = attempts.channels_for(story.missing, order.currency, is_phone=_is_phone(request))
    shown: dict[str, object] = {
        "payment": payment,
        "others": [_way(channel) for channel in channels if payment is None or channel.id != payment.channel_id],
    }
    if payment is None:
        return shown | {"has_failed": attempts.ended_at_gateway(order)}
    shown |= {"way": _way(payment.channel), **_how_to_pay(request, payment, order, device)}
    shown |= {"stays_open": will_stay_open(payment.channel)}
    return shown | {"may_start_over": may_start_over(payment)}


def _is_phone(request: HttpRequest) -> bool:
    return "Mobi" in request.headers.get("User-Agent", "")


def _way(channel: Channel) -> dict[str, str]:
    return {"slug": channel.slug, "name": words.channel_name(channel), "glyph": channel.glyph}


def _how_to_pay(request: HttpRequest, payment: Payment, order: Order, device: str) -> dict[str, object]:
    """Ask the gateway, if it was not asked yet, and return the QR code or the way to its page.

    Inside the gateway's own app the buyer first says who they are; the gateway is asked only then.
    """
    if inside := inside_of(payment.channel, device):
        allow_form_to(request, inside.asks_at)
        return {"inside": True, "inside_failed": request.GET.get("inside") == "failed"}
    return {"app": app_that_stops(request, payment.channel), **_at_gateway(request, payment, order, device)}


def _at_gateway(request: HttpRequest, payment: Payment, order: Order, device: str) -> dict[str, object]:
    payer = attempts.Payer(client_address(request), device)
    try:
        ready = attempts.prepare_payment(payment, order, payer)
    except (ProviderError, BadChannel, MethodUnavailable) as error:
        if n := _seldom.count("payment.not_prepared", payment.channel.slug):
            told = {"channel": payment.channel.slug, "why": str(error), "n": n}
            log.warning("payment.not_prepared", extra=told)
        return {"problem": True}
    if ready.qr_text:
        allow_data_images(request)
        is_link = ready.qr_text.startswith(("https://", "http://"))
        return {"qr": qr_image(ready.qr_text), "pay_url": ready.qr_text if is_link else ""}
    return {"pay_url": ready.pay_url}
