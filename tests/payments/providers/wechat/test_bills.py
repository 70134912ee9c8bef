"""Bills: read line by line, only from WeChat itself, and only if the announced hash fits."""

from __future__ import annotations

import gzip
import hashlib
import tracemalloc
from collections.abc import Callable
from datetime import date

import pytest

from tests.payments.providers.wechat.wechat_side import NUMBER, TRADE, Gateway
from xinka.kernel.errors import ProviderError
from xinka.payments.providers.errors import BillNotReady
from xinka.payments.providers.protocol import BillKind
from xinka.payments.providers.wechat import wire
from xinka.payments.providers.wechat.provider import WechatProvider

Make = Callable[..., WechatProvider]
DAY = date(2026, 11, 20)
HEAD = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,"
    "代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,"
    "申请退款金额,费率备注"
)
TOTALS = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
SOLD = (
    f"`2026-11-20 10:00:01,`wxd678efh567hg6787,`1900009191,`0,`,`{TRADE},`{NUMBER},`oUpF8,`NATIVE,"
    "`SUCCESS,`OTHERS,`CNY,`93.10,`0.00,`0,`0,`0.00,`0.00,`,`,`云听音乐, 年度会员,`,`0.56000,`0.60%,`93.10,`0.00,`"
)
GIVEN_BACK = (
    f"`2026-11-20 11:00:00,`wxd678efh567hg6787,`1900009191,`0,`,`{TRADE},`{NUMBER},`oUpF8,`NATIVE,"
    "`REFUND,`OTHERS,`CNY,`0.00,`0.00,`5020020,`ref_1,`3.10,`0.00,`ORIGINAL,`PROCESSING,"
    "`云听音乐, 年度会员,`,`-0.02000,`0.60%,`93.10,`3.10,`"
)
FLOWS = (
    "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),资金变更提交申请人,备注,"
    "业务凭证号"
)


def bill(*rows: str, head: str = HEAD, totals: str = TOTALS, count: int | None = None) -> bytes:
    """A bill as WeChat writes it, with a byte order mark."""
    counted = f"`{len(rows) if count is None else count}" + ",`0.00" * 6
    return ("\ufeff" + "\r\n".join((head, *rows, totals, counted)) + "\r\n").encode()


def serve(
    gateway: Gateway, text: bytes, *, url: str = "/v3/billdownload/file?token=6XIv5TUPto7p_-", **announced: str
) -> None:
    """Announce a bill, then hand it out unsigned."""
    facts = {
        "hash_type": "SHA1",
        "hash_value": hashlib.sha1(text, usedforsecurity=False).hexdigest(),
        "download_url": gateway.url + url,
    }
    gateway.will_say(facts | announced)
    gateway.will_say(gzip.compress(text), signed=False)


def test_payments_and_refunds_of_a_day_are_told_apart(gateway: Gateway, at_gateway: Make) -> None:
    serve(gateway, bill(SOLD, GIVEN_BACK))
    sold, back = at_gateway().bill(DAY)
    assert sold[:7] == (BillKind.PAYMENT, TRADE, NUMBER, "", 9310, 56, "CNY")
    assert back[:7] == (BillKind.REFUND, TRADE, NUMBER, "ref_1", 310, -2, "CNY")
    assert sold.at is not None
    assert sold.at.isoformat() == "2026-11-20T10:00:01+08:00"
    assert [target for _, target, _, _ in gateway.asked] == [
        "/v3/bill/tradebill?bill_date=2026-11-20&bill_type=ALL&tar_type=GZIP",
        "/v3/billdownload/file?token=6XIv5TUPto7p_-",
    ]
    assert all("signature=" in headers["authorization"] for _, _, _, headers in gateway.asked)


def test_the_movements_of_the_account_name_fees(gateway: Gateway, at_gateway: Make) -> None:
    def row(kind: str, way: str, yuan: str) -> str:
        return f"`2026-11-20 10:00:01,`{TRADE},`1,`{kind},`{kind},`{way},`{yuan},`1.00,`system,`,`{NUMBER}"

    rows = [
        row("交易", "收入", "93.10"),
        row("扣除交易手续费", "支出", "0.56"),
        row("退款", "支出", "3.10"),
        row("提现", "支出", "9"),
    ]
    serve(gateway, bill(*rows, head=FLOWS, totals="资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额"))
    found = [(row.kind, row.amount_minor, row.fee_minor) for row in at_gateway().fund_flow(DAY)]
    assert found == [
        (BillKind.PAYMENT, 9310, 0), (BillKind.FEE, 0, 56), (BillKind.REFUND, 310, 0), (BillKind.OTHER, 900, 0),
    ]  # fmt: skip
    assert gateway.asked[0][1].startswith("/v3/bill/fundflowbill?")


