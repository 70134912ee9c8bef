"""A process that dies inside a flow, after each of its statements: the flow happened whole, or not at all.

Catalogue: F01 to F04 (checkout), F06 to F08 (settlement), F13 (what promises a refund). After each death the same
request is sent again, as a buyer's browser and a gateway do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.postgres.functions import TransactionNow
from django.utils import timezone

from tests import cast
from tests.cast import Bought, Ware
from tests.resilience.crash import AFTER_COMMIT, count_statements, die_in
from tests.resilience.house import broken_rules, rows_of
from xinka.flows.checkout import place
from xinka.flows.expire import cancel, expire_due
from xinka.flows.settle import VerifiedMoney, settle_plain, settle_unusual
from xinka.kernel.flow import Flow
from xinka.kernel.ids import new_uuid
from xinka.payments.models import Channel, Payment
from xinka.platform.database.django_drive import run
from xinka.stock.models import Reservation

pytestmark = [pytest.mark.crash, pytest.mark.timeout(900)]


@dataclass
class Scene:
    """A shop at the moment before a flow, and what the flow must say when it is run again after it was committed."""

    make: Callable[[], Flow[Any]]
    again: Callable[[Any], object]


def shop() -> tuple[Ware, Channel]:
    """Return Ada's goods and a way to pay."""
    ware = cast.ware(cast.adas_shop(), 6, sku={"max_quantity": 4, "choosable": True, "choose_premium": 0})
    return ware, cast.channel()


def order(quantity: int = 2) -> tuple[Bought, Ware]:
    """Return an unpaid order."""
    ware, alipay = shop()
    return cast.buy(ware.sku, alipay, quantity=quantity), ware


def expire(bought: Bought) -> None:
    """Let an order expire."""
    let_time_pass(bought)
    run(expire_due())


def let_time_pass(bought: Bought) -> None:
    """Let an order's time be over."""
    Reservation.objects.filter(order_id=bought.order_id).update(expires_at=TransactionNow() - timedelta(seconds=1))


def placing(quantity: int = 1, *, choose: bool = False) -> Scene:
    ware, alipay = shop()
    chosen = cast.stock_up(ware.sku, ["CHOSEN"])[0] if choose else 0
    request = cast.ask(ware.sku, alipay, quantity=quantity, chosen=chosen)
    return Scene(lambda: place([request]), lambda answers: answers[0].is_new is False)


def paying(money: VerifiedMoney) -> Scene:
    return Scene(lambda: settle_unusual(money), lambda answer: answer.is_new is False)


def paying_plainly() -> Scene:
    bought, _ = order()
    money = cast.money_for(bought)
    return Scene(lambda: settle_plain([money]), lambda answers: answers == [None])


def paying_too_little() -> Scene:
    return paying(cast.money_for(order()[0], amount=1))


def paying_the_rest() -> Scene:
    bought, _ = order()
    cast.settle(cast.money_for(bought, amount=800))
    return paying(cast.money_for(bought, amount=9000))


def paying_too_much() -> Scene:
    return paying(cast.money_for(order()[0], amount=10000))


def paying_late() -> Scene:
    bought, _ = order()
    expire(bought)
    return paying(cast.money_for(bought))


def paying_late_with_too_few_left() -> Scene:
    bought, ware = order()
    expire(bought)
    cast.buy(ware.sku, bought.channel, quantity=4, contact="quick@example.com")
    cast.buy(ware.sku, bought.channel, quantity=1, contact="quicker@example.com")
    return paying(cast.money_for(bought))


def paying_twice() -> Scene:
    bought, _ = order()
    cast.pay(bought)
    other = new_uuid()
    Payment.objects.create(
        id=other,
        order_id=bought.order_id,
        channel=bought.channel,
        amount=9800,
        currency="CNY",
        state="pending",
        created_at=timezone.now(),
    )
    return paying(VerifiedMoney(bought.channel.id, other, "T-second", 9800))


def paying_for_nothing_of_ours() -> Scene:
    return paying(VerifiedMoney(shop()[1].id, None, "T-strange", 9800))


def expiring_what_was_paid_in_part() -> Scene:
    bought, _ = order()
    cast.settle(cast.money_for(bought, amount=300))
    cast.settle(cast.money_for(bought, amount=400))
    let_time_pass(bought)
    return Scene(expire_due, lambda n: n == 0)


def cancelling_what_was_paid_in_part() -> Scene:
    bought, _ = order()
    cast.settle(cast.money_for(bought, amount=300))
    return Scene(lambda: cancel(bought.order_id), lambda done: done is False)


SCENES: list[Callable[[], Scene]] = [
    placing,
    lambda: placing(choose=True),
    paying_plainly,
    paying_too_little,
    paying_the_rest,
    paying_too_much,
    paying_late,
    paying_late_with_too_few_left,
    paying_twice,
    paying_for_nothing_of_ours,
    expiring_what_was_paid_in_part,
    cancelling_what_was_paid_in_part,
]
NAMES = ["placing", "placing_a_chosen_code", *[scene.__name__ for scene in SCENES[2:]]]


@pytest.mark.parametrize("open_scene", SCENES, ids=NAMES)
def test_a_death_after_any_statement_leaves_all_or_nothing(committed: str, open_scene: Callable[[], Scene]) -> None:
    scene = open_scene()
    before = rows_of(committed)
    n_statements = count_statements(committed, scene.make)
    assert n_statements > 0
    for after in range(n_statements + 1):
        die_in(committed, scene.make, after)
        assert rows_of(committed) == before, f"something is left of a death after statement {after}"
        assert broken_rules(committed) == {}
    die_in(committed, scene.make, AFTER_COMMIT)
    done = rows_of(committed)
    assert done != before, "what was committed must be there although nobody was told"
    assert broken_rules(committed) == {}
    assert scene.again(run(scene.make())), "the same request again must be told what happened, not happen again"
    assert rows_of(committed) == done


def test_the_retry_after_an_unanswered_commit_names_the_same_order(committed: str) -> None:
    ware, alipay = shop()
    request = cast.ask(ware.sku, alipay)
    die_in(committed, lambda: place([request]), AFTER_COMMIT)
    again = cast.ask(ware.sku, alipay, request_key=request.request_key)
    (answer,) = run(place([again]))
    assert (answer.order_id, answer.payment_id) == (request.order_id, request.payment_id)  # type: ignore[union-attr]


def test_control_two_transactions_where_one_is_needed_lose_a_code(committed: str) -> None:
    """Reserve in one transaction and write the order in the next, and a death between them loses the codes."""
    ware, _ = shop()

    def reserve_first() -> Flow[None]:
        from xinka.kernel.flow import Query  # here, because only this control writes a flow

        yield Query("DELETE FROM stock_unsold WHERE sku_id = $1", (ware.sku.id,))
        yield Query("COMMIT")
        yield Query("SELECT 'the order would be written here'")

    die_in(committed, reserve_first, 2)
    assert set(broken_rules(committed)) == {"none_lost"}
