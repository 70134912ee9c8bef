"""Dee sets up, tries, orders and switches channels; keys go in and never come out again."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests import cast
from tests.flows.gateway import Gateway, open_gateway
from xinka.accounts.models import User
from xinka.payments.actions import settings_of
from xinka.payments.models import Channel
from xinka.payments.providers.registry import KINDS
from xinka.platform.audit.models import AuditEntry

pytestmark = pytest.mark.django_db

OTHER_KEY = "pZ8wQe3RtY6uIo1LkJ4hGf7DsA0xCvBn"


def form(**changed: str) -> dict[str, str]:
    return {
        "slug": "epay-main",
        "name": "支付宝",
        "name_en": "Alipay",
        "glyph": "qr",
        "method": "alipay",
        "currency": "CNY",
        "min_amount": "1",
        "max_amount": "5,000".replace(",", ""),
        "devices": "all",
        "fee_percent": "0.6",
        "fee_fixed": "0",
        "on": "on",
        "setting-base_url": "https://pay.example/",
        "setting-pid": "1001",
        "setting-key": cast.KEY,
        "setting-sign_type": "MD5",
        **changed,
    }


def channel_at(gateway: Gateway) -> Channel:
    return cast.channel("epay-main", config={"base_url": gateway.url, "api_url": gateway.url})


def test_outsiders_see_no_channel_and_change_none(client: Client) -> None:
    channel = cast.channel()
    before = list(Channel.objects.values())
    one = f"/office/channels/{channel.id}"
    acts = ["/office/channels/new/epay", one, f"{one}/test", f"{one}/switch", f"{one}/move"]
    cast.adas_shop()
    for user in (cast.person("eve@example.com"), User.objects.get(email="ada@ada-cards.example")):
        client.force_login(user)
        assert {client.get(page).status_code for page in ("/office/channels", one)} == {404}
        assert {client.post(act, form()).status_code for act in acts} == {404}
    assert list(Channel.objects.values()) == before


def test_where_the_money_goes_is_not_changed_without_a_fresh_proof(stale: Client) -> None:
    channel = cast.channel()
    for address in ("/office/channels/new/epay", f"/office/channels/{channel.id}"):
        assert stale.get(address)["Location"].startswith("/account/reauthenticate")
        assert stale.post(address, form())["Location"].startswith("/account/reauthenticate")
    assert Channel.objects.count() == 1


def test_a_form_that_came_without_a_fresh_proof_is_carried_out_once_it_is_given(stale: Client) -> None:
    asked = stale.post("/office/channels/new/epay", form())["Location"]
    assert Channel.objects.count() == 0
    kept = {"password": cast.PASSWORD, "next": "/office/channels/new/epay"}
    answer = stale.post(asked.partition("?")[0], kept)
    made = Channel.objects.get()
    assert (answer.status_code, answer["Location"]) == (303, f"/office/channels/{made.id}")
    assert settings_of(made)["key"] == cast.KEY


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_asks_for_its_own_settings(office: Client, kind: str) -> None:
    page = office.get(f"/office/channels/new/{kind}")
    assert page.status_code == 200
    assert KINDS[kind].en in page.content.decode()
    assert office.post(f"/office/channels/new/{kind}", {}).status_code == 422


def test_a_channel_is_set_up_with_its_key_sealed(office: Client) -> None:
    assert "No channel yet" in office.get("/office/channels").content.decode()
    assert office.get("/office/channels/new/nothing").status_code == 404
    answer = office.post("/office/channels/new/epay", form())
    made = Channel.objects.get()
    assert answer["Location"] == f"/office/channels/{made.id}"
    assert (made.min_amount, made.max_amount, made.fee_bps, made.on) == (100, 500_000, 60, True)
    assert settings_of(made)["key"] == cast.KEY
    assert cast.KEY.encode() not in bytes(made.config)
    page = office.get(f"/office/channels/{made.id}").content.decode()
    assert cast.KEY not in page
    assert "/pay/notify/epay-main" in page
    entry = AuditEntry.objects.get(action="channel.save")
    assert cast.KEY not in str(entry.details)
    assert office.post("/office/channels/new/epay", form()).status_code == 422


def test_an_empty_secret_keeps_the_one_there_is_and_another_replaces_it(office: Client) -> None:
    office.post("/office/channels/new/epay", form())
    channel = Channel.objects.get()
    address = f"/office/channels/{channel.id}"
    assert office.post(address, form(**{"setting-key": "", "setting-pid": "1002"})).status_code == 303
    channel.refresh_from_db()
    assert (settings_of(channel)["key"], settings_of(channel)["pid"]) == (cast.KEY, "1002")
    office.post(address, form(**{"setting-key": OTHER_KEY}))
    channel.refresh_from_db()
    assert settings_of(channel)["key"] == OTHER_KEY


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"setting-key": "123456"}, "not safe"),
        ({"setting-base_url": "http://pay.example/"}, "https://"),
        ({"setting-key": ""}, "required"),
        ({"max_amount": "0.5"}, "must not be below"),
        ({"min_amount": "1e3"}, "Write it like"),
        ({"fee_percent": "100.01"}, "100"),
        ({"slug": "no spaces"}, "valid"),
    ],
)
def test_what_would_not_work_is_refused_with_the_reason(office: Client, changed: dict[str, str], says: str) -> None:
    answer = office.post("/office/channels/new/epay", form(**changed))
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert Channel.objects.count() == 0


def test_a_key_that_was_typed_is_asked_for_again_when_something_else_is_mended(office: Client) -> None:
    office.post("/office/channels/new/epay", form())
    made = Channel.objects.get()
    another = "nT4vXq9LmZ2rWc7HsYb5NdPg8JfAeUoQ"
    wrong = form(min_amount="a lot", **{"setting-key": another})
    page = office.post(f"/office/channels/{made.id}", wrong).content.decode()
    assert "Type it once more" in page
    assert another not in page
    assert (
        "Type it once more"
        not in office.post(f"/office/channels/{made.id}", {**wrong, "setting-key": ""}).content.decode()
    )
    office.post(f"/office/channels/{made.id}", {**wrong, "min_amount": "1"})
    assert settings_of(Channel.objects.get())["key"] == another


def test_the_test_button_tells_whether_the_gateway_knows_us(office: Client) -> None:
    with open_gateway() as gateway:
        channel = channel_at(gateway)
        office.post(f"/office/channels/{channel.id}/test")
        refused = office.get("/office/channels").content.decode()
        gateway.answer = lambda fields: {"code": "1", "pid": fields["pid"]}  # type: ignore[method-assign]  # it knows us
        office.post(f"/office/channels/{channel.id}/test")
        answered = office.get("/office/channels").content.decode()
        gateway.answer = lambda _fields: None  # type: ignore[method-assign]  # it hangs up
        office.post(f"/office/channels/{channel.id}/test")
        silent = office.get("/office/channels").content.decode()
        office.cookies["xk_lang"] = "zh-hans"
        office.post(f"/office/channels/{channel.id}/test")
        in_chinese = office.get("/office/channels").content.decode()
    assert "The test failed: the gateway refused" in refused
    assert "The gateway knows us: pid 1001" in answered
    assert "could not be reached" in silent
    assert "通道连不上" in in_chinese
    assert AuditEntry.objects.filter(action="channel.test").count() == 4


def test_channels_are_switched_and_ordered(office: Client) -> None:
    first, second = cast.channel("one", position=0), cast.channel("two", position=1)
    with CaptureQueriesContext(connection) as asked:
        office.post(f"/office/channels/{first.id}/switch", {"on": "0"})
    assert [one["sql"] for one in asked if "pg_notify" in one["sql"]] == ["SELECT pg_notify('xinka_pages', '')"]
    first.refresh_from_db()
    assert first.on is False
    office.post(f"/office/channels/{second.id}/move", {"to": "up"})
    assert list(Channel.objects.values_list("slug", flat=True)) == ["two", "one"]
    office.post(f"/office/channels/{second.id}/move", {"to": "up"})
    assert list(Channel.objects.values_list("slug", flat=True)) == ["two", "one"]
    assert list(AuditEntry.objects.order_by("id").values_list("action", flat=True)) == ["channel.off", "channel.move"]


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_list_is_there_in_both_languages(office: Client, language: str) -> None:
    channel = cast.channel()
    office.cookies["xk_lang"] = language
    for page in ("", f"/{channel.id}", "/new/epay"):
        assert office.get(f"/office/channels{page}").status_code == 200
