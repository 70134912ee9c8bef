"""The order page: sealed codes, opened only by asking, and every state told in money and goods."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.postgres.functions import TransactionNow
from django.test import Client
from django.utils import timezone

from tests import cast
from xinka.catalog.models import Product
from xinka.delivery.models import DeliveredCode
from xinka.flows.expire import cancel, expire_due
from xinka.orders.access import order_path
from xinka.orders.models import Order
from xinka.payments.models import Channel, Refund
from xinka.payments.states import RefundState
from xinka.platform.database.django_drive import run
from xinka.stock.models import Reservation

pytestmark = pytest.mark.django_db


def page_of(cy: Client, bought: cast.Bought, suffix: str = "") -> str:
    return cy.get(f"{order_path(bought.order_id)}{suffix}").content.decode()


def codes_in(text: str, ware: cast.Ware) -> set[str]:
    return {code for code in ware.codes if code in text}


def sold(bought: cast.Bought) -> int:
    return DeliveredCode.objects.filter(order_id=bought.order_id).exclude(revealed_at=None).count()


@pytest.mark.parametrize("suffix", ["", "/goods"])
def test_a_delivered_order_shows_its_codes_sealed(
    delivered: cast.Bought, ware: cast.Ware, cy: Client, suffix: str
) -> None:
    page = page_of(cy, delivered, suffix)
    assert "2 codes are here" in page
    assert page.count("Open the seal") == 2
    assert codes_in(page, ware) == set()
    assert sold(delivered) == 0


def test_opening_one_seal_shows_that_code_alone_and_writes_the_time_down(
    delivered: cast.Bought, ware: cast.Ware, cy: Client
) -> None:
    path = f"{order_path(delivered.order_id)}/reveal"
    agent = "Mozilla/5.0 (Windows NT 10.0) Chrome/130.0 Safari/537.36"
    response = cy.post(path, {"position": "2"}, headers={"hx-request": "true", "user-agent": agent})
    assert codes_in(response.content.decode(), ware) == {ware.codes[1]}
    assert response["Cache-Control"] == "no-store"
    first, second = DeliveredCode.objects.filter(order_id=delivered.order_id).order_by("position")
    assert first.revealed_at is None
    assert second.revealed_at is not None
    assert second.revealed_from == "Chrome, Windows"


def test_no_visit_opens_a_seal_and_no_title_tells_a_code(delivered: cast.Bought, ware: cast.Ware, cy: Client) -> None:
    for suffix in ("/reveal", "/reveal?position=1", "/download"):
        assert cy.get(f"{order_path(delivered.order_id)}{suffix}").status_code == 405
    assert sold(delivered) == 0
    page = cy.post(f"{order_path(delivered.order_id)}/reveal").content.decode()
    assert codes_in(page, ware) == set(ware.codes[:2])
    assert codes_in(page.split("</title>")[0], ware) == set()
    assert not [
        code for code in ware.codes for address in re.findall(r'(?:href|action)="([^"]*)"', page) if code in address
    ]


def test_of_the_address_only_the_coarse_network_is_kept_and_the_buyer_is_not_shown_it(
    delivered: cast.Bought, cy: Client
) -> None:
    path = f"{order_path(delivered.order_id)}/reveal"
    page = cy.post(path, {"position": "1"}, headers={"x-xinka-client": "203.0.113.77"}).content.decode()
    cy.post(path, {"position": "1"}, headers={"x-xinka-client": "198.51.100.9"})
    cy.post(path, {"position": "2"}, headers={"x-xinka-client": "2001:db8:7:1::5"})
    kept = DeliveredCode.objects.filter(order_id=delivered.order_id).order_by("position")
    assert list(kept.values_list("revealed_net", flat=True)) == ["203.0.113.0/24", "2001:db8:7::/48"]
    assert "203.0.113" not in page + page_of(cy, delivered)


def test_the_first_time_stays_when_it_is_opened_again(delivered: cast.Bought, cy: Client) -> None:
    path = f"{order_path(delivered.order_id)}/reveal"
    cy.post(path, {"position": "1"})
    before = DeliveredCode.objects.get(order_id=delivered.order_id, position=1).revealed_at
    cy.post(path, {"position": "1"})
    assert DeliveredCode.objects.get(order_id=delivered.order_id, position=1).revealed_at == before


def test_looking_again_later_shows_that_it_was_opened_but_not_the_code(
    delivered: cast.Bought, ware: cast.Ware, cy: Client
) -> None:
    cy.post(f"{order_path(delivered.order_id)}/reveal")
    page = page_of(cy, delivered)
    assert page.count("Show again") == 2
    assert codes_in(page, ware) == set()


def test_all_seals_open_at_once_also_without_script(delivered: cast.Bought, ware: cast.Ware, cy: Client) -> None:
    page = cy.post(f"{order_path(delivered.order_id)}/reveal").content.decode()
    assert page.lstrip().startswith("<!doctype html>")
    assert codes_in(page, ware) == set(ware.codes[:2])
    assert "Copy all" in page


@pytest.mark.parametrize("position", ["3", "0", "x", "-1", "99999999999", "１"])
def test_a_seal_that_the_order_does_not_have_opens_nothing(
    delivered: cast.Bought, ware: cast.Ware, cy: Client, position: str
) -> None:
    response = cy.post(f"{order_path(delivered.order_id)}/reveal", {"position": position})
    assert codes_in(response.content.decode(), ware) == set()
    assert sold(delivered) == 0


def test_a_form_of_another_site_opens_nothing(delivered: cast.Bought, ware: cast.Ware) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies["xk_order"] = delivered.cookie
    for suffix in ("/reveal", "/download", "/cancel", "/pay"):
        response = strict.post(f"{order_path(delivered.order_id)}{suffix}")
        assert response.status_code == 403
        assert codes_in(response.content.decode(), ware) == set()
    assert sold(delivered) == 0


def test_the_file_holds_the_codes_byte_for_byte(alipay: Channel, cy: Client, db: None) -> None:
    codes = ["卡号 1----密码 ✓", "<b>&amp;</b>", "line one\nline two"]
    ware = cast.ware(cast.adas_shop(slug="second"), codes, slug="odd")
    bought = cast.buy(ware.sku, alipay, quantity=3)
    cast.pay(bought)
    cy.cookies["xk_order"] = bought.cookie
    response = cy.post(f"{order_path(bought.order_id)}/download")
    assert response.content == "\n".join(codes).encode()
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response["Content-Disposition"] == f'attachment; filename="{order_path(bought.order_id)[7:]}.txt"'
    assert response["Cache-Control"] == "no-store"
    assert sold(bought) == 3


def test_a_code_is_text_and_never_markup(alipay: Channel, cy: Client, db: None) -> None:
    ware = cast.ware(cast.adas_shop(slug="second"), ["<script>alert(1)</script>"], slug="odd")
    bought = cast.buy(ware.sku, alipay)
    cast.pay(bought)
    cy.cookies["xk_order"] = bought.cookie
    page = cy.post(f"{order_path(bought.order_id)}/reveal").content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page


@pytest.mark.parametrize(
    ("code", "is_link"),
    [
        ("https://example.com/a?b=1", True),
        ("http://example.com", True),
        ("javascript:alert(1)", False),
        ("see https://example.com", False),
        ("https://example.com/ and more", False),
        ("ftp://example.com", False),
        ("https://example.com/a.zip\npassword 1234", True),
        ("password 1234\njavascript:alert(1)", False),
    ],
)
def test_only_web_addresses_become_links(alipay: Channel, cy: Client, code: str, is_link: bool) -> None:
    ware = cast.ware(
        cast.adas_shop(slug="second"),
        [code],
        slug="odd",
        product={"kind": "download"},
        sku={"mode": "reusable", "max_quantity": 1},
    )
    bought = cast.buy(ware.sku, alipay)
    cast.pay(bought)
    cy.cookies["xk_order"] = bought.cookie
    page = cy.post(f"{order_path(bought.order_id)}/reveal").content.decode()
    assert "Your download is ready" in page
    assert ('rel="noopener noreferrer"' in page.split("<main")[1]) is is_link


@pytest.mark.parametrize("suffix", ["", "/goods", "/pay"])
def test_each_reader_sees_the_title_of_their_language_as_it_was_sold(
    bought: cast.Bought, ware: cast.Ware, cy: Client, suffix: str
) -> None:
    Product.objects.update(title="后来的名字", title_en="A later name")
    path = f"{order_path(bought.order_id)}{suffix}"
    english = cy.get(path).content.decode()
    chinese = cy.get(path, headers={"accept-language": "zh-CN"}).content.decode()
    assert ("Star Voyage card 300" in english, "星海远征" in english) == (True, False)
    assert ("Star Voyage card 300" in chinese, "星海远征 点卡 300 点" in chinese) == (False, True)
    Order.objects.update(title_en="")  # as orders are that were placed before both titles were kept
    assert "星海远征 点卡 300 点" in cy.get(path).content.decode()


def test_nothing_opens_before_payment(bought: cast.Bought, ware: cast.Ware, cy: Client) -> None:
    for suffix in ("/reveal", "/download"):
        assert codes_in(cy.post(f"{order_path(bought.order_id)}{suffix}").content.decode(), ware) == set()
    page = page_of(cy, bought)
    assert "We cannot see your payment yet" in page
    assert f'data-order-status="{order_path(bought.order_id)}/status"' in page


def test_instructions_for_payers_come_with_the_goods_only(bought: cast.Bought, ware: cast.Ware, cy: Client) -> None:
    ware.product.after_payment = "the door code is **4711**"
    ware.product.save()
    assert "4711" not in page_of(cy, bought)
    cast.pay(bought)
    assert "<strong>4711</strong>" in page_of(cy, bought)


def test_the_made_password_is_shown_and_a_chosen_one_is_not(
    bought: cast.Bought, ware: cast.Ware, alipay: Channel, cy: Client
) -> None:
    assert bought.password in page_of(cy, bought)
    chosen = cast.buy(ware.sku, alipay, password="my own words", contact="d@example.com")
    cy.cookies["xk_order"] = chosen.cookie
    page = page_of(cy, chosen)
    assert "the one you chose" in page
    assert "my own words" not in page


def test_the_contact_is_masked(bought: cast.Bought, ware: cast.Ware, alipay: Channel, cy: Client) -> None:
    long = cast.buy(ware.sku, alipay, contact="12345678")
    cy.cookies["xk_order"] = long.cookie
    page = page_of(cy, long)
    assert "12***@qq.com" in page
    assert "12345678" not in page


def test_too_much_money_is_delivered_and_the_rest_is_on_its_way_back(bought: cast.Bought, cy: Client) -> None:
    cast.settle(cast.money_for(bought, amount=bought.amount + 690))
    page = page_of(cy, bought)
    assert "2 codes are here" in page
    assert "Paid too much" in page
    assert "¥6.90" in page


def test_too_little_money_says_what_is_missing(bought: cast.Bought, cy: Client) -> None:
    cast.settle(cast.money_for(bought, amount=bought.amount - 310))
    page = page_of(cy, bought)
    assert "We got ¥94.90, ¥3.10 short" in page


def test_a_cancelled_order_says_that_nothing_was_charged(bought: cast.Bought, cy: Client) -> None:
    run(cancel(bought.order_id))
    page = page_of(cy, bought)
    assert "You cancelled this order" in page
    assert "not been charged" in page
    assert "data-order-status" not in page


def test_a_cancelled_order_that_was_paid_in_part_says_that_the_money_goes_back(bought: cast.Bought, cy: Client) -> None:
    cast.settle(cast.money_for(bought, amount=bought.amount - 310))
    run(cancel(bought.order_id))
    page = page_of(cy, bought)
    assert "not been charged" not in page
    assert "The money that came for it goes back the way you paid" in page
    assert "¥94.90" in page
    Refund.objects.update(state=RefundState.DONE)
    page = page_of(cy, bought)
    assert "goes back the way you paid" not in page
    assert "The money that came for it has gone back to you." in page
    assert "What you paid goes back to you" in page_of(cy, bought, "/pay")


def test_the_payment_page_of_an_order_that_expired_paid_in_part_does_not_say_that_nothing_was_charged(
    bought: cast.Bought, cy: Client
) -> None:
    cast.settle(cast.money_for(bought, amount=bought.amount - 310))
    Order.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    Reservation.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    assert run(expire_due()) == 1
    page = page_of(cy, bought, "/pay")
    assert "not been charged" not in page
    assert "This order expired before it was paid in full. What you paid goes back to you." in page


@pytest.mark.parametrize("suffix", ["", "/pay"])
@pytest.mark.parametrize("state", ["paused", "archived"])
def test_what_is_not_for_sale_any_more_is_not_offered_again(
    bought: cast.Bought, cy: Client, state: str, suffix: str
) -> None:
    run(cancel(bought.order_id))
    assert "/p/star-300?" in page_of(cy, bought, suffix)
    Product.objects.update(state=state)
    page = page_of(cy, bought, suffix)
    assert "/p/star-300" not in page
    assert 'class="btn pri" href="/c/games">See similar products' in page


@pytest.mark.parametrize("suffix", ["", "/goods"])
def test_when_the_time_to_pay_is_over_the_page_says_so_before_the_order_is_closed(
    bought: cast.Bought, cy: Client, suffix: str
) -> None:
    Order.objects.update(expires_at=TransactionNow() - timedelta(seconds=1))
    page = page_of(cy, bought, suffix)
    assert bought.order.state == "awaiting_payment"
    assert "This order expired" in page
    assert "Waiting for payment" not in page
    assert "cannot see your payment" not in page
    assert "until " not in page
    assert f"{order_path(bought.order_id)}/pay" not in page
    assert "late money delivers the order" in page
    assert "Order again" in page
    # The page still follows: late money is honoured.
    assert f'data-order-status="{order_path(bought.order_id)}/status" data-state="awaiting_payment"' in page


def test_an_order_paid_in_part_says_when_its_time_is_over_that_the_money_goes_back(
    bought: cast.Bought, cy: Client
) -> None:
    cast.settle(cast.money_for(bought, amount=bought.amount - 310))
    Order.objects.update(expires_at=TransactionNow() - timedelta(seconds=1))
    page = page_of(cy, bought)
    assert "This order expired" in page
    assert "not been charged" not in page
    assert "The money that came for it goes back the way you paid" in page


def test_the_page_tells_of_money_that_is_held_before_there_is_a_hold(delivered: cast.Bought, cy: Client) -> None:
    assert "Held while you check" in page_of(cy, delivered)


@pytest.mark.parametrize(
    ("kind", "piece", "care"),
    [
        ("card_code", "第 1 张", "卡密等于现金。"),
        ("licence", "第 1 件", "授权码等于现金。"),
        ("download", "第 1 件", "下载内容只给你一个人用。"),
        ("course", "第 1 件", "课程访问权限只给你一个人用。"),
        ("top_up", "第 1 件", "直充内容等于现金。"),
    ],
)
def test_the_goods_are_called_by_what_they_are(
    delivered: cast.Bought, cy: Client, kind: str, piece: str, care: str
) -> None:
    Product.objects.update(kind=kind)
    cy.cookies["xk_lang"] = "zh-hans"
    page = page_of(cy, delivered)
    assert f"{piece}</h3>" in page
    assert f'aria-label="拆封{piece}"' in page
    assert care in page
    assert ("卡密等于现金" in page) == (kind == "card_code")
