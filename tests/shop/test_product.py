"""The product page: true facts, one form, nothing of whoever looks, and little work."""

from __future__ import annotations

import gzip
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tests import cast
from xinka.catalog.models import PriceTier, Sku
from xinka.catalog.queries import product_on_sale
from xinka.merchants.models import Merchant, Record
from xinka.payments.models import Channel
from xinka.platform.look.prose import prose
from xinka.platform.look.templatetags.look import COUNTED_TO
from xinka.stock.models import StockCode
from xinka.stock.queries import labels_on_offer
from xinka.stock.sql import COUNT_ON_SALE

pytestmark = pytest.mark.django_db


def test_the_page_says_what_it_costs_how_much_there_is_and_how_to_pay(
    ware: cast.Ware, alipay: Channel, stranger: Client
) -> None:
    page = stranger.get("/p/star-300").content.decode()
    assert "Star Voyage card 300" in page
    assert "In stock 12" in page
    assert "Quantity <span data-total-count>1</span>, to pay" in page
    assert "Alipay" in page
    assert f'name="sku" value="{ware.sku.id}"' in page
    assert 'name="expected" value="4900"' in page
    assert f"Product no. {ware.product.id}" in page


def test_what_a_seller_says_of_themselves_stands_beside_who_they_are_and_is_text(
    ware: cast.Ware, alipay: Channel, stranger: Client
) -> None:
    assert '<div class="s md"' not in stranger.get("/p/star-300").content.decode()
    Merchant.objects.update(about="自 2019 年起卖点卡。\n<script>alert(1)</script>")
    page = stranger.get("/p/star-300").content.decode()
    assert "<p>自 2019 年起卖点卡。<br>&lt;script&gt;alert(1)&lt;/script&gt;</p>" in page


def test_what_a_seller_says_of_themselves_is_in_the_readers_language_and_in_chinese_where_it_has_no_other(
    ware: cast.Ware, alipay: Channel, stranger: Client
) -> None:
    shown = {}
    for english in ("", "Selling cards since 2019."):
        Merchant.objects.update(about="自 2019 年起卖点卡。", about_en=english)
        for language in ("en", "zh-hans"):
            stranger.cookies["xk_lang"] = language
            page = stranger.get("/p/star-300").content.decode()
            shown[english, language] = ("自 2019 年起卖点卡。" in page, "Selling cards since 2019." in page)
    assert shown.pop(("Selling cards since 2019.", "en")) == (False, True)
    assert set(shown.values()) == {(True, False)}


def test_the_page_is_public_and_has_no_token(ware: cast.Ware, alipay: Channel, stranger: Client) -> None:
    response = stranger.get("/p/star-300")
    assert response["X-Xinka-Cache"] == f"product:{ware.product.id}"
    assert not response.cookies
    assert "csrfmiddlewaretoken" not in response.content.decode()


def test_somebody_signed_in_gets_the_very_same_page(ware: cast.Ware, alipay: Channel, stranger: Client) -> None:
    before = stranger.get("/p/star-300").content
    stranger.force_login(cast.person(cast.CY))
    assert stranger.get("/p/star-300").content == before


def test_the_form_has_exactly_the_fields_checkout_takes(ware: cast.Ware, alipay: Channel, stranger: Client) -> None:
    page = stranger.get("/p/star-300").content.decode()
    form = page[page.index('id="buy"') : page.index("</form>", page.index('id="buy"'))]
    fields = set(re.findall(r'name="(\w+)"', form))
    assert fields == {"sku", "expected", "request_key", "quantity", "contact", "channel", "password", "coupon"}


def test_without_scripts_the_total_of_another_quantity_can_be_had_first(
    ware: cast.Ware, alipay: Channel, stranger: Client
) -> None:
    page = stranger.get("/p/star-300").content.decode()
    button = page[page.index("<noscript>") : page.index("</noscript>")]
    assert 'formaction="/code#buy"' in button
    answer = stranger.post("/code", {"sku": ware.sku.id, "quantity": "6", "coupon": ""})
    assert answer["Location"] == f"/p/star-300?sku={ware.sku.id}&quantity=6#buy"


