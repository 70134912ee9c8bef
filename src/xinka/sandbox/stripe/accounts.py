"""Accounts that speak Stripe: one secret key, one webhook endpoint with its signing secret."""

from __future__ import annotations

import secrets

from xinka.sandbox import trades
from xinka.sandbox.errors import Declined, Why
from xinka.sandbox.models import SandboxMerchant, SandboxTrade

NAME = "stripe"


def open_merchant(name: str, webhook_url: str) -> SandboxMerchant:
    """Open a test-mode account with fresh keys."""
    trades.check_destination(webhook_url)
    account = {
        "secret_key": f"sk_test_{secrets.token_hex(24)}",
        "webhook_secret": f"whsec_{secrets.token_hex(24)}",
        "webhook_url": webhook_url,
    }
    return trades.open_merchant(name, NAME, account, pid=f"acct_{secrets.token_hex(8)}")


def merchant_of(authorization: str) -> SandboxMerchant:
    """Return the account whose key a request bears; raises ``Declined``."""
    kind, _, key = authorization.partition(" ")
    found = None
    if kind == "Bearer" and key.startswith("sk_test_"):
        found = SandboxMerchant.objects.filter(protocol=NAME, secrets__secret_key=key).first()
    if found is None:
        raise Declined(Why.NO_MERCHANT, "Invalid API Key provided")
    return found


def trade_of(merchant: SandboxMerchant, number: str, prefix: str) -> SandboxTrade:
    """Return a trade by the number of one of its objects; raises ``Declined``."""
    if not number.startswith(prefix):
        raise Declined(Why.NO_TRADE, f"No such object: '{number}'")
    return trades.find(merchant, trade_no=number.removeprefix(prefix))
