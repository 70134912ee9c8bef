"""The editor of a product: its texts in both languages and its currency."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from tests import cast
from tests.promotions import offers
from xinka.catalog.models import Category, Kind, Product, Sku
from xinka.flows import back_in_stock
from xinka.merchants.models import Merchant

pytestmark = pytest.mark.django_db


def filled_in(ware: cast.Ware, **more: str) -> dict[str, str]:
    """Return the form of a product with one variant as a browser would send it."""
    sku, product = ware.sku, ware.product
    form = {"title": product.title, "category": str(product.category_id), "kind": product.kind, "currency": "CNY"}
    counts = {"v-TOTAL_FORMS": "1", "v-INITIAL_FORMS": "1", "v-MIN_NUM_FORMS": "0", "v-MAX_NUM_FORMS": "20"}
    variant = {"id": str(sku.id), "price": "49.00", "min_quantity": "1", "max_quantity": "50", "mode": "unique"}
    variant |= {"delivery_order": "oldest", "low_stock_at": "10", "on_sale": "on", "choose_premium": "0"}
    return {**form, **counts, **{f"v-0-{name}": value for name, value in variant.items()}, **more}


def save(ada: Client, ware: cast.Ware, **more: str) -> int:
    """Send the form and return the answer's status."""
    address = f"/desk/{ware.product.merchant.slug}/products/{ware.product.id}"
    return ada.post(address, filled_in(ware, **more)).status_code


TEXTS = {
    "face": "三百点",
    "summary": "只限国服",
    "description": "详细说明",
    "how_to": "打开游戏",
    "after_payment": "谢谢你",
}
ENGLISH = {
    "face_en": "300 points",
    "summary_en": "Mainland servers only",
    "description_en": "All **about** it",
    "how_to_en": "Open the game",
    "after_payment_en": "Thank you",
}


def test_what_buyers_read_is_in_their_language(shop: Merchant, ada: Client) -> None:
    made = cast.ware(shop, 2)
    cast.channel()
    assert save(ada, made, **TEXTS, **ENGLISH) == 302
    address = f"/p/{made.product.slug}"
    chinese = Client(headers={"accept-language": "zh-CN"}).get(address).content.decode()
    english = Client(headers={"accept-language": "en"}).get(address).content.decode()
    for words in ("三百点", "只限国服", "详细说明", "打开游戏"):
        assert (words in chinese, words in english) == (True, False)
    for words in ("300 points", "Mainland servers only", "All <strong>about</strong> it", "Open the game"):
        assert (words in chinese, words in english) == (False, True)
    found = Client(headers={"accept-language": "en"}).get("/search", {"q": "300 points"}).content.decode()
    assert made.product.slug in found


def test_where_no_english_is_written_the_chinese_is_shown(shop: Merchant, ada: Client) -> None:
    made = cast.ware(shop, 2)
    cast.channel()
    assert save(ada, made, **TEXTS) == 302
    english = Client(headers={"accept-language": "en"}).get(f"/p/{made.product.slug}").content.decode()
    assert all(words in english for words in ("三百点", "只限国服", "详细说明", "打开游戏"))


def test_a_currency_is_offered_once_something_takes_it(shop: Merchant, ada: Client) -> None:
    made = cast.ware(shop, 1)
    cast.channel()
    address = f"/desk/{shop.slug}/products/{made.product.id}"
    assert 'name="currency"' not in ada.get(address).content.decode()
    assert save(ada, made, currency="USD") == 422
    cast.channel("usd", currency="USD")
    assert '<option value="USD">' in ada.get(address).content.decode()
    assert save(ada, made, **{"currency": "USD", "v-0-price": "$ 7.50", "v-0-tiers": "5 = 7.00"}) == 302
    sku = Sku.objects.get()
    assert (sku.currency, sku.price, sku.tiers.get().unit_price) == ("USD", 750, 700)
    assert '<option value="USD" selected>' in ada.get(address).content.decode()
    assert save(ada, made, currency="XXX") == 422
    without = filled_in(made)
    del without["currency"]
    ada.post(address, without)
    assert Sku.objects.get().currency == "USD"


def test_prices_are_read_in_the_currency_that_was_chosen(shop: Merchant, ada: Client) -> None:
    made = cast.ware(shop, 1)
    cast.channel("yen", currency="JPY")
    assert save(ada, made, **{"currency": "JPY", "v-0-price": "7.50"}) == 422
    assert save(ada, made, **{"currency": "JPY", "v-0-price": "750"}) == 302
    assert (Sku.objects.get().currency, Sku.objects.get().price) == ("JPY", 750)


@pytest.mark.parametrize("kind", Kind.values)
def test_goods_of_every_kind_are_made_and_edited(shop: Merchant, ada: Client, kind: str) -> None:
    shelf, new = Category.objects.create(slug="shelf", name="架"), f"/desk/{shop.slug}/products/new"
    form = filled_in(cast.Ware(Product(category=shelf), Sku(id=0), []), title="新货", kind=kind)
    del form["v-0-id"]
    answer = ada.post(new, form | {"v-INITIAL_FORMS": "0"})
    assert answer.status_code == 302
    made = Product.objects.get(merchant=shop)
    assert (made.kind, made.title) == (kind, "新货")
    assert f'<option value="{kind}" selected>' in ada.get(answer["Location"]).content.decode()
    others = [other for other in Kind.values if other != kind]
    change = {"title": "改过", "v-0-price": "12.30", "kind": others[0]}
    assert save(ada, cast.Ware(made, made.skus.get(), []), **change) == 302
    made.refresh_from_db()
    assert (made.kind, made.title, made.skus.get().price) == (others[0], "改过", 1230)


