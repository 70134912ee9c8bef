"""Reads of merchants: for whom somebody may work."""

from __future__ import annotations

from xinka.accounts.models import User
from xinka.merchants.models import Membership


def memberships_of(user: User) -> list[Membership]:
    """Return what somebody may act for, by the merchant's name."""
    return list(Membership.objects.filter(user=user).select_related("merchant").order_by("merchant__name", "id"))


def membership_of(user: User, merchant_slug: str) -> Membership | None:
    """Return somebody's part in one merchant's team, or ``None`` when there is no such merchant or no such part."""
    found = Membership.objects.filter(user=user, merchant__slug=merchant_slug).select_related("merchant")
    return found.first()
