"""The payment page: looking never costs, changing the way never charges twice, and a link back is never believed."""

from __future__ import annotations

from datetime import timedelta
from unittest.mock import Mock
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from tests import cast
from xinka.flows.paying import attempts, closing, confirm
from xinka.kernel import ids
from xinka.kernel.errors import ProviderError
from xinka.orders.access import order_path
from xinka.orders.errors import NoSuchChannel, OrderNotFound
from xinka.orders.models import Order
from xinka.payments.models import Channel, Payment
from xinka.payments.providers.protocol import HowToPay, PayBy, QueryResult, TradeStatus
from xinka.shop import paying as pages

pytestmark = pytest.mark.django_db


def pay_page(cy: Client, bought: cast.Bought, query: str = "") -> str:
    return cy.get(f"{order_path(bought.order_id)}/pay{query}").content.decode()


def payments(bought: cast.Bought) -> list[Payment]:
    return list(Payment.objects.filter(order_id=bought.order_id))


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Mock:
    """A gateway whose answers the test decides."""
    provider = Mock()
    provider.prepare.return_value = HowToPay(PayBy.QR, "https://qr.example/abc")
    monkeypatch.setattr(attempts, "provider_of", lambda _channel: provider)
    return provider


def test_looking_often_makes_no_second_payment(bought: cast.Bought, cy: Client) -> None:
    for _ in range(3):
        assert "¥</i>98.00" in pay_page(cy, bought)
    assert [payment.id for payment in payments(bought)] == [bought.payment_id]


def test_the_button_leads_to_the_gateway_with_the_payments_number(bought: cast.Bought, cy: Client) -> None:
    page = pay_page(cy, bought)
    assert "/sandbox/submit.php?" in page
    assert ids.show("pay", bought.payment_id) in page
    assert "98.00" in page
    assert cast.KEY not in page


def test_without_scripts_both_pages_say_until_when_and_where_to_look(bought: cast.Bought, cy: Client) -> None:
    order = Order.objects.get(id=bought.order_id)
    for path in (f"{order_path(order.id)}/pay", order_path(order.id)):
        page = cy.get(path).content.decode()
        told = page[page.index("<noscript>") : page.index("</noscript>")]
        assert f'href="{order_path(order.id)}"' in told
        assert f"{timezone.localtime(order.expires_at):%Y-%m-%d %H:%M}" in told
    cast.settle(cast.money_for(bought))
    assert "<noscript>" not in cy.get(order_path(order.id)).content.decode()


@pytest.mark.parametrize(("kept", "title"), [("en", "Star Voyage card 300"), ("zh-hans", "星海远征 点卡 300 点")])
def test_the_gateway_hears_the_title_in_the_orders_language_whatever_the_page_speaks(
    bought: cast.Bought, cy: Client, gateway: Mock, kept: str, title: str
) -> None:
    Order.objects.filter(id=bought.order_id).update(language=kept)
    pay_page(cy, bought)
    (asked,), _ = gateway.prepare.call_args
    assert asked.title == title


def test_a_qr_code_is_asked_for_once_and_kept(bought: cast.Bought, cy: Client, gateway: Mock) -> None:
    first = cy.get(f"{order_path(bought.order_id)}/pay")
    assert 'src="data:image/svg+xml' in first.content.decode()
    assert "img-src 'self' data:" in first["Content-Security-Policy"]
    pay_page(cy, bought)
    assert gateway.prepare.call_count == 1


def test_the_number_is_on_record_before_the_gateway_hears_of_it(bought: cast.Bought, cy: Client, gateway: Mock) -> None:
    pay_page(cy, bought)
    (asked,), _ = gateway.prepare.call_args
    assert asked.out_trade_no == ids.show("pay", bought.payment_id)
    assert asked.amount_minor == bought.amount
    assert asked.notify_url.endswith("/pay/notify/alipay-md5")
    assert asked.return_url.endswith(f"/pay/return/alipay-md5/{asked.out_trade_no}")


def test_a_silent_gateway_is_said_plainly_and_can_be_tried_again(
    bought: cast.Bought, cy: Client, gateway: Mock
) -> None:
    gateway.prepare.side_effect = ProviderError("no answer")
    page = pay_page(cy, bought)
    assert "does not answer" in page
    assert "You have not been charged" in page
    gateway.prepare.side_effect = None
    assert "data:image/svg+xml" in pay_page(cy, bought)
    assert len(payments(bought)) == 1


def test_a_gateway_that_fails_once_is_asked_once_more_with_the_same_number(
    bought: cast.Bought, cy: Client, gateway: Mock
) -> None:
    gateway.prepare.side_effect = [ProviderError("reset"), HowToPay(PayBy.QR, "https://qr.example/abc")]
    assert "data:image/svg+xml" in pay_page(cy, bought)
    first, second = (call.args[0].out_trade_no for call in gateway.prepare.call_args_list)
    assert first == second == ids.show("pay", bought.payment_id)


