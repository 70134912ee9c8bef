"""Says whether a notice is Alipay's, and what it says."""

from __future__ import annotations

import re
from datetime import datetime

from xinka.kernel.errors import BadInput
from xinka.kernel.money import parse_amount
from xinka.payments.providers.alipay.config import CURRENCY, AlipayConfig
from xinka.payments.providers.alipay.signing import SIGN_TYPE, notice_agrees
from xinka.payments.providers.alipay.wire import BEIJING
from xinka.payments.providers.errors import BadSignature, MalformedNotice, StaleNotice, WrongAlgorithm, WrongMerchant
from xinka.payments.providers.forms import payload, read_form
from xinka.payments.providers.protocol import NoticeAbout, RawNotice, VerifiedNotice

PAID = frozenset({"TRADE_SUCCESS", "TRADE_FINISHED"})
REQUIRED = (
    "app_id", "out_trade_no", "trade_no", "trade_status", "total_amount", "notify_time", "notify_id", "sign",
    "sign_type",
)  # fmt: skip
#: Alipay tries for 25 hours, and says with each try when it is made.
OLDEST_SECONDS = 26 * 3600
AHEAD_SECONDS = 600
_MAX_FIELDS = 64
_NUMBER = re.compile(r"[A-Za-z0-9_]{1,64}", re.ASCII)


def judge(config: AlipayConfig, notice: RawNotice, now: float) -> VerifiedNotice:
    """Return what a genuine notice for this channel says; the signature is judged before anything is believed.

    Raises:
        NoticeRefused: if it is malformed, not signed by Alipay, stale, or for another application or seller.
    """
    fields = read_form(payload(notice, ("POST",)), max_fields=_MAX_FIELDS)
    for name in REQUIRED:
        if not fields.get(name):
            raise MalformedNotice(why=f"{name} missing")
    if fields["sign_type"] != SIGN_TYPE:
        raise WrongAlgorithm
    if fields.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
        raise MalformedNotice(why="charset")
    if not notice_agrees(config, fields):
        raise BadSignature
    if fields["app_id"] != config.app_id:
        raise WrongMerchant
    if config.seller_id and fields.get("seller_id") != config.seller_id:
        raise WrongMerchant
    _check_time(fields["notify_time"], now)
    return _reading(fields)


def _check_time(text: str, now: float) -> None:
    try:
        sent = datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=BEIJING).timestamp()
    except ValueError:
        raise MalformedNotice(why="notify_time") from None
    if not -AHEAD_SECONDS <= now - sent <= OLDEST_SECONDS:
        raise StaleNotice


def _reading(fields: dict[str, str]) -> VerifiedNotice:
    out_trade_no, trade_no, status = fields["out_trade_no"], fields["trade_no"], fields["trade_status"]
    if not _NUMBER.fullmatch(out_trade_no) or not _NUMBER.fullmatch(trade_no):
        raise MalformedNotice(why="order number")
    try:
        amount = parse_amount(fields["total_amount"], CURRENCY)
    except BadInput:
        raise MalformedNotice(why="total_amount") from None
    if amount == 0:
        raise MalformedNotice(why="no money")
    if fields.get("refund_fee", "").strip("0.") or fields.get("gmt_refund"):  # "0.00": nothing went back
        # Told of a refund, with the status and the whole amount of the payment: that money is known already.
        return VerifiedNotice(
            out_trade_no,
            trade_no,
            amount,
            CURRENCY,
            status,
            is_paid=False,
            about=NoticeAbout.REFUND,
            event_id=fields["notify_id"],
            subject_no=fields.get("out_biz_no", ""),
        )
    return VerifiedNotice(out_trade_no, trade_no, amount, CURRENCY, status, is_paid=status in PAID)
