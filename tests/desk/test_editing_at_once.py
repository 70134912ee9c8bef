"""Two who change one product: in two windows of the editor, or there and among many, nothing is undone unseen."""

from __future__ import annotations

import re
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from tests import cast
from tests.desk.browsing import browser
from tests.desk.test_products import filled_in
from tests.flows.waiting import somebody_waits, while_uncommitted
from xinka.catalog.actions import Variant, move_product, save_product
from xinka.catalog.models import PriceTier, Product, ProductState, Sku
from xinka.catalog.repricing import How, Rule, set_prices, worked_out
from xinka.flows.promotions.sales import plan_sale
from xinka.merchants.models import Merchant
from xinka.promotions.models import FlashSale


def seen_in(page: str) -> str:
    """Return the sign of what an editor shows."""
    return re.findall(r'name="seen" value="([0-9a-f]{32})"', page)[0]


def as_sent(made: cast.Ware, *, seen: str) -> dict[str, str]:
    """Return the form as its browser sends it with another title."""
    product = made.product
    more = {"face": product.face, "title_en": product.title_en, "v-0-choose_premium": "0.00"}
    return filled_in(made, title="Mine", seen=seen, **more)


def reprice(sku: Sku) -> int:
    """Raise the price of a variant by 1.00 as it stands."""
    now = Sku.objects.select_related("product").prefetch_related("tiers").filter(id=sku.id)
    return set_prices(worked_out(now, Rule(How.RAISE_SUM, 100), sale_prices={}))


@pytest.mark.django_db
@pytest.mark.parametrize("what", ["price", "tier", "category", "variant"])
def test_an_editor_that_was_open_meanwhile_does_not_bring_back_what_was_before(
    shop: Merchant, ada: Client, what: str
) -> None:
    made = cast.ware(shop)
    address = f"/desk/{shop.slug}/products/{made.product.id}"
    mine = as_sent(made, seen=seen_in(ada.get(address).content.decode()))
    match what:
        case "price":
            reprice(made.sku)
        case "tier":
            PriceTier.objects.create(sku=made.sku, min_quantity=5, unit_price=4000)
        case "category":
            Product.objects.update(category=cast.shelf("other"))
        case "variant":
            Sku.objects.create(product=made.product, label="second", price=100)
    before = Sku.objects.order_by("id").values_list("price", "product__category", "product__title")
    stands = list(before)
    answer = ada.post(address, mine)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "It was changed since you opened it" in page
    assert 'value="Mine"' in page, "nothing that was typed is lost"
    assert list(before.all()) == stands
    assert ada.post(address, {**mine, "seen": seen_in(page)}).status_code == 302, "who looked saves it"
    assert Product.objects.get().title == "Mine"


@pytest.mark.django_db
def test_what_differs_from_what_is_stored_is_named(shop: Merchant, ada: Client) -> None:
    made = cast.ware(shop)
    address = f"/desk/{shop.slug}/products/{made.product.id}"
    mine = as_sent(made, seen=seen_in(ada.get(address).content.decode()))
    reprice(made.sku)
    assert "differs in: Title in Chinese, Price." in ada.post(address, mine).content.decode()


@pytest.mark.django_db
def test_saving_twice_or_after_it_was_put_on_the_shelf_is_no_quarrel(shop: Merchant, ada: Client) -> None:
    made = cast.ware(shop)
    address = f"/desk/{shop.slug}/products/{made.product.id}"
    seen = seen_in(ada.get(address).content.decode())
    move_product(made.product.id, seen=ProductState.LIVE, to=ProductState.PAUSED)
    for _ in range(2):
        assert ada.post(address, as_sent(made, seen=seen)).status_code == 302
    assert Product.objects.values_list("title", "state").get() == ("Mine", "paused")


