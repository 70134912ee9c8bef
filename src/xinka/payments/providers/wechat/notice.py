"""Reads WeChat's notices: the signature over the raw bytes first, then the envelope, then what it encloses.

Payments come back as money; refunds and everything else as events for a worker, who asks WeChat itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from xinka.payments.providers.errors import MalformedNotice, WrongMerchant
from xinka.payments.providers.protocol import NoticeAbout, RawNotice, VerifiedNotice
from xinka.payments.providers.wechat.config import WechatConfig
from xinka.payments.providers.wechat.sealed import open_resource, read_object

MAX_BYTES = 16 * 1024
PAID = "SUCCESS"
CURRENCY = "CNY"
_EVENT_ID = re.compile(r"[!-~]{1,64}", re.ASCII)
_NUMBER = re.compile(r"[A-Za-z0-9_\-|*@]{1,64}", re.ASCII)


def judge(config: WechatConfig, notice: RawNotice, *, now: float) -> VerifiedNotice:
    """Return what a genuine notice for this channel says.

    Raises:
        NoticeRefused: if it is not signed by WeChat within the last minutes, or not for this merchant and app.
    """
    kind = notice.content_type.lower().partition(";")[0].strip()
    if notice.method != "POST" or notice.query or kind != "application/json":
        raise MalformedNotice(why="method, query or content type")
    if len(notice.body) > MAX_BYTES:
        raise MalformedNotice(why="too large")
    config.platform.check(notice.headers, notice.body, now=now)
    envelope = read_object(notice.body)
    event_id, event_type = (_text(envelope, name) for name in ("id", "event_type"))
    if envelope.get("resource_type") != "encrypt-resource" or not _EVENT_ID.fullmatch(event_id):
        raise MalformedNotice(why="envelope")
    facts = open_resource(envelope.get("resource"), config.api_key)
    if event_type.startswith("TRANSACTION."):
        return _payment(config, facts, event_type, event_id)
    if event_type.startswith("REFUND."):
        return _refund(config, facts, event_type, event_id)
    return VerifiedNotice("", "", 0, CURRENCY, event_type, is_paid=False, about=NoticeAbout.OTHER, event_id=event_id)


def _payment(config: WechatConfig, facts: Mapping[str, object], event_type: str, event_id: str) -> VerifiedNotice:
    check_merchant(config, facts)
    state = _text(facts, "trade_state")
    return VerifiedNotice(
        _number(facts, "out_trade_no"),
        _number(facts, "transaction_id"),
        fen_of(facts, "total"),
        CURRENCY,
        state,
        is_paid=state == PAID and event_type == "TRANSACTION.SUCCESS",
        event_id=event_id,
    )


def _refund(config: WechatConfig, facts: Mapping[str, object], event_type: str, event_id: str) -> VerifiedNotice:
    if facts.get("mchid") != config.mchid:
        raise WrongMerchant
    return VerifiedNotice(
        _number(facts, "out_trade_no"),
        _number(facts, "transaction_id"),
        fen_of(facts, "refund"),
        CURRENCY,
        event_type,
        is_paid=False,
        about=NoticeAbout.REFUND,
        event_id=event_id,
        subject_no=_number(facts, "refund_id"),
    )


def check_merchant(config: WechatConfig, facts: Mapping[str, object]) -> None:
    """Accept only facts about our merchant number and our app; raises ``WrongMerchant``."""
    if facts.get("mchid") != config.mchid or facts.get("appid") != config.appid:
        raise WrongMerchant


def fen_of(facts: Mapping[str, object], name: str) -> int:
    """Return an amount of ours in fen: a whole number above zero, in yuan and no other currency.

    Raises:
        MalformedNotice: otherwise.
    """
    amount = facts.get("amount")
    fen = amount.get(name) if isinstance(amount, Mapping) else None
    if not isinstance(amount, Mapping) or type(fen) is not int or fen <= 0:
        raise MalformedNotice(why="amount")
    if amount.get("currency", CURRENCY) != CURRENCY:
        raise MalformedNotice(why="currency")
    return fen


def _text(facts: Mapping[str, object], name: str) -> str:
    value = facts.get(name)
    if not isinstance(value, str):
        raise MalformedNotice(why=name)
    return value


def _number(facts: Mapping[str, object], name: str) -> str:
    value = _text(facts, name)
    if not _NUMBER.fullmatch(value):
        raise MalformedNotice(why=name)
    return value
