"""Bills that are cut short, packed wrongly or lie elsewhere are refused; money is read to the fen."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, date, datetime

import pytest

from xinka.kernel.errors import ProviderError
from xinka.payments.providers.alipay import bills, wire
from xinka.payments.providers.alipay.config import AlipayConfig
from xinka.payments.providers.protocol import BillKind, PaymentRequest
from xinka.sandbox import rsa

HEADING = "支付宝交易号,商户订单号,业务类型,完成时间,订单金额（元）,退款批次号/请求号,服务费（元）\r\n"
PAID = "T1\t,pay_1\t,交易\t,2026-11-21 23:59:59\t,93.10\t,\t,-0.56\t\r\n"
CONFIG = AlipayConfig("2021000000000001", rsa.new_pair()[0], rsa.new_pair()[1])


def packed(text: str, name: str = "2088_20261121_业务明细.csv", encoding: str = "gb18030") -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, text.encode(encoding))
        archive.writestr("2088_20261121_业务明细(汇总).csv", b"")
    file.seek(0)
    return file


def test_lines_are_read_whatever_stands_around_them() -> None:
    refund = "T1\t,pay_1\t,退款\t,2026-11-21 12:00:00\t,-30.00\t,ref_1\t,0.18\t\r\n"
    other = 'T2,,"转账, 𠮷",,"1,000.00",,\r\n'
    rows = list(
        bills.read_archive(packed(f"#账号：[2088]\r\n#---\r\n{HEADING}{PAID}{refund}{other}#交易合计：1笔\r\n"))
    )
    assert [row[:7] for row in rows] == [
        (BillKind.PAYMENT, "T1", "pay_1", "", 9310, 56, "CNY"),
        (BillKind.REFUND, "T1", "pay_1", "ref_1", 3000, -18, "CNY"),
        (BillKind.OTHER, "T2", "", "", 100000, 0, "CNY"),
    ]
    assert rows[0].at == datetime(2026, 11, 21, 15, 59, 59, tzinfo=UTC)
    assert rows[2].at is None


@pytest.mark.parametrize(
    "text",
    [
        PAID,
        HEADING.replace("业务类型", "类型") + PAID,
        HEADING + "T1,pay_1,交易\r\n",
        HEADING + PAID.replace("93.10", "many"),
        HEADING + PAID.replace("93.10", "93.105"),
    ],
)
def test_a_table_that_is_not_whole_is_refused(text: str) -> None:
    with pytest.raises(ProviderError):
        list(bills.read_archive(packed(text)))


@pytest.mark.parametrize(
    "file",
    [b"", b"<html>expired</html>", packed(HEADING).getvalue()[:60]],
    ids=["empty", "page", "cut"],  # an archive holds the time: as a name it would differ from worker to worker
)
def test_what_is_no_archive_is_refused(file: bytes) -> None:
    with pytest.raises(ProviderError):
        list(bills.read_archive(io.BytesIO(file)))


def test_an_archive_without_the_table_is_refused() -> None:
    with pytest.raises(ProviderError):
        list(bills.read_archive(packed(HEADING, name="readme.txt")))


@pytest.mark.parametrize(
    ("address", "fetched"),
    [
        ("http://dwbillcenter.alipay.com/a?x=1", "https://dwbillcenter.alipay.com/a?x=1"),
        ("https://dwbillcenter.alipay.com:443/a", "https://dwbillcenter.alipay.com/a"),
    ],
)
def test_a_bill_is_fetched_over_tls(address: str, fetched: str) -> None:
    assert bills._checked(CONFIG, address) == fetched


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/a",
        "https://alipay.com.evil.example/a",
        "https://evilalipay.com/a",
        "https://a@evil.example/.alipay.com",
        "https://user@dw.alipay.com/a",
        "http://169.254.169.254/latest",
        "file:///etc/passwd",
        "https://dw.alipay.com:8443/a",
        "",
    ],
)
def test_a_bill_that_lies_elsewhere_is_not_fetched(address: str) -> None:
    with pytest.raises(ProviderError):
        bills._checked(CONFIG, address)


def test_a_bill_is_made_by_noon_of_the_next_day_in_beijing() -> None:
    day = date(2026, 11, 21)
    assert not bills.is_made(day, datetime(2026, 11, 22, 3, 59, tzinfo=UTC))
    assert bills.is_made(day, datetime(2026, 11, 22, 4, 0, tzinfo=UTC))


@pytest.mark.parametrize("text", ["", "#账号：[2088]\r\n#交易合计：0笔\r\n"])
def test_a_table_without_a_heading_is_no_empty_bill(text: str) -> None:
    """Each payment of that day was told as one that Alipay knows nothing of."""
    with pytest.raises(ProviderError):
        list(bills.read_archive(packed(text)))


def test_a_heading_alone_is_an_empty_bill() -> None:
    assert list(bills.read_archive(packed(HEADING))) == []


def damaged() -> bytes:
    """Return a packed archive in which the compressed table itself is broken."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bill.csv", (HEADING + PAID * 50).encode("gb18030"))
    whole = bytearray(file.getvalue())
    start = 30 + len("bill.csv")
    whole[start : start + 20] = b"\xff" * 20
    return bytes(whole)


def locked() -> bytes:
    """Return an archive that says that it needs a password."""
    whole = bytearray(packed(HEADING + PAID).getvalue())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        found = whole.find(mark)
        whole[found + place] |= 1
    return bytes(whole)


@pytest.mark.parametrize("file", [damaged(), locked()], ids=["damaged", "locked"])
def test_an_archive_that_does_not_unpack_is_an_error_that_is_told(file: bytes) -> None:
    with pytest.raises(ProviderError):
        list(bills.read_archive(io.BytesIO(file)))


@pytest.mark.parametrize("title", ['"云听音乐', '云听,"年度" 会员', 'a",b'])
def test_no_title_can_break_the_table_of_the_day(title: str) -> None:
    """Whoever names products could have swallowed the lines behind their own."""
    asked = PaymentRequest("pay_1", 100, "CNY", title, "", "https://x.example/n", "https://x.example/r")
    subject = json.loads(wire.precreate_call(CONFIG, asked, 1_795_300_000).form["biz_content"])["subject"]
    row = f"T1,pay_1,交易,{subject},2026-11-21 12:00:00,1.00,,0.00\r\n"
    heading = HEADING.replace("完成时间", "商品名称,完成时间")
    assert [one.trade_no for one in bills.read_archive(packed(heading + row * 2))] == ["T1", "T1"]
