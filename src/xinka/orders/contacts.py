"""An order's contact in the clear or masked, as long as it is kept."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.db.models import F
from django.utils.translation import gettext

from xinka.orders.access import contact_place
from xinka.orders.contact import mask_contact
from xinka.orders.models import Order
from xinka.platform.vault.keys import open_envelope


def is_forgotten(order: Order) -> bool:
    """Whether an order is so old that whom it went to is not kept any more."""
    return not bytes(order.contact)


def contact_of(order: Order) -> str:
    """Return the buyer's address in the clear; empty when it is not kept any more."""
    return "" if is_forgotten(order) else open_envelope(order.contact, contact_place(order.id)).decode()


def shown_contact(order: Order) -> str:
    """Return the buyer's address with most of its name hidden, or why there is none."""
    return gettext("not kept any more") if is_forgotten(order) else mask_contact(contact_of(order))


def forget_contacts(order_ids: Collection[UUID]) -> None:
    """Remove whom orders went to and what they were opened by; the caller holds their locks.

    The key becomes the order's own number: nobody's contact has it, and no two orders share it. What the order was
    asked for is not compared any more, and the hash of it was made of the contact, too.
    """
    Order.objects.filter(id__in=order_ids).update(contact=b"", contact_key=F("id"), password_key=None, request_hash=0)
