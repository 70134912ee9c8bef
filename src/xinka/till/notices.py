"""``/pay/notify/CHANNEL``: a gateway says that money came."""

from __future__ import annotations

from http import HTTPStatus
from typing import cast
from uuid import UUID

import structlog

from xinka.flows.events import KEPT, keep_event
from xinka.flows.hints import take_hint
from xinka.flows.settle import VerifiedMoney
from xinka.kernel import ids
from xinka.kernel.errors import BadIdentifier, ProviderError, Refusal
from xinka.payments.errors import NotConfirmed
from xinka.payments.providers.errors import KeyMissing
from xinka.payments.providers.protocol import LearnsKeys, RawNotice, VerifiedNotice
from xinka.platform.database.drive import drive_async
from xinka.till.context import Channel, Till
from xinka.till.http import TEXT, Request, Response
from xinka.till.logs import tell_no_channel
from xinka.till.serving.heads import PRIVATE, lines_of

PREFIX = "/pay/notify/"
_LIMIT = 64 * 1024
_LINES = lines_of([TEXT]) + PRIVATE
_FAIL = b"fail"

log = structlog.get_logger("xinka.till")


async def notice(till: Till, request: Request) -> Response:
    """Judge a notice, settle its money, and only then tell the gateway to stop sending.

    Every refusal is the gateway's plain ``fail`` and one line in the log; it leaves no other trace.
    """
    slug = request.path[len(PREFIX) :]
    channel = till.channels.get(slug)
    if channel is None:
        tell_no_channel(slug, request.address)
        return Response(HTTPStatus.NOT_FOUND, _FAIL, ready=_LINES)
    try:
        body = await request.body(_LIMIT) if request.method != "GET" or request.header("content-length") else b""
        raw = RawNotice(
            request.method,
            request.query.encode("latin-1", "replace"),
            body,
            request.header("content-type"),
            {name: request.header(name) for name in channel.provider.notice_headers},
        )
        said = await _judge(channel, raw)
        if said.is_paid:
            await till.engine.settle(await _verify(channel, said))
        elif said.is_hint:
            await _take_hint(till, said)
        elif said.about in KEPT:
            await _keep_event(till, channel, said)
    except Refusal as refusal:
        log.warning("notice.refused", channel=channel.slug, code=refusal.code, address=request.address)
        return Response(int(refusal.status), channel.provider.failure_body, ready=_LINES)
    except ProviderError as error:
        log.warning("notice.unconfirmed", channel=channel.slug, reason=str(error))
        return Response(HTTPStatus.SERVICE_UNAVAILABLE, channel.provider.failure_body, ready=_LINES)
    return Response(HTTPStatus.OK, channel.provider.success_body, ready=_LINES)


async def _judge(channel: Channel, raw: RawNotice) -> VerifiedNotice:
    """Return what a genuine notice says, fetching its key first where it is not known yet."""
    try:
        return channel.provider.judge_notice(raw)
    except KeyMissing:
        await cast(LearnsKeys, await channel.session()).learn_key(raw)
        return channel.provider.judge_notice(raw)


async def _take_hint(till: Till, said: VerifiedNotice) -> None:
    """Have a worker ask the gateway; durable before the gateway is told to stop sending."""
    payment_id = payment_id_of(said.out_trade_no)
    if payment_id is not None:
        async with till.pool.connection() as connection, connection.transaction():
            await drive_async(connection, take_hint(payment_id))


async def _keep_event(till: Till, channel: Channel, said: VerifiedNotice) -> None:
    """Have a worker look into a refund or a dispute; durable before the gateway is told to stop sending."""
    async with till.pool.connection() as connection, connection.transaction():
        await drive_async(connection, keep_event(channel.id, said))


async def _verify(channel: Channel, said: VerifiedNotice) -> VerifiedMoney:
    """Return the money a notice proves; where its signature is weak, only if the gateway says the same when asked.

    Raises:
        NotConfirmed: if the gateway, asked by us, says something else.
        ProviderError: if the gateway cannot be asked now; it will send the notice again.
    """
    if channel.provider.is_weak:
        session = await channel.session()
        answer = await session.query(said.out_trade_no, said.trade_no)
        agrees = answer.paid and answer.amount_minor == said.amount_minor and answer.trade_no == said.trade_no
        if not agrees or answer.out_trade_no != said.out_trade_no:
            raise NotConfirmed
    return VerifiedMoney(channel.id, payment_id_of(said.out_trade_no), said.trade_no, said.amount_minor, said.currency)


def payment_id_of(out_trade_no: str) -> UUID | None:
    """Return the payment a gateway's copy of our number names, or ``None`` if we never gave out such a number."""
    try:
        return ids.parse("pay", out_trade_no)
    except BadIdentifier:
        return None
