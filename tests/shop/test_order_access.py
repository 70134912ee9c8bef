"""Nobody but the buyer learns that an order exists: Eve, whatever she tries, sees the page of a made-up number."""

from __future__ import annotations

import re
import time

import pytest
from django.http import HttpResponse
from django.test import Client

from tests import cast
from xinka.kernel import ids
from xinka.orders.access import LINK_FOR, order_path
from xinka.orders.models import Order
from xinka.payments.models import Channel

pytestmark = pytest.mark.django_db

GETS = ["", "/pay", "/goods", "/open?t=1f.00", "?key=1f.00", "/open", "/elsewhere", "/elsewhere?key=1f.00"]
POSTS = ["/pay", "/cancel", "/reveal", "/download"]


def test_a_buyer_whose_order_is_too_old_is_told_so_and_eve_hears_nothing_of_it(
    delivered: cast.Bought, stranger: Client
) -> None:
    path = order_path(delivered.order_id)
    Order.objects.filter(id=delivered.order_id).update(contact=b"")
    cys = Client(headers={"accept-language": "en"})
    cys.cookies["xk_order"] = delivered.cookie
    for answer in (cys.get(path), cys.post(f"{path}/reveal")):
        assert answer.status_code == 410
        assert "so old that its goods and contact have been deleted" in answer.content.decode()
    assert stranger.get(path).status_code == 404


def eves_browsers(other: cast.Bought) -> dict[str, Client]:
    """Return every browser Eve can have."""
    plain, borrowed, guessed, signed_in, unverified = (Client(headers={"accept-language": "en"}) for _ in range(5))
    borrowed.cookies["xk_order"] = other.cookie
    guessed.cookies["xk_order"] = "0" * 32
    signed_in.force_login(cast.person(cast.EVE))
    # She opened an account with Cy's address, but could not confirm it.
    unverified.force_login(cast.person(cast.CY, verified=False))
    return {
        "no cookie": plain,
        "the cookie of another order": borrowed,
        "a guessed cookie": guessed,
        "her own account": signed_in,
        "an unconfirmed account": unverified,
    }


def seen(response: HttpResponse, path: str) -> tuple[int, str]:
    """Return what an answer tells, without the address that was asked for."""
    body = response.content.decode().replace(path, "PATH")
    return response.status_code, re.sub(r"ord_[0-9a-z]{26}", "ORDER", body)


@pytest.mark.parametrize("suffix", GETS)
def test_eve_sees_the_page_of_a_made_up_number(
    delivered: cast.Bought, ware: cast.Ware, alipay: Channel, suffix: str
) -> None:
    other = cast.buy(ware.sku, alipay, contact=cast.EVE)
    real, made_up = (f"{order_path(one)}{suffix}" for one in (delivered.order_id, ids.new_uuid()))
    answers = {}
    for who, browser in eves_browsers(other).items():
        answers[who] = seen(browser.get(real), real)
        assert answers[who] == seen(browser.get(made_up), made_up), who
    assert {status for status, _ in answers.values()} == {404}
    assert len(set(answers.values())) == 1


@pytest.mark.parametrize("suffix", POSTS)
def test_eve_can_do_nothing_either(delivered: cast.Bought, ware: cast.Ware, alipay: Channel, suffix: str) -> None:
    other = cast.buy(ware.sku, alipay, contact=cast.EVE)
    real, made_up = (f"{order_path(one)}{suffix}" for one in (delivered.order_id, ids.new_uuid()))
    for who, browser in eves_browsers(other).items():
        assert seen(browser.post(real), real) == seen(browser.post(made_up), made_up), who
        assert browser.post(real).status_code == 404
    assert delivered.order.state == "delivered"


@pytest.mark.parametrize("shown", ["ord_", "ord_x", "pay_" + "0" * 26, "ord_" + "z" * 26, "ord_" + "0" * 27, "1"])
def test_a_malformed_number_looks_like_an_unknown_one(stranger: Client, shown: str) -> None:
    unknown = order_path(ids.new_uuid())
    assert seen(stranger.get(f"/order/{shown}"), f"/order/{shown}") == seen(stranger.get(unknown), unknown)


def test_who_is_not_let_in_is_shown_where_orders_are_found(stranger: Client) -> None:
    assert 'class="btn" href="/orders/find"' in stranger.get(order_path(ids.new_uuid())).content.decode()


def test_the_browser_that_ordered_sees_its_order(delivered: cast.Bought, cy: Client) -> None:
    assert cy.get(order_path(delivered.order_id)).status_code == 200


def test_cy_signed_in_with_the_confirmed_address_sees_it_and_gets_the_cookie(delivered: cast.Bought) -> None:
    browser = Client()
    browser.force_login(cast.person(cast.CY))
    response = browser.get(order_path(delivered.order_id))
    assert response.status_code == 200
    assert response.cookies["xk_order"].value == delivered.cookie
    assert response.cookies["xk_order"]["path"] == order_path(delivered.order_id)
    assert response.cookies["xk_order"]["httponly"]


@pytest.mark.parametrize("form", ["{path}/open?t={token}", "{path}?key={token}"])
def test_a_mailed_link_opens_the_order_and_leaves_no_secret_in_the_address(
    delivered: cast.Bought, stranger: Client, form: str
) -> None:
    path = order_path(delivered.order_id)
    token = cast.access().link_token(delivered.order_id, int(time.time()) + LINK_FOR)
    response = stranger.get(form.format(path=path, token=token))
    assert (response.status_code, response["Location"]) == (303, path)
    assert stranger.get(path).status_code == 200


def test_a_link_that_is_too_old_or_of_another_order_opens_nothing(
    delivered: cast.Bought, ware: cast.Ware, alipay: Channel, stranger: Client
) -> None:
    other = cast.buy(ware.sku, alipay, contact=cast.EVE)
    path = order_path(delivered.order_id)
    for token in (
        cast.access().link_token(delivered.order_id, int(time.time()) - 1),
        cast.access().link_token(other.order_id, int(time.time()) + LINK_FOR),
        "",
        "zz",
        "-1.00",
        "f" * 400 + ".00",
    ):
        response = stranger.get(f"{path}/open", {"t": token})
        assert response.status_code == 404
        assert not response.cookies
