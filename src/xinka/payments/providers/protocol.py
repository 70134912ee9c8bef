"""What Xinka asks of a payment gateway, and the facts that pass between them.

``prepare`` and ``judge_notice`` are for any process. ``query`` and ``refund`` call out and block; a process with an
event loop uses ``session`` instead, which keeps its connections alive.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple, Protocol


@dataclass(frozen=True, slots=True)
class PaymentRequest:
    """One payment to be made: ``out_trade_no`` is our number, ``method`` our name for the way to pay.

    ``device`` is where the buyer looks at the page: ``pc``, ``mobile``, or ``wechat`` inside that app. ``payer_id`` is
    the gateway's own name of the buyer, where we know it (WeChat's openid).
    """

    out_trade_no: str
    amount_minor: int
    currency: str
    title: str
    method: str
    notify_url: str
    return_url: str
    client_ip: str = ""
    device: str = ""
    payer_id: str = field(default="", repr=False)


class PayBy(StrEnum):
    """How a buyer gets to the gateway."""

    REDIRECT = "redirect"
    FORM = "form"
    QR = "qr"
    APP_LINK = "app_link"
    BRIDGE = "bridge"


@dataclass(frozen=True, slots=True)
class HowToPay:
    """What to show the buyer: an address, the text of a QR code, or an address with the fields of a form.

    A bridge is a function that the gateway's own app offers to pages inside it, and what the page hands to it.

    ``handle`` is what ``query`` and ``close`` must be told as ``trade_no`` where the gateway does not find a payment by
    our number; it is kept with the payment and means nothing to anybody else.
    """

    by: PayBy
    target: str
    fields: Mapping[str, str] = field(default_factory=dict)
    trade_no: str = ""
    handle: str = ""


_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class RawNotice(NamedTuple):
    """A notice exactly as it came over HTTP; ``query`` and ``body`` are undecoded."""

    method: str
    query: bytes
    body: bytes
    content_type: str
    #: The headers a provider asks for in ``notice_headers``, names in lower case.
    headers: Mapping[str, str] = _NO_HEADERS


class NoticeAbout(StrEnum):
    """What a genuine notice tells of."""

    PAYMENT = "payment"
    REFUND = "refund"
    DISPUTE = "dispute"
    OTHER = "other"


class VerifiedNotice(NamedTuple):
    """What a genuine notice says. Only ``is_paid`` means money; any other ``status`` is acknowledged without effect.

    Notices about anything but a payment are kept as events (unique per channel and ``event_id``) for a worker, which
    asks the gateway itself: ``subject_no`` is the gateway's number of the refund or dispute. A notice about a payment
    may also be a hint (``is_hint``): a worker then asks the gateway about that payment and settles what it answers.
    ``due_at`` is until when a dispute waits for the shop.
    """

    out_trade_no: str
    trade_no: str
    amount_minor: int
    currency: str
    status: str
    is_paid: bool
    about: NoticeAbout = NoticeAbout.PAYMENT
    event_id: str = ""
    subject_no: str = ""
    is_hint: bool = False
    due_at: datetime | None = None


class TradeStatus(StrEnum):
    """What a gateway says about one trade when it is asked."""

    PAID = "paid"
    UNPAID = "unpaid"
    #: It was not paid and never will be: its number is of no use any more.
    CLOSED = "closed"
    REFUNDED = "refunded"
    NOT_FOUND = "not_found"
    OTHER = "other"


#: Stands for the amount in an answer of a gateway that names none, but where no other than the asked one can be paid.
AS_ASKED = -1


@dataclass(frozen=True, slots=True)
class QueryResult:
    """The gateway's answer about one trade; ``amount_minor`` is zero where it names none, or ``AS_ASKED``."""

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
    """Money to give back, by the gateway's number or, without one, by ours.

    ``refund_no`` is our number of the refund, the idempotency key where the gateway has one; ``total_minor`` what was
    paid, which some gateways want to hear again; ``notify_url`` where they may tell that it is through. Without
    ``out_trade_no`` it is money that names no payment of ours, for gateways that can do that.
    """

    out_trade_no: str
    amount_minor: int
    currency: str
    trade_no: str = ""
    refund_no: str = ""
    total_minor: int = 0
    notify_url: str = ""