def test_without_scripts_what_was_typed_stays_when_the_total_is_worked_out(
    ware: cast.Ware, alipay: Channel, stranger: Client
) -> None:
    other = cast.channel("wechatpay")
    typed = {"contact": 'cy"@example.com', "password": "green tea", "channel": other.slug, "coupon": "NOTHING"}
    for coupon, status in (("", 200), ("NOTHING", 409)):
        asked = {"sku": ware.sku.id, "quantity": "6", **typed, "coupon": coupon}
        answer = stranger.post("/code", asked)
        page = answer.content.decode()
        assert (answer.status_code, answer["Cache-Control"]) == (status, "no-store")
        assert 'value="cy&quot;@example.com" data-contact' in page
        assert 'value="green tea" data-password' in page
        assert re.search(f'value="{other.slug}" required checked', page)
        assert f'name="expected" value="{6 * 4750}"' in page
        assert ("There is no such code" in page, 'value="NOTHING"' in page) == (bool(coupon), bool(coupon))
    assert "green tea" not in stranger.get("/p/star-300").content.decode()


def test_a_quantity_in_the_address_is_priced_by_its_tier(ware: cast.Ware, alipay: Channel, stranger: Client) -> None:
    page = stranger.get("/p/star-300", {"quantity": "6"}).content.decode()
    assert f'name="expected" value="{6 * 4750}"' in page


def test_what_one_sees_is_what_checkout_reckons(ware: cast.Ware, alipay: Channel, stranger: Client) -> None:
    for quantity in (1, 4, 5, 12):
        page = stranger.get("/p/star-300", {"quantity": quantity}).content.decode()
        shown = re.search(r'name="expected" value="(\d+)"', page)
        assert shown is not None
        request = cast.ask(ware.sku, alipay, quantity=quantity, contact=f"q{quantity}@example.com")
        assert request.expected == int(shown[1])


@pytest.mark.parametrize("quantity", ["0", "-3", "9999999", "x", "٣"])
def test_an_odd_quantity_in_the_address_is_brought_into_range(
    ware: cast.Ware, alipay: Channel, stranger: Client, quantity: str
) -> None:
    page = stranger.get("/p/star-300", {"quantity": quantity}).content.decode()
    shown = re.search(r'name="quantity"[^>]* value="(\d+)"', page)
    assert shown is not None
    assert 1 <= int(shown[1]) <= 12


def test_variants_are_links_and_the_chosen_one_is_priced(ware: cast.Ware, alipay: Channel, stranger: Client) -> None:
    large = Sku.objects.create(product=ware.product, price=9900, label="大", label_en="Large", position=1)
    cast.stock_up(large, ["LARGE-1"])
    page = stranger.get("/p/star-300", {"sku": large.id}).content.decode()
    assert 'name="expected" value="9900"' in page
    assert f'href="/p/star-300?sku={ware.sku.id}#buy"' in page


def test_a_variant_of_another_product_is_not_shown(ware: cast.Ware, alipay: Channel, stranger: Client) -> None:
    other = cast.ware(ware.product.merchant, 1, slug="other", sku={"price": 77})
    page = stranger.get("/p/star-300", {"sku": other.sku.id}).content.decode()
    assert f'name="sku" value="{ware.sku.id}"' in page


def test_a_sold_out_product_has_no_form(alipay: Channel, stranger: Client) -> None:
    cast.ware(cast.adas_shop(), 0)
    page = stranger.get("/p/star-300").content.decode()
    assert "Sold out" in page
    assert 'action="/checkout"' not in page


def test_a_channel_that_is_off_is_not_offered_and_one_that_does_not_fit_says_why(
    ware: cast.Ware, alipay: Channel, stranger: Client
) -> None:
    cast.channel("off", name_en="Off pay", on=False)
    cast.channel("small", name_en="Small pay", max_amount=100)
    page = stranger.get("/p/star-300").content.decode()
    assert "Off pay" not in page
    assert "Small pay" in page
    assert "takes ¥0.01 to ¥1.00" in page


