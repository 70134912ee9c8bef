"""Taking the second step off the sign-in of somebody who lost the phone and the recovery codes.

An operator decides it on a mail, and who has stolen the mailbox writes mails too. So it takes days, in which the
person is told wherever they still are: by mail, and on the pages of every device that is signed in. Whoever has the
second factor after all stops it by using it, and whoever is signed in by pressing a button.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from allauth.account.signals import authentication_step_completed
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from xinka.accounts.models import User
from xinka.accounts.notifying import promise_notice
from xinka.platform.audit.actions import record
from xinka.platform.jobs.each_alone import each_alone

if TYPE_CHECKING:
    from django.http import HttpRequest

log = logging.getLogger(__name__)

#: Long enough that somebody who looks at their mail, or at the shop, every other day can say no.
DROPPED_AFTER = timedelta(days=3)


def connect() -> None:
    """Listen to second factors being used, added and removed."""
    authentication_step_completed.connect(_used, dispatch_uid="accounts.losing_second_factor.used")
    authenticator_added.connect(_added, dispatch_uid="accounts.losing_second_factor.added")
    authenticator_removed.connect(_removed, dispatch_uid="accounts.losing_second_factor.removed")


@transaction.atomic
def ask_to_drop(person: User, now: datetime) -> datetime | None:
    """Note that the second step shall be taken off, and tell its person; return when that will be.

    ``None`` where there is no second step. Asking again changes nothing.
    """
    locked = User.objects.select_for_update().get(pk=person.pk)
    if not Authenticator.objects.filter(user=locked).exists():
        return None
    if locked.second_step_ends_at is None:
        locked.second_step_ends_at = now + DROPPED_AFTER
        locked.save(update_fields=["second_step_ends_at"])
        record(None, "account.ask_to_drop_second_factor", f"#{locked.pk}")
        day = timezone.localtime(locked.second_step_ends_at).strftime("%Y-%m-%d %H:%M")
        _tell(locked, "accounts/email/second_factor_ends", now, day=day)
    person.second_step_ends_at = locked.second_step_ends_at
    return locked.second_step_ends_at


@transaction.atomic
def keep(person: User) -> bool:
    """Leave the second step where it is after all, and say so to its person; false when nobody wanted it off."""
    waiting = User.objects.filter(pk=person.pk).exclude(second_step_ends_at=None)
    if not waiting.update(second_step_ends_at=None):
        return False
    log.info("account.second_step_kept", extra={"user": person.pk})
    _tell(person, "accounts/email/second_factor_stays", timezone.now())
    return True


@transaction.atomic
def drop(person: User) -> int:
    """Take the second step off somebody's sign-in, sign them out and have them told; return how many factors went."""
    _, per_kind = Authenticator.objects.filter(user=person).delete()
    for session in UserSession.objects.filter(user=person):
        session.end()
    User.objects.filter(pk=person.pk).update(second_step_ends_at=None)
    record(None, "account.drop_second_factor", f"#{person.pk}")
    _tell(person, "accounts/email/second_factor_dropped", timezone.now())
    return per_kind.get("mfa.Authenticator", 0)


def drop_due(now: datetime) -> int:
    """Take off the second steps whose days are over; return how many."""
    due = User.objects.filter(second_step_ends_at__lte=now, is_active=True).order_by("pk")
    return sum(each_alone((f"account {person.pk}", partial(_drop_if_due, person, now)) for person in due).values())


@transaction.atomic
def _drop_if_due(person: User, now: datetime) -> bool:
    """Do it unless its person has kept it a moment ago."""
    locked = User.objects.select_for_update().filter(pk=person.pk, second_step_ends_at__lte=now).first()
    if locked is None:
        return False
    drop(locked)
    return True


def _used(request: HttpRequest, user: User, method: str, **_: Any) -> None:  # noqa: ARG001 -- the signal's
    if method == "mfa":
        keep(user)


def _added(user: User, **_: Any) -> None:
    """Somebody who has set up a new one needs nothing taken off; it would go with the lost one."""
    keep(user)


def _removed(user: User, **_: Any) -> None:
    if not Authenticator.objects.filter(user=user).exists():
        User.objects.filter(pk=user.pk).update(second_step_ends_at=None)


def _tell(person: User, kind: str, now: datetime, **facts: str) -> None:
    whom = {"email": person.email, "language": person.language or settings.LANGUAGE_CODE}
    promise_notice(kind, person, {**whom, **facts}, now=now)
