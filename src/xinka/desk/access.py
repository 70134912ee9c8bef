"""Who may see which desk: people sign in, and whoever has no part in a team does not learn that it exists."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase

from xinka.accounts.access_log import tell_refused
from xinka.accounts.models import User
from xinka.disputes.queries import n_for_seller
from xinka.merchants.models import Membership, Merchant
from xinka.merchants.policies import Duty, may
from xinka.merchants.queries import membership_of

Rest = ParamSpec("Rest")


@dataclass(frozen=True)
class Desk:
    """One merchant's desk as one member of its team sees it."""

    membership: Membership

    @property
    def merchant(self) -> Merchant:
        """Whose desk it is."""
        return self.membership.merchant

    @property
    def may_archive(self) -> bool:
        """Whether this person may take products out of the shop for good."""
        return may(self.membership.role, Duty.ARCHIVE_PRODUCTS)

    @property
    def may_export(self) -> bool:
        """Whether this person may take all orders away in a file."""
        return may(self.membership.role, Duty.EXPORT_ORDERS)

    @property
    def may_see_money(self) -> bool:
        """Whether this person may see the balance and what was paid out."""
        return may(self.membership.role, Duty.SEE_MONEY)

    @property
    def may_promote(self) -> bool:
        """Whether this person may make things cheaper."""
        return may(self.membership.role, Duty.PROMOTE)

    @property
    def may_manage_team(self) -> bool:
        """Whether this person decides who is in the team."""
        return may(self.membership.role, Duty.MANAGE_TEAM)

    @cached_property
    def n_cases(self) -> int:
        """How many cases wait for this merchant."""
        return n_for_seller(self.merchant.id)

    @property
    def user_id(self) -> int:
        """Whose work it is."""
        return int(self.membership.user_id)


View = Callable[Concatenate[HttpRequest, Desk, Rest], HttpResponseBase]


def desk_of(request: HttpRequest, merchant: str) -> Desk:
    """Return the desk of a merchant for the person who is signed in.

    Raises:
        Http404: if there is no such merchant, or the person has no part in it.
    """
    membership = membership_of(request.user, merchant) if isinstance(request.user, User) else None
    if membership is None:
        tell_refused(request, "not_in_the_team")
        raise Http404
    return Desk(membership)


def check_duty(request: HttpRequest, desk: Desk, duty: Duty) -> None:
    """Let a member of a team go on with what a duty is for.

    Raises:
        PermissionDenied: if it is not one of their role.
    """
    if not may(desk.membership.role, duty):
        tell_refused(request, "not_your_duty")
        raise PermissionDenied


def for_members(duty: Duty) -> Callable[[View[Rest]], Callable[..., HttpResponseBase]]:
    """Let a view be seen by members of the merchant's team whose role has this duty; it gets their desk."""

    def decorate(view: View[Rest]) -> Callable[..., HttpResponseBase]:
        @login_required
        @wraps(view)
        def guarded(request: HttpRequest, merchant: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
            desk = desk_of(request, merchant)
            check_duty(request, desk, duty)
            return view(request, desk, *args, **kwargs)

        guarded.duty = duty  # type: ignore[attr-defined]  # the tests read it off every address
        return guarded

    return decorate
