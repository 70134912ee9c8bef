"""The table of payouts' moves, against a copy kept by hand with who may make them."""

from __future__ import annotations

import pytest

from xinka.kernel.actors import Role
from xinka.payouts.states import MOVES, PayoutEvent, PayoutState, sources_of

#: state, event, next, actors: written down again, so that a slip in the table shows.
BY_HAND = {
    ("asked", "approve", "approved", "finance"),
    ("asked", "hold", "held", "finance regulator"),
    ("asked", "cancel", "cancelled", "buyer finance seller"),
    ("approved", "hold", "held", "finance regulator"),
    ("approved", "cancel", "cancelled", "buyer finance seller"),
    ("approved", "send", "sending", "finance"),
    ("held", "resume", "asked", "finance regulator"),
    ("held", "cancel", "cancelled", "finance"),
    ("sending", "pay", "paid", "finance psp"),
    ("sending", "fail", "failed", "finance psp"),
    ("sending", "cancel", "cancelled", "psp"),
    ("paid", "return", "returned", "finance psp"),
}


def test_the_table_is_the_one_written_by_hand() -> None:
    table = {
        (state.value, event.value, move.next.value, " ".join(sorted(move.actors)))
        for (state, event), move in MOVES.items()
    }
    assert table == BY_HAND


def test_what_has_ended_stays_ended_but_for_what_a_bank_returns() -> None:
    assert {state for state in PayoutState if state.is_over} == {
        PayoutState.PAID,
        PayoutState.RETURNED,
        PayoutState.FAILED,
        PayoutState.CANCELLED,
    }
    assert [move for move in MOVES if move[0].is_over] == [(PayoutState.PAID, PayoutEvent.RETURN)]


def test_every_state_is_reached_from_the_first() -> None:
    reached = {PayoutState.ASKED}
    for _ in PayoutState:
        reached |= {move.next for (state, _event), move in MOVES.items() if state in reached}
    assert reached == set(PayoutState)


@pytest.mark.parametrize("payee", [Role.SELLER, Role.BUYER])
def test_a_payee_takes_back_only_what_was_not_sent_and_is_not_held(payee: Role) -> None:
    assert sources_of(PayoutEvent.CANCEL, payee) == {PayoutState.ASKED, PayoutState.APPROVED}
    assert [event for event in PayoutEvent if sources_of(event, payee)] == [PayoutEvent.CANCEL]


def test_what_was_sent_is_cancelled_by_the_word_of_the_gateway_alone() -> None:
    assert PayoutState.SENDING in sources_of(PayoutEvent.CANCEL, Role.PSP)
    assert [role for role in Role if PayoutState.SENDING in sources_of(PayoutEvent.CANCEL, role)] == [Role.PSP]


def test_every_event_leads_to_one_state() -> None:
    for event in PayoutEvent:
        assert len({move.next for (_state, known), move in MOVES.items() if known is event}) == 1
