"""A seller gives money back without being asked to, all or a part. Where a case is open, it is settled there."""

from __future__ import annotations

from django.db import transaction

from xinka.accounts.models import User
from xinka.escrow.models import GivenBack
from xinka.flows import escrow
from xinka.flows.disputes.money import undisputed_hold_of
from xinka.kernel import ids
from xinka.kernel.actors import Actor, Role
from xinka.orders.models import Order
from xinka.payments.states import RefundReason
from xinka.platform.audit.actions import record
from xinka.platform.database.django_drive import run


def give_back_by_seller(order: Order, amount: int, *, key: str, by: User) -> int:
    """Give ``amount`` of an order back, to where its buyer wishes; the same key gives back once. Return how much.

    Raises:
        BankDecides: if the buyer asked the bank for it.
        CaseIsOpen: if a case is open about it.
        TooMuchBack, KeyTaken, HoldMoved: see :func:`xinka.flows.escrow.give_back`.
    """
    name = f"seller:{order.id}:{key}"
    with transaction.atomic():
        Order.objects.select_for_update(no_key=True).get(id=order.id)
        undisputed_hold_of(order.id, amount)
        is_known = GivenBack.objects.filter(key=name).exists()
        actor = Actor(Role.SELLER, by.pk)
        given = run(escrow.give_back(order.id, amount, reason=RefundReason.SELLER, key=name, by=actor))
        if not is_known:
            record(by, "order.give_back", ids.show("ord", order.id), amount=given, currency=order.currency)
    return given
