"""Who looks after payment channels, and who of them counts as a second person.

A thief who sits at an operator's desk can give a second account a role, or take the roles of everybody else. So a role
given in the office counts only some days later, and one that was taken keeps counting as long: by then the others, who
hear of every change, have seen it. Whoever has the server needs no such trick, so what was done there counts at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from xinka.accounts.models import User
from xinka.accounts.staff_roles import StaffRole
from xinka.platform.audit.models import AuditEntry

KEEPERS = frozenset({StaffRole.OPERATOR, StaffRole.FINANCE})
#: How long a role that was given does not count yet, and one that was taken still does.
SETTLES_AFTER = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class House:
    """Who looks after channels, as one of them finds it.

    Attributes:
        others: who else may confirm now.
        new_until: until when the role of who looks does not count, if so.
        left_until: until when somebody whose role was taken counts as there, if so.
    """

    others: tuple[User, ...]
    new_until: datetime | None
    left_until: datetime | None


def house_of(user: User, now: datetime) -> House:
    """Return how the house stands for somebody who looks after channels."""
    given, taken = _moved_since(now - SETTLES_AFTER)
    others = [one for one in keepers() if one.pk != user.pk and one.pk not in given]
    left = max((at for pk, at in taken.items() if pk != user.pk), default=None)
    new = given.get(user.pk)
    return House(tuple(others), new + SETTLES_AFTER if new else None, left + SETTLES_AFTER if left else None)


def keepers() -> list[User]:
    """Return everybody who looks after channels."""
    found = User.objects.filter(is_staff=True, is_active=True, staff_roles__overlap=sorted(KEEPERS))
    return list(found.order_by("pk"))


def known_as(user: User) -> str:
    """Return how colleagues know somebody: by name, or by the address where they gave none."""
    return user.display_name or user.email


def is_keeper(user: User) -> bool:
    """Whether somebody looks after channels."""
    return user.is_active and user.is_staff and not KEEPERS.isdisjoint(user.staff_roles)


def _moved_since(since: datetime) -> tuple[dict[int, datetime], dict[int, datetime]]:
    """Return who was given such a role in the office since then, and whose was taken, with the last moment of each."""
    given, taken = dict[int, datetime](), dict[int, datetime]()
    for entry in AuditEntry.objects.filter(action="staff.roles", at__gte=since).order_by("id"):
        had, has = (not KEEPERS.isdisjoint(str(entry.details.get(name, "")).split()) for name in ("before", "after"))
        if had != has:
            (given if has else taken)[int(entry.subject.removeprefix("#"))] = entry.at
    return given, taken
