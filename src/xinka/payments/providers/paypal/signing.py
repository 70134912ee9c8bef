"""What a PayPal webhook signs, and the headers that say how.

Source: PayPal, "Integrate webhooks": RSA-SHA256 over id, time, webhook id and the CRC-32 of the raw body.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from xinka.payments.providers.errors import BadSignature, MalformedNotice, WrongAlgorithm
from xinka.payments.providers.paypal.config import PayPalConfig

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

HEADERS = (
    "paypal-transmission-id",
    "paypal-transmission-time",
    "paypal-transmission-sig",
    "paypal-cert-url",
    "paypal-auth-algo",
)
ALGORITHM = "SHA256withRSA"
#: PayPal tries again for three days.
_OLDEST = timedelta(days=3, hours=1)
_AHEAD = timedelta(minutes=5)
_ID = re.compile(r"[A-Za-z0-9\-]{8,64}", re.ASCII)
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+\-][0-9]{2}:[0-9]{2})", re.ASCII
)


class Transmission(NamedTuple):
    """The headers of one webhook, of the right form and from a place we may fetch from."""

    id: str
    time: str
    signature: bytes
    cert_url: str


def read_headers(config: PayPalConfig, headers: Mapping[str, str]) -> Transmission:
    """Return the headers of a webhook.

    Raises:
        NoticeRefused: if one is missing or malformed, too old, of another algorithm, or names a foreign address.
    """
    number, at, signature, url, algorithm = (headers.get(name, "") for name in HEADERS)
    if algorithm != ALGORITHM:
        raise WrongAlgorithm
    if not _ID.fullmatch(number) or not _TIME.fullmatch(at) or not config.may_fetch(url):
        raise MalformedNotice(why="transmission headers")
    _check_age(at)
    try:
        raw = base64.b64decode(signature.encode("ascii"), validate=True)
    except (binascii.Error, ValueError):
        raise MalformedNotice(why="signature") from None
    if not raw:
        raise MalformedNotice(why="signature")
    return Transmission(number, at, raw, url)


def _check_age(at: str) -> None:
    try:
        sent = datetime.fromisoformat(at)
    except ValueError:
        raise MalformedNotice(why="transmission time") from None
    now = datetime.now(UTC)
    if not now - _OLDEST <= sent <= now + _AHEAD:
        raise MalformedNotice(why="stale timestamp")


def signed_message(transmission: Transmission, webhook_id: str, body: bytes) -> bytes:
    """Return the text that is signed."""
    return f"{transmission.id}|{transmission.time}|{webhook_id}|{zlib.crc32(body)}".encode()


def check_signature(key: RSAPublicKey, transmission: Transmission, message: bytes) -> None:
    """Accept a signature by the key; raises ``BadSignature``."""
    from cryptography.exceptions import InvalidSignature  # here, as all of cryptography in this room
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256

    try:
        key.verify(transmission.signature, message, PKCS1v15(), SHA256())
    except InvalidSignature:
        raise BadSignature from None
