"""What Xinka asks of a payment gateway, and the facts that pass between them.

``prepare`` and ``judge_notice`` are for any process. ``query`` and ``refund`` call out and block; a process with an
event loop uses ``session`` instead, which keeps its connections alive.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, Protocol


@dataclass(frozen=True, slots=True)
class PaymentRequest:
    """One payment to be made: ``out_trade_no`` is our number, ``method`` our name for the way to pay."""

    out_trade_no: str
    amount_minor: int
    currency: str
    title: str
    method: str
    notify_url: str
    return_url: str
    client_ip: str = ""
    device: str = ""


class PayBy(StrEnum):
    """How a buyer gets to the gateway."""

    REDIRECT = "redirect"
    FORM = "form"
    QR = "qr"
    APP_LINK = "app_link"


@dataclass(frozen=True, slots=True)
class HowToPay:
    """What to show the buyer: an address, the text of a QR code, or an address with the fields of a form."""

    by: PayBy
    target: str
    fields: Mapping[str, str] = field(default_factory=dict)
    trade_no: str = ""


class RawNotice(NamedTuple):
    """A notice exactly as it came over HTTP; ``query`` and ``body`` are undecoded."""

    method: str
    query: bytes
    body: bytes
    content_type: str


class VerifiedNotice(NamedTuple):
    """What a genuine notice says. Only ``is_paid`` means money; any other ``status`` is acknowledged without effect."""

    out_trade_no: str
    trade_no: str
    amount_minor: int
    currency: str
    status: str
    is_paid: bool


class TradeStatus(StrEnum):
    """What a gateway says about one trade when it is asked."""

    PAID = "paid"
    UNPAID = "unpaid"
    REFUNDED = "refunded"
    NOT_FOUND = "not_found"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class QueryResult:
    """The gateway's answer about one trade; ``amount_minor`` is zero where it names none."""

    out_trade_no: str
    trade_no: str
    amount_minor: int
    currency: str
    status: TradeStatus

    @property
    def paid(self) -> bool:
        """Whether the money is there."""
        return self.status is TradeStatus.PAID


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """Money to give back, by the gateway's number or, without one, by ours."""

    out_trade_no: str
    amount_minor: int
    currency: str
    trade_no: str = ""


class ProviderSession(Protocol):
    """The calls of a gateway over connections that stay open; one per event loop."""

    async def query(self, out_trade_no: str, trade_no: str = "") -> QueryResult:
        """As ``Provider.query``."""
        ...

    async def refund(self, refund: RefundRequest) -> None:
        """As ``Provider.refund``."""
        ...


class Provider(Protocol):
    """One configured channel of a gateway."""

    @property
    def success_body(self) -> bytes:
        """What the gateway reads as "stop sending"; answered once a genuine notice is recorded."""
        ...

    @property
    def failure_body(self) -> bytes:
        """What every refused notice is answered with, whatever the reason."""
        ...

    @property
    def is_weak(self) -> bool:
        """Whether a notice alone is too weak a proof, so that ``query`` must agree before anything is delivered."""
        ...

    def prepare(self, payment: PaymentRequest) -> HowToPay:
        """Return how the buyer pays; raises ``ProviderError`` where the gateway must be asked and does not answer."""
        ...

    def judge_notice(self, notice: RawNotice) -> VerifiedNotice:
        """Return what a genuine notice says; raises ``NoticeRefused`` for any other."""
        ...

    def query(self, out_trade_no: str, trade_no: str = "") -> QueryResult:
        """Ask the gateway about one payment; an answer that is not certain is a ``ProviderError``, never "unpaid".

        An order that was paid twice has two numbers at the gateway: with ``trade_no`` the answer is about that one.
        """
        ...

    def refund(self, refund: RefundRequest) -> None:
        """Give money back; returns when the gateway confirmed it.

        Raises:
            OutcomeUnknown: if no answer came; look before asking again.
            ProviderError: if the gateway refused.
        """
        ...

    def session(self) -> AbstractAsyncContextManager[ProviderSession]:
        """Return the calls for a process with an event loop."""
        ...
