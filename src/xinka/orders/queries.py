"""Reads of orders: one by its number, and those of one buyer."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from xinka.kernel import ids
from xinka.orders.models import Order
from xinka.orders.states import CLOSED_UNPAID, OPEN
from xinka.platform.vault.keys import blind_index

#: How many orders one look-up shows; who has more sees the newest.
SHOWN = 50


def order_by_id(order_id: UUID) -> Order | None:
    """Return an order, or ``None``."""
    return Order.objects.filter(id=order_id).first()


def contact_key(address: str) -> UUID:
    """Return the key by which orders of a normalised address are found."""
    return blind_index("contact").uuid(address.encode())


def orders_of_contacts(contact_keys: Iterable[UUID]) -> QuerySet[Order]:
    """Return the orders sent to any of these addresses, newest first."""
    return Order.objects.filter(contact_key__in=list(contact_keys)).order_by("-placed_at", "-id")


def unpaid_orders_of(amount: int, currency: str, *, since: datetime, until: datetime) -> QuerySet[Order]:
    """Return the orders of a sum that were placed between two moments and are not paid in full, newest first.

    They are found by their numbers, which grow with time, so no more is read than those moments' orders.
    """
    span = Order.objects.filter(id__gte=ids.first_of(since.timestamp()), id__lt=ids.first_of(until.timestamp()))
    wanted = span.filter(amount=amount, currency=currency, state__in=[*OPEN, *CLOSED_UNPAID])
    return wanted.order_by("-id")


def orders_opened_by(contact_key: UUID, password_keys: list[UUID]) -> list[Order]:
    """Return the orders of one address that one of these order passwords opens, newest first.

    It is one statement over the index of addresses whether the address, the password, both or neither are known.
    """
    found = Order.objects.filter(contact_key=contact_key, password_key__in=password_keys).order_by("-placed_at", "-id")
    return list(found[:SHOWN])
