"""The writers of merchants: opened for somebody with an account, renamed, suspended, opened again; their teams."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from xinka.accounts.models import User
from xinka.merchants.errors import LastOwner
from xinka.merchants.models import Membership, Merchant, MerchantState, Role


@transaction.atomic
def open_merchant(merchant: Merchant, *, owner: User) -> Merchant:
    """Write a new merchant with its first owner."""
    merchant.save(force_insert=True)
    Membership.objects.create(merchant=merchant, user=owner, role=Role.OWNER)
    return merchant


@transaction.atomic
def join_team(merchant: Merchant, user: User, role: Role) -> None:
    """Take somebody into a team, or give them another role in it.

    Raises:
        LastOwner: if that would leave the team without an owner.
    """
    if role != Role.OWNER:
        _see_that_an_owner_stays(merchant, without=user)
    Membership.objects.update_or_create(merchant=merchant, user=user, defaults={"role": role})


@transaction.atomic
def leave_team(merchant: Merchant, user: User) -> bool:
    """Take somebody out of a team; false when they were not in it.

    Raises:
        LastOwner: if that would leave the team without an owner.
    """
    _see_that_an_owner_stays(merchant, without=user)
    return Membership.objects.filter(merchant=merchant, user=user).delete()[0] == 1


def _see_that_an_owner_stays(merchant: Merchant, *, without: User) -> None:
    """Raise ``LastOwner`` if nobody else is one; whoever changes the same team meanwhile waits for the end of this."""
    Merchant.objects.select_for_update().get(id=merchant.id)
    owners = Membership.objects.filter(merchant=merchant, role=Role.OWNER, user__is_active=True)
    if owners.filter(user=without).exists() and not owners.exclude(user=without).exists():
        raise LastOwner


def set_standing(merchant_id: int, *, to: MerchantState) -> bool:
    """Suspend a merchant, or let it sell again; false when it was so before."""
    return Merchant.objects.filter(id=merchant_id).exclude(state=to).update(state=to) == 1


def set_verified(merchant: Merchant, *, verified: bool) -> None:
    """Note whether staff have checked who the merchant is; the day of the first check stays."""
    if verified != (merchant.verified_at is not None):
        merchant.verified_at = timezone.now() if verified else None
