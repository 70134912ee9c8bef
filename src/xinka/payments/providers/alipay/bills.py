"""Alipay's daily bill: an archive with a table in GBK, which is written to a file and read line by line.

The download is not signed; its address came in a signed answer, lives for half a minute, and must be Alipay's own host
over HTTPS.
"""

from __future__ import annotations

import csv
import io
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import BinaryIO
from urllib.parse import urlsplit

from xinka.kernel.errors import BadInput, ProviderError
from xinka.kernel.money import parse_amount
from xinka.payments.providers import http
from xinka.payments.providers.alipay.config import CURRENCY, AlipayConfig
from xinka.payments.providers.alipay.wire import BEIJING
from xinka.payments.providers.protocol import BillKind, BillRow

_ALIPAY = ".alipay.com"
_SUMMARY = "汇总"
_ENCODING = "gb18030"  # GBK and all that was added to it since
_MOST_BYTES = 4 * 1024**3
_MADE_BY = time(12, 0)
_KINDS = {"交易": BillKind.PAYMENT, "退款": BillKind.REFUND}
_COLUMNS = (
    "支付宝交易号", "商户订单号", "业务类型", "完成时间", "订单金额（元）", "退款批次号/请求号", "服务费（元）",
)  # fmt: skip


def is_made(day: date, now: datetime) -> bool:
    """Whether the bill of a day must be there by now; a day without trades never gets one."""
    return now.astimezone(BEIJING) >= datetime.combine(day + timedelta(days=1), _MADE_BY, BEIJING)


def fetch(config: AlipayConfig, address: str) -> Iterator[BillRow]:
    """Yield the lines of the bill at an address that a signed answer named; raises ``ProviderError``."""
    call = http.Call("GET", _checked(config, address), headers={"Accept": "*/*"})
    with tempfile.TemporaryFile() as file:
        http.download(call, file)
        file.seek(0)
        yield from read_archive(file)


def read_archive(file: BinaryIO) -> Iterator[BillRow]:
    """Yield the lines of the detailed table of an archive."""
    try:
        with zipfile.ZipFile(file, metadata_encoding=_ENCODING) as archive:
            tables = [one for one in archive.infolist() if one.filename.lower().endswith(".csv")]
            details = [one for one in tables if _SUMMARY not in one.filename]
            if len(details) != 1 or details[0].file_size > _MOST_BYTES:
                raise ProviderError("Alipay's bill does not hold one table", permanent=True)
            with archive.open(details[0]) as table:
                yield from _rows(io.TextIOWrapper(table, _ENCODING, newline=""))
    except (zipfile.BadZipFile, zlib.error, UnicodeDecodeError, csv.Error, EOFError, RuntimeError):  # the last: locked
        raise ProviderError("Alipay's bill is not a readable archive") from None


def _rows(text: io.TextIOWrapper) -> Iterator[BillRow]:
    """Yield what stands between the heading and the remarks at the end."""
    places: list[int] | None = None
    for line in csv.reader(text):
        if not line or line[0].startswith("#"):
            continue
        if places is None:
            places = _places([name.strip() for name in line])
            continue
        try:
            yield _row([line[place].strip() for place in places])
        except IndexError:
            raise ProviderError("a line of Alipay's bill is cut short", permanent=True) from None
    if places is None:
        # Without this, each payment of the day would be told as one that Alipay knows nothing of.
        raise ProviderError("Alipay's bill has no column", permanent=True, quote=_COLUMNS[0])


def _places(heading: Sequence[str]) -> list[int]:
    plain = [name.replace("(", "（").replace(")", "）") for name in heading]
    missing = [name for name in _COLUMNS if name not in plain]
    if missing:
        raise ProviderError("Alipay's bill has no column", permanent=True, quote=missing[0])
    return [plain.index(name) for name in _COLUMNS]


def _row(cells: Sequence[str]) -> BillRow:
    trade_no, out_trade_no, kind, at, amount, request_no, fee = cells
    return BillRow(
        kind=_KINDS.get(kind, BillKind.OTHER),
        trade_no=trade_no,
        out_trade_no=out_trade_no,
        refund_no=request_no,
        amount_minor=abs(_minor(amount)),
        fee_minor=-_minor(fee),
        currency=CURRENCY,
        at=_moment(at),
    )


@lru_cache(maxsize=4096)  # prices repeat, and a bill may have a million lines
def _minor(text: str) -> int:
    """Return the fen of an amount that may be negative; what is charged to the merchant is."""
    digits = text.replace(",", "") or "0"
    try:
        return -parse_amount(digits[1:], CURRENCY) if digits.startswith("-") else parse_amount(digits, CURRENCY)
    except BadInput:
        raise ProviderError("an amount of Alipay's bill is not readable", permanent=True) from None


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=BEIJING)
    except ValueError:
        return None


def _checked(config: AlipayConfig, address: str) -> str:
    """Return the address if it is Alipay's own (or the sandbox's), and always over TLS where the gateway is."""
    found, gateway = urlsplit(address), urlsplit(config.api)
    if config.plain_http and found[:2] == gateway[:2]:
        return address
    is_ours = (found.hostname or "").endswith(_ALIPAY) or found.hostname == gateway.hostname
    if not is_ours or found.scheme not in ("http", "https") or found.username or found.port not in (None, 80, 443):
        raise ProviderError("the address of Alipay's bill is not Alipay's", permanent=True)
    return found._replace(scheme="https", netloc=found.hostname or "").geturl()
