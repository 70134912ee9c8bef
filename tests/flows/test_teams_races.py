"""Two people change a team at the same moment: an owner stays, and an invitation is used once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.utils import timezone

from tests import cast
from xinka.accounts.models import User
from xinka.flows.teams import changing, inviting
from xinka.kernel.errors import Refusal
from xinka.merchants import teams
from xinka.merchants.models import Invitation, InvitationState, Membership, Merchant, Role
from xinka.merchants.policies import SETTLES_IN

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts: Callable[[], object]) -> list[str]:
    """Do all of it at the same moment; return what each came to, sorted."""
    start = Barrier(len(acts))

    def one(act: Callable[[], object]) -> str:
        start.wait()
        try:
            act()
        except Refusal as refusal:
            return refusal.code
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(len(acts)) as threads:
        return sorted(threads.map(one, acts))


def two_owners() -> tuple[Merchant, User, User]:
    """Return a shop of two owners who have been that for long."""
    shop = cast.adas_shop()
    Membership.objects.update(role=Role.OWNER)
    Membership.objects.update(since=timezone.now() - SETTLES_IN * 2)
    ada, bo = User.objects.order_by("email")
    return shop, ada, bo


def owners(shop: Merchant) -> int:
    """Return how many own it."""
    return Membership.objects.filter(merchant=shop, role=Role.OWNER).count()


def test_of_two_owners_who_leave_at_once_one_stays() -> None:
    shop, ada, bo = two_owners()
    outcomes = at_once(lambda: changing.leave(shop, ada), lambda: changing.leave(shop, bo))
    assert outcomes == ["done", "last_owner"]
    assert owners(shop) == 1


def test_of_two_owners_who_take_each_other_out_at_once_one_stays() -> None:
    shop, ada, bo = two_owners()
    outcomes = at_once(lambda: changing.take_out(shop, ada, by=bo), lambda: changing.take_out(shop, bo, by=ada))
    assert outcomes[0] == "done"
    assert owners(shop) == 1


def test_without_waiting_for_one_another_both_would_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    shop, ada, bo = two_owners()
    have_looked, look = Barrier(2), teams.Membership.objects.filter

    def lock_nothing(_merchant_id: int) -> None:
        """Let both come this far before either goes on."""

    def look_and_wait(part: Membership) -> None:
        look(merchant=part.merchant_id, role=Role.OWNER).exclude(pk=part.pk).exists()
        have_looked.wait()

    monkeypatch.setattr(teams, "lock_team", lock_nothing)
    monkeypatch.setattr(teams, "_end_ownership", look_and_wait)
    assert at_once(lambda: changing.leave(shop, ada), lambda: changing.leave(shop, bo)) == ["done", "done"]
    assert owners(shop) == 0


def test_an_invitation_is_answered_once_however_often_it_is_pressed() -> None:
    shop, fay = cast.adas_shop(), cast.person("fay@example.com")
    ada = User.objects.get(email="ada@ada-cards.example")
    made = inviting.invite(shop, fay.email, by=ada, language="en", now=timezone.now())
    acts = [lambda: inviting.accept(made, fay, now=timezone.now())] * 3
    acts.append(lambda: inviting.withdraw(shop, made.id, by=ada))
    outcomes = at_once(*acts)
    assert outcomes == ["done", "invitation_over", "invitation_over", "invitation_over"]
    is_in = Membership.objects.filter(merchant=shop, user=fay).exists()
    assert Invitation.objects.get().state == (InvitationState.ACCEPTED if is_in else InvitationState.WITHDRAWN)
