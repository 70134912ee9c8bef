"""Contacts and card numbers are hidden however they are spelled; what merely looks like a number is left alone."""

from __future__ import annotations

import pytest

from xinka.engines.textguard.masking import find_masks, is_id_card, luhn
from xinka.engines.textguard.views import clean_view


def masked(text: str) -> list[tuple[str, str]]:
    return [(text[m.start : m.end], m.kind) for m in find_masks(text, clean_view(text))]


@pytest.mark.parametrize(
    ("text", "hidden", "kind"),
    [
        ("电话13800138000", "13800138000", "phone"),
        ("打 138-0013-8000 找我", "138-0013-8000", "phone"),
        ("一三八零零一三八零零零", "一三八零零一三八零零零", "phone"),
        ("幺三八洞洞幺三八洞洞洞", "幺三八洞洞幺三八洞洞洞", "phone"),
        ("１３８００１３８０００", "１３８００１３８０００", "phone"),
        ("1️⃣3️⃣8️⃣0️⃣0️⃣1️⃣3️⃣8️⃣0️⃣0️⃣0️⃣", "1️⃣3️⃣8️⃣0️⃣0️⃣1️⃣3️⃣8️⃣0️⃣0️⃣0️⃣", "phone"),
        ("衣衫吧林林衣衫吧林林林", "衣衫吧林林衣衫吧林林林", "phone"),
        ("yi san ba ling ling yi san ba ling ling ling", "yi san ba ling ling yi san ba ling ling ling", "phone"),
        ("QQ:123456789", "123456789", "qq"),
        ("扣扣 一二三四五六七", "一二三四五六七", "qq"),
        ("加微信 abc_12345", "abc_12345", "wechat"),
        ("薇❤: wx9988aa", "wx9988aa", "wechat"),
        ("V信：h e l l o 8 8 8", "h e l l o 8 8 8", "wechat"),
        ("身份证11010519491231002X", "11010519491231002X", "idcard"),
        ("卡 4111 1111 1111 1111", "4111 1111 1111 1111", "bankcard"),
        ("abc at gmail dot com", "abc at gmail dot com", "email"),
        ("zhangsan艾特163点com", "zhangsan艾特163点com", "email"),
        ("0086-138-0013-8000", "138-0013-8000", "phone"),
        ("订单有问题打13812345678", "13812345678", "phone"),
        ("快递电话 13912345678", "13912345678", "phone"),
        ("价格:13812345678", "13812345678", "phone"),
        ("call me on 13812345678 about the order", "13812345678", "phone"),
        ("订单有问题加微信abc12345", "abc12345", "wechat"),
        ("售后群 738291045", "738291045", "qq"),
        ("群号:738291045", "738291045", "qq"),
        ("138中0013国8000", "138中0013国8000", "phone"),
        ("手机 138 哈哈 0013 哈哈 8000", "138 哈哈 0013 哈哈 8000", "phone"),
        ("138(去掉)0013(中文)8000", "138(去掉)0013(中文)8000", "phone"),
        ("138💕0013💕8000", "138💕0013💕8000", "phone"),
        ("一三八中零零一三国八零零零", "一三八中零零一三国八零零零", "phone"),
        ("联系138a0013b8000", "138a0013b8000", "phone"),
        ("微信 1啊3啊8啊0013啊8000 详聊", "1啊3啊8啊0013啊8000", "phone"),
    ],
)
def test_a_contact_is_hidden_whole(text: str, hidden: str, kind: str) -> None:
    assert masked(text) == [(hidden, kind)]


@pytest.mark.parametrize(
    "text",
    [
        "激活码 ABCDE-12345-FGHIJ-67890-KLMNO",
        "VK7JG-NPHTM-C97JM-9MPGT-3V66T",
        "订单号 20240101123456789",
        "价格 199.00 库存 3000",
        "版本 1.2.3 于 2024-01-01 发布",
        "王者荣耀 60000点券 秒到",
        "QQ会员 12个月 官方直充",
        "微信支付 100元",
        "请联系客服",
        "订单号 13800138000 已付款",
        "订单编号是13812345678",
        "Order #13812345678 shipped",
        "https://shop.example/order/13812345678?page=1",
        "单号SF13800138000 已签收",
        "uid:13812345678",
        "游戏ID 13812345678",
        "A1B2-C3D4-13812345678",
        "交易号 4111111111111111",
        "比分 13:11 13:8 11:13",
        "比赛 11-9 9-11 13-11 胜",
        "募集 15000000000 元",
        "营收 13912345678 元",
        "total 13,812,345,678",
        "QQ 12:30-13:30 在线",
        "微信 2024-01-01 更新",
        "售后群有 738291 人",
        "0x13812345678",
        "地址 0XFF13812345678 崩溃",
        "U+13812345678",
        "比例 0.13812345678 左右",
        "sha 9f13812345678ab",
        "耗时 13812345678ms",
        "文件 13812345678 字节",
        "138元0013件8000",
        "138章0013页8000字",
        "A138B0013C8000",
        "138a0013b8000",
        "电话 1单元3栋8楼0013号8000",
    ],
)
def test_keys_orders_prices_and_dates_are_left_alone(text: str) -> None:
    assert masked(text) == []


def test_of_several_phones_in_a_row_each_is_hidden() -> None:
    assert masked("13812345678, 13912345678 两个号") == [("13812345678", "phone"), ("13912345678", "phone")]


def test_an_id_number_needs_its_check_and_a_day_that_was() -> None:
    assert is_id_card("11010519491231002x")
    assert not is_id_card("110105194912310021")
    assert not is_id_card("11010519491331002x")
    assert not is_id_card("99010519491231002x")


def test_luhn() -> None:
    assert luhn("4111111111111111")
    assert not luhn("4111111111111112")
