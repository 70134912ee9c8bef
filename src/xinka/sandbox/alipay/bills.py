"""The bill of a day as Alipay packs it: two tables in GBK, whose names are in GBK too, in one archive."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import date, datetime, time, timedelta

from xinka.sandbox.alipay import wire
from xinka.sandbox.epay.wire import to_yuan
from xinka.sandbox.models import SandboxEntry, SandboxMerchant
from xinka.sandbox.states import EntryKind

_HEADING = (
    "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,"
    "订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,"
    "商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注\r\n"
)
_FEE_PER_10000 = 60


def has_any(merchant: SandboxMerchant, day: date) -> bool:
    """Whether anything moved on a day of Beijing's calendar."""
    return bool(_entries(merchant, day))


def archive(merchant: SandboxMerchant, day: date) -> bytes:
    """Return the archive of a day."""
    name = f"{merchant.secrets['seller_id']}0156_{day:%Y%m%d}_业务明细"
    tables = {f"{name}.csv": _details(merchant, day), f"{name}(汇总).csv": "#支付宝业务汇总查询\r\n".encode("gbk")}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for place, (title, table) in enumerate(tables.items()):
            file.writestr(_stand_in(place, title), table)
    found = packed.getvalue()
    for place, title in enumerate(tables):
        # The library writes names in ASCII or UTF-8 only; Alipay writes the bytes of GBK without saying so.
        found = found.replace(_stand_in(place, title).encode(), title.encode("gbk"))
    return found


def _stand_in(place: int, title: str) -> str:
    """Return a name as long as the title is in GBK, that nothing else in the archive holds."""
    return str(place).ljust(len(title.encode("gbk")), "~")


def _details(merchant: SandboxMerchant, day: date) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    text.write(f"#支付宝业务明细查询\r\n#账号：[{merchant.secrets['seller_id']}0156]\r\n")
    text.write("#-----------------------------------------业务明细列表----------------------------------------\r\n")
    text.write(_HEADING)
    for entry in _entries(merchant, day):
        writer.writerow(f"{cell}\t" for cell in _cells(entry))
    text.write("#-----------------------------------------业务明细列表结束------------------------------------\r\n")
    text.write("#导出时间：[2026年01月01日 00:00:00]\r\n")
    return text.getvalue().encode("gbk", "replace")


def _cells(entry: SandboxEntry) -> list[str]:
    trade, money = entry.trade, _signed(entry.amount)
    is_payment = entry.kind == EntryKind.PAYMENT
    request_no = entry.refund.out_refund_no if entry.refund else ""
    fee = _signed(-entry.amount * _FEE_PER_10000 // 10_000) if is_payment else "0.00"
    times = [wire.moment(trade.created_at), wire.moment(entry.at)]
    numbers = [trade.trade_no, trade.out_trade_no, "交易" if is_payment else "退款", trade.name]
    return [*numbers, *times, "", "", "", "", "*塞(cy***@example.com)", money, money, *["0.00"] * 5, "", "0.00", "0.00",
            request_no, fee, "0.00", ""]  # fmt: skip


def _signed(fen: int) -> str:
    return f"-{to_yuan(-fen)}" if fen < 0 else to_yuan(fen)


def _entries(merchant: SandboxMerchant, day: date) -> list[SandboxEntry]:
    start = datetime.combine(day, time(), wire.BEIJING)
    found = SandboxEntry.objects.filter(trade__merchant=merchant, at__gte=start, at__lt=start + timedelta(days=1))
    return list(found.select_related("trade", "refund").order_by("at", "id"))
