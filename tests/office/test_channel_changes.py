"""Dee changes a channel on its page, Fay confirms it on hers; the till knows nothing of it before."""

from __future__ import annotations

import pytest
from django.test import Client

from tests import cast
from tests.flows.gateway import open_gateway
from tests.office.test_channels import OTHER_KEY, form
from xinka.accounts.models import User
from xinka.accounts.staff_roles import StaffRole
from xinka.flows.channels import changes
from xinka.payments.actions import settings_of
from xinka.payments.models import Channel, ChannelChange

pytestmark = pytest.mark.django_db


@pytest.fixture
def fay(dee: User) -> Client:
    """Another keeper's browser; she has just proved who she is."""
    browser = Client(headers={"accept-language": "en"})
    browser.force_login(cast.person("fay@example.com", staff=True, roles=[StaffRole.FINANCE]))
    browser.cookies["xk_lang"] = "en"
    return cast.proved(browser)


def propose(office: Client, channel: Channel) -> str:
    """Have Dee fill in another account; return the address of the change."""
    told = form(max_amount="9000", **{"setting-key": OTHER_KEY, "setting-pid": "6666"})
    return str(office.post(f"/office/channels/{channel.id}", told)["Location"])


def test_one_proposes_and_another_sees_what_becomes_other_and_confirms(office: Client, fay: Client) -> None:
    channel = cast.channel()
    before = list(Channel.objects.values())
    address = propose(office, channel)
    assert address == f"/office/channels/changes/{ChannelChange.objects.get().id}"
    assert list(Channel.objects.values()) == before
    mine = office.get(address).content.decode()
    assert "Nothing has changed yet" in mine
    assert "Take it back" in mine
    assert 'value="1"' not in mine.partition('id="decide"')[2]
    assert "Changes of channels that a second person must confirm" in fay.get("/office/").content.decode()
    assert address in fay.get("/office/channels").content.decode()
    page = fay.get(address).content.decode()
    assert "6666" in page
    assert "¥9,000.00" in page
    assert "a new value, not shown" in page
    assert OTHER_KEY not in page
    assert cast.KEY not in page
    assert fay.post(f"{address}/decide", {"grant": "1"})["Location"] == f"/office/channels/{channel.id}"
    channel.refresh_from_db()
    assert (channel.max_amount, settings_of(channel)["key"]) == (900_000, OTHER_KEY)
    assert "Confirmed" in fay.get(address).content.decode()
    acts = office.get("/office/audit").content.decode()
    assert "Proposed a change of a channel" in acts
    assert "Largest payment" in acts
    assert "max_amount" not in acts


def test_who_proposed_it_is_told_that_somebody_else_confirms(office: Client, fay: Client) -> None:
    address = propose(office, cast.channel())
    assert office.post(f"{address}/decide", {"grant": "1"})["Location"] == address
    assert "You proposed this change" in office.get(address).content.decode()
    assert ChannelChange.objects.get().decided_at is None
    assert office.post(f"{address}/decide", {"grant": "0"})["Location"] == "/office/channels"
    assert "Refused" in fay.get(address).content.decode()
    assert "already" not in fay.get("/office/channels").content.decode()


def test_a_second_form_is_told_that_one_waits(office: Client, fay: Client) -> None:
    channel = cast.channel()
    propose(office, channel)
    answer = fay.post(f"/office/channels/{channel.id}", form(**{"setting-pid": "7777"}))
    assert answer.status_code == 422
    assert "waits for a second person" in answer.content.decode()


def test_the_new_settings_are_tried_before_they_hold(office: Client, dee: User, fay: Client) -> None:
    with open_gateway() as gateway:
        channel = cast.channel("epay-main", config={"base_url": gateway.url, "api_url": gateway.url})
        channel.max_amount = 900_000
        made = changes.propose(changes.Wanted(channel, settings_of(channel)), by=dee)
        assert made is not None
        address = f"/office/channels/changes/{made.id}"
        gateway.answer = lambda fields: {"code": "1", "pid": fields["pid"]}  # type: ignore[method-assign]  # it knows us
        before = list(Channel.objects.values())
        assert fay.post(f"{address}/test")["Location"] == address
        assert "The gateway knows us" in fay.get(address).content.decode()
    assert list(Channel.objects.values()) == before
    fay.post(f"{address}/decide", {"grant": "0"})
    assert fay.post(f"{address}/test").status_code == 409


def test_a_shop_of_one_is_told_so_before_and_after(office: Client) -> None:
    channel = cast.channel()
    assert "Nobody else looks after channels here" in office.get(f"/office/channels/{channel.id}").content.decode()
    assert propose(office, channel) == f"/office/channels/{channel.id}"
    page = office.get(f"/office/channels/{channel.id}").content.decode()
    assert "Saved by you alone" in page
    assert settings_of(Channel.objects.get())["pid"] == "6666"


def test_outsiders_learn_of_no_change(office: Client, fay: Client) -> None:
    address = propose(office, cast.channel())
    outsider = Client()
    outsider.force_login(cast.person("eve@example.com"))
    assert outsider.get(address).status_code == 404
    assert {outsider.post(f"{address}/{act}").status_code for act in ("decide", "test")} == {404}
    assert ChannelChange.objects.get().decided_at is None


def test_a_kept_key_goes_to_no_address_that_one_person_named(office: Client, fay: Client) -> None:
    """Dee proposed her own machine as the gateway, kept the key unseen, and tried it: it came to her in the query."""
    heard = list[dict[str, str]]()
    with open_gateway() as hers:
        hers.answer = heard.append  # type: ignore[method-assign]  # it only listens
        channel = cast.channel("epay-main", config={"base_url": "https://pay.example/"})
        page = f"/office/channels/{channel.id}"
        moved = form(**{"setting-base_url": hers.url, "setting-key": ""})
        answer = office.post(page, moved)
        if answer.status_code == 303:
            office.post(f"{answer['Location']}/test")
        assert not [fields for fields in heard if cast.KEY in fields.values()]
        assert (answer.status_code, ChannelChange.objects.count()) == (422, 0)
        assert "Type it once more: the gateway&#x27;s address is another one" in answer.content.decode()
        assert office.post(page, moved | {"setting-key": OTHER_KEY}).status_code == 303
    same = cast.channel("epay-other", config={"base_url": "https://pay.example"})
    kept = form(**{"setting-key": "", "setting-pid": "1002"})
    assert office.post(f"/office/channels/{same.id}", kept).status_code == 303
