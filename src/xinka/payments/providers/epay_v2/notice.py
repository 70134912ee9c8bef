"""Says whether an epay V2 notice is genuine, and what it says."""

from __future__ import annotations

import re

from xinka.kernel.errors import BadInput
from xinka.kernel.money import parse_amount
from xinka.payments.providers.epay_v2.config import EpayV2Config
from xinka.payments.providers.epay_v2.signing import SIGN_TYPE, agrees
from xinka.payments.providers.errors import BadSignature, MalformedNotice, StaleNotice, WrongAlgorithm, WrongMerchant
from xinka.payments.providers.forms import payload, read_form
from xinka.payments.providers.protocol import RawNotice, VerifiedNotice

PAID = "TRADE_SUCCESS"
REQUIRED = ("pid", "out_trade_no", "trade_no", "money", "trade_status", "timestamp", "sign", "sign_type")
#: Retries come for some hours and may carry the timestamp of the first one.
OLDEST_SECONDS = 26 * 3600
AHEAD_SECONDS = 600
_MAX_FIELDS = 40
_NUMBER = re.compile(r"[A-Za-z0-9._|\-]{1,64}", re.ASCII)
_TIMESTAMP = re.compile(r"[0-9]{10}", re.ASCII)


def judge(config: EpayV2Config, notice: RawNotice, now: float) -> VerifiedNotice:
    """Return what a genuine notice for this channel says; the signature is judged before anything is believed.

    Raises:
        NoticeRefused: if it is malformed, not signed by the platform, stale, or not for this merchant.
    """
    fields = read_form(payload(notice), max_fields=_MAX_FIELDS)
    for name in REQUIRED:
        if not fields.get(name):
            raise MalformedNotice(why=f"{name} missing")
    if fields["sign_type"] != SIGN_TYPE:
        raise WrongAlgorithm
    if not agrees(config, fields):
        raise BadSignature
    if fields["pid"] != config.pid:
        raise WrongMerchant
    if not _TIMESTAMP.fullmatch(fields["timestamp"]):
        raise MalformedNotice(why="timestamp")
    if not -AHEAD_SECONDS <= now - int(fields["timestamp"]) <= OLDEST_SECONDS:
        raise StaleNotice
    return _reading(config, fields)


def _reading(config: EpayV2Config, fields: dict[str, str]) -> VerifiedNotice:
    out_trade_no, trade_no, status = fields["out_trade_no"], fields["trade_no"], fields["trade_status"]
    if not _NUMBER.fullmatch(out_trade_no) or not _NUMBER.fullmatch(trade_no):
        raise MalformedNotice(why="order number")
    try:
        amount = parse_amount(fields["money"], config.currency)
    except BadInput:
        raise MalformedNotice(why="money") from None
    if amount == 0:
        raise MalformedNotice(why="no money")
    return VerifiedNotice(out_trade_no, trade_no, amount, config.currency, status, is_paid=status == PAID)
