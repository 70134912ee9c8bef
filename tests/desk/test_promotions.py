"""Ada's promotions: coupons and their codes, flash sales, what whoever recommends her gets; and who may not."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests import cast
from tests.promotions import offers
from xinka.accounts.models import User
from xinka.flows.checkout import Placed
from xinka.merchants.models import Merchant
from xinka.promotions import coupon_forms, forms
from xinka.promotions.codes import LETTERS
from xinka.promotions.models import Code, Coupon, FlashSale, ReferralTerms
from xinka.stock.models import AsideCode, UnsoldCode

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


def browser_of(email: str) -> Client:
    """Return a browser in which somebody is signed in."""
    client = Client(headers={"accept-language": "en"})
    client.force_login(User.objects.get(email=email))
    return client


@pytest.fixture
def ada(shop: Merchant) -> Client:
    """Ada's browser."""
    return browser_of("ada@ada-cards.example")


def moment(hours: int) -> str:
    """Return a moment as the browser's field writes it."""
    return f"{timezone.localtime() + timedelta(hours=hours):%Y-%m-%dT%H:%M}"


def coupon_form(**more: object) -> dict[str, object]:
    """Return what a person fills in for a coupon of ¥5."""
    values = {"name": "Spring", "takes": "amount", "amount": "5", "applies_to": "all:", "starts_at": moment(-1)}
    return {**values, "code": "spring-10", **more}


def test_ada_makes_a_coupon_that_buyers_can_use(shop: Merchant, ware: cast.Ware, ada: Client) -> None:
    answer = ada.post(f"{HOME}/coupons/new", coupon_form(most_total="2", most_per_buyer="1"))
    made = Coupon.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"{HOME}/coupons/{made.id}")
    assert (made.amount, made.merchant_id, made.most_total, Code.objects.get().code) == (500, shop.id, 2, "SPRING10")
    placed = cast.checkout(cast.ask(ware.sku, cast.channel(), wish=offers.wish("spring10"), expected=4400))
    assert isinstance(placed, Placed)
    page = ada.get(f"{HOME}/coupons/{made.id}").content.decode()
    assert "1 / 2" in page
    assert "ord_" in page
    assert "Spring" in ada.get(HOME).content.decode()


@pytest.mark.parametrize(("percent", "most_off"), [("12.5", "10"), ("１2,5 %", "¥10,00")])
def test_a_share_with_its_cap_for_one_variant(ware: cast.Ware, ada: Client, percent: str, most_off: str) -> None:
    data = coupon_form(
        takes="percent", amount="", percent=percent, most_off=most_off, applies_to=f"product:{ware.product.id}"
    )
    ada.post(f"{HOME}/coupons/new", data)
    made = Coupon.objects.get()
    assert (made.bps, made.most_off, made.scope, made.product_id) == (1250, 1000, "product", ware.product.id)