def test_an_older_bill_without_the_newer_columns_is_read(gateway: Gateway, at_gateway: Make) -> None:
    serve(
        gateway,
        bill(
            f"`2026-11-20 10:00:01,`{TRADE},`{NUMBER},`SUCCESS,`93.10",
            head="交易时间,微信订单号,商户订单号,交易状态,总金额",
        ),
    )
    (row,) = at_gateway().bill(DAY)
    assert row[:7] == (BillKind.PAYMENT, TRADE, NUMBER, "", 9310, 0, "CNY")


def test_a_day_without_business_has_no_lines(gateway: Gateway, at_gateway: Make) -> None:
    gateway.will_say({"code": "NO_STATEMENT_EXIST", "message": "账单文件不存在"}, 400)
    assert list(at_gateway().bill(DAY)) == []


def test_a_bill_that_is_not_made_yet_is_asked_for_later(gateway: Gateway, at_gateway: Make) -> None:
    gateway.will_say({"code": "STATEMENT_CREATING", "message": "账单生成中"}, 400)
    with pytest.raises(BillNotReady):
        at_gateway().bill(DAY)


@pytest.mark.parametrize(
    "announced", [{"hash_value": "0" * 40}, {"hash_value": ""}, {"hash_type": "MD5"}, {"hash_type": ""}]
)
def test_a_bill_without_its_announced_hash_is_refused(
    gateway: Gateway, at_gateway: Make, announced: dict[str, str]
) -> None:
    serve(gateway, bill(SOLD), **announced)
    with pytest.raises(ProviderError, match="hash"):
        at_gateway().bill(DAY)


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/v3/billdownload/file?token=x",
        "http://169.254.169.254/v3/x",
        "file:///etc/passwd",
        "",
        "http://127.0.0.1:1/v3/x",
    ],
)
def test_a_bill_from_elsewhere_is_not_fetched(gateway: Gateway, at_gateway: Make, url: str) -> None:
    text = bill(SOLD)
    serve(gateway, text, download_url=url)
    with pytest.raises(ProviderError, match="not the gateway's"):
        at_gateway().bill(DAY)
    assert len(gateway.asked) == 1


def test_a_file_that_is_not_packed_is_refused(gateway: Gateway, at_gateway: Make) -> None:
    serve(gateway, bill(SOLD))
    gateway.answers[-1] = (200, b"not gzip", {})
    with pytest.raises(ProviderError, match="not packed"):
        at_gateway().bill(DAY)


@pytest.mark.parametrize(
    "text",
    [
        bill(SOLD, count=2),
        bill(SOLD).partition("总交易单数".encode())[0],
        bill(SOLD[:-30]),
        bill(SOLD.replace("`93.10,`0.00,`\r\n", "x")[1:]),
        bill(SOLD.replace("`0.60%,`93.10", "`0.60%,`93.101")),
        bill(SOLD.replace("2026-11-20", "20-11-26")),
        b"",
    ],
)
def test_a_bill_that_does_not_add_up_is_refused(gateway: Gateway, at_gateway: Make, text: bytes) -> None:
    serve(gateway, text)
    with pytest.raises(ProviderError) as failed:
        list(at_gateway().bill(DAY))
    assert failed.value.permanent


def test_a_long_bill_needs_no_more_memory_than_a_short_one(gateway: Gateway, at_gateway: Make) -> None:
    serve(gateway, bill(*[SOLD] * 30_000))
    rows = at_gateway().bill(DAY)
    tracemalloc.start()
    try:
        assert sum(1 for _ in rows) == 30_000
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("title", ["云听,`年度` 会员", "`,`,`", "a`"])
def test_no_title_can_break_the_bill_of_the_day(gateway: Gateway, at_gateway: Make, title: str) -> None:
    """Whoever names products could have kept a whole day from being compared."""
    serve(gateway, bill(SOLD.replace("云听音乐, 年度会员", wire.plain_title(title))))
    assert [row.trade_no for row in at_gateway().bill(DAY)] == [TRADE]
