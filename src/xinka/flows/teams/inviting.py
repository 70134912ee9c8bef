"""Inviting somebody into a team by mail. Nobody learns here whether an address has an account.

The mail is the same for everybody. Its link opens a page, and the place in the team is for whoever signs in with the
very address that it was mailed to: a link that was passed on, or read in a log, opens nothing.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from xinka.accounts.models import User
from xinka.flows.teams.mailing import MAIL_INVITATION, tell
from xinka.kernel import ids
from xinka.kernel.errors import BadIdentifier
from xinka.merchants.access import PREFIX, allows_link
from xinka.merchants.errors import InvitationNotFound, InvitationOver
from xinka.merchants.invitations import (
    accept_invitation,
    decline_invitation,
    make_invitation,
    withdraw_invitation,
)
from xinka.merchants.models import Invitation, Merchant
from xinka.platform.audit.actions import record
from xinka.platform.database.django_drive import run
from xinka.platform.jobs.queue import defer


@transaction.atomic
def invite(merchant: Merchant, email: str, *, by: User, language: str, now: datetime) -> Invitation:
    """Invite somebody to be a clerk; they get a mail with a link, and the owners are told.

    Raises:
        AlreadyInTeam, TeamFull, TooManyInvitations: see :func:`xinka.merchants.invitations.make_invitation`.
    """
    made = make_invitation(merchant, email, by=by, language=language, now=now)
    run(defer(MAIL_INVITATION, [{"subject": made.id}]))
    tell(record(by, "team.invite", f"merchant {merchant.slug}", invitation=ids.show(PREFIX, made.id)))
    return made


@transaction.atomic
def withdraw(merchant: Merchant, invitation_id: UUID, *, by: User) -> None:
    """End an invitation; its link opens nothing any more.

    Raises:
        InvitationOver: if it is not open.
    """
    if not withdraw_invitation(merchant, invitation_id):
        raise InvitationOver
    record(by, "team.uninvite", f"merchant {merchant.slug}", invitation=ids.show(PREFIX, invitation_id))


def invitation_at(shown_id: str, proof: str) -> Invitation:
    """Return the invitation behind a link, open or over.

    Raises:
        InvitationNotFound: if the link is not one of ours, or it is not kept any more.
    """
    try:
        identifier = ids.parse(PREFIX, shown_id)
    except BadIdentifier:
        raise InvitationNotFound from None
    if not allows_link(identifier, proof):
        raise InvitationNotFound
    found = Invitation.objects.select_related("merchant").filter(pk=identifier).first()
    if found is None:
        raise InvitationNotFound
    return found


@transaction.atomic
def accept(invitation: Invitation, user: User, *, now: datetime) -> Invitation:
    """Join the team as a clerk; the owners are told.

    Raises:
        InvitationForSomebodyElse, InvitationOver: see :func:`xinka.merchants.invitations.accept_invitation`.
    """
    done = accept_invitation(invitation.id, user, now=now)
    shown = ids.show(PREFIX, done.id)
    tell(record(user, "team.join", f"merchant {done.merchant.slug}", invitation=shown))
    return done


@transaction.atomic
def decline(invitation: Invitation, user: User, *, now: datetime) -> None:
    """Say no; the owners see it by the invitation being gone.

    Raises:
        InvitationForSomebodyElse, InvitationOver: as above.
    """
    done = decline_invitation(invitation.id, user, now=now)
    shown = ids.show(PREFIX, done.id)
    record(user, "team.decline", f"merchant {done.merchant.slug}", invitation=shown)
