"""The machine of a hold against a second, hand-kept table with actors: neither can change without the other."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from tests.flows.holding import DAY
from xinka.escrow.models import Hold, HoldStep, Split, Stop
from xinka.escrow.states import FINAL, LIVE, MOVES, HoldEvent, HoldState, SplitAction, SplitState, StopCause, Timer
from xinka.escrow.terms import LONGEST, SHORTEST, WINDOWS, lead_of
from xinka.kernel.actors import Role

#: Written from the specification, not from the code: from, event, to, who.
TABLE = """
held       confirm         aftersale   buyer
held       confirm_due     aftersale   timer
held       release         aftersale   arbiter
held       shared          aftersale   psp
held       give_back       returned    seller timer arbiter
held       give_back_part  held        seller arbiter
held       freeze          frozen      regulator
aftersale  mature          settled     timer
aftersale  give_back       returned    seller timer arbiter
aftersale  give_back_part  aftersale   seller arbiter
aftersale  freeze          frozen      regulator
frozen     unfreeze        -           regulator
frozen     hand_over       seized      regulator
frozen     hand_over_part  frozen      regulator
settled    free_reserve    settled     timer
"""


def written() -> set[tuple[str, str, str, frozenset[str]]]:
    rows = [line.split() for line in TABLE.strip().splitlines()]
    return {(source, event, target, frozenset(who)) for source, event, target, *who in rows}


def test_the_table_is_the_written_one() -> None:
    built = {
        (source.value, event.value, move.target.value if move.target else "-", frozenset(move.actors))
        for (source, event), move in MOVES.items()
    }
    assert built == written()


def test_nothing_leaves_a_final_state() -> None:
    leaving = {source for (source, _), move in MOVES.items() if move.target is not source}
    assert leaving & FINAL == set()
    assert LIVE | FINAL | {HoldState.FROZEN} == set(HoldState)


def test_every_state_is_reached() -> None:
    reached, frontier = set(), {HoldState.HELD}
    while frontier:
        reached |= frontier
        targets = {move.target for (source, _), move in MOVES.items() if source in frontier and move.target}
        frontier = targets - reached
    assert reached == set(HoldState)


def test_a_seller_never_lets_money_go_and_staff_never_decide_alone() -> None:
    letting_go = [
        move for (_, event), move in MOVES.items() if move.target is HoldState.AFTERSALE and "back" not in event
    ]
    assert all(Role.SELLER not in move.actors for move in letting_go)
    assert all(Role.STAFF not in move.actors for move in MOVES.values())


@pytest.mark.parametrize(
    ("model", "field", "kind"),
    [
        (Hold, "state", HoldState),
        (Hold, "due_event", Timer),
        (Hold, "frozen_from", HoldState),
        (Stop, "cause", StopCause),
        (HoldStep, "event", HoldEvent),
        (HoldStep, "role", Role),
        (Split, "action", SplitAction),
        (Split, "state", SplitState),
    ],
)
def test_every_value_fits_its_column(model: type[Hold], field: str, kind: type[HoldState]) -> None:
    length = model._meta.get_field(field).max_length
    assert length is not None
    assert max(len(one.value) for one in kind) <= length


def test_windows_are_within_their_bounds_and_known_for_every_kind_of_goods() -> None:
    from xinka.catalog.models import Kind

    assert set(WINDOWS) == set(Kind.values)
    assert (SHORTEST, LONGEST) == (DAY, 14 * DAY)
    assert all(SHORTEST <= window.confirm_for <= LONGEST for window in WINDOWS.values())
    assert [lead_of(days * DAY) for days in (1, 2, 4, 14)] == [DAY // 4, DAY // 2, DAY, DAY]


@pytest.mark.parametrize(
    ("scope", "name", "value"),
    [
        ("shop", "confirm_seconds", DAY),
        ("kind:course", "commission_bps", 1),
        ("kind:course", "confirm_seconds", DAY - 1),
        ("kind:course", "confirm_seconds", 14 * DAY + 1),
        ("merchant:1", "commission_bps", 5_001),
        ("merchant:1", "reserve_bps", -1),
        ("merchant:one", "reserve_bps", 1),
        ("", "reserve_bps", 1),
    ],
)
def test_terms_that_do_not_belong_or_are_out_of_bounds_are_refused(scope: str, name: str, value: int) -> None:
    from xinka.escrow.actions import set_terms

    with pytest.raises(ValidationError):
        set_terms(scope, {name: value})
