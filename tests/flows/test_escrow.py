"""The buyer's money is held at delivery, waits while anything is open, and goes to one side, to the cent, once."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from tests import cast
from tests.flows.holding import DAY, books, end_of, held, history, hold_of, is_about, now, terms
from tests.flows.rows import broken, leaves_nothing
from xinka.escrow.errors import (
    HoldStopped,
    NoHold,
    NotYourMove,
)
from xinka.escrow.models import Hold, HoldStep
from xinka.escrow.states import HoldState, StopCause
from xinka.flows import escrow
from xinka.flows.relay import relay_batch
from xinka.kernel.actors import TIMER, Actor, Role
from xinka.kernel.errors import Refusal
from xinka.kernel.ids import new_uuid
from xinka.ledger.queries import balances_of_merchant
from xinka.payments.states import RefundReason, RefundTo
from xinka.platform.database.django_drive import run
from xinka.platform.outbox.models import OutboxEvent

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


# Made


def test_the_relay_makes_the_hold_of_a_delivered_order_on_the_terms_of_the_moment() -> None:
    terms(commission_bps=500, reserve_bps=1000)
    bought = held()
    terms(commission_bps=900)
    hold = hold_of(bought)
    assert (hold.amount, hold.state, hold.commission_bps, hold.reserve_bps) == (10_000, "held", 500, 1000)
    assert hold.due_at == hold.delivered_at + timedelta(days=1)
    assert hold.remind_at == hold.delivered_at + timedelta(hours=18)
    assert books(bought.order_id) == {"clearing": -10_000, "escrow": 10_000}


def test_an_event_that_comes_again_makes_no_second_hold() -> None:
    bought = held()
    OutboxEvent.objects.create(kind="order.delivered", subject=bought.order_id, at=now())
    run(relay_batch())
    assert Hold.objects.count() == 1
    assert hold_of(bought).version == 0


def test_windows_follow_the_category_before_the_kind_before_what_is_built_in() -> None:
    terms("kind:course", confirm_seconds=5 * DAY, after_sale_seconds=2 * DAY)
    terms(f"category:{cast.shelf().id}", confirm_seconds=14 * DAY)
    hold = hold_of(held(kind="course"))
    assert (hold.confirm_seconds, hold.after_sale_seconds) == (14 * DAY, 2 * DAY)


def test_a_merchants_own_commission_goes_before_the_shops() -> None:
    terms(commission_bps=500)
    bought = held()
    terms(f"merchant:{_merchant(bought)}", commission_bps=250)
    Hold.objects.all().delete()
    assert run(escrow.ensure_hold(bought.order_id)).commission_bps == 250


def test_there_is_no_hold_for_what_was_not_delivered() -> None:
    sku = cast.ware(cast.adas_shop(), 1).sku
    bought = cast.buy(sku, cast.channel())
    for order_id in (bought.order_id, new_uuid()):
        _refuses(NoHold, escrow.ensure_hold(order_id))


# Released


def test_the_buyer_confirms_and_the_seller_is_owed_the_rest_after_commission() -> None:
    terms(commission_bps=333)
    bought = held()
    assert run(escrow.confirm(bought.order_id, by=CY)) is HoldState.AFTERSALE
    assert books(bought.order_id) == {"clearing": -10_000, "seller_pending": 9_667, "commission": 333}
    assert balances_of_merchant(_merchant(bought))["pending"] == 9_667
    assert is_about(end_of(bought), now() + timedelta(days=3))
    assert history(bought) == ["confirm"]


def test_confirming_again_changes_nothing() -> None:
    bought = held()
    run(escrow.confirm(bought.order_id, by=CY))
    leaves_nothing(lambda: run(escrow.confirm(bought.order_id, by=CY)))
    assert hold_of(bought).version == 1


def test_a_part_of_the_sellers_share_is_reserved_and_freed_when_its_time_is_over() -> None:
    terms(commission_bps=1000, reserve_bps=2000, reserve_seconds=30 * DAY)
    bought = held()
    run(escrow.confirm(bought.order_id, by=CY))
    assert books(bought.order_id) == {
        "clearing": -10_000,
        "seller_pending": 7_200,
        "seller_reserve": 1_800,
        "commission": 1_000,
    }
    run(escrow.mature_due(end_of(bought)))
    assert hold_of(bought).state == "settled"
    assert balances_of_merchant(_merchant(bought))["available"] == 7_200
    assert run(escrow.free_reserve_due(end_of(bought) - timedelta(seconds=1))) == 0
    assert run(escrow.free_reserve_due(end_of(bought))) == 1
    assert balances_of_merchant(_merchant(bought)) | {"frozen": 0} == {
        "pending": 0,
        "available": 9_000,
        "reserve": 0,
        "in_transit": 0,
        "receivable": 0,
        "frozen": 0,
    }
    assert broken() == []


def test_what_the_platform_took_off_the_price_the_seller_gets_from_the_platform() -> None:
    terms(commission_bps=1000)
    bought = held(price=8_000)
    Hold.objects.update(discount_platform=2_000)
    run(escrow.confirm(bought.order_id, by=CY))
    assert books(bought.order_id) == {
        "clearing": -8_000,
        "promotions": -2_000,
        "seller_pending": 9_000,
        "commission": 1_000,
    }
    _back(bought, 4_000)
    assert books(bought.order_id) == {
        "clearing": -8_000,
        "promotions": -1_000,
        "seller_pending": 4_500,
        "commission": 500,
        "refund_in_transit": 4_000,
    }


def test_nobody_else_confirms_and_a_seller_never_releases() -> None:
    bought = held()
    for actor in (ADA, DEE, TIMER, Actor(Role.STAFF, 3), Actor(Role.FINANCE, 4)):
        _refuses(NotYourMove, escrow.confirm(bought.order_id, by=actor))
    for actor in (CY, ADA, TIMER, Actor(Role.STAFF, 3), Actor(Role.FINANCE, 4)):
        _refuses(NotYourMove, escrow.release(bought.order_id, by=actor))
    assert run(escrow.release(bought.order_id, by=DEE)) is HoldState.AFTERSALE


# Timers


def test_what_nobody_complains_about_is_released_and_then_matures() -> None:
    bought = held()
    due = end_of(bought)
    assert run(escrow.confirm_due(due - timedelta(microseconds=1))) == 0
    assert run(escrow.confirm_due(due)) == 1
    assert run(escrow.confirm_due(due)) == 0
    later = end_of(bought)
    assert run(escrow.mature_due(later - timedelta(microseconds=1))) == 0
    assert run(escrow.mature_due(later)) == 1
    hold = hold_of(bought)
    assert (hold.state, hold.released_at, hold.settled_at, hold.due_at) == ("settled", due, later, None)
    assert balances_of_merchant(_merchant(bought))["available"] == 10_000
    assert history(bought) == ["confirm_due", "mature"]
    assert broken() == []


def test_a_timer_that_fires_late_has_the_effect_it_would_have_had_on_time() -> None:
    bought = held()
    due = end_of(bought)
    run(escrow.confirm_due(due + timedelta(days=30)))
    assert hold_of(bought).released_at == due
    assert end_of(bought) == due + timedelta(days=3)
    run(escrow.mature_due(due + timedelta(days=30)))
    assert hold_of(bought).settled_at == due + timedelta(days=3)


def test_a_batch_takes_no_more_than_its_limit() -> None:
    bought = held()
    other = cast.buy(cast.ware(bought.order.merchant, 1, slug="other").sku, bought.channel)
    cast.pay(other)
    run(relay_batch())
    due = end_of(other)
    assert [run(escrow.confirm_due(due, 1)) for _ in range(3)] == [1, 1, 0]


def test_the_buyer_is_reminded_once_before_the_time_is_over() -> None:
    from django.db import connection

    bought = held()
    remind_at = hold_of(bought).remind_at
    assert remind_at is not None
    assert [run(escrow.remind_due(remind_at + timedelta(seconds=n))) for n in (-1, 0, 1)] == [0, 1, 0]
    with connection.cursor() as cursor:
        cursor.execute("SELECT args ->> 'order_id' FROM procrastinate_jobs WHERE task_name = 'mail.escrow_ends'")
        assert [UUID(row[0]) for row in cursor.fetchall()] == [bought.order_id]


# Stopped


@pytest.mark.parametrize("cause", StopCause)
def test_nothing_is_released_while_anything_is_open(cause: StopCause) -> None:
    bought = held()
    run(escrow.stop(bought.order_id, cause, "one"))
    run(escrow.stop(bought.order_id, cause, "two"))
    run(escrow.resume(bought.order_id, cause, "one"))
    assert run(escrow.confirm_due(now() + timedelta(days=900))) == 0
    assert run(escrow.remind_due(now() + timedelta(days=900))) == 0
    _refuses(HoldStopped, escrow.confirm(bought.order_id, by=CY))
    _refuses(HoldStopped, escrow.release(bought.order_id, by=DEE))
    run(escrow.resume(bought.order_id, cause, "two"))
    assert run(escrow.confirm(bought.order_id, by=CY)) is HoldState.AFTERSALE


def test_the_same_stop_counts_once_and_ends_once() -> None:
    bought = held()
    for _ in range(2):
        run(escrow.stop(bought.order_id, StopCause.DISPUTE, "one"))
    assert hold_of(bought).n_stops == 1
    for _ in range(2):
        run(escrow.resume(bought.order_id, StopCause.DISPUTE, "one"))
    assert hold_of(bought).n_stops == 0
    run(escrow.stop(bought.order_id, StopCause.DISPUTE, "one"))
    assert hold_of(bought).n_stops == 1
    assert history(bought) == ["stop", "resume", "stop"]


@pytest.mark.parametrize(("stopped_after", "left"), [(1, 4), (3, 2), (4.5, 1), (8, 1)])
def test_a_timer_goes_on_with_its_rest_and_a_day_at_least(stopped_after: float, left: int) -> None:
    terms("kind:card_code", confirm_seconds=5 * DAY)
    bought = held()
    stopped_at = hold_of(bought).delivered_at + timedelta(days=stopped_after)
    run(escrow.stop(bought.order_id, StopCause.QUESTION, "q", now=stopped_at))
    assert (hold_of(bought).due_at, hold_of(bought).remind_at) == (None, None)
    resumed_at = stopped_at + timedelta(days=20)
    run(escrow.resume(bought.order_id, StopCause.QUESTION, "q", now=resumed_at))
    assert end_of(bought) == resumed_at + timedelta(days=left)
    assert hold_of(bought).remind_at == end_of(bought) - timedelta(days=left) / 4


def test_a_claim_stops_maturity() -> None:
    bought = held()
    run(escrow.confirm(bought.order_id, by=CY))
    run(escrow.stop(bought.order_id, StopCause.CLAIM, "c1"))
    assert run(escrow.mature_due(now() + timedelta(days=900))) == 0
    run(escrow.resume(bought.order_id, StopCause.CLAIM, "c1"))
    assert run(escrow.mature_due(now() + timedelta(days=900))) == 1


# History


def test_every_move_leaves_one_line_with_who_and_how_much() -> None:
    bought = held()
    run(escrow.stop(bought.order_id, StopCause.DISPUTE, "d1", by=CY))
    _back(bought, 400)
    run(escrow.resume(bought.order_id, StopCause.DISPUTE, "d1", by=DEE))
    run(escrow.release(bought.order_id, by=DEE))
    lines = HoldStep.objects.filter(order_id=bought.order_id).order_by("version")
    assert list(lines.values_list("version", "event", "role", "by_id", "source", "target", "amount", "note")) == [
        (1, "stop", "buyer", None, "held", "held", 0, "dispute:d1"),
        (2, "give_back_part", "arbiter", 2, "held", "held", 400, "dispute"),
        (3, "resume", "arbiter", 2, "held", "held", 0, "dispute:d1"),
        (4, "release", "arbiter", 2, "held", "aftersale", 9_600, ""),
    ]
