"""What held money up is told in the reader's language, and a gateway's own words are quoted."""

from __future__ import annotations

import pytest
from django.utils import translation

from xinka.flows.hindrances import hindrance_in_words, kept_of
from xinka.payments.errors import NotConfirmed


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
    ],
)
def test_our_sentences_are_translated_and_a_gateways_words_quoted(kept: str, zh: str, en: str) -> None:
    with translation.override("zh-hans"):
        assert hindrance_in_words(kept) == zh
    with translation.override("en"):
        assert hindrance_in_words(kept) == en


def test_a_refusal_is_kept_in_both_its_languages() -> None:
    kept = "支付通道没有确认这笔付款。 The payment provider does not confirm this payment."
    assert kept_of(NotConfirmed()) == kept
    assert hindrance_in_words(kept) == kept