@pytest.mark.parametrize(
    ("takes", "rubbish"), [("amount", {"percent": "x", "most_off": "x"}), ("percent", {"amount": "x", "percent": "5"})]
)
def test_what_stands_in_a_field_of_the_other_kind_is_not_read(ada: Client, takes: str, rubbish: dict[str, str]) -> None:
    assert ada.post(f"{HOME}/coupons/new", coupon_form(takes=takes, **rubbish)).status_code == 302
    assert (Coupon.objects.get().amount, Coupon.objects.get().bps) in {(500, 0), (0, 500)}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"amount": ""}, "Say how much"),
        ({"amount": "0"}, "At least"),
        ({"amount": "5.0001"}, "decimals"),
        ({"amount": "5.001"}, "two ways"),
        ({"takes": "percent", "percent": "101"}, "From 0.01 to 100"),
        ({"takes": "percent", "percent": "NaN"}, "From 0.01"),
        ({"code": "a b"}, "no other signs"),
        ({"code": ""}, "Write a code"),
        ({"n_codes": "5"}, "Either one code"),
        ({"ends_at": moment(-2)}, "must end after"),
        ({"applies_to": "product:999999"}, "Select a valid choice"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_made(ada: Client, change: dict[str, str], words: str) -> None:
    answer = ada.post(f"{HOME}/coupons/new", coupon_form(**change))
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Coupon.objects.exists()


def test_a_coupon_for_goods_in_dollars_is_in_dollars(shop: Merchant, ware: cast.Ware, ada: Client) -> None:
    assert 'name="currency"' not in ada.get(f"{HOME}/coupons/new").content.decode(), "there is nothing to choose"
    abroad = cast.ware(shop, 2, slug="abroad", sku={"currency": "USD", "price": 1999})
    goods = f"product:{abroad.product.id}"
    asked = ada.get(f"{HOME}/coupons/new?for={goods}").content.decode()
    assert '<option value="USD" selected>' in asked
    assert "(¥)" not in asked
    refused = ada.post(f"{HOME}/coupons/new", coupon_form(applies_to=goods, currency="CNY"))
    assert (refused.status_code, Coupon.objects.count()) == (422, 0)
    assert "priced in USD" in refused.content.decode()
    ada.post(f"{HOME}/coupons/new", coupon_form(applies_to=goods, currency="USD", least_spend="19.99"))
    made = Coupon.objects.get()
    assert (made.currency, made.amount, made.least_spend) == ("USD", 500, 1999)
    channel = cast.channel("dollars", currency="USD")
    wished = cast.ask(abroad.sku, channel, wish=offers.wish("spring10"), expected=1499)
    assert isinstance(cast.checkout(wished), Placed)


def test_a_coupon_cannot_be_for_another_merchants_goods(ada: Client) -> None:
    theirs = cast.ware(cast.adas_shop(slug="eves-cards"), 1, slug="theirs")
    answer = ada.post(f"{HOME}/coupons/new", coupon_form(applies_to=f"product:{theirs.product.id}"))
    assert (answer.status_code, Coupon.objects.count()) == (422, 0)


def test_one_word_is_one_coupon_of_a_merchant(ada: Client) -> None:
    ada.post(f"{HOME}/coupons/new", coupon_form())
    answer = ada.post(f"{HOME}/coupons/new", coupon_form(code="ＳＰＲＩＮＧ１０"))
    assert (answer.status_code, Coupon.objects.count()) == (422, 1)


def test_ten_thousand_codes_are_made_and_leave_as_a_file(ada: Client) -> None:
    ada.post(f"{HOME}/coupons/new", coupon_form(code="", n_codes="10000"))
    made = Coupon.objects.get()
    assert Code.objects.filter(coupon=made, most_uses=1).count() == 10_000
    answer = ada.get(f"{HOME}/coupons/{made.id}/codes.csv")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == ["code", "used", "most"]
    assert len({row[0] for row in rows[1:]}) == 10_000
    assert set(rows[1][0]) <= set(LETTERS)
    ada.post(f"{HOME}/coupons/{made.id}/codes", {"count": "5"})
    ada.post(f"{HOME}/coupons/{made.id}/codes", {"count": "99999999"})
    assert Code.objects.count() == 10_005


def test_rules_can_be_changed_but_not_below_what_is_used(ware: cast.Ware, shop: Merchant, ada: Client) -> None:
    made = offers.coupon(merchant=shop)
    for n in range(2):
        wish = offers.wish("SPRING")
        cast.buy(ware.sku, cast.channel(f"c{n}"), contact=f"b{n}@example.com", wish=wish, expected=4400)
    page = f"{HOME}/coupons/{made.id}"
    assert ada.post(page, {"name": "New", "most_total": "1"}).status_code == 422
    assert ada.post(page, {"name": "New", "most_total": "2"}).status_code == 302
    made.refresh_from_db()
    assert (made.name, made.most_total, made.n_used, made.amount) == ("New", 2, 2, 500)


def test_a_coupon_does_not_end_before_it_begins(shop: Merchant, ada: Client) -> None:
    made = offers.coupon(merchant=shop)
    answer = ada.post(f"{HOME}/coupons/{made.id}", {"name": "New", "ends_at": moment(-2)})
    assert (answer.status_code, "It must end after it begins" in answer.content.decode()) == (422, True)
    assert ada.post(f"{HOME}/coupons/{made.id}", {"name": "New", "ends_at": moment(2)}).status_code == 302


def test_buyers_who_use_a_coupon_while_its_cap_is_lowered_are_counted(
    shop: Merchant, ware: cast.Ware, ada: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at the form and the writing, three buyers come."""
    made = offers.coupon(merchant=shop)
    look = coupon_forms.CouponRules.clean_most_total

    def look_and_be_overtaken(form: coupon_forms.CouponRules) -> int | None:
        found = look(form)
        Coupon.objects.update(n_used=3)
        return found

    monkeypatch.setattr(coupon_forms.CouponRules, "clean_most_total", look_and_be_overtaken)
    answer = ada.post(f"{HOME}/coupons/{made.id}", {"name": "New", "most_total": "2"})
    assert (answer.status_code, "used 3 times already" in answer.content.decode()) == (422, True)
    assert (Coupon.objects.get().name, Coupon.objects.get().most_total) == ("春季", None)


def test_of_a_form_sent_twice_at_once_the_second_one_finds_the_code_taken(
    shop: Merchant, ada: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = coupon_forms.CouponForm.clean_code

    def look_and_be_overtaken(form: coupon_forms.CouponForm) -> str:
        code = look(form)
        offers.coupon(code, merchant=shop)
        return code

    monkeypatch.setattr(coupon_forms.CouponForm, "clean_code", look_and_be_overtaken)
    answer = ada.post(f"{HOME}/coupons/new", coupon_form())
    assert (answer.status_code, "You have this code already" in answer.content.decode()) == (422, True)
    assert list(Coupon.objects.values_list("name", flat=True)) == ["春季"]


def test_a_stopped_coupon_is_stopped_for_good(shop: Merchant, ada: Client) -> None:
    made = offers.coupon(merchant=shop)
    ada.post(f"{HOME}/coupons/{made.id}/stop")
    made.refresh_from_db()
    assert made.stopped_at is not None
    assert "Stop now" not in ada.get(f"{HOME}/coupons/{made.id}").content.decode()


def sale_form(ware: cast.Ware, **more: object) -> dict[str, object]:
    """Return what a person fills in for a sale at ¥39."""
    values = {"sku": ware.sku.id, "price": "39", "units": "5", "starts_at": moment(-1), "ends_at": moment(2)}
    return {**values, **more}


def test_ada_plans_a_sale_and_its_price_is_on_the_page(ware: cast.Ware, ada: Client) -> None:
    cast.channel()
    assert ada.post(f"{HOME}/sales/new", sale_form(ware, per_buyer="2")).status_code == 302
    made = FlashSale.objects.get()
    assert (made.price, made.units, made.per_buyer, made.n_taken) == (3900, 5, 2, 0)
    assert "¥39.00" in Client().get("/p/star-300").content.decode().replace("<i>¥</i>", "¥")
    changed = sale_form(ware, price="1", units="7", per_buyer="")
    assert ada.post(f"{HOME}/sales/{made.id}", changed).status_code == 302
    made.refresh_from_db()
    assert (made.price, made.units, made.per_buyer) == (3900, 7, None), "a sale that is on keeps its price"
    ada.post(f"{HOME}/sales/{made.id}/stop")
    made.refresh_from_db()
    assert made.stopped_at is not None


def test_a_flash_price_is_of_the_currency_of_its_goods(shop: Merchant, ada: Client) -> None:
    yen = cast.ware(shop, 5, slug="yen", sku={"currency": "JPY", "price": 1500})
    assert "JP¥1,500" in ada.get(f"{HOME}/sales/new").content.decode()
    refused = ada.post(f"{HOME}/sales/new", sale_form(yen, price="12.50"))
    assert (refused.status_code, FlashSale.objects.count()) == (422, 0)
    assert ada.post(f"{HOME}/sales/new", sale_form(yen, price="1,200")).status_code == 302
    made = FlashSale.objects.get()
    assert made.price == 1200
    assert 'value="1200"' in ada.get(f"{HOME}/sales/{made.id}").content.decode()


def test_no_variant_goes_into_a_sale_that_was_not_chosen(ware: cast.Ware, ada: Client) -> None:
    plain = ada.get(f"{HOME}/sales/new").content.decode()
    assert '<option value="" selected>Choose a variant</option>' in plain
    named = ada.get(f"{HOME}/sales/new?sku={ware.sku.id}").content.decode()
    assert "Choose a variant" not in named
    assert f'<option value="{ware.sku.id}" selected>' in named
    assert ada.post(f"{HOME}/sales/new", sale_form(ware) | {"sku": ""}).status_code == 422
    assert not FlashSale.objects.exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"price": "49"}, "lower than the price"),
        ({"units": "0"}, "greater than or equal to 1"),
        ({"ends_at": moment(-2)}, "must end after"),
        ({"sku": "999999"}, "Select a valid choice"),
    ],
)
def test_a_sale_that_makes_no_sense_is_not_planned(
    ware: cast.Ware, ada: Client, change: dict[str, str], words: str
) -> None:
    answer = ada.post(f"{HOME}/sales/new", sale_form(ware, **change))
    assert (answer.status_code, FlashSale.objects.count()) == (422, 0)
    assert words in answer.content.decode()


def test_a_sale_sets_its_units_aside_and_gives_them_back_when_it_is_stopped(ware: cast.Ware, ada: Client) -> None:
    ada.post(f"{HOME}/sales/new", sale_form(ware))
    sold = FlashSale.objects.get()
    assert AsideCode.objects.filter(sale_id=sold.id).count() == 5
    page = ada.get(f"{HOME}/sales/{sold.id}").content.decode()
    assert "<dt>Set aside</dt><dd>5</dd>" in page
    ada.post(f"{HOME}/sales/{sold.id}/stop")
    assert AsideCode.objects.count() == 0


def test_no_more_than_there_is_can_be_planned(ware: cast.Ware, ada: Client) -> None:
    n = UnsoldCode.objects.count()
    answer = ada.post(f"{HOME}/sales/new", sale_form(ware, units=str(n + 1)))
    assert (answer.status_code, FlashSale.objects.count(), AsideCode.objects.count()) == (422, 0, 0)
    assert f"Only {n} pcs can be set aside" in answer.content.decode()


def test_ada_withdraws_what_a_sale_has_set_aside(ware: cast.Ware, ada: Client) -> None:
    ada.post(f"{HOME}/sales/new", sale_form(ware))
    sold = FlashSale.objects.get()
    page, form = ada.get(f"{HOME}/sales/{sold.id}").content.decode(), {"count": sold.units, "of": sold.units}
    assert f"How many of {sold.units} codes" in page
    assert f'max="{sold.units}" value="{sold.units}"' in page
    answer = ada.post(f"{HOME}/sales/{sold.id}/withdraw", form, follow=True).content.decode()
    assert f"{sold.units} codes withdrawn, and the sale is over." in answer
    assert "/withdraw" not in answer
    again = ada.post(f"{HOME}/sales/{sold.id}/withdraw", form, follow=True).content.decode()
    assert "Nothing was set aside any more" in again
    left = 10 - sold.units
    assert (UnsoldCode.objects.count(), AsideCode.objects.count()) == (left, 0)
    assert ada.get(f"{HOME}/sales/{sold.id}/withdraw").status_code == 405


def test_ada_withdraws_some_of_it_and_the_sale_goes_on_with_the_rest(ware: cast.Ware, ada: Client) -> None:
    ada.post(f"{HOME}/sales/new", sale_form(ware))
    sold = FlashSale.objects.get()
    where = f"{HOME}/sales/{sold.id}"
    answer = ada.post(f"{where}/withdraw", {"count": "2", "of": "5"}, follow=True).content.decode()
    assert "2 codes withdrawn. The sale goes on." in answer
    assert "How many of 3 codes" in answer
    sold.refresh_from_db()
    assert (sold.units, sold.stopped_at, AsideCode.objects.count(), UnsoldCode.objects.count()) == (3, None, 3, 5)
    answer = ada.post(f"{where}/withdraw", {"count": "1", "of": "3"}, follow=True).content.decode()
    assert "1 code withdrawn. The sale goes on." in answer
    ada.cookies["xk_lang"] = "zh-hans"
    assert "共 2 张，撤下几张" in ada.get(where).content.decode()


@pytest.mark.parametrize("count", ["", "0", "-1", "two", "1.5", "99999999999"])
def test_a_number_that_makes_no_sense_withdraws_nothing(ware: cast.Ware, ada: Client, count: str) -> None:
    ada.post(f"{HOME}/sales/new", sale_form(ware))
    where = f"{HOME}/sales/{FlashSale.objects.get().id}/withdraw"
    for form in ({"count": count, "of": "5"}, {}):
        assert "Nothing was withdrawn: say how many" in ada.post(where, form, follow=True).content.decode()
    assert (AsideCode.objects.count(), FlashSale.objects.get().stopped_at) == (5, None)


def test_who_wants_all_of_what_the_page_showed_gets_all_though_some_came_back_meanwhile(
    ware: cast.Ware, ada: Client
) -> None:
    ada.post(f"{HOME}/sales/new", sale_form(ware))
    where = f"{HOME}/sales/{FlashSale.objects.get().id}/withdraw"
    assert (
        "5 codes withdrawn, and the sale is over."
        in ada.post(where, {"count": "4", "of": "4"}, follow=True).content.decode()
    )


def test_a_sale_has_no_fewer_units_than_are_taken(shop: Merchant, ware: cast.Ware, ada: Client) -> None:
    made = offers.sale(ware.sku, units=5)
    cast.buy(ware.sku, cast.channel(), quantity=3, wish=offers.wish(sale_id=made.id), expected=3 * 3900)
    assert ada.post(f"{HOME}/sales/{made.id}", sale_form(ware, units="2")).status_code == 422
    assert ada.post(f"{HOME}/sales/{made.id}", sale_form(ware, units="3")).status_code == 302


def test_units_that_are_taken_while_a_sale_is_shortened_are_counted(
    shop: Merchant, ware: cast.Ware, ada: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = offers.sale(ware.sku, units=5)
    look = forms.SaleForm.clean

    def look_and_be_overtaken(form: forms.SaleForm) -> dict[str, object]:
        found = look(form)
        FlashSale.objects.update(n_taken=3)
        return found

    monkeypatch.setattr(forms.SaleForm, "clean", look_and_be_overtaken)
    answer = ada.post(f"{HOME}/sales/{made.id}", sale_form(ware, units="2"))
    assert (answer.status_code, "3 are taken already" in answer.content.decode()) == (422, True)
    assert (FlashSale.objects.get().units, AsideCode.objects.count()) == (5, 0)


def test_ada_offers_a_commission(shop: Merchant, ada: Client) -> None:
    ada.post(f"{HOME}/recommending", {"percent": "2.5"})
    assert ReferralTerms.objects.get().bps == 250
    ada.post(f"{HOME}/recommending", {"percent": "60"})
    ada.post(f"{HOME}/recommending", {"percent": ""})
    assert ReferralTerms.objects.get().bps == 0


def test_bo_the_clerk_makes_nothing_cheaper(shop: Merchant, ware: cast.Ware) -> None:
    bo = browser_of("bo@ada-cards.example")
    made = offers.coupon(merchant=shop)
    assert bo.get(HOME).status_code == 403
    assert bo.post(f"{HOME}/coupons/new", coupon_form()).status_code == 403
    assert bo.get(f"{HOME}/coupons/{made.id}/codes.csv").status_code == 403
    assert "/promotions" not in bo.get("/desk/ada-cards/").content.decode()


def test_eve_the_other_merchant_finds_none_of_it(shop: Merchant, ware: cast.Ware) -> None:
    cast.adas_shop(slug="eves-cards")
    eve, made, sold = browser_of("ada@eves-cards.example"), offers.coupon(merchant=shop), offers.sale(ware.sku)
    for home in (HOME, "/desk/eves-cards/promotions"):
        for path in (f"coupons/{made.id}", f"coupons/{made.id}/codes.csv", f"sales/{sold.id}"):
            assert eve.get(f"{home}/{path}").status_code == 404
        for path in (
            f"coupons/{made.id}/stop",
            f"coupons/{made.id}/codes",
            f"sales/{sold.id}/stop",
            f"sales/{sold.id}/withdraw",
        ):
            assert eve.post(f"{home}/{path}", {"count": "1"}).status_code == 404
    assert Client().get(HOME).status_code == 302
    made.refresh_from_db(), sold.refresh_from_db()
    assert (made.stopped_at, sold.stopped_at, Code.objects.count()) == (None, None, 1)


def test_an_empty_desk_says_what_promotions_are(ada: Client, shop: Merchant) -> None:
    page = ada.get(HOME).content.decode()
    assert "No coupons yet" in page
    assert "No flash sales yet" in page


@pytest.mark.parametrize(("address", "kind"), [("sales/new?sku=", ""), ("coupons/new?for=product:", "product:")])
def test_among_very_many_goods_the_one_that_was_named_can_be_chosen(
    ware: cast.Ware, ada: Client, monkeypatch: pytest.MonkeyPatch, address: str, kind: str
) -> None:
    for room in (forms, coupon_forms):
        monkeypatch.setattr(room, "MOST_CHOICES", 1)
    cast.ware(ware.product.merchant, 1, slug="newer")
    of_eve = cast.ware(cast.adas_shop(slug="eves-cards"), 1, slug="eves")
    for one, shown in ((ware, True), (of_eve, False)):
        number = one.product.id if kind else one.sku.id
        page = ada.get(f"/desk/{ware.product.merchant.slug}/promotions/{address}{number}").content.decode()
        assert (f'value="{kind}{number}" selected' in page) == shown
        assert (f'value="{kind}{number}"' in page) == shown


def test_a_sale_of_an_older_variant_than_are_listed_can_be_changed(
    ware: cast.Ware, ada: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forms, "MOST_CHOICES", 1)
    ada.post(f"{HOME}/sales/new", sale_form(ware))
    sold = FlashSale.objects.get()
    cast.ware(ware.product.merchant, 1, slug="newer")
    changed = {**sale_form(ware), "units": "4"}
    answer = ada.post(f"{HOME}/sales/{sold.id}", changed)
    assert (answer.status_code, FlashSale.objects.get().units) == (302, 4)
