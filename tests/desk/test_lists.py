"""The desk's lists: narrowed down by what a merchant asks, kept under a name, and found again on the way back."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests import cast
from tests.desk.browsing import browser
from tests.desk.test_products import filled_in
from tests.plans import read_by
from xinka.accounts import lists
from xinka.accounts.models import SavedFilter, User
from xinka.accounts.saved_filters import MOST_FILTERS
from xinka.desk import order_filter
from xinka.desk.order_filter import OrderFilter
from xinka.desk.product_filter import ProductFilter
from xinka.kernel import ids
from xinka.merchants.models import Membership, Merchant, Role
from xinka.orders.contact import mask_contact
from xinka.orders.contacts import forget_contacts
from xinka.orders.models import Order

pytestmark = pytest.mark.django_db
DESK = "/desk/ada-cards"
ORDERS, PRODUCTS = f"{DESK}/orders", f"{DESK}/products"


def bought(made: cast.Ware, contact: str = "cy@example.com", **changes: object) -> str:
    """Let somebody order and return the order's number."""
    pay_by = cast.channel(f"c{Order.objects.count()}", currency=made.sku.currency)
    order_id = cast.buy(made.sku, pay_by, contact=contact).order_id
    if changes:
        Order.objects.filter(id=order_id).update(**changes)
    return ids.show("ord", order_id)


def listed(client: Client, **asked: str) -> list[str]:
    """Return the numbers of the orders that the list shows and, as they must be the same, that the file holds."""
    shown = [row["shown_id"] for row in client.get(ORDERS, asked).context["rows"]]
    lines = b"".join(client.get(f"{ORDERS}.csv", asked).streaming_content).decode()  # type: ignore[arg-type]  # a synchronous stream
    assert [line.split('"')[1] for line in lines.splitlines()[1:]] == shown
    return shown


def links(page: str, rel: str) -> list[str]:
    """Return where the links of a kind lead."""
    return [unescape(href) for href in re.findall(rf'rel="{rel}" href="([^"]+)"', page)]


def back(page: str) -> str:
    """Return where the way back leads."""
    (href,) = re.findall(r'<a class="back" href="([^"]+)"', page)
    return unescape(href)


def test_an_order_leads_back_to_the_page_it_was_found_on_and_on_to_its_neighbours(
    shop: Merchant, ada: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OrderFilter, "per_page", 2)
    made = cast.ware(shop, 9)
    numbers = [bought(made) for _ in range(5)][::-1]
    for number in numbers[1:2]:
        Order.objects.filter(id=ids.parse("ord", number)).update(state="expired")
    rest = [numbers[0], *numbers[2:]]
    page = ada.get(ORDERS, {"state": "awaiting_payment", "page": "2"}).content.decode()
    hrefs = [unescape(href) for href in re.findall(r'class="wrapc"><a href="([^"]+)"', page)]
    assert hrefs == [f"{ORDERS}/{number}?in=state%3Dawaiting_payment%26page%3D2" for number in rest[2:]]
    order = ada.get(hrefs[0]).content.decode()
    assert back(order) == f"{ORDERS}?state=awaiting_payment&page=2"
    assert links(order, "prev") == [f"{ORDERS}/{rest[1]}?in=state%3Dawaiting_payment%26page%3D2"]
    assert links(order, "next") == [hrefs[1]]
    last = ada.get(hrefs[1]).content.decode()
    assert links(last, "next") == []
    alone = ada.get(f"{ORDERS}/{rest[0]}").content.decode()
    assert back(alone) == ORDERS
    assert links(alone, "next") == []


def test_orders_are_found_by_their_amount(shop: Merchant, ada: Client) -> None:
    made, dear = cast.ware(shop, 2), cast.ware(shop, 2, slug="dear", sku={"price": 12000})
    cheap, costly = bought(made), bought(dear)
    assert listed(ada, least="49.01") == [costly]
    assert listed(ada, most="49.00") == [cheap]
    assert listed(ada, least="49", most="120") == [costly, cheap]
    assert listed(ada, least="121") == []
    page = ada.get(ORDERS, {"least": "50", "most": "20"})
    assert "less than what it begins at" in page.content.decode()
    page = ada.get(ORDERS, {"least": "a lot"})
    assert "This is no amount" in page.content.decode()
    assert len(page.context["rows"]) == 2, "what cannot be read narrows nothing down"


def test_an_amount_needs_its_currency_where_there_are_two(shop: Merchant, ada: Client) -> None:
    yuan = bought(cast.ware(shop, 2))
    dollar = bought(cast.ware(shop, 2, slug="usd", sku={"currency": "USD"}))
    page = ada.get(ORDERS, {"least": "10"}).content.decode()
    assert "Choose the currency of this amount" in page
    assert listed(ada, least="10", currency="USD") == [dollar]
    assert listed(ada, currency="CNY") == [yuan]


