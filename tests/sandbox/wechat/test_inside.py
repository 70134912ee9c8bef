"""Inside WeChat, over real HTTP: the browser says who it is, the shop buys the openid, the page pays."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from pytest_django import Settings

from xinka.kernel.errors import ProviderError
from xinka.payments.providers.protocol import HowToPay, PayBy, PaymentRequest
from xinka.payments.providers.wechat.provider import WechatProvider

if TYPE_CHECKING:
    from xinka.sandbox.models import SandboxMerchant, SandboxTrade

STATE = "0a1b2c"


@pytest.fixture
def back(base_url: str) -> str:
    """Where the shop wants the browser back."""
    return base_url.removesuffix("/sandbox/wechat") + "/order/ord_1/pay/inside/pay_1/back"


@pytest.fixture
def phone() -> Client:
    """Cy's telephone."""
    return Client()


def code_of(phone: Client, url: str) -> str:
    """Follow the question; return the code that comes back with the state."""
    response = phone.get(urlsplit(url)._replace(scheme="", netloc="", fragment="").geturl())
    assert response.status_code == 302
    answer = parse_qs(urlsplit(response["Location"]).query)
    assert answer["state"] == [STATE]
    return answer["code"][0]


def named(provider: WechatProvider, phone: Client, back: str) -> str:
    """Return Cy's openid as the shop learns it."""
    return provider.payer_named(code_of(phone, provider.question_to(back, STATE)))


@pytest.fixture
def how(provider: WechatProvider, payment: PaymentRequest, phone: Client, back: str) -> HowToPay:
    """The payment as it was prepared for Cy."""
    return provider.prepare(replace(payment, method="", device="wechat", payer_id=named(provider, phone, back)))


@pytest.fixture
def trade(how: HowToPay) -> SandboxTrade:
    """The trade behind it."""
    from xinka.sandbox.models import SandboxTrade

    return SandboxTrade.objects.get()


def call(fields: object) -> dict[str, object]:
    """Do as the pretended function does with what a page hands to it."""
    body = json.dumps(fields)
    found: dict[str, object] = Client().post("/sandbox/wechat/bridge", body, content_type="text/plain").json()
    return found


def test_the_page_pays_with_the_signed_fields_and_the_shop_hears_of_it(
    provider: WechatProvider, how: HowToPay, trade: SandboxTrade
) -> None:
    assert (how.by, how.target) == (PayBy.BRIDGE, "getBrandWCPayRequest")
    told = call(dict(how.fields))
    assert told["payee"] == "Ada"
    assert "93.10" in str(told["amount"])
    choices = told["choices"]
    assert isinstance(choices, list)
    assert Client().post(choices[0]["url"]).json() == {"err_msg": "get_brand_wcpay_request:ok"}
    trade.refresh_from_db()
    assert (trade.type, trade.state, trade.attempts.count()) == ("JSAPI", "paid", 1)
    assert provider.query(trade.out_trade_no).paid


@pytest.mark.parametrize("said", ["cancel", "fail"])
def test_closing_the_window_pays_nothing(how: HowToPay, trade: SandboxTrade, said: str) -> None:
    url = f"/sandbox/wechat/bridge/{trade.token}/{said}"
    assert Client().post(url).json() == {"err_msg": f"get_brand_wcpay_request:{said}"}
    trade.refresh_from_db()
    assert (trade.state, trade.attempts.count()) == ("waiting", 0)


@pytest.mark.parametrize("name", ["appId", "timeStamp", "nonceStr", "package", "signType", "paySign"])
def test_a_changed_or_missing_field_opens_no_window(how: HowToPay, name: str) -> None:
    changed = dict(how.fields) | {name: how.fields[name][:-1] + ("1" if how.fields[name][-1] != "1" else "2")}
    missing = {key: value for key, value in how.fields.items() if key != name}
    for fields in (changed, missing):
        assert call(fields)["err_msg"] == "get_brand_wcpay_request:fail"


