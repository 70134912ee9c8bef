"""The table of a case against a second one, kept by hand: every move with everybody who may make it, and no other."""

from __future__ import annotations

import pytest

from xinka.disputes.states import MOVES, OPEN, TIMED, CaseEvent, CaseState
from xinka.kernel.actors import Role

#: From the state: event, next state, who.
BY_HAND = """
awaits_seller: answer > awaits_buyer (seller); offer > awaits_buyer (seller); accept > closed (buyer);
  concede > closed (seller); withdraw > closed (buyer); raise > awaits_seller (buyer);
  escalate > under_review (seller); seller_silent > closed (timer); question_unanswered > under_review (timer)
awaits_buyer: reply > awaits_seller (buyer); offer > awaits_buyer (seller); accept > closed (buyer);
  decline > awaits_seller (buyer); concede > closed (seller); withdraw > closed (buyer);
  raise > awaits_seller (buyer); escalate > under_review (buyer); buyer_silent > closed (timer)
under_review: concede > closed (seller); withdraw > closed (buyer); review_late > under_review (timer);
  decide > decided (arbiter)
decided: waive > decided (buyer seller); carry_out > closed (timer buyer seller); appeal > appealed (buyer seller)
appealed: review_late > appealed (timer); decide_appeal > closed (arbiter)
gateway_asks: send_evidence > gateway_decides (staff arbiter); evidence_late > gateway_decides (timer);
  gateway_won > closed (psp); gateway_lost > closed (psp)
gateway_decides: gateway_won > closed (psp); gateway_lost > closed (psp)
"""


def by_hand() -> set[tuple[str, str, str, frozenset[str]]]:
    found = set()
    for part in BY_HAND.strip().replace("\n  ", " ").splitlines():
        state, _, moves = part.partition(": ")
        for move in moves.split(";"):
            event, _, rest = move.strip().partition(" > ")
            target, _, actors = rest.partition(" (")
            found.add((state, event, target, frozenset(actors.rstrip(")").split())))
    return found


def test_the_table_is_the_one_kept_by_hand() -> None:
    table = {(state, event, move.next, frozenset(move.actors)) for (state, event), move in MOVES.items()}
    assert table == by_hand()


def test_a_closed_case_stays_closed_and_every_open_state_has_a_way_out() -> None:
    assert [event for state, event in MOVES if state is CaseState.CLOSED] == []
    ways = {state: {MOVES[key].next for key in MOVES if key[0] is state} for state in OPEN}
    reaches = {CaseState.CLOSED}
    while more := {state for state, targets in ways.items() if targets & reaches} - reaches:
        reaches |= more
    assert reaches == set(CaseState)


@pytest.mark.parametrize("event", sorted(TIMED))
def test_no_timer_ever_makes_a_decision_or_an_appeal(event: CaseEvent) -> None:
    assert event not in {CaseEvent.DECIDE, CaseEvent.DECIDE_APPEAL, CaseEvent.APPEAL, CaseEvent.ACCEPT}


def test_the_seller_never_closes_a_case_in_the_sellers_favour() -> None:
    closing = {
        event for (_, event), move in MOVES.items() if move.next is CaseState.CLOSED and Role.SELLER in move.actors
    }
    # Carrying out needs a decision first, and conceding gives everything back.
    assert closing == {CaseEvent.CONCEDE, CaseEvent.CARRY_OUT}
