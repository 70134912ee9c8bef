"""Reads of merchants: for whom somebody may work, and who is told what."""

from __future__ import annotations

from xinka.accounts.models import User
from xinka.merchants.models import Membership, Merchant, Role
from xinka.merchants.policies import Duty, may


def memberships_of(user: User) -> list[Membership]:
    """Return what somebody may act for, by the merchant's name."""
    return list(Membership.objects.filter(user=user).select_related("merchant").order_by("merchant__name", "id"))


def membership_of(user: User, merchant_slug: str) -> Membership | None:
    """Return somebody's part in one merchant's team, or ``None`` when there is no such merchant or no such part."""
    found = Membership.objects.filter(user=user, merchant__slug=merchant_slug).select_related("merchant")
    return found.first()


def mailboxes_of(merchant: Merchant, duty: Duty) -> dict[str, str]:
    """Return who hears of what is behind ``duty``: addresses with their languages, each once.

    They are the members whose role has the duty, and the merchant's alarm address.
    """
    roles = [role for role in Role if may(role, duty)]
    members = merchant.memberships.filter(role__in=roles, user__is_active=True).select_related("user")
    people = {member.user.email: member.user.language or "zh-hans" for member in members.order_by("id")}
    if merchant.alert_email:
        people.setdefault(merchant.alert_email, next(iter(people.values()), "zh-hans"))
    return people
