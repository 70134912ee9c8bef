"""An address is sent to as it was meant, or refused: never to somebody else whose address looks alike."""

from __future__ import annotations

import pytest

from xinka.kernel.errors import BadInput
from xinka.orders.contact import normalise_contact


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("１２３４５６７８", "12345678@qq.com"),
        ("１２３４５６７８＠ｑｑ．ｃｏｍ", "12345678@qq.com"),
        ("\u3000123\u3000456\u300078\u00a0", "12345678@qq.com"),
        ("Li.Na+shop@Example.COM", "li.na+shop@example.com"),
    ],
)
def test_what_an_input_method_makes_wide_is_the_same(typed: str, address: str) -> None:
    assert normalise_contact(typed) == address


@pytest.mark.parametrize(
    "typed",
    [
        "1234²5678",
        "1234①5678",
        "\U0001d7cf\U0001d7d0\U0001d7d1\U0001d7d2\U0001d7d3\U0001d7d4",
        "١٢٣٤٥٦٧٨",
        "ⓐdmin@shop.example",
        "o\ufb03ce@shop.example",
        "\u212aim@shop.example",
        "pa\u017f\u017f@shop.example",
        "\u0430da@shop.example",
        "a\u200bda@shop.example",
        "ada@shop\u3002example",
        "ada@shop.example\r\nBcc: eve@shop.example",
        "ada@shop.example,eve@shop.example",
        "012345678",
    ],
)
def test_what_only_looks_like_it_is_refused(typed: str) -> None:
    with pytest.raises(BadInput):
        normalise_contact(typed)
