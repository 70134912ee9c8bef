"""The calls of one epay V2 channel, for an event loop and for code without one."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from xinka.kernel.errors import ProviderError
from xinka.payments.providers.epay_v2 import replies, wire
from xinka.payments.providers.epay_v2.config import EpayV2Config
from xinka.payments.providers.errors import AlreadyPaid, OutcomeUnknown
from xinka.payments.providers.http import TOTAL_SECONDS
from xinka.payments.providers.protocol import (
    HowToPay,
    PaymentRequest,
    QueryResult,
    RefundRequest,
    RefundResult,
    TradeStatus,
)
from xinka.payments.providers.session import GatewaySession, run_once

_T = TypeVar("_T")


class AsyncEpayV2Client(GatewaySession[EpayV2Config]):
    """The calls of one channel over connections that stay open. One per event loop; an async context manager."""

    async def create(self, payment: PaymentRequest) -> HowToPay | None:
        """Ask how the buyer can pay; ``None`` means by the gateway's page."""
        reply = await self._http.call(wire.create_call(self._config, payment, time.time()))
        return replies.judge_created(self._config, reply, time.time())

    async def query(self, out_trade_no: str, trade_no: str = "") -> QueryResult:
        """Ask about one payment, by the gateway's number where we have it."""
        reply = await self._http.call(wire.order_call(self._config, time.time(), out_trade_no, trade_no))
        return replies.judge_order(self._config, reply, out_trade_no, trade_no, time.time())

    async def refund(self, refund: RefundRequest) -> None:
        """Give money back; only a signed yes returns, and only a clear no is an ordinary ``ProviderError``."""
        call = wire.refund_call(self._config, refund, time.time())
        try:
            replies.accepted(self._config, await self._http.call(call), time.time())
        except ProviderError as error:
            if error.permanent:
                raise
            raise OutcomeUnknown("refund", quote=str(error)) from None

    async def refund_query(self, refund: RefundRequest) -> RefundResult:
        """Ask about one refund by our number of it."""
        reply = await self._http.call(wire.refund_query_call(self._config, refund, time.time()))
        return replies.judge_refund(self._config, reply, refund, time.time())

    async def close(self, out_trade_no: str, trade_no: str = "") -> None:
        """Close an unpaid payment; whatever the gateway refuses is looked at, since its words differ."""
        reply = await self._http.call(wire.close_call(self._config, time.time(), out_trade_no, trade_no))
        try:
            replies.accepted(self._config, reply, time.time())
        except ProviderError:
            found = await self.query(out_trade_no, trade_no)
            if found.status in (TradeStatus.PAID, TradeStatus.REFUNDED):
                raise AlreadyPaid from None
            if found.status is not TradeStatus.NOT_FOUND:
                raise

    async def merchant(self) -> dict[str, str]:
        """Ask about our account; a signed yes shows that number and both keys are right."""
        reply = await self._http.call(wire.merchant_call(self._config, time.time()))
        return replies.accepted(self._config, reply, time.time())


class EpayV2Client:
    """The same calls for code without an event loop; each opens its own connection."""

    def __init__(self, config: EpayV2Config, *, total_seconds: float = TOTAL_SECONDS) -> None:
        self._config = config
        self._total_seconds = total_seconds

    def create(self, payment: PaymentRequest) -> HowToPay | None:
        """As ``AsyncEpayV2Client.create``."""
        return self._run(lambda client: client.create(payment))

    def query(self, out_trade_no: str, trade_no: str = "") -> QueryResult:
        """As ``AsyncEpayV2Client.query``."""
        return self._run(lambda client: client.query(out_trade_no, trade_no))

    def refund(self, refund: RefundRequest) -> None:
        """As ``AsyncEpayV2Client.refund``."""
        self._run(lambda client: client.refund(refund))

    def refund_query(self, refund: RefundRequest) -> RefundResult:
        """As ``AsyncEpayV2Client.refund_query``."""
        return self._run(lambda client: client.refund_query(refund))

    def close(self, out_trade_no: str, trade_no: str = "") -> None:
        """As ``AsyncEpayV2Client.close``."""
        self._run(lambda client: client.close(out_trade_no, trade_no))

    def merchant(self) -> dict[str, str]:
        """As ``AsyncEpayV2Client.merchant``."""
        return self._run(lambda client: client.merchant())

    def _run(self, ask: Callable[[AsyncEpayV2Client], Awaitable[_T]]) -> _T:
        return run_once(AsyncEpayV2Client(self._config, total_seconds=self._total_seconds), ask)
