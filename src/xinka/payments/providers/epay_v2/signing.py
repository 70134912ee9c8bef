"""How an epay V2 message is signed: RSA-SHA256 over the sorted fields, with a timestamp in every message."""

from __future__ import annotations

from collections.abc import Mapping

from xinka.payments.providers import keys
from xinka.payments.providers.epay_v2.config import EpayV2Config

_UNSIGNED = frozenset({"sign", "sign_type"})
SIGN_TYPE = "RSA"


def canonical(fields: Mapping[str, str]) -> str:
    """Return ``k=v&k=v`` of all fields but ``sign``, ``sign_type`` and blank ones, sorted by name, values raw."""
    return "&".join(
        f"{name}={fields[name]}" for name in sorted(fields) if fields[name].strip() and name not in _UNSIGNED
    )


def seal(config: EpayV2Config, fields: Mapping[str, str], now: float) -> dict[str, str]:
    """Return the fields with merchant number, timestamp and our signature."""
    stamped = {**fields, "pid": config.pid, "timestamp": str(int(now))}
    return {**stamped, "sign": keys.sign(config.private_key, canonical(stamped).encode()), "sign_type": SIGN_TYPE}


def agrees(config: EpayV2Config, fields: Mapping[str, str]) -> bool:
    """Return whether a message is signed with one of the platform's keys."""
    return keys.any_agrees(config.public_keys, canonical(fields).encode(), fields.get("sign", ""))