def test_codes_to_choose_from_show_their_labels_and_never_themselves(alipay: Channel, stranger: Client) -> None:
    ware = cast.ware(cast.adas_shop(), sku={"choosable": True, "choose_premium": 500})
    cast.stock_up(ware.sku, [f"SECRET-{n}" for n in range(30)], labels=[f"lucky {n:02d}" for n in range(30)])
    page = stranger.get("/p/star-300").content.decode()
    assert "lucky 00" in page
    assert "lucky 24" not in page
    assert "SECRET" not in page
    assert "+¥5.00" in page
    assert "lucky 24" in stranger.get("/p/star-300", {"codes": "2"}).content.decode()
    assert "lucky 29" in stranger.get("/p/star-300", {"code": "29"}).content.decode()
    assert "lucky" not in stranger.get("/p/star-300", {"code": "%"}).content.decode()


def test_a_code_chosen_without_scripts_stays_chosen_at_its_price(alipay: Channel, stranger: Client) -> None:
    ware = cast.ware(cast.adas_shop(), sku={"choosable": True, "choose_premium": 500})
    cast.stock_up(ware.sku, [f"SECRET-{n}" for n in range(30)], labels=[f"lucky {n:02d}" for n in range(30)])
    code_id = StockCode.objects.get(label="lucky 29").id
    refused = {"code": "price_changed", "sku": ware.sku.id, "quantity": 1, "chosen": code_id}
    page = stranger.get("/checkout/refused", refused).content.decode()
    assert "¥54.00" in page
    assert f"quantity=1&amp;chosen={code_id}#buy" in page
    page = stranger.get("/p/star-300", {"sku": ware.sku.id, "quantity": 1, "chosen": code_id}).content.decode()
    assert f'value="{code_id}" checked' in page
    assert 'name="expected" value="5400"' in page
    assert 'name="chosen" value="" checked' not in page


def test_without_scripts_what_was_typed_stays_when_a_number_is_looked_for(alipay: Channel, stranger: Client) -> None:
    ware = cast.ware(cast.adas_shop(), sku={"choosable": True, "choose_premium": 500})
    cast.stock_up(ware.sku, [f"SECRET-{n}" for n in range(60)], labels=[f"lucky {n:02d}" for n in range(60)])
    form = {"sku": ware.sku.id, "quantity": "1", "coupon": "", "contact": "cy@example.com", "password": "green tea"}
    page = stranger.post("/code", form | {"code": "59"}).content.decode()
    assert 'value="cy@example.com" data-contact' in page
    assert 'value="green tea" data-password' in page
    assert 'name="code" value="59"' in page
    assert re.findall(r"lucky \d\d", page) == ["lucky 59"]
    page = stranger.post("/code", form | {"codes": "2"}).content.decode()
    assert 'value="cy@example.com" data-contact' in page
    assert ("lucky 24" in page, "lucky 00" in page) == (True, False)
    answer = stranger.post("/code", form | {"code": "59", "codes": "2", "contact": "", "password": ""})
    assert answer["Location"] == f"/p/star-300?sku={ware.sku.id}&quantity=1&code=59&codes=2#buy"


@pytest.mark.parametrize("wrong", [{"chosen": "0"}, {"chosen": "9" * 30}, {"chosen": "x"}, {"quantity": "2"}])
def test_what_cannot_be_chosen_costs_nothing(alipay: Channel, stranger: Client, wrong: dict[str, str]) -> None:
    ware = cast.ware(cast.adas_shop(), sku={"choosable": True, "choose_premium": 500})
    cast.stock_up(ware.sku, ["SECRET-1", "SECRET-2"], labels=["lucky 1", "lucky 2"])
    query = {"chosen": str(StockCode.objects.get(label="lucky 1").id)} | wrong
    page = stranger.get("/p/star-300", query).content.decode()
    assert f'name="expected" value="{4900 * int(wrong.get("quantity", 1))}"' in page
    assert 'name="chosen" value="" checked' in page


