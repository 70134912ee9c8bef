"""Codes, flash prices and levels at checkout: what they take off, why they are refused, and how they are given back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from tests import cast
from tests.flows.rows import broken, leaves_nothing
from tests.promotions import offers
from xinka.flows.checkout import Placed, place
from xinka.flows.expire import cancel, expire_due
from xinka.kernel.errors import Refusal
from xinka.merchants.models import Merchant
from xinka.orders.errors import OutOfStock, PriceChanged
from xinka.orders.models import Order
from xinka.payments.models import Channel
from xinka.platform.database.django_drive import run
from xinka.promotions import errors
from xinka.promotions.models import Code, Coupon, CouponBuyer, FlashBuyer, FlashSale, GiftCard, Use
from xinka.stock.models import Reservation, UnsoldCode

pytestmark = pytest.mark.django_db
CY_SIGNED_IN = {"user_id": 7, "buyer_key": "7" * 32}


@pytest.fixture
def ada() -> Merchant:
    """Ada's merchant."""
    return cast.adas_shop()


@pytest.fixture
def alipay() -> Channel:
    """A way to pay."""
    return cast.channel()


@pytest.fixture
def ware(ada: Merchant) -> cast.Ware:
    """Cards at ¥49, five and more at ¥47.50."""
    return cast.ware(ada, 40, tiers={5: 4750})


@pytest.fixture(autouse=True)
def _audited() -> Iterator[None]:
    """After every test here, all the auditor's rules hold."""
    yield
    assert broken() == []


def answer(ware: cast.Ware, alipay: Channel, wish: Any, expected: int, **more: Any) -> Placed | Refusal:
    """Run one request with a wish through the till's own flow."""
    (found,) = run(place([cast.ask(ware.sku, alipay, wish=wish, expected=expected, **more)]))
    return found


def placed(ware: cast.Ware, alipay: Channel, wish: Any, expected: int, **more: Any) -> Placed:
    """Return the order of a request that must succeed."""
    found = answer(ware, alipay, wish, expected, **more)
    assert isinstance(found, Placed), found
    assert found.amount == expected == Order.objects.get(id=found.order_id).amount
    return found


def refused(ware: cast.Ware, alipay: Channel, wish: Any, expected: int = 4900, **more: Any) -> Refusal:
    """Return why a request was refused; it left nothing."""
    request = cast.ask(ware.sku, alipay, wish=wish, expected=expected, **more)  # before it is counted: it makes keys
    (found,) = leaves_nothing(lambda: run(place([request])))
    assert isinstance(found, Refusal), found
    return found


def uses_of(order_id: object) -> list[tuple[str, int, str, str]]:
    """Return what made an order cheaper."""
    return list(
        Use.objects.filter(order_id=order_id).order_by("kind").values_list("kind", "amount", "funded_by", "state")
    )


def test_a_merchants_coupon_takes_its_amount_off_and_is_borne_by_the_merchant(
    ada: Merchant, ware: cast.Ware, alipay: Channel
) -> None:
    made = offers.coupon(merchant=ada)
    found = placed(ware, alipay, offers.wish("spring"), 4400)
    assert uses_of(found.order_id) == [("coupon", 500, "merchant", "held")]
    made.refresh_from_db()
    assert (made.n_used, Code.objects.get().n_used) == (1, 1)
    assert CouponBuyer.objects.get().n_used == 1


def test_a_share_of_the_platform_is_capped_and_borne_by_the_platform(ware: cast.Ware, alipay: Channel) -> None:
    offers.coupon(bps=5000, most_off=1000)
    found = placed(ware, alipay, offers.wish("ＳＰＲＩＮＧ"), 3900)
    assert uses_of(found.order_id) == [("coupon", 1000, "platform", "held")]


def test_prices_combine_in_their_order(ada: Merchant, ware: cast.Ware, alipay: Channel) -> None:
    sold = offers.sale(ware.sku, price=3999)
    offers.coupon(merchant=ada, bps=1000)
    # 2 × 39.99 = 79.98; 5 % of it are 3.999, so 3.99 off; 10 % of 75.99 are 7.599, so 7.59 off.
    wish = offers.wish("SPRING", sale_id=sold.id, level_bps=500)
    found = placed(ware, alipay, wish, 6840, quantity=2)
    assert uses_of(found.order_id) == [
        ("coupon", 759, "merchant", "held"),
        ("flash", 1802, "merchant", "held"),
        ("level", 399, "platform", "held"),
    ]


