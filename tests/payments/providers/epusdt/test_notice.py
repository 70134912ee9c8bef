"""Notices: the genuine one says that coins came, and every other is refused."""

from __future__ import annotations

import pytest

from tests.payments.providers.epusdt.conftest import NUMBER, PAID, TOKEN, channel, notice
from xinka.payments.providers.epusdt.provider import EpusdtProvider
from xinka.payments.providers.errors import BadSignature, MalformedNotice, NoticeRefused, WrongMerchant


def test_a_paid_trade_is_money_by_hmac_and_a_hint_by_md5(usdt: EpusdtProvider) -> None:
    said = usdt.judge_notice(notice(usdt, PAID))
    assert (said.out_trade_no, said.trade_no, said.amount_minor, said.currency) == (NUMBER, "T2026", 9310, "CNY")
    is_strong = usdt.config.dialect.value == "gmpay"
    assert (said.is_paid, said.is_hint, usdt.is_weak) == (is_strong, not is_strong, not is_strong)


@pytest.mark.parametrize("written", ["93.1", "93.10", '"93.1"', '"93.10"'])
def test_an_amount_counts_however_it_is_written_and_signed(usdt: EpusdtProvider, written: str) -> None:
    assert usdt.judge_notice(notice(usdt, {**PAID, "amount": written})).amount_minor == 9310


def test_the_signature_is_over_the_letters_and_not_over_the_number(usdt: EpusdtProvider) -> None:
    good = notice(usdt, {**PAID, "amount": "100"})
    assert usdt.judge_notice(good).amount_minor == 10_000
    with pytest.raises(BadSignature):
        usdt.judge_notice(good._replace(body=good.body.replace(b'"amount":100', b'"amount":100.00')))


@pytest.mark.parametrize("status", ["1", "3", "4", "5", '"1"', "0"])
def test_any_other_status_is_no_money(usdt: EpusdtProvider, status: str) -> None:
    said = usdt.judge_notice(notice(usdt, {**PAID, "status": status, "block_transaction_id": '""'}))
    assert (said.is_paid, said.is_hint) == (False, False)


@pytest.mark.parametrize("transaction", ['""', "null", '"T2026"'])
def test_paid_without_a_transaction_on_the_chain_is_refused(usdt: EpusdtProvider, transaction: str) -> None:
    with pytest.raises(MalformedNotice):
        usdt.judge_notice(notice(usdt, {**PAID, "block_transaction_id": transaction}))
    without = {name: text for name, text in PAID.items() if name != "block_transaction_id"}
    with pytest.raises(MalformedNotice):
        usdt.judge_notice(notice(usdt, without))


def test_any_flipped_byte_is_refused(usdt: EpusdtProvider) -> None:
    good = notice(usdt, PAID)
    for place in range(len(good.body)):
        changed = bytearray(good.body)
        changed[place] ^= 1
        with pytest.raises(NoticeRefused):
            usdt.judge_notice(good._replace(body=bytes(changed)))


@pytest.mark.parametrize("name", [name for name in PAID if name != "block_transaction_id"])
def test_a_missing_or_empty_field_is_refused(usdt: EpusdtProvider, name: str) -> None:
    for other in ({k: v for k, v in PAID.items() if k != name}, {**PAID, name: '""'}, {**PAID, name: "null"}):
        with pytest.raises(MalformedNotice):
            usdt.judge_notice(notice(usdt, other))


@pytest.mark.parametrize("signature", ["", "0" * 32, "0" * 64, "null", "é" * 32])
def test_a_made_up_signature_is_refused(usdt: EpusdtProvider, signature: str) -> None:
    with pytest.raises(NoticeRefused):
        usdt.judge_notice(notice(usdt, PAID, signature=signature))


def test_one_dialects_signature_is_not_anothers() -> None:
    weak, strong = channel("bepusdt"), channel("gmpay")
    with pytest.raises(BadSignature):
        strong.judge_notice(notice(weak, {**PAID, "pid": '"1001"'}))
    with pytest.raises(BadSignature):
        weak.judge_notice(notice(strong, PAID))


def test_another_token_or_another_merchant_is_refused(usdt: EpusdtProvider) -> None:
    other = channel(usdt.config.dialect.value, token=TOKEN[::-1])
    with pytest.raises(BadSignature):
        usdt.judge_notice(notice(other, PAID))
    if usdt.config.pid:
        with pytest.raises(WrongMerchant):
            usdt.judge_notice(notice(usdt, {**PAID, "pid": '"1002"'}))


@pytest.mark.parametrize(
    "changed",
    [
        {"amount": '"-93.1"'},
        {"amount": "9.31e1"},
        {"amount": "93.101"},
        {"amount": "0"},
        {"amount": '"９３"'},
        {"order_id": '"a b"'},
        {"order_id": '"x&amount=1"'},
        {"order_id": '"x=1"'},
        {"trade_id": '"a/b"'},
        {"extra": "[1]"},
        {"extra": '{"a":1}'},
        {"extra": "true"},
        {"bad name": '"x"'},
        {"extra": '"a\\nb"'},
    ],
)
def test_a_signed_notice_that_can_be_misread_is_refused(usdt: EpusdtProvider, changed: dict[str, str]) -> None:
    texts = {**PAID, **changed}
    if any(text[0] in "[{t" for text in texts.values()):
        good = notice(usdt, PAID)
        body = good.body.replace(b"{", b"{" + ",".join(f'"{k}":{v}' for k, v in changed.items()).encode() + b",", 1)
        bad = good._replace(body=body)
    else:
        bad = notice(usdt, texts)
    with pytest.raises(NoticeRefused):
        usdt.judge_notice(bad)


def test_a_field_the_gateway_adds_is_covered_by_the_signature(usdt: EpusdtProvider) -> None:
    good = notice(usdt, {**PAID, "trade_type": '"usdt.trc20"'})
    assert usdt.judge_notice(good).amount_minor == 9310
    with pytest.raises(BadSignature):
        usdt.judge_notice(good._replace(body=good.body.replace(b"usdt.trc20", b"usdt.bep20")))


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"\xff", b"NaN", b'{"a":NaN}', b"[" * 9000, b" " * 20_000, b'{"a":1,"a":2}']
)
def test_what_is_no_flat_object_is_refused(usdt: EpusdtProvider, body: bytes) -> None:
    with pytest.raises(MalformedNotice):
        usdt.judge_notice(notice(usdt, PAID)._replace(body=body))


def test_a_duplicate_field_a_get_a_query_or_a_form_is_refused(usdt: EpusdtProvider) -> None:
    good = notice(usdt, PAID)
    for bad in (
        good._replace(body=good.body.replace(b'{"trade_id"', b'{"amount":93.1,"trade_id"')),
        good._replace(method="GET"),
        good._replace(query=b"a=1"),
        good._replace(content_type="application/x-www-form-urlencoded"),
    ):
        with pytest.raises(MalformedNotice):
            usdt.judge_notice(bad)


def test_the_gateway_reads_exactly_ok(usdt: EpusdtProvider) -> None:
    assert (usdt.success_body, usdt.failure_body) == (b"ok", b"fail")


def test_half_a_character_is_refused_and_no_fault_of_ours(usdt: EpusdtProvider) -> None:
    good = notice(usdt, PAID)
    changed = good.body.replace(b'"T2026"', b'"\\ud800"')
    assert changed != good.body
    with pytest.raises(MalformedNotice):
        usdt.judge_notice(good._replace(body=changed))
