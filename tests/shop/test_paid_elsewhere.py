"""Back from paying in another browser: what became of the money is told, and nothing of the order."""

from __future__ import annotations

from datetime import timedelta
from unittest.mock import Mock

import pytest
from django.test import Client
from django.utils import timezone

from tests import cast
from xinka.kernel import ids
from xinka.kernel.errors import ProviderError
from xinka.orders.access import order_path
from xinka.payments.models import Payment
from xinka.payments.states import PaymentState
from xinka.shop import paying as pages


def address(bought: cast.Bought, more: str = "") -> str:
    """Return where somebody who comes back from the gateway is sent to."""
    return f"{order_path(bought.order_id)}{more}?paid={ids.show('pay', bought.payment_id)}"


def told(browser: Client, path: str) -> str:
    """Return what a browser that may not open the order reads; it gets no cookie by it."""
    answer = browser.get(path, headers={"accept-language": "en"})
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    assert not answer.cookies
    return answer.content.decode()


def test_who_paid_reads_that_the_goods_are_there_and_where(delivered: cast.Bought, stranger: Client) -> None:
    page = told(stranger, address(delivered))
    assert "You paid, and your goods are there" in page
    assert "they are mailed to you as well" in page
    assert 'href="/orders/find"' in page
    for secret in ("code", "@", "98.00", "Star"):
        assert secret not in page.partition("<main")[2].partition("</main>")[0], secret


def test_the_way_from_the_gateway_leads_there(
    bought: cast.Bought, stranger: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "confirm_payment", Mock(side_effect=ProviderError("not paid")))
    back = stranger.get(f"/pay/return/alipay-md5/{ids.show('pay', bought.payment_id)}")
    page = told(stranger, back["Location"])
    assert "We cannot see your payment yet" in page
    assert "If you paid, do not pay again" in page
    assert f'href="{address(bought)}"' in page, "to look again"


def test_a_payment_that_was_closed_says_that_nothing_was_charged(bought: cast.Bought, stranger: Client) -> None:
    Payment.objects.filter(id=bought.payment_id).update(state=PaymentState.CLOSED)
    page = told(stranger, address(bought, "/pay"))
    assert "This payment was closed; you have not been charged for it." in page
    assert "Go back to that one to pay again" in page


def test_money_for_an_order_without_goods_is_not_called_goods(delivered: cast.Bought, stranger: Client) -> None:
    order = delivered.order
    order.state = "refunded"
    order.save(update_fields=["state"])
    page = told(stranger, address(delivered))
    assert "Your payment has arrived" in page
    assert "wait for our mail" in page


def test_the_browser_that_ordered_sees_its_order(delivered: cast.Bought, cy: Client) -> None:
    assert "article" in cy.get(address(delivered)).content.decode()
    assert cy.get(address(delivered, "/pay")).status_code == 303


@pytest.mark.parametrize("wrong", ["", "x", "pay_" + "0" * 26, "ord_" + "0" * 26, "pay_é", "p" * 9000])
def test_eve_without_the_payments_number_is_told_what_everybody_is(
    delivered: cast.Bought, stranger: Client, wrong: str
) -> None:
    path = order_path(delivered.order_id)
    for more in ("", "/pay"):
        assert stranger.get(path + more, {"paid": wrong}).status_code == 404
    nobodys = order_path(ids.new_uuid())
    assert stranger.get(nobodys, {"paid": ids.show("pay", delivered.payment_id)}).status_code == 404


def test_the_number_opens_nothing_else_and_not_for_ever(delivered: cast.Bought, stranger: Client) -> None:
    number = ids.show("pay", delivered.payment_id)
    path = order_path(delivered.order_id)
    assert stranger.get(f"{path}/goods", {"paid": number}).status_code == 404
    assert stranger.post(f"{path}/reveal?paid={number}").status_code == 404
    assert stranger.post(f"{path}/download?paid={number}").status_code == 404
    Payment.objects.filter(id=delivered.payment_id).update(created_at=timezone.now() - timedelta(days=1, seconds=1))
    assert stranger.get(address(delivered)).status_code == 404
