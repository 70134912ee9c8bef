"""At a desk with very many goods, sales and buyers nothing is beyond the end of a list; a page reads what it shows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from tests import cast
from tests.desk.browsing import browser as browser_of
from tests.plans import read_by
from xinka.desk import promotions
from xinka.kernel.ids import new_uuid
from xinka.merchants.models import Merchant
from xinka.promotions import coupon_forms, forms
from xinka.promotions.models import Code, Coupon, FlashSale, Use

pytestmark = pytest.mark.django_db
HOME = "/desk/ada-cards/promotions"


@pytest.fixture
def shop() -> Merchant:
    """Ada's merchant."""
    return cast.adas_shop()


@pytest.fixture
def ware(shop: Merchant) -> cast.Ware:
    """Cards at ¥49."""
    return cast.ware(shop, 10)


def test_a_variant_that_no_list_can_hold_is_found_by_its_words_and_gets_its_sale(
    monkeypatch: pytest.MonkeyPatch, shop: Merchant
) -> None:
    monkeypatch.setattr(forms, "MOST_CHOICES", 2)
    old = cast.ware(shop, 5, slug="old", product={"title_en": "Odd one"})
    for n in range(3):
        cast.ware(shop, 1, slug=f"new-{n}", product={"title_en": f"New {n}"})
    ada, choice = browser_of("ada@ada-cards.example"), f'<option value="{old.sku.id}"'
    page = ada.get(f"{HOME}/sales/new").content.decode()
    assert choice not in page
    assert 'name="q"' in page
    found = ada.get(f"{HOME}/sales/new?q=odd").content.decode()
    assert choice in found
    assert "New 2" not in found
    assert choice in ada.get(f"{HOME}/sales/new?q={old.sku.id}").content.decode()
    now = timezone.now()
    told = {
        "sku": str(old.sku.id), "price": "39", "units": "3", "starts_at": f"{now:%Y-%m-%dT%H:%M}",
        "ends_at": f"{now + timedelta(days=1):%Y-%m-%dT%H:%M}",
    }  # fmt: skip
    assert ada.post(f"{HOME}/sales/new?q=odd", told).status_code == 302
    assert FlashSale.objects.get().sku_id == old.sku.id


def test_a_product_that_no_list_can_hold_is_found_for_a_coupon(monkeypatch: pytest.MonkeyPatch, shop: Merchant) -> None:
    monkeypatch.setattr(coupon_forms, "MOST_CHOICES", 2)
    old = cast.ware(shop, 1, slug="old", product={"title_en": "Odd one"})
    for n in range(4):
        cast.ware(shop, 1, slug=f"new-{n}", product={"title_en": f"New {n}"})
    ada, choice = browser_of("ada@ada-cards.example"), f'value="product:{old.product.id}"'
    page = ada.get(f"{HOME}/coupons/new").content.decode()
    assert choice not in page
    assert 'name="q"' in page
    assert choice in ada.get(f"{HOME}/coupons/new?q=odd").content.decode()


def test_a_shop_whose_goods_fit_into_the_list_is_not_asked_to_search(ware: cast.Ware) -> None:
    ada = browser_of("ada@ada-cards.example")
    for page in ("sales/new", "coupons/new"):
        assert 'name="q"' not in ada.get(f"{HOME}/{page}").content.decode(), ware


def test_the_last_uses_of_a_coupon_and_of_a_sale_are_read_alone(
    monkeypatch: pytest.MonkeyPatch, ware: cast.Ware
) -> None:
    monkeypatch.setattr(promotions, "_LATEST", 2)
    now, shop = timezone.now(), ware.product.merchant
    coupon = Coupon.objects.create(merchant=shop, name="c", amount=100, starts_at=now)
    sale = FlashSale.objects.create(
        sku=ware.sku, merchant=shop, price=100, units=99, starts_at=now, ends_at=now + timedelta(days=1)
    )
    for n in range(20):
        for what, kind in ({"coupon": coupon}, "coupon"), ({"sale": sale}, "flash"):
            Use.objects.create(
                order_id=new_uuid(), kind=kind, amount=1, funded_by="merchant", at=now + timedelta(minutes=n), **what
            )
    ada = browser_of("ada@ada-cards.example")
    for page in (f"{HOME}/coupons/{coupon.id}", f"{HOME}/sales/{sale.id}"):
        read = read_by(lambda page=page: ada.get(page), about='FROM "promotions_use"')  # type: ignore[misc]
        assert read["promotions_use"] == 2, page


def test_one_code_of_ten_thousand_tells_its_coupon_and_whether_it_was_used(shop: Merchant) -> None:
    ada, now = browser_of("ada@ada-cards.example"), timezone.now()
    assert 'name="q"' not in ada.get(HOME).content.decode(), "without a coupon there is nothing to look for"
    spring, autumn = (
        Coupon.objects.create(merchant=shop, name=name, amount=100, starts_at=now) for name in ("Spring", "Autumn")
    )
    single = Code.objects.create(coupon=spring, issuer_id=shop.pk, code="ABCD2345", most_uses=1, n_used=1)
    Code.objects.create(coupon=autumn, issuer_id=shop.pk, code="FALL", n_used=7)
    for n in range(30):
        Code.objects.create(coupon=spring, issuer_id=shop.pk, code=f"WXYZ99{n:02}", most_uses=1)
    eves = Coupon.objects.create(merchant=cast.adas_shop(slug="eves-cards"), name="Of Eve", amount=1, starts_at=now)
    Code.objects.create(coupon=eves, issuer_id=eves.merchant_id, code="EVES")
    for typed, says, there in (
        (" abcd2345 ", f"The code {single.code} is one of “Spring”: used 1 of 1 times.", spring),
        ("fall", "The code FALL is that of “Autumn”: used 7 times.", autumn),
        ("spri", "", spring),
        ("EVES", "none of yours has this code", None),
        ("ABCD", "none of yours has this code", None),
    ):
        page = ada.get(HOME, {"q": typed})
        assert says in page.content.decode(), typed
        assert [one.pk for one in page.context["page"]] == ([there.pk] if there else []), typed
    read = read_by(lambda: ada.get(HOME, {"q": "ABCD2345"}), about='FROM "promotions_code"')
    assert read["promotions_code"] == 1


def test_flash_sales_have_pages(monkeypatch: pytest.MonkeyPatch, ware: cast.Ware) -> None:
    monkeypatch.setattr(promotions, "_PER_PAGE", 2)
    now = timezone.now()
    made = [
        FlashSale.objects.create(
            sku=ware.sku, merchant=ware.product.merchant, price=100 + n, units=1,
            starts_at=now + timedelta(days=n), ends_at=now + timedelta(days=n, hours=1),
        )
        for n in range(3)
    ]  # fmt: skip
    ada = browser_of("ada@ada-cards.example")
    first, second = (ada.get(f"{HOME}{query}").content.decode() for query in ("", "?sales=2"))
    assert [f"{HOME}/sales/{sale.id}" in first for sale in made] == [False, True, True]
    assert [f"{HOME}/sales/{sale.id}" in second for sale in made] == [True, False, False]
