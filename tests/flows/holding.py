"""A delivered order whose money is held, and what tests look at of it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.utils import timezone

from tests import cast
from xinka.escrow.models import Hold, HoldStep, Terms
from xinka.flows.relay import relay_batch
from xinka.ledger.accounts import Account
from xinka.ledger.models import Entry
from xinka.platform.database.django_drive import run

DAY = 86_400


def terms(scope: str = "shop", **values: int) -> None:
    """Set the operator's terms."""
    Terms.objects.update_or_create(scope=scope, defaults=values)


def held(*, quantity: int = 1, price: int = 10_000, kind: str = "card_code") -> cast.Bought:
    """Return an order that Cy paid, with its hold made by the relay."""
    sku = cast.ware(cast.adas_shop(), quantity, sku={"price": price}, product={"kind": kind}).sku
    bought = cast.buy(sku, cast.channel(), quantity=quantity)
    cast.pay(bought)
    run(relay_batch())
    return bought


def hold_of(bought: cast.Bought) -> Hold:
    """Return the row as it is now."""
    return Hold.objects.get(order_id=bought.order_id)


def end_of(bought: cast.Bought) -> datetime:
    """Return when its timer is due."""
    due_at = hold_of(bought).due_at
    assert due_at is not None
    return due_at


def books(order_id: UUID) -> dict[str, int]:
    """Return what each account has of an order, without those that have nothing; credits are positive."""
    found: dict[str, int] = {}
    for account, amount in Entry.objects.filter(order_id=order_id).values_list("account", "amount"):
        name = Account(account).name.lower()
        found[name] = found.get(name, 0) - amount
    return {name: amount for name, amount in found.items() if amount}


def history(bought: cast.Bought) -> list[str]:
    """Return the events of a hold, the oldest first."""
    return list(HoldStep.objects.filter(order_id=bought.order_id).order_by("version").values_list("event", flat=True))


def is_about(moment: datetime | None, expected: datetime) -> bool:
    """Whether two moments are the same, give or take what a test run takes."""
    return moment is not None and abs((moment - expected).total_seconds()) < 60


def now() -> datetime:
    """Return this moment."""
    return timezone.now()
