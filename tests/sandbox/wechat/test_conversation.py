"""The shop's side and the gateway's, written apart, in conversation over real HTTP: from QR code to bill."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from xinka.kernel.errors import ProviderError
from xinka.payments.providers.errors import AlreadyPaid, BadSignature, BillNotReady, OutcomeUnknown, StaleNotice
from xinka.payments.providers.protocol import (
    BillKind,
    NoticeAbout,
    PayBy,
    PaymentRequest,
    RawNotice,
    RefundRequest,
    RefundStatus,
    TradeStatus,
)
from xinka.payments.providers.splitting import SplitRequest, SplitStatus
from xinka.payments.providers.wechat.provider import WechatProvider

if TYPE_CHECKING:
    from xinka.sandbox.models import NotifyAttempt, SandboxMerchant, SandboxTrade

NUMBER = "pay_01jd3v5w8qk2m4n6p8r0s2t4v6"


def press(trade: SandboxTrade, ending: str) -> None:
    """Press one of the cashier's buttons."""
    assert Client().post(f"/sandbox/pay/{trade.token}/{ending}").status_code == 302
    trade.refresh_from_db()


def heard(attempt: NotifyAttempt) -> RawNotice:
    """What the shop's till makes of a notice."""
    headers = {name.lower(): value for name, value in attempt.headers.items()}
    return RawNotice(attempt.method, b"", attempt.body.encode(), headers["content-type"], headers)


@pytest.fixture
def trade(provider: WechatProvider, payment: PaymentRequest) -> SandboxTrade:
    """The trade after Cy was shown its QR code."""
    from xinka.sandbox.models import SandboxTrade

    how = provider.prepare(payment)
    found = SandboxTrade.objects.get()
    assert (how.by, urlsplit(how.target).path) == (PayBy.QR, f"/sandbox/pay/{found.token}")
    return found


def test_asked_twice_it_is_the_same_trade(
    provider: WechatProvider, payment: PaymentRequest, trade: SandboxTrade
) -> None:
    assert trade.token in provider.prepare(payment).target
    assert type(trade).objects.count() == 1


def test_a_payment_goes_through(provider: WechatProvider, trade: SandboxTrade) -> None:
    assert provider.query(NUMBER).status is TradeStatus.UNPAID
    press(trade, "pay")
    said = provider.judge_notice(heard(trade.attempts.get()))
    assert (said.is_paid, said.out_trade_no, said.trade_no, said.amount_minor) == (True, NUMBER, trade.trade_no, 9310)
    assert provider.query(NUMBER) == provider.query(NUMBER, trade.trade_no)
    assert provider.query(NUMBER).paid
    with pytest.raises(AlreadyPaid):
        provider.close(NUMBER)


@pytest.mark.parametrize(("ending", "amount"), [("pay-less", 8379), ("pay-more", 10241)])
def test_other_amounts_are_told_as_they_were_paid(
    provider: WechatProvider, trade: SandboxTrade, ending: str, amount: int
) -> None:
    press(trade, ending)
    assert provider.judge_notice(heard(trade.attempts.get())).amount_minor == amount
    assert provider.query(NUMBER).amount_minor == amount


def test_the_second_payment_of_an_order_is_asked_about_by_its_number(
    provider: WechatProvider, trade: SandboxTrade
) -> None:
    press(trade, "pay-twice")
    second = type(trade).objects.get(is_second=True)
    assert provider.query(NUMBER, second.trade_no).trade_no == second.trade_no
    assert provider.query(NUMBER).trade_no == trade.trade_no


def test_late_money_is_signed_for_when_it_comes(
    provider: WechatProvider, trade: SandboxTrade, monkeypatch: pytest.MonkeyPatch
) -> None:
    press(trade, "pay-late")
    attempt = trade.attempts.get()
    with pytest.raises(StaleNotice):
        provider.judge_notice(heard(attempt))
    monkeypatch.setattr("time.time", attempt.due_at.timestamp)
    assert provider.judge_notice(heard(attempt)).is_paid


def test_forged_probing_and_old_notices_are_refused_and_the_old_one_comes_again_signed_anew(
    provider: WechatProvider, trade: SandboxTrade
) -> None:
    from xinka.sandbox.wechat.protocol import PROTOCOL

    for ending in ("forge", "probe"):
        press(trade, ending)
        with pytest.raises(BadSignature):
            provider.judge_notice(heard(trade.attempts.latest("id")))
    press(trade, "old-notice")
    old = trade.attempts.latest("id")
    with pytest.raises(StaleNotice):
        provider.judge_notice(heard(old))
    again = PROTOCOL.again(trade, old.request)
    old.headers = dict(again.headers)
    assert provider.judge_notice(heard(old)).is_paid


