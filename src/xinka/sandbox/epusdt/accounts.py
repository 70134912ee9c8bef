"""Accounts that speak one of the epusdt dialects; each has a gateway address of its own, as one installs them."""

from __future__ import annotations

import secrets

from django.conf import settings

from xinka.sandbox import trades
from xinka.sandbox.epusdt.wire import DIALECTS
from xinka.sandbox.models import SandboxMerchant

NAME = "epusdt"


def open_merchant(name: str, dialect: str = "bepusdt") -> SandboxMerchant:
    """Open an account with a fresh number and token."""
    if dialect not in DIALECTS:
        raise ValueError(dialect)
    return trades.open_merchant(name, NAME, {"token": secrets.token_hex(16), "dialect": dialect})


def base_url(merchant: SandboxMerchant) -> str:
    """Return the address of an account's gateway."""
    return f"{settings.SITE_URL}/sandbox/epusdt/{merchant.pid}/"
