"""The shelves: what everybody sees, in both languages, without a trace of who looks."""

from __future__ import annotations

import gzip
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from tests import cast
from tests.plans import statements_of
from xinka.catalog import queries
from xinka.catalog.models import Product, ProductState, Sku
from xinka.merchants.models import Merchant, MerchantState
from xinka.shop.catalogue import PER_PAGE

pytestmark = pytest.mark.django_db
CHINESE = Client(headers={"accept-language": "zh-CN"})


def test_the_front_page_shows_what_is_on_sale_with_price_stock_and_tiers(ware: cast.Ware, stranger: Client) -> None:
    page = stranger.get("/").content.decode()
    assert "Star Voyage card 300" in page
    assert "49.00" in page
    assert "In stock 12" in page
    assert "from 5 pcs ¥47.50" in page
    assert "Verified" in page


def test_the_front_page_is_chinese_first(ware: cast.Ware) -> None:
    page = CHINESE.get("/").content.decode()
    assert "星海远征 点卡 300 点" in page
    assert "有货 12" in page
    assert "5 件起 ¥47.50" in page


def test_an_unchecked_merchant_has_no_seal(stranger: Client) -> None:
    cast.ware(cast.adas_shop(verified=False), 1)
    assert "Verified" not in stranger.get("/").content.decode()
    assert "has not been checked" in stranger.get("/p/star-300").content.decode()


@pytest.mark.parametrize("path", ["/", "/c/games"])
def test_shelves_are_the_same_for_everybody_and_say_so(ware: cast.Ware, stranger: Client, path: str) -> None:
    response = stranger.get(path)
    assert response["X-Xinka-Cache"] == "catalog"
    assert not response.cookies
    assert "cookie" not in response.get("Vary", "").lower()
    assert "csrfmiddlewaretoken" not in response.content.decode()


@pytest.mark.parametrize("state", [ProductState.DRAFT, ProductState.PAUSED, ProductState.ARCHIVED])
def test_what_is_not_on_sale_is_not_there(ware: cast.Ware, stranger: Client, state: str) -> None:
    ware.product.state = state
    ware.product.save()
    assert "Star Voyage" not in stranger.get("/").content.decode()
    assert stranger.get("/p/star-300").status_code == 404


def off_sale(ware: cast.Ware, why: str) -> None:
    """Take a product off the shelf in one of the ways there are."""
    Product.objects.filter(id=ware.product.id).update(state="paused" if why == "paused" else "live")
    Sku.objects.filter(id=ware.sku.id).update(on_sale=why != "no variant")
    Merchant.objects.update(state=MerchantState.SUSPENDED if why == "suspended" else MerchantState.ACTIVE)


@pytest.mark.parametrize("why", ["paused", "no variant", "suspended"])
@pytest.mark.parametrize(
    ("language", "words"), [("en", "This product is not on sale at the moment"), ("zh-CN", "这件商品暂时不卖")]
)
def test_the_address_of_a_product_off_the_shelf_says_so_and_nothing_of_the_product(
    ware: cast.Ware, why: str, language: str, words: str
) -> None:
    off_sale(ware, why)
    Product.objects.update(title="还没公布的名字", title_en="A name not told yet", summary="secret", face="秘")
    response = Client(headers={"accept-language": language}).get("/p/star-300")
    page = response.content.decode()
    assert response.status_code == 404
    assert "X-Xinka-Cache" not in response
    assert words in page
    assert not [leak for leak in ("还没公布的名字", "A name not told yet", "secret", "秘", "49.00") if leak in page]
    assert page.count('class="btn pri" href="/"') == 1  # nothing else is on this shelf


def test_beside_a_product_off_the_shelf_are_its_neighbours_that_are_on_sale(ware: cast.Ware, stranger: Client) -> None:
    cast.ware(ware.product.merchant, 1, slug="moon", product={"title_en": "Moon card"})
    cast.ware(ware.product.merchant, 1, slug="sun", product={"title_en": "Sun card", "state": "draft"})
    off_sale(ware, "paused")
    page = stranger.get("/p/star-300").content.decode()
    assert 'class="btn pri" href="/c/games"' in page
    assert ("Moon card" in page, "Sun card" in page, "Star Voyage" in page) == (True, False, False)


@pytest.mark.parametrize("state", [ProductState.DRAFT, ProductState.ARCHIVED])
def test_a_draft_is_as_unknown_as_an_address_that_was_made_up(ware: cast.Ware, stranger: Client, state: str) -> None:
    Product.objects.update(state=state)
    hidden, made_up = (stranger.get(path).content.decode() for path in ("/p/star-300", "/p/moon-300"))
    assert hidden.replace("star-300", "") == made_up.replace("moon-300", "")


