"""Settlement: verified money counts once, is always entered, and ends as goods, as money back, or before staff."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from tests import cast
from tests.cast import Bought, Ware
from tests.flows.rows import broken, counted, grown, leaves_nothing
from xinka.catalog.models import Product, ProductState, Sku, StockMode
from xinka.delivery.actions import Opener
from xinka.delivery.models import DeliveredCode
from xinka.flows.expire import expire_due
from xinka.flows.reveal import reveal
from xinka.flows.settle import Settlement, VerifiedMoney, settle_plain, settle_unusual
from xinka.flows.settling import settle_now
from xinka.flows.stocking import import_text, start_undo, undo_import
from xinka.kernel.ids import new_uuid
from xinka.ledger.models import Entry
from xinka.merchants.models import Merchant, MerchantState
from xinka.orders.states import OrderState
from xinka.payments.errors import TradeMismatch, WrongChannel
from xinka.payments.models import Channel, Payment, Receipt, Refund
from xinka.platform.database.django_drive import run
from xinka.platform.outbox.models import OutboxEvent
from xinka.stock.models import Reservation, StockBatch, StockCode, UnsoldCode
from xinka.stock.withdrawing import withdraw_codes

pytestmark = pytest.mark.django_db


@pytest.fixture
def ware() -> Ware:
    """Ten of Ada's codes."""
    return cast.ware(cast.adas_shop(), 10, sku={"max_quantity": 10})


@pytest.fixture
def alipay() -> Channel:
    """A way to pay."""
    return cast.channel()


@pytest.fixture
def bought(ware: Ware, alipay: Channel) -> Bought:
    """Cy's unpaid order of two."""
    return cast.buy(ware.sku, alipay, quantity=2)


@pytest.fixture(autouse=True)
def _audited() -> Iterator[None]:
    """After every test here, all the auditor's rules hold."""
    yield
    assert broken() == []


def balances(order_id: UUID | None) -> dict[int, int]:
    """Return what each account holds for an order; debit positive."""
    totals: dict[int, int] = {}
    for entry in Entry.objects.filter(order_id=order_id):
        totals[entry.account] = totals.get(entry.account, 0) + entry.amount
    return {account: total for account, total in totals.items() if total}


def let_expire(*orders: Bought) -> None:
    """Let the time of orders pass and the sweeper come by."""
    Reservation.objects.filter(order_id__in=[order.order_id for order in orders]).update(
        expires_at=timezone.now() - timedelta(minutes=5)  # the database's clock stands at the test's beginning
    )
    assert run(expire_due()) == len(orders)


def second_payment(bought: Bought, channel: Channel) -> Bought:
    """Return the same order as its buyer would pay it by another channel."""
    payment_id = new_uuid()
    Payment.objects.create(
        id=payment_id,
        order_id=bought.order_id,
        channel=channel,
        amount=bought.amount,
        currency="CNY",
        state="pending",
        created_at=timezone.now(),
    )
    return dataclasses.replace(bought, payment_id=payment_id, channel=channel)


def test_plain_money_delivers_pays_enters_and_tells_in_one_go(bought: Bought) -> None:
    held = Reservation.objects.get(order_id=bought.order_id).code_ids
    before = counted()
    assert cast.settle(cast.money_for(bought)) == Settlement("settled", bought.order_id)
    assert grown(before) == {
        "delivery_code": 2,
        "ledger_entry": 2,
        "outbox_event": 1,
        "payments_receipt": 1,
        "stock_reservation": -1,
    }
    delivered = DeliveredCode.objects.filter(order_id=bought.order_id).order_by("position")
    assert [(row.position, row.code_id) for row in delivered] == list(enumerate(held, start=1))
    assert (bought.order.state, Payment.objects.get(id=bought.payment_id).state) == ("delivered", "paid")
    assert balances(bought.order_id) == {1: 9800, 2: -9800}
    assert OutboxEvent.objects.get().kind == "order.delivered"


def test_a_batch_settles_all_that_is_plain_and_points_at_the_rest(ware: Ware, alipay: Channel) -> None:
    orders = [cast.buy(ware.sku, alipay, contact=f"cy{n}@example.com") for n in range(4)]
    money = [cast.money_for(order) for order in orders]
    money[2] = dataclasses.replace(money[2], amount=1)
    answers = run(settle_plain(money))
    assert [answer and answer.order_id for answer in answers] == [
        orders[0].order_id,
        orders[1].order_id,
        None,
        orders[3].order_id,
    ]
    assert Reservation.objects.get().order_id == orders[2].order_id


