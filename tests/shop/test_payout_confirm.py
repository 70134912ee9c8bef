"""The payee's page: in WeChat it calls WeChat, elsewhere it shows the way there; without the link there is no page."""

from __future__ import annotations

import html
import json
import logging
import re

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from tests.flows.paying import Place
from tests.flows.payouts import finance
from xinka.flows.payouts.gateway import call_back, execute
from xinka.payments.providers.wechat import js_sdk
from xinka.payouts.access import confirm_path
from xinka.payouts.models import Payout
from xinka.payouts.states import PayoutState
from xinka.platform.vault import keys
from xinka.sandbox import transfers
from xinka.sandbox.models import SandboxTransfer
from xinka.sandbox.transfers import Said
from xinka.sandbox.wechat.transfers import package_of

pytestmark = pytest.mark.django_db(transaction=True)

WECHAT = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) Mobile/15E148 MicroMessenger/8.0.50 NetType/WIFI"


@pytest.fixture
def payout(live_server: LiveServer, settings: Settings) -> Payout:
    """A payout of ¥400.08 that its payee has not confirmed."""
    keys.forget()
    js_sdk.forget()
    settings.SITE_URL = live_server.url
    made = Place("wechat", live_server.url).sending(40_008)
    execute(made.id)
    return Payout.objects.get(id=made.id)


@pytest.fixture
def desktop() -> Client:
    return Client(headers={"accept-language": "en"})


@pytest.fixture
def phone() -> Client:
    """Ada's telephone, in WeChat."""
    return Client(headers={"accept-language": "en", "user-agent": WECHAT})


def page_of(client: Client, payout: Payout) -> str:
    answer = client.get(confirm_path(payout.id))
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    assert answer["Referrer-Policy"] == "same-origin", "the address is what opens the page: it is told to nobody else"
    return html.unescape(answer.content.decode())


def test_on_a_computer_it_shows_a_code_that_opens_it_in_wechat(payout: Payout, desktop: Client) -> None:
    page = page_of(desktop, payout)
    assert "400.08" in page
    assert "data:image/svg+xml" in page
    assert "data-bridge" not in page
    assert package_of(SandboxTransfer.objects.select_related("merchant").get()) not in page


def test_in_wechat_it_calls_wechat_and_permits_wechats_script_alone(
    payout: Payout, phone: Client, settings: Settings
) -> None:
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "PretendBrowser" not in name]
    answer = phone.get(confirm_path(payout.id))
    page = html.unescape(answer.content.decode())
    fields = json.loads(re.findall(r'data-bridge="(.*?)" data-call', page)[0])
    made = SandboxTransfer.objects.select_related("merchant").get()
    assert fields == {"mchId": made.merchant.pid, "appId": made.merchant.secrets["appid"], "package": package_of(made)}
    config = json.loads(re.findall(r'data-config="(.*?)" data-paid', page)[0])
    assert config["jsApiList"] == ["requestMerchantTransfer"]
    assert '<script src="https://res.wx.qq.com/open/js/jweixin-1.6.0.js">' in page
    (scripts,) = [part for part in answer["Content-Security-Policy"].split("; ") if part.startswith("script-src")]
    assert scripts == "script-src 'self' https://res.wx.qq.com"
    assert "data:image/svg+xml" not in page


def test_a_browser_that_pretends_to_be_wechats_is_given_wechats_functions(payout: Payout, desktop: Client) -> None:
    desktop.cookies["xk_pretend_wechat"] = "1"
    page = page_of(desktop, payout)
    assert "data-bridge" in page
    assert "sandbox/bridge" in page
    assert "res.wx.qq.com" not in page


def test_what_wechat_says_is_asked_about_and_the_page_then_says_it_is_paid(payout: Payout, phone: Client) -> None:
    path = confirm_path(payout.id)
    Payout.objects.update(due_at=timezone.now())
    transfers.say(SandboxTransfer.objects.get(), Said.YES, timezone.now())
    answer = phone.get(f"{path}?said=1")
    assert (answer.status_code, answer["Location"]) == (303, f"{path}?asked=1")
    assert "Paid out." in page_of(phone, payout)
    assert Payout.objects.get().state == PayoutState.PAID


def test_who_only_says_so_is_not_believed(payout: Payout, phone: Client) -> None:
    Payout.objects.update(due_at=timezone.now())
    page = html.unescape(phone.get(f"{confirm_path(payout.id)}?said=1", follow=True).content.decode())
    assert Payout.objects.get().state == PayoutState.SENDING
    assert "WeChat does not know yet that you confirmed." in page
    assert "data-bridge" not in page, "who comes back from WeChat is not sent there again at once"


def test_what_was_not_confirmed_in_time_is_said(payout: Payout, desktop: Client, phone: Client) -> None:
    Payout.objects.update(confirm_by=timezone.now(), due_at=timezone.now())
    for client in (desktop, phone):
        page = page_of(client, payout)
        assert "The time to confirm is over." in page
        assert "data-bridge" not in page
    transfers.say(SandboxTransfer.objects.get(), Said.LAPSED, timezone.now())
    phone.get(f"{confirm_path(payout.id)}?said=1")
    assert "It was not paid." in page_of(phone, payout)


def test_where_wechat_gives_no_permission_the_page_says_so(payout: Payout, phone: Client) -> None:
    account = SandboxTransfer.objects.select_related("merchant").get().merchant
    account.secrets["app_secret"] = "0" * 32
    account.save()
    page = page_of(phone, payout)
    assert "WeChat's page cannot be opened from here now." in page
    assert "data-bridge" not in page
    assert "40125" not in page


def test_eve_finds_nothing_without_the_link(payout: Payout, desktop: Client) -> None:
    path = confirm_path(payout.id)
    for wrong in (path[:-1], path[:-1] + "0" * (path[-1] != "0") + "1" * (path[-1] == "0"), path + "0", f"{path}/x"):
        assert desktop.get(wrong).status_code == 404
    assert desktop.post(path).status_code == 405
    assert Payout.objects.get().state == PayoutState.SENDING


def test_a_proof_reaches_no_log_line(payout: Payout, desktop: Client, caplog: pytest.LogCaptureFixture) -> None:
    proof = confirm_path(payout.id).rpartition("/")[2]
    with caplog.at_level(logging.INFO):
        assert desktop.get(confirm_path(payout.id).replace("out_", "out_0")).status_code == 404
        assert desktop.post(confirm_path(payout.id)).status_code == 405
    refused = [record for record in caplog.records if record.getMessage() == "request.refused"]
    assert refused
    assert not [record for record in caplog.records if proof in str(vars(record))]


def test_it_is_written_in_chinese_too(payout: Payout) -> None:
    page = page_of(Client(headers={"accept-language": "zh-CN"}), payout)
    assert "在微信里确认" in page


def test_what_is_called_back_is_not_asked_for_any_more_and_then_the_page_says_so(payout: Payout, phone: Client) -> None:
    before = page_of(Client(headers={"accept-language": "en"}), payout)
    assert "Not wanted any more?" in before
    assert "/desk/ada-cards/payouts" in before
    call_back(payout.id, by=finance())
    meanwhile = page_of(phone, payout)
    assert "It is being called back." in meanwhile
    assert "data-bridge" not in meanwhile
    assert "Not wanted any more?" not in meanwhile
    execute(payout.id)
    assert "It was called back." in page_of(phone, payout)
