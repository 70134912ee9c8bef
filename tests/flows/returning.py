"""Payouts that were paid, and what a bank says when it sends one back; for tests."""

from __future__ import annotations

from tests.cast import adas_shop
from tests.flows.payouts import account, approved, enter, finance
from xinka.flows.payouts.returning import Returned, enter_return
from xinka.flows.payouts.sending import Outcome, make_batch, record_outcomes
from xinka.kernel.ids import new_uuid
from xinka.merchants.models import Merchant
from xinka.payouts.details import AccountKind
from xinka.payouts.models import Payout, PayoutAccount, PayoutReturn

WHY = "户名与账号不符"


def paid(to: PayoutAccount, amount: int = 10_000) -> Payout:
    """Return a payout that a bank's file says is paid."""
    payout = approved(to, amount)
    batch = make_batch(AccountKind.BANK, "CNY", by=finance())
    record_outcomes(batch, [Outcome(payout.id, is_paid=True, reference="B-1")], by=finance())
    payout.refresh_from_db()
    return payout


def shop_with(amount: int = 100_000) -> tuple[Merchant, PayoutAccount]:
    """Return a shop with money that can be withdrawn, and its account."""
    shop = adas_shop()
    enter(shop, amount)
    return shop, account(shop)


def told(payout: Payout, reference: str = "TP-1", *, kept: int = 0, reason: str = WHY) -> Returned:
    """Return what the bank says of a payout."""
    return Returned(payout.id, reason, reference, kept)


def returned(payout: Payout, reference: str = "TP-1", *, kept: int = 0) -> PayoutReturn:
    """Have one person of finance enter that a payout came back."""
    return enter_return(told(payout, reference, kept=kept), key=new_uuid(), by=finance())
