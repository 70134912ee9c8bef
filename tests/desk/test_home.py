"""The start page: its figures count all that was paid, also long after it was ordered."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from tests import cast
from tests.desk.browsing import browser
from xinka.desk.home import late_orders_of
from xinka.flows.expire import expire_due
from xinka.flows.relay import relay_batch
from xinka.kernel.ids import new_uuid
from xinka.orders.models import Order
from xinka.orders.sales import SoldSku, sales_of_merchant
from xinka.orders.states import OrderState
from xinka.payments.models import Channel, Payment
from xinka.platform.database.django_drive import run
from xinka.stock.holdings import running_low
from xinka.stock.models import Reservation

pytestmark = pytest.mark.django_db


def paid_late(made: cast.Ware, pay_by: Channel, *, days: int) -> cast.Bought:
    """Let an order expire and be paid so many days after it was placed."""
    bought = cast.buy(made.sku, pay_by)
    then = timezone.now() - timedelta(days=days)
    Order.objects.filter(id=bought.order_id).update(placed_at=then, expires_at=then)
    Reservation.objects.filter(order_id=bought.order_id).update(expires_at=then)
    assert run(expire_due()) == 1
    assert cast.pay(bought).outcome == "late_settled"
    return bought


def counted(merchant_id: int, *, days: int = 14) -> list[tuple[int, int]]:
    """Return how many orders and how much each day with sales has."""
    found = sales_of_merchant(merchant_id, days=days, now=timezone.now(), late=late_orders_of(merchant_id))
    return [(day.n_orders, day.paid) for day in found["CNY"].days if day.n_orders] if found else []


def test_the_chart_begins_with_the_first_sale_and_shows_every_day() -> None:
    shop, pay_by = cast.adas_shop(), cast.channel()
    made, ada = cast.ware(shop, 4), browser("ada@ada-cards.example")
    empty = ada.get(f"/desk/{shop.slug}/").content.decode()
    assert "Nothing was sold in this time." in empty
    assert 'class="chart"' not in empty
    cast.pay(cast.buy(made.sku, pay_by))
    for days in (14, 30):
        page = ada.get(f"/desk/{shop.slug}/?days={days}").content.decode()
        heights = re.findall(r'<rect class="s" [^>]*height="([0-9.]+)"', page)
        assert (len(heights), sum(float(height) > 0 for height in heights)) == (days, 1)
        told = f'aria-label="Paid each day over {days} days: 1 order, ¥49.00 in all, ¥49.00 today."'
        assert told in page, "said to those who cannot see it"
        table = re.findall(r'<th scope="row">([0-9-]+)</th><td class="r">([0-9.]+)', page)
        assert (len(table), [paid for _day, paid in table if paid != "0.00"]) == (days, ["49.00"])


def test_money_that_came_days_late_is_in_the_figures_of_the_day_it_came() -> None:
    shop, pay_by = cast.adas_shop(), cast.channel()
    made = cast.ware(shop, 4)
    cast.pay(cast.buy(made.sku, pay_by))
    paid_late(made, pay_by, days=1)
    late = paid_late(made, pay_by, days=40)
    assert counted(shop.id) == [(3, 3 * 4900)]
    page = browser("ada@ada-cards.example").get(f"/desk/{shop.slug}/").content.decode()
    assert "3 orders, ¥147.00 in all, ¥147.00 today" in page
    Order.objects.filter(id=late.order_id).update(state=OrderState.REFUNDED)
    assert counted(shop.id) == [(2, 2 * 4900)]


def test_an_order_that_stood_open_for_days_is_in_the_figures_of_the_day_it_was_paid(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """While no worker runs, nothing expires; what is paid then is plainly settled, and no late receipt tells of it."""
    shop, then = cast.adas_shop(), timezone.now() - timedelta(days=20)
    with monkeypatch.context() as patch:
        patch.setattr(cast, "new_uuid", lambda: new_uuid(then.timestamp()))
        bought = cast.buy(cast.ware(shop, 1).sku, cast.channel())
    Order.objects.filter(id=bought.order_id).update(placed_at=then)
    assert cast.pay(bought).outcome == "settled"
    run(relay_batch())
    assert counted(shop.id) == [(1, 4900)]


def test_late_money_of_another_merchant_or_another_time_is_not_counted() -> None:
    shop, other, pay_by = cast.adas_shop(), cast.adas_shop(slug="eves-cards"), cast.channel()
    made = cast.ware(shop, 1)
    paid_late(cast.ware(other, 1, slug="eves"), pay_by, days=40)
    long_ago = paid_late(made, pay_by, days=90)
    Order.objects.filter(id=long_ago.order_id).update(paid_at=timezone.now() - timedelta(days=40))
    assert counted(shop.id) == []
    assert counted(other.id) == [(1, 4900)]


def test_what_runs_low_is_found_among_more_variants_than_one_page_shows() -> None:
    shop = cast.adas_shop()
    rich = cast.ware(shop, 11, slug="rich")
    poor = [cast.ware(shop, n, slug=f"poor{n}", product={"title_en": f"Poor {n}"}) for n in range(10)]
    cast.ware(shop, 0, slug="draft", product={"state": "draft", "title_en": "Draft"})
    cast.ware(cast.adas_shop(slug="eves-cards"), 0, slug="eves", product={"title_en": "Of Eve"})
    assert running_low(shop.id) == {ware.sku.id: n for n, ware in enumerate(poor)}
    ada = browser("ada@ada-cards.example")
    start = ada.get(f"/desk/{shop.slug}/").content.decode()
    assert [f">Poor {n}</a>" in start for n in range(10)] == [True] * 8 + [False] * 2
    listed = ada.get(f"/desk/{shop.slug}/stock?low=1").content.decode()
    assert all(f">Poor {n}</a>" in listed for n in range(10))
    assert not any(words in listed for words in (f"/stock/{rich.sku.id}", "Draft", "Of Eve"))


def test_owners_are_asked_where_their_money_shall_go_and_clerks_are_not() -> None:
    shop = cast.adas_shop()
    words = "Say where your money shall go"
    assert words in browser("ada@ada-cards.example").get(f"/desk/{shop.slug}/").content.decode()
    assert words not in browser("bo@ada-cards.example").get(f"/desk/{shop.slug}/").content.decode()


def test_what_sold_best_is_told_for_the_days_and_the_currency_of_the_chart() -> None:
    shop, pay_by = cast.adas_shop(), cast.channel()
    one, two = (cast.ware(shop, 9, slug=slug, product={"title": slug, "title_en": slug}) for slug in ("one", "two"))
    euros = cast.ware(shop, 1, slug="euros", sku={"currency": "EUR"})
    for made, quantity in ((one, 1), (two, 3), (one, 1)):
        cast.pay(cast.buy(made.sku, pay_by, quantity=quantity))
    abroad = cast.buy(euros.sku, cast.channel("euros", currency="EUR"))
    now = timezone.now()
    Order.objects.filter(id=abroad.order_id).update(state=OrderState.DELIVERED, paid_at=now, delivered_at=now)
    late = paid_late(one, pay_by, days=40)
    cast.buy(two.sku, pay_by, contact="unpaid@example.com")
    refunded = cast.buy(two.sku, pay_by, quantity=2)
    cast.pay(refunded)
    Order.objects.filter(id=refunded.order_id).update(state=OrderState.REFUNDED)
    sold = sales_of_merchant(shop.id, days=14, now=timezone.now(), late=late_orders_of(shop.id))
    assert sold["CNY"].skus == [SoldSku(one.sku.id, 3, 3 * 4900), SoldSku(two.sku.id, 3, 3 * 4900)]
    assert sum(sku.paid for sku in sold["CNY"].skus) == sum(day.paid for day in sold["CNY"].days)
    Order.objects.filter(id=late.order_id).update(paid_at=timezone.now() - timedelta(days=20))
    ada = browser("ada@ada-cards.example")
    rows = ada.get(f"/desk/{shop.slug}/").context["best"]
    assert [(sku.id, n, paid) for sku, n, paid in rows] == [(two.sku.id, 3, 14700), (one.sku.id, 2, 9800)]
    longer = ada.get(f"/desk/{shop.slug}/?days=30").context["best"]
    assert [n for _sku, n, _paid in longer] == [3, 3]
    assert [row[0].id for row in ada.get(f"/desk/{shop.slug}/?currency=EUR").context["best"]] == [euros.sku.id]


def expired(bought: cast.Bought) -> None:
    past = timezone.now() - timedelta(minutes=1)
    Order.objects.filter(id=bought.order_id).update(expires_at=past)
    Reservation.objects.filter(order_id=bought.order_id).update(expires_at=past)
    assert run(expire_due()) == 1


def test_how_many_of_those_who_ordered_paid_is_told_in_all_and_by_way_to_pay() -> None:
    shop, alipay, wechat = cast.adas_shop(), cast.channel(), cast.channel("wechat", name_en="WeChat Pay")
    made = cast.ware(shop, 20)
    ada, start = browser("ada@ada-cards.example"), f"/desk/{shop.slug}/"
    assert ada.get(start).context["funnel"] is None
    for pay_by, n_paid, n_not in ((alipay, 3, 1), (wechat, 1, 2)):
        for n in range(n_paid):
            cast.pay(cast.buy(made.sku, pay_by, contact=f"{pay_by.slug}{n}@mail.example"))
        for n in range(n_not):
            expired(cast.buy(made.sku, pay_by, contact=f"not-{pay_by.slug}{n}@mail.example"))
    again = cast.buy(made.sku, wechat, contact="again@mail.example")
    first = Payment.objects.get(id=again.payment_id)
    for channel_id in (wechat.id, alipay.id):  # begun anew, then another way
        first.pk, first.channel_id = new_uuid(), channel_id
        first.save(force_insert=True)
    cast.pay(again)
    cast.buy(made.sku, wechat, contact="still-open@mail.example")
    cast.pay(cast.buy(cast.ware(cast.adas_shop(slug="eves"), 1, slug="eves").sku, alipay))
    old = cast.buy(made.sku, alipay, contact="old@mail.example")
    cast.pay(old)
    Order.objects.filter(id=old.order_id).update(placed_at=timezone.now() - timedelta(days=20))
    told = ada.get(start).context["funnel"]
    assert told.summary == "9 orders: 5 paid (62%), 3 not, 1 still can be."
    assert told.ways == [("Alipay", 5, 3, "60%"), ("WeChat Pay", 4, 2, "50%")]
    assert ada.get(start + "?days=30").context["funnel"].summary.startswith("10 orders: 6 paid")


def test_orders_that_can_still_be_paid_are_in_no_share() -> None:
    shop = cast.adas_shop()
    cast.buy(cast.ware(shop, 1).sku, cast.channel())
    told = browser("ada@ada-cards.example").get(f"/desk/{shop.slug}/").context["funnel"]
    assert (told.summary, told.ways) == ("1 order: 0 paid (—), 0 not, 1 still can be.", [])
