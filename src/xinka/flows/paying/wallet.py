"""Paying an order from the balance a signed-in buyer has here: the balance, the payment and the goods in one commit.

Locks: the order first, as everywhere, then the buyer's balance.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from http import HTTPStatus
from uuid import UUID

import psycopg
from django.conf import settings
from django.db import transaction

from xinka.accounts.models import User
from xinka.flows.paying.attempts import OrderClosed, is_awaiting, missing_amount
from xinka.flows.settle import Settlement, VerifiedMoney
from xinka.flows.settling import settle_now
from xinka.kernel import ids
from xinka.kernel.errors import Refusal
from xinka.kernel.money import plain_amount
from xinka.ledger.accounts import Account, JournalKind
from xinka.ledger.errors import is_overdraft
from xinka.ledger.models import Entry
from xinka.ledger.models import Journal as WrittenJournal
from xinka.ledger.posting import Journal, Leg, post
from xinka.ledger.queries import balance_of
from xinka.orders.errors import NoSuchChannel
from xinka.orders.models import Order
from xinka.payments.models import Payment
from xinka.payments.states import PaymentState, ReceiptOutcome
from xinka.platform.database.django_drive import run

log = logging.getLogger(__name__)


class WalletTooLow(Refusal):
    """The balance does not cover the order."""

    code = "wallet_too_low"
    status = HTTPStatus.CONFLICT
    zh = "余额不够付 {needs}，没有扣款。换一种付款方式吧。"
    en = "Your balance does not cover {needs}. Nothing was taken; please pay another way."


#: The kind of channel that takes buyers' balances.
BALANCE = "balance"
_HEAD = "wallet/pay"


def balance_of_buyer(user: User, currency: str = "CNY") -> int:
    """Return what somebody may spend here, in minor units."""
    return balance_of(Account.WALLET, user.pk, currency)


def pay_from_balance(payment_id: UUID, *, by: User) -> Settlement | None:
    """Pay one attempt from the balance of ``by``; nothing to do, and no answer, when it was paid before.

    Raises:
        NoSuchChannel: if there are no balances here, or the attempt is for another channel.
        OrderClosed: if the order need not, or cannot, be paid any more; the balance is untouched.
        WalletTooLow: if the balance does not suffice.
    """
    payment = Payment.objects.select_related("channel").filter(id=payment_id).first()
    if payment is None or not settings.WALLET or payment.channel.provider != BALANCE or not payment.channel.on:
        raise NoSuchChannel
    with transaction.atomic():
        order = Order.objects.select_for_update().get(id=payment.order_id)
        payment.refresh_from_db(fields=["state"])
        if payment.state == PaymentState.PAID:
            return None
        if payment.state != PaymentState.PENDING or not is_awaiting(order) or missing_amount(order) != payment.amount:
            raise OrderClosed
        _take(payment, by)
        number = ids.show("pay", payment.id)
        money = VerifiedMoney(payment.channel_id, payment.id, number, payment.amount, payment.currency)
        settlement = settle_now(money)
        if settlement.outcome is not ReceiptOutcome.SETTLED:
            raise OrderClosed  # undoes all of it: what cannot buy the goods never leaves the balance
    log.info("payment.from_balance", extra={"payment": number})
    return settlement


def _take(payment: Payment, by: User) -> None:
    """Debit the balance against the channel, to which the settlement then adds the same amount."""
    legs = (Leg(Account.WALLET, payment.amount, by.pk), Leg(Account.CLEARING, -payment.amount))
    journal = Journal(
        JournalKind.WALLET, _key(payment.id), payment.currency, legs, channel_id=payment.channel_id, by_id=by.pk
    )
    try:
        run(post([journal]))
    except psycopg.errors.CheckViolation as error:
        if not is_overdraft(error):
            raise
        raise WalletTooLow(needs=plain_amount(payment.amount, payment.currency)) from None


def _key(payment_id: UUID) -> str:
    return f"{_HEAD}/{payment_id}"


def order_of_key(keys: Iterable[str]) -> dict[str, UUID]:
    """Return which order each key of a journal of ``pay_from_balance`` paid; other keys are left out."""
    payments = {}
    for key in keys:
        head, _slash, number = key.rpartition("/")
        if head == _HEAD:
            payments[UUID(number)] = key
    found = Payment.objects.filter(id__in=payments).values_list("id", "order_id")
    return {payments[payment_id]: order_id for payment_id, order_id in found}


def payer_of(payment_id: UUID) -> int | None:
    """Return whose balance an attempt was paid from."""
    journal = WrittenJournal.objects.filter(key=_key(payment_id)).values_list("id", flat=True).first()
    if journal is None:
        return None
    return Entry.objects.filter(journal_id=journal, account=Account.WALLET).values_list("owner_id", flat=True).first()