def test_one_content_for_every_buyer_is_one_per_order_without_being_told(shop: Merchant, ada: Client) -> None:
    shelf, new = Category.objects.create(slug="shelf", name="架"), f"/desk/{shop.slug}/products/new"
    form = filled_in(cast.Ware(Product(category=shelf), Sku(id=0), []), title="教程", kind="download")
    del form["v-0-id"]
    form |= {"v-INITIAL_FORMS": "0", "v-0-mode": "reusable"}
    typed = ada.post(new, form | {"v-0-max_quantity": "7"})
    assert typed.status_code == 422
    assert "the most per order is 1" in typed.content.decode()
    assert ada.post(new, form | {"v-0-min_quantity": "2"}).status_code == 422
    assert ada.post(new, form).status_code == 302
    assert (Sku.objects.get().mode, Sku.objects.get().max_quantity) == ("reusable", 1)


def test_what_a_flash_sale_sells_keeps_its_currency(shop: Merchant, ada: Client) -> None:
    made = cast.ware(shop, 12)
    cast.channel("usd", currency="USD")
    offers.sale(made.sku)
    assert save(ada, made, currency="USD") == 422
    assert Sku.objects.get().currency == "CNY"


def test_the_list_is_searched_by_either_title_and_by_number(shop: Merchant, ada: Client) -> None:
    made = cast.ware(shop, 0)
    shelf = Category.objects.get(id=made.product.category_id)
    Product.objects.create(slug="other", merchant=shop, category=shelf, title="月卡", title_en="Moon pass")
    for query, shown in (("moon", "Moon pass"), ("月", "Moon pass"), (str(made.product.id), "Star Voyage card 300")):
        page = ada.get(f"/desk/{shop.slug}/products", {"q": query}).content.decode()
        assert [title for title in ("Moon pass", "Star Voyage card 300") if title in page] == [shown]


def test_of_many_variants_those_that_are_kept_are_folded_and_say_what_they_cost(shop: Merchant, ada: Client) -> None:
    made = cast.ware(shop, product={"title_en": "Pass"}, sku={"label": "月卡", "label_en": "A month"})
    address = f"/desk/{shop.slug}/products/{made.product.id}"
    assert "<summary>Variant" not in ada.get(address).content.decode(), "one variant is simply there"
    Sku.objects.create(product=made.product, price=12000, label="季卡", on_sale=False)
    page = ada.get(f"{address}?add=1").content.decode()
    assert "<summary>Variant 1 · A month · ¥49.00</summary>" in page
    assert "<summary>Variant 2 · 季卡 · ¥120.00 · not on sale</summary>" in page
    assert page.count("<summary>Variant") == 2, "the new one is open"
    second = {"v-1-id": str(Sku.objects.get(label="季卡").id), "v-1-price": "free", "v-1-label": "季卡"}
    counts = {"v-TOTAL_FORMS": "2", "v-INITIAL_FORMS": "2"}
    answer = ada.post(address, filled_in(made, **counts, **second, **{"v-0-label": "月卡"}))
    assert answer.status_code == 422
    assert answer.content.decode().count("<summary>Variant") == 1, "the one that is wrong is open"


def test_from_a_product_one_comes_to_its_own_stock(shop: Merchant, ada: Client) -> None:
    made, other = cast.ware(shop, product={"title_en": "Pass"}), cast.ware(shop, slug="b", product={"title_en": "Gold"})
    address = f"/desk/{shop.slug}/stock?product={made.product.id}"
    assert address in ada.get(f"/desk/{shop.slug}/products/{made.product.id}").content.decode()
    page = ada.get(address).content.decode()
    assert f"/stock/{made.sku.id}" in page
    assert f"/stock/{other.sku.id}" not in page
    eves = cast.ware(cast.adas_shop(slug="eves-cards"), slug="eves", product={"title_en": "Of Eve"})
    for wrong in (eves.product.id, "x", "9" * 30, "-1", "\0"):
        page = ada.get(f"/desk/{shop.slug}/stock", {"product": str(wrong)}).content.decode()
        assert "Of Eve" not in page
        assert f"/stock/{other.sku.id}" in page, "what is not hers narrows nothing down"


def test_a_merchant_sees_how_many_wait_and_not_who(shop: Merchant, ada: Client) -> None:
    sku, now = cast.ware(shop).sku, timezone.now()
    page = f"/desk/{shop.slug}/stock"
    assert "waits for it" not in ada.get(page).content.decode()
    back_in_stock.ask(sku, cast.CY, language="en", is_theirs=False, now=now)
    assert "waits for it" not in ada.get(page).content.decode(), "without a yes nobody waits"
    back_in_stock.ask(sku, cast.CY, language="en", is_theirs=True, now=now)
    assert "1 person waits for it" in ada.get(page).content.decode()
    back_in_stock.ask(sku, cast.EVE, language="en", is_theirs=True, now=now)
    for path, words in ((page, "2 people wait for it"), (f"{page}/{sku.id}", "2 people asked for a mail")):
        shown = ada.get(path).content.decode()
        assert words in shown
        assert "example.com" not in shown