def test_what_is_for_payers_only_is_not_on_the_page(alipay: Channel, stranger: Client) -> None:
    cast.ware(cast.adas_shop(), 1, product={"after_payment": "the door code is 4711", "description": "open *day*"})
    page = stranger.get("/p/star-300").content.decode()
    assert "4711" not in page
    assert "open <em>day</em>" in page


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "![x](https://evil.example/pixel.png)",
        '<img src=x onerror="alert(1)">',
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "# big\n\n<iframe src=//evil.example></iframe>",
    ],
)
def test_a_merchants_prose_can_do_no_harm(text: str) -> None:
    html = str(prose(text))
    assert not re.search(r"<(script|img|iframe|h1)", html)
    assert 'href="javascript' not in html
    assert 'href="data' not in html


def test_links_in_prose_tell_nobody_where_they_come_from() -> None:
    assert 'rel="noopener noreferrer nofollow ugc"' in str(prose("[site](https://example.com)"))


def test_a_product_whose_variants_are_all_off_sale_is_not_there(
    ware: cast.Ware, alipay: Channel, stranger: Client
) -> None:
    Sku.objects.filter(product=ware.product).update(on_sale=False)
    assert stranger.get("/p/star-300").status_code == 404


def test_variants_come_in_their_order_each_with_its_own_tiers(
    ware: cast.Ware, alipay: Channel, stranger: Client
) -> None:
    Sku.objects.filter(id=ware.sku.id).update(position=2)
    first = Sku.objects.create(product=ware.product, price=9900, label="Large", position=1)
    Sku.objects.create(product=ware.product, price=1, label="Hidden", position=0, on_sale=False)
    PriceTier.objects.create(sku=first, min_quantity=10, unit_price=9500)
    PriceTier.objects.create(sku=first, min_quantity=3, unit_price=9700)
    found = product_on_sale("star-300")
    assert found is not None
    read = [(sku.id, [(tier.min_quantity, tier.unit_price) for tier in sku.tiers.all()]) for sku in found.skus.all()]
    assert read == [(first.id, [(3, 9700), (10, 9500)]), (ware.sku.id, [(5, 4750)])]


