"""The end of an account: the row stays, because the books name it, but nothing in it tells who that was."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db import transaction

from xinka.accounts.models import KnownDevice, Notice, SavedFilter, User
from xinka.platform.audit.actions import record

log = logging.getLogger(__name__)

#: How long somebody may change their mind; long enough that who was not asked sees the mail.
CLOSES_AFTER = timedelta(days=7)


def ask_to_close(person: User, now: datetime) -> datetime:
    """Note that an account shall end; return when. Asking again changes nothing."""
    User.objects.filter(pk=person.pk, closing_at=None, is_active=True).update(closing_at=now + CLOSES_AFTER)
    person.refresh_from_db(fields=["closing_at"])
    return person.closing_at or now


def keep(person: User) -> bool:
    """Take back that an account shall end; false when nobody had asked for it."""
    return User.objects.filter(pk=person.pk, is_active=True).exclude(closing_at=None).update(closing_at=None) == 1


def erase(person: User, now: datetime) -> None:
    """Sign a person out everywhere and forget who it was; the caller holds the row's lock.

    The address is free again. Acts, orders and entries of the books stay under the number alone.
    """
    for session in UserSession.objects.filter(user=person):
        session.end()
    for kind in (EmailAddress, Authenticator, KnownDevice, Notice, SavedFilter):
        kind.objects.filter(user=person).delete()
    person.email = f"closed-{person.pk}@account.invalid"  # RFC 2606, section 2: nobody's, for ever
    person.display_name = person.language = ""
    person.is_active = person.is_superuser = person.refunds_to_balance = False
    person.last_login = person.closing_at = person.second_step_ends_at = None
    person.closed_at = now
    person.set_unusable_password()
    person.save()


@transaction.atomic
def sign_out_everywhere(person: User, *, by: User) -> int:
    """End every session of somebody whose device was lost or is not in their hands; return how many there were.

    Nothing else changes: whoever knows the password, or reads the mailbox, may sign in again.
    """
    sessions = list(UserSession.objects.filter(user=person))
    for session in sessions:
        session.end()
    record(by, "account.sign_out", f"#{person.pk}")
    log.info("account.signed_out_by_staff", extra={"user": person.pk, "by": by.pk, "n": len(sessions)})
    return len(sessions)
