"""Who gives the parts that people play who work for the marketplace: operators, but nobody to himself."""

from __future__ import annotations

from collections.abc import Collection
from http import HTTPStatus
from typing import TYPE_CHECKING

from django.db import transaction

from xinka.accounts.staff_roles import StaffRole
from xinka.kernel.errors import Refusal
from xinka.platform.audit.actions import record

if TYPE_CHECKING:
    from xinka.accounts.models import User


class OwnRoles(Refusal):
    """Somebody tried to change what they may do themselves."""

    code = "own_roles"
    status = HTTPStatus.FORBIDDEN
    zh = "不能改自己的职责，什么都没改。请另一位运营来改。"
    en = "Nobody changes their own roles; nothing was changed. Ask another operator."


class NoOperator(Refusal):
    """Somebody who is not, or just no longer, an operator tried to give roles."""

    code = "no_operator"
    status = HTTPStatus.FORBIDDEN
    zh = "只有运营能分派职责，什么都没改。"
    en = "Only operators give roles; nothing was changed."


def set_staff_roles(person: User, roles: Collection[StaffRole], *, by: User) -> bool:
    """Give somebody exactly these roles; without any they do not work here any more. Return whether that is new.

    There is an operator left in any case: the one who did it.

    Raises:
        OwnRoles: if it is their own.
        NoOperator: if ``by`` is none, also when that was taken from them a moment ago.
    """
    if person.pk == by.pk:
        raise OwnRoles
    with transaction.atomic():
        people = type(person).objects.select_for_update().order_by("pk")  # two who take each other's wait here
        locked = {one.pk: one for one in people.filter(pk__in=[person.pk, by.pk])}
        actor, found = locked[by.pk], locked[person.pk]
        if not actor.is_active or StaffRole.OPERATOR not in actor.staff_roles:
            raise NoOperator
        wanted = sorted(role.value for role in roles)
        if found.staff_roles == wanted and found.is_staff == bool(wanted):
            return False
        before, found.staff_roles, found.is_staff = found.staff_roles, wanted, bool(wanted)
        found.save(update_fields=["staff_roles", "is_staff"])
        record(by, "staff.roles", f"#{found.pk}", before=" ".join(before), after=" ".join(wanted))
    return True