def test_a_first_look_costs_few_statements(
    ware: cast.Ware, alipay: Channel, stranger: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    Sku.objects.create(product=ware.product, price=9900, label="大")
    with django_assert_num_queries(4):  # product, variants, sales, channels; and the stock, by the till's
        stranger.get("/p/star-300")


def test_the_first_load_is_light(ware: cast.Ware, alipay: Channel, stranger: Client) -> None:
    page = stranger.get("/p/star-300").content
    assert b"style=" not in page
    assert b"onclick" not in page
    weight = len(gzip.compress(page))
    shared = ("xinka/xinka.css", "xinka/xinka.js", "xinka/trade.js", "xinka/sprite.svg")
    for name in (*shared, "shop/shop.js", "shop/shop.css"):
        found = finders.find(name)
        assert isinstance(found, str)
        weight += len(gzip.compress(Path(found).read_bytes()))
    assert weight < 40_000


def _told(stranger: Client, n: int, disputed: int, usual: int | None, answers: timedelta | None = None) -> str:
    counts = {"n_delivered": n, "n_disputed": disputed, "usual_bps": usual, "answers_in": answers}
    Record.objects.update_or_create(merchant=Merchant.objects.get(), defaults={**counts, "counted_at": timezone.now()})
    page = stranger.get("/p/star-300").content.decode()
    return " ".join(re.sub(r"<[^>]+>", " ", page.partition('<dl class="facts">')[2].partition("</dl>")[0]).split())


def test_how_the_seller_did_lately_stands_beside_who_they_are(
    ware: cast.Ware, alipay: Channel, stranger: Client
) -> None:
    assert '<dl class="facts">' not in stranger.get("/p/star-300").content.decode(), "nothing was counted yet"
    assert _told(stranger, 0, 0, 120) == "Sold in 90 days none yet"
    assert _told(stranger, 19, 9, 120) == ("Sold in 90 days 19 orders Dispute share — too few orders for a share")
    assert _told(stranger, 1234, 15, None, timedelta(hours=2)) == (
        "Sold in 90 days 1,234 orders Dispute share 1.2% Answers buyers within 2 hours mostly"
    )


@pytest.mark.parametrize(("disputed", "is_worse"), [(12, False), (13, True)])
def test_more_disputes_than_half_of_all_sellers_have_is_marked(
    ware: cast.Ware, alipay: Channel, stranger: Client, disputed: int, is_worse: bool
) -> None:
    told = _told(stranger, 1000, disputed, 120)
    assert told == f"Sold in 90 days 1,000 orders Dispute share 1.{disputed - 10}% half of all sellers: 1.2% or less"
    assert ('<dd class="wait">' in stranger.get("/p/star-300").content.decode()) is is_worse


def test_each_label_can_be_chosen_once_however_many_codes_have_it(alipay: Channel, stranger: Client) -> None:
    ware = cast.ware(cast.adas_shop(), 90, sku={"choosable": True})
    codes = list(StockCode.objects.order_by("id"))
    for n, code in enumerate(codes):
        code.label = "North" if n < 60 else f"South {n}"
    StockCode.objects.bulk_update(codes, ["label"])
    labels, has_more = labels_on_offer(ware.sku.id)
    assert [(label.code_id, label.text) for label in labels] == [
        (codes[0].id, "North"),
        *((codes[n].id, f"South {n}") for n in range(60, 83)),
    ]
    assert has_more
    rest, has_more = labels_on_offer(ware.sku.id, page=2)
    assert ([label.text for label in rest], has_more) == ([f"South {n}" for n in range(83, 90)], False)
    assert [label.text for label in labels_on_offer(ware.sku.id, contains="NORTH")[0]] == ["North"]
    # Another code of the same label was chosen before: it stands for its label.
    page = stranger.get("/p/star-300", {"sku": ware.sku.id, "quantity": 1, "chosen": codes[7].id}).content.decode()
    assert page.count(">North<") == 1
    assert f'name="chosen" value="{codes[7].id}" checked' in page


def test_labels_that_are_all_different_are_read_a_page_at_a_time(
    alipay: Channel, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    ware = cast.ware(cast.adas_shop(), 60, sku={"choosable": True})
    for n, code in enumerate(StockCode.objects.order_by("id")):
        StockCode.objects.filter(id=code.id).update(label=f"No. {n}")
    with django_assert_num_queries(3):  # one each
        pages = [labels_on_offer(ware.sku.id, page=n) for n in (1, 2, 3)]
    assert [label.text for labels, _more in pages for label in labels] == [f"No. {n}" for n in range(60)]
    assert [more for _labels, more in pages] == [True, True, False]


@pytest.mark.parametrize(
    ("n", "words"), [(999, "In stock 999"), (1500, "In stock 1,500"), (10_000, "In stock 10,000+")]
)
def test_much_stock_is_written_as_far_as_it_is_counted(
    ware: cast.Ware, alipay: Channel, stranger: Client, monkeypatch: pytest.MonkeyPatch, n: int, words: str
) -> None:
    monkeypatch.setattr("xinka.shop.product.live_counts", lambda ids: dict.fromkeys(ids, n))
    assert f">{words}<" in stranger.get("/p/star-300").content.decode()


def test_stock_is_counted_as_far_as_pages_and_their_script_say() -> None:
    script = Path(str(finders.find("xinka/trade.js"))).read_text(encoding="utf-8")
    assert f"n >= {COUNTED_TO} ?" in script
    assert COUNT_ON_SALE.count(str(COUNTED_TO)) == 2