def test_the_gateway_signs_with_either_key(
    merchant: SandboxMerchant, provider: WechatProvider, trade: SandboxTrade
) -> None:
    serials = set()
    for way in ("public_key", "certificate"):
        merchant.secrets["signs_with"] = way
        merchant.save()
        press(trade, "forge" if way == "public_key" else "pay")
        serials.add(trade.attempts.latest("id").headers["Wechatpay-Serial"])
    assert serials == {merchant.secrets["public_key_id"], merchant.secrets["certificate_serial"]}
    assert provider.judge_notice(heard(trade.attempts.latest("id"))).is_paid


def test_a_phone_goes_to_the_cashier_and_back_to_the_shop(
    provider: WechatProvider, phone_payment: PaymentRequest, merchant: SandboxMerchant
) -> None:
    how = provider.prepare(phone_payment)
    assert how.by is PayBy.REDIRECT
    client, place = Client(), urlsplit(how.target)
    cashier = client.get(f"{place.path}?{place.query}").headers["Location"]
    response = client.post(f"{cashier}/pay")
    assert response.headers["Location"] == f"{phone_payment.return_url}?out_trade_no={NUMBER}"


def test_nobody_is_sent_elsewhere(provider: WechatProvider, phone_payment: PaymentRequest) -> None:
    place = urlsplit(provider.prepare(phone_payment).target)
    query = place.query.split("&redirect_url=")[0] + "&redirect_url=https%3A%2F%2Fevil.example%2F"
    assert Client().get(f"{place.path}?{query}").status_code == 400


def test_a_closed_trade_stays_closed(provider: WechatProvider, payment: PaymentRequest, trade: SandboxTrade) -> None:
    provider.close(NUMBER)
    provider.close(NUMBER)
    provider.close("pay_that_nobody_made_0000")
    assert provider.query(NUMBER).status is TradeStatus.CLOSED
    assert Client().post(f"/sandbox/pay/{trade.token}/pay").status_code == 409
    with pytest.raises(ProviderError, match="ORDER_CLOSED"):
        provider.prepare(payment)


def test_a_refund_goes_back_once(provider: WechatProvider, trade: SandboxTrade) -> None:
    refund = RefundRequest(NUMBER, 310, "CNY", trade.trade_no, "ref_01jd3v5w8qk2m4n6p8r0s2t4v7", 9310)
    assert provider.refund_query(refund).status is RefundStatus.NOT_FOUND
    press(trade, "pay")
    provider.refund(refund)
    provider.refund(refund)
    trade.refresh_from_db()
    assert trade.refunded_money == 310
    answer = provider.refund_query(refund)
    assert (answer.status, answer.amount_minor) == (RefundStatus.DONE, 310)
    said = provider.judge_notice(heard(trade.attempts.latest("id")))
    assert (said.about, said.amount_minor, said.subject_no) == (NoticeAbout.REFUND, 310, answer.gateway_refund_no)
    assert provider.query(NUMBER).status is TradeStatus.REFUNDED


def test_money_that_names_no_payment_of_ours_goes_back_by_wechats_number(
    provider: WechatProvider, trade: SandboxTrade
) -> None:
    stray = RefundRequest("", 9310, "CNY", trade.trade_no, "ref_01jd3v5w8qk2m4n6p8r0s2t4v7", 9310)
    press(trade, "pay")
    for _ in range(2):
        provider.refund(stray)
    assert provider.refund_query(stray).status is RefundStatus.DONE
    trade.refresh_from_db()
    assert trade.refunded_money == 9310


def test_a_slow_refund_is_pending_first(
    provider: WechatProvider, trade: SandboxTrade, monkeypatch: pytest.MonkeyPatch
) -> None:
    press(trade, "pay")
    press(trade, "slow-refunds")
    refund = RefundRequest(NUMBER, 9310, "CNY", trade.trade_no, "ref_01jd3v5w8qk2m4n6p8r0s2t4v7", 9310)
    with pytest.raises(OutcomeUnknown):
        provider.refund(refund)
    assert provider.refund_query(refund).status is RefundStatus.PENDING
    trade.refunds.update(at=timezone.now() - timedelta(minutes=2))
    assert provider.refund_query(refund).status is RefundStatus.DONE


def test_a_stuck_refund_fails(provider: WechatProvider, trade: SandboxTrade) -> None:
    press(trade, "pay")
    press(trade, "stuck-refunds")
    refund = RefundRequest(NUMBER, 9310, "CNY", trade.trade_no, "ref_01jd3v5w8qk2m4n6p8r0s2t4v7", 9310)
    with pytest.raises(ProviderError) as failed:
        provider.refund(refund)
    assert failed.value.permanent
    assert provider.refund_query(refund).status is RefundStatus.FAILED


def test_more_than_was_paid_does_not_go_back(provider: WechatProvider, trade: SandboxTrade) -> None:
    press(trade, "pay-less")
    refund = RefundRequest(NUMBER, 9310, "CNY", trade.trade_no, "ref_01jd3v5w8qk2m4n6p8r0s2t4v7", 9310)
    with pytest.raises(ProviderError, match="PARAM_ERROR"):
        provider.refund(refund)
    assert trade.refunds.count() == 0


