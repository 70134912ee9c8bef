"""Reads of merchants: for whom somebody may work, and who is told what."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from xinka.accounts.models import User
from xinka.merchants.models import FormerOwner, Invitation, InvitationState, Membership, Merchant, Role
from xinka.merchants.policies import Duty, may


def memberships_of(user: User) -> list[Membership]:
    """Return what somebody may act for, by the merchant's name."""
    return list(Membership.objects.filter(user=user).select_related("merchant").order_by("merchant__name", "id"))


def membership_of(user: User, merchant_slug: str) -> Membership | None:
    """Return somebody's part in one merchant's team, or ``None`` when there is no such merchant or no such part."""
    found = Membership.objects.filter(user=user, merchant__slug=merchant_slug).select_related("merchant")
    return found.first()


def team_of(merchant: Merchant) -> list[Membership]:
    """Return who is in a team, owners first, then by how long they are there."""
    found = Membership.objects.filter(merchant=merchant).select_related("user").order_by("since", "id")
    return sorted(found, key=lambda part: part.role != Role.OWNER)


def invitations_of(merchant: Merchant, now: datetime) -> list[Invitation]:
    """Return the invitations that wait for an answer, the newest first."""
    found = Invitation.objects.filter(
        merchant=merchant, state=InvitationState.OPEN, ends_at__gt=now, by__is_active=True
    )
    return list(found.order_by("-made_at"))


def mailboxes_of(merchant: Merchant, duty: Duty, *, and_former_owners: bool = False) -> dict[str, str]:
    """Return who hears of what is behind ``duty``: addresses with their languages, each once.

    They are the members whose role has the duty, and the merchant's alarm address; for what a thief would do who made
    himself the owner, also those who were owners until lately.
    """
    roles = [role for role in Role if may(role, duty)]
    members = merchant.memberships.filter(role__in=roles, user__is_active=True).select_related("user")
    people = {member.user.email: member.user.language or "zh-hans" for member in members.order_by("id")}
    if and_former_owners:
        lately = FormerOwner.objects.filter(merchant=merchant, hears_until__gt=timezone.now(), user__is_active=True)
        for former in lately.select_related("user").order_by("id"):
            people.setdefault(former.user.email, former.user.language or "zh-hans")
    if merchant.alert_email:
        people.setdefault(merchant.alert_email, next(iter(people.values()), "zh-hans"))
    return people
