"""Applications at the sandbox's Alipay, and the trades that their signed requests open."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from xinka.sandbox import rsa, trades
from xinka.sandbox.alipay import certificates, wire
from xinka.sandbox.epay.wire import to_fen
from xinka.sandbox.errors import Declined, Why
from xinka.sandbox.models import SandboxMerchant, SandboxTrade

NAME = "alipay"


def open_merchant(name: str, *, with_certificates: bool = False) -> SandboxMerchant:
    """Open an application with fresh numbers, the keys of both sides and, in certificate mode, three certificates."""
    (app_private, app_public), (alipay_private, alipay_public) = rsa.new_pair(), rsa.new_pair()
    account = {
        "seller_id": f"2088{secrets.randbelow(10**12):012d}",
        "app_private": app_private,
        "app_public": app_public,
        "alipay_private": alipay_private,
        "alipay_public": alipay_public,
    }
    if with_certificates:
        issued = certificates.issue(app_private, alipay_private)
        account |= {
            "app_cert": issued.app,
            "alipay_cert": issued.alipay,
            "root_cert": issued.root,
            "app_cert_sn": certificates.serial_of(issued.app),
            "alipay_cert_sn": certificates.serial_of(issued.alipay),
            "alipay_root_cert_sn": certificates.serial_of(issued.root),
        }
    return trades.open_merchant(name, NAME, account, pid=f"2021{secrets.randbelow(10**12):012d}")


def shop_settings(merchant: SandboxMerchant, browser_url: str, server_url: str) -> dict[str, object]:
    """Return what the shop enters for this application, in certificate mode if it has certificates."""
    account = merchant.secrets
    found = {
        "app_id": merchant.pid,
        "app_private_key": account["app_private"],
        "seller_id": account["seller_id"],
        "phone": "wap",
        "gateway_url": f"{browser_url}/gateway.do",
        "api_url": f"{server_url}/gateway.do",
        "plain_http": True,
    }
    if "app_cert" not in account:
        return found | {"alipay_public_key": account["alipay_public"]}
    names = {"app_cert": "app_cert", "alipay_cert": "alipay_cert", "alipay_root_cert": "root_cert"}
    return found | {theirs: account[ours] for theirs, ours in names.items()}


def merchant_of(fields: Mapping[str, str], now: datetime) -> SandboxMerchant:
    """Return the application whose signature a request bears; raises ``Declined``."""
    merchant = trades.merchant_of(fields.get("app_id", ""), NAME)
    for name in ("app_cert_sn", "alipay_root_cert_sn"):
        if fields.get(name, "") != merchant.secrets.get(name, ""):
            raise Declined(Why.BAD_SIGNATURE, f"{name} 不一致 (wrong certificate)")
    wire.check_request(fields, merchant.secrets["app_public"], now)
    return merchant


def content_of(fields: Mapping[str, str]) -> dict[str, Any]:
    """Return the business part of a request; raises ``Declined``."""
    try:
        found = json.loads(fields.get("biz_content", "") or "{}")
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Declined(Why.MALFORMED, "biz_content 不是 JSON 对象 (not an object)")
    return found


def open_trade(merchant: SandboxMerchant, fields: Mapping[str, str], content: Mapping[str, Any]) -> SandboxTrade:
    """Return the trade that a signed request asks for; raises ``Declined``."""
    wanted = trades.Wanted(
        out_trade_no=str(content.get("out_trade_no", "")),
        name=str(content.get("subject", "")),
        money=to_fen(str(content.get("total_amount", ""))),
        notify_url=fields.get("notify_url", ""),
        return_url=fields.get("return_url", ""),
        type=fields["method"].removeprefix("alipay.trade."),
        param=str(content.get("passback_params", "")),
        facts={"frozen": (content.get("extend_params") or {}).get("royalty_freeze") == "true"},
    )
    return trades.open_trade(merchant, wanted)