def test_a_suspended_merchant_is_off_the_shelves(ware: cast.Ware, stranger: Client) -> None:
    ware.product.merchant.state = MerchantState.SUSPENDED
    ware.product.merchant.save()
    assert "Star Voyage" not in stranger.get("/").content.decode()
    assert "Star Voyage" not in stranger.get("/search?q=voyage").content.decode()
    assert stranger.get("/p/star-300").status_code == 404


def test_a_shelf_that_does_not_exist_is_not_found(stranger: Client) -> None:
    assert stranger.get("/c/nowhere").status_code == 404


@pytest.mark.parametrize("query", ["voyage", "VOYAGE 300", "星海", "艾达", "Ada's", "300 点"])
def test_search_finds_by_title_in_both_languages_and_by_merchant(ware: cast.Ware, stranger: Client, query: str) -> None:
    assert "Star Voyage card 300" in stranger.get("/search", {"q": query}).content.decode()


@pytest.mark.parametrize("sort", ["", "price"])
def test_a_product_whose_variants_are_all_meant_is_found_once(ware: cast.Ware, stranger: Client, sort: str) -> None:
    for label in ("周卡", "月卡"):
        Sku.objects.create(product=ware.product, price=100, label=label)
    page = stranger.get("/search", {"q": "卡", "sort": sort}).content.decode()
    assert page.count(f'href="/p/{ware.product.slug}"') == 1
    assert f'href="/p/{ware.product.slug}"' in stranger.get("/search", {"q": "周卡", "sort": sort}).content.decode()


@pytest.mark.parametrize("query", ["星海遠征", "點卡 ３００", "ＳＴＡＲ　Ｖｏｙａｇｅ"])
def test_search_understands_traditional_characters_and_full_width(ware: cast.Ware, query: str) -> None:
    page = CHINESE.get("/search", {"q": query}).content.decode()
    assert f'href="/p/{ware.product.slug}"' in page
    assert query.replace("\u3000", " ") in page, "what was typed stays in the field"


def test_search_finds_by_product_number(ware: cast.Ware, stranger: Client) -> None:
    assert "Star Voyage" in stranger.get("/search", {"q": f"#{ware.product.id}"}).content.decode()


def test_a_search_without_result_offers_the_nearest_title_as_one_button(ware: cast.Ware) -> None:
    page = CHINESE.get("/search", {"q": "星海远怔"}).content.decode()
    assert page.count('class="btn pri') == 1
    assert "星海远征 点卡 300 点" in page


@pytest.mark.parametrize(("query", "n_searches"), [("bench 7", 1), ("BENCH ７", 2), ("長凳", 2)])
def test_only_what_reads_otherwise_when_plain_is_searched_for_again(
    ware: cast.Ware, query: str, n_searches: int
) -> None:
    statements = statements_of(lambda: CHINESE.get("/search", {"q": query}))
    assert sum("face_en" in sql.partition("WHERE")[2] for sql, _ in statements) == n_searches


def test_whoever_did_not_mean_the_nearest_title_has_a_way_to_everything_else(ware: cast.Ware) -> None:
    page = CHINESE.get("/search", {"q": "星海远怔"}).content.decode()
    assert "最接近的是" in page
    assert '<a class="btn qt" href="/">看全部商品</a>' in page


@pytest.mark.parametrize(("language", "title"), [("zh-hans", "星海远征 点卡 300 点"), ("en", "Star Voyage card 300")])
def test_the_nearest_title_is_told_in_the_readers_language(ware: cast.Ware, language: str, title: str) -> None:
    for query in ("xinghai voyag", "星海远怔"):
        page = Client(headers={"accept-language": language}).get("/search", {"q": query}).content.decode()
        assert f"{title}</a>" in page


@pytest.mark.parametrize("query", ["星诲", "辛海", "星X远"])
def test_of_two_signs_one_may_be_wrong(ware: cast.Ware, query: str) -> None:
    for slug, title in (("b", "点心铺 海苔"), ("c", "山上的 星"), ("d", "木尺制图")):
        cast.ware(ware.product.merchant, 1, slug=slug, product={"title": title, "title_en": ""})
    page = CHINESE.get("/search", {"q": query}).content.decode()
    assert page.count('class="btn pri') == 1
    assert "星海远征 点卡 300 点</a>" in page


@pytest.mark.parametrize("query", ["木瓜汤面", "qx", "x1"])
def test_what_has_nothing_in_common_with_any_title_has_no_nearest_one(ware: cast.Ware, query: str) -> None:
    cast.ware(ware.product.merchant, 1, slug="d", product={"title": "木尺制图 x", "title_en": "Quill q"})
    page = CHINESE.get("/search", {"q": query}).content.decode()
    assert "看全部商品" in page
    assert "最接近的是" not in page


