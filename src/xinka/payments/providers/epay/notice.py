"""Reads a payment notice in the one way that cannot be misread (``forms``), and says whether it is genuine.

Gateways add fields of their own; those are accepted because the signature covers them, and an empty field, which it
does not cover, is refused.
"""

from __future__ import annotations

import re

from xinka.kernel.errors import BadInput
from xinka.kernel.money import parse_amount
from xinka.payments.providers.epay.config import EpayConfig
from xinka.payments.providers.errors import BadSignature, MalformedNotice, WrongAlgorithm, WrongMerchant
from xinka.payments.providers.forms import ALL_SEPARATORS, payload, read_form
from xinka.payments.providers.protocol import RawNotice, VerifiedNotice

MAX_FIELDS = 32
PAID = "TRADE_SUCCESS"
REQUIRED = ("pid", "out_trade_no", "trade_no", "type", "name", "money", "trade_status", "sign", "sign_type")
_STANDARD = frozenset(REQUIRED)
#: The one standard field that gateways may send empty; Xinka never sends or reads it.
_MAY_BE_EMPTY = "param"

_NUMBER = re.compile(r"[A-Za-z0-9._|\-]{1,64}", re.ASCII)


def parse_notice(notice: RawNotice) -> dict[str, str]:
    """Return the fields of a notice.

    Raises:
        MalformedNotice: if it is too large, not strict UTF-8 form encoding, or could be read in two ways.
    """
    return read_form(payload(notice), known=_STANDARD, max_fields=MAX_FIELDS, refused=ALL_SEPARATORS)


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
    if "" in fields.values() and any(not fields[name] for name in fields if name != _MAY_BE_EMPTY):
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
