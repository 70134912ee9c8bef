"""Accounts that speak TokenPay; each has a gateway address of its own, as one installs it."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping

from django.conf import settings

from xinka.sandbox import trades
from xinka.sandbox.errors import Declined, Why
from xinka.sandbox.models import SandboxMerchant

NAME = "tokenpay"


def open_merchant(name: str, currency: str = "CNY") -> SandboxMerchant:
    """Open an account with a fresh number and token."""
    return trades.open_merchant(name, NAME, {"token": secrets.token_hex(16), "currency": currency})


def base_url(merchant: SandboxMerchant) -> str:
    """Return the address of an account's gateway."""
    return f"{settings.SITE_URL}/sandbox/tokenpay/{merchant.pid}/"


def make_signature(fields: Mapping[str, str], token: str) -> str:
    """Return the signature over every non-empty field but the signature itself."""
    plain = hashlib.md5(usedforsecurity=False)  # prescribed by the protocol
    pairs = [pair for pair in sorted(fields.items()) if pair[1] and pair[0] != "Signature"]
    plain.update("&".join("=".join(pair) for pair in pairs).encode())
    plain.update(token.encode())
    return plain.hexdigest()


def check_signature(fields: Mapping[str, str], token: str) -> None:
    """Raise ``Declined`` unless the fields are signed with this token."""
    expected = make_signature(fields, token)
    if not hmac.compare_digest(fields.get("Signature", "").encode(), expected.encode()):
        raise Declined(Why.BAD_SIGNATURE, "签名验证失败！")
