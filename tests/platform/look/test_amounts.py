"""Amounts as people type them: what can only be meant one way is taken, what can be read two ways is refused."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.utils.translation import override

from xinka.kernel.errors import BadInput
from xinka.kernel.money import parse_amount
from xinka.platform.look.amounts import read_amount


@pytest.mark.parametrize(
    ("typed", "currency", "minor"),
    [
        ("1.5", "CNY", 150),
        (" 1.50 ", "CNY", 150),
        ("¥1.50", "CNY", 150),
        ("￥ 1.50", "CNY", 150),
        ("1.50元", "CNY", 150),
        ("RMB 1.50", "CNY", 150),
        ("cny 1.50", "CNY", 150),
        ("１.50", "CNY", 150),
        ("１２．５０", "CNY", 1250),
        ("1,50", "CNY", 150),
        ("1，5", "CNY", 150),
        ("0,05", "CNY", 5),
        ("0.500", "CNY", 50),
        ("1,234", "CNY", 123400),
        ("1,234.50", "CNY", 123450),
        ("¥1,234,567.89", "CNY", 123456789),
        ("1 234.50", "CNY", 123450),
        ("1\u00a0234", "CNY", 123400),
        ("1.234,50", "CNY", 123450),
        ("US$12.34", "USD", 1234),
        ("$12", "HKD", 1200),
        ("12,34 €", "EUR", 1234),
        ("¥1,500", "JPY", 1500),
        ("1.500", "KWD", 1500),
    ],
)
def test_what_can_only_be_meant_one_way_is_taken(typed: str, currency: str, minor: int) -> None:
    assert read_amount(typed, currency) == minor


@pytest.mark.parametrize(
    ("typed", "currency", "words"),
    [
        ("1.234", "CNY", "two ways"),
        ("1.500", "JPY", "two ways"),
        ("1,500", "KWD", "two ways"),
        ("1,23,456", "CNY", "no amount"),
        ("1,234,5", "CNY", "no amount"),
        ("1 23", "CNY", "no amount"),
        ("0,123", "CNY", "no amount"),
        ("1.2.3", "CNY", "no amount"),
        ("$5", "CNY", "no amount"),
        ("¥5", "USD", "no amount"),
        ("5 EUR", "CNY", "no amount"),
        ("1万", "CNY", "no amount"),
        ("1e3", "CNY", "no amount"),
        ("٣", "CNY", "no amount"),
        ("NaN", "CNY", "no amount"),
        ("", "CNY", "no amount"),
        ("¥", "CNY", "no amount"),
        ("-5", "CNY", "without a sign"),
        ("+5", "CNY", "without a sign"),
        ("1.2345", "CNY", "too many decimals"),
        ("1,50", "JPY", "too many decimals"),
        ("1,000,000,000.01", "CNY", "too large"),
    ],
)
def test_what_can_be_read_two_ways_or_not_at_all_is_refused(typed: str, currency: str, words: str) -> None:
    with override("en"), pytest.raises(ValidationError) as refused:
        read_amount(typed, currency)
    assert words in refused.value.messages[0]


def test_a_refusal_is_in_the_language_of_whoever_reads_it() -> None:
    for typed in ("1.234", "abc", "-1", "1.2345"):
        with override("zh-hans"), pytest.raises(ValidationError) as refused:
            read_amount(typed)
        assert not any(letter.isascii() and letter.isalpha() for letter in refused.value.messages[0].replace("abc", ""))


@pytest.mark.parametrize("typed", ["¥1.50", "1,50", "１.50", "1,234.50", "1 234"])
def test_a_gateway_may_write_none_of_this(typed: str) -> None:
    with pytest.raises(BadInput):
        parse_amount(typed)
