"""Closing: an order that expired or was cancelled leaves no QR code behind that can still be paid.

Best effort: whatever a gateway lets through after all is late money, which is settled or goes back like any other. Some
gateways cannot be told at all; what they leave open is named to the buyer.
"""

from __future__ import annotations

import logging
from uuid import UUID

from xinka.flows.paying.confirm import confirm_payment
from xinka.flows.paying.wallet import BALANCE
from xinka.kernel import ids
from xinka.kernel.errors import ProviderError, Refusal
from xinka.orders.models import Order
from xinka.payments.channels import provider_of
from xinka.payments.models import Channel, Payment
from xinka.payments.providers.errors import AlreadyPaid
from xinka.payments.providers.protocol import Can
from xinka.payments.states import PaymentState
from xinka.platform.jobs.retries import in_words
from xinka.platform.vault.envelope import EnvelopeError

log = logging.getLogger(__name__)


def close_payment(payment_id: UUID) -> bool:
    """Close one open payment at its gateway; return whether it was closed now.

    The payment stays open here and is asked about as before: some gateways call a payment closed that nobody had begun,
    and still let it be paid.

    Raises:
        ProviderError: if the gateway gave no certain answer and may give one later.
    """
    payment = Payment.objects.select_related("channel").get(id=payment_id)
    if payment.state != PaymentState.PENDING:
        return False
    number = ids.show("pay", payment.id)
    try:
        provider = provider_of(payment.channel)
        if Can.CLOSE not in provider.can:
            return False
        provider.close(number, payment.handle)
    except AlreadyPaid:
        log.info("payment.paid_before_closing", extra={"payment": number})
        confirm_payment(payment_id)
        return False
    except Refusal as refusal:
        log.warning("payment.not_closed", extra={"payment": number, "why": str(refusal)})
        return False
    except ProviderError as error:
        if not error.permanent:
            raise
        log.warning("payment.not_closed", extra={"payment": number, "why": str(error)})
        return False
    return True


def stays_open(channel: Channel) -> bool:
    """Whether a payment begun through a channel can be paid at its gateway whatever becomes of the order."""
    return not _offers(channel, Can.CLOSE)


def goes_back_by_hand(channel: Channel) -> bool:
    """Whether a person has to send money of a channel back, since its gateway does not."""
    return not _offers(channel, Can.REFUND)


def _offers(channel: Channel, what: Can) -> bool:
    if channel.provider == BALANCE:  # it never leaves the shop
        return True
    try:
        return what in provider_of(channel).can
    except (Refusal, EnvelopeError):  # its settings cannot be read, so nothing can be asked of it
        return False


def left_open(order: Order) -> list[Channel]:
    """Return the channels at which an order that is over can still be paid: begun there, and not to be closed."""
    begun = Payment.objects.filter(order_id=order.id, state=PaymentState.PENDING).select_related("channel")
    shown = begun.exclude(pay_url=None, qr_text=None).order_by("-created_at")
    return [payment.channel for payment in shown if stays_open(payment.channel)]


def leave_open(payment_id: UUID, error: Exception) -> None:
    """Give up closing a payment whose gateway, or the database, does not answer: whoever still pays it pays late."""
    log.warning("payment.not_closed", extra={"payment": ids.show("pay", payment_id), "why": in_words(error)})