def test_the_bill_of_a_day_has_each_movement_and_its_fee(provider: WechatProvider, trade: SandboxTrade) -> None:
    press(trade, "pay")
    provider.refund(RefundRequest(NUMBER, 310, "CNY", trade.trade_no, "ref_01jd3v5w8qk2m4n6p8r0s2t4v7", 9310))
    today = timezone.localdate()
    with pytest.raises(BillNotReady):
        provider.bill(today)
    yesterday = today - timedelta(days=1)
    assert list(provider.bill(yesterday)) == []
    for entry in trade.entries.all():
        entry.at -= timedelta(days=1)
        entry.save()
    paid, back = sorted(provider.bill(yesterday))
    assert paid[:6] == (BillKind.PAYMENT, trade.trade_no, NUMBER, "", 9310, 56)
    assert back[:6] == (BillKind.REFUND, trade.trade_no, NUMBER, "ref_01jd3v5w8qk2m4n6p8r0s2t4v7", 310, -2)
    flows = [(row.kind, row.amount_minor, row.fee_minor) for row in provider.fund_flow(yesterday)]
    assert sorted(flows) == [
        (BillKind.FEE, 0, -2), (BillKind.FEE, 0, 56), (BillKind.PAYMENT, 9310, 0), (BillKind.REFUND, 310, 0),
    ]  # fmt: skip


def test_frozen_money_is_shared_called_back_and_let_go(provider: WechatProvider, trade: SandboxTrade) -> None:
    from xinka.sandbox.wechat.sharing import frozen

    press(trade, "pay")
    share = SplitRequest(NUMBER, trade.trade_no, "spl_0001", 8000, "CNY", "1900000109", receiver_name="云听音乐")
    assert provider.split_query(share).status is SplitStatus.NOT_FOUND
    for _ in range(2):
        assert provider.share(share).status is SplitStatus.DONE
    assert (provider.split_query(share).status, provider.split_query(share).amount_minor) == (SplitStatus.DONE, 8000)
    back = SplitRequest(NUMBER, trade.trade_no, "spl_0002", 3000, "CNY", "1900000109", origin_no="spl_0001")
    assert provider.split_query(back).status is SplitStatus.NOT_FOUND
    for _ in range(2):
        assert provider.split_return(back).status is SplitStatus.DONE
    assert provider.split_query(back).amount_minor == 3000
    trade.refresh_from_db()
    assert frozen(trade) == 9310 - 8000 + 3000
    rest = SplitRequest(NUMBER, trade.trade_no, "spl_0003", 4310, "CNY", "1900000109")
    for answer in (provider.unfreeze(rest), provider.unfreeze(rest), provider.split_query(rest)):
        assert (answer.status, answer.amount_minor) == (SplitStatus.DONE, 0)
    trade.refresh_from_db()
    assert frozen(trade) == 0


def test_more_than_is_frozen_or_was_shared_is_refused(provider: WechatProvider, trade: SandboxTrade) -> None:
    press(trade, "pay")
    too_much = SplitRequest(NUMBER, trade.trade_no, "spl_0001", 9311, "CNY", "1900000109")
    with pytest.raises(ProviderError, match="NOT_ENOUGH"):
        provider.share(too_much)
    provider.share(SplitRequest(NUMBER, trade.trade_no, "spl_0002", 100, "CNY", "1900000109"))
    with pytest.raises(ProviderError, match="NOT_ENOUGH"):
        provider.split_return(
            SplitRequest(NUMBER, trade.trade_no, "spl_0003", 101, "CNY", "1900000109", origin_no="spl_0002")
        )
    with pytest.raises(ProviderError, match="INVALID_REQUEST"):
        provider.share(SplitRequest(NUMBER, trade.trade_no, "spl_0002", 200, "CNY", "1900000109"))


def test_the_test_button_works(provider: WechatProvider, merchant: SandboxMerchant) -> None:
    assert provider.check() == f"mchid {merchant.pid}"


def test_eve_without_the_key_is_told_nothing(
    provider: WechatProvider, merchant: SandboxMerchant, base_url: str, trade: SandboxTrade
) -> None:
    from xinka.sandbox.wechat.accounts import open_merchant, shop_settings

    eve = shop_settings(open_merchant("Eve"), base_url)
    theirs = {
        "mchid": merchant.pid,
        "appid": merchant.secrets["appid"],
        "serial_no": merchant.secrets["merchant_serial"],
    }
    for settings in (eve | theirs, eve | {"mchid": "12345678"}):
        with pytest.raises(ProviderError, match="SIGN_ERROR"):
            WechatProvider.from_settings(settings).query(NUMBER)
    assert WechatProvider.from_settings(eve).query(NUMBER).status is TradeStatus.NOT_FOUND
    plain = Client().get(f"/sandbox/wechat/v3/pay/transactions/out-trade-no/{NUMBER}?mchid={merchant.pid}")
    assert plain.json()["code"] == "SIGN_ERROR"
