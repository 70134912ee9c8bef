"""The permission of a page in WeChat: signed as WeChat's own example is, bought once in two hours, told to nobody."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.payments.providers.wechat.wechat_side import APPID, Gateway
from xinka.kernel.errors import ProviderError
from xinka.payments.providers.wechat import js_sdk
from xinka.payments.providers.wechat.config import WechatConfig
from xinka.payments.providers.wechat.provider import WechatProvider

SECRET = "0123456789abcdef0123456789abcdef"
PAGE = "https://shop.example/payouts/out_1/confirm/ab"
TOKEN = {"access_token": "ACCESS_TOKEN_1", "expires_in": 7200}
TICKET = {"errcode": 0, "errmsg": "ok", "ticket": "TICKET_1-x_y", "expires_in": 7200}
NOW = 1_790_000_000.0


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    js_sdk.forget()
    yield
    js_sdk.forget()


@pytest.fixture
def config(at_gateway: Callable[..., WechatProvider], gateway: Gateway) -> WechatConfig:
    """Ada's channel with the app's secret; the open platform is the tests' own."""
    return at_gateway(app_secret=SECRET, sns_url=gateway.url).config


def ask(config: WechatConfig, now: float = NOW) -> dict[str, object]:
    return js_sdk.page_config(config, PAGE, "requestMerchantTransfer", now=now)


def test_the_signature_is_that_of_wechats_own_example() -> None:
    ticket = "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg"
    url = "http://mp.weixin.qq.com?params=value"
    expected = "0f9de62fce790f9a083d5c99e95740ceb90c27ed"
    assert js_sdk.signature(ticket, "Wm3WZYTPz0wzccnW", 1414587457, url) == expected
    assert js_sdk.signature(ticket, "Wm3WZYTPz0wzccnW", 1414587457, f"{url}#part") == expected


def test_the_secret_buys_a_token_and_that_a_ticket_which_signs_the_page(config: WechatConfig, gateway: Gateway) -> None:
    gateway.will_say(TOKEN, signed=False)
    gateway.will_say(TICKET, signed=False)
    told = ask(config)
    nonce = str(told.pop("nonceStr"))
    assert told == {
        "appId": APPID,
        "timestamp": int(NOW),
        "signature": js_sdk.signature("TICKET_1-x_y", nonce, int(NOW), PAGE),
        "jsApiList": ["requestMerchantTransfer"],
    }
    (first, second) = gateway.asked
    assert (first[0], first[1]) == ("POST", "/cgi-bin/stable_token")
    assert json.loads(first[2]) == {"grant_type": "client_credential", "appid": APPID, "secret": SECRET}
    assert (second[0], urlsplit(second[1]).path) == ("GET", "/cgi-bin/ticket/getticket")
    assert dict(parse_qsl(urlsplit(second[1]).query)) == {"access_token": "ACCESS_TOKEN_1", "type": "jsapi"}


def test_a_ticket_is_bought_once_until_shortly_before_its_end(config: WechatConfig, gateway: Gateway) -> None:
    for answer in (TOKEN, TICKET):
        gateway.will_say(answer, signed=False)
    signatures = {str(ask(config, NOW + seconds)["nonceStr"]) for seconds in (0, 1, 6_899)}
    assert (len(gateway.asked), len(signatures)) == (2, 3)
    for answer in (TOKEN, TICKET | {"ticket": "TICKET_2-x_y"}):
        gateway.will_say(answer, signed=False)
    ask(config, NOW + 6_900)
    assert len(gateway.asked) == 4


def test_another_apps_ticket_is_not_used(config: WechatConfig, gateway: Gateway) -> None:
    for answer in (TOKEN, TICKET, TOKEN, TICKET):
        gateway.will_say(answer, signed=False)
    ask(config)
    ask(replace(config, appid="wx" + "0" * 16))
    assert len(gateway.asked) == 4


def test_without_the_apps_secret_nobody_is_asked(config: WechatConfig, gateway: Gateway) -> None:
    with pytest.raises(ProviderError, match="AppSecret") as refused:
        ask(replace(config, app_secret=""))
    assert (refused.value.permanent, gateway.asked) == (True, [])


@pytest.mark.parametrize(("errcode", "permanent"), [(40125, True), (40013, True), (-1, False), (45009, False)])
def test_a_refusal_names_its_number_and_no_secret_and_is_not_kept(
    config: WechatConfig, gateway: Gateway, errcode: int, permanent: bool
) -> None:
    gateway.will_say({"errcode": errcode, "errmsg": f"no {SECRET}"}, signed=False)
    with pytest.raises(ProviderError, match=str(errcode)) as refused:
        ask(config)
    assert refused.value.permanent is permanent
    assert SECRET not in str(refused.value)
    gateway.will_say(TOKEN, signed=False)
    gateway.will_say(TICKET, signed=False)
    assert ask(config)["signature"]


@pytest.mark.parametrize(
    "answer",
    [b"", b"<html>", b"[]", {}, {"ticket": 7, "expires_in": 7200}, {"ticket": "a b c d e f g", "expires_in": 7200},
     {"ticket": "TICKET_1-x_y"}, {"ticket": "TICKET_1-x_y", "expires_in": 0}],
)  # fmt: skip
def test_what_is_no_ticket_signs_nothing(config: WechatConfig, gateway: Gateway, answer: object) -> None:
    gateway.will_say(TOKEN, signed=False)
    gateway.will_say(answer, signed=False)
    with pytest.raises(ProviderError) as refused:
        ask(config)
    assert "ACCESS_TOKEN_1" not in str(refused.value)


def test_nothing_of_it_is_printed(config: WechatConfig, gateway: Gateway) -> None:
    gateway.will_say(TOKEN, signed=False)
    gateway.will_say(TICKET, signed=False)
    ask(config)
    assert "TICKET_1" not in repr(js_sdk._tickets)
