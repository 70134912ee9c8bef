"""A notice that proves too little only makes a worker ask, and the gateway is asked by the number it gave out."""

from __future__ import annotations

import json

import pytest
from django.db import connection

from tests import cast
from xinka.flows.hints import take_hint
from xinka.flows.paying.attempts import Payer, prepare_payment
from xinka.flows.paying.confirm import Answer, confirm_payment
from xinka.kernel import ids
from xinka.kernel.errors import ProviderError
from xinka.orders.states import OrderState
from xinka.payments.channels import seal_config
from xinka.payments.models import Channel, Payment, Receipt
from xinka.payments.providers.epusdt import provider as room
from xinka.payments.providers.http import Call, Reply
from xinka.platform.database.django_drive import run

pytestmark = pytest.mark.django_db
SETTINGS = {"base_url": "https://usdt.example/", "token": cast.KEY, "dialect": "bepusdt", "currency": "CNY"}


class Gateway:
    """BEpusdt as far as a test needs it: it gives out one number, and says what it is told to."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.status = 1

    def answer(self, call: Call) -> Reply:
        """Return the reply to one call."""
        self.asked.append(call.url)
        if call.method == "POST":
            sent = json.loads(call.content)
            told = {"trade_id": "T2026", "order_id": sent["order_id"], "amount": str(sent["amount"])}
            told["payment_url"] = "https://usdt.example/pay/T2026"
            return Reply(200, json.dumps({"status_code": 200, "data": told}).encode())
        return Reply(200, json.dumps({"trade_id": "T2026", "status": self.status, "trade_hash": "abc"}).encode())


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Gateway:
    """The gateway that the shop's side asks."""
    gateway = Gateway()
    monkeypatch.setattr(room, "ask", gateway.answer)
    return gateway


@pytest.fixture
def bought(gateway: Gateway) -> cast.Bought:
    """Cy's order, to be paid in coins."""
    channel = Channel.objects.create(
        slug="usdt", name="USDT", name_en="USDT", provider="epusdt", config=seal_config("usdt", SETTINGS)
    )
    return cast.buy(cast.ware(cast.adas_shop(), 2).sku, channel)


def prepared(bought: cast.Bought) -> Payment:
    """Let Cy open the payment page."""
    payment = Payment.objects.select_related("channel").get(id=bought.payment_id)
    return prepare_payment(payment, bought.order, Payer("203.0.113.7", device="pc"))


def test_the_number_the_gateway_gave_out_is_kept_and_asked_by(bought: cast.Bought, gateway: Gateway) -> None:
    prepared(bought)
    payment = Payment.objects.get(id=bought.payment_id)
    assert (payment.handle, payment.pay_url) == ("T2026", "https://usdt.example/pay/T2026")
    assert confirm_payment(payment.id).answer is Answer.UNPAID
    assert gateway.asked[-1] == "https://usdt.example/pay/check-status/T2026"


def test_a_gateway_that_names_no_amount_confirms_the_one_it_was_asked_for(
    bought: cast.Bought, gateway: Gateway
) -> None:
    prepared(bought)
    gateway.status = 2
    assert confirm_payment(bought.payment_id).answer is Answer.SETTLED
    assert bought.order.state == OrderState.DELIVERED
    assert (Receipt.objects.get().trade_no, Receipt.objects.get().amount) == ("T2026", bought.order.amount)


def test_a_payment_that_no_buyer_was_shown_is_not_asked_about(bought: cast.Bought, gateway: Gateway) -> None:
    gateway.status = 2
    assert confirm_payment(bought.payment_id).answer is Answer.UNPAID
    assert gateway.asked == []
    assert not Receipt.objects.exists()


def test_an_answer_without_certainty_changes_nothing(
    bought: cast.Bought, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared(bought)
    monkeypatch.setattr(room, "ask", lambda _call: Reply(502, b""))
    with pytest.raises(ProviderError):
        confirm_payment(bought.payment_id)
    assert bought.order.state == OrderState.AWAITING_PAYMENT
    assert not Receipt.objects.exists()


def test_a_hint_queues_one_question(bought: cast.Bought) -> None:
    run(take_hint(bought.payment_id))
    with connection.cursor() as cursor:
        cursor.execute("SELECT queue_name, args ->> 'payment_id' FROM procrastinate_jobs")
        assert cursor.fetchall() == [("money", str(bought.payment_id))]
    assert ids.show("pay", bought.payment_id).startswith("pay_")
