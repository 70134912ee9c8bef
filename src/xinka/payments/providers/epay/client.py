"""The calls of one epay channel, for an event loop and for code without one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from xinka.kernel.errors import ProviderError
from xinka.payments.providers.epay import replies, wire
from xinka.payments.providers.epay.config import EpayConfig
from xinka.payments.providers.errors import OutcomeUnknown
from xinka.payments.providers.http import TOTAL_SECONDS
from xinka.payments.providers.protocol import HowToPay, PaymentRequest, QueryResult, RefundRequest
from xinka.payments.providers.session import GatewaySession, run_once

_T = TypeVar("_T")


class AsyncEpayClient(GatewaySession[EpayConfig]):
    """The calls of one channel, over connections that stay open. One per event loop; an async context manager."""

    async def create(self, payment: PaymentRequest) -> HowToPay:
        """Ask ``mapi.php`` how the buyer can pay."""
        return replies.judge_created(self._config, await self._http.call(wire.create_call(self._config, payment)))

    async def query(self, out_trade_no: str, trade_no: str = "") -> QueryResult:
        """Ask about one payment, by the gateway's number where we have it."""
        reply = await self._http.call(wire.order_call(self._config, out_trade_no, trade_no))
        return replies.judge_order(self._config, reply, out_trade_no, trade_no)

    async def merchant(self) -> dict[str, str]:
        """Ask about our account; a yes shows that merchant number and key are right."""
        return replies.judge_accepted(self._config, await self._http.call(wire.merchant_call(self._config)))

    async def refund(self, refund: RefundRequest) -> None:
        """Give money back; only a clear yes returns, and only a clear no is an ordinary ``ProviderError``."""
        call = wire.refund_call(self._config, refund)
        try:
            replies.judge_accepted(self._config, await self._http.call(call))
        except ProviderError as error:
            if error.permanent:
                raise
            raise OutcomeUnknown("refund", quote=str(error)) from None


class EpayClient:
    """The same calls for code without an event loop.

    Each opens its own connection and keeps the total time limit, which a blocking socket cannot promise against an
    answer that drips.
    """

    def __init__(self, config: EpayConfig, *, total_seconds: float = TOTAL_SECONDS) -> None:
        self._config = config
        self._total_seconds = total_seconds

    def create(self, payment: PaymentRequest) -> HowToPay:
        """As ``AsyncEpayClient.create``."""
        return self._run(lambda client: client.create(payment))

    def query(self, out_trade_no: str, trade_no: str = "") -> QueryResult:
        """As ``AsyncEpayClient.query``."""
        return self._run(lambda client: client.query(out_trade_no, trade_no))

    def merchant(self) -> dict[str, str]:
        """As ``AsyncEpayClient.merchant``."""
        return self._run(lambda client: client.merchant())

    def refund(self, refund: RefundRequest) -> None:
        """As ``AsyncEpayClient.refund``."""
        self._run(lambda client: client.refund(refund))

    def _run(self, ask: Callable[[AsyncEpayClient], Awaitable[_T]]) -> _T:
        return run_once(AsyncEpayClient(self._config, total_seconds=self._total_seconds), ask)
