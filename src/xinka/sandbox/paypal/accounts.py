"""Accounts that speak PayPal: an app with its credentials, one webhook, and the certificates it is signed with."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets

from xinka.sandbox import trades
from xinka.sandbox.errors import Declined, Why
from xinka.sandbox.models import SandboxMerchant, SandboxTrade
from xinka.sandbox.paypal.certificates import issue

NAME = "paypal"


def open_merchant(name: str, webhook_url: str) -> SandboxMerchant:
    """Open an account with fresh credentials and certificates."""
    trades.check_destination(webhook_url)
    issued = issue()
    account = {
        "client_id": f"A{secrets.token_hex(20)}",
        "client_secret": f"E{secrets.token_hex(20)}",
        "token": f"A21AA{secrets.token_hex(24)}",
        "webhook_id": secrets.token_hex(8).upper(),
        "webhook_url": webhook_url,
        "root": issued.root,
        "certificate": issued.certificate,
        "key": issued.key,
    }
    return trades.open_merchant(name, NAME, account, pid=f"PP{secrets.token_hex(8).upper()}")


def by_credentials(authorization: str) -> SandboxMerchant:
    """Return the account whose client id and secret a request for a token bears; raises ``Declined``."""
    kind, _, text = authorization.partition(" ")
    try:
        client_id, _, secret = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        client_id, secret = "", ""
    found = SandboxMerchant.objects.filter(protocol=NAME, secrets__client_id=client_id or "-").first()
    is_right = found is not None and hmac.compare_digest(secret.encode(), found.secrets["client_secret"].encode())
    if kind != "Basic" or found is None or not is_right:
        raise Declined(Why.BAD_SIGNATURE, "invalid_client")
    return found


def by_token(authorization: str) -> SandboxMerchant:
    """Return the account whose access token a request bears; raises ``Declined``."""
    kind, _, token = authorization.partition(" ")
    found = SandboxMerchant.objects.filter(protocol=NAME, secrets__token=token or "-").first()
    if kind != "Bearer" or found is None:
        raise Declined(Why.BAD_SIGNATURE, "invalid_token")
    return found


def trade_of(merchant: SandboxMerchant, number: str, prefix: str) -> SandboxTrade:
    """Return a trade by the number of its order or capture; raises ``Declined``."""
    if not number.startswith(prefix):
        raise Declined(Why.NO_TRADE, "INVALID_RESOURCE_ID")
    return trades.find(merchant, trade_no=number.removeprefix(prefix))
