"""The addresses that shops call, asked by the shop's own side and by Eve."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from xinka.payments.providers.epay import wire as ours
from xinka.payments.providers.epay.provider import EpayProvider
from xinka.payments.providers.epay.replies import judge_accepted, judge_created, judge_order
from xinka.payments.providers.http import Call, Reply
from xinka.payments.providers.protocol import PayBy, PaymentRequest, QueryResult, RefundRequest, TradeStatus
from xinka.sandbox import trades
from xinka.sandbox.epay import accounts
from xinka.sandbox.models import SandboxEntry, SandboxMerchant, SandboxTrade
from xinka.sandbox.states import TradeState


def ask(client: Client, call: Call) -> Reply:
    """Make one of the shop's calls against the gateway in this process."""
    path = urlsplit(call.url).path
    if call.method == "GET":
        response = client.get(path, dict(call.query))
    else:
        response = client.post(path, dict(call.form), query_params=dict(call.query))
    return Reply(response.status_code, response.content)


def test_a_signed_request_opens_one_trade_however_often_it_comes(
    client: Client, provider: EpayProvider, payment: PaymentRequest, trade: SandboxTrade
) -> None:
    form = provider.prepare_form(payment)
    again = client.post("/sandbox/submit.php", dict(form.fields))
    assert again.headers["Location"] == f"/sandbox/pay/{trade.token}"
    assert (trade.money, trade.out_trade_no, trade.state) == (9310, payment.out_trade_no, TradeState.WAITING)
    assert SandboxTrade.objects.count() == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"money": "0.01"},
        {"sign": ""},
        {"sign_type": ""},
        {"pid": "1"},
        {"notify_url": ""},
        {"notify_url": "http://169.254.169.254/latest"},
        {"out_trade_no": "pay_other"},
    ],
)
def test_an_unsigned_or_changed_request_opens_nothing(
    client: Client, provider: EpayProvider, payment: PaymentRequest, changed: dict[str, str]
) -> None:
    fields = dict(provider.prepare_form(payment).fields) | changed
    assert client.get("/sandbox/submit.php", fields).status_code == 400
    assert client.post("/sandbox/mapi.php", fields | {"clientip": "127.0.0.1"}).json()["code"] < 0
    assert SandboxTrade.objects.count() == 0


@pytest.mark.parametrize(
    "url", ["http://10.0.0.1/n", "http://127.0.0.1:1/n", "file:///etc/passwd", "https://evil.example/"]
)
def test_the_gateway_calls_and_leads_nowhere_but_to_its_shop(
    client: Client, provider: EpayProvider, payment: PaymentRequest, url: str
) -> None:
    for name in ("notify_url", "return_url"):
        unsigned = dict(provider.prepare_form(payment).fields) | {name: url}
        sealed = provider.config.signer.seal({k: v for k, v in unsigned.items() if k not in {"sign", "sign_type"}})
        assert client.get("/sandbox/submit.php", sealed).status_code == 400
    assert SandboxTrade.objects.count() == 0


def test_an_order_number_is_not_used_for_two_amounts(
    client: Client, provider: EpayProvider, payment: PaymentRequest, trade: SandboxTrade
) -> None:
    other = PaymentRequest(**{name: getattr(payment, name) for name in payment.__slots__} | {"amount_minor": 1})
    assert client.get("/sandbox/submit.php", dict(provider.prepare_form(other).fields)).status_code == 400
    trade.refresh_from_db()
    assert trade.money == 9310


@pytest.mark.parametrize(("device", "by"), [("", PayBy.QR), ("pc", PayBy.QR), ("mobile", PayBy.REDIRECT)])
def test_the_api_answers_with_the_cashiers_address(
    client: Client,
    provider: EpayProvider,
    payment: PaymentRequest,
    settings: Settings,
    device: str,
    by: PayBy,
) -> None:
    request = PaymentRequest(**{name: getattr(payment, name) for name in payment.__slots__} | {"device": device})
    way = judge_created(provider.config, ask(client, ours.create_call(provider.config, request)))
    trade = SandboxTrade.objects.get()
    assert (way.by, way.target) == (by, f"{settings.SITE_URL}/sandbox/pay/{trade.token}")
    assert way.trade_no == trade.trade_no


def test_a_question_is_answered_before_and_after_payment(
    client: Client, provider: EpayProvider, trade: SandboxTrade
) -> None:
    call = ours.order_call(provider.config, trade.out_trade_no)
    before = judge_order(provider.config, ask(client, call), trade.out_trade_no)
    assert (before.status, before.amount_minor) == (TradeStatus.UNPAID, 9310)
    assert trades.pay(trade, money=9310, paid_at=timezone.now())
    after = judge_order(provider.config, ask(client, call), trade.out_trade_no)
    assert (after.paid, after.amount_minor, after.trade_no) == (True, 9310, trade.trade_no)