def test_a_notice_that_comes_again_changes_nothing(bought: Bought) -> None:
    money = cast.money_for(bought)
    cast.settle(money)
    for _ in range(3):
        again = leaves_nothing(lambda: cast.settle(dataclasses.replace(money, journal_id=new_uuid())))
        assert again == Settlement("settled", bought.order_id, is_new=False)
    assert settle_now(money) == Settlement("settled", bought.order_id, is_new=False)


def test_two_payments_of_one_order_in_one_batch_deliver_once_and_the_second_goes_back(
    bought: Bought, alipay: Channel
) -> None:
    other = second_payment(bought, alipay)
    first, second = cast.money_for(bought), cast.money_for(other)
    answers = run(settle_plain([first, second]))
    assert answers == [Settlement("settled", bought.order_id), None]
    assert run(settle_unusual(second)) == Settlement("double", bought.order_id)
    assert DeliveredCode.objects.filter(order_id=bought.order_id).count() == 2
    refund = Refund.objects.get()
    assert (refund.amount, refund.reason, refund.trade_no, refund.state) == (9800, "double", second.trade_no, "due")
    assert balances(bought.order_id) == {1: 19600, 2: -9800, 3: -9800}


def test_a_second_payment_by_another_channel_goes_back_whole(bought: Bought) -> None:
    other = second_payment(bought, cast.channel("wechat"))
    cast.pay(bought)
    assert cast.pay(other).outcome == "double"
    refund = Refund.objects.get()
    assert (refund.channel_id, refund.amount) == (other.channel.id, 9800)


def test_too_little_is_held_and_delivers_nothing(bought: Bought) -> None:
    before = counted()
    assert cast.settle(cast.money_for(bought, amount=9799)) == Settlement("short", bought.order_id)
    assert grown(before) == {"ledger_entry": 2, "outbox_event": 1, "payments_receipt": 1}
    assert bought.order.state == OrderState.PART_PAID
    assert balances(bought.order_id) == {1: 9799, 2: -9799}
    assert Reservation.objects.filter(order_id=bought.order_id).exists()


def test_the_rest_of_a_short_payment_delivers(bought: Bought) -> None:
    cast.settle(cast.money_for(bought, amount=9000))
    assert cast.settle(cast.money_for(bought, amount=799)).outcome == "short"
    assert cast.settle(cast.money_for(bought, amount=1)) == Settlement("settled", bought.order_id)
    assert bought.order.state == OrderState.DELIVERED
    assert balances(bought.order_id) == {1: 9800, 2: -9800}


def test_a_full_payment_after_a_short_one_returns_what_was_too_much(bought: Bought) -> None:
    cast.settle(cast.money_for(bought, amount=100))
    assert cast.pay(bought).outcome == "over"
    assert Refund.objects.get().amount == 100
    assert balances(bought.order_id) == {1: 9900, 2: -9800, 3: -100}


def test_too_much_delivers_and_the_difference_goes_back(bought: Bought) -> None:
    assert cast.settle(cast.money_for(bought, amount=10000)) == Settlement("over", bought.order_id)
    assert bought.order.state == OrderState.DELIVERED
    refund = Refund.objects.get()
    assert (refund.amount, refund.reason) == (200, "overpaid")
    assert {event.kind for event in OutboxEvent.objects.all()} == {"order.delivered", "refund.due"}


def test_what_was_paid_short_goes_back_when_the_order_expires(bought: Bought) -> None:
    cast.settle(cast.money_for(bought, amount=9799))
    let_expire(bought)
    assert (bought.order.state, Receipt.objects.get().outcome) == ("expired", "short_refunded")
    refund = Refund.objects.get()
    assert (refund.amount, refund.reason) == (9799, "underpaid")
    assert balances(bought.order_id) == {1: 9799, 3: -9799}


def test_late_money_still_delivers_while_there_is_stock(bought: Bought) -> None:
    let_expire(bought)
    assert cast.pay(bought) == Settlement("late_settled", bought.order_id)
    assert bought.order.state == OrderState.DELIVERED
    assert DeliveredCode.objects.filter(order_id=bought.order_id).count() == 2


