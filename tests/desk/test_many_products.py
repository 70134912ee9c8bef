"""Many products changed at once: what is shown is what happens, others' goods stay as they are, a copy is a draft."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests import cast
from tests.desk.browsing import browser
from tests.desk.test_products import filled_in, save
from tests.promotions import offers
from xinka.catalog.actions import move_products
from xinka.catalog.errors import PricesMoved
from xinka.catalog.models import PriceTier, Product, ProductState, Sku
from xinka.catalog.repricing import How, Rule, Step, Why, seal_of, set_prices, worked_out
from xinka.desk import many_products
from xinka.merchants.models import Merchant
from xinka.stock.models import UnsoldCode

pytestmark = pytest.mark.django_db
MANY = "/desk/ada-cards/products/many"


def these(*wares: cast.Ware, **more: str) -> str:
    """Return the address at which these products are changed."""
    return f"{MANY}?" + "&".join(
        [*(f"product={ware.product.id}" for ware in wares), *(f"{k}={v}" for k, v in more.items())]
    )


def prices() -> dict[str, int]:
    return dict(Sku.objects.values_list("product__slug", "price"))


def states() -> dict[str, str]:
    return dict(Product.objects.values_list("slug", "state"))


def seen_in(page: str) -> str:
    """Return the sign of a preview."""
    (seen,) = re.findall(r'name="seen" value="([0-9a-f]+)"', page)
    return str(seen)


@pytest.mark.parametrize(
    ("how", "value", "step", "was", "currency", "becomes"),
    [
        (How.LOWER_SHARE, 1250, Step.CENT, 4900, "CNY", 4288),
        (How.LOWER_SHARE, 1250, Step.TENTH, 4900, "CNY", 4290),
        (How.LOWER_SHARE, 1250, Step.WHOLE, 4900, "CNY", 4300),
        (How.RAISE_SHARE, 1, Step.CENT, 5000, "CNY", 5001),
        (How.RAISE_SHARE, 1, Step.CENT, 4999, "CNY", 4999),
        (How.LOWER_SHARE, 5000, Step.CENT, 1, "CNY", 1),
        (How.RAISE_SHARE, 500, Step.TENTH, 980, "JPY", 1029),
        (How.RAISE_SUM, 250, Step.WHOLE, 4900, "CNY", 5200),
        (How.LOWER_SUM, 4900, Step.CENT, 4900, "CNY", 0),
        (How.LOWER_SUM, 5000, Step.CENT, 4900, "CNY", -100),
        (How.SET, 990, Step.WHOLE, 4900, "CNY", 990),
    ],
)
def test_prices_are_worked_out_to_the_minor_unit_and_rounded_half_upwards(
    how: How, value: int, step: Step, was: int, currency: str, becomes: int
) -> None:
    assert Rule(how, value, step).price(was, currency) == becomes


def test_prices_are_shown_first_and_then_set_as_they_were_shown(shop: Merchant, ada: Client) -> None:
    one = cast.ware(shop, 2, slug="one", tiers={10: 4500})
    two = cast.ware(shop, slug="two", sku={"price": 1000})
    cast.ware(shop, slug="left", sku={"price": 700})
    bought = cast.buy(one.sku, cast.channel())
    asked = {"do": "prices", "how": "lower_share", "value": "10%", "step": "cent"}
    page = ada.post(these(one, two), asked).content.decode()
    assert "2 variants get a new price" in page
    assert all(words in page for words in ("¥44.10", "¥9.00", "10+ ¥45.00 → ¥40.50"))
    assert prices() == {"one": 4900, "two": 1000, "left": 700}
    with CaptureQueriesContext(connection) as queries:
        done = ada.post(these(one, two), {**asked, "seen": seen_in(page)}, follow=True).content.decode()
    assert "2 variants have their new prices" in done
    assert prices() == {"one": 4410, "two": 900, "left": 700}
    assert PriceTier.objects.get().unit_price == 4050
    told = " ".join(query["sql"] for query in queries if "xinka_pages" in query["sql"])
    assert all(f"product:{ware.product.id}" in told for ware in (one, two))
    assert "'catalog'" in told
    bought.order.refresh_from_db()
    assert bought.order.amount == 4900


def test_a_price_that_moved_after_the_preview_stops_all_of_them(shop: Merchant, ada: Client) -> None:
    one, two = cast.ware(shop, slug="one"), cast.ware(shop, slug="two")
    asked = {"do": "prices", "how": "raise_sum", "value": "1.00", "step": "cent"}
    seen = seen_in(ada.post(these(one, two), asked).content.decode())
    Sku.objects.filter(id=two.sku.id).update(price=9900)
    page = ada.post(these(one, two), {**asked, "seen": seen}).content.decode()
    assert "none was changed" in page
    assert "¥100.00" in page, "it is shown anew"
    assert prices() == {"one": 4900, "two": 9900}
    assert seen_in(page) != seen
    ada.post(these(one, two), {**asked, "seen": seen_in(page)})
    assert prices() == {"one": 5000, "two": 10000}


@pytest.mark.parametrize("moved", ["currency", "tier"])
def test_what_a_price_means_is_a_part_of_what_was_shown(shop: Merchant, ada: Client, moved: str) -> None:
    """The number is the same: it is dollars now, or the cheap tier begins at two pieces."""
    made = cast.ware(shop, slug="one", tiers={10: 4500})
    asked = {"do": "prices", "how": "lower_share", "value": "10", "step": "cent"}
    seen = seen_in(ada.post(these(made), asked).content.decode())
    if moved == "currency":
        Sku.objects.update(currency="USD")
    else:
        PriceTier.objects.update(min_quantity=2)
    page = ada.post(these(made), {**asked, "seen": seen}).content.decode()
    assert "none was changed" in page
    assert prices() == {"one": 4900}
    ada.post(these(made), {**asked, "seen": seen_in(page)})
    assert prices() == {"one": 4410}


def test_prices_that_moved_while_they_are_written_stop_all_of_them(shop: Merchant) -> None:
    cast.ware(shop, slug="one", tiers={5: 4000})
    cast.ware(shop, slug="two")
    rule = Rule(How.RAISE_SUM, 100)

    def looked_at() -> list[Sku]:
        return list(Sku.objects.select_related("product").prefetch_related("tiers").order_by("id"))

    stale = worked_out(looked_at(), rule, sale_prices={})
    PriceTier.objects.update(unit_price=3900)
    with pytest.raises(PricesMoved):
        set_prices(stale)
    assert prices() == {"one": 4900, "two": 4900}
    assert seal_of(stale) != seal_of(worked_out(looked_at(), rule, sale_prices={}))
    assert set_prices(worked_out(looked_at(), rule, sale_prices={})) == 2


def test_a_variant_whose_price_cannot_be_keeps_it_and_says_why(shop: Merchant, ada: Client) -> None:
    wares = [
        cast.ware(shop, slug="cheap", sku={"price": 90}),
        cast.ware(shop, slug="tiers", sku={"price": 500}, tiers={10: 480}),
        cast.ware(shop, slug="sale", sku={"price": 450}),
        cast.ware(shop, slug="fine", sku={"price": 400}),
        cast.ware(shop, slug="same", sku={"price": 300}),
    ]
    offers.sale(wares[2].sku, price=350)
    rule = Rule(How.LOWER_SUM, 100)
    skus = list(Sku.objects.filter(product__slug__in=["cheap", "sale", "fine"]).order_by("id"))
    assert [one.stays for one in worked_out(skus, rule, sale_prices={wares[2].sku.id: 350})] == [
        Why.NO_PRICE,
        Why.IN_A_SALE,
        None,
    ]
    asked = {"do": "prices", "how": "set", "value": "3.00", "step": "cent"}
    page = ada.post(these(*wares), asked).content.decode()
    assert "its price tiers would not be cheaper" in page
    assert "its flash sale would not be cheaper" in page
    assert "no change" in page
    ada.post(these(*wares), {**asked, "seen": seen_in(page)})
    assert prices() == {"cheap": 300, "tiers": 500, "sale": 450, "fine": 300, "same": 300}


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"how": "lower_share", "value": "-5"}, "without a sign in front"),
        ({"how": "lower_share", "value": "0"}, "above 0 and up to 95"),
        ({"how": "lower_share", "value": "95.01"}, "above 0 and up to 95"),
        ({"how": "raise_share", "value": "1001"}, "up to 1000"),
        ({"how": "set", "value": "0"}, "not nothing"),
        ({"how": "set", "value": "1e3"}, "Write it like 12.34"),
        ({"how": "double", "value": "2"}, "not one of the available choices"),
    ],
)
def test_a_rule_that_cannot_be_read_is_told_and_changes_nothing(
    shop: Merchant, ada: Client, asked: dict[str, str], says: str
) -> None:
    made = cast.ware(shop)
    answer = ada.post(these(made), {"do": "prices", "step": "cent", **asked})
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert Sku.objects.get().price == 4900


def test_an_amount_is_of_one_currency_and_a_percentage_of_each(shop: Merchant, ada: Client) -> None:
    both = cast.ware(shop, slug="yuan"), cast.ware(shop, slug="dollar", sku={"currency": "USD"})
    assert '<option value="USD">' in ada.get(these(*both)).content.decode()
    for more, yuan, dollar in (({}, 500, 4900), ({"currency": "USD"}, 500, 500)):
        asked = {"do": "prices", "how": "set", "value": "5", "step": "cent", **more}
        page = ada.post(these(*both), asked).content.decode()
        assert "another currency" in page
        ada.post(these(*both), {**asked, "seen": seen_in(page)})
        assert prices() == {"yuan": yuan, "dollar": dollar}
    page = ada.post(these(*both), {"do": "prices", "how": "raise_share", "value": "100", "step": "cent"})
    assert "2 variants get a new price" in page.content.decode()


def test_products_go_where_they_may_and_the_rest_is_told(shop: Merchant, ada: Client) -> None:
    live, draft = cast.ware(shop, slug="live"), cast.ware(shop, slug="draft", product={"state": ProductState.DRAFT})
    bare = Product.objects.create(slug="bare", merchant=shop, category=live.product.category, title="x")
    address = f"{these(live, draft)}&product={bare.id}"
    done = ada.post(address, {"do": "move", "to": "live"}, follow=True).content.decode()
    assert "1 product is now: On sale. 2 stay as they were." in done
    assert states() == {"live": "live", "draft": "live", "bare": "draft"}, "without a variant on sale nothing is sold"
    ada.post(address, {"do": "move", "to": "paused"})
    assert states() == {"live": "paused", "draft": "paused", "bare": "draft"}
    assert ada.post(address, {"do": "move", "to": "sold"}).status_code == 422
    assert ada.post(address, {"do": "explode"}).status_code == 422


def test_only_owners_archive_many(shop: Merchant, ada: Client) -> None:
    made, bo = cast.ware(shop), browser("bo@ada-cards.example")
    assert 'value="archived"' not in bo.get(these(made)).content.decode()
    assert bo.post(these(made), {"do": "move", "to": "archived"}).status_code == 403
    assert states() == {"star-300": "live"}
    assert 'value="archived"' in ada.get(these(made)).content.decode()
    ada.post(these(made), {"do": "move", "to": "archived"})
    assert states() == {"star-300": "archived"}


def test_nobody_changes_goods_of_another_merchant(shop: Merchant, ada: Client) -> None:
    mine = cast.ware(shop, slug="mine")
    theirs = cast.ware(cast.adas_shop(slug="eves-cards"), slug="theirs", product={"title_en": "Of Eve"})
    other = cast.shelf("others")
    assert "Of Eve" not in ada.get(these(mine, theirs)).content.decode()
    ada.post(these(mine, theirs), {"do": "move", "to": "paused"})
    ada.post(these(mine, theirs), {"do": "category", "category": str(other.pk)})
    asked = {"do": "prices", "how": "set", "value": "1", "step": "cent"}
    ada.post(these(mine, theirs), {**asked, "seen": seen_in(ada.post(these(mine, theirs), asked).content.decode())})
    assert states() == {"mine": "paused", "theirs": "live"}
    assert prices() == {"mine": 100, "theirs": 4900}
    assert set(Product.objects.filter(category=other).values_list("slug", flat=True)) == {"mine"}
    answer = ada.get(these(theirs), follow=True)
    assert answer.redirect_chain == [("/desk/ada-cards/products", 302)]
    assert "Tick the products first" in answer.content.decode()


def test_all_that_a_filter_finds_is_changed_and_one_is_back_at_it(shop: Merchant, ada: Client) -> None:
    for n in range(3):
        cast.ware(shop, slug=f"moon-{n}", product={"title_en": f"Moon {n}"})
    cast.ware(shop, slug="sun", product={"title_en": "Sun"})
    address = f"{MANY}?all=1&in=q%3DMoon%26page%3D2"
    page = ada.get(address).content.decode()
    assert "Change 3 products" in page
    (chosen,) = set(re.findall(r'name="chosen" value="([0-9a-f]+)"', page))
    answer = ada.post(address, {"do": "move", "to": "paused", "chosen": chosen})
    assert answer["Location"] == "/desk/ada-cards/products?q=Moon&page=2"
    assert states() == {"moon-0": "paused", "moon-1": "paused", "moon-2": "paused", "sun": "live"}


def test_what_a_filter_finds_only_since_it_was_looked_at_is_not_changed(shop: Merchant, ada: Client) -> None:
    cast.ware(shop, slug="one")
    address = f"{MANY}?all=1&in="
    (chosen,) = set(re.findall(r'name="chosen" value="([0-9a-f]+)"', ada.get(address).content.decode()))
    cast.ware(shop, slug="new")
    page = ada.post(address, {"do": "move", "to": "paused", "chosen": chosen}).content.decode()
    assert "finds other products by now" in page
    assert "Change 2 products" in page
    assert states() == {"one": "live", "new": "live"}


def test_what_cannot_have_its_new_price_stands_first_in_the_preview(shop: Merchant, ada: Client) -> None:
    cheap = cast.ware(shop, slug="cheap", sku={"price": 50}, product={"title_en": "Cheap"})
    fine = cast.ware(shop, slug="fine", product={"title_en": "Fine"})
    asked = {"do": "prices", "how": "lower_sum", "value": "1", "step": "cent"}
    page = ada.post(these(fine, cheap), asked).content.decode()
    assert page.index("Cheap") < page.index("Fine")


def test_more_than_may_be_changed_at_once_is_not(shop: Merchant, ada: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(many_products, "MOST", 2)
    for n in range(3):
        cast.ware(shop, slug=f"p{n}")
    page = ada.post(f"{MANY}?all=1&in=", {"do": "move", "to": "paused"}).content.decode()
    assert "At most 2 products are changed at once" in page
    assert set(states().values()) == {"live"}


def test_a_change_of_many_costs_the_same_however_many_they_are(shop: Merchant, ada: Client) -> None:
    one, wares = cast.ware(shop, slug="one"), [cast.ware(shop, slug=f"w{n}", tiers={5: 4000}) for n in range(6)]
    counts = []
    for chosen in ([one, wares[0]], wares):
        with CaptureQueriesContext(connection) as queries:
            ada.post(these(*chosen), {"do": "prices", "how": "raise_sum", "value": "1", "step": "cent"})
        counts.append(len(queries))
    assert counts[0] == counts[1]
    with CaptureQueriesContext(connection) as queries:
        assert move_products([ware.product.id for ware in wares], to=ProductState.PAUSED) == 6
    assert len(queries) <= 5


def test_a_copy_is_a_draft_with_all_but_stock(shop: Merchant, ada: Client) -> None:
    texts = {"description": "long", "how_to_en": "How", "after_payment": "Thanks", "title": "长" * 80}
    made = cast.ware(shop, 3, product=texts, sku={"label": "月", "max_quantity": 7, "choosable": True}, tiers={5: 4000})
    address = f"/desk/{shop.slug}/products/{made.product.id}/copy"
    page = ada.post(f"{address}?in=state%3Dlive", follow=True)
    copied = Product.objects.exclude(id=made.product.id).get()
    assert page.redirect_chain == [(f"/desk/{shop.slug}/products/{copied.id}?in=state%3Dlive", 302)]
    assert (copied.state, copied.title, copied.title_en) == (
        "draft",
        "长" * 76 + "（副本）",
        "Star Voyage card 300 (copy)",
    )
    assert [getattr(copied, name) for name in ("description", "how_to_en", "after_payment", "face", "merchant_id")] == [
        *("long", "How", "Thanks", "300 点", shop.pk)
    ]
    assert copied.slug != made.product.slug
    (sku,) = copied.skus.all()
    assert (sku.label, sku.price, sku.max_quantity, sku.choosable) == ("月", 4900, 7, True)
    assert list(sku.tiers.values_list("min_quantity", "unit_price")) == [(5, 4000)]
    assert UnsoldCode.objects.filter(sku_id=sku.id).count() == 0
    assert UnsoldCode.objects.filter(sku_id=made.sku.id).count() == 3


def test_a_price_that_a_flash_sale_would_not_be_below_is_refused_in_the_editor(shop: Merchant, ada: Client) -> None:
    made = cast.ware(shop, 12)
    offers.sale(made.sku, price=3900)
    assert save(ada, made, **{"v-0-price": "39.00"}) == 422
    assert Sku.objects.get().price == 4900
    page = ada.post(f"/desk/{shop.slug}/products/{made.product.id}", filled_in(made, **{"v-0-price": "38"}))
    assert "flash sale sells it at ¥39.00" in page.content.decode()
    assert save(ada, made, **{"v-0-price": "39.01"}) == 302
    assert Sku.objects.get().price == 3901
