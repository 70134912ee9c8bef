"""What differs between paying a merchant and paying a buyer: accounts of the books, locks, terms, names."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

from xinka.accounts.models import User
from xinka.kernel.actors import Role
from xinka.ledger.accounts import Account
from xinka.merchants.models import Merchant
from xinka.payouts.fees import Fee
from xinka.payouts.models import OfPayee
from xinka.payouts.payees import Payee


@dataclass(frozen=True, slots=True)
class Books:
    """Where a payee's money stands: to be withdrawn, and on its way out."""

    available: Account
    in_transit: Account


def books_of(payee: Payee) -> Books:
    """Return the accounts a payout moves money between."""
    if payee.is_buyer:
        return Books(Account.WALLET, Account.WALLET_IN_TRANSIT)
    return Books(Account.SELLER_AVAILABLE, Account.SELLER_IN_TRANSIT)


def lock_payee(payee: Payee) -> None:
    """Wait for, and hold, the payee's row; rows that merely refer to it are not kept waiting."""
    model = User if payee.is_buyer else Merchant
    model.objects.select_for_update(no_key=True).values_list("id").get(id=payee.owner_id)


def fee_for(payee: Payee, currency: str) -> Fee:
    """Return what a payout costs; buyers have their own money back and pay nothing for it."""
    return Fee() if payee.is_buyer else Fee(settings.PAYOUT_FEE_FIXED.of(currency), settings.PAYOUT_FEE_BPS)


def least_for(payee: Payee, currency: str, available: int) -> int:
    """Return the smallest payout there can be, in minor units; a buyer may always have all that is there."""
    least: int = settings.PAYOUT_MINIMUM.of(currency)
    return max(1, min(least, available)) if payee.is_buyer else least


def role_of(payee: Payee) -> Role:
    """Return in which part a payee acts on a payout of their own."""
    return Role.BUYER if payee.is_buyer else Role.SELLER


def name_of(row: OfPayee) -> str:
    """Return what staff, and only staff, call the payee of a row: a merchant's name, or a buyer's address."""
    return row.buyer.email if row.buyer is not None else row.merchant.name if row.merchant is not None else ""


def title_for(row: OfPayee) -> str:
    """Return what a payee reads beside the money at their bank or gateway."""
    if row.merchant is not None:
        return row.merchant.name
    return urlsplit(settings.SITE_URL).hostname or ""