@pytest.mark.parametrize("days", [1, 30])
def test_a_notice_delayed_by_days_is_still_honoured(bought: Bought, days: int) -> None:
    let_expire(bought)
    type(bought.order).objects.filter(id=bought.order_id).update(
        placed_at=timezone.now() - timedelta(days=days), expires_at=timezone.now() - timedelta(days=days)
    )
    assert cast.pay(bought).outcome == "late_settled"


@pytest.mark.parametrize("left", [0, 1])
def test_late_money_without_enough_stock_goes_back_whole(ware: Ware, alipay: Channel, left: int) -> None:
    bought = cast.buy(ware.sku, alipay, quantity=2)
    let_expire(bought)
    keep = list(UnsoldCode.objects.order_by("place").values_list("code_id", flat=True)[:left])
    taken = 10 - left
    for n in range(taken):
        cast.buy(ware.sku, alipay, contact=f"quick{n}@example.com")
    assert len(keep) == left
    before = UnsoldCode.objects.filter(sku_id=ware.sku.id).count()
    assert cast.pay(bought) == Settlement("late_refunded", bought.order_id)
    assert UnsoldCode.objects.filter(sku_id=ware.sku.id).count() == before == left
    assert bought.order.state == OrderState.EXPIRED
    assert (Refund.objects.get().amount, Refund.objects.get().reason) == (9800, "late")


@pytest.mark.parametrize("somebody_else_has_it", [False, True])
def test_late_money_for_a_chosen_code_brings_that_very_code_or_goes_back(
    alipay: Channel, *, somebody_else_has_it: bool
) -> None:
    ware = cast.ware(cast.adas_shop(slug="numbers"), 4, slug="number", sku={"choosable": True, "choose_premium": 300})
    third = UnsoldCode.objects.filter(sku_id=ware.sku.id).order_by("place").values_list("code_id", flat=True)[2]
    bought = cast.buy(ware.sku, alipay, chosen=third)
    let_expire(bought)
    if somebody_else_has_it:
        cast.buy(ware.sku, alipay, chosen=third, contact="quick@example.com")
        assert cast.pay(bought).outcome == "late_refunded"
        assert not DeliveredCode.objects.exists()
    else:
        assert cast.pay(bought).outcome == "late_settled"
        assert list(DeliveredCode.objects.values_list("code_id", flat=True)) == [third]


def test_late_money_for_a_chosen_label_brings_another_code_with_it_if_the_chosen_one_is_gone(alipay: Channel) -> None:
    sku = cast.ware(cast.adas_shop(), 0, sku={"choosable": True, "choose_premium": 300}).sku
    cast.stock_up(sku, ["A-1", "A-2", "E-1"], labels=["Asia", "Asia", "Europe"])
    first, second, other = UnsoldCode.objects.filter(sku_id=sku.id).order_by("place").values_list("code_id", flat=True)
    late = cast.buy(sku, alipay, chosen=first)
    let_expire(late)
    cast.buy(sku, alipay, chosen=first, contact="quick@example.com")
    assert cast.pay(late).outcome == "late_settled"
    assert list(DeliveredCode.objects.values_list("code_id", flat=True)) == [second]
    assert list(UnsoldCode.objects.filter(sku_id=sku.id).values_list("code_id", flat=True)) == [other]


def test_late_and_short_goes_back(bought: Bought) -> None:
    let_expire(bought)
    assert cast.settle(cast.money_for(bought, amount=9799)).outcome == "late_refunded"
    assert Refund.objects.get().amount == 9799


def take_off_sale(ware: Ware) -> None:
    Sku.objects.filter(id=ware.sku.id).update(on_sale=False)


def archive(ware: Ware) -> None:
    Product.objects.filter(id=ware.product.id).update(state=ProductState.ARCHIVED)


def suspend(ware: Ware) -> None:
    Merchant.objects.filter(id=ware.product.merchant_id).update(state=MerchantState.SUSPENDED)


