"""Who signs what at WeChat Pay v3: we sign our calls, WeChat signs its answers and notices, both RSA-SHA256.

WeChat signs with a platform certificate, with a "public key" of newer merchants, or, while a merchant moves from one to
the other, with either at random. So all that were entered hold at once, found by the serial each message names. A
serial that is not among them is refused and nothing is fetched: it may be WeChat's own probe of whether we check.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import NamedTuple, Self

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from xinka.payments.providers.errors import BadSignature, MalformedNotice, StaleNotice, WrongAlgorithm
from xinka.payments.providers.keys import agrees, sign

SCHEME = "WECHATPAY2-SHA256-RSA2048"
#: Seconds by which a message may be older or newer than our clock.
FRESH_FOR = 300
HEADERS = (
    "wechatpay-timestamp",
    "wechatpay-nonce",
    "wechatpay-signature",
    "wechatpay-serial",
    "wechatpay-signature-type",
)
_TIMESTAMP = re.compile(r"[0-9]{1,12}", re.ASCII)
_NONCE = re.compile(r"[!-~]{1,128}", re.ASCII)
_SERIAL = re.compile(r"[0-9A-Za-z_]{1,64}", re.ASCII)


class UnknownSerial(BadSignature):
    """The message names a key that was not entered; forgers and WeChat's own probes do that."""

    code = "unknown_serial"
    status = HTTPStatus.BAD_REQUEST
    zh = "支付通知用的是没有登记的密钥。"
    en = "The payment notice names a key that is not set up."


@dataclass(frozen=True, slots=True)
class MerchantKey:
    """Our side: merchant number, the serial of our API certificate, and its private key."""

    mchid: str
    serial: str
    key: RSAPrivateKey = field(repr=False)

    def authorization(self, method: str, target: str, body: bytes, *, now: int, nonce: str) -> str:
        """Return the header that signs one call; ``target`` is its path with the query."""
        message = f"{method}\n{target}\n{now}\n{nonce}\n".encode() + body + b"\n"
        return (
            f'{SCHEME} mchid="{self.mchid}",nonce_str="{nonce}",signature="{sign(self.key, message)}",'
            f'timestamp="{now}",serial_no="{self.serial}"'
        )

    def bridge_fields(self, appid: str, prepay_id: str, *, now: int, nonce: str) -> dict[str, str]:
        """Return what a page inside WeChat hands to ``getBrandWCPayRequest``."""
        package = f"prepay_id={prepay_id}"
        message = f"{appid}\n{now}\n{nonce}\n{package}\n".encode()
        return {
            "appId": appid,
            "timeStamp": str(now),
            "nonceStr": nonce,
            "package": package,
            "signType": "RSA",
            "paySign": sign(self.key, message),
        }


class PlatformKey(NamedTuple):
    """One of WeChat's keys, and the seconds since 1970 between which it counts."""

    key: RSAPublicKey
    since: float
    until: float


@dataclass(frozen=True, slots=True)
class Seal:
    """The signature of one message as its headers give it."""

    timestamp: str
    nonce: str
    signature: str
    serial: str

    @classmethod
    def read(cls, headers: Mapping[str, str]) -> Self:
        """Return the seal in headers whose names are in lower case.

        Raises:
            MalformedNotice: if one is missing or not in its form.
            WrongAlgorithm: if it is another algorithm than RSA-SHA256.
        """
        timestamp, nonce, signature, serial, kind = (headers.get(name, "") for name in HEADERS)
        if kind != SCHEME:
            raise WrongAlgorithm
        if not signature or not _NONCE.fullmatch(nonce) or not _SERIAL.fullmatch(serial):
            raise MalformedNotice(why="signature headers")
        if not _TIMESTAMP.fullmatch(timestamp):
            raise MalformedNotice(why="timestamp")
        return cls(timestamp, nonce, signature, serial)


@dataclass(frozen=True, slots=True)
class PlatformKeys:
    """WeChat's side: every key that counts, by its serial as ``plain_serial`` writes it."""

    keys: Mapping[str, PlatformKey]

    def check(self, headers: Mapping[str, str], body: bytes, *, now: float) -> None:
        """Accept a message that one of the keys signed within the last minutes, byte for byte.

        Raises:
            NoticeRefused: otherwise; nobody is asked.
        """
        seal = Seal.read(headers)
        if abs(now - int(seal.timestamp)) > FRESH_FOR:
            raise StaleNotice
        known = self.keys.get(plain_serial(seal.serial))
        if known is None or not known.since <= now <= known.until:
            raise UnknownSerial
        if not agrees(known.key, f"{seal.timestamp}\n{seal.nonce}\n".encode() + body + b"\n", seal.signature):
            raise BadSignature

    def newest(self) -> tuple[str, RSAPublicKey]:
        """Return the key that lasts longest and its serial, to encrypt for WeChat what only it may read."""
        serial, known = max(self.keys.items(), key=lambda pair: pair[1].until)
        return serial, known.key


def plain_serial(text: str) -> str:
    """Return a serial in the one form by which keys are found: hexadecimal in capitals without leading zeros."""
    return text.upper().lstrip("0")
