"""Paying inside a gateway's app: the gateway is asked who the buyer is, once, and told so for one payment.

The question goes through the buyer's browser, so its answer could be anybody's: a link sent to somebody else, or one
used before. Its ``state`` is therefore made for one payment and one browser (whose cookie holds the other half), lasts
for minutes, and counts once. The gateway's name of the buyer is handed on and kept nowhere.
"""

from __future__ import annotations

import hmac
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from http import HTTPStatus
from uuid import UUID

from django.conf import settings

from xinka.flows.paying import attempts
from xinka.kernel import ids
from xinka.kernel.errors import ProviderError, Refusal
from xinka.orders.access import order_path
from xinka.orders.errors import NoSuchChannel
from xinka.orders.models import Order
from xinka.payments.channels import provider_of
from xinka.payments.models import Channel, Payment
from xinka.payments.providers.inside import PaysInside
from xinka.payments.providers.protocol import Can
from xinka.payments.states import PaymentState
from xinka.platform.vault.envelope import EnvelopeError

log = logging.getLogger(__name__)

#: How long the buyer's browser may be away to say who they are.
ANSWER_WITHIN = timedelta(minutes=10)
_STAMP = 8


class PayerStateRefused(Refusal):
    """An answer about who pays that this browser did not ask for just now for this payment, or that came twice."""

    code = "payer_state_refused"
    status = HTTPStatus.FORBIDDEN
    zh = "这个付款链接已用过、已过期，或不是这台设备打开的。没有扣款，请回到订单重新付款。"
    en = "This payment link was used before, is too old, or belongs to another device. You have not been charged."


@dataclass(frozen=True)
class Question:
    """Where the buyer's browser is sent to say who they are."""

    url: str
    payment: Payment


def inside_of(channel: Channel, device: str) -> PaysInside | None:
    """Return the channel's calls for paying inside the app that a page is looked at in, if it has any."""
    try:
        provider = provider_of(channel)
    except (Refusal, EnvelopeError):
        return None  # the page says so when it prepares the payment
    if Can.INSIDE not in provider.can or not isinstance(provider, PaysInside) or provider.device != device:
        return None
    return provider


def ask_who(order: Order, channel_slug: str, *, device: str, browser: str, now: datetime) -> Question:
    """Return the question for an attempt of an order; an earlier question about the same attempt counts no more.

    ``browser`` is the secret that the buyer's cookie holds.

    Raises:
        Refusal: as ``open_payment``; ``NoSuchChannel`` too if the channel cannot be paid through inside this app.
    """
    payment = attempts.open_payment(order.id, channel_slug, inside=True)
    inside = inside_of(payment.channel, device)
    if inside is None:
        raise NoSuchChannel
    state = _state(payment.id, browser, now + ANSWER_WITHIN)
    Payment.objects.filter(id=payment.id, state=PaymentState.PENDING).update(asked_who=_digest(state))
    back = f"{settings.SITE_URL}{order_path(order.id)}/pay/inside/{ids.show('pay', payment.id)}/back"
    return Question(inside.question_to(back, state), payment)


def take_answer(payment: Payment, order: Order, payer: attempts.Payer, *, browser: str, answer: Answer) -> Payment:
    """Prepare the attempt for whom the gateway names; the answer is used up whatever comes of it.

    Raises:
        PayerStateRefused: if the answer is not to our question; nobody was asked.
        ProviderError: if the gateway does not take the code or does not prepare the payment.
    """
    _use_up(payment, browser, answer.state, answer.now)
    inside = inside_of(payment.channel, payer.device)
    if inside is None or not attempts.is_awaiting(order):
        raise attempts.OrderClosed
    if attempts.is_prepared(payment):
        return payment
    if not answer.code:
        raise ProviderError("the buyer came back without a code", permanent=True)
    with attempts.gateway_slot():
        name = inside.payer_named(answer.code)
    return attempts.prepare_payment(payment, order, attempts.Payer(payer.ip, payer.device, name))


@dataclass(frozen=True)
class Answer:
    """What the buyer's browser came back with, and when."""

    state: str
    code: str
    now: datetime


def _use_up(payment: Payment, browser: str, state: str, now: datetime) -> None:
    """Accept a state once; raises ``PayerStateRefused``."""
    try:
        until = datetime.fromtimestamp(int(state[:_STAMP], 16), now.tzinfo)
        genuine = _state(payment.id, browser, until)
    except (ValueError, OverflowError):
        raise PayerStateRefused from None
    is_ours = bool(browser) and hmac.compare_digest(genuine.encode(), state.encode("utf-8", "replace"))
    if not is_ours or now > until:
        raise PayerStateRefused
    waiting = Payment.objects.filter(id=payment.id, state=PaymentState.PENDING, asked_who=_digest(state))
    if waiting.update(asked_who=None) != 1:
        raise PayerStateRefused


def _state(payment_id: UUID, browser: str, until: datetime) -> str:
    """Return letters and digits only, as gateways want it: until when, and a keyed hash over what it is bound to."""
    stamp = f"{int(until.timestamp()):0{_STAMP}x}"
    key = settings.ENVIRONMENT.derive("pay-inside")
    return stamp + hmac.new(key, payment_id.bytes + stamp.encode() + browser.encode(), sha256).hexdigest()


def _digest(state: str) -> str:
    return sha256(state.encode()).hexdigest()
