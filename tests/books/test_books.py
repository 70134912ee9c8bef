"""The money machines: both tables agree, every move is reached, and the auditor foretells every balance."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import pytest
from django.db import transaction

from tests.books.mutants import Move
from tests.books.paths import straight_to
from tests.books.table import AT_PROVIDER, CASE, HOLD, PAYOUT, SPLIT, Table, transitions
from tests.books.walks import Walk
from tests.books.world import World
from xinka.disputes import states as disputes
from xinka.escrow import states as escrow
from xinka.payouts import states as payouts

pytestmark = [pytest.mark.books, pytest.mark.django_db, pytest.mark.timeout(900)]

#: Several worlds, so that chance has several tries at the rare moves.
N_EVENTS, SEEDS, SEED_AT_PROVIDER = 2_500, (1, 2, 3), 4
#: Identifiers are made by clock and chance, so no two walks are alike, and the rarest moves (an appeal that nobody
#: reviews in time) may be met by none. The shortest way is then walked to them; more of them would be a poor walk.
MOST_MISSED = 3


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


@pytest.mark.django_db(transaction=True)
def test_ten_thousand_events_are_foretold_to_the_cent_and_every_move_is_made(
    walk: Callable[..., Walk], say: Callable[[str], None], empty_tables: Callable[[], None]
) -> None:
    """All worlds have reserves, chargebacks and payouts by file and by gateway; in the last a provider shares out.

    Each step is committed, as in a shop: in one long transaction every version of every row would stay, and slow it.
    """
    worlds = list[World]()
    for seed in SEEDS:
        worlds.append(_walked(walk, seed))
        empty_tables()
    missed = transitions() - AT_PROVIDER - _reached(worlds)
    worlds.append(_walked(walk, SEED_AT_PROVIDER, at_provider=True))
    empty_tables()
    missed |= (transitions() & AT_PROVIDER) - _reached(worlds)
    straight = {move for move in missed if _went_straight_to(walk, move)}
    n_events, n_refused, n_crashes, n_orders, n_wired, n_splits = map(sum, zip(*map(_counts, worlds), strict=True))
    say(
        f"books: {n_events} events, {n_refused} forbidden ones refused, {n_crashes} crashes, {n_orders} orders, "
        f"{n_wired} payouts by a gateway, {n_splits} splits, "
        f"transitions reached: {len(transitions() - missed | straight)} of {len(transitions())}, "
        f"of these only by the shortest way: {len(straight)}"
    )
    assert n_events >= 10_000
    assert missed == straight
    assert len(missed) <= MOST_MISSED, missed


def _walked(walk: Callable[..., Walk], seed: int, *, at_provider: bool = False) -> World:
    walking = walk(seed, with_reserve=True, at_provider=at_provider)
    walking.walk(N_EVENTS)
    return walking.world


def _went_straight_to(walk: Callable[..., Walk], move: Move) -> bool:
    with transaction.atomic():
        walking = straight_to(walk, move)
        if walking is not None:
            walking.settle_everything()
        transaction.set_rollback(True)
    return walking is not None and walking.world.reached[move] > 0


def _reached(worlds: Iterable[World]) -> set[Move]:
    return {move for world in worlds for move in world.reached} & transitions()


def _counts(world: World) -> tuple[int, ...]:
    gateway = world.gateway
    n_orders = len(world.auditor.sales)
    return world.n_events, world.n_refused, world.n_crashes, n_orders, len(gateway.wired), len(gateway.moved)
