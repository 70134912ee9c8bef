"""The gateway's side of the epay V2 wire: what is signed, and how freshly."""

from __future__ import annotations

from collections.abc import Mapping

from xinka.sandbox import rsa
from xinka.sandbox.errors import Declined, Why

_FRESH_SECONDS = 300


def message_of(fields: Mapping[str, object]) -> str:
    """Return the text that is signed: scalars that are not blank, in the order of their names."""
    parts = []
    for name in sorted(fields):
        value = fields[name]
        if name in {"sign", "sign_type"} or isinstance(value, dict | list) or value is None or not str(value).strip():
            continue
        parts.append(f"{name}={value}")
    return "&".join(parts)


def signed(fields: Mapping[str, object], platform_private: str, now: float) -> dict[str, object]:
    """Return the fields with a timestamp and the platform's signature."""
    stamped = {**fields, "timestamp": str(int(now))}
    return {**stamped, "sign": rsa.sign(platform_private, message_of(stamped)), "sign_type": "RSA"}


def check_signed(fields: Mapping[str, str], merchant_public: str, now: float) -> None:
    """Raise ``Declined`` unless a request is signed by its merchant, just now."""
    if fields.get("sign_type") != "RSA" or not rsa.is_signed(
        merchant_public, message_of(fields), fields.get("sign", "")
    ):
        raise Declined(Why.BAD_SIGNATURE, "签名校验失败 (bad signature)")
    stamp = fields.get("timestamp", "")
    if not (len(stamp) == 10 and stamp.isascii() and stamp.isdigit() and abs(now - int(stamp)) <= _FRESH_SECONDS):
        raise Declined(Why.MALFORMED, "时间戳无效 (timestamp)")
