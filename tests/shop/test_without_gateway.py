"""The pages of paying from a balance and by transfer, and what fits a device."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import Settings

from tests import cast
from tests.flows.test_paying_transfers import ACCOUNT
from tests.flows.test_paying_wallet import cy
from xinka.flows.paying.transfers import reference_of
from xinka.flows.paying.wallet import balance_of_buyer
from xinka.kernel import ids
from xinka.orders.states import OrderState
from xinka.payments.channels import seal_config
from xinka.payments.models import Channel, Payment

pytestmark = pytest.mark.django_db

PHONE = "Mozilla/5.0 (Linux; Android 14) Mobile Safari"


def bought_through(kind: str, config: dict[str, object]) -> cast.Bought:
    way = Channel.objects.create(
        slug=kind, name="转账", name_en="By hand", provider=kind, config=seal_config(kind, config)
    )
    return cast.buy(cast.ware(cast.adas_shop(), 1).sku, way)


def buyer(client: Client, bought: cast.Bought) -> Client:
    """Return the browser that placed the order."""
    client.cookies["xk_order"] = bought.cookie
    client.cookies["xk_lang"] = "en"
    return client


def page_of(bought: cast.Bought, kind: str = "") -> str:
    return f"/order/{ids.show('ord', bought.order_id)}/pay{kind}"


def here(bought: cast.Bought) -> str:
    return f"/pay/here/{ids.show('pay', bought.payment_id)}"


def test_a_transfer_page_says_where_to_and_with_which_reference(client: Client) -> None:
    bought = bought_through("manual", {**ACCOUNT, "instructions_en": "Weekdays only."})
    own = buyer(client, bought)
    assert here(bought) in own.get(page_of(bought)).content.decode()
    assert own.get(here(bought))["Location"] == page_of(bought, "/transfer")
    page = own.get(page_of(bought, "/transfer")).content.decode()
    for words in (*ACCOUNT.values(), "Weekdays only.", reference_of(Payment.objects.get()), "49.00"):
        assert words in page
    cast.pay(bought)
    assert ACCOUNT["account"] not in own.get(page_of(bought, "/transfer")).content.decode()


def test_eve_learns_no_account_and_no_reference(client: Client) -> None:
    bought = bought_through("manual", dict(ACCOUNT))
    known = cast.person(cast.EVE)
    for _ in range(2):
        answer = client.get(page_of(bought, "/transfer"))
        assert ACCOUNT["account"] not in answer.content.decode()
        assert reference_of(Payment.objects.get()) not in answer.content.decode()
        assert answer.status_code != 200
        client.force_login(known)
    assert client.get("/pay/here/pay_nothing").status_code == 404
    through_a_gateway = cast.buy(cast.ware(cast.adas_shop(slug="beas"), 1, slug="beas").sku, cast.channel())
    assert client.get(here(through_a_gateway)).status_code == 404


def test_cy_pays_from_the_balance(client: Client, settings: Settings) -> None:
    settings.WALLET = True
    bought, person = bought_through("balance", {}), cy()
    own = buyer(client, bought)
    assert own.get(page_of(bought, "/balance"))["Location"].startswith("/account/login")
    own.force_login(person)
    page = own.get(page_of(bought, "/balance")).content.decode()
    assert "¥100.00" in page
    assert "¥51.00" in page
    assert own.post(page_of(bought, "/balance")).status_code == 303
    assert bought.order.state == OrderState.DELIVERED
    assert balance_of_buyer(person) == 5_100
    assert "nothing left to pay" in own.get(page_of(bought, "/balance")).content.decode()


def test_a_balance_that_is_too_low_says_so_and_stays(client: Client, settings: Settings) -> None:
    settings.WALLET = True
    bought, person = bought_through("balance", {}), cy(100)
    own = buyer(client, bought)
    own.force_login(person)
    assert "does not cover" in own.get(page_of(bought, "/balance")).content.decode()
    assert own.post(page_of(bought, "/balance")).status_code == 409
    assert balance_of_buyer(person) == 100


def test_where_there_are_no_balances_the_page_is_not_there(client: Client, settings: Settings) -> None:
    settings.WALLET = False
    bought, person = bought_through("balance", {}), cy()
    own = buyer(client, bought)
    own.force_login(person)
    assert own.get(page_of(bought, "/balance")).status_code == 404
    assert own.post(page_of(bought, "/balance")).status_code == 404
    assert balance_of_buyer(person) == 10_000


@pytest.mark.parametrize(
    ("agent", "offered"), [(PHONE, {"everywhere", "phones"}), ("Firefox", {"everywhere", "desks"})]
)
def test_other_ways_to_pay_fit_the_device(client: Client, agent: str, offered: set[str]) -> None:
    bought = cast.buy(cast.ware(cast.adas_shop(), 1).sku, cast.channel())
    for slug, devices in {"everywhere": "all", "phones": "phone", "desks": "desktop"}.items():
        cast.channel(slug, devices=devices)
    own = buyer(client, bought)
    page = own.get(page_of(bought), headers={"User-Agent": agent}).content.decode()
    assert {slug for slug in ("everywhere", "phones", "desks") if f'value="{slug}"' in page} == offered


def test_the_kept_page_names_only_what_everybody_can_use(client: Client, settings: Settings) -> None:
    made = cast.ware(cast.adas_shop(), 1)
    cast.channel("phones", devices="phone")
    page = f"/p/{made.product.slug}"
    assert 'value="phones"' in client.get(page).content.decode()
    cast.channel("everywhere")
    Channel.objects.create(
        slug="wallet", name="余额", name_en="Balance", provider="balance", config=seal_config("wallet", {})
    )
    for wallet in (False, True):
        settings.WALLET = wallet
        shown = client.get(page).content.decode()
        assert 'value="everywhere"' in shown
        assert 'value="phones"' not in shown
        assert ('value="wallet"' in shown) is wallet
