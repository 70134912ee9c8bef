"""Money goes back to the buyer whole or in part, to the cent and once; a case freezes it, by two people."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests import cast
from tests.flows.holding import books, end_of, held, hold_of, is_about, now, terms
from tests.flows.rows import broken, leaves_nothing
from xinka.delivery.models import DeliveredCode
from xinka.escrow.errors import (
    HoldMoved,
    KeyTaken,
    NotYourMove,
    SamePerson,
    TooMuchBack,
    WalletOff,
)
from xinka.escrow.models import GivenBack
from xinka.escrow.states import HoldState, StopCause
from xinka.flows import escrow
from xinka.kernel.actors import TIMER, Actor, Role
from xinka.kernel.errors import Refusal
from xinka.ledger.accounts import Account
from xinka.ledger.queries import balance_of, balances_of_merchant
from xinka.orders.states import OrderState
from xinka.payments.models import Receipt, Refund
from xinka.payments.states import RefundReason, RefundTo
from xinka.platform.database.django_drive import run
from xinka.platform.outbox.models import OutboxEvent
from xinka.stock.models import UnsoldCode

pytestmark = pytest.mark.django_db

CY, ADA, DEE = Actor(Role.BUYER), Actor(Role.SELLER, 1), Actor(Role.ARBITER, 2)


def _refuses(refusal: type[Refusal], flow: object) -> None:
    def attempt() -> object:
        with pytest.raises(refusal):
            run(flow)  # type: ignore[arg-type]  # any flow
        return None

    leaves_nothing(attempt)


def _back(bought: cast.Bought, amount: int | None, *, key: str = "k1", by: Actor = DEE, **more: RefundTo) -> int:
    return run(escrow.give_back(bought.order_id, amount, reason=RefundReason.DISPUTE, key=key, by=by, **more))


def _merchant(bought: cast.Bought) -> int:
    return bought.order.merchant_id


# Given back


def test_all_of_it_goes_back_while_it_is_held() -> None:
    terms(commission_bps=500)
    bought = held()
    assert _back(bought, None, by=ADA) == 10_000
    assert hold_of(bought).state == "returned"
    assert bought.order.state == OrderState.REFUNDED
    assert books(bought.order_id) == {"clearing": -10_000, "refund_in_transit": 10_000}
    refund = Refund.objects.get()
    assert (refund.amount, refund.reason, refund.state, refund.goes_to) == (10_000, "dispute", "due", "channel")
    assert OutboxEvent.objects.filter(kind="refund.due", subject=refund.id).count() == 1
    assert broken() == []


def test_codes_that_were_seen_are_not_sold_again_when_the_money_goes_back() -> None:
    bought = held(quantity=2)
    seen = _delivered(bought)
    assert len(seen) == 2
    _back(bought, None, by=ADA)
    assert _delivered(bought) == seen
    assert not UnsoldCode.objects.exists()
    with pytest.raises(Refusal):
        cast.buy(bought.order.sku, bought.channel)
    assert broken() == []


def _delivered(bought: cast.Bought) -> list[int]:
    return sorted(DeliveredCode.objects.filter(order_id=bought.order_id).values_list("code_id", flat=True))


def test_a_part_goes_back_and_the_rest_is_released() -> None:
    terms(commission_bps=1000)
    bought = held()
    assert _back(bought, 2_500) == 2_500
    assert hold_of(bought).state == "held"
    run(escrow.confirm(bought.order_id, by=CY))
    assert books(bought.order_id) == {
        "clearing": -10_000,
        "refund_in_transit": 2_500,
        "seller_pending": 6_750,
        "commission": 750,
    }
    assert broken() == []


def test_what_the_seller_has_already_comes_back_with_the_commission_on_it() -> None:
    terms(commission_bps=333, reserve_bps=1000)
    bought = held(price=9_999)
    run(escrow.confirm(bought.order_id, by=CY))
    total = 0
    for n, part in enumerate((1, 3_333, 5_000)):
        total += _back(bought, part, key=f"p{n}")
        found = books(bought.order_id)
        assert found["refund_in_transit"] == total
        assert found.get("commission", 0) == (9_999 - total) * 333 // 10_000
        assert broken() == []
    assert _back(bought, None, key="rest") == 9_999 - total
    assert books(bought.order_id) == {"clearing": -9_999, "refund_in_transit": 9_999}
    assert bought.order.state == OrderState.REFUNDED
    assert balances_of_merchant(_merchant(bought))["reserve"] == 0


def test_what_claims_on_other_orders_took_of_the_reserve_the_seller_owes() -> None:
    from xinka.ledger.accounts import JournalKind
    from xinka.ledger.posting import Journal, Leg, post

    terms(reserve_bps=5000)
    bought = held()
    run(escrow.confirm(bought.order_id, by=CY))
    taken = (Leg(Account.SELLER_RESERVE, 4_000, _merchant(bought)), Leg(Account.SUSPENSE, -4_000))
    run(post([Journal(JournalKind.CHARGEBACK_OPENED, "other", "CNY", taken)]))
    _back(bought, None)
    assert balances_of_merchant(_merchant(bought)) == {
        "pending": 0,
        "available": 0,
        "reserve": 0,
        "in_transit": 0,
        "receivable": 4_000,
        "frozen": 0,
    }


def test_the_same_key_gives_back_once_and_never_something_else() -> None:
    bought = held()
    assert _back(bought, 1_000) == 1_000
    assert leaves_nothing(lambda: _back(bought, 1_000)) == 1_000
    _refuses(KeyTaken, escrow.give_back(bought.order_id, 2_000, reason=RefundReason.DISPUTE, key="k1", by=DEE))
    assert _back(bought, None, key="k2") == 9_000
    assert leaves_nothing(lambda: _back(bought, None, key="k2")) == 9_000
    assert GivenBack.objects.count() == Refund.objects.count() == 2


@pytest.mark.parametrize("amount", [0, -1, 10_001])
def test_not_more_than_there_is_and_not_nothing(amount: int) -> None:
    bought = held()
    flow = escrow.give_back(bought.order_id, amount, reason=RefundReason.STAFF, key="k", by=DEE)
    _refuses(TooMuchBack, flow)


def test_several_parts_come_from_the_receipts_that_paid_the_newest_first() -> None:
    sku = cast.ware(cast.adas_shop(), 1, sku={"price": 10_000}).sku
    bought = cast.buy(sku, cast.channel())
    cast.settle(cast.money_for(bought, amount=3_000, trade_no="first"))
    cast.settle(cast.money_for(bought, amount=7_500, trade_no="second"))
    Receipt.objects.filter(trade_no="first").update(received_at=now() - timedelta(minutes=5))
    _back(bought, 8_000)
    assert sorted(Refund.objects.values_list("trade_no", "reason", "amount")) == [
        ("first", "dispute", 1_000),
        ("second", "dispute", 7_000),
        ("second", "overpaid", 500),
    ]
    assert broken() == []


def test_who_may_give_back() -> None:
    bought = held()
    for actor in (CY, Actor(Role.STAFF, 1), Actor(Role.FINANCE, 1), Actor(Role.PSP)):
        flow = escrow.give_back(bought.order_id, None, reason=RefundReason.STAFF, key="k", by=actor)
        _refuses(NotYourMove, flow)
    part = escrow.give_back(bought.order_id, 1, reason=RefundReason.STAFF, key="k", by=TIMER)
    _refuses(NotYourMove, part)
    run(escrow.give_back(bought.order_id, None, reason=RefundReason.SELLER, key="k", by=TIMER))


def test_what_is_settled_or_returned_does_not_go_back() -> None:
    bought = held()
    run(escrow.confirm(bought.order_id, by=CY))
    run(escrow.mature_due(end_of(bought)))
    flow = escrow.give_back(bought.order_id, None, reason=RefundReason.STAFF, key="k", by=DEE)
    _refuses(HoldMoved, flow)


def test_a_stopped_hold_can_still_go_back() -> None:
    bought = held()
    run(escrow.stop(bought.order_id, StopCause.DISPUTE, "d1"))
    _back(bought, None)
    run(escrow.resume(bought.order_id, StopCause.DISPUTE, "d1"))
    hold = hold_of(bought)
    assert (hold.state, hold.due_at, hold.n_stops) == ("returned", None, 0)
    assert run(escrow.confirm_due(now() + timedelta(days=900))) == 0


def test_into_a_balance_only_where_there_are_balances(settings: object) -> None:
    bought = held()
    flow = escrow.give_back(bought.order_id, 1, reason=RefundReason.STAFF, key="k", by=DEE, to=RefundTo.WALLET)
    _refuses(WalletOff, flow)
    settings.WALLET = True  # type: ignore[attr-defined]  # pytest-django's
    _back(bought, 500, to=RefundTo.WALLET)
    assert Refund.objects.get().goes_to == "wallet"


# Frozen


def test_two_people_freeze_what_is_held_and_its_time_stands_still() -> None:
    bought = held()
    assert run(escrow.freeze(bought.order_id, "case 7", by=(1, 2))) is HoldState.FROZEN
    assert books(bought.order_id) == {"clearing": -10_000, "escrow": 10_000}
    assert run(escrow.confirm_due(now() + timedelta(days=900))) == 0
    _refuses(HoldMoved, escrow.confirm(bought.order_id, by=CY))
    _refuses(HoldMoved, escrow.release(bought.order_id, by=DEE))
    _refuses(HoldMoved, escrow.give_back(bought.order_id, None, reason=RefundReason.STAFF, key="k", by=DEE))
    assert run(escrow.unfreeze(bought.order_id, "case 7", by=(3, 1))) is HoldState.HELD
    assert is_about(end_of(bought), now() + timedelta(days=1))
    assert broken() == []


def test_what_the_seller_has_already_is_frozen_with_the_case_and_comes_back() -> None:
    terms(commission_bps=1000, reserve_bps=1000)
    bought = held()
    run(escrow.confirm(bought.order_id, by=CY))
    before = books(bought.order_id)
    run(escrow.freeze(bought.order_id, "case 7", by=(1, 2)))
    assert books(bought.order_id) == {"clearing": -10_000, "frozen": 9_000, "commission": 1_000}
    assert balance_of(Account.FROZEN, _merchant(bought)) == 9_000
    assert broken() == []
    assert run(escrow.unfreeze(bought.order_id, "case 7", by=(1, 2))) is HoldState.AFTERSALE
    assert books(bought.order_id) == before
    run(escrow.freeze(bought.order_id, "case 8", by=(1, 2)))
    assert balance_of(Account.FROZEN, _merchant(bought)) == 9_000


def test_one_person_freezes_nothing() -> None:
    bought = held()
    _refuses(SamePerson, escrow.freeze(bought.order_id, "case 7", by=(1, 1)))
    run(escrow.freeze(bought.order_id, "case 7", by=(1, 2)))
    _refuses(SamePerson, escrow.unfreeze(bought.order_id, "case 7", by=(2, 2)))


def test_a_stop_that_ends_while_frozen_starts_no_timer() -> None:
    bought = held()
    run(escrow.stop(bought.order_id, StopCause.QUESTION, "q"))
    run(escrow.freeze(bought.order_id, "case", by=(1, 2)))
    run(escrow.resume(bought.order_id, StopCause.QUESTION, "q"))
    assert hold_of(bought).due_at is None
    run(escrow.unfreeze(bought.order_id, "case", by=(1, 2)))
    assert is_about(end_of(bought), now() + timedelta(days=1))
