"""How Alipay tells a shop what became of a trade."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar
from urllib.parse import parse_qsl, urlencode

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from xinka.sandbox import rsa
from xinka.sandbox.alipay import wire
from xinka.sandbox.endings import Ending
from xinka.sandbox.epay.wire import to_yuan
from xinka.sandbox.models import SandboxTrade
from xinka.sandbox.protocols import WireAnswer, WireRequest
from xinka.sandbox.states import Said

_FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
_STATUSES = {
    Said.PAID: "TRADE_SUCCESS",
    Said.WAITING: "WAIT_BUYER_PAY",
    Said.CLOSED: "TRADE_CLOSED",
    Said.REFUNDED: "TRADE_CLOSED",
}


@dataclass(frozen=True, slots=True)
class Alipay:
    """Alipay's open platform: notices by POST, signed, again for 25 hours with a new time and signature."""

    label: ClassVar[str | Promise] = _("Alipay")
    may_choose_method: ClassVar[bool] = False
    without: ClassVar[frozenset[str]] = frozenset()
    endings: ClassVar[Mapping[str, Ending]] = MappingProxyType({})

    def notice(self, trade: SandboxTrade, said: Said, *, method: str) -> WireRequest | None:
        """Return the signed fields as a form."""
        return _request(trade, wire.sign_notice(notice_fields(trade, said), trade.merchant.secrets["alipay_private"]))

    def forged(self, trade: SandboxTrade, *, method: str) -> WireRequest:
        """Return a notice that somebody else signed, with a key of their own."""
        return _request(trade, wire.sign_notice(notice_fields(trade, Said.PAID), rsa.new_pair()[0]))

    def again(self, trade: SandboxTrade, request: WireRequest) -> WireRequest:
        """Say the same with the time of this try."""
        known = {k: v for k, v in parse_qsl(request.body, keep_blank_values=True) if k not in {"sign", "sign_type"}}
        known["notify_time"] = wire.moment(timezone.now())
        return _request(trade, wire.sign_notice(known, trade.merchant.secrets["alipay_private"]))

    def is_accepted(self, answer: WireAnswer) -> bool:
        """Take nothing but ``success``."""
        return answer.status == 200 and answer.body.strip() == "success"

    def way_back(self, trade: SandboxTrade, *, paid: bool) -> str:
        """Return the shop's address with what Alipay adds, signed too."""
        if not trade.return_url or not paid:
            return trade.return_url
        facts = {"out_trade_no": trade.out_trade_no, "trade_no": trade.trade_no, "app_id": trade.merchant.pid}
        facts["total_amount"] = to_yuan(trade.paid_money)
        return f"{trade.return_url}?{urlencode(wire.sign_notice(facts, trade.merchant.secrets['alipay_private']))}"


def notice_fields(trade: SandboxTrade, said: Said) -> dict[str, str]:
    """Return what a notice says of a trade, not signed yet; ``passback_params`` is there and empty, as it may be."""
    money, now = to_yuan(trade.paid_money or trade.money), timezone.now()
    fields = {
        "notify_time": wire.moment(now),
        "notify_type": "trade_status_sync",
        "notify_id": secrets.token_hex(17),
        "charset": "utf-8",
        "version": "1.0",
        "app_id": trade.merchant.pid,
        "auth_app_id": trade.merchant.pid,
        "seller_id": trade.merchant.secrets["seller_id"],
        "buyer_id": "2088000000000000",
        "trade_no": trade.trade_no,
        "out_trade_no": trade.out_trade_no,
        "trade_status": _STATUSES[said],
        "total_amount": money,
        "subject": trade.name,
        "passback_params": trade.param,
        "gmt_create": wire.moment(trade.created_at),
    }
    if said is Said.PAID:
        bills = json.dumps([{"amount": money, "fundChannel": "ALIPAYACCOUNT"}], separators=(",", ":"))
        fields |= {
            "receipt_amount": money,
            "buyer_pay_amount": money,
            "fund_bill_list": bills,
            "gmt_payment": wire.moment(trade.paid_at or now),
        }
    return fields


def _request(trade: SandboxTrade, fields: Mapping[str, str]) -> WireRequest:
    return WireRequest("POST", trade.notify_url, _FORM, urlencode(fields))


PROTOCOL = Alipay()