class RefundStatus(StrEnum):
    """What a gateway says about one refund when it is asked."""

    DONE = "done"
    PENDING = "pending"
    FAILED = "failed"
    NOT_FOUND = "not_found"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class RefundResult:
    """The gateway's answer about one refund; ``gateway_refund_no`` is its number, where it names one."""

    status: RefundStatus
    amount_minor: int = 0
    gateway_refund_no: str = ""


class BillKind(StrEnum):
    """What a line of a gateway's daily bill is about."""

    PAYMENT = "payment"
    REFUND = "refund"
    FEE = "fee"
    OTHER = "other"


class BillRow(NamedTuple):
    """One line of a daily bill. ``amount_minor`` is positive for payments and for refunds alike."""

    kind: BillKind
    trade_no: str
    out_trade_no: str
    refund_no: str
    amount_minor: int
    fee_minor: int
    currency: str
    at: datetime | None


class Can(StrEnum):
    """What a gateway offers beyond paying, notices and questions."""

    CLOSE = "close"
    REFUND = "refund"
    REFUND_QUERY = "refund_query"
    #: Gives back, and tells of it, by its own number alone: also money whose payment is none of ours.
    REFUND_STRAY = "refund_stray"
    BILL = "bill"
    SPLIT = "split"
    INSIDE = "inside"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class SettingField:
    """One setting of a channel as the office asks for it; a ``secret`` is never shown again.

    ``choices`` maps stored values to their labels (zh, en); without it the setting is free text.
    """

    name: str
    label_zh: str
    label_en: str
    secret: bool = False
    required: bool = True
    multiline: bool = False
    help_zh: str = ""
    help_en: str = ""
    choices: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    is_flag: bool = False


class ProviderSession(Protocol):
    """The calls of a gateway over connections that stay open; one per event loop."""

    async def query(self, out_trade_no: str, trade_no: str = "") -> QueryResult:
        """As ``Provider.query``."""
        ...

    async def refund(self, refund: RefundRequest) -> None:
        """As ``Provider.refund``."""
        ...


class LearnsKeys(Protocol):
    """The session of a gateway whose ``judge_notice`` may raise ``KeyMissing``."""

    async def learn_key(self, notice: RawNotice) -> None:
        """Fetch the key a notice names, if it may be trusted; raises ``NoticeRefused`` or ``ProviderError``."""
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

    @property
    def can(self) -> frozenset[Can]:
        """What this gateway offers; the methods below that it does not offer raise ``NotOffered``."""
        ...

    @property
    def notice_headers(self) -> Sequence[str]:
        """The headers, in lower case, that ``judge_notice`` needs."""
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
        ``trade_no`` may also be the ``handle`` that ``prepare`` gave.
        """
        ...

    def refund(self, refund: RefundRequest) -> None:
        """Give money back; returns when the gateway confirmed it.

        Raises:
            OutcomeUnknown: if no answer came; look before asking again.
            ProviderError: if the gateway refused.
        """
        ...

    def close(self, out_trade_no: str, trade_no: str = "") -> None:
        """Close an unpaid trade at the gateway, so that nobody can pay it; one closed before or unknown is fine.

        Raises:
            AlreadyPaid: if it was paid after all; settle it instead.
            ProviderError: if the gateway gave no certain answer.
        """
        ...

    def refund_query(self, refund: RefundRequest) -> RefundResult:
        """Ask about one refund, by our ``refund_no``; an answer that is not certain is a ``ProviderError``."""
        ...

    def bill(self, day: date) -> Iterator[BillRow]:
        """Return the lines of the gateway's bill of one day (its own calendar), streamed: there may be a million.

        Raises:
            BillNotReady: if the gateway has not made it yet; ask again later.
            ProviderError: if it cannot be had, or its announced hash does not fit.
        """
        ...

    def check(self) -> str:
        """Try the settings without moving money (the office's Test button); return what the gateway says of us.

        Raises:
            ProviderError: if the gateway does not answer or does not accept us; the text says which.
        """
        ...

    def session(self) -> AbstractAsyncContextManager[ProviderSession]:
        """Return the calls for a process with an event loop."""
        ...
