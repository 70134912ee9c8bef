"""What held money up is told in the reader's language, and a gateway's own words are quoted."""

from __future__ import annotations

import pytest
from django.utils import translation

from xinka.flows.hindrances import hindrance_in_words, kept_of
from xinka.kernel.errors import ProviderError
from xinka.payments.errors import NotConfirmed
from xinka.payments.providers.epusdt.provider import BY_HAND
from xinka.payments.providers.errors import NotOffered, OutcomeUnknown
from xinka.platform.jobs.retries import in_words


@pytest.mark.parametrize(
    ("kept", "zh", "en"),
    [
        ("", "", ""),
        ("the receipt names no payment", "这笔收款没有对应的付款", "the receipt names no payment"),
        ("ProviderError: 余额不足", "通道没有办成: 余额不足", "The gateway did not do it: 余额不足"),
        (
            "OutcomeUnknown: the gateway says: on hold: 7",
            "没有得到确定的答复: 通道的说法: on hold: 7",
            "There was no certain answer: the gateway says: on hold: 7",
        ),
        ("账户被冻结", "账户被冻结", "账户被冻结"),
        (
            "ProviderError: Alipay refused the request: 40004 余额不足: Reason: 7",
            "通道没有办成: 支付宝不接受这个请求: 40004 余额不足: Reason: 7",
            "The gateway did not do it: Alipay refused the request: 40004 余额不足: Reason: 7",
        ),
        (
            "OutcomeUnknown: refund: the gateway answered: HTTP 503",
            "没有得到确定的答复: 退款: 通道的回答: HTTP 503",
            "There was no certain answer: refund: the gateway answered: HTTP 503",
        ),
        (
            "ProviderError: payout: WeChat Pay answered: HTTP 500",
            "通道没有办成: 通道的回复不合规范: 微信支付的回答: HTTP 500",
            "The gateway did not do it: Not what a gateway may say: WeChat Pay answered: HTTP 500",
        ),
        (
            "Declined: WeChat Pay refused: NOT_ENOUGH 余额不足",
            "通道没有办成: 微信支付拒绝: NOT_ENOUGH 余额不足",
            "The gateway did not do it: WeChat Pay refused: NOT_ENOUGH 余额不足",
        ),
        (
            "ProviderError: the gateway refused: Refused: no",
            "通道没有办成: 通道拒绝: Refused: no",
            "The gateway did not do it: the gateway refused: Refused: no",
        ),
        (
            "ProviderError: the gateway refused: no reason given",
            "通道没有办成: 通道拒绝: 没有说原因",
            "The gateway did not do it: the gateway refused: no reason given",
        ),
        (
            "ProviderError: PayPal refused the question: PayPal says: NOT_AUTHORIZED (HTTP 403)",
            "通道没有办成: PayPal 拒绝回答: PayPal 的说法: NOT_AUTHORIZED (HTTP 403)",
            "The gateway did not do it: PayPal refused the question: PayPal says: NOT_AUTHORIZED (HTTP 403)",
        ),
    ],
)
def test_our_sentences_are_translated_and_a_gateways_words_quoted(kept: str, zh: str, en: str) -> None:
    with translation.override("zh-hans"):
        assert hindrance_in_words(kept) == zh
    with translation.override("en"):
        assert hindrance_in_words(kept) == en


def test_a_sentence_with_a_colon_of_its_own_is_one_sentence() -> None:
    kept = in_words(NotOffered(BY_HAND))
    with translation.override("zh-hans"):
        assert hindrance_in_words(kept) == (
            "通道没有办成: 这个通道不支持: 自动退款。要人工把币退到买家给的地址，按当天汇率算"
        )
        assert hindrance_in_words(f"{BY_HAND}: 7").endswith("按当天汇率算: 7")
    with translation.override("en"):
        assert hindrance_in_words(kept) == f"The gateway did not do it: this gateway does not offer: {BY_HAND}"


@pytest.mark.parametrize(
    "old",
    [
        "PayPal: AUTHORIZATION_ERROR (HTTP 403)",
        "Alipay answered HTTP 502",
        "the gateway could not be reached (TimeoutError)",
        "nobody wrote: refund: this",
        "the gateway refused and then: ",
    ],
)
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_a_line_that_nobody_knows_any_more_is_shown_as_it_is(old: str, language: str) -> None:
    with translation.override(language):
        assert hindrance_in_words(old) == old
        assert hindrance_in_words(f"ProviderError: {old}").endswith(f": {old}")


def test_what_a_gateway_said_stands_behind_our_sentence() -> None:
    assert str(ProviderError("the gateway refused", quote="no money")) == "the gateway refused: no money"
    assert str(ProviderError("the gateway refused")) == "the gateway refused"
    unknown = OutcomeUnknown("refund", quote="the gateway answered: HTTP 500")
    assert (str(unknown), unknown.permanent) == ("refund: the gateway answered: HTTP 500", True)


def test_a_refusal_is_kept_in_both_its_languages() -> None:
    kept = "支付通道没有确认这笔付款。 The payment provider does not confirm this payment."
    assert kept_of(NotConfirmed()) == kept
    assert hindrance_in_words(kept) == kept
