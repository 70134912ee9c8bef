"""The shortest way to every move of the money machines, each walked in a world of its own and foretold to the cent."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.books.paths import END_OF, pay_out, straight_to
from tests.books.table import transitions
from tests.books.walks import Walk

pytestmark = [pytest.mark.books, pytest.mark.django_db]


@pytest.mark.parametrize("move", sorted(transitions()), ids=" ".join)
def test_the_shortest_way_is_open(walk: Callable[..., Walk], move: tuple[str, str, str]) -> None:
    walking = straight_to(walk, move)
    assert walking is not None, "no world had this way"
    assert walking.world.reached[move] > 0
    walking.settle_everything()


@pytest.mark.parametrize("mood", END_OF)
def test_whatever_a_gateway_answers_a_payout_ends_as_it_was_made(walk: Callable[..., Walk], mood: str) -> None:
    assert pay_out(walk(7), mood) == END_OF[mood]