@pytest.mark.parametrize("hidden", ["draft", "suspended", "no variant"])
def test_the_nearest_title_is_never_one_that_is_not_on_sale(ware: cast.Ware, hidden: str) -> None:
    if hidden == "draft":
        Product.objects.update(state=ProductState.DRAFT)
    elif hidden == "suspended":
        Merchant.objects.update(state=MerchantState.SUSPENDED)
    else:
        Sku.objects.update(on_sale=False)
    page = CHINESE.get("/search", {"q": "星海远怔"}).content.decode()
    assert "星海远征 点卡 300 点" not in page
    assert "看全部商品" in page
    assert "最接近的是" not in page


@pytest.mark.parametrize("query", ["%", "_", "\x00", "'; DROP TABLE", "a" * 5000, "<script>alert(1)</script>"])
def test_odd_searches_find_nothing_and_break_nothing(ware: cast.Ware, stranger: Client, query: str) -> None:
    response = stranger.get("/search", {"q": query})
    assert response.status_code == 200
    assert "Star Voyage card 300" not in response.content.decode()
    assert "<script>alert" not in response.content.decode()


@pytest.mark.parametrize(
    "query", [" ".join("Star" for _ in range(16)), "S t a r V o y g e c d 3 0 1 2 4 5 6 7 8 9 x z"]
)
def test_no_search_costs_more_than_one_of_eight_words(ware: cast.Ware, stranger: Client, query: str) -> None:
    """Each word reads eight columns of every product: of forty in one request the database had a long time."""
    with CaptureQueriesContext(connection) as asked:
        response = stranger.get("/search", {"q": query})
    assert "Star Voyage card 300" in response.content.decode()
    costliest = max(one["sql"].count("LIKE UPPER(") for one in asked.captured_queries)
    assert 8 <= costliest <= 8 * queries.MOST_WORDS


@pytest.mark.parametrize("query", ["", "  "])
def test_a_search_for_nothing_says_what_can_be_typed(ware: cast.Ware, query: str) -> None:
    assert "输入商品、商家或商品编号" in CHINESE.get("/search", {"q": query}).content.decode()


@pytest.mark.parametrize("page", ["0", "-1", "99999", "x", "９", "1e3"])
def test_pages_beyond_the_shelf_show_the_shelf(ware: cast.Ware, stranger: Client, page: str) -> None:
    response = stranger.get("/", {"page": page})
    assert "Star Voyage" in response.content.decode()


def test_a_long_shelf_has_pages(stranger: Client) -> None:
    ada = cast.adas_shop()
    for n in range(26):
        cast.ware(ada, slug=f"thing-{n}", product={"title_en": f"Thing {n:02d}"})
    first, second = (stranger.get("/", {"page": n}).content.decode() for n in (1, 2))
    assert first.count('<article class="pc') == 24
    assert second.count('<article class="pc') == 2
    assert "Thing 25" in first
    assert "Thing 00" in second


def test_a_shelf_costs_the_same_few_statements_however_long(
    ware: cast.Ware, stranger: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for n in range(5):
        cast.ware(ware.product.merchant, 1, slug=f"more-{n}", tiers={3: 100})
    with django_assert_num_queries(4):  # and the counts of the stock, which go by the till's own statement
        stranger.get("/")
    for n in range(5, PER_PAGE):
        cast.ware(ware.product.merchant, 1, slug=f"more-{n}", tiers={3: 100})
    with django_assert_num_queries(5):  # one more for how many there are
        stranger.get("/")


def test_the_cheapest_may_come_first(ware: cast.Ware, stranger: Client) -> None:
    cast.ware(ware.product.merchant, 1, slug="cheap", product={"title_en": "Cheap"}, sku={"price": 100})
    cast.ware(ware.product.merchant, 1, slug="dear", product={"title_en": "Dear"}, sku={"price": 99_900})
    page = stranger.get("/", {"sort": "price"}).content.decode()
    assert page.index("Cheap") < page.index("Star Voyage") < page.index("Dear")


def test_prices_are_compared_within_a_currency_the_shops_own_first(ware: cast.Ware, stranger: Client) -> None:
    for title, currency, price in (("Tokyo", "JPY", 500), ("Boston", "USD", 300), ("Boston dear", "USD", 40_000)):
        slug = title.lower().replace(" ", "-")
        offer = {"price": price, "currency": currency}
        cast.ware(ware.product.merchant, 1, slug=slug, product={"title_en": title}, sku=offer)
    page = stranger.get("/", {"sort": "price"}).content.decode()
    expected = ["/p/star-300", "/p/tokyo", "/p/boston", "/p/boston-dear"]
    assert re.findall(r'href="(/p/[^"?#]+)', page) == expected


def test_a_full_shelf_is_light(stranger: Client) -> None:
    ada = cast.adas_shop()
    for n in range(24):
        cast.ware(ada, 1, slug=f"thing-{n}", tiers={3: 100})
    assert len(gzip.compress(stranger.get("/").content)) < 12_000
