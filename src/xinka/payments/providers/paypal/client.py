"""The calls of one PayPal channel, for an event loop and for code without one; the access token is kept."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

from xinka.kernel.errors import ProviderError
from xinka.payments.providers.errors import BadSignature, MalformedNotice, NoticeRefused, OutcomeUnknown
from xinka.payments.providers.http import Call, Reply
from xinka.payments.providers.paypal import certificates, replies, wire
from xinka.payments.providers.paypal.config import PayPalConfig
from xinka.payments.providers.paypal.notice import ORDER
from xinka.payments.providers.paypal.replies import Answer, Refused
from xinka.payments.providers.paypal.signing import read_headers, signed_message
from xinka.payments.providers.protocol import (
    HowToPay,
    PaymentRequest,
    QueryResult,
    RawNotice,
    RefundRequest,
    RefundResult,
    RefundStatus,
    TradeStatus,
)
from xinka.payments.providers.session import GatewaySession
from xinka.payments.providers.strict_json import read_object

_T = TypeVar("_T")
_EARLIER = 60
MAX_REPLY_BYTES = 4 * 1024 * 1024


class Token:
    """The access token of one channel in this process."""

    def __init__(self) -> None:
        self._text = ""
        self._until = 0.0

    def get(self) -> str:
        """Return it, or nothing when it is not there or about to end."""
        return self._text if time.monotonic() < self._until else ""

    def put(self, text: str, seconds: int) -> None:
        """Keep a fresh one."""
        self._text, self._until = text, time.monotonic() + max(seconds - _EARLIER, 0)

    def drop(self) -> None:
        """Forget one that PayPal does not take any more."""
        self._until = 0.0


class AsyncPayPal(GatewaySession[PayPalConfig]):
    """The calls over connections that stay open. One per event loop; an async context manager."""

    def __init__(self, config: PayPalConfig, token: Token, shelf: certificates.Shelf) -> None:
        super().__init__(config, max_reply_bytes=MAX_REPLY_BYTES)
        self._token, self._shelf = token, shelf

    async def create(self, payment: PaymentRequest) -> HowToPay:
        """Make an order; asked again about the same payment, PayPal returns the same one."""
        return replies.how_to_pay(await self._ask(wire.create_call(self._config, payment)))

    async def query(self, out_trade_no: str, trade_no: str = "") -> QueryResult:
        """Ask about a capture or, by the handle, about an order; one that the buyer agreed to is captured now.

        A payment without either was never shown to a buyer, so nobody can have paid it.
        """
        try:
            if trade_no.startswith(ORDER):
                return await self._query_order(out_trade_no, trade_no.removeprefix(ORDER))
            if trade_no:
                capture = await self._ask(wire.capture_query_call(self._config, trade_no))
                return replies.of_capture(capture, out_trade_no)
        except Refused as error:
            if error.status != 404:
                raise
        return QueryResult(out_trade_no, trade_no, 0, self._config.currency, TradeStatus.NOT_FOUND)

    async def _query_order(self, out_trade_no: str, number: str) -> QueryResult:
        order = await self._ask(wire.order_call(self._config, number))
        replies.unit_of(order, out_trade_no)  # never capture what is not ours
        if order.get("status") == "APPROVED":
            order = await self._capture(out_trade_no, number)
        return replies.of_order(order, out_trade_no, self._config.currency)

    async def _capture(self, out_trade_no: str, number: str) -> Answer:
        """Take the money, and look at the order again; a refusal is then told by its state."""
        try:
            await self._ask(wire.capture_call(self._config, number, out_trade_no))
        except Refused as error:
            if error.status != 422:
                raise
        return await self._ask(wire.order_call(self._config, number))

    async def refund(self, refund: RefundRequest) -> None:
        """Give money back; only a clear yes returns, and only a clear no is an ordinary ``ProviderError``."""
        call = wire.refund_call(self._config, refund)
        try:
            result = replies.of_refund(await self._ask(call))
        except ProviderError as error:
            if error.permanent:
                raise  # 409 is none of these: the same request is under way, so that money may be moving already
            raise OutcomeUnknown("refund", quote=str(error)) from None
        if result.status is RefundStatus.FAILED:
            raise ProviderError("PayPal could not give the money back", permanent=True)
        if result.status is not RefundStatus.DONE:
            raise OutcomeUnknown("PayPal's refund is on its way")

    async def refund_query(self, refund: RefundRequest) -> RefundResult:
        """Look among the refunds of the order that the capture belongs to."""
        try:
            capture = await self._ask(wire.capture_query_call(self._config, refund.trade_no))
            order = await self._ask(wire.order_call(self._config, replies.order_of(capture)))
        except Refused as error:
            if error.status != 404:
                raise
            return RefundResult(RefundStatus.NOT_FOUND)
        return replies.refund_among(order, refund)

    async def webhook(self) -> Answer:
        """Ask which webhook is set up; a yes shows that the credentials and its number are right."""
        return await self._ask(wire.webhook_call(self._config))

    async def ask(self, call: Call) -> Answer:
        """Make one call of another kind."""
        return await self._ask(call)

    async def learn_key(self, notice: RawNotice) -> None:
        """Fetch and judge the certificate that a webhook names, or have PayPal itself judge the webhook.

        Raises:
            NoticeRefused: if the certificate is not PayPal's, or PayPal does not know the webhook.
            ProviderError: if PayPal does not answer now.
        """
        sent = read_headers(self._config, notice.headers)
        if self._config.asks_paypal:
            _check_one_object(notice.body)
            message = signed_message(sent, self._config.webhook_id, notice.body)
            answer = await self._ask(wire.verify_call(self._config, notice))
            if answer.get("verification_status") != "SUCCESS":
                raise BadSignature
            self._shelf.vouch(message + sent.signature + notice.body)
            return
        self._shelf.claim_fetch(sent.cert_url)
        reply = await self._http.call(wire.certificate_call(sent.cert_url))
        if reply.status >= 500:
            raise ProviderError("PayPal does not hand out its certificate now")
        try:
            key = certificates.judged_key(reply.body, signer=self._config.signer, root=self._config.root)
        except NoticeRefused:
            self._shelf.refuse(sent.cert_url)
            raise
        self._shelf.keep(sent.cert_url, key)

    async def _ask(self, call: Call) -> Answer:
        """Make a call with the access token, and once more with a fresh one if PayPal does not take it."""
        reply = await self._with_token(call)
        if reply.status == 401:
            self._token.drop()
            reply = await self._with_token(call)
        return replies.read(reply)

    async def _with_token(self, call: Call) -> Reply:
        if not self._token.get():
            answer = replies.read(await self._http.call(wire.token_call(self._config)))
            text, seconds = answer.get("access_token"), answer.get("expires_in")
            if not isinstance(text, str) or not isinstance(seconds, int):
                raise ProviderError("PayPal gave no access token")
            self._token.put(text, seconds)
            return await self._http.call(_bearing(call, text))
        return await self._http.call(_bearing(call, self._token.get()))


def _check_one_object(body: bytes) -> None:
    """Refuse a body that, put into a question, could change other fields of it."""
    try:
        read_object(body)
    except ValueError:
        raise MalformedNotice(why="json") from None


def _bearing(call: Call, token: str) -> Call:
    return replace(call, headers={**call.headers, "Authorization": f"Bearer {token}"})


def run(
    config: PayPalConfig, token: Token, shelf: certificates.Shelf, ask: Callable[[AsyncPayPal], Awaitable[_T]]
) -> _T:
    """Make calls from code without an event loop."""

    async def once() -> _T:
        async with AsyncPayPal(config, token, shelf) as client:
            return await ask(client)

    return asyncio.run(once())