def test_orders_of_one_product_are_a_link_on_its_page(shop: Merchant, ada: Client) -> None:
    one, other = cast.ware(shop, 2), cast.ware(shop, 2, slug="other", product={"title_en": "Other"})
    number = bought(one)
    bought(other)
    address = f"{ORDERS}?product={one.product.id}"
    assert address in ada.get(f"{PRODUCTS}/{one.product.id}").content.decode()
    assert listed(ada, product=str(one.product.id)) == [number]
    assert "Only orders of “Star Voyage card 300”" in ada.get(address).content.decode()
    eves = cast.ware(cast.adas_shop(slug="eves-cards"), 1, slug="eves", product={"title_en": "Of Eve"})
    bought(eves)
    for wrong in (str(eves.product.id), "x", "9" * 30, "-1"):
        page = ada.get(ORDERS, {"product": wrong}).content.decode()
        assert "Of Eve" not in page


def test_what_else_a_buyer_ordered_here_is_found_without_their_address(shop: Merchant, ada: Client) -> None:
    made = cast.ware(shop, 5)
    first, second, other = (
        bought(made, "cy@example.com"),
        bought(made, "cy@example.com"),
        bought(made, "al@example.com"),
    )
    eves = bought(cast.ware(cast.adas_shop(slug="eves-cards"), 1, slug="eves"), "cy@example.com")
    page = ada.get(f"{ORDERS}/{first}").content.decode()
    assert "1 other order of this buyer" in page
    assert f"{ORDERS}?buyer={first}" in page
    assert listed(ada, buyer=first) == [second, first]
    assert "of this buyer" not in ada.get(f"{ORDERS}/{other}").content.decode()
    shown = ada.get(ORDERS, {"buyer": first}).content.decode()
    assert f"Only orders of one buyer: {mask_contact('cy@example.com')}" in shown
    for wrong in (eves, "ord_x", "x"):
        assert listed(ada, buyer=wrong) == [], "an order of another merchant is nobody's"
    forget_contacts([ids.parse("ord", first), ids.parse("ord", second)])
    assert listed(ada, buyer=first) == [first]


def test_an_address_that_was_looked_for_is_free_for_its_pages_its_file_and_the_way_back(
    shop: Merchant, ada: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_filter, "ADDRESSES", (2, 3600))
    number = bought(cast.ware(shop, 1), "12345678@qq.com")
    for _ in range(6):
        assert listed(ada, q="12345678@qq.com") == [number]
    assert listed(ada, q="12345679@qq.com") == []
    told = ada.get(ORDERS, {"q": "cy@example.com"}).content.decode()
    assert "looked for many addresses" in told
    assert "looked for many addresses" in ada.get(ORDERS, {"q": "cy@example.com"}).content.decode()
    assert listed(ada, q="12345678@qq.com") == [number]
    bos = browser("bo@ada-cards.example").get(ORDERS, {"q": "12345678"}).context["rows"]
    assert [row["shown_id"] for row in bos] == [number], "for the whole team"


def test_a_filter_is_kept_under_a_name_of_ones_own(shop: Merchant, ada: Client) -> None:
    bought(cast.ware(shop, 3))
    answer = ada.post(f"{DESK}/filters/orders/keep", {"name": "Unpaid", "query": "state=awaiting_payment&page=3"})
    assert (answer.status_code, answer["Location"]) == (303, f"{ORDERS}?state=awaiting_payment")
    page = ada.get(ORDERS).content.decode()
    assert re.search(r'href="[^"]+\?state=awaiting_payment">Unpaid</a>', page)
    kept = SavedFilter.objects.get()
    assert "Unpaid" not in browser("bo@ada-cards.example").get(ORDERS).content.decode()
    assert "Unpaid" not in ada.get(PRODUCTS).content.decode()
    address = f"{DESK}/filters/{kept.pk}"
    assert ada.post(address, {"name": "To pay"})["Location"] == f"{ORDERS}?state=awaiting_payment"
    assert "Rename or delete it" in ada.get(ORDERS, {"state": "awaiting_payment"}).content.decode()
    assert "To pay" in ada.get(address).content.decode()
    assert ada.post(f"{address}/delete").status_code == 303
    assert not SavedFilter.objects.exists()


