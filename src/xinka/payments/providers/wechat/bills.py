"""WeChat's daily bills: the file is only read once its announced hash fits, line by line, however long it is.

The download itself is not signed; the hash comes in an answer that is. It covers the file after unpacking.
"""

from __future__ import annotations

import gzip
import hashlib
import hmac
import zlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import BinaryIO
from zoneinfo import ZoneInfo

from xinka.kernel.errors import BadInput, ProviderError
from xinka.kernel.money import parse_amount
from xinka.payments.providers.protocol import BillKind, BillRow
from xinka.payments.providers.wechat.notice import CURRENCY

#: The most an unpacked bill may hold; a million lines have about 300 bytes each.
MAX_UNPACKED = 1 << 30
_PIECE = 1 << 20
_CHINA = ZoneInfo("Asia/Shanghai")
_HASHES = {"SHA1": "sha1", "SHA256": "sha256"}
_TRADE_TOTALS = "总交易单数"
_FLOW_TOTALS = "资金流水总笔数"
_FLOWS = {"交易": BillKind.PAYMENT, "退款": BillKind.REFUND, "扣除交易手续费": BillKind.FEE}


def check_hash(file: BinaryIO, announced: Mapping[str, object]) -> None:
    """Accept a packed file whose unpacked contents have the announced hash; raises ``ProviderError``."""
    algorithm = _HASHES.get(str(announced.get("hash_type")))
    if algorithm is None:
        raise ProviderError("the bill's kind of hash is unknown", permanent=True)
    digest, size = hashlib.new(algorithm, usedforsecurity=False), 0
    file.seek(0)
    try:
        with gzip.open(file) as unpacked:
            while piece := unpacked.read(_PIECE):
                size += len(piece)
                if size > MAX_UNPACKED:
                    raise ProviderError("the bill is too large", permanent=True)
                digest.update(piece)
    except (OSError, EOFError, zlib.error):
        raise ProviderError("the bill is not packed as announced") from None
    if not hmac.compare_digest(digest.hexdigest(), str(announced.get("hash_value", "")).lower()):
        raise ProviderError("the bill does not have its announced hash")


def trade_rows(file: BinaryIO) -> Iterator[BillRow]:
    """Yield the payments and refunds of a checked trade bill; closes the file."""
    for row in _rows(file, _TRADE_TOTALS):
        state = row.get("交易状态")
        refunded = state in ("REFUND", "REVOKED")
        yield BillRow(
            BillKind.REFUND if refunded else BillKind.PAYMENT if state == "SUCCESS" else BillKind.OTHER,
            _need(row, "微信订单号"),
            _need(row, "商户订单号"),
            _need(row, "商户退款单号") if refunded else "",
            _fen(_need(row, *(("申请退款金额", "退款金额") if refunded else ("订单金额", "应结订单金额", "总金额")))),
            _fen(row.get("手续费", "0"), signed=True),
            row.get("货币种类", CURRENCY),
            _moment(_need(row, "交易时间")),
        )


def flow_rows(file: BinaryIO) -> Iterator[BillRow]:
    """Yield the movements of the merchant's account from a checked fund bill; fees are rows of their own."""
    for row in _rows(file, _FLOW_TOTALS):
        kind = _FLOWS.get(row.get("业务类型", ""), BillKind.OTHER)
        amount = _fen(_need(row, "收支金额(元)", "收支金额（元）"))
        fee = kind is BillKind.FEE
        yield BillRow(
            kind,
            row.get("微信支付业务单号", ""),
            "",
            row.get("业务凭证号", ""),
            0 if fee else amount,
            (amount if row.get("收支类型") == "支出" else -amount) if fee else 0,
            CURRENCY,
            _moment(_need(row, "记账时间")),
        )


def _rows(file: BinaryIO, totals: str) -> Iterator[dict[str, str]]:
    """Yield each line by the names in the first; the bill must end with its own count of them."""
    n_rows = 0
    file.seek(0)
    with file, gzip.open(file, "rt", encoding="utf-8-sig", newline="") as lines:
        names = next(lines, "").strip().split(",")
        for line in lines:
            if line.startswith(totals):
                counted = next(lines, "").strip().lstrip("`").split(",")[0]
                if counted != str(n_rows):
                    raise ProviderError("the bill counts other lines than it has", permanent=True)
                return
            values = line.rstrip("\r\n").removeprefix("`").split(",`")
            if not line.startswith("`") or len(values) != len(names):
                raise ProviderError("a line of the bill is not readable", permanent=True)
            n_rows += 1
            yield dict(zip(names, values, strict=True))
    raise ProviderError("the bill ends without its totals", permanent=True)


def _need(row: Mapping[str, str], *names: str) -> str:
    """Return the first of these columns that the bill has; older merchants' bills call some differently."""
    for name in names:
        if name in row:
            return row[name]
    raise ProviderError("the bill has no column", permanent=True, quote=names[0])


def _fen(text: str, *, signed: bool = False) -> int:
    minus = signed and text.startswith("-")
    try:
        fen = parse_amount(text.removeprefix("-") if minus else text, CURRENCY)
    except BadInput:
        raise ProviderError("an amount of the bill is not readable", permanent=True) from None
    return -fen if minus else fen


def _moment(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=_CHINA)
    except ValueError:
        raise ProviderError("a time of the bill is not readable", permanent=True) from None
