"""The shortest way to every move of the money machines, each walked in a world of its own and foretold to the cent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import pytest
from django.db import transaction

from tests.books.table import transitions
from tests.books.walks import TABLES, Walk, shortest
from tests.books.world import Step

pytestmark = [pytest.mark.books, pytest.mark.django_db]

_TIMERS = {
    "confirm_due", "mature", "free_reserve", "seller_silent", "question_unanswered", "buyer_silent", "review_late",
    "evidence_late", "carry_out",
}  # fmt: skip
#: Where a move needs more than its state: an offer that was made.
_WITH_AN_OFFER = {
    ("awaits_seller", "accept"): ["offer", "reply", "accept"],
    ("awaits_buyer", "accept"): ["offer", "accept"],
    ("awaits_buyer", "decline"): ["offer", "decline"],
}


class NoWay(Exception):
    """In this world an arbiter decided so that the next move is nobody's; another world will do."""


@pytest.mark.parametrize("move", sorted(transitions()), ids=" ".join)
def test_the_shortest_way_is_open(walk: Callable[..., Walk], move: tuple[str, str, str]) -> None:
    for seed in range(100, 120):
        try:
            with transaction.atomic():  # a world without a way leaves nothing to the next
                walking = walk(seed, with_reserve=move[2] == "free_reserve", merchant=f"ada-{seed}")
                go(walking, move)
        except NoWay:
            continue
        assert walking.world.reached[move] > 0
        walking.settle_everything()
        return
    pytest.fail("no world had this way")


def go(walking: Walk, move: tuple[str, str, str]) -> None:
    """Walk to a move and make it."""
    machine, *goal = move
    {"hold": _of_hold, "case": _of_case, "payout": _of_payout}[machine](walking, (goal[0], goal[1]))


def _of_hold(walking: Walk, goal: tuple[str, str]) -> None:
    name = walking.world.sell()
    for event in shortest(TABLES["hold"], "held", goal):
        if event in _TIMERS:
            walking.steps.pass_time(walking.steps.dues()[0])
        else:
            walking.world.take(_find(walking.steps.of_hold(name), event))


def _of_case(walking: Walk, goal: tuple[str, str]) -> None:
    name, steps = walking.world.sell(), walking.steps
    if goal[0].startswith("gateway"):
        steps.open_chargeback(name)
        events = shortest(TABLES["case"], "gateway_asks", goal)
    else:
        steps.open_case(name, question=goal[1] in {"raise", "question_unanswered"})
        events = _WITH_AN_OFFER.get(goal) or shortest(TABLES["case"], "awaits_seller", goal)
    for event in events:
        if event in _TIMERS:
            due = steps.quarrels[name].due
            assert due is not None
            steps.pass_time(due)
        else:
            walking.world.take(_find(steps.of_case(name), event))


def _of_payout(walking: Walk, goal: tuple[str, str]) -> None:
    for _ in range(2):  # what is settled can be withdrawn
        walking.world.sell()
    while dues := walking.steps.dues():
        walking.steps.pass_time(dues[0])
    walking.steps.ask_for_payout()
    for event in shortest(TABLES["payout"], "asked", goal):
        found = list(walking.steps.of_payouts())
        if event == "approve" and all(step.event != event for step in found):
            walking.world.take(_find(found, ""))
            found = list(walking.steps.of_payouts())
        walking.world.take(_find(found, event))


def _find(found: Iterable[Step] | Iterator[Step], event: str) -> Step:
    for step in found:
        if step.event == event:
            return step
    raise NoWay(event)
