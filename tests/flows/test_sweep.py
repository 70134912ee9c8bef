"""What others forgot is found, mended where that is safe, and otherwise told."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.postgres.functions import TransactionNow
from django.db import connection
from django.utils import timezone

from tests import cast
from tests.flows.poison import poison
from xinka.catalog.models import Sku
from xinka.flows import sweep
from xinka.flows.relay import relay_batch
from xinka.kernel import ids
from xinka.kernel.ids import new_uuid
from xinka.orders.models import Order
from xinka.orders.states import OrderState
from xinka.payments.models import Refund
from xinka.platform.audit.models import Report
from xinka.platform.database.django_drive import run
from xinka.platform.jobs.each_alone import SomeFailed
from xinka.platform.mail.models import LetterState, SentLetter
from xinka.platform.outbox.models import OutboxEvent
from xinka.stock.models import AsideCode, Reservation, UnsoldCode

pytestmark = pytest.mark.django_db
SOON = timedelta(minutes=11)


@pytest.fixture
def ware() -> cast.Ware:
    """Ada's goods."""
    return cast.ware(cast.adas_shop(), 3, sku={"low_stock_at": 2})


def _events() -> list[tuple[str, object]]:
    return list(OutboxEvent.objects.values_list("kind", "subject"))


def test_a_quiet_shop_gives_nothing_to_mend(ware: cast.Ware) -> None:
    cast.buy(ware.sku, cast.channel())
    assert not any(sweep.sweep(timezone.now() + SOON).values())
    assert Report.objects.get(name="sweep").holds


def test_an_expired_order_gives_its_codes_back(ware: cast.Ware) -> None:
    bought = cast.buy(ware.sku, cast.channel(), quantity=2)
    Reservation.objects.update(expires_at=TransactionNow() - timedelta(seconds=1))
    assert sweep.expire_orders() == 1
    assert bought.order.state == OrderState.EXPIRED
    assert UnsoldCode.objects.filter(sku_id=ware.sku.id).count() == 3


def test_an_order_that_cannot_expire_keeps_no_others_goods(ware: cast.Ware) -> None:
    channel = cast.channel()
    bad, other = cast.buy(ware.sku, channel), cast.buy(ware.sku, channel)
    Reservation.objects.update(expires_at=TransactionNow() - timedelta(seconds=1))
    poison(Order, f"id <> '{bad.order_id}' OR state <> 'expired'")
    with pytest.raises(SomeFailed, match=ids.show("ord", bad.order_id)):
        sweep.expire_orders()
    assert (bad.order.state, other.order.state) == (OrderState.AWAITING_PAYMENT, OrderState.EXPIRED)


def test_a_delivered_order_whose_letter_was_never_written_is_told_of_again(ware: cast.Ware) -> None:
    bought = cast.buy(ware.sku, cast.channel())
    cast.pay(bought)
    OutboxEvent.objects.all().delete()
    assert sweep.sweep(timezone.now())["forgotten_letters"] == 0
    assert sweep.sweep(timezone.now() + SOON)["forgotten_letters"] == 1
    assert _events() == [("order.delivered", bought.order_id)]
    assert sweep.sweep(timezone.now() + SOON)["forgotten_letters"] == 0


def test_a_letter_that_waits_or_was_sent_is_not_forgotten(ware: cast.Ware) -> None:
    first, second = (cast.buy(ware.sku, channel) for channel in (cast.channel(), cast.channel("wx")))
    cast.pay(first)
    cast.pay(second)
    run(relay_batch())
    assert sweep.sweep(timezone.now() + SOON)["forgotten_letters"] == 0
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
    SentLetter.objects.create(
        kind="goods", subject=first.order_id, message_id="<1@x>", state=LetterState.SENT, tried_at=timezone.now()
    )
    assert sweep.sweep(timezone.now() + SOON)["forgotten_letters"] == 1
    assert _events() == [("order.delivered", second.order_id)]


def test_a_refund_nobody_works_on_is_queued_again(ware: cast.Ware) -> None:
    bought = cast.buy(ware.sku, cast.channel())
    cast.pay(bought)
    cast.settle(cast.money_for(bought))
    OutboxEvent.objects.all().delete()
    refund = Refund.objects.get()
    assert sweep.sweep(timezone.now() + SOON)["forgotten_refunds"] == 1
    assert ("refund.due", refund.id) in _events()
    run(relay_batch())
    assert sweep.sweep(timezone.now() + SOON)["forgotten_refunds"] == 0


def test_codes_held_for_an_order_that_does_not_exist_return_unless_they_were_delivered(ware: cast.Ware) -> None:
    bought = cast.buy(ware.sku, cast.channel())
    held = Reservation.objects.get(order_id=bought.order_id)
    cast.pay(bought)
    free = UnsoldCode.objects.filter(sku_id=ware.sku.id).order_by("place")[0]
    UnsoldCode.objects.filter(sku_id=ware.sku.id, code_id=free.code_id).delete()
    Reservation.objects.create(
        order_id=new_uuid(),
        sku_id=ware.sku.id,
        code_ids=[*held.code_ids, free.code_id],
        contact_key=new_uuid(),
        address_key=new_uuid(),
        expires_at=timezone.now(),
    )
    assert sweep.sweep(timezone.now())["orphan_reservations"] == 0
    assert sweep.sweep(timezone.now() + SOON)["orphan_reservations"] == 1
    assert Reservation.objects.count() == 0
    back = set(UnsoldCode.objects.filter(sku_id=ware.sku.id).values_list("code_id", flat=True))
    assert free.code_id in back
    assert not back & set(held.code_ids)


