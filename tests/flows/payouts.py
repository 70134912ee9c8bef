"""Ada's balance and accounts, for tests of payouts."""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.utils import timezone

from tests.cast import person
from xinka.accounts.models import User
from xinka.flows.payouts import asking, review
from xinka.flows.payouts.accounts import add_account
from xinka.flows.payouts.asking import Wish
from xinka.kernel.ids import new_uuid
from xinka.ledger.accounts import Account, JournalKind
from xinka.ledger.posting import Journal, Leg, post
from xinka.ledger.queries import balances_of_merchant
from xinka.merchants.models import Merchant
from xinka.payouts.details import AccountDetails, AccountKind
from xinka.payouts.models import Payout, PayoutAccount
from xinka.payouts.payees import Payee
from xinka.platform.database.django_drive import run

BANK = AccountDetails(AccountKind.BANK, "林小满", "6222021234567890123", bank="招商银行")
ALIPAY = AccountDetails(AccountKind.ALIPAY, "林小满", "lin@mail.example")
WECHAT = AccountDetails(AccountKind.WECHAT, "林小满", "o-MYE42l80oelYMDE34nYD456Xoy")
PAYPAL = AccountDetails(AccountKind.PAYPAL, "Lin Xiaoman", "lin@mail.example")


def enter(merchant: Merchant, amount: int, account: Account = Account.SELLER_AVAILABLE, currency: str = "CNY") -> None:
    """Give a merchant money in an account of theirs, as a release that has matured does."""
    legs = (Leg(Account.BANK_TRUST, amount), Leg(account, -amount, merchant.id))
    run(post([Journal(JournalKind.MATURE, f"test/{secrets.token_hex(8)}", currency, legs)]))


def owe(merchant: Merchant, amount: int) -> None:
    """Have a merchant owe the shop money, as after a chargeback of something paid out."""
    legs = (Leg(Account.SELLER_RECEIVABLE, amount, merchant.id), Leg(Account.SUSPENSE, -amount))
    run(post([Journal(JournalKind.CHARGEBACK_OPENED, f"test/{secrets.token_hex(8)}", "CNY", legs)]))


def ada_of(merchant: Merchant) -> User:
    """Return the merchant's owner."""
    return merchant.memberships.get(role="owner").user


def account(merchant: Merchant, details: AccountDetails = BANK, *, days_old: int = 3) -> PayoutAccount:
    """Return an account that was added some days ago."""
    return add_account(
        Payee.of_merchant(merchant.id), details, by=ada_of(merchant), now=timezone.now() - timedelta(days=days_old)
    )


def wish(to: PayoutAccount, amount: int, *, key: str = "", currency: str = "CNY") -> Wish:
    """Return what Ada wants."""
    return Wish(to.payee, to.id, amount, currency, key or new_uuid().hex)


def asked(to: PayoutAccount, amount: int, currency: str = "CNY") -> Payout:
    """Return a payout that Ada asked for."""
    return asking.ask(wish(to, amount, currency=currency), by=to.added_by)


def approved(to: PayoutAccount, amount: int, currency: str = "CNY") -> Payout:
    """Return a payout that as many people of finance as are needed have approved."""
    payout = asked(to, amount, currency)
    for _ in range(review.approvals_needed(payout)):
        payout = review.approve(payout.id, by=finance())
    return payout


def finance() -> User:
    """Return somebody of finance, another each time."""
    return person(f"finance-{secrets.token_hex(4)}@example.com", staff=True)


def money_of(merchant: Merchant) -> tuple[int, int, int]:
    """Return what is available, in transit and owed."""
    found = balances_of_merchant(merchant.id)
    return found["available"], found["in_transit"], found["receivable"]
