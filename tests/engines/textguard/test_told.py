"""A line of code, a parcel's number and a telephone of an office are no scam to the model; what hides among them is."""

from __future__ import annotations

import pytest

from xinka.engines.textguard.guard import Guard
from xinka.engines.textguard.model import Model
from xinka.engines.textguard.told import told

GUARD = Guard(model=Model.load())


@pytest.mark.parametrize(
    "text",
    [
        "const add = (a, b) => a + b;",
        "if (x > 0) { return x; } else { return -x; }",
        "arr.map(x => x * 2)",
        "dp[i][j] = max(dp[i-1][j], dp[i][j-1])",
        "f(x) = sin(x)/x",
        "H2SO4 + 2NaOH -> Na2SO4 + 2H2O",
        "int a = 10; // 定义变量",
        "快递单号 SF1234567890123 已签收",
        "EMS EA123456789CN 派送中",
        "快递 YT8812345678901 显示派件",
        "序列号 SN20231129001",
        "税号 91110108MA01ABCDE2",
        "客服电话 010-62345678",
        "010-62345678",
        "医院总机 0571-87236114，转预约台",
        "总机 62345678 转 8001",
    ],
)
def test_code_formulas_and_named_numbers_are_let_pass_in_a_chat(text: str) -> None:
    assert GUARD.judge(text, "chat").decision == "allow"
    [verdict] = GUARD.judge_all([text], "chat")
    assert verdict.decision == "allow"


@pytest.mark.parametrize(
    "text",
    [
        "sell(aged_accounts) => {telegram}; bulk, cheap",
        "上下分找我 010-62345678",
        "代开发票 税点低 单号 SF1234567890123",
        "出售银行卡四件套 (a) => {b};",
        "快递单号 13800138000 加我微信，日赚三百",
    ],
)
def test_what_stands_beside_code_and_numbers_is_still_read(text: str) -> None:
    assert GUARD.judge(text, "chat").decision in {"review", "block"}


@pytest.mark.parametrize(
    "text",
    [
        "加我(微)信 => abc123",
        "看这里 https://a.example/?x=(1);{2}",
        "click t.me/abc; (free)",
        "订单异常加 QQ 123456789",
    ],
)
def test_words_contacts_and_addresses_stay(text: str) -> None:
    assert told(text) == text.lower() or told(text) == text


def test_in_a_long_message_numbers_stay() -> None:
    long = "您的订单出现异常，请在今天之内拨打我们的客服电话 400-820-8820 联系专员办理理赔，逾期将无法退款给您"
    assert told(long) == long
