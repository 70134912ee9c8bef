"""Reads a notice of an epusdt gateway and says whether it is genuine.

Only status 2 with a transaction on the chain is money. Where the signature is MD5 that is still only a hint: a worker
asks the gateway before anything moves.
"""

from __future__ import annotations

from collections.abc import Mapping

from xinka.kernel.errors import BadInput
from xinka.kernel.money import parse_amount
from xinka.payments.providers.epusdt.config import EpusdtConfig
from xinka.payments.providers.epusdt.signing import SIGNATURE
from xinka.payments.providers.errors import BadSignature, MalformedNotice, WrongMerchant
from xinka.payments.providers.protocol import RawNotice, VerifiedNotice
from xinka.payments.providers.scalars import check_number, read_scalars

PAID = "2"
_REQUIRED = ("trade_id", "order_id", "amount", "actual_amount", "token", "status", SIGNATURE)


def judge(config: EpusdtConfig, notice: RawNotice) -> VerifiedNotice:
    """Return what a genuine notice says; the signature is judged before anything is believed.

    Raises:
        NoticeRefused: if it is malformed, not signed for this channel, or says "paid" without a transaction.
    """
    fields = read_scalars(notice)
    for name in _REQUIRED:
        if not fields.get(name):
            raise MalformedNotice(why=f"{name} missing")
    if not config.signer.agrees(fields):
        raise BadSignature
    if config.pid and fields.get("pid") != config.pid:
        raise WrongMerchant
    return _reading(config, fields)


def _reading(config: EpusdtConfig, fields: Mapping[str, str]) -> VerifiedNotice:
    trade_id, order_id = check_number(fields["trade_id"], "trade_id"), check_number(fields["order_id"], "order_id")
    try:
        amount = parse_amount(fields["amount"], config.currency)
    except BadInput:
        raise MalformedNotice(why="amount") from None
    is_paid = fields["status"] == PAID
    transaction = fields.get("block_transaction_id", "")
    if is_paid and (not transaction or transaction == trade_id or amount == 0):
        raise MalformedNotice(why="paid without a transaction or an amount")
    return VerifiedNotice(
        order_id,
        trade_id,
        amount,
        config.currency,
        fields["status"],
        is_paid=is_paid and not config.is_weak,
        is_hint=is_paid and config.is_weak,
    )
