"""The writers of what waits for somebody's answer: invitations into a team, and offers of ownership."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from allauth.account.models import EmailAddress
from django.db import transaction

from xinka.accounts.email_addresses import normalise_email
from xinka.accounts.models import User
from xinka.kernel.ids import new_uuid
from xinka.merchants.errors import (
    AlreadyInTeam,
    InvitationForSomebodyElse,
    InvitationOver,
    NoOffer,
    OfferWaits,
    OwnsAlready,
    TeamFull,
    TooManyInvitations,
)
from xinka.merchants.models import Invitation, InvitationState, Membership, Merchant, OwnershipOffer, Role
from xinka.merchants.policies import KEPT_FOR, MOST_A_DAY, MOST_MEMBERS, WAITS_FOR
from xinka.merchants.teams import join_team, lock_team, part_of

_DAY = timedelta(days=1)


@transaction.atomic
def make_invitation(merchant: Merchant, email: str, *, by: User, language: str, now: datetime) -> Invitation:
    """Write an invitation for whoever has this address, in place of an earlier one whose link then opens nothing.

    Whether there is an account with the address is not looked at: nobody shall find that out here.

    Raises:
        AlreadyInTeam: if somebody of the team has this address.
        TeamFull, TooManyInvitations: if there are as many as a shop may have, or may have sent within a day.
    """
    lock_team(merchant.id)
    address = normalise_email(email)
    if merchant.memberships.filter(user__email=address).exists():
        raise AlreadyInTeam
    if Invitation.objects.filter(merchant=merchant, made_at__gt=now - _DAY).count() >= MOST_A_DAY:
        raise TooManyInvitations(most=MOST_A_DAY)
    waiting = Invitation.objects.filter(merchant=merchant, state=InvitationState.OPEN)
    waiting.filter(email=address).update(state=InvitationState.WITHDRAWN)
    if merchant.memberships.count() + waiting.filter(ends_at__gt=now).count() >= MOST_MEMBERS:
        raise TeamFull(most=MOST_MEMBERS)
    return Invitation.objects.create(
        id=new_uuid(now.timestamp()),
        merchant=merchant,
        email=address,
        by=by,
        language=language,
        made_at=now,
        ends_at=now + WAITS_FOR,
    )


def is_open(invitation: Invitation, now: datetime) -> bool:
    """Whether an invitation can still be answered: its time is not over, and whoever made it still owns the shop."""
    owners = Membership.objects.filter(merchant=invitation.merchant_id, role=Role.OWNER, user__is_active=True)
    is_waiting = bool(invitation.state == InvitationState.OPEN and now < invitation.ends_at)
    return is_waiting and bool(owners.filter(user=invitation.by_id).exists())


def is_for(invitation: Invitation, user: User) -> bool:
    """Whether somebody has the address that was invited, and has proved that it is theirs."""
    if user.email != invitation.email:
        return False
    return bool(EmailAddress.objects.filter(user=user, email=invitation.email, verified=True).exists())


@transaction.atomic
def accept_invitation(invitation_id: UUID, user: User, *, now: datetime) -> Invitation:
    """Take somebody who was invited into the team as a clerk; who is in it already stays what they are.

    Raises:
        InvitationForSomebodyElse: if it was mailed to another address.
        InvitationOver: if it was answered or withdrawn, or its time is over.
    """
    invitation = _answered(invitation_id, user, InvitationState.ACCEPTED, now=now)
    if not Membership.objects.filter(merchant=invitation.merchant, user=user).exists():
        join_team(invitation.merchant, user, Role.CLERK)
    return invitation


@transaction.atomic
def decline_invitation(invitation_id: UUID, user: User, *, now: datetime) -> Invitation:
    """Say no to an invitation.

    Raises:
        InvitationForSomebodyElse, InvitationOver: as above.
    """
    return _answered(invitation_id, user, InvitationState.DECLINED, now=now)


def _answered(invitation_id: UUID, user: User, state: InvitationState, *, now: datetime) -> Invitation:
    invitation = Invitation.objects.select_related("merchant").get(pk=invitation_id)
    lock_team(invitation.merchant_id)
    invitation.refresh_from_db(fields=["state"])
    if not is_for(invitation, user):
        raise InvitationForSomebodyElse
    if not is_open(invitation, now) or not _move(invitation_id, state):
        raise InvitationOver
    return invitation


@transaction.atomic
def withdraw_invitation(merchant: Merchant, invitation_id: UUID) -> bool:
    """End an invitation of this merchant; false when there was none that is open."""
    found = Invitation.objects.filter(pk=invitation_id, merchant=merchant).exists()
    return found and _move(invitation_id, InvitationState.WITHDRAWN)


def _move(invitation_id: UUID, to: InvitationState) -> bool:
    open_one = Invitation.objects.filter(pk=invitation_id, state=InvitationState.OPEN)
    return open_one.update(state=to) == 1


def forget_old_invitations(now: datetime) -> int:
    """Forget who was invited, once the time to answer is long over; return how many."""
    return Invitation.objects.filter(ends_at__lt=now - KEPT_FOR).delete()[0]


@transaction.atomic
def make_offer(merchant: Merchant, to: User, *, by: User, is_shared: bool, now: datetime) -> OwnershipOffer:
    """Offer ownership to somebody of the team, beside oneself or in one's place.

    Raises:
        NotInTeam: if they are not in it.
        OwnsAlready: if they are an owner.
        OfferWaits: if another offer waits for its answer.
    """
    lock_team(merchant.id)
    if part_of(to, merchant).role == Role.OWNER:
        raise OwnsAlready
    if waiting_offer(merchant, now) is not None:
        raise OfferWaits
    OwnershipOffer.objects.filter(merchant=merchant).delete()
    return OwnershipOffer.objects.create(
        merchant=merchant, to=to, by=by, is_shared=is_shared, made_at=now, ends_at=now + WAITS_FOR
    )


def waiting_offer(merchant: Merchant, now: datetime) -> OwnershipOffer | None:
    """Return the offer of ownership that can be answered now: whoever made it still owns the shop."""
    offer = OwnershipOffer.objects.filter(merchant=merchant, ends_at__gt=now).select_related("to", "by").first()
    if offer is None:
        return None
    parts = dict(Membership.objects.filter(merchant=merchant, user__is_active=True).values_list("user_id", "role"))
    stands = parts.get(offer.by_id) == Role.OWNER and parts.get(offer.to_id) == Role.CLERK
    return offer if stands else None


@transaction.atomic
def accept_offer(merchant: Merchant, user: User, *, now: datetime) -> OwnershipOffer:
    """Make an owner of somebody who was offered it, and a clerk of whoever gives it up.

    Raises:
        NoOffer: if none waits for them.
    """
    offer = _take_offer(merchant, now, to=user)
    join_team(merchant, user, Role.OWNER)
    if not offer.is_shared:
        join_team(merchant, offer.by, Role.CLERK)
    return offer


@transaction.atomic
def drop_offer(merchant: Merchant, *, now: datetime, to: User | None = None) -> OwnershipOffer:
    """End an offer of ownership: ``to`` declines it, or without that an owner takes it back.

    Raises:
        NoOffer: if there is none, or not for them.
    """
    return _take_offer(merchant, now, to=to)


def _take_offer(merchant: Merchant, now: datetime, *, to: User | None) -> OwnershipOffer:
    lock_team(merchant.id)
    offer = waiting_offer(merchant, now)
    if offer is None or (to is not None and offer.to_id != to.pk):
        raise NoOffer
    OwnershipOffer.objects.filter(pk=merchant.pk).delete()
    return offer