def test_the_tier_is_the_price_a_coupon_is_taken_off(ada: Merchant, ware: cast.Ware, alipay: Channel) -> None:
    offers.coupon(merchant=ada)
    placed(ware, alipay, offers.wish("SPRING"), 5 * 4750 - 500, quantity=5)


def test_a_chosen_code_can_be_had_with_a_coupon(ada: Merchant, alipay: Channel) -> None:
    picked = cast.ware(ada, 3, slug="picked", sku={"choosable": True, "choose_premium": 300})
    offers.coupon(merchant=ada)
    last = UnsoldCode.objects.filter(sku_id=picked.sku.id).order_by("-code_id").first()
    assert last is not None
    found = placed(picked, alipay, offers.wish("SPRING"), 4700, chosen=last.code_id)
    assert Reservation.objects.get(order_id=found.order_id).code_ids == [last.code_id]


def test_one_minor_unit_is_always_left_to_pay(ada: Merchant, ware: cast.Ware, alipay: Channel) -> None:
    offers.coupon(merchant=ada, amount=999_999)
    found = placed(ware, alipay, offers.wish("SPRING"), 1)
    assert uses_of(found.order_id) == [("coupon", 4899, "merchant", "held")]


def test_an_order_of_exactly_the_least_sum_has_the_discount(ada: Merchant, ware: cast.Ware, alipay: Channel) -> None:
    offers.coupon(merchant=ada, least_spend=4900)
    placed(ware, alipay, offers.wish("SPRING"), 4400)


def test_yuan_take_nothing_off_goods_in_dollars(ada: Merchant) -> None:
    dollars, paypal = cast.ware(ada, 3, slug="usd", sku={"currency": "USD"}), cast.channel("paypal", currency="USD")
    offers.coupon(merchant=ada)
    offers.card()
    for code in ("SPRING", "GIFT-CARD-0001-ABCD"):
        for expected in (4900, 4400, 1):
            assert isinstance(answer(dollars, paypal, offers.wish(code), expected), errors.CodeNotForThis)
    assert Order.objects.count() == Use.objects.count() == 0
    assert GiftCard.objects.get().balance == GiftCard.objects.get().value


def test_the_expected_total_still_holds(ada: Merchant, ware: cast.Ware, alipay: Channel) -> None:
    made = offers.coupon(merchant=ada)
    refusal = refused(ware, alipay, offers.wish("SPRING"), 4900)
    assert isinstance(refusal, PriceChanged)
    assert refusal.params["amount"] == 4400
    made.refresh_from_db()
    assert made.n_used == 0


def test_the_same_request_again_is_the_same_order_though_the_coupon_is_used_by_it(
    ada: Merchant, ware: cast.Ware, alipay: Channel
) -> None:
    made = offers.coupon(merchant=ada, most_total=1, most_per_buyer=1)
    first = cast.ask(ware.sku, alipay, wish=offers.wish("SPRING"), expected=4400)
    again = cast.ask(ware.sku, alipay, wish=offers.wish("SPRING"), expected=4400, request_key=first.request_key)
    assert run(place([first])) == [Placed(first.order_id, first.payment_id, 4400, is_new=True)]
    assert run(place([again])) == [Placed(first.order_id, first.payment_id, 4400, is_new=False)]
    made.refresh_from_db()
    assert made.n_used == 1


