"""How messages to and from Alipay are signed (RSA2 is SHA256withRSA, PKCS#1 v1.5)."""

from __future__ import annotations

from collections.abc import Mapping

from xinka.payments.providers import keys
from xinka.payments.providers.alipay.config import AlipayConfig

SIGN_TYPE = "RSA2"


def sign_request(config: AlipayConfig, fields: Mapping[str, str]) -> dict[str, str]:
    """Return the fields of a request that are not empty, with ``sign`` over all of them, values not encoded."""
    kept = {name: value for name, value in fields.items() if value and name != "sign"}
    return {**kept, "sign": keys.sign(config.private_key, _joined(kept).encode())}


def notice_agrees(config: AlipayConfig, fields: Mapping[str, str]) -> bool:
    """Return whether Alipay signed a notice: everything but ``sign`` and ``sign_type``, empty values included."""
    signed = {name: value for name, value in fields.items() if name not in {"sign", "sign_type"}}
    return keys.any_agrees(config.public_keys, _joined(signed).encode(), fields.get("sign", ""))


def answer_agrees(config: AlipayConfig, raw: str, signature: str) -> bool:
    """Return whether Alipay signed the raw text of an answer."""
    return keys.any_agrees(config.public_keys, raw.encode(), signature)


def _joined(fields: Mapping[str, str]) -> str:
    return "&".join(f"{name}={fields[name]}" for name in sorted(fields))
