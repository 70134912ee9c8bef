"""The gateway's daily bills: trades with their fees, and the movements of the account, as comma-separated text."""

from __future__ import annotations

import gzip
import hashlib
import io
from collections.abc import Iterator
from datetime import date

from django.core import signing
from django.http import HttpResponse
from django.utils import timezone

from xinka.sandbox import trades
from xinka.sandbox.errors import Declined, Why
from xinka.sandbox.models import SandboxEntry, SandboxMerchant
from xinka.sandbox.states import EntryKind
from xinka.sandbox.wechat import accounts, facts
from xinka.sandbox.wechat.desk import Asked, Said, counter

_SALT = "sandbox.wechat.bill"
_GOOD_FOR_SECONDS = 300
_TRADES = "tradebill"
_FLOWS = "fundflowbill"
_TRADE_HEAD = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,"
    "应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,"
    "手续费,费率,订单金额,申请退款金额,费率备注"
)
_TRADE_TOTALS = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
_FLOW_HEAD = (
    "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),"
    "资金变更提交申请人,备注,业务凭证号"
)
_FLOW_TOTALS = "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额"


@counter("GET")
def announce(asked: Asked, kind: str) -> object:
    """Say where the bill of a day is, and its hash."""
    if kind not in (_TRADES, _FLOWS):
        raise Declined(Why.UNKNOWN_CALL, "no such call")
    day = _day(asked.text("bill_date"))
    if asked.text("tar_type", needed=False) not in ("", "GZIP"):
        raise Declined(Why.MALFORMED, "参数错误 tar_type")
    if not any(True for _ in trades.entries_on(asked.merchant, day)):
        raise Said(400, "NO_STATEMENT_EXIST", "账单文件不存在 (nothing happened that day)")
    digest = hashlib.sha1(usedforsecurity=False)  # prescribed by the protocol
    for line in _lines(asked.merchant, kind, day):
        digest.update(line.encode())
    packed = asked.text("tar_type", needed=False) == "GZIP"
    token = signing.dumps([asked.merchant.pid, kind, day.isoformat(), packed], salt=_SALT)
    url = f"{asked.base_url}/v3/billdownload/file?token={token}"
    return {"hash_type": "SHA1", "hash_value": digest.hexdigest(), "download_url": url}


@counter("GET")
def download(asked: Asked) -> object:
    """Hand a bill out; this answer alone is not signed."""
    try:
        pid, kind, day, packed = signing.loads(asked.text("token"), salt=_SALT, max_age=_GOOD_FOR_SECONDS)
    except signing.BadSignature:
        raise Said(400, "PARAM_ERROR", "token 已失效 (stale token)") from None
    if pid != asked.merchant.pid:
        raise Said(403, "NO_AUTH", "不是你的账单 (another merchant's)")
    lines = _lines(asked.merchant, kind, date.fromisoformat(day))
    if not packed:
        return HttpResponse("".join(lines), content_type="text/plain; charset=utf-8")
    file = io.BytesIO()
    with gzip.open(file, "wb") as pack:
        for line in lines:
            pack.write(line.encode())
    return HttpResponse(file.getvalue(), content_type="application/octet-stream")


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Declined(Why.MALFORMED, "参数错误 bill_date") from None
    if day >= timezone.localdate():
        raise Said(400, "STATEMENT_CREATING", "账单生成中 (the day is not over)")
    return day


def _lines(merchant: SandboxMerchant, kind: str, day: date) -> Iterator[str]:
    yield from _trade_lines(merchant, day) if kind == _TRADES else _flow_lines(merchant, day)


def _trade_lines(merchant: SandboxMerchant, day: date) -> Iterator[str]:
    yield f"\ufeff{_TRADE_HEAD}\r\n"
    n_lines = paid = refunded = fees = 0
    for entry in trades.entries_on(merchant, day):
        fee = fee_of(entry)
        n_lines, fees = n_lines + 1, fees + fee
        paid, refunded = paid + max(entry.amount, 0), refunded + max(-entry.amount, 0)
        yield _row(*_trade_cells(entry, fee))
    yield f"{_TRADE_TOTALS}\r\n"
    yield _row(str(n_lines), _yuan(paid), _yuan(refunded), "0.00", _fee(fees), _yuan(paid), _yuan(refunded))


def _trade_cells(entry: SandboxEntry, fee: int) -> tuple[str, ...]:
    trade, found = entry.trade, entry.refund
    is_refund = found is not None
    name, at = trade.name.replace(",", "，").replace("`", "'"), timezone.localtime(entry.at)
    return (
        f"{at:%Y-%m-%d %H:%M:%S}", trade.merchant.secrets["appid"], trade.merchant.pid, "0", "",
        trade.trade_no, trade.out_trade_no, str(trade.facts.get("openid", "")), trade.type,
        "REFUND" if is_refund else "SUCCESS", "OTHERS", facts.CURRENCY,
        _yuan(0 if is_refund else entry.amount), "0.00",
        found.refund_no if found else "0", found.out_refund_no if found else "0",
        _yuan(-entry.amount if is_refund else 0), "0.00", "ORIGINAL" if is_refund else "",
        "SUCCESS" if is_refund else "", name, trade.param, _fee(fee), f"{accounts.FEE_BPS / 100:.2f}%",
        _yuan(trade.paid_money if is_refund else entry.amount), _yuan(-entry.amount if is_refund else 0), "",
    )  # fmt: skip


def _flow_lines(merchant: SandboxMerchant, day: date) -> Iterator[str]:
    yield f"\ufeff{_FLOW_HEAD}\r\n"
    balance = n_lines = n_in = came = n_out = went = 0
    for entry in trades.entries_on(merchant, day):
        fee = fee_of(entry)
        moves = [("退款" if entry.kind == EntryKind.REFUND else "交易", entry.amount), ("扣除交易手续费", -fee)]
        for name, amount in moves:
            if amount == 0:
                continue
            balance, n_lines = balance + amount, n_lines + 1
            n_in, came = n_in + (amount > 0), came + max(amount, 0)
            n_out, went = n_out + (amount < 0), went + max(-amount, 0)
            yield _row(
                f"{timezone.localtime(entry.at):%Y-%m-%d %H:%M:%S}", entry.trade.trade_no, f"{entry.pk:010d}{n_lines}",
                name, name, "收入" if amount > 0 else "支出", _yuan(abs(amount)), _yuan(balance), "system", "",
                entry.refund.out_refund_no if entry.refund else entry.trade.out_trade_no,
            )  # fmt: skip
    yield f"{_FLOW_TOTALS}\r\n"
    yield _row(str(n_lines), str(n_in), _yuan(came), str(n_out), _yuan(went))


def fee_of(entry: SandboxEntry) -> int:
    """Return the fee of a movement in fen, rounded half up; a refund gives its share back."""
    size = (abs(entry.amount) * accounts.FEE_BPS + 5000) // 10_000
    return size if entry.amount > 0 else -size


def _row(*cells: str) -> str:
    return ",".join(f"`{cell}" for cell in cells) + "\r\n"


def _yuan(fen: int) -> str:
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def _fee(fen: int) -> str:
    return _yuan(fen) + "000"
