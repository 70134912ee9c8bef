"""Who pays, inside WeChat: the address the browser is sent to, and what the open platform may answer about a code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.payments.providers.wechat.wechat_side import APPID, Gateway
from xinka.kernel.errors import ProviderError
from xinka.payments.providers.errors import BadChannel
from xinka.payments.providers.inside import PaysInside
from xinka.payments.providers.protocol import Can, PaymentRequest
from xinka.payments.providers.wechat import payer, wire
from xinka.payments.providers.wechat.config import WechatConfig
from xinka.payments.providers.wechat.provider import WechatProvider

Make = Callable[..., WechatProvider]
SECRET = "0123456789abcdef0123456789abcdef"
OPENID = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
CODE = "021bNPFa1x0jRI0fHwHa1pBFFa1bNPFZ"


@pytest.fixture
def inside(at_gateway: Make, gateway: Gateway) -> WechatProvider:
    """Ada's channel with the app's secret; the open platform is the tests' own."""
    return at_gateway(app_secret=SECRET, sns_url=gateway.url)


def test_the_question_is_written_in_the_order_that_wechat_prescribes(settings_of_ada: dict[str, object]) -> None:
    provider = WechatProvider.from_settings(settings_of_ada | {"app_secret": SECRET})
    back = "https://shop.example/order/ord_1/pay/inside/pay_1/back"
    url = provider.question_to(back, "ab12")
    assert url == (
        f"https://open.weixin.qq.com/connect/oauth2/authorize?appid={APPID}"
        "&redirect_uri=https%3A%2F%2Fshop.example%2Forder%2Ford_1%2Fpay%2Finside%2Fpay_1%2Fback"
        "&response_type=code&scope=snsapi_base&state=ab12#wechat_redirect"
    )
    assert provider.asks_at == "https://open.weixin.qq.com"
    assert SECRET not in url


@pytest.mark.parametrize("state", ["", "a-b", "a&b", "x" * 129])
def test_a_state_that_wechat_would_not_carry_is_never_sent(inside: WechatProvider, state: str) -> None:
    with pytest.raises(ValueError, match=r"^"):
        inside.question_to("https://shop.example/back", state)


def test_paying_inside_is_offered_with_the_secret_alone(at_gateway: Make, inside: WechatProvider) -> None:
    assert Can.INSIDE in inside.can
    assert Can.INSIDE not in at_gateway().can
    assert isinstance(inside, PaysInside)
    assert SECRET not in repr(inside)


@pytest.mark.parametrize("secret", ["short", SECRET.upper(), SECRET + "0", "g" * 32])
def test_a_secret_that_cannot_be_one_is_refused(settings_of_ada: dict[str, object], secret: str) -> None:
    with pytest.raises(BadChannel):
        WechatConfig.from_settings(settings_of_ada | {"app_secret": secret})


@pytest.mark.parametrize("name", ["open_url", "sns_url"])
def test_the_open_platform_is_asked_over_https_only(settings_of_ada: dict[str, object], name: str) -> None:
    with pytest.raises(BadChannel):
        WechatConfig.from_settings(settings_of_ada | {name: "http://api.weixin.qq.com"})


def test_a_code_buys_the_openid_and_nothing_else_of_the_answer_is_used(
    inside: WechatProvider, gateway: Gateway
) -> None:
    answer = {"access_token": "TOKEN", "expires_in": 7200, "refresh_token": "REFRESH", "openid": OPENID}
    gateway.will_say(answer | {"scope": "snsapi_base"}, signed=False)
    assert inside.payer_named(CODE) == OPENID
    ((method, target, body, headers),) = gateway.asked
    asked = dict(parse_qsl(urlsplit(target).query))
    assert (method, urlsplit(target).path, body) == ("GET", "/sns/oauth2/access_token", b"")
    assert asked == {"appid": APPID, "secret": SECRET, "code": CODE, "grant_type": "authorization_code"}
    assert "authorization" not in headers, "the merchant's key has no business with the open platform"


@pytest.mark.parametrize("errcode", [40029, 40163, 40125, 40013])
def test_a_code_that_wechat_refuses_names_nobody_and_is_not_tried_again(
    inside: WechatProvider, gateway: Gateway, errcode: int
) -> None:
    gateway.will_say({"errcode": errcode, "errmsg": f"{CODE} {SECRET}"}, signed=False)
    with pytest.raises(ProviderError, match=str(errcode)) as refused:
        inside.payer_named(CODE)
    assert refused.value.permanent
    assert CODE not in str(refused.value)
    assert SECRET not in str(refused.value)
    assert len(gateway.asked) == 1


@pytest.mark.parametrize(
    "answer", [b"", b"<html>", b"[]", b'"openid"', {}, {"openid": ""}, {"openid": 7}, {"openid": "a&b" * 9}]
)
def test_what_names_nobody_is_no_answer(inside: WechatProvider, gateway: Gateway, answer: object) -> None:
    gateway.will_say(answer, signed=False)
    with pytest.raises(ProviderError):
        inside.payer_named(CODE)


def test_an_answer_with_another_status_is_none(inside: WechatProvider, gateway: Gateway) -> None:
    gateway.will_say({"openid": OPENID}, 502, signed=False)
    with pytest.raises(ProviderError) as refused:
        inside.payer_named(CODE)
    assert not refused.value.permanent


@pytest.mark.parametrize("code", ["", "short", "a b c d e f", "x" * 129, "../../etc/passwd"])
def test_what_cannot_be_a_code_is_not_sent_anywhere(inside: WechatProvider, gateway: Gateway, code: str) -> None:
    with pytest.raises(ProviderError):
        inside.payer_named(code)
    assert gateway.asked == []


def test_silence_is_said_as_such(inside: WechatProvider, gateway: Gateway) -> None:
    with pytest.raises(ProviderError, match="could not be reached"):
        payer.payer_named(inside.config, CODE, total_seconds=1)


@pytest.mark.parametrize(
    ("device", "openid", "way"),
    [
        ("pc", "", wire.NATIVE),
        ("mobile", "", wire.H5),
        ("wechat", "", wire.NATIVE),
        ("wechat", OPENID, wire.JSAPI),
    ],
)
def test_each_device_gets_the_way_that_works_there(
    at_gateway: Make, payment: PaymentRequest, device: str, openid: str, way: str
) -> None:
    config = at_gateway(h5=True).config
    assert wire.way_of(config, replace(payment, device=device, payer_id=openid)) == way
