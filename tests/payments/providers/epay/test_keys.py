"""Which keys a channel accepts."""

from __future__ import annotations

import secrets

import pytest

from xinka.payments.providers.epay.keys import KNOWN_KEYS, check_key
from xinka.payments.providers.errors import WeakKey


@pytest.mark.parametrize("key", sorted(KNOWN_KEYS))
def test_keys_printed_in_public_are_refused(key: str) -> None:
    with pytest.raises(WeakKey):
        check_key(key)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "123456",
        "secret",
        "b7Kq2Rz9Xw4Lm8Tn6Vc3H",  # 21 of 62 letters: 125 bits
        "0123456789012345678901234567890",  # digits only
        "b7c2d9e4f5a6b7c8d9e0f1a2b3c4d5e",  # 31 hexadecimal digits: 124 bits
        "a" * 64,
        "b7Kq2Rz9Xw4Lm8Tn" * 2,
        "b7Kq2Rz9Xw4Lm8Tn6Vc3 Hd5Yp1Js0Gf7",
        "b7Kq2Rz9Xw4Lm8Tn6Vc3\nHd5Yp1Js0Gf7",
        "密钥密钥密钥密钥密钥密钥密钥密钥密钥密钥密钥密钥",
    ],
)
def test_keys_that_could_be_guessed_are_refused(key: str) -> None:
    with pytest.raises(WeakKey) as refused:
        check_key(key)
    assert not key or key not in str(refused.value)


@pytest.mark.parametrize("key", ["b7Kq2Rz9Xw4Lm8Tn6Vc3Hd", "b7c2d9e4f5a6b7c8d9e0f1a2b3c4d5e6"])
def test_keys_of_128_bits_are_accepted(key: str) -> None:
    check_key(key)


def test_keys_that_gateways_make_are_accepted() -> None:
    for _ in range(200):
        check_key(secrets.token_hex(16))
        check_key(secrets.token_urlsafe(24))
