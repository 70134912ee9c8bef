"""The signature: published vectors, both digests, and what is left out of it."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from xinka.payments.providers.epay.signing import Signer, SignType, canonical

PUBLIC_KEY = b"89unJUB8HZ54Hj7x4nUj56HN4nUzUJ8i"
REQUEST = {
    "pid": "1001",
    "type": "alipay",
    "out_trade_no": "20260101000001",
    "notify_url": "https://shop.example/pay/epay/notify",
    "return_url": "https://shop.example/pay/epay/return",
    "name": "测试卡密 x1",
    "money": "1.00",
}
NOTICE = {
    "pid": "1001",
    "trade_no": "2026010112345678901",
    "out_trade_no": "20260101000001",
    "type": "alipay",
    "name": "测试卡密 x1",
    "money": "1.00",
    "trade_status": "TRADE_SUCCESS",
}


@pytest.mark.parametrize(
    ("fields", "signature"),
    [(REQUEST, "221ed49ddabb13fc56e43a089825f3a6"), (NOTICE, "f6661018164032616e1fda11a2ea3724")],
)
def test_md5_agrees_with_the_published_vectors(fields: dict[str, str], signature: str) -> None:
    signer = Signer(PUBLIC_KEY, SignType.MD5)
    assert signer.sign(fields) == signature
    assert signer.agrees({**fields, "sign": signature, "sign_type": "MD5"})


def test_hmac_is_over_the_same_string() -> None:
    expected = hmac.new(PUBLIC_KEY, canonical(NOTICE).encode(), hashlib.sha256).hexdigest()
    assert Signer(PUBLIC_KEY, SignType.HMAC_SHA256).sign(NOTICE) == expected


def test_clones_may_write_a_label_before_the_key() -> None:
    expected = hashlib.md5(canonical(NOTICE).encode() + b"&key=" + PUBLIC_KEY, usedforsecurity=False).hexdigest()
    assert Signer(PUBLIC_KEY, SignType.MD5, append_key_label=True).sign(NOTICE) == expected


def test_names_are_sorted_and_empty_values_and_the_signature_are_left_out() -> None:
    assert canonical({"b": "2", "a": "1", "B": "3", "empty": "", "sign": "x", "sign_type": "MD5"}) == "B=3&a=1&b=2"


def test_the_key_stands_behind_the_string_so_a_signature_cannot_be_extended() -> None:
    """Length extension needs ``digest(key + message)``; ours is ``digest(message + key)``."""
    signer = Signer(PUBLIC_KEY, SignType.MD5)
    prefixed = hashlib.md5(PUBLIC_KEY + canonical(NOTICE).encode(), usedforsecurity=False).hexdigest()
    assert not signer.agrees({**NOTICE, "sign": prefixed})


@pytest.mark.parametrize(
    "sign", ["", "0", "0e462097431906509019562988736854", "签名", "\udcff".encode("utf-8", "replace").decode()]
)
def test_no_other_signature_agrees(sign: str) -> None:
    for sign_type in SignType:
        assert not Signer(PUBLIC_KEY, sign_type).agrees({**NOTICE, "sign": sign})


def test_the_key_is_not_printed() -> None:
    assert PUBLIC_KEY.decode() not in repr(Signer(PUBLIC_KEY, SignType.MD5))
