"""A seller's reserve is one sum for all orders: whoever uses it waits for whoever is using it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from tests import cast
from tests.flows.holding import now, terms
from tests.flows.rows import broken
from tests.flows.waiting import while_uncommitted
from xinka.flows import escrow
from xinka.flows.disputes import chargebacks
from xinka.flows.disputes.chargebacks import Chargeback
from xinka.flows.relay import relay_batch
from xinka.kernel.actors import Actor, Role
from xinka.ledger.accounts import Account, JournalKind
from xinka.ledger.posting import Journal, Leg, post
from xinka.ledger.queries import balances_of_merchant
from xinka.payments.models import Receipt
from xinka.payments.states import RefundReason
from xinka.platform.database.django_drive import run

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
LATER = timedelta(days=400)


def two_released(*, is_matured: bool) -> tuple[cast.Bought, cast.Bought]:
    """Return two orders of 100.00 with 10.00 of each in reserve; the seller has withdrawn all that was available."""
    terms(reserve_bps=1000)
    ware = cast.ware(cast.adas_shop(), 2, sku={"price": 10_000})
    pay_by = cast.channel()
    first, second = (cast.buy(ware.sku, pay_by, contact=f"cy{n}@example.com") for n in range(2))
    for one in (first, second):
        cast.pay(one)
    run(relay_batch())
    for one in (first, second):
        run(escrow.confirm(one.order_id, by=Actor(Role.BUYER)))
    if is_matured:
        run(escrow.mature_due(now() + timedelta(days=60)))
        merchant = first.order.merchant_id
        legs = (Leg(Account.SELLER_AVAILABLE, 18_000, merchant), Leg(Account.BANK_TRUST, -18_000))
        run(post([Journal(JournalKind.PAYOUT_PAID, "all of it", "CNY", legs)]))
    return first, second


def bank_asks(bought: cast.Bought) -> None:
    receipt = Receipt.objects.get(payment_id=bought.payment_id)
    found = Chargeback(receipt.channel_id, receipt.trade_no, "dp_1", receipt.amount)
    chargebacks.open_chargeback(found, now=timezone.now())


def money_of(bought: cast.Bought) -> dict[str, int]:
    found = dict(balances_of_merchant(bought.order.merchant_id))
    return {name: amount for name, amount in found.items() if amount}


def test_a_reserve_is_freed_of_what_a_chargeback_in_the_same_moment_has_left_of_it() -> None:
    first, second = two_released(is_matured=True)
    assert while_uncommitted(lambda: bank_asks(first), lambda: run(escrow.free_reserve_due(now() + LATER))) == 1
    assert money_of(second) == {"receivable": 8000}, "all of both reserves went to the bank"
    assert broken() == []


def test_what_a_chargeback_in_the_same_moment_took_of_the_reserve_the_seller_owes() -> None:
    first, second = two_released(is_matured=False)
    back = escrow.give_back(second.order_id, None, reason=RefundReason.STAFF, key="k", by=Actor(Role.ARBITER, 2))
    assert while_uncommitted(lambda: bank_asks(first), lambda: run(back)) == 10_000
    assert money_of(second) == {"pending": 9000, "receivable": 9000}
    assert broken() == []
