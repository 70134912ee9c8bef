"""PayPal as one of Xinka's payment providers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import ClassVar, Self, TypeVar

from xinka.payments.providers.errors import BillNotReady, NotOffered
from xinka.payments.providers.paypal import notice as notices
from xinka.payments.providers.paypal import replies, wire
from xinka.payments.providers.paypal.certificates import Shelf
from xinka.payments.providers.paypal.client import AsyncPayPal, Token, run
from xinka.payments.providers.paypal.config import SETTING_FIELDS, PayPalConfig
from xinka.payments.providers.paypal.replies import Answer
from xinka.payments.providers.paypal.signing import HEADERS
from xinka.payments.providers.protocol import (
    BillRow,
    Can,
    HowToPay,
    PaymentRequest,
    QueryResult,
    RawNotice,
    RefundRequest,
    RefundResult,
    SettingField,
    VerifiedNotice,
)

_T = TypeVar("_T")
#: Reports lag behind by up to three hours.
_REPORT_AFTER = timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class PayPalProvider:
    """One PayPal app in one currency. A payment's handle is its order, its trade number the capture."""

    config: PayPalConfig
    token: Token = field(default_factory=Token, repr=False, compare=False)
    shelf: Shelf = field(default_factory=Shelf, repr=False, compare=False)
    success_body: ClassVar[bytes] = b"ok"
    failure_body: ClassVar[bytes] = b"fail"
    is_weak: ClassVar[bool] = False
    can: ClassVar[frozenset[Can]] = frozenset({Can.NOTICE, Can.REFUND, Can.REFUND_QUERY, Can.BILL})
    notice_headers: ClassVar[Sequence[str]] = HEADERS

    @classmethod
    def from_settings(cls, settings: Mapping[str, object]) -> Self:
        """Return the channel described by stored settings; raises ``BadChannel``."""
        return cls(PayPalConfig.from_settings(settings))

    @classmethod
    def setting_fields(cls) -> Sequence[SettingField]:
        """Return what the office asks for."""
        return SETTING_FIELDS

    def prepare(self, payment: PaymentRequest) -> HowToPay:
        """Make an order and return the page where the buyer agrees to it."""
        return self._run(lambda client: client.create(payment))

    def judge_notice(self, notice: RawNotice) -> VerifiedNotice:
        """Return what a genuine webhook says; raises ``NoticeRefused``, or ``KeyMissing`` before its key is known."""
        return notices.judge(self.config, self.shelf, notice)

    def query(self, out_trade_no: str, trade_no: str = "") -> QueryResult:
        """Ask about an order or a capture, and capture what the buyer has agreed to."""
        return self._run(lambda client: client.query(out_trade_no, trade_no))

    def refund(self, refund: RefundRequest) -> None:
        """Give money back; our number of the refund is PayPal's request id."""
        self._run(lambda client: client.refund(refund))

    def close(self, out_trade_no: str, trade_no: str = "") -> None:
        """PayPal has no such call; an order that was agreed to too late is captured and given back."""
        raise NotOffered("closing trades")

    def refund_query(self, refund: RefundRequest) -> RefundResult:
        """Look among the refunds of the order."""
        return self._run(lambda client: client.refund_query(refund))

    def bill(self, day: date) -> Iterator[BillRow]:
        """Return the transactions of one day in UTC, page by page."""
        if datetime.now(UTC) < datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1) + _REPORT_AFTER:
            raise BillNotReady
        page, last = 1, 1
        while page <= last:
            answer = self._page(day, page)
            yield from replies.bill_rows(answer)
            last = int(answer.get("total_pages") or 1)
            page += 1

    def _page(self, day: date, page: int) -> Answer:
        return self._run(lambda client: client.ask(wire.report_call(self.config, day, page)))

    def check(self) -> str:
        """Ask about the webhook, which needs the credentials and its number to be right."""
        found = self._run(lambda client: client.webhook())
        return f"webhook → {found.get('url', '')} ({self.config.mode})"

    def session(self) -> AsyncPayPal:
        """Return the same calls for an event loop."""
        return AsyncPayPal(self.config, self.token, self.shelf)

    def _run(self, ask: Callable[[AsyncPayPal], Awaitable[_T]]) -> _T:
        return run(self.config, self.token, self.shelf, ask)


PROVIDER = PayPalProvider
