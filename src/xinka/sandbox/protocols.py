"""Which wire protocols the gateway speaks: each is a room of this package and a line here.

A room has ``protocol.py`` with ``PROTOCOL`` (a ``WireProtocol``) and ``urls.py`` with its addresses, mounted under
``/sandbox/<prefix>``. It opens trades with ``trades.open_trade`` and uses everything in ``trades``; the cashier, the
endings, the retries of notices and the books are common.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol, cast

from xinka.sandbox.states import Said

if TYPE_CHECKING:  # models read the names of the protocols from here
    from django.utils.functional import Promise

    from xinka.sandbox.endings import Ending
    from xinka.sandbox.models import SandboxTrade


@dataclass(frozen=True, slots=True)
class WireRequest:
    """One notice as it goes over HTTP; ``url`` has its query, ``body`` is text."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""


@dataclass(frozen=True, slots=True)
class WireAnswer:
    """What the shop answered to a notice; status 0 where nobody did."""

    status: int
    body: str


class WireProtocol(Protocol):
    """How one payment company speaks."""

    @property
    def label(self) -> str | Promise:
        """The name on the cashier's page."""
        ...

    @property
    def may_choose_method(self) -> bool:
        """Whether notices come by GET or by POST, depending on the company."""
        ...

    @property
    def without(self) -> frozenset[str]:
        """The common endings that this protocol cannot have."""
        ...

    @property
    def endings(self) -> Mapping[str, Ending]:
        """Endings of its own, besides the common ones."""
        ...

    def notice(self, trade: SandboxTrade, said: Said, *, method: str) -> WireRequest | None:
        """Return a signed notice, or ``None`` if this company does not tell of such a thing."""
        ...

    def forged(self, trade: SandboxTrade, *, method: str) -> WireRequest:
        """Return a notice that says the trade was paid and that nobody at the gateway signed."""
        ...

    def again(self, trade: SandboxTrade, request: WireRequest) -> WireRequest:
        """Return the next attempt of a notice that was not accepted: the same, or signed anew."""
        ...

    def is_accepted(self, answer: WireAnswer) -> bool:
        """Whether the shop said that it knows."""
        ...

    def way_back(self, trade: SandboxTrade, *, paid: bool) -> str:
        """Return where a buyer is sent after the cashier, or an empty text if nowhere."""
        ...


@dataclass(frozen=True, slots=True)
class Room:
    """Where a protocol's code lies and where its addresses begin."""

    room: str
    prefix: str


ROOMS: Mapping[str, Room] = MappingProxyType(
    {
        "alipay": Room("alipay", "alipay/"),
        "epay": Room("epay", ""),
        "epay_v2": Room("epay_v2", "epay-v2/"),
        "wechat": Room("wechat", "wechat/"),
        "epusdt": Room("epusdt", "epusdt/"),
        "paypal": Room("paypal", "paypal/"),
        "stripe": Room("stripe", "stripe/"),
        "tokenpay": Room("tokenpay", "tokenpay/"),
    }
)


def protocol_named(name: str) -> WireProtocol:
    """Return a protocol by its name in ``ROOMS``."""
    return cast(WireProtocol, import_module(f"xinka.sandbox.{ROOMS[name].room}.protocol").PROTOCOL)


def protocol_of(trade: SandboxTrade) -> WireProtocol:
    """Return the protocol in which a trade was asked for."""
    return protocol_named(trade.merchant.protocol)
