"""Every seeded fault is found: by a balance that was not foretold, by a rule, or by the database itself."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest
from django.db import transaction

from tests.books.mutants import MUTANTS, Mutant, seeded
from tests.books.paths import SCENES, NoWay, go
from tests.books.table import AT_PROVIDER
from tests.books.walks import Walk

pytestmark = [pytest.mark.books, pytest.mark.django_db, pytest.mark.timeout(900)]

#: How far a fault may get before it must be found; the same walks without a fault end well (test_books.py).
N_EVENTS = 900
#: Worlds to try one after the other: some faults show only where rare things come together.
SEEDS = (3, 5, 7, 11, 13, 17, 19, 23)
#: In how many of them the same is gone through without the fault: nearly all faults are found in the first.
N_CONTROLS = 3


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_fault_is_found(
    walk: Callable[..., Walk],
    say: Callable[[str], None],
    record_property: Callable[[str, object], None],
    mutant: Mutant,
) -> None:
    found = ""
    with seeded(mutant):
        for seed in SEEDS:
            with transaction.atomic():
                walking = _begin(walk, mutant, seed)
                try:
                    _go(walking, mutant)
                except Exception as error:  # noqa: BLE001 - whatever it is, the fault has shown itself
                    found = f"{type(error).__name__} after {walking.world.n_events} events of world {seed}"
                transaction.set_rollback(True)  # a world leaves nothing to the next
            if found:
                break
    assert found, "the fault lived"
    say(f"books: mutant killed: {mutant.name}: {found}")
    record_property("counted", f"books: seeded mutants killed, of {len(MUTANTS)}")


def _begin(walk: Callable[..., Walk], mutant: Mutant, seed: int) -> Walk:
    at_provider = mutant.at_provider or mutant.way in AT_PROVIDER
    return walk(seed, with_reserve=mutant.with_reserve, at_provider=at_provider, merchant=f"ada-{seed}")


def _go(walking: Walk, mutant: Mutant) -> None:
    if mutant.way:
        with suppress(NoWay):  # the next world may have it
            go(walking, mutant.way)
            walking.settle_everything()
    elif mutant.scene:
        SCENES[mutant.scene](walking)
    else:
        walking.walk(N_EVENTS)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_without_the_fault_what_shows_it_ends_well(walk: Callable[..., Walk], mutant: Mutant) -> None:
    if mutant.way or mutant.scene:
        for seed in SEEDS[:N_CONTROLS]:
            with transaction.atomic():
                _go(_begin(walk, mutant, seed), mutant)
                transaction.set_rollback(True)


@pytest.mark.parametrize("kind", [{}, {"with_reserve": True}, {"at_provider": True}], ids=str)
def test_without_a_fault_the_same_walk_ends_well(walk: Callable[..., Walk], kind: dict[str, bool]) -> None:
    walk(3, **kind).walk(N_EVENTS)
