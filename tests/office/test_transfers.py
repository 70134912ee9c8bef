"""Dee writes a transfer down, another confirms it; outsiders do neither."""

from __future__ import annotations

import pytest
from django.test import Client

from tests import cast
from tests.flows.payouts import finance
from tests.flows.test_paying_transfers import ACCOUNT
from xinka.flows.paying.transfers import Seen, record_line, reference_of
from xinka.orders.states import OrderState
from xinka.payments.channels import seal_config
from xinka.payments.models import BankLine, Channel, Payment
from xinka.payments.states import BankLineState

pytestmark = pytest.mark.django_db


@pytest.fixture
def bought() -> cast.Bought:
    way = Channel.objects.create(
        slug="bank", name="转账", name_en="Transfer", provider="manual", config=seal_config("bank", ACCOUNT)
    )
    return cast.buy(cast.ware(cast.adas_shop(), 1).sku, way)


def told(bought: cast.Bought, **changed: str) -> dict[str, str]:
    reference = reference_of(Payment.objects.get(id=bought.payment_id))
    return {"channel": str(bought.channel.id), "bank_no": "B-1", "amount": "49.00", "reference": reference, **changed}


def test_outsiders_neither_see_nor_confirm(client: Client, bought: cast.Bought) -> None:
    line = record_line(Seen(bought.channel, "B-1", 4_900), by=finance())
    for user in (cast.person(cast.EVE), cast.User.objects.get(email="ada@ada-cards.example")):
        client.force_login(user)
        assert client.get("/office/transfers").status_code == 404
        assert client.post("/office/transfers", told(bought, bank_no="B-2")).status_code == 404
        assert client.post(f"/office/transfers/{line.id}/confirm").status_code == 404
        assert client.post(f"/office/transfers/{line.id}/discard").status_code == 404
    assert list(BankLine.objects.values_list("bank_no", "state")) == [("B-1", BankLineState.RECORDED)]


def test_one_writes_down_and_another_confirms(office: Client, bought: cast.Bought) -> None:
    assert reference_of(Payment.objects.get()) in office.get("/office/transfers").content.decode()
    assert office.post("/office/transfers", told(bought)).status_code == 303
    line = BankLine.objects.get()
    assert "waits for somebody else" in office.get("/office/transfers").content.decode()
    assert office.post(f"/office/transfers/{line.id}/confirm").status_code == 403
    assert bought.order.state == OrderState.AWAITING_PAYMENT
    fay = Client()
    fay.force_login(finance())
    cast.proved(fay)
    fay.cookies["xk_lang"] = "en"
    assert fay.post(f"/office/transfers/{line.id}/confirm").status_code == 303
    assert "Confirmed: Paid in full" in fay.get("/office/transfers").content.decode()
    assert bought.order.state == OrderState.DELIVERED


@pytest.mark.parametrize("typed", ["¥1,234.50", "１,234.50", "1234,5"])
def test_an_amount_is_taken_as_the_statement_writes_it(office: Client, bought: cast.Bought, typed: str) -> None:
    assert office.post("/office/transfers", told(bought, amount=typed)).status_code == 303
    assert BankLine.objects.get().amount == 123450


@pytest.mark.parametrize(
    ("changed", "says"),
    [({"amount": "4,9,1"}, "Write it like"), ({"amount": "0"}, "no amount"), ({"bank_no": ""}, "required")],
)
def test_what_is_wrong_is_said(office: Client, bought: cast.Bought, changed: dict[str, str], says: str) -> None:
    answer = office.post("/office/transfers", told(bought, **changed))
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert BankLine.objects.count() == 0


def test_a_mistake_is_discarded(office: Client, bought: cast.Bought) -> None:
    office.post("/office/transfers", told(bought))
    assert office.post("/office/transfers", told(bought)).status_code == 422
    office.post(f"/office/transfers/{BankLine.objects.get().id}/discard")
    assert BankLine.objects.get().state == BankLineState.DISCARDED
    assert "Nothing waits" in office.get("/office/transfers").content.decode()


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_without_a_channel_it_says_what_to_do(office: Client, language: str) -> None:
    office.cookies["xk_lang"] = language
    assert "/office/channels/new/manual" in office.get("/office/transfers").content.decode()
