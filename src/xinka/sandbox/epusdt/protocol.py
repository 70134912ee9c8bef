"""How an epusdt gateway tells a shop that coins came."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from xinka.kernel.money import plain_amount
from xinka.sandbox import notifier
from xinka.sandbox.endings import Ending, Situation
from xinka.sandbox.epusdt import wire
from xinka.sandbox.models import SandboxTrade
from xinka.sandbox.protocols import WireAnswer, WireRequest
from xinka.sandbox.states import NoticeKind, Said

ADDRESS = "TSandboxSandboxSandboxSandboxSand1"
#: What one coin costs here, in each currency; a sandbox needs no market.
RATES = {"CNY": Decimal("7.2"), "USD": Decimal(1), "EUR": Decimal("1.1"), "GBP": Decimal("1.3")}
_STATUSES = {Said.WAITING: 1, Said.PAID: 2, Said.CLOSED: 3}


def _say_paid_without_a_transaction(at: Situation) -> None:
    request = _request(at.trade, facts_of(at.trade, Said.PAID) | {"block_transaction_id": ""})
    notifier.plan(at.trade, request, due_at=at.now, kind=NoticeKind.FORGED)


@dataclass(frozen=True, slots=True)
class Epusdt:
    """Coins come in exactly the asked number, or they are not seen at all."""

    label: ClassVar[str | Promise] = "epusdt / BEpusdt / GMPay"
    may_choose_method: ClassVar[bool] = False
    without: ClassVar[frozenset[str]] = frozenset({"pay-twice", "pay-less", "pay-more"})
    endings: ClassVar[Mapping[str, Ending]] = MappingProxyType(
        {
            "no-transaction": Ending(
                _("Say paid without a transaction"),
                _("Signed well and says paid, but names nothing on the chain."),
                _say_paid_without_a_transaction,
            )
        }
    )

    def notice(self, trade: SandboxTrade, said: Said, *, method: str) -> WireRequest | None:
        """Return signed JSON; nobody tells of coins that went back."""
        return _request(trade, facts_of(trade, said)) if said in _STATUSES else None

    def forged(self, trade: SandboxTrade, *, method: str) -> WireRequest:
        """Return a notice signed with a token that the forger made up."""
        return _request(trade, facts_of(trade, Said.PAID), token="0" * 32)

    def again(self, trade: SandboxTrade, request: WireRequest) -> WireRequest:
        """Say the same again."""
        return request

    def is_accepted(self, answer: WireAnswer) -> bool:
        """Look for exactly ``ok``, or ``success`` as BEpusdt documents it."""
        return answer.status == 200 and answer.body in ("ok", "success")

    def way_back(self, trade: SandboxTrade, *, paid: bool) -> str:
        """Return the shop's address; it carries no proof."""
        return trade.return_url


def coins(trade: SandboxTrade) -> Decimal:
    """Return how many coins a trade costs."""
    price = Decimal(plain_amount(trade.money, trade.currency))
    return (price / RATES.get(trade.currency, Decimal(1))).quantize(Decimal("0.01"))


def facts_of(trade: SandboxTrade, said: Said) -> dict[str, Any]:
    """Return what a notice says, unsigned."""
    account = trade.merchant.secrets
    facts: dict[str, Any] = {
        "trade_id": trade.trade_no,
        "order_id": trade.out_trade_no,
        "amount": Decimal(plain_amount(trade.money, trade.currency)),
        "actual_amount": str(coins(trade)) if account["dialect"] == "bepusdt" else coins(trade),
        "token": ADDRESS,
        "block_transaction_id": transaction_of(trade) if said is Said.PAID else "",
        "status": Decimal(_STATUSES[said]),
    }
    if account["dialect"] == "gmpay":
        facts |= {"pid": trade.merchant.pid, "receive_address": ADDRESS, "token": "USDT"}
    return facts


def transaction_of(trade: SandboxTrade) -> str:
    """Return the transaction on the pretend chain."""
    return hashlib.sha256(trade.trade_no.encode()).hexdigest()


def _request(trade: SandboxTrade, facts: dict[str, Any], *, token: str = "") -> WireRequest:
    account = trade.merchant.secrets
    signed = facts | {"signature": wire.make_signature(facts, token or account["token"], account["dialect"])}
    return WireRequest("POST", trade.notify_url, {"Content-Type": "application/json"}, wire.written(signed))


PROTOCOL = Epusdt()
