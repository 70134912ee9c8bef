"""A sender of mail is judged by the name shown, the address, and where answers go."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xinka.engines.lookalike import NameIndex
from xinka.engines.lookalike.domains import DomainIndex
from xinka.engines.lookalike.senders import judge_sender

INDEX = DomainIndex([("paypal.com", None), ("alipay.com", "ada"), ("163.com", None), ("boc.cn", None)])
NAMES = NameIndex([("支付宝客服", "ada"), ("PayPal Support", None), ("中国银行", None)])


@pytest.mark.parametrize(
    ("text", "official"),
    [
        ("支付宝官方客服 <zfb8890@163.com>", "支付宝客服"),
        ("中国银行信用卡中心 <boc95566@outlook.com>", "中国银行"),
        ("From: PayPaI Support <a@evil.ru>", "PayPal Support"),
        ("=?utf-8?B?UGF5UGFsIFN1cHBvcnQ=?= <no-reply@evil.ru>", "PayPal Support"),
        ("=?gb18030?B?1qe4trGmudm3vb/Nt/4=?= <a@evil.ru>", "支付宝客服"),
        ("PayPal\r\n Support <a@evil.ru>", "PayPal Support"),
        ("发件人：支付宝客服 <a@gmail.com>", "支付宝客服"),
    ],
)
def test_a_shown_name_is_read_however_it_is_coded_and_at_a_provider_of_everybody(text: str, official: str) -> None:
    verdict = judge_sender(text, INDEX, NAMES)
    assert (verdict.decision != "clear", verdict.official) == (True, official)


@pytest.mark.parametrize(
    "text",
    [
        *("支付宝客服 <service@mail.alipay.com>", "张伟 <zhangwei@163.com>", "=?utf-8?B?5byg?= <a@pku.edu.cn>"),
        *("=?utf-8?B?UGF5UGFs?= <service@paypal.com>", "=?nonsense?Q?abc?= <a@example.org>", "=?utf-8?B?A?= <a@b.org>"),
    ],
)
def test_the_official_ones_and_others_pass(text: str) -> None:
    assert judge_sender(text, INDEX, NAMES).decision == "clear"


def test_answers_that_go_elsewhere_than_an_official_sender_are_for_a_person() -> None:
    verdict = judge_sender("PayPal <service@paypal.com>", INDEX, reply_to="Bo <bo@gmail.com>")
    assert (verdict.decision, verdict.official) == ("review", "paypal.com")
    assert [reason.code for reason in verdict.reasons] == ["answers"]
    verdict = judge_sender("From: PayPal <service@paypal.com> Reply-To: <a@paypa1.com>", INDEX)
    assert (verdict.decision, verdict.official) == ("impostor", "paypal.com")
    assert [reason.code for reason in verdict.reasons] == ["answers", "letters"]
    verdict = judge_sender("Bo <bo@example.org>", INDEX, NAMES, reply_to="支付宝客服 <a@gmail.com>")
    assert (verdict.decision, verdict.official) == ("impostor", "支付宝客服")


@pytest.mark.parametrize("answers", ["", "help@paypal.com", "<a@mail.paypal.com>", "pay <a@alipay.com>"])
def test_answers_that_stay_with_official_ones_pass(answers: str) -> None:
    assert judge_sender("PayPal <service@paypal.com>", INDEX, NAMES, reply_to=answers).decision == "clear"
    assert judge_sender("Bo <bo@example.org>", INDEX, NAMES, reply_to="Bo <bo@gmail.com>").decision == "clear"


@pytest.mark.parametrize(
    "text", ["=?utf-8?B?" * 300_000, "<" * 3_000_000, '"' * 3_000_000 + "<a@b>", "Reply-To:" * 300_000, "=?" * 999]
)
def test_a_line_of_megabytes_takes_no_second(text: str) -> None:
    began = time.process_time()
    judge_sender(text, INDEX, NAMES, reply_to=text)
    judge_sender(text, INDEX, NAMES)
    assert time.process_time() - began < 1


@settings(max_examples=150, deadline=None)
@given(st.text(st.sampled_from('=?utf-8BQ<>"@a.b ,:\r\nReply-To支\udcff'), max_size=80))
def test_every_line_is_answered(text: str) -> None:
    for verdict in (judge_sender(text, INDEX, NAMES), judge_sender("a@paypal.com", INDEX, NAMES, reply_to=text)):
        assert verdict.decision in {"clear", "review", "impostor"}
