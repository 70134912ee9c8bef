"""The money machines: both tables agree, every move is reached, and the auditor foretells every balance."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from django.db import transaction

from tests.books.table import AT_PROVIDER, CASE, HOLD, PAYOUT, SPLIT, Table, transitions
from tests.books.walks import Walk
from tests.books.world import World
from xinka.disputes import states as disputes
from xinka.escrow import states as escrow
from xinka.payouts import states as payouts

pytestmark = [pytest.mark.books, pytest.mark.django_db, pytest.mark.timeout(900)]

N_EVENTS, N_EVENTS_AT_PROVIDER = 7_500, 2_500


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
    assert _as_text(escrow.SPLIT_MOVES, "target") == SPLIT


def test_ten_thousand_events_are_foretold_to_the_cent_and_every_move_is_made(
    walk: Callable[..., Walk], say: Callable[[str], None]
) -> None:
    """One world has reserves, chargebacks and payouts by file and by gateway; in the other a provider shares out."""
    with transaction.atomic():
        own = walk(1, with_reserve=True)
        own.walk(N_EVENTS)
        transaction.set_rollback(True)  # the books of the next world begin empty
    shared = walk(2, with_reserve=True, at_provider=True)
    shared.walk(N_EVENTS_AT_PROVIDER)
    worlds = [own.world, shared.world]
    reached = {move for world in worlds for move in world.reached} & transitions()
    n_events, n_refused, n_crashes = (sum(counts) for counts in zip(*map(_counts, worlds), strict=True))
    say(
        f"books: {n_events} events, {n_refused} forbidden ones refused, {n_crashes} crashes, "
        f"{len(own.auditor_sales) + len(shared.auditor_sales)} orders, {len(own.world.gateway.wired)} payouts by a "
        f"gateway, {len(shared.world.gateway.moved)} splits, transitions reached: {len(reached)} of "
        f"{len(transitions())}"
    )
    assert transitions() - reached == set()
    assert transitions() - set(own.world.reached) <= AT_PROVIDER


def _counts(world: World) -> tuple[int, int, int]:
    return world.n_events, world.n_refused, world.n_crashes
