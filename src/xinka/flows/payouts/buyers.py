"""A buyer's balance on one page: what is there, what is on its way out, and every movement with what caused it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from xinka.disputes.models import Case
from xinka.disputes.states import CaseKind
from xinka.flows.paying.wallet import order_of_key
from xinka.flows.payouts.payees import least_for
from xinka.kernel.money import HOME, home_first
from xinka.ledger.accounts import Account, JournalKind
from xinka.ledger.models import Balance, Entry
from xinka.ledger.models import Journal as WrittenJournal
from xinka.ledger.queries import balance_of
from xinka.ledger.words import KINDS
from xinka.payouts.models import Payout, PayoutHold
from xinka.payouts.payees import Payee
from xinka.payouts.queries import standing_hold

_CAME: dict[JournalKind, Promise] = {
    JournalKind.WALLET: _("Money back for an order"),
    JournalKind.GIFT_CARD: _("From a gift card"),
    JournalKind.REFERRAL: _("For recommending"),
    JournalKind.PAYOUT_FAILED: _("Back from a payout"),
    JournalKind.PAYOUT_RETURNED: _("A payout was returned by the bank"),
}
_WENT: dict[JournalKind, Promise] = {
    JournalKind.WALLET: _("Paid an order"),
    JournalKind.PAYOUT_ASKED: _("Taken for a payout"),
}


@dataclass(frozen=True, slots=True)
class BuyerMoney:
    """A buyer's money in one currency, in minor units."""

    currency: str
    available: int
    in_transit: int
    hold: PayoutHold | None
    #: The smallest payout there can be now.
    least: int

    @property
    def most(self) -> int:
        """The largest payout there can be now."""
        return 0 if self.hold else self.available


@dataclass(frozen=True, slots=True)
class Movement:
    """One entry of a balance: what it was, how much came (or, below zero, went), and what was there afterwards."""

    at: datetime
    words: str
    amount: int
    after: int
    order_id: UUID | None


def currencies_of_buyer(user_id: int) -> list[str]:
    """Return the currencies somebody has, or had, a balance in; the shop's own first."""
    found = Balance.objects.filter(owner_id=user_id, account__in=[Account.WALLET, Account.WALLET_IN_TRANSIT])
    return home_first({*found.values_list("currency", flat=True), HOME})


def money_of_buyer(user_id: int, currency: str = HOME) -> BuyerMoney:
    """Return where a buyer's money is."""
    payee = Payee.of_buyer(user_id)
    available = balance_of(Account.WALLET, user_id, currency)
    return BuyerMoney(
        currency=currency,
        available=available,
        in_transit=balance_of(Account.WALLET_IN_TRANSIT, user_id, currency),
        hold=standing_hold(payee),
        least=least_for(payee, currency, available),
    )


def has_had_balance(user_id: int) -> bool:
    """Whether somebody has, or ever had, a balance here or an open payout of one."""
    return Balance.objects.filter(owner_id=user_id, account=Account.WALLET).exists()


def entries_of(user_id: int, currency: str = HOME) -> QuerySet[Entry]:
    """Return the entries of a balance, the newest first."""
    found = Entry.objects.filter(account=Account.WALLET, owner_id=user_id, currency=currency)
    return found.order_by("-at", "-journal_id")


def movements(user_id: int, currency: str = HOME, *, offset: int = 0, limit: int = 30) -> list[Movement]:
    """Return movements of a balance, the newest first, each with the balance after it."""
    found = entries_of(user_id, currency)
    newer = found.filter(pk__in=found.values("pk")[:offset]).aggregate(sum=Sum("amount"))["sum"] or 0 if offset else 0
    after = balance_of(Account.WALLET, user_id, currency) + newer
    entries = list(found[offset : offset + limit])
    paid = _orders_paid(entries)
    told = []
    for entry in entries:
        order_id = entry.order_id or paid.get(entry.journal_id)
        told.append(Movement(entry.at, _words(entry), -entry.amount, after, order_id))
        after += entry.amount
    return told


def _words(entry: Entry) -> str:
    kind = JournalKind(entry.kind)
    return str((_CAME if entry.amount < 0 else _WENT).get(kind, KINDS[kind]))


def _orders_paid(entries: Sequence[Entry]) -> dict[UUID, UUID]:
    """Return the order that each journal of paying from the balance was for."""
    journals = [entry.journal_id for entry in entries if entry.kind == JournalKind.WALLET and entry.amount > 0]
    keys = dict(WrittenJournal.objects.filter(id__in=journals).values_list("id", "key"))
    orders = order_of_key(keys.values())
    return {journal: orders[key] for journal, key in keys.items() if key in orders}


def contested_orders(payout: Payout) -> list[UUID]:
    """Return the orders whose money came back into this buyer's balance though their payment was charged back too.

    Then the same money may have gone back twice: a person has to look before it leaves.
    """
    if payout.buyer_id is None:
        return []
    fed = Entry.objects.filter(account=Account.WALLET, owner_id=payout.buyer_id, amount__lt=0, order_id__isnull=False)
    found = Case.objects.filter(kind=CaseKind.CHARGEBACK.value, order_id__in=fed.values("order_id"))
    return list(found.order_by("id").values_list("order_id", flat=True).distinct()[:20])
