"""Which rooms of the office whom they are open to: the one table of permissions, and the guard at every door.

Four eyes are not here: where two people are needed, the flow itself looks that they are two.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from http import HTTPStatus
from typing import Concatenate, ParamSpec, cast

from django.http import HttpRequest, HttpResponseBase

from xinka.accounts.access_log import tell_refused
from xinka.accounts.models import User
from xinka.accounts.policies import require_staff, signed_in
from xinka.accounts.staff_roles import StaffRole
from xinka.kernel.errors import Refusal

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


class Room(StrEnum):
    """A part of the office whose pages and acts belong together."""

    TASKS = "tasks"
    ORDERS = "orders"
    CASES = "cases"
    CHARGEBACKS = "chargebacks"
    SHARED_TEMPLATES = "shared_templates"
    HOLDS = "holds"
    STOPS = "stops"
    FREEZES = "freezes"
    SPLITS = "splits"
    TERMS = "terms"
    REFUNDS = "refunds"
    TRANSFERS = "transfers"
    PAYOUTS = "payouts"
    BILLS = "bills"
    BOOKS = "books"
    CHANNELS = "channels"
    PROMOTIONS = "promotions"
    MERCHANTS = "merchants"
    CATEGORIES = "categories"
    SYSTEM = "system"
    AUDIT = "audit"
    STAFF = "staff"


_OPERATOR = frozenset({StaffRole.OPERATOR})
_MONEY = _OPERATOR | {StaffRole.FINANCE}

OPEN_TO: dict[Room, frozenset[StaffRole]] = {
    Room.TASKS: frozenset(StaffRole),
    Room.ORDERS: _MONEY | {StaffRole.SUPPORT, StaffRole.RISK},
    Room.CASES: _OPERATOR | {StaffRole.SUPPORT},
    Room.CHARGEBACKS: _MONEY,
    Room.SHARED_TEMPLATES: _OPERATOR,
    Room.HOLDS: _MONEY | {StaffRole.SUPPORT, StaffRole.RISK},
    Room.STOPS: _OPERATOR | {StaffRole.RISK},
    Room.FREEZES: _OPERATOR | {StaffRole.RISK},
    Room.SPLITS: _MONEY,
    Room.TERMS: _MONEY,
    Room.REFUNDS: _MONEY,
    Room.TRANSFERS: _MONEY,
    Room.PAYOUTS: _MONEY,
    Room.BILLS: _MONEY,
    Room.BOOKS: _MONEY,
    Room.CHANNELS: _MONEY,
    Room.PROMOTIONS: _MONEY,
    Room.MERCHANTS: _OPERATOR | {StaffRole.REVIEW, StaffRole.RISK},
    Room.CATEGORIES: _OPERATOR | {StaffRole.REVIEW},
    Room.SYSTEM: _OPERATOR,
    Room.AUDIT: _OPERATOR | {StaffRole.RISK},
    Room.STAFF: _OPERATOR,
}


class NotYourRoom(Refusal):
    """Somebody of staff asked for a page that belongs to other roles."""

    code = "not_your_room"
    status = HTTPStatus.FORBIDDEN
    zh = "这一页不在你的职责范围内。需要的话，请运营给你加上相应的职责。"
    en = "This page belongs to other roles than yours. If you need it, ask an operator for the role."


def may_enter(user: User, room: Room) -> bool:
    """Whether a room is open to somebody."""
    return user.is_staff and not OPEN_TO[room].isdisjoint(user.staff_roles)


def rooms_of(user: User) -> frozenset[Room]:
    """Return the rooms that are open to somebody."""
    return frozenset(room for room in Room if may_enter(user, room))


def check_room(request: HttpRequest, room: Room) -> None:
    """Let somebody of staff go on in a room.

    Raises:
        NotYourRoom: if it is not open to them.
    """
    check_any_room(request, room)


def check_any_room(request: HttpRequest, *rooms: Room) -> None:
    """Let somebody of staff go on to whom one of these rooms is open.

    Raises:
        NotYourRoom: if none of them is.
    """
    if not any(may_enter(signed_in(request), room) for room in rooms):
        tell_refused(request, "not_your_room")
        raise NotYourRoom


def for_staff(*rooms: Room) -> Callable[[View[P]], View[P]]:
    """Let a view be used by staff to whom one of these rooms is open; to people outside it does not exist."""

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def inside(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            check_any_room(request, *rooms)
            return view(request, *args, **kwargs)

        guarded = require_staff(cast("View[P]", inside))
        guarded.rooms = rooms  # type: ignore[attr-defined]  # the tests read it off every address
        return guarded

    return decorate
