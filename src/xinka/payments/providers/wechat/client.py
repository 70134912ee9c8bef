"""The calls of one WeChat Pay channel, for an event loop and for code without one."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from datetime import date
from typing import BinaryIO

from xinka.kernel.errors import ProviderError
from xinka.payments.providers.errors import BillNotReady, OutcomeUnknown
from xinka.payments.providers.http import TOTAL_SECONDS, Call, Reply, ask, download
from xinka.payments.providers.protocol import (
    BillRow,
    HowToPay,
    PaymentRequest,
    QueryResult,
    RefundRequest,
    RefundResult,
    TradeStatus,
)
from xinka.payments.providers.session import GatewaySession
from xinka.payments.providers.wechat import bills, replies, wire
from xinka.payments.providers.wechat.config import WechatConfig
from xinka.payments.providers.wechat.replies import Declined

#: No payment has this number; the answer to a question about it shows whether WeChat knows our signature.
_NOBODY = "xinka-check-0000"
_SPOOLED = 4 << 20


class AsyncWechatClient(GatewaySession[WechatConfig]):
    """The calls the till makes, over connections that stay open. One per event loop; an async context manager."""

    async def query(self, out_trade_no: str, trade_no: str = "") -> QueryResult:
        """Ask about one payment, by WeChat's number where we have it."""
        reply = await self._http.call(wire.order_call(self._config, out_trade_no, trade_no, now=time.time()))
        return replies.judge_order(self._config, reply, out_trade_no, trade_no, now=time.time())

    async def refund(self, refund: RefundRequest) -> None:
        """Give money back; see ``WechatClient.refund``."""
        call = wire.refund_call(self._config, refund, now=time.time())
        try:
            reply = await self._http.call(call)
        except ProviderError as error:
            raise OutcomeUnknown("refund", quote=str(error)) from None
        _end_refund(self._config, reply, refund)


class WechatClient:
    """All calls, for code without an event loop. Answers are judged by the clock of when they came."""

    def __init__(self, config: WechatConfig, *, total_seconds: float = TOTAL_SECONDS) -> None:
        self._config = config
        self._total_seconds = total_seconds

    def create(self, payment: PaymentRequest) -> HowToPay:
        """Open a payment; the same number again is the same payment."""
        way = wire.way_of(self._config, payment)
        reply = self.ask(wire.create_call(self._config, payment, way, now=time.time()))
        return replies.judge_created(self._config, reply, payment, way, now=time.time())

    def query(self, out_trade_no: str, trade_no: str = "") -> QueryResult:
        """Ask about one payment."""
        reply = self.ask(wire.order_call(self._config, out_trade_no, trade_no, now=time.time()))
        return replies.judge_order(self._config, reply, out_trade_no, trade_no, now=time.time())

    def close(self, out_trade_no: str) -> None:
        """Close an unpaid payment."""
        reply = self.ask(wire.close_call(self._config, out_trade_no, now=time.time()))
        replies.judge_closed(self._config, reply, now=time.time())

    def refund(self, refund: RefundRequest) -> None:
        """Give money back. What is still being processed is an ``OutcomeUnknown``, and so is no answer."""
        call = wire.refund_call(self._config, refund, now=time.time())
        try:
            reply = self.ask(call)
        except ProviderError as error:
            raise OutcomeUnknown("refund", quote=str(error)) from None
        _end_refund(self._config, reply, refund)

    def refund_query(self, refund: RefundRequest) -> RefundResult:
        """Ask about one refund by our number."""
        reply = self.ask(wire.refund_query_call(self._config, refund.refund_no, now=time.time()))
        return replies.judge_refund_query(self._config, reply, refund, now=time.time())

    def trade_bill(self, day: date) -> Iterator[BillRow]:
        """Return the payments and refunds of one day."""
        file = self._bill("tradebill", day)
        return bills.trade_rows(file) if file else iter(())

    def flow_bill(self, day: date) -> Iterator[BillRow]:
        """Return the movements of our account of one day, fees among them."""
        file = self._bill("fundflowbill", day)
        return bills.flow_rows(file) if file else iter(())

    def check(self) -> str:
        """Ask about a payment that does not exist: only who signs rightly is told so."""
        reply = self.ask(wire.order_call(self._config, _NOBODY, now=time.time()))
        if replies.judge_order(self._config, reply, _NOBODY, now=time.time()).status is not TradeStatus.NOT_FOUND:
            raise ProviderError("WeChat Pay knows a payment that nobody made", permanent=True)
        return f"mchid {self._config.mchid}"

    def ask(self, call: Call) -> Reply:
        """Make one call over a connection of its own."""
        return ask(call, total_seconds=self._total_seconds)

    def _bill(self, kind: str, day: date) -> BinaryIO | None:
        """Return the packed file of one day's bill once its hash fits, or nothing for a day on which nothing moved."""
        now = time.time()
        try:
            answer = replies.accepted(self._config, self.ask(wire.bill_call(self._config, kind, day, now=now)), now=now)
        except Declined as refusal:
            if refusal.code == "NO_STATEMENT_EXIST":
                return None
            if refusal.code == "STATEMENT_CREATING":
                raise BillNotReady from None
            raise
        call = wire.download_call(self._config, str(answer.get("download_url", "")), now=time.time())
        file = tempfile.SpooledTemporaryFile(max_size=_SPOOLED)  # noqa: SIM115 - closed by whoever reads the rows
        try:
            download(call, file)  # type: ignore[arg-type]  # it has all of a file's methods, but not the type
            bills.check_hash(file, answer)  # type: ignore[arg-type]
        except BaseException:
            file.close()
            raise
        return file  # type: ignore[return-value]


def _end_refund(config: WechatConfig, reply: Reply, refund: RefundRequest) -> None:
    """Return if the money is back; an answer that is not certain is an ``OutcomeUnknown``."""
    try:
        result = replies.judge_refund(config, reply, refund, now=time.time())
    except ProviderError as error:
        if error.permanent:
            raise
        raise OutcomeUnknown("refund", quote=str(error)) from None
    replies.confirm_refund(result)