@pytest.mark.parametrize("end", [take_off_sale, archive, suspend])
@pytest.mark.parametrize("is_late", [False, True])
def test_money_for_goods_that_are_not_offered_any_more_is_still_honoured(
    bought: Bought, ware: Ware, end: Callable[[Ware], None], *, is_late: bool
) -> None:
    if is_late:
        let_expire(bought)
    end(ware)
    assert cast.pay(bought).outcome == ("late_settled" if is_late else "settled")
    assert DeliveredCode.objects.filter(order_id=bought.order_id).count() == 2


def test_what_was_bought_is_still_read_when_all_of_its_shop_is_gone(bought: Bought, ware: Ware) -> None:
    cast.pay(bought)

    def read() -> list[bytes]:
        return [code.content for code in reveal(bought.order_id, None, opener=Opener(), now=timezone.now())]

    before = read()
    for end in (take_off_sale, archive, suspend):
        end(ware)
    batch = StockBatch.objects.get(sku=ware.sku)
    start_undo(batch)
    undo_import(batch.id)
    assert not UnsoldCode.objects.exists()
    assert withdraw_codes(ware.sku.id, StockCode.objects.values_list("id", flat=True)) == 0
    import_text("\n".join(ware.codes), ware.sku.id)
    assert read() == before == [code.encode() for code in ware.codes[:2]]
    assert (bought.order.title, bought.order.amount) == (ware.product.title, 9800)


def test_a_download_is_delivered_late_and_stays_on_offer(alipay: Channel) -> None:
    ware = cast.ware(
        cast.adas_shop(slug="files"), ["v1"], slug="file", sku={"mode": StockMode.REUSABLE, "max_quantity": 1}
    )
    bought = cast.buy(ware.sku, alipay)
    let_expire(bought)
    assert cast.pay(bought).outcome == "late_settled"
    assert DeliveredCode.objects.get().reusable
    assert UnsoldCode.objects.filter(sku_id=ware.sku.id).count() == 1


@pytest.mark.parametrize("payment_id", [None, UUID(int=7)], ids=["not our number", "nobody's number"])
def test_money_that_belongs_to_nobody_is_kept_before_staff(alipay: Channel, payment_id: UUID | None) -> None:
    money = VerifiedMoney(alipay.id, payment_id, "T-strange", 1234)
    assert cast.settle(money) if payment_id else run(settle_unusual(money)) == Settlement("unmatched", None)
    assert balances(None) == {1: 1234, 4: -1234}
    assert leaves_nothing(lambda: run(settle_unusual(money))) == Settlement("unmatched", None, is_new=False)


def test_money_in_another_currency_is_kept_before_staff_and_delivers_nothing(bought: Bought) -> None:
    money = dataclasses.replace(cast.money_for(bought), currency="USD")
    assert cast.settle(money).outcome == "unmatched"
    assert bought.order.state == OrderState.AWAITING_PAYMENT
    assert DeliveredCode.objects.count() == 0


def test_genuine_money_of_one_channel_never_pays_for_another(bought: Bought) -> None:
    money = dataclasses.replace(cast.money_for(bought), channel_id=cast.channel("wechat").id)

    def refused() -> None:
        with pytest.raises(WrongChannel):
            cast.settle(money)

    leaves_nothing(refused)
    assert bought.order.state == OrderState.AWAITING_PAYMENT


def test_a_trade_number_on_record_with_other_facts_is_refused(bought: Bought, ware: Ware, alipay: Channel) -> None:
    money = cast.money_for(bought, trade_no="T1")
    cast.settle(money)
    other = cast.buy(ware.sku, alipay, contact="eve@example.com")
    forged = [
        dataclasses.replace(money, amount=1),
        dataclasses.replace(money, currency="USD"),
        cast.money_for(other, trade_no="T1"),
    ]

    def refused(again: VerifiedMoney) -> None:
        with pytest.raises(TradeMismatch):
            cast.settle(again)

    for again in forged:
        leaves_nothing(lambda again=again: refused(again))
    assert other.order.state == OrderState.AWAITING_PAYMENT


def test_a_cancelled_order_that_is_paid_after_all_is_delivered_or_refunded_never_lost(bought: Bought) -> None:
    from xinka.flows.expire import cancel  # here, because only this test cancels

    assert run(cancel(bought.order_id)) is True
    assert bought.order.state == OrderState.CANCELLED
    assert cast.pay(bought).outcome == "late_settled"
