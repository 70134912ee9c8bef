"""Starting over: a payment failed at the gateway, and its number may never be paid any more.

The gateway is asked before there is another number, so that who did pay gets the goods and not a second bill; what it
can close, it closes. Money that comes for an old number all the same is settled, or goes back because it came twice.
"""

from __future__ import annotations

import logging
from http import HTTPStatus

from xinka.flows.paying.attempts import gateway_slot, is_prepared, open_payment, payments_of
from xinka.flows.paying.closing import close_payment
from xinka.flows.paying.confirm import Answer, confirm_payment
from xinka.flows.paying.transfers import MANUAL
from xinka.flows.paying.wallet import BALANCE
from xinka.kernel import ids
from xinka.kernel.errors import ProviderError, Refusal
from xinka.orders.models import Order
from xinka.payments.models import Payment
from xinka.payments.states import PaymentState

log = logging.getLogger(__name__)


class NobodyKnowsYet(Refusal):
    """The gateway does not say whether the last payment was paid, so there is no other yet."""

    code = "nobody_knows_yet"
    status = HTTPStatus.SERVICE_UNAVAILABLE
    zh = "支付平台暂时没有回应，还不知道上一笔付没付。货还给你留着，过一分钟再试，或换一种方式付款。"
    en = (
        "The payment provider does not answer, so nobody knows yet whether the last payment went through. "
        "The stock is still kept for you: try again in a minute, or pay another way."
    )


def may_start_over(payment: Payment) -> bool:
    """Whether an attempt can fail at a gateway: there is one, and it has heard of it."""
    return is_prepared(payment) and payment.channel.provider not in {BALANCE, MANUAL}


def start_over(order: Order, channel_slug: str) -> Payment | None:
    """Return a fresh attempt of an order through a channel; nothing if the last one turns out to be paid.

    Raises:
        NobodyKnowsYet: if the gateway does not say what became of the last one; there is no other.
        Refusal: as ``open_payment``.
    """
    last = next((one for one in payments_of(order) if one.channel.slug == channel_slug), None)
    if last is None or not may_start_over(last):
        return open_payment(order.id, channel_slug)
    if _was_paid(last):
        return None
    fresh = open_payment(order.id, channel_slug, instead_of=last)
    log.info("payment.started_over", extra={"payment": ids.show("pay", last.id), "now": ids.show("pay", fresh.id)})
    return fresh


def _was_paid(payment: Payment) -> bool:
    """Ask what became of an attempt; one that could still be paid is closed where the gateway can close."""
    try:
        with gateway_slot():
            answer = confirm_payment(payment.id).answer
            if answer is Answer.UNPAID and close_payment(payment.id):
                confirm_payment(payment.id)
    except ProviderError as error:
        log.warning("payment.not_confirmed_yet", extra={"channel": payment.channel.slug, "why": str(error)})
        raise NobodyKnowsYet from None
    payment.refresh_from_db(fields=["state"])
    return payment.state == PaymentState.PAID