def test_paid_without_goods_raises_an_alarm_that_names_the_order(
    ware: cast.Ware, caplog: pytest.LogCaptureFixture
) -> None:
    bought = cast.buy(ware.sku, cast.channel())
    Order.objects.filter(id=bought.order_id).update(state=OrderState.PAID)
    assert sweep.sweep(timezone.now() + SOON)["paid_without_goods"] == 1
    report = Report.objects.get(name="sweep")
    assert not report.holds
    assert report.details["alarms"] == [ids.show("ord", bought.order_id)]
    assert "order.paid_without_goods" in caplog.text


def test_an_examination_names_the_rules_that_are_broken(ware: cast.Ware) -> None:
    cast.pay(cast.buy(ware.sku, cast.channel()))
    Order.objects.update(state=OrderState.PAID)
    found = sweep.examine()
    assert not found.holds
    assert "delivered_is_paid" in {rule["name"] for rule in found.details["broken"]}


def test_much_that_runs_low_at_once_is_one_letter_per_merchant() -> None:
    shop, other = cast.adas_shop(), cast.adas_shop(slug="eves-cards")
    poor = [cast.ware(shop, n % 3, slug=f"poor{n}", sku={"low_stock_at": 2}) for n in range(15)]
    few = cast.ware(other, 1, slug="few")
    assert sweep.watch_stock() == 16
    jobs = {(name, tuple(sorted(args))): args for name, args in deferred("mail.low_stock", "mail.much_low")}
    assert len(jobs) == 2
    alone = jobs["mail.low_stock", ("sku_id", "unsold")]
    assert alone == {"sku_id": few.sku.id, "unsold": 1}
    together = jobs["mail.much_low", ("at", "merchant_id", "n", "sku_ids")]
    assert (together["merchant_id"], together["n"]) == (shop.id, 15)
    assert together["sku_ids"] == [poor[n].sku.id for n in (0, 3, 6, 9, 12, 1, 4, 7, 10, 13)]
    assert sweep.watch_stock() == 0


def deferred(*tasks: str) -> list[tuple[str, dict[str, Any]]]:
    """Return the jobs of these names with their arguments."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name, args::text FROM procrastinate_jobs WHERE task_name = ANY(%s)", [list(tasks)])
        return [(name, json.loads(args)) for name, args in cursor.fetchall()]


def test_what_was_never_stocked_is_not_called_sold_out(ware: cast.Ware) -> None:
    new = Sku.objects.create(product=ware.product, price=100, label="new", low_stock_at=5)
    assert sweep.watch_stock() == 0
    cast.stock_up(new, ["N-1"])
    assert sweep.watch_stock() == 1
    assert deferred("mail.low_stock")[-1][1] == {"sku_id": new.id, "unsold": 1}


def test_low_stock_is_told_once_until_it_was_stocked(ware: cast.Ware) -> None:
    assert sweep.watch_stock() == 0
    cast.buy(ware.sku, cast.channel())
    assert sweep.watch_stock() == 1
    assert sweep.watch_stock() == 0
    cast.stock_up(ware.sku, ["NEW-1", "NEW-2"])
    assert sweep.watch_stock() == 0
    cast.buy(ware.sku, cast.channel("wx"), quantity=2, contact="bo@example.com")
    assert sweep.watch_stock() == 1


def test_what_runs_low_and_then_out_is_told_once_each_until_it_was_stocked(ware: cast.Ware) -> None:
    cast.buy(ware.sku, cast.channel())
    assert sweep.watch_stock() == 1
    bought = cast.buy(ware.sku, cast.channel("wx"), quantity=2, contact="bo@example.com")
    assert sweep.watch_stock() == 1
    assert [args for _, args in deferred("mail.low_stock")] == [
        {"sku_id": ware.sku.id, "unsold": 2},
        {"sku_id": ware.sku.id, "unsold": 0},
    ]
    assert sweep.watch_stock() == 0
    Reservation.objects.filter(order_id=bought.order_id).update(expires_at=timezone.now() - timedelta(hours=1))
    sweep.expire_orders()
    assert sweep.watch_stock() == 0, "pieces that were given back are no new stock"
    cast.buy(ware.sku, cast.channel("wy"), quantity=2, contact="fay@example.com")
    assert sweep.watch_stock() == 0, "and selling them is no other shortage"
    cast.stock_up(ware.sku, ["NEW-1", "NEW-2", "NEW-3"])
    assert sweep.watch_stock() == 0
    cast.buy(ware.sku, cast.channel("wz"), quantity=3, contact="gus@example.com")
    assert sweep.watch_stock() == 1, "low and out at once are one letter"
    assert deferred("mail.low_stock")[-1][1] == {"sku_id": ware.sku.id, "unsold": 0}


def test_what_a_flash_sale_still_sells_is_low_and_not_sold_out(ware: cast.Ware) -> None:
    code = UnsoldCode.objects.filter(sku_id=ware.sku.id).values_list("code_id", flat=True)[0]
    UnsoldCode.objects.filter(sku_id=ware.sku.id).delete()
    aside = AsideCode.objects.create(code_id=code, sku_id=ware.sku.id, sale_id=1, sold_from=timezone.now() - SOON)
    assert sweep.watch_stock() == 1
    assert Sku.objects.get().sold_out_alerted_at is None
    aside.delete()
    assert sweep.watch_stock() == 1
    assert Sku.objects.get().sold_out_alerted_at is not None
    assert sweep.watch_stock() == 0


def test_orders_of_the_day_are_counted_by_state(ware: cast.Ware) -> None:
    cast.pay(cast.buy(ware.sku, cast.channel()))
    cast.buy(ware.sku, cast.channel("wx"))
    sweep.count_orders()
    assert Report.objects.get(name="orders_of_day").details == {"delivered": 1, "awaiting_payment": 1}
