"""Roles are given by one operator, and everybody who could be cheated by that hears of it at once."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID, uuid5

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from xinka.accounts.models import User
from xinka.accounts.staff import set_staff_roles
from xinka.accounts.staff_roles import LABELS, StaffRole
from xinka.flows.channels.keepers import keepers, known_as
from xinka.platform.audit.models import AuditEntry
from xinka.platform.database.django_drive import run
from xinka.platform.jobs.queue import MAIL, Job, defer
from xinka.platform.mail.letter import Letter
from xinka.platform.mail.sending import send_each

MAIL_ROLES = Job("mail.staff_roles", MAIL, priority=10)
_LETTERS = UUID("6f0c2a57-6d1e-4f0b-9f4e-3a3f5f0e8b11")


def give_roles(person: User, roles: Collection[StaffRole], *, by: User) -> bool:
    """Give somebody exactly these roles, and tell operators, finance and the person; return whether that is new.

    Raises:
        OwnRoles, NoOperator: see :func:`xinka.accounts.staff.set_staff_roles`.
    """
    with transaction.atomic():
        changed = set_staff_roles(person, roles, by=by)
        if changed:
            entry = AuditEntry.objects.filter(action="staff.roles", subject=f"#{person.pk}").order_by("-id")[0]
            run(defer(MAIL_ROLES, [{"entry_id": entry.pk}]))
    return changed


def mail_roles(entry_id: int) -> int:
    """Tell that somebody's roles were changed; return how many letters were new."""
    entry = AuditEntry.objects.get(id=entry_id)
    person = User.objects.get(pk=int(entry.subject.removeprefix("#")))
    readers = {one.pk: one for one in [*keepers(), person] if one.is_active}
    letters = []
    for reader in readers.values():
        language = reader.language or "zh-hans"
        with translation.override(language):
            letters.append(_letter(entry, person, reader, language))
    return send_each(letters)


def _letter(entry: AuditEntry, person: User, reader: User, language: str) -> Letter:
    at = timezone.localtime(entry.at)
    actor = User.objects.filter(pk=entry.actor_id or 0).first()
    is_operator = StaffRole.OPERATOR in reader.staff_roles
    return Letter(
        kind="staff_roles",
        about=uuid5(_LETTERS, f"{entry.pk} {reader.email}"),
        to=reader.email,
        language=language,
        title=_("The staff roles of %(person)s were changed") % {"person": known_as(person)},
        paragraphs=(
            _("Everybody who looks after money here is told of it, so that nobody makes a helper unseen."),
            _("Was that not agreed? Ask an operator now to take it back, and to look into the audit."),
        ),
        facts=(
            (_("Before"), _in_words(entry.details.get("before"))),
            (_("Roles now"), _in_words(entry.details.get("after"))),
            (_("Changed by"), known_as(actor) if actor else entry.actor_name),
            (_("When"), f"{at:%Y-%m-%d %H:%M}"),
        ),
        action=(_("Open the staff page"), f"{settings.SITE_URL}/office/staff") if is_operator else None,
    )


def _in_words(roles: object) -> str:
    names = [str(LABELS[StaffRole(role)]) for role in str(roles or "").split()]
    return ", ".join(names) or _("none")
