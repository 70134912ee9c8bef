"""Finding an order again, without telling anybody who has ordered what."""

from __future__ import annotations

import re

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from tests import cast
from xinka.orders.access import order_path
from xinka.orders.models import Order
from xinka.payments.models import Channel
from xinka.platform.vault.keys import blind_index
from xinka.shop import lookup_limits

pytestmark = pytest.mark.django_db
FIND = "/orders/find"


def words(response: HttpResponse) -> str:
    """Return the page without what was typed and without the form's token."""
    body = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", response.content.decode())
    return re.sub(r' value="[^"]*"', "", body)


def test_who_is_signed_in_is_led_to_their_own_orders(bought: cast.Bought, stranger: Client) -> None:
    before = stranger.get(FIND).content.decode()
    assert "You are signed in" not in before
    stranger.force_login(cast.person(cast.CY))
    for path in (FIND, "/account/"):
        page = stranger.get(path).content.decode()
        assert 'href="/orders">See my orders</a>' in page
    assert order_path(bought.order_id) in stranger.get("/orders").content.decode()


@pytest.mark.parametrize("contact", ["cy@example.com", " CY@Example.com ", "ｃｙ@example.com"])
def test_contact_and_made_password_open_the_order(bought: cast.Bought, stranger: Client, contact: str) -> None:
    response = stranger.post(FIND, {"contact": contact, "password": f" {bought.password.upper()} "})
    assert (response.status_code, response["Location"]) == (303, order_path(bought.order_id))
    assert response.cookies["xk_order"].value == bought.cookie
    assert stranger.get(order_path(bought.order_id)).status_code == 200


def test_a_browser_that_keeps_no_cookies_is_told_so(bought: cast.Bought) -> None:
    for language, word in (("en", "cookies"), ("zh-CN", "Cookie")):
        browser = Client(enforce_csrf_checks=True, headers={"accept-language": language})
        answer = browser.post(FIND, {"contact": cast.CY, "password": bought.password})
        assert (answer.status_code, word in answer.content.decode()) == (403, True)
        assert word in browser.get(order_path(bought.order_id)).content.decode(), "who has just ordered sees this one"
        browser.get(FIND)
        answer = browser.post(FIND, {"contact": cast.CY, "password": bought.password})
        assert (answer.status_code, word in answer.content.decode()) == (403, False)


@pytest.mark.parametrize("between", ["", " ", "－", "—", "–", " - "])
def test_a_made_password_is_understood_however_its_halves_are_joined(
    bought: cast.Bought, stranger: Client, between: str
) -> None:
    password = bought.password.replace("-", between)
    full_width = "".join(chr(ord(char) + 0xFEE0) if char.isalnum() else char for char in password)
    for typed in (password, full_width):
        response = stranger.post(FIND, {"contact": cast.CY, "password": typed})
        assert (response.status_code, response.get("Location")) == (303, order_path(bought.order_id))
    wrong = password[:-1] + ("a" if password[-1] != "a" else "b")
    assert stranger.post(FIND, {"contact": cast.CY, "password": wrong}).status_code == 200


def test_a_chosen_password_in_full_width_opens_as_it_was_set_and_in_half_width(
    ware: cast.Ware, alipay: Channel, stranger: Client
) -> None:
    pairs = (("ｇｒｅｅｎ１", "ｇｒｅｅｎ１"), ("yellow-2", "ｙｅｌｌｏｗ－２"), ("ｐｕｒｐｌｅ３", "purple3"))
    for chosen, typed in pairs:
        mine = cast.buy(ware.sku, alipay, password=chosen)
        response = stranger.post(FIND, {"contact": cast.CY, "password": typed})
        assert response["Location"] == order_path(mine.order_id)


def test_a_password_that_was_kept_in_full_width_still_opens_its_order(bought: cast.Bought, stranger: Client) -> None:
    kept = blind_index("order-password").uuid("ｇｒｅｅｎ１".encode())
    Order.objects.filter(id=bought.order_id).update(password_key=kept)
    response = stranger.post(FIND, {"contact": cast.CY, "password": "ｇｒｅｅｎ１"})
    assert response["Location"] == order_path(bought.order_id)


def test_a_qq_number_finds_what_was_ordered_with_its_mailbox(
    ware: cast.Ware, alipay: Channel, stranger: Client
) -> None:
    bought = cast.buy(ware.sku, alipay, contact="12345678@qq.com")
    for typed in ("12345678", "１２３４５６７８", " 123 456 78 ", "123\u3000456\u300078"):
        response = stranger.post(FIND, {"contact": typed, "password": bought.password})
        assert response["Location"] == order_path(bought.order_id)


def test_one_chosen_password_opens_all_orders_that_have_it_and_no_other(
    ware: cast.Ware, alipay: Channel, stranger: Client
) -> None:
    mine = [cast.buy(ware.sku, alipay, password="green tea") for _ in range(2)]
    others = [cast.buy(ware.sku, alipay), cast.buy(ware.sku, alipay, contact=cast.EVE, password="green tea")]
    page = stranger.post(FIND, {"contact": cast.CY, "password": "Green Tea"}).content.decode()
    assert all(order_path(one.order_id) in page for one in mine)
    assert not any(order_path(one.order_id) in page for one in others)


def test_a_password_shorter_than_is_taken_now_still_opens_the_order_it_was_set_for(
    ware: cast.Ware, alipay: Channel, stranger: Client
) -> None:
    bought = cast.buy(ware.sku, alipay, password="7")
    response = stranger.post(FIND, {"contact": cast.CY, "password": "7"})
    assert response["Location"] == order_path(bought.order_id)


