"""Whoever looks after money hears of changed roles, and so does the person; nothing is sent when nothing changed."""

from __future__ import annotations

import pytest
from django.core import mail
from django.db import connection

from tests import cast
from xinka.accounts.models import User
from xinka.accounts.staff import OwnRoles
from xinka.accounts.staff_roles import StaffRole
from xinka.flows.staffing import give_roles, mail_roles
from xinka.platform.audit.models import AuditEntry

pytestmark = pytest.mark.django_db


@pytest.fixture
def dee() -> User:
    return cast.person("dee@example.com", staff=True)


def jobs() -> list[int]:
    """Return the entries of the audit that letters are to tell of."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT (args ->> 'entry_id')::int FROM procrastinate_jobs WHERE task_name = 'mail.staff_roles'")
        return [entry for (entry,) in cursor.fetchall()]


def test_operators_finance_and_the_person_hear_of_it_once(dee: User) -> None:
    cast.person("fay@example.com", staff=True, roles=[StaffRole.FINANCE])
    cast.person("kai@example.com", staff=True, roles=[StaffRole.RISK])
    sia = cast.person("sia@example.com")
    User.objects.update(language="en")
    assert give_roles(sia, [StaffRole.SUPPORT], by=dee)
    (entry,) = jobs()
    assert (mail_roles(entry), mail_roles(entry)) == (3, 0)
    assert [letter.to for letter in mail.outbox] == [["dee@example.com"], ["fay@example.com"], ["sia@example.com"]]
    text = str(mail.outbox[1].body)
    for words in ("none", "Support", "dee@example.com"):
        assert words in text, words
    assert "/office/staff" not in text
    assert "/office/staff" in str(mail.outbox[0].body)


def test_nothing_is_sent_when_nothing_was_changed(dee: User) -> None:
    sia = cast.person("sia@example.com")
    assert not give_roles(sia, [], by=dee)
    with pytest.raises(OwnRoles):
        give_roles(dee, [], by=dee)
    assert jobs() == []
    assert AuditEntry.objects.count() == 0
