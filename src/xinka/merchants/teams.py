"""The writers of teams: who is in them, and as what.

Whoever changes a team holds its merchant's row until the end, so that two owners who take each other out at the same
moment find one owner left; and the lock is one that lets orders of the shop go on.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from xinka.accounts.models import User
from xinka.merchants.errors import LastOwner, NotInTeam, OwnerSettlesIn
from xinka.merchants.models import FormerOwner, Invitation, InvitationState, Membership, Merchant, OwnershipOffer, Role
from xinka.merchants.policies import HEARS_FOR, SETTLES_IN


def lock_team(merchant_id: int) -> None:
    """Wait for whoever changes this team, and keep others waiting until the end of the transaction."""
    Merchant.objects.select_for_update(no_key=True).get(id=merchant_id)


def part_of(user: User, merchant: Merchant) -> Membership:
    """Return somebody's part in a team as it is now.

    Raises:
        NotInTeam: if they have none.
    """
    found = Membership.objects.filter(merchant=merchant, user=user).select_related("user", "merchant").first()
    if found is None:
        raise NotInTeam
    return found


@transaction.atomic
def join_team(merchant: Merchant, user: User, role: Role) -> str:
    """Take somebody into a team, or give them another role in it; return the role they had, empty for none.

    Raises:
        LastOwner: if that would leave the team without an owner.
    """
    lock_team(merchant.id)
    part = Membership.objects.filter(merchant=merchant, user=user).first()
    if part is None:
        Membership.objects.create(merchant=merchant, user=user, role=role)
        return ""
    had = str(part.role)
    if had != role:
        _give(part, role)
    return had


@transaction.atomic
def leave_team(merchant: Merchant, user: User) -> str:
    """Take somebody out of a team; return the role they had, empty when they were not in it.

    Raises:
        LastOwner: if that would leave the team without an owner.
    """
    lock_team(merchant.id)
    part = Membership.objects.filter(merchant=merchant, user=user).first()
    if part is None:
        return ""
    if part.role == Role.OWNER:
        _end_ownership(part)
    OwnershipOffer.objects.filter(merchant=merchant, to=user).delete()
    part.delete()
    return str(part.role)


def see_that_may_change(part: Membership, *, by: User, now: datetime) -> None:
    """Look whether an owner may take the role of somebody in the team, or take them out.

    Raises:
        OwnerSettlesIn: if that somebody is another owner, and whoever asks is one since a short time only.
    """
    mine = part_of(by, part.merchant)
    settled = (mine.owner_since or mine.since) + SETTLES_IN
    if part.role == Role.OWNER and part.user_id != by.pk and now < settled:
        raise OwnerSettlesIn(until=timezone.localtime(settled).strftime("%Y-%m-%d %H:%M"))


def _give(part: Membership, role: Role) -> None:
    if part.role == Role.OWNER:
        _end_ownership(part)
    elif role == Role.OWNER:
        FormerOwner.objects.filter(merchant=part.merchant_id, user=part.user_id).delete()
    part.role, part.owner_since = role, timezone.now() if role == Role.OWNER else None
    part.save(update_fields=["role", "owner_since"])


def _end_ownership(part: Membership) -> None:
    """End what somebody began as an owner; they hear for a while of what is done without them."""
    others = Membership.objects.filter(merchant=part.merchant_id, role=Role.OWNER, user__is_active=True)
    if not others.exclude(pk=part.pk).exists():
        raise LastOwner
    begun = Invitation.objects.filter(merchant=part.merchant_id, by=part.user_id, state=InvitationState.OPEN)
    begun.update(state=InvitationState.WITHDRAWN)
    OwnershipOffer.objects.filter(merchant=part.merchant_id, by=part.user_id).delete()
    FormerOwner.objects.update_or_create(
        merchant_id=part.merchant_id, user_id=part.user_id, defaults={"hears_until": timezone.now() + HEARS_FOR}
    )


def forget_former_owners(now: datetime) -> int:
    """Forget who owned a shop, once they hear of it no more; return how many."""
    return FormerOwner.objects.filter(hears_until__lt=now).delete()[0]