def test_each_payment_of_an_order_paid_twice_is_found_by_its_own_number(
    client: Client, provider: EpayProvider, trade: SandboxTrade
) -> None:
    number, now = trade.out_trade_no, timezone.now()
    assert trades.pay(trade, money=9310, paid_at=now)
    second = trades.pay_again(trade, now=now)
    assert ask_about(client, provider, number).trade_no == trade.trade_no
    for one in (trade, second):
        assert ask_about(client, provider, number, one.trade_no).paid
    trades.refund(second, 9310, now)
    assert ask_about(client, provider, number, second.trade_no).status is TradeStatus.REFUNDED
    assert ask_about(client, provider, number).paid


def ask_about(client: Client, provider: EpayProvider, *numbers: str) -> QueryResult:
    """Ask about one payment."""
    return judge_order(provider.config, ask(client, ours.order_call(provider.config, *numbers)), *numbers)


def test_money_that_comes_later_is_not_there_yet(client: Client, provider: EpayProvider, trade: SandboxTrade) -> None:
    assert trades.pay(trade, money=9310, paid_at=timezone.now() + timedelta(minutes=1))
    reply = ask(client, ours.order_call(provider.config, trade.out_trade_no))
    assert judge_order(provider.config, reply, trade.out_trade_no).status is TradeStatus.UNPAID


def test_an_unknown_order_is_said_to_be_unknown(client: Client, provider: EpayProvider) -> None:
    reply = ask(client, ours.order_call(provider.config, "pay_none"))
    assert judge_order(provider.config, reply, "pay_none").status is TradeStatus.NOT_FOUND


@pytest.mark.parametrize("act", ["query", "order", "orders", "refund", "", "settle"])
def test_eve_learns_nothing_without_the_key(
    client: Client, merchant: SandboxMerchant, trade: SandboxTrade, act: str
) -> None:
    for key in ("", "x" * 32, merchant.secrets["key"].upper() + "0"):
        answer = client.get("/sandbox/api.php", {"act": act, "pid": merchant.pid, "key": key}).json()
        assert set(answer) == {"code", "msg"}
        assert answer["code"] == -3


def test_another_merchants_trade_is_not_shown(client: Client, trade: SandboxTrade) -> None:
    eve = accounts.open_merchant("Eve")
    query = {"act": "order", "pid": eve.pid, "key": eve.secrets["key"], "out_trade_no": trade.out_trade_no}
    assert client.get("/sandbox/api.php", query).json()["code"] == -1
    query = {"act": "order", "pid": eve.pid, "key": eve.secrets["key"], "trade_no": trade.trade_no}
    assert client.get("/sandbox/api.php", query).json()["code"] == -1
    assert (
        client.get("/sandbox/api.php", {"act": "orders", "pid": eve.pid, "key": eve.secrets["key"]}).json()["data"]
        == []
    )


def test_many_orders_are_listed_newest_first(client: Client, merchant: SandboxMerchant, trade: SandboxTrade) -> None:
    second = trades.pay_again(trade, now=timezone.now())
    query = {"act": "orders", "pid": merchant.pid, "key": merchant.secrets["key"]}
    numbers = [row["trade_no"] for row in client.get("/sandbox/api.php", query).json()["data"]]
    assert numbers == [second.trade_no, trade.trade_no]
    assert len(client.get("/sandbox/api.php", query | {"limit": "1"}).json()["data"]) == 1


def test_refunds_stop_at_what_was_paid_and_the_books_agree(
    client: Client, provider: EpayProvider, merchant: SandboxMerchant, trade: SandboxTrade
) -> None:
    config, number = provider.config, trade.out_trade_no

    def refund(amount: int) -> int:
        reply = ask(client, ours.refund_call(config, RefundRequest(number, amount, "CNY")))
        return int(__import__("json").loads(reply.body)["code"])

    assert refund(100) == -1, "nothing was paid yet"
    trades.pay(trade, money=9310, paid_at=timezone.now())
    assert [refund(9000), refund(311), refund(310), refund(1)] == [1, -1, 1, -1]
    trade.refresh_from_db()
    assert (trade.refunded_money, trade.state) == (9310, TradeState.REFUNDED)
    assert list(SandboxEntry.objects.order_by("id").values_list("amount", flat=True)) == [9310, -9000, -310]
    account = judge_accepted(config, ask(client, ours.merchant_call(config)))
    assert (account["money"], trades.balance(merchant, timezone.now())) == ("0.00", 0)
    reply = ask(client, ours.order_call(config, number))
    assert judge_order(config, reply, number).status is TradeStatus.REFUNDED


def test_the_way_back_carries_the_signed_fields_but_proves_nothing(trade: SandboxTrade, end: object) -> None:
    location = end("pay")  # type: ignore[operator]
    assert location.startswith(f"{trade.return_url}?")
    assert dict(parse_qsl(urlsplit(location).query))["trade_status"] == "TRADE_SUCCESS"
