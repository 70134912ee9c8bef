"""Inside WeChat and QQ buyers are told where to go on, and their order opens there; in a browser nobody is bothered."""

from __future__ import annotations

import re
import time
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client

from tests import cast
from xinka.orders.access import order_path
from xinka.payments.models import Channel
from xinka.shop.access import order_access

pytestmark = pytest.mark.django_db

WECHAT = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) Mobile/15E148 MicroMessenger/8.0.50 NetType/WIFI"
QQ = "Mozilla/5.0 (Linux; Android 14) Mobile MQQBrowser/6.2 Safari/537.36 V1_AND_SQ_9.1.0 QQ/9.1.0.22240 NetType/4G"
QQ_BROWSER = "Mozilla/5.0 (Linux; Android 14) Chrome/109.0 MQQBrowser/15.4 Mobile Safari/537.36"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) Mobile/15E148 Safari/604.1"
HINT = "in the browser"


def cys_browser(bought: cast.Bought | None, agent: str) -> Client:
    """Cy's browser on a phone, with the order's cookie if there is an order."""
    browser = Client(headers={"User-Agent": agent, "Accept-Language": "en"})
    if bought:
        browser.cookies["xk_order"] = bought.cookie
    return browser


@pytest.mark.parametrize(
    ("agent", "method", "is_told"),
    [
        (WECHAT, "alipay", True),
        (QQ, "alipay", True),
        (WECHAT, "wxpay", False),
        (QQ, "wxpay", True),
        (QQ, "qqpay", False),
        (WECHAT, "qqpay", True),
        (QQ_BROWSER, "alipay", False),
        (PHONE, "wxpay", False),
    ],
)
def test_what_an_app_may_not_open_is_said_before_it_is_tried(
    ware: cast.Ware, agent: str, method: str, is_told: bool
) -> None:
    bought = cast.buy(ware.sku, cast.channel(method=method))
    page = cys_browser(bought, agent).get(f"{order_path(bought.order_id)}/pay").content.decode()
    assert (HINT in page, f"{order_path(bought.order_id)}/elsewhere" in page) == (is_told, is_told)


@pytest.mark.parametrize(("agent", "is_told"), [(WECHAT, True), (QQ, True), (QQ_BROWSER, False), (PHONE, False)])
def test_where_no_file_is_saved_the_way_to_a_browser_stands_instead(
    delivered: cast.Bought, agent: str, is_told: bool
) -> None:
    page = cys_browser(delivered, agent).get(order_path(delivered.order_id)).content.decode()
    assert ("Download in a browser" in page, "Download .txt" in page) == (is_told, not is_told)


@pytest.mark.parametrize("agent", [WECHAT, QQ])
def test_the_page_that_says_what_to_press_opens_the_order_in_the_browser(delivered: cast.Bought, agent: str) -> None:
    path = order_path(delivered.order_id)
    inside = cys_browser(delivered, agent)
    address = inside.get(f"{path}/elsewhere")["Location"]
    page = inside.get(address)
    assert f'value="{settings.SITE_URL}{address}"' in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    outside = cys_browser(None, PHONE)
    assert outside.get(path).status_code == 404
    answer = outside.get(address)
    assert (answer.status_code, answer["Location"]) == (303, f"{path}/pay")
    assert outside.get(answer["Location"])["Location"] == path, "what is paid needs no paying"
    assert outside.get(path).status_code == 200


def test_the_key_lasts_for_half_an_hour_and_for_one_order(
    delivered: cast.Bought, ware: cast.Ware, alipay: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, other = order_path(delivered.order_id), cast.buy(ware.sku, alipay, contact=cast.EVE)
    address = cys_browser(delivered, WECHAT).get(f"{path}/elsewhere")["Location"]
    key = re.sub(".*key=", "", address)
    expires_at = int(key.partition(".")[0], 16)
    assert timedelta(minutes=29) < timedelta(seconds=expires_at - time.time()) <= timedelta(minutes=30)
    eve = cys_browser(None, WECHAT)
    assert eve.get(f"{order_path(other.order_id)}/elsewhere?key={key}").status_code == 404
    longer = f"{expires_at + 3600:x}.{key.partition('.')[2]}"
    assert eve.get(f"{path}/elsewhere?key={longer}").status_code == 404
    old = order_access().link_token(delivered.order_id, int(time.time()) - 1)
    assert eve.get(f"{path}/elsewhere?key={old}").status_code == 404
    assert not eve.cookies.get("xk_order")


def test_inside_an_app_the_key_alone_gives_no_cookie(delivered: cast.Bought) -> None:
    address = cys_browser(delivered, WECHAT).get(f"{order_path(delivered.order_id)}/elsewhere")["Location"]
    friend = cys_browser(None, WECHAT)
    assert friend.get(address).status_code == 200
    assert not friend.cookies.get("xk_order")
