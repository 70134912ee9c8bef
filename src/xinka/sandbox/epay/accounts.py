"""Accounts that speak epay V1, and the trades that their signed requests open."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from xinka.sandbox import trades
from xinka.sandbox.epay import wire
from xinka.sandbox.errors import Declined, Why
from xinka.sandbox.models import SandboxMerchant, SandboxTrade

NAME = "epay"
_REQUIRED = ("pid", "out_trade_no", "notify_url", "name", "money")
_NAME_LENGTH = 127


def open_merchant(name: str, *, sign_type: str = "MD5", key_label: bool = False) -> SandboxMerchant:
    """Open a merchant account with a fresh number and key."""
    if sign_type not in wire.SIGN_TYPES:
        raise ValueError(sign_type)
    account = {"key": secrets.token_hex(16), "sign_type": sign_type, "key_label": key_label}
    return trades.open_merchant(name, NAME, account)


def seal(merchant: SandboxMerchant, fields: Mapping[str, str]) -> dict[str, str]:
    """Return the fields with the signature of a merchant's account."""
    account = merchant.secrets
    return wire.signed(fields, account["key"], account["sign_type"], label=account["key_label"])


def open_trade(fields: Mapping[str, str]) -> SandboxTrade:
    """Return the trade that a signed request asks for.

    Raises:
        Declined: if the request is not signed, incomplete, or reuses an order number for something else.
    """
    for name in _REQUIRED:
        if not fields.get(name):
            raise Declined(Why.MISSING, f"缺少参数 {name} (missing)")
    merchant = trades.merchant_of(fields["pid"], NAME)
    account = merchant.secrets
    wire.check_signature(fields, account["key"], account["sign_type"], label=account["key_label"])
    wanted = trades.Wanted(
        out_trade_no=fields["out_trade_no"],
        name=fields["name"][:_NAME_LENGTH],
        money=wire.to_fen(fields["money"]),
        notify_url=fields["notify_url"],
        return_url=fields.get("return_url", ""),
        type=fields.get("type", ""),
        param=fields.get("param", ""),
    )
    return trades.open_trade(merchant, wanted)
