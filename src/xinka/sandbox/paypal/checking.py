"""PayPal's own look at a webhook that a shop asks about."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256


def check_transmission(account: Mapping[str, Any], told: Mapping[str, Any], event: bytes) -> None:
    """Accept a webhook that this account's key signed; raises ``InvalidSignature`` or ``ValueError``."""
    if told.get("webhook_id") != account["webhook_id"] or told.get("auth_algo") != "SHA256withRSA":
        raise ValueError("another webhook")
    key = x509.load_pem_x509_certificate(account["certificate"].encode()).public_key()
    assert isinstance(key, RSAPublicKey)  # noqa: S101 - for the type checker: accounts make no other
    names = ("transmission_id", "transmission_time", "webhook_id")
    message = "|".join([*(str(told.get(name)) for name in names), str(zlib.crc32(event))])
    signature = base64.b64decode(str(told.get("transmission_sig")), validate=True)
    key.verify(signature, message.encode(), PKCS1v15(), SHA256())
