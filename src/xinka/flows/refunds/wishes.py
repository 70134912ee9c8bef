"""Where money that goes back shall go: the way it was paid, or into the balance of a buyer who wishes so.

A wish is asked for at the last moment, when a refund is about to be sent, whoever decided on it: a seller, staff, a
case or the clock. The wish for one order goes before what the case about it says, and that before the account's own.
"""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from xinka.accounts.models import User
from xinka.escrow.custody import has_wallet
from xinka.escrow.models import RefundWish
from xinka.orders.contacts import contact_of
from xinka.orders.models import Order
from xinka.payments.models import Refund
from xinka.payments.states import RefundState, RefundTo


def destination_of(refund: Refund) -> RefundTo:
    """Return where a refund goes that is about to be sent; the caller has locked its order.

    A wish that cannot be fulfilled any more, because the balances are off or the account is gone, is none.
    """
    decided = RefundTo(refund.goes_to)
    if refund.order_id is None or not has_wallet():
        return decided
    wish = RefundWish.objects.filter(order_id=refund.order_id).first()
    if wish is not None and not wish.to_balance:
        return RefundTo.CHANNEL
    user = account_of_buyer(refund.order_id)
    if user is None:
        return decided
    return RefundTo.WALLET if wish is not None or user.refunds_to_balance else decided


def wishes_balance(order_id: UUID, user: User) -> bool:
    """Whether money of this order would go into the balance of ``user``, its buyer, as things are."""
    wish = RefundWish.objects.filter(order_id=order_id).first()
    return has_wallet() and (wish.to_balance if wish is not None else user.refunds_to_balance)


def wish_for_order(order_id: UUID, *, to_balance: bool, by: User) -> bool:
    """Write down where the buyer wants money of an order back; the caller has checked that it is their order.

    Returns:
        Whether no refund of the order was on its way before: those that are go where they were sent.
    """
    with transaction.atomic():
        # Who sends a refund takes the same lock, so a wish is either seen by it or told that it came too late.
        Order.objects.select_for_update(no_key=True).get(id=order_id)
        fields = {"to_balance": to_balance, "by_id": by.pk, "at": timezone.now()}
        RefundWish.objects.update_or_create(order_id=order_id, defaults=fields)
        sent = Refund.objects.filter(order_id=order_id).exclude(state=RefundState.DUE.value)
        return not sent.exists()


def account_of_buyer(order_id: UUID) -> User | None:
    """Return the account whose confirmed address an order was sent to, if there is one."""
    order = Order.objects.filter(id=order_id).first()
    if order is None:
        return None
    address = contact_of(order)
    owned = User.objects.filter(emailaddress__email__iexact=address, emailaddress__verified=True, is_active=True)
    return owned.distinct().first()
