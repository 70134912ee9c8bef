"""The pretend gateway knows the demo's past too: without that, money of its orders could not be given back."""

from __future__ import annotations

import secrets

from django.db import transaction

from xinka.kernel import ids
from xinka.orders.models import Order
from xinka.payments.models import Channel, Payment, Receipt
from xinka.sandbox.models import SandboxEntry, SandboxMerchant, SandboxTrade
from xinka.sandbox.states import EntryKind, TradeState
from xinka.sandbox.trades import OPEN_FOR


@transaction.atomic
def tell_gateway(accounts: dict[str, SandboxMerchant]) -> int:
    """Write a trade for each payment that a channel took and its gateway has not heard of; return how many.

    ``accounts`` are the channels, by slug, each with its account at the gateway. Done again, it does nothing.
    """
    n_told = 0
    for channel in Channel.objects.filter(slug__in=accounts):
        account = accounts[channel.slug]
        unheard = Receipt.objects.filter(channel_id=channel.id).exclude(trade_no__in=account.trades.values("trade_no"))
        receipts = {one.payment_id: one for one in unheard if one.payment_id is not None}
        payments = list(Payment.objects.filter(id__in=receipts))
        titles = dict(Order.objects.filter(id__in=[one.order_id for one in payments]).values_list("id", "title"))
        made = SandboxTrade.objects.bulk_create(
            _trade(account, channel.method, receipts[one.id], one, titles[one.order_id]) for one in payments
        )
        SandboxEntry.objects.bulk_create(
            SandboxEntry(trade=trade, kind=EntryKind.PAYMENT, amount=trade.paid_money, at=receipts[one.id].received_at)
            for trade, one in zip(made, payments, strict=True)
        )
        n_told += len(made)
    return n_told


def _trade(account: SandboxMerchant, method: str, receipt: Receipt, payment: Payment, title: str) -> SandboxTrade:
    return SandboxTrade(
        trade_no=receipt.trade_no,
        merchant=account,
        out_trade_no=ids.show("pay", payment.id),
        token=secrets.token_urlsafe(32),
        type=method,
        name=title,
        currency=receipt.currency,
        money=payment.amount,
        paid_money=receipt.amount,
        state=TradeState.PAID,
        created_at=payment.created_at,
        expires_at=payment.created_at + OPEN_FOR,
        paid_at=receipt.received_at,
    )
