"""The shortest way to every move of the money machines, each walked in a world of its own and foretold to the cent."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import transaction

from tests.books.paths import END_OF, NoWay, go, pay_out
from tests.books.table import AT_PROVIDER, transitions
from tests.books.walks import Walk

pytestmark = [pytest.mark.books, pytest.mark.django_db]


@pytest.mark.parametrize("move", sorted(transitions()), ids=" ".join)
def test_the_shortest_way_is_open(walk: Callable[..., Walk], move: tuple[str, str, str]) -> None:
    for seed in range(100, 120):
        try:
            with transaction.atomic():  # a world without a way leaves nothing to the next
                kind = {"with_reserve": move[2] == "free_reserve", "at_provider": move in AT_PROVIDER}
                walking = walk(seed, **kind, merchant=f"ada-{seed}")
                go(walking, move)
        except NoWay:
            continue
        assert walking.world.reached[move] > 0
        walking.settle_everything()
        return
    pytest.fail("no world had this way")


@pytest.mark.parametrize("mood", END_OF)
def test_whatever_a_gateway_answers_a_payout_ends_as_it_was_made(walk: Callable[..., Walk], mood: str) -> None:
    assert pay_out(walk(7), mood) == END_OF[mood]
