"""Who works in English reads English names, and a name that has no English is read in Chinese."""

from __future__ import annotations

import pytest
from django.test import Client

from tests import cast
from xinka.merchants.models import Merchant
from xinka.payments.models import Channel

pytestmark = pytest.mark.django_db
PAGES = ("/office/channels", "/office/reconciling", "/office/books/arrivals")


@pytest.fixture
def channel() -> Channel:
    """Has a name in both languages."""
    return cast.channel(name="支付宝甲", name_en="Alipay one")


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    ("language", "there", "absent"), [("en", "Alipay one", "支付宝甲"), ("zh-hans", "支付宝甲", "Alipay one")]
)
def test_a_channel_is_called_as_the_reader_calls_it(
    office: Client, channel: Channel, page: str, language: str, there: str, absent: str
) -> None:
    office.cookies["xk_lang"] = language
    shown = office.get(page).content.decode()
    assert there in shown
    assert absent not in shown


def test_a_merchant_without_an_english_name_keeps_the_chinese_one(office: Client) -> None:
    merchant = cast.adas_shop()
    assert "Ada&#x27;s cards" in office.get("/office/merchants").content.decode()
    Merchant.objects.filter(id=merchant.id).update(name_en="")
    assert "艾达卡铺" in office.get("/office/merchants").content.decode()


def test_who_never_signed_in_has_not_been_here_yet(office: Client) -> None:
    cast.person("fei@example.com", staff=True)
    office.cookies["xk_lang"] = "zh-hans"
    shown = office.get("/office/staff").content.decode()
    assert "还没来过" in shown
    assert "没有拆封" not in shown
