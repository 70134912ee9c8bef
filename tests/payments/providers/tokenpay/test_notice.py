"""Notices: the genuine one says that coins came, and every other is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.payments.providers.tokenpay.conftest import GUID, NUMBER, PAID, SETTINGS, TOKEN, notice
from xinka.payments.providers.errors import BadSignature, MalformedNotice, NoticeRefused, WrongMerchant
from xinka.payments.providers.tokenpay.provider import TokenPayProvider
from xinka.payments.providers.tokenpay.wire import sign

WIKI = {
    "ActualAmount": "15",
    "Amount": "34.91",
    "BaseCurrency": "CNY",
    "BlockChainName": "TRON",
    "BlockTransactionId": "375859c36dc5f5d227b10912b5ec70d36dd34446028064956cb60cdbb74432f5",
    "Currency": "TRX",
    "CurrencyName": "TRX",
    "FromAddress": "TYYjzt6AWhe9hAg9DrhiYXEWKDksyohgQa",
    "Id": "63234df7-55bf-93fc-0010-67be493c0c27",
    "OutOrderId": "E6COE6FGZMO5AXSK",
    "PayTime": "2022-09-15 16:08:39",
    "Status": "1",
    "ToAddress": "TLUF41C386CMU1Wc8pTSCE4QaiZ2xkhTCb",
}


def test_the_vectors_of_tokenpays_wiki() -> None:
    """Its published examples, with their published token."""
    back = "http://localhost:1011/pay/tokenpay"
    asked = {
        "OutOrderId": "AJIHK72N34BR2CWG",
        "OrderUserKey": "admin@qq.com",
        "ActualAmount": "15",
        "Currency": "TRX",
        "NotifyUrl": f"{back}/notify_url",
        "RedirectUrl": f"{back}/return_url?order_id=AJIHK72N34BR2CWG",
    }
    assert sign(asked, "666") == "e9765880db6081496456283678e70152"
    assert sign(WIKI, "666") == "a8f9d179a8d2798c8b5bb90c31db2c9e"
    assert sign({"Id": "66f9d5a8-d9c7-0224-004f-a16a1c068e08"}, "666") == "baa261cc6af3f5efbed15e17a285f653"


def test_a_paid_order_is_money_once_the_gateway_says_so_too(tokenpay: TokenPayProvider) -> None:
    said = tokenpay.judge_notice(notice(PAID))
    assert (said.out_trade_no, said.trade_no, said.amount_minor, said.currency) == (NUMBER, GUID, 9310, "CNY")
    assert (said.is_paid, tokenpay.is_weak) == (True, True)


@pytest.mark.parametrize("status", [0, 2, "0", 3])
def test_any_other_status_is_no_money(tokenpay: TokenPayProvider, status: object) -> None:
    said = tokenpay.judge_notice(notice({**PAID, "Status": status, "BlockTransactionId": None}))
    assert not said.is_paid


@pytest.mark.parametrize("transaction", ["", None])
def test_paid_without_a_transaction_on_the_chain_is_refused(tokenpay: TokenPayProvider, transaction: object) -> None:
    with pytest.raises(MalformedNotice):
        tokenpay.judge_notice(notice({**PAID, "BlockTransactionId": transaction}))


@pytest.mark.parametrize(
    ("paid", "counts"), [("34.91", 9310), ("40", 9310), ("34.90", 9307), ("31.419", 8379), ("0.0001", 0)]
)
def test_a_buyer_who_may_pay_less_paid_what_he_paid(tokenpay: TokenPayProvider, paid: str, counts: int) -> None:
    told = notice({**PAID, "IsDynamicAmount": 1, "PayAmount": paid})
    if counts:
        assert tokenpay.judge_notice(told).amount_minor == counts
    else:
        with pytest.raises(MalformedNotice):
            tokenpay.judge_notice(told)


def test_any_flipped_byte_is_refused(tokenpay: TokenPayProvider) -> None:
    good = notice(PAID)
    for place in range(len(good.body)):
        changed = bytearray(good.body)
        changed[place] ^= 1
        with pytest.raises(NoticeRefused):
            tokenpay.judge_notice(good._replace(body=bytes(changed)))


@pytest.mark.parametrize("name", ["Id", "OutOrderId", "ActualAmount", "Amount", "Currency", "BaseCurrency", "Status"])
def test_a_missing_or_empty_field_is_refused(tokenpay: TokenPayProvider, name: str) -> None:
    for other in ({k: v for k, v in PAID.items() if k != name}, {**PAID, name: ""}, {**PAID, name: None}):
        with pytest.raises(MalformedNotice):
            tokenpay.judge_notice(notice(other))


@pytest.mark.parametrize("signature", ["", "0" * 32, "é" * 32])
def test_a_made_up_signature_is_refused(tokenpay: TokenPayProvider, signature: str) -> None:
    with pytest.raises(NoticeRefused):
        tokenpay.judge_notice(notice(PAID, signature=signature))
    with pytest.raises(BadSignature):
        tokenpay.judge_notice(notice(PAID, token=TOKEN[::-1]))


def test_another_currency_or_coin_than_the_channels_is_refused(tokenpay: TokenPayProvider) -> None:
    with pytest.raises(WrongMerchant):
        tokenpay.judge_notice(notice({**PAID, "BaseCurrency": "USD"}))
    one_coin = TokenPayProvider.from_settings({**SETTINGS, "coin": "TRX"})
    with pytest.raises(WrongMerchant):
        one_coin.judge_notice(notice(PAID))


@pytest.mark.parametrize(
    "changed",
    [
        {"ActualAmount": "-1"},
        {"ActualAmount": "1e3"},
        {"ActualAmount": "93.101"},
        {"ActualAmount": "0"},
        {"Id": "T2026"},
        {"Id": "../../x"},
        {"OutOrderId": "a b"},
        {"OutOrderId": "x&ActualAmount=1"},
        {"PassThroughInfo": "a=b"},
        {"PassThroughInfo": "a\nb"},
        {"IsDynamicAmount": 1, "PayAmount": "NaN"},
        {"IsDynamicAmount": 1, "PayAmount": "-1"},
        {"IsDynamicAmount": 1},
        {"IsDynamicAmount": True},
    ],
)
def test_a_signed_notice_that_can_be_misread_is_refused(tokenpay: TokenPayProvider, changed: dict[str, Any]) -> None:
    with pytest.raises(NoticeRefused):
        tokenpay.judge_notice(notice({**PAID, **changed}))


def test_a_duplicate_field_a_get_a_query_or_a_form_is_refused(tokenpay: TokenPayProvider) -> None:
    good = notice(PAID)
    for bad in (
        good._replace(body=good.body.replace(b"{", b'{"Status":1,', 1)),
        good._replace(method="GET"),
        good._replace(query=b"a=1"),
        good._replace(content_type="text/plain"),
        good._replace(body=b" " * 20_000),
        good._replace(body=b"\xff"),
    ):
        with pytest.raises(MalformedNotice):
            tokenpay.judge_notice(bad)


def test_the_gateway_reads_exactly_ok(tokenpay: TokenPayProvider) -> None:
    assert (tokenpay.success_body, tokenpay.failure_body) == (b"ok", b"fail")


@pytest.mark.parametrize("name", ["Id", "Signature", "PassThroughInfo"])
def test_half_a_character_is_refused_and_no_fault_of_ours(tokenpay: TokenPayProvider, name: str) -> None:
    """Anybody can send it; looking at its signature failed, with 500 as the answer and a fault in the log."""
    good = notice({**PAID, "PassThroughInfo": "x"})
    fields = {**json.loads(good.body), name: "\ud800"}
    with pytest.raises(MalformedNotice):
        tokenpay.judge_notice(good._replace(body=json.dumps(fields).encode()))


def test_a_character_written_in_two_halves_is_one(tokenpay: TokenPayProvider) -> None:
    good = notice({**PAID, "PassThroughInfo": "😀"})
    escaped = good._replace(body=json.dumps(json.loads(good.body)).encode())
    assert b"\\ud83d\\ude00" in escaped.body
    assert tokenpay.judge_notice(escaped).is_paid
