"""What must be true of escrow: each rule shown to fail on damaged rows, and on nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection

from tests import cast
from tests.flows.holding import held, now, terms
from tests.flows.rows import broken
from xinka.escrow.models import GivenBack, Hold, HoldStep, Stop
from xinka.flows import escrow
from xinka.flows.escrow.rules import RULES
from xinka.kernel.actors import Actor, Role
from xinka.orders.models import Order
from xinka.payments.models import Refund
from xinka.payments.states import RefundReason
from xinka.platform.database.django_drive import run

pytestmark = pytest.mark.django_db

CY, DEE = Actor(Role.BUYER), Actor(Role.ARBITER, 2)


@pytest.fixture
def trade() -> cast.Bought:
    """A part went back, the rest was released, a claim was opened and closed."""
    terms(commission_bps=1000, reserve_bps=1000)
    bought = held()
    run(escrow.give_back(bought.order_id, 1_000, reason=RefundReason.DISPUTE, key="a_b", by=DEE))
    run(escrow.confirm(bought.order_id, by=CY))
    run(escrow.stop(bought.order_id, escrow.StopCause.RISK, "c"))
    run(escrow.resume(bought.order_id, escrow.StopCause.RISK, "c"))
    run(escrow.stop(bought.order_id, escrow.StopCause.RISK, "d"))
    assert broken() == []
    return bought


def _sql(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE ledger_entry DISABLE TRIGGER USER")
        cursor.execute(statement, values)
        assert cursor.rowcount != 0


def forget_a_hold(bought: cast.Bought) -> None:
    """The relay was skipped, a while ago."""
    order = cast.buy(cast.ware(bought.order.merchant, 1, slug="other").sku, bought.channel)
    cast.pay(order)
    _sql("DELETE FROM outbox_event WHERE subject = %s", order.order_id)
    Order.objects.filter(id=order.order_id).update(delivered_at=now() - timedelta(hours=1))


def hold_another_merchants(bought: cast.Bought) -> None:
    Hold.objects.update(merchant_id=999)


def hold_for_an_order_that_expired(bought: cast.Bought) -> None:
    Order.objects.filter(id=bought.order_id).update(state="expired")


def refund_an_order_whose_money_is_the_sellers(bought: cast.Bought) -> None:
    Order.objects.filter(id=bought.order_id).update(state="refunded")


def forget_a_commission(bought: cast.Bought) -> None:
    Hold.objects.update(commission=0)


def claim_a_subsidy_nobody_paid(bought: cast.Bought) -> None:
    Hold.objects.update(subsidy=5)


def release_more_in_the_books(bought: cast.Bought) -> None:
    _sql("UPDATE ledger_entry SET account = 15, owner_id = NULL WHERE account = 10 AND order_id = %s", bought.order_id)


def forget_a_stop(bought: cast.Bought) -> None:
    Hold.objects.update(n_stops=0)


def stop_without_a_hold_knowing(bought: cast.Bought) -> None:
    Stop.objects.filter(ref="c").update(ended_at=None)


def forget_a_line_of_history(bought: cast.Bought) -> None:
    HoldStep.objects.filter(version=1).delete()


def give_back_without_a_decision(bought: cast.Bought) -> None:
    GivenBack.objects.all().delete()


def give_back_less_than_decided(bought: cast.Bought) -> None:
    Refund.objects.update(key="axb/1/t")


def hand_over_what_nobody_granted(bought: cast.Bought) -> None:
    run(escrow.freeze(bought.order_id, "case", by=(1, 2)))
    run(escrow.hand_over(bought.order_id, "no order", 1_000, by=(1, 2)))


DAMAGE: list[tuple[Callable[[cast.Bought], None], set[str]]] = [
    (forget_a_hold, {"holds_are_orders"}),
    (hold_another_merchants, {"holds_are_orders"}),
    (hold_for_an_order_that_expired, {"holds_are_orders", "delivered_is_paid"}),
    (refund_an_order_whose_money_is_the_sellers, {"holds_are_orders"}),
    (forget_a_commission, {"trades_conserve"}),
    (claim_a_subsidy_nobody_paid, {"trades_conserve"}),
    (forget_a_stop, {"stops_are_counted"}),
    (stop_without_a_hold_knowing, {"stops_are_counted"}),
    (forget_a_line_of_history, {"moves_are_told"}),
    (hand_over_what_nobody_granted, {"handed_over_by_order"}),
    (give_back_without_a_decision, {"returns_are_decided"}),
    (give_back_less_than_decided, {"returns_are_decided"}),
]


@pytest.mark.parametrize(("damage", "rules"), DAMAGE, ids=[damage.__name__ for damage, _ in DAMAGE])
def test_each_damage_is_found_and_nothing_else(
    trade: cast.Bought, damage: Callable[[cast.Bought], None], rules: set[str]
) -> None:
    damage(trade)
    assert set(broken()) == rules


def test_money_that_moved_in_the_books_alone_is_found(trade: cast.Bought) -> None:
    release_more_in_the_books(trade)
    assert "trades_conserve" in broken()


def test_no_rule_is_without_a_damage_that_breaks_it() -> None:
    assert {rule.name for rule in RULES} <= {name for _, rules in DAMAGE for name in rules}


def test_an_order_delivered_a_moment_ago_has_no_hold_yet_and_all_its_money_is_held() -> None:
    bought = cast.buy(cast.ware(cast.adas_shop(), 1).sku, cast.channel())
    cast.pay(bought)
    assert not Hold.objects.exists()
    assert broken() == []
