"""The money machines: both tables agree, every move is reached, and the auditor foretells every balance."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from tests.books.table import CASE, HOLD, PAYOUT, Table, transitions
from tests.books.walks import Walk
from xinka.disputes import states as disputes
from xinka.escrow import states as escrow
from xinka.payouts import states as payouts

pytestmark = [pytest.mark.books, pytest.mark.django_db, pytest.mark.timeout(900)]

N_EVENTS = 10_000


def _as_text(moves: Mapping[tuple[object, object], object], target: str) -> Table:
    return {
        (str(state), str(event)): (
            None if getattr(move, target) is None else str(getattr(move, target)),
            {str(actor) for actor in move.actors},  # type: ignore[attr-defined]  # every table has them
        )
        for (state, event), move in moves.items()
    }


def test_the_tables_of_the_code_are_those_kept_by_hand_with_every_actor() -> None:
    assert _as_text(escrow.MOVES, "target") == HOLD
    assert _as_text(disputes.MOVES, "next") == CASE
    assert _as_text(payouts.MOVES, "next") == PAYOUT


def test_ten_thousand_events_are_foretold_to_the_cent_and_every_move_is_made(
    walk: Callable[..., Walk], say: Callable[[str], None]
) -> None:
    plain = walk(1)
    plain.walk(N_EVENTS)
    reached = set(plain.world.reached) & transitions()
    say(
        f"books: {plain.world.n_events} events, {plain.world.n_refused} forbidden ones refused, "
        f"{plain.world.n_crashes} crashes, {len(plain.auditor_sales)} orders, transitions reached: "
        f"{len(reached)} of {len(transitions())} (the rest with a reserve)"
    )
    assert transitions() - reached <= {("hold", "settled", "free_reserve")}


def test_with_a_reserve_it_comes_out_to_the_cent_too(walk: Callable[..., Walk]) -> None:
    kept = walk(2, with_reserve=True)
    kept.walk(1_500)
    assert kept.world.reached["hold", "settled", "free_reserve"] > 0
