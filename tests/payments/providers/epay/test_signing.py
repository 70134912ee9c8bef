"""The signature: published vectors, both digests, and what is left out of it."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from tests.payments.providers.epay import md5
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


class Prefixed:
    """The way of signing that can be extended, ``digest(key + message)``: what ours is not."""

    def agrees(self, message: bytes, signature: str) -> bool:
        """Return whether this is the signature of a message."""
        return signature == hashlib.md5(PUBLIC_KEY + message, usedforsecurity=False).hexdigest()


def test_control_a_signature_with_the_key_in_front_is_extended_without_the_key() -> None:
    message = canonical(NOTICE).encode()
    signature = hashlib.md5(PUBLIC_KEY + message, usedforsecurity=False).hexdigest()
    forged, extended = md5.extend(message, signature, b"&trade_status=TRADE_SUCCESS&zz=1", len(PUBLIC_KEY))
    assert forged.startswith(message)
    assert forged.endswith(b"&zz=1")
    assert Prefixed().agrees(forged, extended)


@pytest.mark.parametrize("length", [*range(16, 130, 6), 32, 55, 56, 63, 64])
@pytest.mark.parametrize("append_key_label", [False, True])
def test_no_signature_of_ours_can_be_extended_however_long_the_key_is_thought_to_be(
    length: int, append_key_label: bool
) -> None:
    """Nor by whoever takes the label or the key for a part of the message."""
    signer = Signer(PUBLIC_KEY, SignType.MD5, append_key_label)
    message, signature = canonical(NOTICE).encode(), signer.sign(NOTICE)
    for addition in (b"&zz=1", b"zz", b"&key=", PUBLIC_KEY[:1]):
        for told in (message, message + b"&key=" * append_key_label):
            forged, extended = md5.extend(told, signature, addition, length)
            # The padding lies inside the last value, where alone bytes of any kind could stand.
            last = forged.rpartition(b"trade_status=")[2]
            for value in (last.decode("latin-1"), last.decode("utf-8", "replace")):
                assert not signer.agrees({**NOTICE, "trade_status": value, "sign": extended})


def test_the_hash_that_is_extended_is_md5() -> None:
    for length in (0, 1, 55, 56, 63, 64, 65, 1000):
        text = b"x" * length
        assert md5.digest(text) == hashlib.md5(text, usedforsecurity=False).hexdigest()


@pytest.mark.parametrize(
    "sign", ["", "0", "0e462097431906509019562988736854", "签名", "\udcff".encode("utf-8", "replace").decode()]
)
def test_no_other_signature_agrees(sign: str) -> None:
    for sign_type in SignType:
        assert not Signer(PUBLIC_KEY, sign_type).agrees({**NOTICE, "sign": sign})


def test_the_key_is_not_printed() -> None:
    assert PUBLIC_KEY.decode() not in repr(Signer(PUBLIC_KEY, SignType.MD5))