@pytest.mark.parametrize("fields", [None, [], "x", {"appId": 7}, {}])
def test_what_is_no_set_of_fields_opens_no_window(merchant: SandboxMerchant, fields: object) -> None:
    assert call(fields)["err_msg"] == "get_brand_wcpay_request:fail"


def test_one_browser_is_one_person_and_another_is_another(provider: WechatProvider, phone: Client, back: str) -> None:
    assert named(provider, phone, back) == named(provider, phone, back)
    assert named(provider, phone, back) != named(provider, Client(), back)


def test_a_code_counts_once(provider: WechatProvider, phone: Client, back: str) -> None:
    code = code_of(phone, provider.question_to(back, STATE))
    provider.payer_named(code)
    with pytest.raises(ProviderError, match="40163"):
        provider.payer_named(code)


def test_codes_and_secrets_that_are_not_right_name_nobody(provider: WechatProvider, phone: Client, back: str) -> None:
    code = code_of(phone, provider.question_to(back, STATE))
    with pytest.raises(ProviderError, match="40029"):
        provider.payer_named("0" * 32)
    other = WechatProvider(replace(provider.config, app_secret="f" * 32))
    with pytest.raises(ProviderError, match="40125"):
        other.payer_named(code)
    unknown = WechatProvider(replace(provider.config, appid="wx" + "0" * 16))
    with pytest.raises(ProviderError, match="40013"):
        unknown.payer_named(code)
    assert provider.payer_named(code)


def test_the_openid_of_another_app_opens_no_payment(provider: WechatProvider, payment: PaymentRequest) -> None:
    with pytest.raises(ProviderError, match="openid"):
        provider.prepare(replace(payment, method="", payer_id="oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("redirect_uri", "https://evil.example/back"),
        ("redirect_uri", ""),
        ("scope", "snsapi_userinfo"),
        ("response_type", "token"),
        ("state", "a-b"),
        ("appid", "wx" + "0" * 16),
    ],
)
def test_a_question_that_wechat_would_not_take_leads_nowhere(
    provider: WechatProvider, phone: Client, back: str, name: str, value: str
) -> None:
    query = {key: values[0] for key, values in parse_qs(urlsplit(provider.question_to(back, STATE)).query).items()}
    response = phone.get("/sandbox/wechat/connect/oauth2/authorize", query | {name: value})
    assert response.status_code == 400
    assert "Location" not in response.headers


def test_an_account_without_the_secret_of_its_app_pays_by_qr_code(
    merchant: SandboxMerchant, base_url: str, payment: PaymentRequest
) -> None:
    from xinka.sandbox.wechat.accounts import shop_settings

    del merchant.secrets["app_secret"]
    merchant.save()
    provider = WechatProvider.from_settings(shop_settings(merchant, base_url))
    assert provider.prepare(replace(payment, method="", device="wechat")).by is PayBy.QR


def test_any_browser_may_pretend_to_be_wechats_until_it_does_not(phone: Client, db: None, settings: Settings) -> None:
    from django.http import HttpRequest, HttpResponse

    from xinka.sandbox.wechat.open_platform import PRETENDS, PretendBrowser

    def what_the_shop_reads(cookies: dict[str, str]) -> tuple[str, str]:
        request = HttpRequest()
        request.META["HTTP_USER_AGENT"], request.COOKIES = "Firefox", cookies
        PretendBrowser(lambda _request: HttpResponse())(request)
        return request.META["HTTP_USER_AGENT"], getattr(request, "pretend_bridge", "")

    place = "/sandbox/wechat/browser"
    assert phone.post(place, {"on": "1"}).status_code == 303
    assert phone.cookies[PRETENDS].value == "1"
    assert "This browser pretends" in phone.get(place, headers={"accept-language": "en"}).content.decode()
    agent, bridge = what_the_shop_reads({PRETENDS: "1"})
    assert "MicroMessenger" in agent
    assert bridge == "sandbox/bridge.js"
    phone.post(place, {"on": "0"})
    assert phone.cookies[PRETENDS].value == ""
    assert what_the_shop_reads({}) == ("Firefox", "")
