"""Cy, who has a balance and an account for payouts, for tests of paying it out."""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.utils import timezone

from tests import cast
from tests.flows.payouts import BANK, finance
from xinka.accounts.models import User
from xinka.flows.payouts import asking, review
from xinka.flows.payouts.accounts import add_account
from xinka.ledger.accounts import Account, JournalKind
from xinka.ledger.posting import Journal, Leg, post
from xinka.ledger.queries import balance_of
from xinka.payouts.details import AccountDetails
from xinka.payouts.models import Payout, PayoutAccount
from xinka.payouts.payees import Payee
from xinka.platform.database.django_drive import run


def cy(amount: int = 10_000, email: str = cast.CY) -> User:
    """Return Cy with so much on the balance, as refunds bring it there."""
    person = cast.person(email)
    fill(person, amount)
    return person


def fill(person: User, amount: int, currency: str = "CNY") -> None:
    """Put money into a balance."""
    legs = (Leg(Account.BANK_TRUST, amount), Leg(Account.WALLET, -amount, person.pk))
    run(post([Journal(JournalKind.WALLET, f"test/{secrets.token_hex(8)}", currency, legs)]))


def account(person: User, details: AccountDetails = BANK, *, days_old: int = 3) -> PayoutAccount:
    """Return an account of a buyer that was added some days ago."""
    added_at = timezone.now() - timedelta(days=days_old)
    return add_account(Payee.of_buyer(person.pk), details, by=person, now=added_at)


def wish(to: PayoutAccount, amount: int, *, key: str = "", currency: str = "CNY") -> asking.Wish:
    """Return what a buyer wants."""
    return asking.Wish(to.payee, to.id, amount, currency, key or secrets.token_hex(8))


def asked(to: PayoutAccount, amount: int) -> Payout:
    """Return a payout that a buyer asked for."""
    return asking.ask(wish(to, amount), by=to.added_by)


def approved(to: PayoutAccount, amount: int) -> Payout:
    """Return a payout of a buyer that as many people of finance as are needed have approved."""
    payout = asked(to, amount)
    for _ in range(review.approvals_needed(payout)):
        payout = review.approve(payout.id, by=finance())
    return payout


def money_of(person: User, currency: str = "CNY") -> tuple[int, int]:
    """Return what is in the balance, and what is on its way out."""
    books = (Account.WALLET, Account.WALLET_IN_TRANSIT)
    return balance_of(books[0], person.pk, currency), balance_of(books[1], person.pk, currency)
