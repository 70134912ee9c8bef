"""Paying: an order gets an attempt to pay through one channel, and the gateway says how the buyer pays it.

The attempt is committed before the gateway hears of it, so that its number is never lost; asking the gateway twice
about one attempt is harmless, since the number is the same.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from xinka.kernel import ids
from xinka.kernel.errors import ProviderError, Refusal
from xinka.orders.access import order_path
from xinka.orders.errors import NoSuchChannel, OrderNotFound
from xinka.orders.models import Order
from xinka.orders.states import OrderState
from xinka.payments.channels import provider_of
from xinka.payments.models import Channel, Devices, Payment, Receipt
from xinka.payments.providers.protocol import HowToPay, PayBy, PaymentRequest
from xinka.payments.states import PaymentState, ReceiptOutcome

#: How many pages may wait for gateways at a time, of the eight that can be rendered, and for how long one more waits.
ASKING_AT_ONCE = 4
_SLOT_WITHIN = 0.5
_asking = threading.BoundedSemaphore(ASKING_AT_ONCE)

log = logging.getLogger(__name__)

#: How many payments of one order may have come to nothing through one channel: each is a trade at the gateway.
MOST_ATTEMPTS = 6

#: Seconds between two questions to the gateway about one payment that a visitor may cause.
ASK_EVERY = 5


class OrderClosed(Refusal):
    """The order is paid, expired or cancelled: there is nothing to pay any more."""

    code = "order_closed"
    status = HTTPStatus.CONFLICT
    zh = "这一单已经不用付款了。"
    en = "There is nothing left to pay for this order."


class TriedTooOften(Refusal):
    """The order had as many payments through this channel as one may."""

    code = "tried_too_often"
    status = HTTPStatus.CONFLICT
    zh = "这一单用这种方式已经发起了太多次付款。没有扣款，请换一种方式付款，或重新下单。"
    en = "This was tried too many times this way. You have not been charged; pay another way, or order again."


@dataclass(frozen=True)
class Payer:
    """What gateways may be told about the buyer's side: an address, and where the page is looked at.

    ``device`` and ``name`` are those of ``PaymentRequest``; the name is the gateway's own, and is told but not kept.
    """

    ip: str
    device: str
    name: str = field(default="", repr=False)


def missing_amount(order: Order) -> int:
    """Return what is still to be paid, after money that came short is counted."""
    held = Receipt.objects.filter(order_id=order.id, outcome=ReceiptOutcome.SHORT).values_list("amount", flat=True)
    return order.amount - sum(held)


def channels_for(amount: int, currency: str, *, is_phone: bool | None = None) -> list[Channel]:
    """Return the channels that are on and take this amount, in their order; with ``is_phone``, for such a device."""
    found = Channel.objects.filter(on=True, currency=currency, min_amount__lte=amount, max_amount__gte=amount)
    if is_phone is not None:
        found = found.exclude(devices=Devices.DESKTOP if is_phone else Devices.PHONE)
    if not settings.WALLET:
        found = found.exclude(provider="balance")
    return list(found.defer("config"))


def payments_of(order: Order) -> list[Payment]:
    """Return the open attempts to pay an order through channels that are on, the newest first."""
    found = Payment.objects.filter(order_id=order.id, state=PaymentState.PENDING, channel__on=True)
    return list(found.select_related("channel").order_by("-created_at", "-id"))


def ended_at_gateway(order: Order) -> bool:
    """Whether an attempt to pay an order was closed at its gateway."""
    return Payment.objects.filter(order_id=order.id, state=PaymentState.CLOSED).exists()


def open_payment(
    order_id: UUID, channel_slug: str, *, inside: bool = False, instead_of: Payment | None = None
) -> Payment:
    """Return an open attempt of this order through a channel, making one only if there is none.

    The order's row is locked, so that two tabs get the same attempt. Paying inside a gateway's app is an attempt of its
    own: gateways take a number for one way to pay only. With ``instead_of`` the attempt is one made after that.

    Raises:
        OrderNotFound: if there is no such order.
        OrderClosed: if it need not be paid any more.
        NoSuchChannel: if the channel is off or does not take this amount.
        TriedTooOften: if there were enough attempts through it.
    """
    with transaction.atomic():
        order = Order.objects.select_for_update().filter(id=order_id).first()
        if order is None:
            raise OrderNotFound
        if not OrderState(order.state).is_open or order.expires_at <= timezone.now():
            raise OrderClosed
        amount = missing_amount(order)
        channel = next((c for c in channels_for(amount, order.currency) if c.slug == channel_slug), None)
        if channel is None:
            raise NoSuchChannel
        open_ones = [p for p in payments_of(order) if p.channel_id == channel.id and p.amount == amount]
        known = [p for p in open_ones if not is_prepared(p) or (p.bridge is not None) == inside]
        if instead_of is not None:
            known = [p for p in known if p.created_at > instead_of.created_at]
        return known[0] if known else _new_payment(order, channel, amount)


def is_prepared(payment: Payment) -> bool:
    """Whether the gateway has said how an attempt is paid."""
    return bool(payment.pay_url or payment.qr_text)


def _new_payment(order: Order, channel: Channel, amount: int) -> Payment:
    tried = Payment.objects.filter(order_id=order.id, channel=channel).exclude(state=PaymentState.PAID)
    if tried.count() >= MOST_ATTEMPTS:
        raise TriedTooOften
    return Payment.objects.create(
        id=ids.new_uuid(),
        order_id=order.id,
        channel=channel,
        amount=amount,
        currency=order.currency,
        state=PaymentState.PENDING,
        created_at=timezone.now(),
    )


def prepare_payment(payment: Payment, order: Order, payer: Payer) -> Payment:
    """Ask the gateway how the attempt is paid, once, and keep the answer with it.

    Raises:
        ProviderError: if the gateway did not answer; the attempt stays as it is and may be prepared again.
        Refusal: if the channel is not set up for this.
    """
    if is_prepared(payment):
        return payment
    channel = payment.channel
    how = _ask_how_to_pay(
        channel,
        PaymentRequest(
            out_trade_no=ids.show("pay", payment.id),
            amount_minor=payment.amount,
            currency=payment.currency,
            # In the buyer's kept language: a gateway that is asked again for the same number expects the same words.
            title=order.title_in(order.language),
            method=channel.method,
            notify_url=f"{settings.SITE_URL}/pay/notify/{channel.slug}",
            # The number is in the path: who comes back without having paid often brings nothing else.
            return_url=f"{settings.SITE_URL}/pay/return/{channel.slug}/{ids.show('pay', payment.id)}",
            client_ip=payer.ip,
            device=payer.device,
            payer_id=payer.name,
        ),
    )
    return _keep_answer(payment, how)


def _keep_answer(payment: Payment, how: HowToPay) -> Payment:
    if how.by is PayBy.QR:
        payment.qr_text = how.target
    elif how.by is PayBy.BRIDGE:
        payment.pay_url = f"{order_path(payment.order_id)}/pay/inside/{ids.show('pay', payment.id)}"
        payment.bridge = {"call": how.target, "fields": dict(how.fields)}
    else:
        payment.pay_url = how.target
    payment.handle = how.handle
    # Conditional: whoever prepared it first in another tab gave an answer that is as good.
    names = ("pay_url", "qr_text", "handle", "bridge")
    answer = {name: getattr(payment, name) for name in names}
    if not Payment.objects.filter(id=payment.id, pay_url=None, qr_text=None).update(**answer):
        payment.refresh_from_db(fields=names)
    return payment


@contextmanager
def gateway_slot() -> Iterator[None]:
    """Hold one of the few places from which pages may wait for gateways.

    Raises:
        ProviderError: if all stayed taken: gateways are slow together, and the threads that render pages must not all
            wait for them.
    """
    if not _asking.acquire(timeout=_SLOT_WITHIN):
        raise ProviderError("too many payments are being prepared")
    try:
        yield
    finally:
        _asking.release()


def _ask_how_to_pay(channel: Channel, request: PaymentRequest) -> HowToPay:
    """Ask the gateway, and once more if it fails us: the number is the same, so it is still one payment.

    Raises:
        ProviderError: if it failed twice, or there was no slot.
    """
    with gateway_slot():
        try:
            return provider_of(channel).prepare(request)
        except ProviderError as error:
            if error.permanent:
                raise
            log.info("payment.asked_again", extra={"channel": channel.slug, "why": str(error)})
            return provider_of(channel).prepare(request)


def payment_by_number(channel_slug: str, out_trade_no: str) -> Payment | None:
    """Return the attempt behind the number a gateway's return link names, if it was made through that channel.

    Raises:
        BadIdentifier: if it is not a number of ours.
    """
    found = Payment.objects.filter(id=ids.parse("pay", out_trade_no), channel__slug=channel_slug)
    return found.select_related("channel").first()


def payment_with_order(payment_id: UUID, order_id: UUID, *, since: datetime) -> tuple[Payment, Order] | None:
    """Return an attempt made after ``since`` together with the order that it pays, if these two belong together."""
    payment = Payment.objects.filter(id=payment_id, order_id=order_id, created_at__gt=since).first()
    order = Order.objects.filter(id=order_id).first() if payment else None
    return (payment, order) if payment and order else None


def claim_question(payment_id: UUID, now: datetime) -> bool:
    """Whether the gateway may be asked about a pending attempt now; nobody is asked twice within a few seconds."""
    lately = now - timedelta(seconds=ASK_EVERY)
    waiting = Payment.objects.filter(
        Q(asked_at=None) | Q(asked_at__lt=lately), id=payment_id, state=PaymentState.PENDING
    )
    return waiting.update(asked_at=now) == 1


def is_awaiting(order: Order) -> bool:
    """Whether the buyer can pay this order now."""
    return OrderState(order.state).is_open and order.expires_at > timezone.now()
