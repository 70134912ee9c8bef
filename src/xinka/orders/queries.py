"""Reads of orders: one by its number, and those of one buyer."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models import QuerySet

from xinka.orders.models import Order
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


def orders_opened_by(contact_key: UUID, password_keys: list[UUID]) -> list[Order]:
    """Return the orders of one address that one of these order passwords opens, newest first.

    It is one statement over the index of addresses whether the address, the password, both or neither are known.
    """
    found = Order.objects.filter(contact_key=contact_key, password_key__in=password_keys).order_by("-placed_at", "-id")
    return list(found[:SHOWN])
