"""A merchant's money on one page: where each part of it is, and when it moves on by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, F, QuerySet, Sum
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import TruncDate

from xinka.escrow.models import Hold
from xinka.escrow.states import OPEN, HoldState
from xinka.flows.payouts.payees import fee_for
from xinka.kernel.money import HOME, home_first
from xinka.ledger.models import Balance
from xinka.ledger.queries import balances_of_merchant
from xinka.payouts.models import PayoutHold
from xinka.payouts.payees import Payee
from xinka.payouts.queries import standing_hold

_IN_ESCROW = F("amount") - F("refunded") - F("released") - F("seized_held")
_SHARE = F("released") + F("subsidy") - F("commission") - F("reserved") - F("seized_net")


@dataclass(frozen=True, slots=True)
class Due:
    """What moves on together: the day, or none while something stops it."""

    day: date | None
    amount: int
    n_orders: int


@dataclass(frozen=True, slots=True)
class MerchantMoney:
    """All of a merchant's money in one currency, in minor units."""

    currency: str
    in_escrow: int
    pending: int
    available: int
    reserve: int
    in_transit: int
    owed: int
    frozen: int
    released: list[Due]
    to_be_released: list[Due]
    hold: PayoutHold | None
    #: The largest payout there can be now: what is owed and the fee come off first.
    most: int


def currencies_of(merchant_id: int) -> list[str]:
    """Return the currencies a merchant has money in, held or released, or had released once; the shop's own first."""
    found = set(Balance.objects.filter(owner_id=merchant_id, account__lt=12).values_list("currency", flat=True))
    live = Hold.objects.filter(merchant_id=merchant_id, state__in=OPEN)
    found |= set(live.values_list("currency", flat=True).distinct())
    return home_first(found | {HOME})


def money_of(merchant_id: int, currency: str = HOME) -> MerchantMoney:
    """Return where a merchant's money is."""
    books = balances_of_merchant(merchant_id, currency)
    holds = Hold.objects.filter(merchant_id=merchant_id, currency=currency)
    payee = Payee.of_merchant(merchant_id)
    hold = standing_hold(payee)
    to_come = _by_day(holds.filter(state__in=[HoldState.HELD, HoldState.FROZEN]), _IN_ESCROW)
    return MerchantMoney(
        currency=currency,
        in_escrow=sum(due.amount for due in to_come),
        pending=books["pending"],
        available=books["available"],
        reserve=books["reserve"],
        in_transit=books["in_transit"],
        owed=books["receivable"],
        frozen=books["frozen"],
        released=_by_day(holds.filter(state=HoldState.AFTERSALE), _SHARE),
        to_be_released=to_come,
        hold=hold,
        most=0 if hold else fee_for(payee, currency).most(max(0, books["available"] - books["receivable"])),
    )


def _by_day(holds: QuerySet[Hold], amount: CombinedExpression) -> list[Due]:
    rows = (
        holds.annotate(day=TruncDate("due_at"))
        .values("day")
        .annotate(sum=Sum(amount), n=Count("order_id"))
        .order_by(F("day").asc(nulls_last=True))
    )
    return [Due(row["day"], int(row["sum"]), int(row["n"])) for row in rows if row["sum"]]