def test_a_gateways_clear_no_is_not_asked_again(bought: cast.Bought, cy: Client, gateway: Mock) -> None:
    gateway.prepare.side_effect = ProviderError("unknown merchant", permanent=True)
    assert "does not answer" in pay_page(cy, bought)
    assert gateway.prepare.call_count == 1


def test_slow_gateways_never_hold_all_pages(bought: cast.Bought, cy: Client, gateway: Mock) -> None:
    slots = attempts._asking
    for _ in range(attempts.ASKING_AT_ONCE):
        assert slots.acquire(blocking=False)
    try:
        assert "does not answer" in pay_page(cy, bought)
        assert gateway.prepare.call_count == 0
    finally:
        slots.release(attempts.ASKING_AT_ONCE)
    assert "data:image/svg+xml" in pay_page(cy, bought)


def test_another_way_to_pay_is_one_more_attempt_however_often_it_is_chosen(bought: cast.Bought, cy: Client) -> None:
    cast.channel("wxpay", name_en="WeChat Pay", method="wxpay")
    path = f"{order_path(bought.order_id)}/pay"
    for _ in range(3):
        response = cy.post(path, {"channel": "wxpay"})
        assert (response.status_code, response["Location"]) == (303, f"{path}?channel=wxpay")
    assert len(payments(bought)) == 2
    assert "Pay with WeChat Pay" in pay_page(cy, bought, "?channel=wxpay")
    assert "Pay with Alipay" in pay_page(cy, bought, "?channel=alipay-md5")


