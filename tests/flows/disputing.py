"""A delivered order, and the ways its buyer, its seller and staff go on from there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tests import cast
from xinka.accounts.models import User
from xinka.disputes.models import Case
from xinka.disputes.reasons import Reason
from xinka.escrow.models import Hold, Stop
from xinka.flows.disputes import cases
from xinka.flows.disputes.deciding import Verdict
from xinka.flows.escrow import ensure_hold
from xinka.kernel.actors import Actor, Role
from xinka.ledger.models import Entry
from xinka.orders.models import Order
from xinka.platform.database.django_drive import run
from xinka.platform.files.actions import Handed

BUYER, SELLER = Actor(Role.BUYER), Actor(Role.SELLER, 1)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
REASONS = "The code was opened at 21:16 and refused at 21:17; the merchant showed nothing to the contrary."


@dataclass
class Trade:
    """One delivered order with what is around it."""

    ware: cast.Ware
    bought: cast.Bought

    @property
    def order(self) -> Order:
        """The order as it is now."""
        return self.bought.order

    @property
    def hold(self) -> Hold:
        """The hold as it is now."""
        return Hold.objects.get(order_id=self.bought.order_id)

    @property
    def stops(self) -> set[str]:
        """What stops the hold now."""
        open_ones = Stop.objects.filter(order_id=self.bought.order_id, ended_at=None)
        return set(open_ones.values_list("cause", flat=True))

    def complain(self, *positions: int, files: tuple[Handed, ...] = (), question: bool = False) -> Case:
        """Open a case about all pieces or some."""
        complaint = cases.Complaint(Reason.ALREADY_USED, "It says used.", positions, question, files)
        return cases.open_case(self.order, complaint, by=BUYER, now=NOW)


def trade(*, quantity: int = 2, stock: int = 6, **sku: object) -> Trade:
    """Return an order that was just paid and delivered; a piece costs 49.00."""
    ware = cast.ware(cast.adas_shop(), stock, sku=sku)
    bought = cast.buy(ware.sku, cast.channel(), quantity=quantity)
    cast.pay(bought)
    run(ensure_hold(bought.order_id))
    return Trade(ware, bought)


def dee(name: str = "dee") -> User:
    """Somebody of the staff."""
    return cast.person(f"{name}@example.com", staff=True)


def verdict(decision: str, amount: int = 0) -> Verdict:
    """Return a verdict with reasons."""
    from xinka.disputes.states import Decision

    return Verdict(Decision(decision), REASONS, amount)


def in_escrow(bought: cast.Bought) -> int:
    """What the books hold for an order."""
    entries = Entry.objects.filter(order_id=bought.order_id, account=2)
    return -sum(entries.values_list("amount", flat=True))


def later(**span: float) -> datetime:
    """Return a moment after the beginning."""
    return NOW + timedelta(**span)