def test_a_list_of_orders_asks_for_no_payment_once_its_time_is_over(
    ware: cast.Ware, alipay: Channel, stranger: Client
) -> None:
    late, _open = [cast.buy(ware.sku, alipay, password="green tea") for _ in range(2)]
    Order.objects.filter(id=late.order_id).update(expires_at=timezone.now())
    page = stranger.post(FIND, {"contact": cast.CY, "password": "green tea"}).content.decode()
    assert (page.count("To pay"), page.count("Expired")) == (1, 1)


def test_every_wrong_pair_gets_the_very_same_answer(bought: cast.Bought, stranger: Client) -> None:
    answers = [
        stranger.post(FIND, {"contact": contact, "password": password})
        for contact, password in (
            (cast.CY, "wrong"),
            ("nobody@example.com", "wrong"),
            ("nobody@example.com", bought.password),
            (cast.EVE, bought.password),
        )
    ]
    assert {answer.status_code for answer in answers} == {200}
    assert len({words(answer) for answer in answers}) == 1
    assert not any("xk_order" in answer.cookies for answer in answers)


@pytest.mark.parametrize("typed", [{}, {"password": ""}, {"password": " "}, {"password": "\u3000-\u200b"}])
def test_without_a_password_nothing_opens_not_even_an_order_that_has_none(
    bought: cast.Bought, stranger: Client, typed: dict[str, str]
) -> None:
    Order.objects.filter(id=bought.order_id).update(password_key=None)
    answers = [stranger.post(FIND, {"contact": contact, **typed}) for contact in (cast.CY, "nobody@example.com")]
    assert {(answer.status_code, "xk_order" in answer.cookies) for answer in answers} == {(200, False)}
    assert len({words(answer) for answer in answers}) == 1
    assert stranger.get(order_path(bought.order_id)).status_code == 404


def test_guessing_one_contact_is_stopped_even_with_the_right_password(bought: cast.Bought, stranger: Client) -> None:
    tries, _ = lookup_limits.FIND_CONTACT
    for n in range(tries):
        assert stranger.post(FIND, {"contact": cast.CY, "password": f"guess {n}"}).status_code == 200
    response = stranger.post(FIND, {"contact": cast.CY, "password": bought.password})
    assert response.status_code == 429
    assert int(response["Retry-After"]) > 0
    assert "link mailed" in response.content.decode()
    assert "xk_order" not in response.cookies
    unknown = stranger.post(FIND, {"contact": "n@example.com", "password": "x"})
    assert unknown.status_code == 200


def test_one_place_trying_many_contacts_is_stopped(db: None, stranger: Client) -> None:
    tries, _ = lookup_limits.FIND_PLACE
    statuses = [
        stranger.post(FIND, {"contact": f"p{n}@example.com", "password": "x"}).status_code for n in range(tries + 1)
    ]
    assert statuses == [200] * tries + [429]


def test_what_is_wrong_with_a_contact_is_a_sentence(db: None, stranger: Client) -> None:
    page = stranger.post(FIND, {"contact": "someone", "password": "x"}).content.decode()
    assert "Enter an e-mail address (name@example.com)" in page


@pytest.mark.parametrize("contact", ["", "x", "a@b", "1234", "x" * 400, "a\x00@example.com"])
def test_a_malformed_contact_is_explained_and_not_counted(db: None, stranger: Client, contact: str) -> None:
    for _ in range(30):
        assert stranger.post(FIND, {"contact": contact, "password": "x"}).status_code == 200


def test_asking_for_a_mail_is_answered_the_same_for_everybody(bought: cast.Bought, stranger: Client) -> None:
    known = stranger.post(f"{FIND}/mail", {"contact": cast.CY})
    unknown = stranger.post(f"{FIND}/mail", {"contact": "no@example.com"})
    assert words(known).replace(cast.CY, "X") == words(unknown).replace("no@example.com", "X")
    assert known.status_code == unknown.status_code == 200
    jobs = list(ProcrastinateJob.objects.filter(task_name="mail.order_links"))
    assert len(jobs) == 2
    assert not any("@" in str(job.args) for job in jobs)


def test_a_mailbox_is_not_flooded(db: None, stranger: Client) -> None:
    tries, _ = lookup_limits.MAIL_CONTACT
    statuses = [stranger.post(f"{FIND}/mail", {"contact": cast.CY}).status_code for _ in range(tries + 1)]
    assert statuses == [200] * tries + [429]


def test_my_orders_are_those_of_my_confirmed_addresses(
    bought: cast.Bought, ware: cast.Ware, alipay: Channel, stranger: Client
) -> None:
    eves = cast.buy(ware.sku, alipay, contact=cast.EVE)
    stranger.force_login(cast.person(cast.CY))
    page = stranger.get("/orders").content.decode()
    assert order_path(bought.order_id) in page
    assert order_path(eves.order_id) not in page


def test_an_unconfirmed_address_shows_nothing(bought: cast.Bought, stranger: Client) -> None:
    stranger.force_login(cast.person(cast.CY, verified=False))
    assert order_path(bought.order_id) not in stranger.get("/orders").content.decode()


def test_a_guest_is_asked_to_sign_in_first(db: None, stranger: Client) -> None:
    response = stranger.get("/orders")
    assert response.status_code == 302
    assert response["Location"].endswith("?next=/orders")
