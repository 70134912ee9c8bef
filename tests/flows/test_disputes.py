"""Buyer and seller in a case: the hold follows every ending to the cent, and refusals change nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests import cast
from tests.flows.disputing import BUYER, NOW, SELLER, Trade, in_escrow, later, trade
from tests.flows.rows import broken, leaves_nothing
from xinka.delivery.models import DeliveredCode
from xinka.disputes import errors
from xinka.disputes.actions import text_of
from xinka.disputes.models import Case, CaseMove, Message
from xinka.disputes.states import CaseKind, CaseState, Offer, Outcome
from xinka.flows.disputes import cases
from xinka.flows.disputes.facts import facts_of
from xinka.flows.escrow import confirm
from xinka.kernel.actors import Actor, Role
from xinka.kernel.errors import BadInput
from xinka.orders.states import OrderState
from xinka.payments.models import Refund
from xinka.platform.database.django_drive import run
from xinka.stock.models import UnsoldCode

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_vault() -> None:
    from xinka.platform.vault import keys

    keys.forget()


@pytest.fixture
def deal() -> Trade:
    """Two pieces for 98.00, delivered."""
    return trade()


def refunded(deal: Trade) -> int:
    return sum(Refund.objects.filter(order_id=deal.order.id).values_list("amount", flat=True))


def now_of(case: Case) -> Case:
    return Case.objects.get(id=case.id)


def test_opening_a_case_stops_the_hold_and_starts_the_sellers_time(deal: Trade) -> None:
    case = deal.complain()
    assert (case.kind, case.state, case.amount) == (CaseKind.DISPUTE, CaseState.AWAITS_SELLER, 9800)
    assert deal.stops == {"dispute"}
    assert deal.hold.due_at is None
    assert case.due_at == later(hours=12)
    assert text_of(Message.objects.get(case=case)) == "It says used."
    assert bytes(Message.objects.get(case=case).body).find(b"It says used.") == -1
    assert broken() == []


def test_a_case_about_one_of_two_pieces_is_about_half_of_the_money(deal: Trade) -> None:
    assert deal.complain(2).amount == 4900


def test_a_piece_the_order_does_not_have_is_refused(deal: Trade) -> None:
    with pytest.raises(BadInput):
        leaves_nothing(lambda: deal.complain(3))


def test_an_order_has_one_open_case(deal: Trade) -> None:
    deal.complain()
    with pytest.raises(errors.CaseIsOpen):
        leaves_nothing(deal.complain)


def test_in_the_after_sale_time_it_is_a_claim(deal: Trade) -> None:
    run(confirm(deal.order.id, by=BUYER))
    case = deal.complain()
    assert case.kind == CaseKind.CLAIM
    assert deal.stops == {"claim"}
    cases.concede(case.id, by=SELLER, now=NOW)
    assert refunded(deal) == 9800
    assert deal.order.state == OrderState.REFUNDED
    assert broken() == []


def test_no_case_about_an_order_that_was_never_delivered() -> None:
    ware = cast.ware(cast.adas_shop(), 2)
    bought = cast.buy(ware.sku, cast.channel())
    complaint = cases.Complaint(cases.Reason.OTHER, "?")
    with pytest.raises(errors.TooLateToComplain):
        leaves_nothing(lambda: cases.open_case(bought.order, complaint, by=BUYER, now=NOW))


def test_a_seller_cannot_open_one(deal: Trade) -> None:
    complaint = cases.Complaint(cases.Reason.OTHER, "?")
    with pytest.raises(errors.NotYourTurn):
        leaves_nothing(lambda: cases.open_case(deal.order, complaint, by=SELLER, now=NOW))


def test_answers_pass_the_turn_and_set_the_other_sides_time(deal: Trade) -> None:
    case = deal.complain()
    cases.write(case.id, "Which one?", by=SELLER, now=later(hours=1))
    seen = now_of(case)
    assert (seen.state, seen.due_at, seen.answered_at) == (CaseState.AWAITS_BUYER, later(hours=49), later(hours=1))
    cases.write(case.id, "The second.", by=BUYER, now=later(hours=2))
    seen = now_of(case)
    assert (seen.state, seen.due_at, seen.answered_at) == (CaseState.AWAITS_SELLER, later(hours=14), later(hours=1))
    cases.write(case.id, "And the first.", by=BUYER, now=later(hours=3))
    assert now_of(case).version == seen.version, "adding to one's own turn changes nobody's time"


def test_a_part_offered_and_taken_goes_back_and_the_rest_stays_held(deal: Trade) -> None:
    case = deal.complain()
    cases.offer(case.id, Offer.PART, amount=2000, by=SELLER, now=NOW)
    assert refunded(deal) == 0
    cases.accept(case.id, Offer.PART, amount=2000, by=BUYER, now=NOW)
    assert now_of(case).outcome == Outcome.PART_REFUNDED
    assert refunded(deal) == 2000
    assert (deal.hold.state, in_escrow(deal.bought), deal.stops) == ("held", 7800, set())
    assert deal.hold.due_at is not None
    assert broken() == []


def test_an_offer_that_was_changed_meanwhile_is_not_taken(deal: Trade) -> None:
    case = deal.complain()
    cases.offer(case.id, Offer.PART, amount=2000, by=SELLER, now=NOW)
    cases.offer(case.id, Offer.PART, amount=100, by=SELLER, now=NOW)
    with pytest.raises(errors.NothingOffered):
        leaves_nothing(lambda: cases.accept(case.id, Offer.PART, amount=2000, by=BUYER, now=NOW))


@pytest.mark.parametrize("amount", [0, -1, 9800, 99999])
def test_a_part_is_a_part(deal: Trade, amount: int) -> None:
    case = deal.complain()
    with pytest.raises(errors.BadAmount):
        leaves_nothing(lambda: cases.offer(case.id, Offer.PART, amount=amount, by=SELLER, now=NOW))


def test_fresh_codes_from_stock_take_the_place_of_the_bad_one(deal: Trade) -> None:
    before = UnsoldCode.objects.filter(sku_id=deal.ware.sku.id).count()
    case = deal.complain(2)
    cases.offer(case.id, Offer.REPLACE, by=SELLER, now=NOW)
    cases.accept(case.id, Offer.REPLACE, by=BUYER, now=NOW)
    codes = DeliveredCode.objects.filter(order_id=deal.order.id).order_by("position")
    assert [(code.position, code.replaces, code.revealed_at) for code in codes][2:] == [(3, 2, None)]
    assert UnsoldCode.objects.filter(sku_id=deal.ware.sku.id).count() == before - 1
    assert (now_of(case).outcome, refunded(deal), in_escrow(deal.bought)) == (Outcome.REPLACED, 0, 9800)
    assert broken() == []
    assert deal.complain(3).positions == [3], "the fresh one can be bad too"


def test_what_is_sold_out_cannot_be_replaced_and_the_offer_stands() -> None:
    deal = trade(quantity=1, stock=2)
    case = deal.complain()
    cases.offer(case.id, Offer.REPLACE, by=SELLER, now=NOW)
    cast.pay(cast.buy(deal.ware.sku, deal.bought.channel, contact="eve@example.com"))
    with pytest.raises(errors.NothingToReplace):
        leaves_nothing(lambda: cases.accept(case.id, Offer.REPLACE, by=BUYER, now=NOW))
    assert now_of(case).state == CaseState.AWAITS_BUYER
    with pytest.raises(errors.NothingToReplace):
        leaves_nothing(lambda: cases.offer(case.id, Offer.REPLACE, by=SELLER, now=NOW))


def test_declining_gives_the_turn_back_and_forgets_the_offer(deal: Trade) -> None:
    case = deal.complain()
    cases.offer(case.id, Offer.PART, amount=2000, by=SELLER, now=NOW)
    cases.decline(case.id, by=BUYER, now=NOW, text="No.")
    seen = now_of(case)
    assert (seen.state, seen.offer, seen.due_event) == (CaseState.AWAITS_SELLER, "", "seller_silent")


def test_conceding_gives_everything_back_without_asking(deal: Trade) -> None:
    case = deal.complain()
    cases.concede(case.id, by=SELLER, now=NOW)
    assert (refunded(deal), in_escrow(deal.bought), deal.hold.state) == (9800, 0, "returned")
    assert (deal.order.state, deal.stops) == (OrderState.REFUNDED, set())
    assert broken() == []


def test_conceding_one_piece_leaves_the_other_held(deal: Trade) -> None:
    cases.concede(deal.complain(1).id, by=SELLER, now=NOW)
    assert (refunded(deal), in_escrow(deal.bought), deal.order.state) == (4900, 4900, OrderState.DELIVERED)
    assert broken() == []


def test_withdrawing_lets_the_time_go_on_a_day_at_least_and_a_new_case_is_possible(deal: Trade) -> None:
    case = deal.complain()
    cases.withdraw(case.id, by=BUYER, now=NOW)
    hold = deal.hold
    assert hold.due_at is not None
    assert (now_of(case).outcome, deal.stops, in_escrow(deal.bought)) == (Outcome.WITHDRAWN, set(), 9800)
    assert broken() == []
    assert deal.complain().is_open


def test_an_order_has_five_cases_at_most(deal: Trade) -> None:
    for _ in range(5):
        cases.withdraw(deal.complain().id, by=BUYER, now=NOW)
    with pytest.raises(errors.TooManyCases):
        leaves_nothing(deal.complain)


def test_a_question_becomes_a_dispute_and_the_hold_never_runs_in_between(deal: Trade) -> None:
    case = deal.complain(question=True)
    assert (case.kind, deal.stops, case.due_event) == (CaseKind.QUESTION, {"question"}, "question_unanswered")
    cases.raise_question(case.id, by=BUYER, now=NOW)
    seen = now_of(case)
    assert (seen.kind, deal.stops, seen.due_event) == (CaseKind.DISPUTE, {"dispute"}, "seller_silent")
    assert broken() == []
    with pytest.raises(errors.CaseMoved):
        cases.raise_question(case.id, by=BUYER, now=NOW)


def test_escalating_a_question_makes_it_a_dispute_too(deal: Trade) -> None:
    case = deal.complain(question=True)
    cases.write(case.id, "?", by=SELLER, now=NOW)
    cases.escalate(case.id, by=BUYER, now=NOW)
    assert (now_of(case).kind, now_of(case).state, deal.stops) == ("dispute", "under_review", {"dispute"})


MOVES_OF_OTHERS: list[tuple[str, Callable[[Case, Actor], object]]] = [
    ("accept", lambda case, by: cases.accept(case.id, Offer.PART, amount=2000, by=by, now=NOW)),
    ("decline", lambda case, by: cases.decline(case.id, by=by, now=NOW)),
    ("withdraw", lambda case, by: cases.withdraw(case.id, by=by, now=NOW)),
    ("escalate", lambda case, by: cases.escalate(case.id, by=by, now=NOW)),
]


@pytest.mark.parametrize("act", [act for _, act in MOVES_OF_OTHERS], ids=[name for name, _ in MOVES_OF_OTHERS])
@pytest.mark.parametrize("role", [Role.SELLER, Role.STAFF, Role.ARBITER, Role.TIMER, Role.PSP, Role.REGULATOR])
def test_what_is_the_buyers_to_do_nobody_else_does(
    deal: Trade, act: Callable[[Case, Actor], object], role: Role
) -> None:
    case = deal.complain()
    cases.offer(case.id, Offer.PART, amount=2000, by=SELLER, now=NOW)
    with pytest.raises(errors.NotYourTurn):
        leaves_nothing(lambda: act(case, Actor(role, 7)))
    assert now_of(case).state == CaseState.AWAITS_BUYER


@pytest.mark.parametrize("role", [Role.BUYER, Role.STAFF, Role.TIMER])
def test_what_is_the_sellers_to_do_nobody_else_does(deal: Trade, role: Role) -> None:
    case = deal.complain()
    by = Actor(role, 7)
    for act in (
        lambda: cases.offer(case.id, Offer.PART, amount=2000, by=by, now=NOW),
        lambda: cases.concede(case.id, by=by, now=NOW),
    ):
        with pytest.raises(errors.NotYourTurn):
            leaves_nothing(act)


def test_a_closed_case_takes_nothing_more(deal: Trade) -> None:
    case = deal.complain()
    cases.withdraw(case.id, by=BUYER, now=NOW)
    for act in (
        lambda: cases.write(case.id, "still", by=BUYER, now=NOW),
        lambda: cases.concede(case.id, by=SELLER, now=NOW),
        lambda: cases.escalate(case.id, by=BUYER, now=NOW),
    ):
        with pytest.raises(errors.CaseMoved):
            leaves_nothing(act)


def test_somebody_who_writes_without_end_is_stopped(deal: Trade) -> None:
    case = deal.complain()
    for n in range(39):
        cases.write(case.id, f"{n}", by=BUYER, now=NOW)
    with pytest.raises(errors.TooManyMessages):
        leaves_nothing(lambda: cases.write(case.id, "40", by=BUYER, now=NOW))


def test_every_move_is_in_the_log_with_who_made_it(deal: Trade) -> None:
    case = deal.complain()
    cases.write(case.id, "?", by=SELLER, now=NOW)
    cases.escalate(case.id, by=BUYER, now=NOW)
    assert list(CaseMove.objects.filter(case=case).values_list("version", "event", "role")) == [
        (1, "open", "buyer"),
        (2, "answer", "seller"),
        (3, "escalate", "buyer"),
    ]


def test_the_facts_name_the_batch_and_who_else_complained_of_it(deal: Trade) -> None:
    other = cast.buy(deal.ware.sku, deal.bought.channel, contact="eve@example.com")
    cast.pay(other)
    complaint = cases.Complaint(cases.Reason.INVALID, "bad")
    cases.open_case(other.order, complaint, by=BUYER, now=NOW)
    case = deal.complain(2)
    found = facts_of(case, NOW)
    assert [(piece.position, piece.is_complained_of, piece.n_complaints) for piece in found.pieces] == [
        (1, False, 1),
        (2, True, 1),
    ]
    assert all(piece.is_sealed for piece in found.pieces)
    assert (found.merchant.n_orders, found.merchant.n_cases) == (2, 1)
    assert (found.buyer.n_orders, found.buyer.n_cases) == (1, 0)
