"""Reads a TokenPay notice and says whether it is genuine; TokenPay itself is asked before anything is delivered."""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from xinka.payments.providers.errors import BadSignature, MalformedNotice, WrongMerchant
from xinka.payments.providers.protocol import RawNotice, VerifiedNotice
from xinka.payments.providers.scalars import check_number, read_scalars
from xinka.payments.providers.tokenpay.amounts import paid_minor
from xinka.payments.providers.tokenpay.config import TokenPayConfig
from xinka.payments.providers.tokenpay.wire import SIGNATURE, is_number, sign

PAID = "1"
_REQUIRED = ("Id", "OutOrderId", "ActualAmount", "Amount", "Currency", "BaseCurrency", "Status", SIGNATURE)


def judge(config: TokenPayConfig, notice: RawNotice) -> VerifiedNotice:
    """Return what a genuine notice says; the signature is judged before anything is believed.

    Raises:
        NoticeRefused: if it is malformed, not signed for this channel, or says "paid" without a transaction.
    """
    fields = read_scalars(notice)
    for name in _REQUIRED:
        if not fields.get(name):
            raise MalformedNotice(why=f"{name} missing")
    if not hmac.compare_digest(fields[SIGNATURE].encode(), sign(fields, config.token).encode()):
        raise BadSignature
    if fields["BaseCurrency"] != config.currency or (config.coin and fields["Currency"] != config.coin):
        raise WrongMerchant
    return _reading(config, fields)


def _reading(config: TokenPayConfig, fields: Mapping[str, str]) -> VerifiedNotice:
    number = check_number(fields["OutOrderId"], "OutOrderId")
    if not is_number(fields["Id"]):
        raise MalformedNotice(why="Id")
    is_paid = fields["Status"] == PAID
    try:
        amount = paid_minor({name.lower(): value for name, value in fields.items()}, config.currency)
    except ValueError:
        raise MalformedNotice(why="amount") from None
    if is_paid and (not fields.get("BlockTransactionId") or amount == 0):
        raise MalformedNotice(why="paid without a transaction or an amount")
    return VerifiedNotice(number, fields["Id"].lower(), amount, config.currency, fields["Status"], is_paid)
