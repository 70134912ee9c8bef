"""Our rooms for coins against the pretend gateways: two hands that share no code."""

from __future__ import annotations

import asyncio

import pytest

from tests.interop.crypto.conftest import press, sent
from xinka.kernel.errors import ProviderError
from xinka.payments.providers.epusdt.provider import EpusdtProvider
from xinka.payments.providers.errors import AlreadyPaid, BadSignature, MalformedNotice, NotOffered
from xinka.payments.providers.protocol import AS_ASKED, PaymentRequest, QueryResult, TradeStatus
from xinka.payments.providers.tokenpay.provider import TokenPayProvider

pytestmark = [pytest.mark.interop, pytest.mark.django_db(transaction=True)]


def usdt(dialect: str, **changed: object) -> EpusdtProvider:
    """Return the shop's side of a fresh account."""
    from xinka.sandbox.epusdt.accounts import base_url, open_merchant

    merchant = open_merchant("Ada", dialect)
    settings = {"base_url": base_url(merchant), "token": merchant.secrets["token"], "dialect": dialect}
    pid = {"pid": merchant.pid} if dialect == "gmpay" else {}
    return EpusdtProvider.from_settings({**settings, **pid, "plain_http": True, **changed})


def coins(**changed: object) -> TokenPayProvider:
    """Return the shop's side of a fresh account."""
    from xinka.sandbox.tokenpay.accounts import base_url, open_merchant

    merchant = open_merchant("Ada")
    settings = {"base_url": base_url(merchant), "token": merchant.secrets["token"], "plain_http": True}
    return TokenPayProvider.from_settings({**settings, **changed})


@pytest.mark.parametrize("dialect", ["epusdt", "bepusdt", "gmpay"])
def test_a_trade_is_made_asked_about_and_paid(payment: PaymentRequest, dialect: str) -> None:
    provider, number = usdt(dialect), payment.out_trade_no
    way = provider.prepare(payment)
    assert provider.prepare(payment) == way, "asked twice, it is the same trade"
    assert provider.query(number, way.handle).status is TradeStatus.UNPAID
    assert provider.query(number, "none").status is TradeStatus.NOT_FOUND
    press(payment)
    found = provider.query(number, way.handle)
    assert (found.status, found.trade_no, found.amount_minor) == (TradeStatus.PAID, way.handle, AS_ASKED)
    said = provider.judge_notice(sent(payment))
    assert (said.out_trade_no, said.trade_no, said.amount_minor) == (number, way.handle, 9310)
    assert (said.is_paid, said.is_hint) == (dialect == "gmpay", dialect != "gmpay")


@pytest.mark.parametrize("dialect", ["epusdt", "bepusdt", "gmpay"])
@pytest.mark.parametrize(("ending", "error"), [("forge", BadSignature), ("no-transaction", MalformedNotice)])
def test_the_cashiers_lies_are_refused(
    payment: PaymentRequest, dialect: str, ending: str, error: type[Exception]
) -> None:
    provider = usdt(dialect)
    provider.prepare(payment)
    press(payment, ending)
    with pytest.raises(error):
        provider.judge_notice(sent(payment))


def test_bepusdt_cancels_what_nobody_paid_and_says_when_somebody_did(payment: PaymentRequest) -> None:
    provider, number = usdt("bepusdt"), payment.out_trade_no
    way = provider.prepare(payment)
    provider.close(number, way.handle)
    provider.close(number, way.handle)
    provider.close(number)
    assert provider.query(number, way.handle).status is TradeStatus.UNPAID


def test_a_trade_that_was_paid_is_not_cancelled(payment: PaymentRequest) -> None:
    provider = usdt("bepusdt")
    way = provider.prepare(payment)
    press(payment)
    with pytest.raises(AlreadyPaid):
        provider.close(payment.out_trade_no, way.handle)
    with pytest.raises(NotOffered):
        usdt("epusdt").close(payment.out_trade_no, way.handle)


@pytest.mark.parametrize("dialect", ["epusdt", "bepusdt", "gmpay"])
def test_the_settings_are_tried_and_a_wrong_token_is_named(payment: PaymentRequest, dialect: str) -> None:
    good = usdt(dialect)
    assert dialect in good.check()
    wrong = usdt(dialect, token="z9Kq2Rz9Xw4Lm8Tn6Vc3Hd5Yp1Js0Gf7")
    for ask in (wrong.check, lambda: wrong.prepare(payment)):
        with pytest.raises(ProviderError) as refused:
            ask()
        assert refused.value.permanent
        assert wrong.config.token not in str(refused.value)


def test_tokenpay_goes_round(payment: PaymentRequest) -> None:
    provider, number = coins(), payment.out_trade_no
    way = provider.prepare(payment)
    assert provider.prepare(payment) == way, "asked twice, it is the same order"
    assert provider.query(number, way.handle).status is TradeStatus.UNPAID
    press(payment)
    paid = provider.query(number, way.handle)
    assert (paid.status, paid.amount_minor, paid.trade_no) == (TradeStatus.PAID, 9310, way.handle)
    said = provider.judge_notice(sent(payment))
    assert (said.out_trade_no, said.trade_no, said.amount_minor, said.is_paid) == (number, way.handle, 9310, True)

    async def ask() -> QueryResult:
        async with provider.session() as session:
            return await session.query(number, said.trade_no)

    assert asyncio.run(ask()) == paid, "what the till asks before it delivers"


def test_tokenpays_forgery_and_a_wrong_token_are_refused(payment: PaymentRequest) -> None:
    provider = coins()
    provider.prepare(payment)
    press(payment, "forge")
    with pytest.raises(BadSignature):
        provider.judge_notice(sent(payment))
    assert "TokenPay" in provider.check()
    wrong = coins(token="z9Kq2Rz9Xw4Lm8Tn6Vc3Hd5Yp1Js0Gf7")
    with pytest.raises(ProviderError):
        wrong.check()


def test_eve_cannot_ask_for_adas_record(payment: PaymentRequest) -> None:
    way = coins().prepare(payment)
    assert coins().query(payment.out_trade_no, way.handle).status is TradeStatus.NOT_FOUND
