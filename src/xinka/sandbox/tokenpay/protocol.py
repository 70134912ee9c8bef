"""How TokenPay tells a shop that coins came; it tells of nothing else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import ClassVar

from django.utils import timezone
from django.utils.functional import Promise

from xinka.kernel.money import plain_amount
from xinka.sandbox.endings import Ending
from xinka.sandbox.models import SandboxTrade
from xinka.sandbox.protocols import WireAnswer, WireRequest
from xinka.sandbox.states import Said
from xinka.sandbox.tokenpay import accounts

ADDRESS = "TSandboxSandboxSandboxSandboxSand2"
_RATE = Decimal("7.2")


@dataclass(frozen=True, slots=True)
class TokenPay:
    """Coins come in exactly the asked number, or they are not seen at all."""

    label: ClassVar[str | Promise] = "TokenPay"
    may_choose_method: ClassVar[bool] = False
    without: ClassVar[frozenset[str]] = frozenset({"pay-twice", "pay-less", "pay-more", "reorder"})
    endings: ClassVar[Mapping[str, Ending]] = MappingProxyType({})

    def notice(self, trade: SandboxTrade, said: Said, *, method: str) -> WireRequest | None:
        """Return signed JSON about a paid order."""
        return _request(trade) if said is Said.PAID else None

    def forged(self, trade: SandboxTrade, *, method: str) -> WireRequest:
        """Return a notice signed with a token that the forger made up."""
        return _request(trade, token="0" * 32)

    def again(self, trade: SandboxTrade, request: WireRequest) -> WireRequest:
        """Say the same again."""
        return request

    def is_accepted(self, answer: WireAnswer) -> bool:
        """Look for exactly ``ok``."""
        return answer.status == 200 and answer.body == "ok"

    def way_back(self, trade: SandboxTrade, *, paid: bool) -> str:
        """Return the shop's address; it carries no proof."""
        return trade.return_url


def facts_of(trade: SandboxTrade) -> dict[str, str]:
    """Return the fields of a paid order as a notice names them."""
    coins = str((Decimal(plain_amount(trade.money, trade.currency)) / _RATE).quantize(Decimal("0.0001")))
    paid_at = timezone.localtime(trade.paid_at or timezone.now())
    return {
        "ActualAmount": plain_amount(trade.money, trade.currency),
        "Amount": coins,
        "BaseCurrency": trade.currency,
        "BlockChainName": "TRON",
        "BlockTransactionId": transaction_of(trade),
        "Currency": trade.type,
        "CurrencyName": trade.type.partition("_")[0],
        "FromAddress": "TBuyerBuyerBuyerBuyerBuyerBuyerBu1",
        "Id": str(trade.facts["guid"]),
        "IsDynamicAmount": "0",
        "OrderUserKey": str(trade.facts["user"]),
        "OutOrderId": trade.out_trade_no,
        "PayAmount": coins,
        "PayTime": f"{paid_at:%Y-%m-%d %H:%M:%S}",
        "Status": "1",
        "ToAddress": ADDRESS,
    }


def transaction_of(trade: SandboxTrade) -> str:
    """Return the transaction on the pretend chain."""
    return hashlib.sha256(trade.trade_no.encode()).hexdigest()


def _request(trade: SandboxTrade, *, token: str = "") -> WireRequest:
    fields = facts_of(trade)
    signature = accounts.make_signature(fields, token or trade.merchant.secrets["token"])
    numbers = {name: int(fields[name]) for name in ("Status", "IsDynamicAmount")}
    body = json.dumps({**fields, **numbers, "Signature": signature}, ensure_ascii=False)
    return WireRequest("POST", trade.notify_url, {"Content-Type": "application/json"}, body)


PROTOCOL = TokenPay()
