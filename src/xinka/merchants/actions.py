"""The writers of merchants: opened for somebody with an account, suspended, opened again. Teams have their own."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from xinka.accounts.models import User
from xinka.merchants.models import Membership, Merchant, MerchantState, Role


@transaction.atomic
def open_merchant(merchant: Merchant, *, owner: User) -> Merchant:
    """Write a new merchant with its first owner."""
    merchant.save(force_insert=True)
    Membership.objects.create(merchant=merchant, user=owner, role=Role.OWNER)
    return merchant


def set_standing(merchant_id: int, *, to: MerchantState, why: str = "") -> bool:
    """Suspend a merchant, with the reason its owners read, or let it sell again; false when it was so before."""
    others = Merchant.objects.filter(id=merchant_id).exclude(state=to, stopped_at__isnull=True)
    reason = why if to is MerchantState.SUSPENDED else ""
    return others.update(state=to, stopped_at=None, suspended_why=reason) == 1


def set_verified(merchant: Merchant, *, verified: bool) -> None:
    """Note whether staff have checked who the merchant is; the day of the first check stays."""
    if verified != (merchant.verified_at is not None):
        merchant.verified_at = timezone.now() if verified else None
