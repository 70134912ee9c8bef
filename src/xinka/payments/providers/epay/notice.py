"""Reads a payment notice in the one way that cannot be misread, and says whether it is genuine.

``k=v&k=v`` signatures are ambiguous: ``name="x&out_trade_no=A"`` signs like two fields. So the raw bytes are parsed
here and nowhere else, and whatever could be read in two ways is refused: separators inside values, duplicates, arrays,
a query and a body together. Gateways add fields of their own; those are accepted because the signature covers them,
and an empty field, which it does not cover, is refused.
"""

from __future__ import annotations

import re

from xinka.kernel.errors import BadInput
from xinka.kernel.money import parse_amount
from xinka.payments.providers.epay.config import EpayConfig
from xinka.payments.providers.errors import BadSignature, MalformedNotice, WrongAlgorithm, WrongMerchant
from xinka.payments.providers.protocol import RawNotice, VerifiedNotice

MAX_BYTES = 16 * 1024
MAX_FIELDS = 32
PAID = "TRADE_SUCCESS"
REQUIRED = ("pid", "out_trade_no", "trade_no", "type", "name", "money", "trade_status", "sign", "sign_type")
_STANDARD = frozenset(REQUIRED)
#: The one standard field that gateways may send empty; Xinka never sends or reads it.
_MAY_BE_EMPTY = "param"

_FORM = "application/x-www-form-urlencoded"
_STRAY_PERCENT = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_ESCAPES = re.compile(r"(?:%[0-9A-Fa-f]{2})+", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9_]{1,32}", re.ASCII)
_CONFUSING = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029&=]")
_NUMBER = re.compile(r"[A-Za-z0-9._|\-]{1,64}", re.ASCII)


def parse_notice(notice: RawNotice) -> dict[str, str]:
    """Return the fields of a notice.

    Raises:
        MalformedNotice: if it is too large, not strict UTF-8 form encoding, or could be read in two ways.
    """
    raw = _payload(notice)
    if _STRAY_PERCENT.search(raw):
        raise MalformedNotice(why="percent")
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise MalformedNotice(why="utf-8") from None
    pairs = text.split("&")
    if len(pairs) > MAX_FIELDS:
        raise MalformedNotice(why="too many fields")
    fields: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or (name not in _STANDARD and not _NAME.fullmatch(name)):
            raise MalformedNotice(why="field name")
        if name in fields:
            raise MalformedNotice(why="duplicate field")
        fields[name] = _decode(value) if "%" in value or "+" in value else value
    if _CONFUSING.search("".join(fields.values())):
        raise MalformedNotice(why="separator or control character in a value")
    return fields


def verify_notice(config: EpayConfig, fields: dict[str, str]) -> VerifiedNotice:
    """Return what a genuine notice for this channel says; the signature is judged before anything is believed.

    Raises:
        NoticeRefused: if it is incomplete, not signed with this channel's key and algorithm, or not for its merchant.
    """
    for name in REQUIRED:
        if not fields.get(name):
            raise MalformedNotice(why=f"{name} missing")
    if not config.signer.agrees(fields):
        raise BadSignature
    if fields["sign_type"] != config.sign_type:
        raise WrongAlgorithm
    if fields["pid"] != config.pid:
        raise WrongMerchant
    return _reading(config, fields)


def _reading(config: EpayConfig, fields: dict[str, str]) -> VerifiedNotice:
    """Return the facts of a notice whose signature agrees."""
    for name, value in fields.items():
        if not value and name != _MAY_BE_EMPTY:
            raise MalformedNotice(why="unsigned field")
    if not _NUMBER.fullmatch(fields["out_trade_no"]) or not _NUMBER.fullmatch(fields["trade_no"]):
        raise MalformedNotice(why="order number")
    try:
        amount = parse_amount(fields["money"], config.currency)
    except BadInput:
        raise MalformedNotice(why="money") from None
    if amount == 0:
        raise MalformedNotice(why="no money")
    status = fields["trade_status"]
    return VerifiedNotice(
        fields["out_trade_no"], fields["trade_no"], amount, config.currency, status, is_paid=status == PAID
    )


def _payload(notice: RawNotice) -> bytes:
    """Return the query of a GET or the form of a POST, never a mix of both."""
    method, query, body, content_type, _ = notice
    if len(query) > MAX_BYTES or len(body) > MAX_BYTES:
        raise MalformedNotice(why="too large")
    if method == "GET" and not body:
        # Some gateways write their links for HTML; "&amp;" cannot be data, since "&" ends a field.
        return query.replace(b"&amp;", b"&")
    if method == "POST" and not query:
        kind, _, charset = content_type.lower().partition(";")
        if kind.strip() == _FORM and charset.strip() in ("", "charset=utf-8"):
            return body
        raise MalformedNotice(why="content type")
    raise MalformedNotice(why="method, or query and body together")


def _decode(value: str) -> str:
    """Return a value without its form encoding. Each run of escapes is text by itself, since what lies between is."""
    try:
        return _ESCAPES.sub(_unescape, value.replace("+", " "))
    except UnicodeDecodeError:
        raise MalformedNotice(why="utf-8") from None


def _unescape(run: re.Match[str]) -> str:
    return bytes.fromhex(run[0].replace("%", "")).decode()
