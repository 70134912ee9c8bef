"""Accounts that speak epay V2, and the trades that their signed requests open."""

from __future__ import annotations

import time
from collections.abc import Mapping

from xinka.sandbox import rsa, trades
from xinka.sandbox.epay.wire import to_fen
from xinka.sandbox.epay_v2 import wire
from xinka.sandbox.errors import Declined, Why
from xinka.sandbox.models import SandboxMerchant, SandboxTrade

NAME = "epay_v2"
_REQUIRED = ("out_trade_no", "notify_url", "return_url", "name", "money")
_NAME_LENGTH = 127


def open_merchant(name: str, merchant_keys: rsa.Pair | None = None) -> SandboxMerchant:
    """Open a merchant account with a fresh number and the key pairs of both sides."""
    (private, public), (platform_private, platform_public) = merchant_keys or rsa.new_pair(), rsa.new_pair()
    account = {
        "merchant_private": private,
        "merchant_public": public,
        "platform_private": platform_private,
        "platform_public": platform_public,
    }
    return trades.open_merchant(name, NAME, account)


def shop_settings(merchant: SandboxMerchant, browser_url: str, server_url: str) -> dict[str, object]:
    """Return what the shop enters for this account."""
    account = merchant.secrets
    return {
        "base_url": browser_url,
        "api_url": server_url,
        "pid": merchant.pid,
        "merchant_private_key": account["merchant_private"],
        "platform_public_key": account["platform_public"],
        "plain_http": True,
    }


def merchant_of(fields: Mapping[str, str]) -> SandboxMerchant:
    """Return the merchant whose signature a request bears; raises ``Declined``."""
    merchant = trades.merchant_of(fields.get("pid", ""), NAME)
    wire.check_signed(fields, merchant.secrets["merchant_public"], time.time())
    return merchant


def seal(merchant: SandboxMerchant, fields: Mapping[str, object]) -> dict[str, object]:
    """Return the fields with the platform's signature."""
    return wire.signed(fields, merchant.secrets["platform_private"], time.time())


def open_trade(merchant: SandboxMerchant, fields: Mapping[str, str]) -> SandboxTrade:
    """Return the trade that a signed request asks for; raises ``Declined``."""
    for name in _REQUIRED:
        if not fields.get(name):
            raise Declined(Why.MISSING, f"缺少参数 {name} (missing)")
    wanted = trades.Wanted(
        out_trade_no=fields["out_trade_no"],
        name=fields["name"][:_NAME_LENGTH],
        money=to_fen(fields["money"]),
        notify_url=fields["notify_url"],
        return_url=fields["return_url"],
        type=fields.get("type", ""),
        param=fields.get("param", ""),
    )
    return trades.open_trade(merchant, wanted)
