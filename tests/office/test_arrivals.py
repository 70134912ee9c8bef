"""What gateways pay into the bank is entered by staff, once, and never more than the gateways owe."""

from __future__ import annotations

import pytest
from django.test import Client

from tests import cast
from xinka.flows.audit import check_all
from xinka.flows.reconciling.arrivals import KEY
from xinka.ledger.accounts import Account
from xinka.ledger.models import Entry, Journal
from xinka.ledger.queries import owed_by_gateways
from xinka.payments.models import Channel
from xinka.platform.audit.models import AuditEntry
from xinka.platform.database.django_drive import run

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "/office/books/arrivals"


@pytest.fixture
def channel() -> Channel:
    """A gateway that owes 49.00."""
    found = cast.channel()
    cast.settle(cast.money_for(cast.buy(cast.ware(cast.adas_shop(), 1).sku, found)))
    return found


def came(channel: Channel, told: str = "49.00", arrived: str = "", number: str = "S1") -> dict[str, str | int]:
    return {"channel": channel.id, "number": number, "told": told, "arrived": arrived}


def entered() -> dict[int, int]:
    journals = Journal.objects.filter(key__startswith=KEY).values("id")
    return dict(Entry.objects.filter(journal_id__in=journals).values_list("account", "amount"))


def broken() -> list[str]:
    return [finding.check.name for finding in run(check_all()) if finding.rows]


def test_all_that_was_sent_came(office: Client, channel: Channel, dee: cast.User) -> None:
    assert "Nothing has come from a gateway yet" in office.get(PAGE).content.decode()
    assert office.post(PAGE, came(channel)).status_code == 303
    assert entered() == {Account.CLEARING: -4900, Account.BANK_TRUST: 4900}
    assert owed_by_gateways() == {}
    act = AuditEntry.objects.get(action="books.arrival")
    assert (act.actor_id, act.subject, act.details) == (
        dee.id,
        channel.slug,
        {"lines": 1, "amount": 4900, "currency": "CNY"},
    )
    page = office.get(PAGE).content.decode()
    assert "S1" in page
    assert "No gateway owes anything" in page
    assert broken() == []


@pytest.mark.parametrize(
    ("arrived", "rest"), [("48.50", 50), ("49.50", -50), ("0", 4900)], ids=["less", "more", "none"]
)
def test_what_is_between_the_two_waits_in_suspense(office: Client, channel: Channel, arrived: str, rest: int) -> None:
    assert office.post(PAGE, came(channel, arrived=arrived)).status_code == 303
    legs = {Account.CLEARING: -4900, Account.SUSPENSE: rest, Account.BANK_TRUST: 4900 - rest}
    assert entered() == {account: amount for account, amount in legs.items() if amount}
    assert office.get(PAGE).status_code == 200
    assert broken() == []


def test_the_same_transfer_again_enters_nothing_and_with_another_amount_is_refused(
    office: Client, channel: Channel
) -> None:
    assert office.post(PAGE, came(channel, "20.00")).status_code == 303
    assert office.post(PAGE, came(channel, "20.00")).status_code == 303
    assert "This was entered before" in office.get(PAGE).content.decode()
    answer = office.post(PAGE, came(channel, "21.00"))
    assert answer.status_code == 422
    assert "other content" in answer.content.decode()
    assert owed_by_gateways() == {(channel.id, "CNY"): 2900}
    assert AuditEntry.objects.filter(action="books.arrival").count() == 1


@pytest.mark.parametrize(
    ("told", "arrived", "words"),
    [
        ("49.01", "", "owes 49.00 CNY"),
        ("490", "", "owes 49.00 CNY"),
        ("0", "", "This is no amount"),
        ("-1", "", "told"),
        ("1.001", "", "told"),
        ("49.00", "many", "arrived"),
        ("", "", "told"),
    ],
)
def test_what_cannot_be_is_refused_and_enters_nothing(
    office: Client, channel: Channel, told: str, arrived: str, words: str
) -> None:
    answer = office.post(PAGE, came(channel, told, arrived))
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert entered() == {}


def test_the_page_is_in_chinese_too(office: Client, channel: Channel) -> None:
    office.post(PAGE, came(channel, "20.00", "19.00"))
    office.cookies["xk_lang"] = "zh-hans"
    page = office.get(PAGE).content.decode()
    assert "通道到账" in page
    assert "到账" in office.get("/office/books").content.decode()
    assert "没有入账" in office.post(PAGE, came(channel, "49.00", number="S2")).content.decode()


def test_eve_and_a_merchant_see_nothing_and_enter_nothing(channel: Channel) -> None:
    for visitor in (None, cast.person("eve@example.com"), cast.person("ada@example.com")):
        browser = Client()
        if visitor is not None:
            browser.force_login(visitor)
        assert browser.get(PAGE).status_code in {302, 404}
        assert browser.post(PAGE, came(channel)).status_code in {302, 403, 404}
    assert entered() == {}