def _now(hours: int) -> datetime:
    """Return the moment the database takes for now (all of a test is one transaction), some hours on."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        now: datetime = cursor.fetchone()[0]
    return now + timedelta(hours=hours)


@pytest.mark.parametrize(
    ("kind", "rules"),
    [
        (errors.CodeNotYet, {"starts": 1}),
        (errors.CodeExpired, {"ends": 0}),
        (errors.CodeExpired, {"stopped": 0}),
        (errors.CodeUsedUp, {"most_total": 0}),
        (errors.CodeNeedsMore, {"least_spend": 4901}),
    ],
)
def test_each_reason_a_code_is_refused_for_has_its_own_words(
    ada: Merchant, ware: cast.Ware, alipay: Channel, kind: type[Refusal], rules: dict[str, Any]
) -> None:
    times = {f"{name}_at": _now(hours) for name, hours in rules.items() if name in {"starts", "ends", "stopped"}}
    numbers = {name: value for name, value in rules.items() if f"{name}_at" not in times}
    offers.coupon(merchant=ada, **times, **numbers)
    refusal = refused(ware, alipay, offers.wish("SPRING"), 4400)
    assert type(refusal) is kind
    assert refusal.message("en") != refusal.message("zh-hans")
    if kind is errors.CodeNeedsMore:
        assert refusal.params["price"] == "49.01 CNY"


@pytest.mark.parametrize("scope", ["sku", "product", "category", "merchant"])
def test_a_code_for_something_else_is_not_for_this(ada: Merchant, ware: cast.Ware, alipay: Channel, scope: str) -> None:
    other = cast.adas_shop(slug="others")
    elsewhere = cast.ware(ada, 1, slug="elsewhere")
    rules: dict[str, Any] = {"merchant": ada, "scope": scope}
    match scope:
        case "sku":
            rules["sku"] = elsewhere.sku
        case "product":
            rules["product"] = elsewhere.product
        case "category":
            rules["category"] = cast.shelf("software")
        case _:
            rules = {"merchant": other}
    offers.coupon(**rules)
    assert type(answer(ware, alipay, offers.wish("SPRING"), 4400)) is errors.CodeNotForThis
    assert not Order.objects.exists()


def test_a_coupon_of_the_platform_for_one_merchant_is_good_there_alone(
    ada: Merchant, ware: cast.Ware, alipay: Channel
) -> None:
    other = cast.ware(cast.adas_shop(slug="others"), 3, slug="elsewhere")
    offers.coupon(scope="merchant", seller=ada)
    assert type(answer(other, alipay, offers.wish("SPRING"), 4400)) is errors.CodeNotForThis
    found = placed(ware, alipay, offers.wish("SPRING"), 4400)
    assert uses_of(found.order_id) == [("coupon", 500, "platform", "held")]


def test_two_merchants_may_have_the_same_word(ada: Merchant, ware: cast.Ware, alipay: Channel) -> None:
    offers.coupon(merchant=cast.adas_shop(slug="others"), amount=100)
    offers.coupon(merchant=ada, amount=200)
    offers.coupon(amount=300)
    placed(ware, alipay, offers.wish("SPRING"), 4700)


def test_a_buyer_is_counted_by_contact_and_by_account(ada: Merchant, ware: cast.Ware, alipay: Channel) -> None:
    offers.coupon(merchant=ada, most_per_buyer=1)
    placed(ware, alipay, offers.wish("SPRING", **CY_SIGNED_IN), 4400)
    same_contact = refused(ware, alipay, offers.wish("SPRING"), 4400)
    same_account = refused(ware, alipay, offers.wish("SPRING", **CY_SIGNED_IN), 4400, contact="new@example.com")
    assert [type(same_contact), type(same_account)] == [errors.CodeUsedByYou] * 2
    placed(ware, alipay, offers.wish("SPRING"), 4400, contact="another@example.com")


def test_a_single_use_code_is_good_once(ada: Merchant, ware: cast.Ware, alipay: Channel) -> None:
    offers.coupon("ONCE", merchant=ada, most_uses=1)
    placed(ware, alipay, offers.wish("ONCE"), 4400)
    assert type(refused(ware, alipay, offers.wish("ONCE"), 4400, contact="b@example.com")) is errors.CodeUsedUp


@pytest.mark.parametrize("ending", ["expired", "cancelled"])
def test_an_order_that_came_to_nothing_gives_everything_back(
    ada: Merchant, ware: cast.Ware, alipay: Channel, ending: str
) -> None:
    made, sold = (
        offers.coupon(merchant=ada, most_total=1, most_per_buyer=1),
        offers.sale(ware.sku, units=1, per_buyer=1),
    )
    found = placed(ware, alipay, offers.wish("SPRING", sale_id=sold.id, **CY_SIGNED_IN), 3400)
    end(found, ending)
    made.refresh_from_db(), sold.refresh_from_db()
    assert (made.n_used, sold.n_taken, Code.objects.get().n_used) == (0, 0, 0)
    assert {b.n_used for b in CouponBuyer.objects.all()} | {b.n_units for b in FlashBuyer.objects.all()} == {0}
    assert {state for *_, state in uses_of(found.order_id)} == {"returned"}
    placed(ware, alipay, offers.wish("SPRING", sale_id=sold.id, **CY_SIGNED_IN), 3400)


def end(found: Placed, ending: str) -> None:
    """Let an order come to nothing."""
    if ending == "cancelled":
        assert run(cancel(found.order_id))
    else:
        Reservation.objects.filter(order_id=found.order_id).update(expires_at=timezone.now() - timedelta(minutes=1))
        assert run(expire_due()) == 1


def test_late_money_has_its_coupon_again_or_goes_back(ada: Merchant, ware: cast.Ware, alipay: Channel) -> None:
    made = offers.coupon(merchant=ada, most_total=1)
    first = cast.buy(ware.sku, alipay, wish=offers.wish("SPRING"), expected=4400)
    second = cast.buy(ware.sku, alipay, contact="b@example.com")
    for bought in (first, second):
        run(cancel(bought.order_id))
    assert cast.pay(first).outcome == "late_settled"
    made.refresh_from_db()
    assert (made.n_used, uses_of(first.order_id)) == (1, [("coupon", 500, "merchant", "held")])
    assert cast.pay(second).outcome == "late_settled"


def test_late_money_goes_back_when_its_coupon_was_used_by_another_meanwhile(
    ada: Merchant, ware: cast.Ware, alipay: Channel
) -> None:
    offers.coupon(merchant=ada, most_total=1)
    first = cast.buy(ware.sku, alipay, wish=offers.wish("SPRING"), expected=4400)
    run(cancel(first.order_id))
    placed(ware, alipay, offers.wish("SPRING"), 4400, contact="b@example.com")
    n_unsold = UnsoldCode.objects.count()
    assert cast.pay(first).outcome == "late_refunded"
    assert UnsoldCode.objects.count() == n_unsold


def test_late_money_that_finds_no_goods_leaves_its_coupon_to_others(ada: Merchant, alipay: Channel) -> None:
    scarce = cast.ware(ada, 1, slug="scarce")
    made = offers.coupon(merchant=ada, most_total=1)
    first = cast.buy(scarce.sku, alipay, wish=offers.wish("SPRING"), expected=4400)
    run(cancel(first.order_id))
    cast.pay(cast.buy(scarce.sku, alipay, contact="b@example.com"))
    assert cast.pay(first).outcome == "late_refunded"
    made.refresh_from_db()
    assert (made.n_used, uses_of(first.order_id)) == (0, [("coupon", 500, "merchant", "returned")])


def test_an_order_short_of_codes_uses_nothing(ada: Merchant, alipay: Channel) -> None:
    empty = cast.ware(ada, 0, slug="empty")
    made, sold = offers.coupon(merchant=ada), offers.sale(empty.sku)
    assert isinstance(refused(empty, alipay, offers.wish("SPRING", sale_id=sold.id), 3400), OutOfStock)
    made.refresh_from_db(), sold.refresh_from_db()
    assert (made.n_used, sold.n_taken) == (0, 0)


def test_a_flash_sale_has_so_many_units_and_so_many_for_each(ware: cast.Ware, alipay: Channel) -> None:
    sold = offers.sale(ware.sku, units=5, per_buyer=3)
    wish = offers.wish(sale_id=sold.id)
    placed(ware, alipay, wish, 2 * 3900, quantity=2)
    limit = refused(ware, alipay, wish, 2 * 3900, quantity=2)
    assert (type(limit), limit.params) == (errors.FlashLimit, {"most": 3})
    placed(ware, alipay, wish, 2 * 3900, quantity=2, contact="b@example.com")
    gone = refused(ware, alipay, wish, 2 * 3900, quantity=2, contact="c@example.com")
    assert (type(gone), gone.params) == (errors.FlashGone, {"left": 1})
    sold.refresh_from_db()
    assert sold.n_taken == 4
    placed(ware, alipay, None, 4900, contact="d@example.com")


@pytest.mark.parametrize(("starts", "ends"), [(1, 2), (-2, -1), (-1, 0)])
def test_a_flash_price_is_had_from_its_first_moment_to_its_last(
    ware: cast.Ware, alipay: Channel, starts: int, ends: int
) -> None:
    sold = offers.sale(ware.sku, starts_at=_now(starts), ends_at=_now(ends))
    assert type(refused(ware, alipay, offers.wish(sale_id=sold.id), 3900)) is errors.FlashNotOn


def test_a_sale_begins_in_its_very_first_moment(ware: cast.Ware, alipay: Channel) -> None:
    placed(ware, alipay, offers.wish(sale_id=offers.sale(ware.sku, starts_at=_now(0)).id), 3900)


def test_a_sale_of_another_sku_or_one_that_was_stopped_is_not_on(
    ada: Merchant, ware: cast.Ware, alipay: Channel
) -> None:
    other = offers.sale(cast.ware(ada, 1, slug="elsewhere").sku)
    stopped = offers.sale(ware.sku, stopped_at=timezone.now())
    for sold in (other, stopped):
        assert type(refused(ware, alipay, offers.wish(sale_id=sold.id), 3900)) is errors.FlashNotOn
    assert FlashSale.objects.filter(n_taken__gt=0).count() == 0


def test_a_gift_card_pays_what_it_can_and_keeps_the_rest(ware: cast.Ware, alipay: Channel) -> None:
    made = offers.card(value=6000)
    first = placed(ware, alipay, offers.wish("gift card 0001 abcd"), 1)
    made.refresh_from_db()
    assert (made.balance, uses_of(first.order_id)) == (1101, [("gift_card", 4899, "platform", "held")])
    placed(ware, alipay, offers.wish("GIFT-CARD-0001-ABCD"), 3799, contact="b@example.com")
    made.refresh_from_db()
    assert made.balance == 0
    assert type(refused(ware, alipay, offers.wish("GIFT-CARD-0001-ABCD"), 1)) is errors.CardEmpty
    end(first, "cancelled")
    made.refresh_from_db()
    assert made.balance == 4899


def test_a_card_that_is_stopped_or_too_old_pays_nothing(ware: cast.Ware, alipay: Channel) -> None:
    offers.card("OLD-CARD", expires_at=_now(0))
    offers.card("STOLEN-CARD", stopped_at=timezone.now())
    for code in ("OLD-CARD", "STOLEN-CARD"):
        assert type(refused(ware, alipay, offers.wish(code), 1)) is errors.CodeExpired
    assert set(GiftCard.objects.values_list("balance", flat=True)) == {10_000}


def test_guessing_codes_is_stopped_after_ten_from_one_place(ada: Merchant, ware: cast.Ware, alipay: Channel) -> None:
    offers.coupon(merchant=ada)
    kinds = [type(answer(ware, alipay, offers.wish(f"GUESS{n}", place="here"), 4400)) for n in range(12)]
    assert kinds == [errors.CodeUnknown] * 10 + [errors.TooManyCodes] * 2
    assert type(answer(ware, alipay, offers.wish("SPRING", place="here"), 4400)) is errors.TooManyCodes
    placed(ware, alipay, offers.wish("SPRING", place="elsewhere"), 4400)


def test_plain_and_wished_requests_share_a_batch(ada: Merchant, ware: cast.Ware, alipay: Channel) -> None:
    offers.coupon(merchant=ada, most_total=1)
    requests = [
        cast.ask(ware.sku, alipay, contact="a@example.com"),
        cast.ask(ware.sku, alipay, contact="b@example.com", wish=offers.wish("SPRING"), expected=4400),
        cast.ask(ware.sku, alipay, contact="c@example.com", wish=offers.wish("SPRING"), expected=4400),
        cast.ask(ware.sku, alipay, contact="d@example.com"),
    ]
    kinds = [type(found) for found in run(place(requests))]
    assert kinds == [Placed, Placed, errors.CodeUsedUp, Placed]


def test_a_coupon_is_paid_like_any_other_order(ada: Merchant, ware: cast.Ware, alipay: Channel) -> None:
    offers.coupon(merchant=ada)
    bought = cast.buy(ware.sku, alipay, wish=offers.wish("SPRING"), expected=4400)
    assert cast.pay(bought).outcome == "settled"
    assert Coupon.objects.get().n_used == 1