@pytest.mark.parametrize("query", ["", "page=2", "first=never", "q=cy%40example.com", "q=12345678"])
def test_what_says_nothing_or_names_a_buyer_is_not_kept(shop: Merchant, ada: Client, query: str) -> None:
    assert 'id="filter_name"' not in ada.get(f"{ORDERS}?{query}").content.decode()
    answer = ada.post(f"{DESK}/filters/orders/keep", {"name": "x", "query": query})
    assert answer.status_code == 422
    assert not SavedFilter.objects.exists()
    assert ada.post(f"{DESK}/filters/pillows/keep", {"name": "x", "query": "q=a"}).status_code == 404


def test_filters_of_one_shop_are_not_seen_in_another_of_the_same_person(shop: Merchant, ada: Client) -> None:
    cast.adas_shop(slug="second")
    second = browser("ada@second.example")
    both = User.objects.get(email="ada@ada-cards.example")
    Membership.objects.create(user=both, merchant=Merchant.objects.get(slug="second"), role=Role.OWNER)
    ada.post(f"{DESK}/filters/products/keep", {"name": "Mine", "query": "q=moon"})
    kept = SavedFilter.objects.get()
    assert "Mine" in ada.get(PRODUCTS).content.decode()
    assert "Mine" not in ada.get("/desk/second/products").content.decode()
    for client, desk in ((ada, "second"), (second, "second"), (browser("bo@ada-cards.example"), "ada-cards")):
        for way in ("", "/delete"):
            assert client.post(f"/desk/{desk}/filters/{kept.pk}{way}", {"name": "Stolen"}).status_code == 404
    kept.refresh_from_db()
    assert kept.name == "Mine"


def test_there_are_only_so_many_filters_of_a_list(shop: Merchant, ada: Client) -> None:
    for n in range(MOST_FILTERS):
        ada.post(f"{DESK}/filters/products/keep", {"name": f"n{n}", "query": f"q=word{n}"})
    answer = ada.post(f"{DESK}/filters/products/keep", {"name": "more", "query": "q=more"})
    assert answer.status_code == 422
    assert SavedFilter.objects.count() == MOST_FILTERS
    assert ada.get(PRODUCTS).status_code == 200


def test_the_kept_filters_of_products_are_counted_and_reading_for_that_is_bounded(
    shop: Merchant, ada: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "_COUNTED", 3)
    for n in range(4):
        cast.ware(shop, slug=f"p{n}", product={"title_en": f"Moon {n}", "state": "paused" if n else "live"})
    for name, query in (("Paused", "state=paused&sort=cheap"), ("Live", "state=live"), ("None", "q=sun")):
        ada.post(f"{DESK}/filters/products/keep", {"name": name, "query": query})
    page = ada.get(PRODUCTS).content.decode()
    counts = dict(re.findall(r'">(Paused|Live|None) <span class="num">([^<]+)</span>', page))
    assert counts == {"Paused": "2+", "Live": "1", "None": "0"}


def titles(client: Client, **asked: str) -> list[str]:
    return [product.title_en for product, _left in client.get(PRODUCTS, asked).context["rows"]]


def test_products_are_sorted_and_those_of_a_category_or_a_state_found(shop: Merchant, ada: Client) -> None:
    for name, price, shelf in (("b", 3000, "games"), ("c", 1000, "books"), ("a", 2000, "games")):
        told = {"title": name, "title_en": name, "category": cast.shelf(shelf)}
        cast.ware(shop, slug=name, product=told, sku={"price": price})
    cast.ware(shop, slug="d", product={"title": "d", "title_en": "d", "state": "archived"})
    dollar = cast.ware(shop, slug="e", product={"title": "e", "title_en": "e"}, sku={"price": 1, "currency": "USD"})
    assert titles(ada) == ["e", "a", "c", "b"]
    assert titles(ada, sort="title") == ["a", "b", "c", "e"]
    assert titles(ada, sort="cheap") == ["c", "a", "b", "e"]
    assert titles(ada, sort="dear") == ["b", "a", "c", "e"]
    assert titles(ada, category=str(cast.shelf("books").pk)) == ["c"]
    assert titles(ada, category=str(cast.shelf("games").pk), sort="cheap") == ["a", "b", "e"]
    assert titles(ada, state="archived") == ["d"]
    assert titles(ada, q=f"#{dollar.product.id}") == ["e"]
    page = ada.get(PRODUCTS, {"category": "999", "sort": "x"})
    assert page.context["form"].errors
    assert len(page.context["rows"]) == 4


def test_the_list_tells_how_many_codes_are_left(shop: Merchant, ada: Client) -> None:
    cast.ware(shop, 7, slug="some", product={"title_en": "some"})
    cast.ware(shop, 0, slug="none", product={"title_en": "none"})
    rows = ada.get(PRODUCTS).context["rows"]
    assert {product.title_en: left for product, left in rows} == {"some": 7, "none": 0}