def test_a_payment_that_failed_can_be_started_over_the_same_way(
    bought: cast.Bought, cy: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"{order_path(bought.order_id)}/pay"
    assert 'name="again" value="alipay-md5"' in pay_page(cy, bought)
    provider = Mock(can=frozenset())
    number = ids.show("pay", bought.payment_id)
    provider.query.return_value = QueryResult(number, "", 0, "CNY", TradeStatus.UNPAID)
    monkeypatch.setattr(confirm, "provider_of", lambda _channel: provider)
    monkeypatch.setattr(closing, "provider_of", lambda _channel: provider)
    response = cy.post(path, {"again": "alipay-md5"})
    assert (response.status_code, response["Location"]) == (303, f"{path}?channel=alipay-md5")
    assert len(payments(bought)) == 2
    page = pay_page(cy, bought, "?channel=alipay-md5")
    assert number not in page
    assert "/sandbox/submit.php?" in page


def test_who_comes_back_from_a_closed_payment_reads_so_and_may_choose_the_same_way(
    bought: cast.Bought, cy: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = Mock()
    number = ids.show("pay", bought.payment_id)
    provider.query.return_value = QueryResult(number, "", 0, "CNY", TradeStatus.CLOSED)
    monkeypatch.setattr(confirm, "provider_of", lambda _channel: provider)
    for _ in range(2):
        back = cy.get(f"/pay/return/alipay-md5/{number}")
        assert back["Location"] == f"{order_path(bought.order_id)}/pay?paid={number}"
    page = pay_page(cy, bought)
    assert "The last payment was closed at the payment provider; you have not been charged" in page
    assert 'name="channel" value="alipay-md5"' in page
    assert 'name="again"' not in page


@pytest.mark.parametrize("slug", ["nowhere", "", "off", "small"])
def test_a_way_that_does_not_take_it_is_refused_without_a_trace(bought: cast.Bought, cy: Client, slug: str) -> None:
    cast.channel("off", on=False)
    cast.channel("small", max_amount=1)
    assert cy.post(f"{order_path(bought.order_id)}/pay", {"channel": slug}).status_code == 409
    assert len(payments(bought)) == 1
    with pytest.raises(NoSuchChannel):
        attempts.open_payment(bought.order_id, slug)


def test_the_rest_of_a_short_payment_is_what_is_asked_for(bought: cast.Bought, cy: Client) -> None:
    cast.settle(cast.money_for(bought, amount=9000))
    assert "We got ¥90.00, ¥8.00 short" in pay_page(cy, bought)
    rest = attempts.open_payment(bought.order_id, "alipay-md5")
    assert rest.amount == 800
    bought.payment_id = rest.id
    cast.settle(cast.money_for(bought, amount=800))
    assert bought.order.state == "delivered"


@pytest.mark.parametrize("state", ["delivered", "expired", "cancelled"])
def test_a_closed_order_cannot_be_paid_again(bought: cast.Bought, cy: Client, state: str) -> None:
    if state == "delivered":
        cast.pay(bought)
    else:
        Order.objects.filter(id=bought.order_id).update(state=state)
    with pytest.raises(attempts.OrderClosed):
        attempts.open_payment(bought.order_id, "alipay-md5")
    assert cy.post(f"{order_path(bought.order_id)}/pay", {"channel": "alipay-md5"}).status_code == 409
    assert len(payments(bought)) == 1


def test_an_expired_order_shows_no_way_to_pay_but_one_to_order_again(bought: cast.Bought, cy: Client) -> None:
    past = timezone.now() - timedelta(minutes=1)
    Order.objects.filter(id=bought.order_id).update(expires_at=past)
    page = pay_page(cy, bought)
    assert "submit.php" not in page
    assert "You have not been charged" in page
    assert "Order again" in page


@pytest.mark.parametrize(("minutes", "follows"), [(1, True), (9, True), (11, False)])
def test_pages_of_an_expired_order_follow_it_as_long_as_money_may_be_late(
    bought: cast.Bought, cy: Client, minutes: int, *, follows: bool
) -> None:
    past = timezone.now() - timedelta(minutes=minutes)
    Order.objects.filter(id=bought.order_id).update(state="expired", expires_at=past, closed_at=past)
    for page in (pay_page(cy, bought), cy.get(order_path(bought.order_id)).content.decode()):
        assert ("data-order-status" in page) == follows
        assert ('data-state="expired"' in page) == follows


def test_a_paid_order_leads_from_the_payment_page_to_the_goods(delivered: cast.Bought, cy: Client) -> None:
    response = cy.get(f"{order_path(delivered.order_id)}/pay")
    assert (response.status_code, response["Location"]) == (303, order_path(delivered.order_id))


def test_no_payment_is_opened_for_an_order_that_does_not_exist(alipay: Channel) -> None:
    with pytest.raises(OrderNotFound):
        attempts.open_payment(ids.new_uuid(), "alipay-md5")


def test_the_link_back_is_not_believed_but_the_gateway_is_asked_once(
    bought: cast.Bought, stranger: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Mock()
    monkeypatch.setattr(pages, "confirm_payment", asked)
    lie = {"out_trade_no": ids.show("pay", bought.payment_id), "trade_status": "TRADE_SUCCESS", "money": "98.00"}
    for _ in range(3):
        response = stranger.get("/pay/return/alipay-md5", lie)
        back = f"{order_path(bought.order_id)}?paid={lie['out_trade_no']}"
        assert (response.status_code, response["Location"]) == (303, back)
        assert not response.cookies
    asked.assert_called_once_with(bought.payment_id)
    assert bought.order.state == "awaiting_payment"


def test_a_gateway_that_does_not_answer_does_not_keep_the_buyer_away(
    bought: cast.Bought, stranger: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "confirm_payment", Mock(side_effect=ProviderError("silent")))
    query = {"out_trade_no": ids.show("pay", bought.payment_id)}
    assert stranger.get("/pay/return/alipay-md5", query).status_code == 303


def test_slow_gateways_never_hold_all_pages_when_buyers_come_back(
    bought: cast.Bought, stranger: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Mock()
    monkeypatch.setattr(pages, "confirm_payment", asked)
    query = {"out_trade_no": ids.show("pay", bought.payment_id)}
    for _ in range(attempts.ASKING_AT_ONCE):
        assert attempts._asking.acquire(blocking=False)
    try:
        assert stranger.get("/pay/return/alipay-md5", query).status_code == 303
        assert asked.call_count == 0
    finally:
        attempts._asking.release(attempts.ASKING_AT_ONCE)


def test_who_comes_back_without_having_paid_is_at_the_order_though_the_gateway_adds_nothing(
    bought: cast.Bought, cy: Client, gateway: Mock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "confirm_payment", Mock(side_effect=ProviderError("not paid")))
    pay_page(cy, bought)
    (asked,), _ = gateway.prepare.call_args
    response = cy.get(urlsplit(asked.return_url).path)
    back = f"{order_path(bought.order_id)}?paid={asked.out_trade_no}"
    assert (response.status_code, response["Location"]) == (303, back)
    for wrong in ("/pay/return/other/", "/pay/return/alipay-md5/x"):
        assert cy.get(f"{wrong}{asked.out_trade_no}").status_code == 404


@pytest.mark.parametrize("number", ["", "x", "pay_" + "0" * 26, "ord_" + "0" * 26, "\x00", "p" * 9000])
def test_a_link_back_with_a_made_up_number_is_not_found(bought: cast.Bought, stranger: Client, number: str) -> None:
    assert stranger.get("/pay/return/alipay-md5", {"out_trade_no": number}).status_code == 404


def test_a_link_back_through_another_channel_is_not_found(bought: cast.Bought, stranger: Client) -> None:
    cast.channel("other")
    query = {"out_trade_no": ids.show("pay", bought.payment_id)}
    assert stranger.get("/pay/return/other", query).status_code == 404


def test_cancelling_puts_the_stock_back(bought: cast.Bought, cy: Client) -> None:
    cy.post(f"{order_path(bought.order_id)}/cancel")
    assert bought.order.state == "cancelled"


def test_cancelling_a_delivered_order_changes_nothing(delivered: cast.Bought, cy: Client) -> None:
    cy.post(f"{order_path(delivered.order_id)}/cancel")
    assert delivered.order.state == "delivered"
