"""The signatures of the epusdt family, with the vectors of its wiki and vectors worked out by hand."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from tests.payments.providers.epusdt.conftest import TOKEN
from xinka.payments.providers.epusdt.signing import Dialect, Signer

WIKI = {
    "order_id": "20220201030210321",
    "amount": "42",
    "notify_url": "http://example.com/notify",
    "redirect_url": "http://example.com/redirect",
}


@pytest.mark.parametrize("dialect", [Dialect.EPUSDT, Dialect.BEPUSDT])
def test_the_vector_of_epusdts_wiki(dialect: Dialect) -> None:
    signer = Signer("epusdt_password_xasddawqe", dialect)
    assert signer.sign(WIKI) == "1cd4b52df5587cfb1968b0c0c6e156cd"
    assert signer.agrees({**WIKI, "signature": "1cd4b52df5587cfb1968b0c0c6e156cd"})


def test_gmpay_signs_the_same_text_with_an_hmac() -> None:
    expected = hmac.new(TOKEN.encode(), b"amount=42&order_id=1", hashlib.sha256).hexdigest()
    assert (
        Signer(TOKEN, Dialect.GMPAY).sign({"order_id": "1", "amount": "42", "name": "", "signature": "x"}) == expected
    )


@pytest.mark.parametrize("dialect", list(Dialect))
def test_a_number_written_in_another_way_is_another_signature(dialect: Dialect) -> None:
    signer = Signer(TOKEN, dialect)
    assert signer.sign({"amount": "100"}) != signer.sign({"amount": "100.00"})
    for wrong in ("", "0", signer.sign({"amount": "100"}).upper(), "é"):
        assert not signer.agrees({"amount": "100", "signature": wrong})


def test_the_token_is_not_printed() -> None:
    assert TOKEN not in repr(Signer(TOKEN, Dialect.GMPAY))