@pytest.mark.django_db
def test_the_editor_writes_nothing_that_it_does_not_show(shop: Merchant) -> None:
    """What it read is old by the time it is written: the shelf is moved by others, and alerts by every sale."""
    made = cast.ware(shop)
    read, variant = Product.objects.get(), Sku.objects.get()
    move_product(read.pk, seen=ProductState.LIVE, to=ProductState.PAUSED)
    Sku.objects.update(low_stock_alerted_at=timezone.now(), sold_out_alerted_at=timezone.now())
    read.title, variant.price = "New", 100
    save_product(read, [Variant(variant)])
    assert Product.objects.values_list("title", "state").get() == ("New", "paused")
    sku = Sku.objects.get(id=made.sku.id)
    assert sku.price == 100
    assert None not in (sku.low_stock_alerted_at, sku.sold_out_alerted_at)


@pytest.mark.race
@pytest.mark.usefixtures("committed_shop")
def test_an_editor_and_a_change_of_many_do_not_wait_for_each_other() -> None:
    made = cast.ware(cast.adas_shop())
    told: list[object] = []

    def change_many() -> None:
        try:
            told.append(reprice(made.sku))
        finally:
            connection.close()

    other = threading.Thread(target=change_many)
    variant, save = made.sku, made.sku.save

    def save_in_the_worst_moment(*args: Any, **more: Any) -> None:
        other.start()
        while other.is_alive() and not somebody_waits():
            pass
        save(*args, **more)

    variant.save = save_in_the_worst_moment  # type: ignore[method-assign]
    variant.label = "Mine"
    save_product(made.product, [Variant(variant)])
    other.join()
    assert told == [1]
    assert Sku.objects.values_list("label", "price").get() == ("Mine", 5000)


def plan(made: cast.Ware, *, price: int = 3900) -> FlashSale:
    """Plan a flash sale that is on."""
    now = timezone.now()
    times = {"starts_at": now - timedelta(minutes=1), "ends_at": now + timedelta(hours=1)}
    return plan_sale(FlashSale(sku=made.sku, merchant_id=made.product.merchant_id, price=price, units=1, **times))


@pytest.mark.race
@pytest.mark.usefixtures("committed_shop")
def test_a_sale_is_below_the_price_that_is_changed_while_it_is_planned() -> None:
    made = cast.ware(cast.adas_shop(), 5)

    def lower() -> None:
        now = Sku.objects.select_related("product").prefetch_related("tiers")
        set_prices(worked_out(now, Rule(How.LOWER_SUM, 1000), sale_prices={}))

    assert while_uncommitted(lower, lambda: plan(made)) == "not_below_the_price"
    assert (FlashSale.objects.count(), Sku.objects.get().price) == (0, 3900)
    assert plan(made, price=3899).price == 3899


@pytest.mark.race
@pytest.mark.usefixtures("committed_shop")
def test_a_price_stays_above_a_sale_that_is_planned_while_many_are_changed() -> None:
    shop = cast.adas_shop()
    made = cast.ware(shop, 5)
    ada = browser("ada@ada-cards.example")
    address = f"/desk/{shop.slug}/products/many?product={made.product.pk}"
    asked = {"do": "prices", "how": "lower_sum", "value": "10", "step": "cent"}
    seen = seen_in(ada.post(address, asked).content.decode())
    shown: list[str] = []

    def change() -> None:
        shown.append(ada.post(address, {**asked, "seen": seen}).content.decode())

    assert while_uncommitted(lambda: plan(made), change) is None
    assert "its flash sale would not be cheaper" in shown[0], "it is shown again, as it stands by now"
    assert Sku.objects.get().price == 4900


@pytest.mark.race
@pytest.mark.usefixtures("committed_shop")
def test_control_who_looks_at_the_sales_before_it_has_the_product_sells_dearer_in_a_sale() -> None:
    made = cast.ware(cast.adas_shop(), 5)
    looked_at = worked_out(
        Sku.objects.select_related("product").prefetch_related("tiers"), Rule(How.LOWER_SUM, 1000), sale_prices={}
    )
    assert while_uncommitted(lambda: plan(made), lambda: set_prices(looked_at)) == 1
    assert FlashSale.objects.get().price == Sku.objects.get().price
