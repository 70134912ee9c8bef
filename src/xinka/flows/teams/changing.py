"""Taking people out of a team and changing what they are: at once, on record, and never unheard."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from xinka.accounts.models import User
from xinka.disputes.reply_templates import forget_own
from xinka.flows.teams.mailing import tell
from xinka.merchants.errors import NotInTeam
from xinka.merchants.models import Merchant, Role
from xinka.merchants.teams import join_team, leave_team, lock_team, part_of, see_that_may_change
from xinka.platform.audit.actions import record


@transaction.atomic
def make_clerk(merchant: Merchant, person: User, *, by: User) -> bool:
    """Make a clerk of an owner; false when they were one already.

    Raises:
        NotInTeam: if they are not in the team.
        OwnerSettlesIn: if whoever asks owns the shop since a short time only.
        LastOwner: if that would leave the team without an owner.
    """
    lock_team(merchant.id)
    part = part_of(person, merchant)
    see_that_may_change(part, by=by, now=timezone.now())
    if join_team(merchant, person, Role.CLERK) == Role.CLERK:
        return False
    tell(record(by, "team.role", f"merchant {merchant.slug}", person=person.pk, before=Role.OWNER, after=Role.CLERK))
    return True


@transaction.atomic
def take_out(merchant: Merchant, person: User, *, by: User) -> None:
    """Take somebody out of a team. The desk is closed to them with their next click, wherever they are signed in.

    Raises:
        NotInTeam, OwnerSettlesIn, LastOwner: as above.
    """
    lock_team(merchant.id)
    see_that_may_change(part_of(person, merchant), by=by, now=timezone.now())
    had = _end(merchant, person)
    tell(record(by, "team.remove", f"merchant {merchant.slug}", person=person.pk, before=had))


@transaction.atomic
def leave(merchant: Merchant, person: User) -> None:
    """Leave a team.

    Raises:
        NotInTeam, LastOwner: as above.
    """
    had = _end(merchant, person)
    if not had:
        raise NotInTeam
    tell(record(person, "team.leave", f"merchant {merchant.slug}", before=had))


def _end(merchant: Merchant, person: User) -> str:
    """Take somebody out, and forget what they had written down for themselves there; return the role they had."""
    had = leave_team(merchant, person)
    if had:
        forget_own(person, merchant.pk)
    return had


@transaction.atomic
def put_in_by_command(merchant: Merchant, person: User, role: Role) -> bool:
    """Take somebody into a team, or change what they are there, by whoever has the server; false when it was so.

    Raises:
        LastOwner: as above.
    """
    had = join_team(merchant, person, role)
    if had == role:
        return False
    subject = f"merchant {merchant.slug}"
    tell(record(None, "team.role", subject, person=person.pk, before=had, after=role, by="command"))
    return True


@transaction.atomic
def take_out_by_command(merchant: Merchant, person: User) -> bool:
    """Take somebody out of a team, by whoever has the server; false when they were not in it.

    Raises:
        LastOwner: as above.
    """
    had = _end(merchant, person)
    if had:
        tell(record(None, "team.remove", f"merchant {merchant.slug}", person=person.pk, before=had, by="command"))
    return bool(had)
