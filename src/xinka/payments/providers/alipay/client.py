"""The calls of one Alipay channel, for an event loop and for code without one."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from xinka.kernel.errors import ProviderError, sentence
from xinka.payments.providers.alipay import bills, replies, wire
from xinka.payments.providers.alipay.config import CURRENCY, AlipayConfig
from xinka.payments.providers.alipay.replies import BusinessRefusal
from xinka.payments.providers.errors import AlreadyPaid, BillNotReady, OutcomeUnknown
from xinka.payments.providers.http import TOTAL_SECONDS, Call
from xinka.payments.providers.protocol import (
    BillRow,
    HowToPay,
    PayBy,
    PaymentRequest,
    QueryResult,
    RefundRequest,
    RefundResult,
    RefundStatus,
    TradeStatus,
)
from xinka.payments.providers.session import GatewaySession, run_once

_T = TypeVar("_T")
_MAX_QR = 1000
_NO_BILL = frozenset({"isp.bill_not_exist", "BILL_NOT_EXIST", "bill_not_exist"})
_NOBODYS_NUMBER = "xinka_settings_check"


class AsyncAlipayClient(GatewaySession[AlipayConfig]):
    """The calls of one channel. One per event loop; an async context manager."""

    async def ask(self, call: Call, method: str) -> dict[str, Any]:
        """Make one call and return its signed yes."""
        return replies.read(self._config, await self._http.call(call), method)

    async def precreate(self, payment: PaymentRequest) -> HowToPay:
        """Ask for a QR code."""
        answer = await self.ask(wire.precreate_call(self._config, payment, time.time()), wire.PRECREATE)
        code = replies.text_of(answer, "qr_code")
        if replies.text_of(answer, "out_trade_no") != payment.out_trade_no:
            raise ProviderError("Alipay answered about another payment")
        if not code or len(code) > _MAX_QR or not code.isprintable():
            raise ProviderError("Alipay's QR text is not usable", permanent=True)
        return HowToPay(PayBy.QR, code)

    async def query(self, out_trade_no: str, trade_no: str = "") -> QueryResult:
        """Ask about one payment; one whose QR code nobody scanned is not known to Alipay yet."""
        call = wire.query_call(self._config, time.time(), out_trade_no, trade_no)
        try:
            answer = await self.ask(call, wire.QUERY)
        except BusinessRefusal as error:
            if error.is_unknown_trade:
                return QueryResult(out_trade_no, trade_no, 0, CURRENCY, TradeStatus.NOT_FOUND)
            raise
        return replies.judge_order(answer, out_trade_no, trade_no)

    async def refund(self, refund: RefundRequest) -> None:
        """Give money back; only a signed yes returns, and only a signed no is an ordinary ``ProviderError``."""
        call = wire.refund_call(self._config, refund, time.time())
        try:
            answer = await self.ask(call, wire.REFUND)
        except BusinessRefusal:
            raise
        except ProviderError as error:
            raise OutcomeUnknown("refund", quote=str(error)) from None
        if not replies.is_about(answer, refund):
            raise OutcomeUnknown("refund", quote=sentence("Alipay answered about another payment"))

    async def refund_query(self, refund: RefundRequest) -> RefundResult:
        """Ask about one refund by our number of it."""
        call = wire.refund_query_call(self._config, refund, time.time())
        try:
            answer = await self.ask(call, wire.REFUND_QUERY)
        except BusinessRefusal as error:
            if error.is_unknown_trade:
                return RefundResult(RefundStatus.NOT_FOUND)
            raise
        return replies.judge_refund(answer, refund, wire.request_no(refund))

    async def close(self, out_trade_no: str, trade_no: str = "") -> None:
        """Close an unpaid payment; after a signed no it is looked at, and one closed before is fine."""
        call = wire.close_call(self._config, time.time(), out_trade_no, trade_no)
        try:
            await self.ask(call, wire.CLOSE)
        except BusinessRefusal as error:
            if error.is_unknown_trade:
                return
            found = await self.query(out_trade_no, trade_no)
            if found.status in (TradeStatus.PAID, TradeStatus.REFUNDED):
                raise AlreadyPaid from None
            if found.status is TradeStatus.OTHER:
                raise

    async def bill_address(self, day: date) -> str:
        """Ask where the bill of a day is; an empty text means that there was nothing to write down."""
        try:
            answer = await self.ask(wire.bill_call(self._config, day, time.time()), wire.BILL)
        except BusinessRefusal as error:
            if error.sub_code not in _NO_BILL:
                raise
            if not bills.is_made(day, datetime.now(UTC)):
                raise BillNotReady from None
            return ""
        return replies.text_of(answer, "bill_download_url")

    async def check(self) -> str:
        """Ask about a payment that does not exist: the signed answer shows that number and keys are right."""
        await self.query(_NOBODYS_NUMBER)
        found = self._config.certificates
        return f"app {self._config.app_id}" + (f", certificates until {found.until}" if found else "")


class AlipayClient:
    """The same calls for code without an event loop; each opens its own connection."""

    def __init__(self, config: AlipayConfig, *, total_seconds: float = TOTAL_SECONDS) -> None:
        self._config = config
        self._total_seconds = total_seconds

    def precreate(self, payment: PaymentRequest) -> HowToPay:
        """As ``AsyncAlipayClient.precreate``."""
        return self.run(lambda client: client.precreate(payment))

    def query(self, out_trade_no: str, trade_no: str = "") -> QueryResult:
        """As ``AsyncAlipayClient.query``."""
        return self.run(lambda client: client.query(out_trade_no, trade_no))

    def refund(self, refund: RefundRequest) -> None:
        """As ``AsyncAlipayClient.refund``."""
        self.run(lambda client: client.refund(refund))

    def refund_query(self, refund: RefundRequest) -> RefundResult:
        """As ``AsyncAlipayClient.refund_query``."""
        return self.run(lambda client: client.refund_query(refund))

    def close(self, out_trade_no: str, trade_no: str = "") -> None:
        """As ``AsyncAlipayClient.close``."""
        self.run(lambda client: client.close(out_trade_no, trade_no))

    def bill(self, day: date) -> Iterator[BillRow]:
        """Return the lines of the bill of a day, streamed."""
        address = self.run(lambda client: client.bill_address(day))
        return bills.fetch(self._config, address) if address else iter(())

    def check(self) -> str:
        """As ``AsyncAlipayClient.check``."""
        return self.run(lambda client: client.check())

    def run(self, ask: Callable[[AsyncAlipayClient], Awaitable[_T]]) -> _T:
        """Do something with a client that lives as long as that takes."""
        return run_once(AsyncAlipayClient(self._config, total_seconds=self._total_seconds), ask)
