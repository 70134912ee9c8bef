"""What WeChat's browser does for a payee: a page gets its permission, the payee is asked, nobody else is."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest
from django.test import Client
from django.utils import timezone

from xinka.flows.payouts.wechat import WechatTransfers
from xinka.kernel.errors import ProviderError
from xinka.payments.providers.wechat import js_sdk
from xinka.payouts.details import AccountDetails, AccountKind
from xinka.payouts.providers.protocol import TransferRequest, TransferResult, TransferStatus
from xinka.sandbox import transfers
from xinka.sandbox.wechat import open_platform
from xinka.sandbox.wechat.accounts import shop_settings

if TYPE_CHECKING:
    from xinka.sandbox.models import SandboxMerchant, SandboxTransfer

MADE_UP = "o-MYE42l80oelYMDE34nYD456Xoy"
PAGE = "https://shop.example/payouts/out_1/confirm/ab"


@pytest.fixture
def payer(merchant: SandboxMerchant, base_url: str) -> WechatTransfers:
    """The shop's side."""
    js_sdk.forget()
    return WechatTransfers.of_settings(shop_settings(merchant, base_url))


def sent(payer: WechatTransfers, openid: str = MADE_UP, number: str = "out_p100") -> TransferResult:
    """Have a payout made whose payee is asked."""
    return payer.send(TransferRequest(number, AccountDetails(AccountKind.WECHAT, "艾达", openid), 20_008, "CNY", "Ada"))


def row() -> SandboxTransfer:
    from xinka.sandbox.models import SandboxTransfer

    return SandboxTransfer.objects.select_related("merchant").get()


def asks(client: Client, fields: object) -> dict[str, object]:
    """Do as the pretended function does with what a page hands to it."""
    found: dict[str, object] = client.post(
        "/sandbox/wechat/confirm", json.dumps(fields), content_type="text/plain"
    ).json()
    return found


def fields_of(payer: WechatTransfers, made: TransferResult) -> dict[str, str]:
    return dict(payer.confirm_call(made.package, PAGE).fields)


def test_the_payee_confirms_and_it_is_paid(payer: WechatTransfers) -> None:
    made = sent(payer)
    assert made.status is TransferStatus.TO_CONFIRM
    assert payer.query("out_p100").status is TransferStatus.TO_CONFIRM
    assert payer.query("out_p100").package == "", "who asks is not told it, as at WeChat"
    told = asks(Client(), fields_of(payer, made))
    assert "200.08" in str(told["amount"])
    choices = told["choices"]
    assert isinstance(choices, list)
    assert Client().post(choices[1]["url"]).json() == {"err_msg": "requestMerchantTransfer:cancel"}
    assert payer.query("out_p100").status is TransferStatus.TO_CONFIRM
    assert Client().post(choices[0]["url"]).json() == {"err_msg": "requestMerchantTransfer:ok"}
    assert payer.query("out_p100").status is TransferStatus.DONE
    assert "choices" not in asks(Client(), fields_of(payer, made))
    assert Client().post(choices[2]["url"]).json() == {"err_msg": "requestMerchantTransfer:ok"}
    assert payer.query("out_p100").status is TransferStatus.DONE, "what is paid does not lapse"


def test_the_same_number_again_tells_the_package_again_while_it_waits(payer: WechatTransfers) -> None:
    made = sent(payer)
    assert sent(payer) == made
    transfers.say(row(), transfers.Said.YES, timezone.now())
    assert (sent(payer).status, sent(payer).package) == (TransferStatus.DONE, "")


def test_what_lapsed_failed_and_says_why(payer: WechatTransfers) -> None:
    made = sent(payer)
    choices = asks(Client(), fields_of(payer, made))["choices"]
    assert isinstance(choices, list)
    Client().post(choices[2]["url"])
    found = payer.query("out_p100")
    assert (found.status, found.why) == (TransferStatus.FAILED, "OVERDUE_CLOSE")


@pytest.mark.parametrize(
    "change",
    [
        {"mchId": "1900000001"},
        {"appId": "wx" + "0" * 16},
        {"package": "bm9ib2R5IGFiYw=="},
        {"package": "%%%"},
        {"more": "x"},
    ],
)
def test_fields_that_do_not_belong_together_open_nothing(payer: WechatTransfers, change: dict[str, str]) -> None:
    fields = fields_of(payer, sent(payer))
    assert str(asks(Client(), fields | change)["err_msg"]) == "requestMerchantTransfer:fail"
    assert "choices" not in asks(Client(), [])


def test_eve_with_the_link_is_not_the_payee(payer: WechatTransfers, merchant: SandboxMerchant) -> None:
    ada, eve = Client(), Client()
    ada.cookies["xk_sandbox_visitor"] = "a" * 32
    eve.cookies["xk_sandbox_visitor"] = "e" * 32
    made = sent(payer, open_platform._openid(merchant, "a" * 32))
    fields = fields_of(payer, made)
    for client in (eve, Client()):
        told = asks(client, fields)
        assert (told["err_msg"], "choices" in told) == ("requestMerchantTransfer:fail", False)
    choices = asks(ada, fields)["choices"]
    assert isinstance(choices, list)
    assert eve.post(choices[0]["url"]).status_code == 404
    assert payer.query("out_p100").status is TransferStatus.TO_CONFIRM
    assert ada.post(choices[0]["url"]).status_code == 200
    assert payer.query("out_p100").status is TransferStatus.DONE
    assert eve.post(f"/sandbox/wechat/confirm/{'bm9ib2R5IGFiYw=='}/ok").status_code == 404


def permitted(config: dict[str, object], url: str = PAGE) -> list[str]:
    """Ask as ``wx.config`` does; return which calls the page may make."""
    body = json.dumps(config | {"url": url})
    found: list[str] = Client().post("/sandbox/wechat/js-config", body, content_type="text/plain").json()["allowed"]
    return found


def test_a_page_is_permitted_what_was_signed_for_its_own_address(payer: WechatTransfers) -> None:
    config = dict(payer.confirm_call(sent(payer).package, PAGE).config)
    assert permitted(config) == ["requestMerchantTransfer"]
    assert permitted(config, PAGE + "?x=1") == []
    for change in ({"nonceStr": "x"}, {"signature": "0" * 40}, {"appId": "wx" + "0" * 16}, {"timestamp": 7}):
        assert permitted(config | change) == []
    config["timestamp"] = int(time.time()) - 3_600
    assert permitted(config) == []
    assert permitted({}) == []


def test_who_does_not_know_the_apps_secret_gets_no_ticket(payer: WechatTransfers, merchant: SandboxMerchant) -> None:
    js_sdk.forget()
    wrong = WechatTransfers.of_settings(shop_settings(merchant, payer.config.base_url) | {"app_secret": "0" * 32})
    with pytest.raises(ProviderError, match="40125"):
        wrong.confirm_call("x", PAGE)
    place = "/sandbox/wechat/cgi-bin"
    answers = [Client().get(f"{place}/ticket/getticket", told) for told in ({"access_token": "x"}, {})]
    answers.append(Client().post(f"{place}/stable_token", "x", content_type="text/plain"))
    assert [json.loads(answer.content)["errcode"] for answer in answers] == [40001, 40001, 47001]


def test_at_gateways_whose_payees_are_not_asked_the_digits_mean_nothing(merchant: SandboxMerchant) -> None:
    made = transfers.submit(merchant, transfers.Wanted("n1", "lin@mail.example", "", 20_008), timezone.now())
    assert transfers.stage(made, timezone.now()) is transfers.Stage.PAID
