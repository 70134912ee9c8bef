"""How epay V2 tells a shop what became of a trade."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar
from urllib.parse import parse_qsl, urlencode

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from xinka.sandbox import rsa
from xinka.sandbox.endings import Ending
from xinka.sandbox.epay.wire import to_yuan
from xinka.sandbox.epay_v2 import accounts
from xinka.sandbox.epay_v2.wire import message_of
from xinka.sandbox.models import SandboxTrade
from xinka.sandbox.protocols import WireAnswer, WireRequest
from xinka.sandbox.states import Said

_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_STATUSES = {
    Said.PAID: "TRADE_SUCCESS",
    Said.WAITING: "WAIT_BUYER_PAY",
    Said.CLOSED: "TRADE_CLOSED",
    Said.REFUNDED: "TRADE_REFUND",
}


@dataclass(frozen=True, slots=True)
class EpayV2:
    """epay V2: signed fields with a timestamp go to the notice address and back with the buyer."""

    label: ClassVar[str | Promise] = _("epay V2")
    may_choose_method: ClassVar[bool] = True
    without: ClassVar[frozenset[str]] = frozenset()
    endings: ClassVar[Mapping[str, Ending]] = MappingProxyType({})

    def notice(self, trade: SandboxTrade, said: Said, *, method: str) -> WireRequest | None:
        """Return the signed fields, as a query or as a form."""
        return _request(trade, notice_fields(trade, said), method)

    def forged(self, trade: SandboxTrade, *, method: str) -> WireRequest:
        """Return a notice that somebody else signed, with a key of their own."""
        fields = notice_fields(trade, Said.PAID)
        return _request(trade, fields | {"sign": rsa.sign(rsa.new_pair()[0], message_of(fields))}, method)

    def again(self, trade: SandboxTrade, request: WireRequest) -> WireRequest:
        """Sign anew with the time of the retry, as the Rainbow server does."""
        raw = request.body or request.url.partition("?")[2]
        facts = {name: value for name, value in parse_qsl(raw) if name not in {"sign", "sign_type", "timestamp"}}
        return _request(trade, accounts.seal(trade.merchant, facts), request.method)

    def is_accepted(self, answer: WireAnswer) -> bool:
        """Look for ``success`` in any spelling."""
        return answer.status == 200 and "success" in answer.body.lower()

    def way_back(self, trade: SandboxTrade, *, paid: bool) -> str:
        """Return the shop's address, with the signed fields only if there is something to say."""
        return f"{trade.return_url}?{urlencode(notice_fields(trade, Said.PAID))}" if paid else trade.return_url


def notice_fields(trade: SandboxTrade, said: Said) -> dict[str, object]:
    """Return the signed fields that tell a merchant about a trade."""
    fields = {
        "pid": trade.merchant.pid,
        "trade_no": trade.trade_no,
        "out_trade_no": trade.out_trade_no,
        "api_trade_no": f"U{trade.trade_no}",
        "type": trade.type or "alipay",
        "name": trade.name,
        "money": to_yuan(trade.paid_money or trade.money),
        "trade_status": _STATUSES[said],
    }
    if trade.param:
        fields["param"] = trade.param
    return accounts.seal(trade.merchant, fields)


def _request(trade: SandboxTrade, fields: Mapping[str, object], method: str) -> WireRequest:
    form = urlencode(fields)
    if method == "POST":
        return WireRequest("POST", trade.notify_url, _FORM, form)
    return WireRequest("GET", f"{trade.notify_url}?{form}")


PROTOCOL = EpayV2()