def test_many_products_are_edited_one_after_the_other_in_the_order_of_the_list(
    shop: Merchant, ada: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ProductFilter, "per_page", 2)
    wares = [cast.ware(shop, slug=f"p{n}", product={"title": f"p{n}", "title_en": f"p{n}"}) for n in range(3)]
    place = "?in=sort%3Dtitle"
    addresses = [f"{PRODUCTS}/{ware.product.id}{place}" for ware in wares]
    page = ada.get(PRODUCTS, {"sort": "title"}).content.decode()
    assert addresses[0] in unescape(page)
    editor = ada.get(addresses[0]).content.decode()
    assert "Save and go on to the next" in editor
    assert back(editor) == f"{PRODUCTS}?sort=title"
    changed = filled_in(wares[0], title="zz", onward="1")
    assert ada.post(addresses[0], changed)["Location"] == addresses[1], "where it stood before it got its new title"
    assert ada.post(addresses[1], filled_in(wares[1]))["Location"] == addresses[1]
    move = f"{PRODUCTS}/{wares[1].product.id}/move{place}"
    assert ada.post(move, {"seen": "live", "to": "paused"})["Location"] == addresses[1]
    assert "Save and go on" not in ada.get(f"{PRODUCTS}/{wares[0].product.id}").content.decode()


def test_any_page_of_a_long_list_is_gone_to_by_its_number(
    shop: Merchant, ada: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ProductFilter, "per_page", 1)
    for n in range(6):
        cast.ware(shop, slug=f"p{n}", product={"title_en": f"p{n}"})
    page = ada.get(PRODUCTS, {"sort": "title", "q": "p"}).content.decode()
    form = page[page.index('<nav class="pager') :]
    assert '<input type="hidden" name="sort" value="title">' in form
    assert '<input type="hidden" name="q" value="p">' in form
    assert 'name="page" inputmode="numeric"' in form
    monkeypatch.setattr(ProductFilter, "per_page", 2)
    assert 'inputmode="numeric" autocomplete="off" maxlength="7"' not in ada.get(PRODUCTS).content.decode()


def test_other_orders_of_a_buyer_are_counted_without_reading_those_of_others(shop: Merchant, ada: Client) -> None:
    made, now = cast.ware(shop, 30), timezone.now()
    numbers = [bought(made, f"b{n}@example.com", placed_at=now) for n in range(8)]
    read = read_by(lambda: ada.get(f"{ORDERS}/{numbers[0]}"), about="contact_key")
    assert read["orders_order"] == 2, "it, to show it, and it once more, to find no other"


@pytest.mark.parametrize(("page", "most"), [("", 14), ("products", 11), ("stock", 10), ("orders", 9)])
def test_lists_cost_the_same_whatever_their_length(shop: Merchant, ada: Client, page: str, most: int) -> None:
    pay_by = cast.channel()
    cast.buy(cast.ware(shop, 2, slug="one").sku, pay_by)
    ada.get(f"/desk/{shop.slug}/{page}")
    with CaptureQueriesContext(connection) as few:
        ada.get(f"/desk/{shop.slug}/{page}")
    for n in range(5):
        cast.buy(cast.ware(shop, 2, slug=f"more-{n}").sku, pay_by, contact=f"c{n}@example.com")
    with CaptureQueriesContext(connection) as many:
        ada.get(f"/desk/{shop.slug}/{page}")
    assert len(few) == len(many)
    assert len(many) <= most


def test_stock_is_found_by_title_variant_or_number(shop: Merchant, ada: Client) -> None:
    ada.cookies["xk_lang"] = "zh-hans"
    star = cast.ware(shop, slug="star", product={"title": "星海", "title_en": "Star"}, sku={"label": "大礼包"})
    mist = cast.ware(shop, slug="mist", product={"title": "迷雾", "title_en": "Mist"}, sku={"label": "月卡"})
    for query, there, gone in (
        ("迷雾", mist, star),
        ("mist", mist, star),
        ("大礼包", star, mist),
        (str(mist.sku.id), mist, star),
    ):
        page = ada.get(f"/desk/{shop.slug}/stock", {"q": query}).content.decode()
        assert there.product.title in page
        assert gone.product.title not in page
    nothing = ada.get(f"/desk/{shop.slug}/stock", {"q": "9" * 30}).content.decode()
    assert "没有符合条件的规格" in nothing


@pytest.mark.parametrize("room", ["orders", "products", "stock"])
def test_what_no_text_can_hold_is_looked_for_without_it(ada: Client, shop: Merchant, room: str) -> None:
    assert ada.get(f"/desk/{shop.slug}/{room}", {"q": "\0"}).status_code == 200
