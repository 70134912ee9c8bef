"""What the desk says of money is right in every currency, adds up, and can be read by a spreadsheet."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace

import pytest
from django.test import Client
from django.utils import timezone

from tests.cast import Bought, adas_shop, buy, channel, money_for, settle, ware
from tests.desk.browsing import browser
from tests.flows.holding import terms
from xinka.accounts.models import User
from xinka.flows import escrow
from xinka.flows.refunds.by_seller import give_back_by_seller
from xinka.flows.relay import relay_batch
from xinka.kernel.actors import Actor, Role
from xinka.ledger.days import day_of
from xinka.merchants.models import Merchant
from xinka.platform.database.django_drive import run

pytestmark = pytest.mark.django_db

DESK = "/desk/ada-cards"


@pytest.fixture
def shop() -> Merchant:
    return adas_shop()


@pytest.fixture
def ada(shop: Merchant) -> Client:
    return browser("ada@ada-cards.example")


def sold(shop: Merchant, currency: str, price: int) -> Bought:
    """Return an order in a currency that was paid and delivered."""
    sku = ware(shop, 1, slug=f"card-{currency.lower()}", sku={"price": price, "currency": currency}).sku
    bought = buy(sku, channel(currency.lower(), currency=currency))
    settle(replace(money_for(bought), currency=currency))
    run(relay_batch())
    return bought


def test_what_was_paid_in_two_currencies_is_never_one_sum(shop: Merchant, ada: Client) -> None:
    for currency, price in (("CNY", 4900), ("USD", 1234), ("JPY", 1500)):
        sold(shop, currency, price)
    pages = {
        query: ada.get(f"{DESK}/{query}").content.decode() for query in ("", "?currency=USD", "?currency=JPY&days=30")
    }
    nothing = {"¥0.00", "$0.00", "JP¥0"}
    assert {query: set(re.findall(r"(?:JP)?[¥$][\d,.]+", page)) - nothing for query, page in pages.items()} == {
        "": {"¥49.00"},
        "?currency=USD": {"$12.34"},
        "?currency=JPY&days=30": {"JP¥1,500"},
    }
    assert all(f"currency={currency}" in pages[""] for currency in ("CNY", "USD", "JPY"))
    assert 'href="?currency=USD&amp;days=30"' in pages["?currency=USD"], "another span keeps the currency"


def test_a_currency_nothing_was_sold_in_shows_the_first_there_is(shop: Merchant, ada: Client) -> None:
    sold(shop, "USD", 1234)
    page = ada.get(f"{DESK}/?currency=EUR").content.decode()
    assert "$12.34" in page
    assert "USD" in page


def rows(who: Client) -> dict[str, dict[str, str]]:
    """Return the exported orders by currency."""
    stream = who.get(f"{DESK}/orders.csv").streaming_content  # type: ignore[attr-defined]  # a file is streamed
    text = b"".join(stream).decode("utf-8-sig")
    return {row["currency"]: row for row in csv.DictReader(io.StringIO(text))}


def test_the_file_of_orders_has_each_amount_in_the_digits_of_its_currency(shop: Merchant, ada: Client) -> None:
    for currency, price in (("CNY", 4900), ("JPY", 1500), ("KWD", 12_345)):
        sold(shop, currency, price)
    assert {currency: row["amount"] for currency, row in rows(ada).items()} == {
        "CNY": "49.00",
        "JPY": "1500",
        "KWD": "12.345",
    }


def test_the_file_of_orders_tells_what_became_of_the_money(shop: Merchant, ada: Client) -> None:
    terms(commission_bps=333)
    part, whole = sold(shop, "CNY", 10_007), sold(shop, "USD", 5001)
    give_back_by_seller(part.order, 3002, key="k", by=User.objects.get(email="ada@ada-cards.example"))
    run(escrow.confirm(whole.order_id, by=Actor(Role.BUYER)))
    told = {
        currency: [row[name] for name in ("amount", "refunded", "commission", "yours", "escrow")]
        for currency, row in rows(ada).items()
    }
    # 333/10000 of 7005 and of 5001, rounded down.
    assert told == {
        "CNY": ["100.07", "30.02", "2.33", "67.72", "held"],
        "USD": ["50.01", "0.00", "1.66", "48.35", "aftersale"],
    }
    assert (rows(ada)["CNY"]["released_at"] == "", rows(ada)["USD"]["released_at"] == "") == (True, False)


def test_the_months_lead_to_the_balance_and_leave_as_numbers(shop: Merchant, ada: Client) -> None:
    terms(commission_bps=333)
    first, second = sold(shop, "CNY", 10_007), sold(shop, "USD", 5001)
    for bought in (first, second):
        run(escrow.confirm(bought.order_id, by=Actor(Role.BUYER)))
    give_back_by_seller(first.order, 3002, key="k", by=User.objects.get(email="ada@ada-cards.example"))
    year, month = day_of(timezone.now()).year, f"{day_of(timezone.now()):%Y-%m}"
    # 333/10000 of 100.07 are 3.33, and of what stays, 70.05, they are 2.33; pending is 67.72.
    page = " ".join(re.sub(r"<[^>]+>", " ", ada.get(f"{DESK}/months").content.decode()).split())
    assert f"{month} ¥0.00 ¥100.07 −¥2.33 −¥30.02 — ¥67.72" in page
    stream = ada.get(f"{DESK}/months.csv?year={year}&currency=USD").streaming_content  # type: ignore[attr-defined]
    text = b"".join(stream).decode()
    assert text.startswith("\ufeff")
    heads, *months = list(csv.reader(io.StringIO(text[1:])))
    assert heads == [
        *("Month", "At the beginning", "Released sales", "Commission", "Paid out", "At the end", "Currency")
    ]
    assert len(months) == 1, "months before the first sale are not told"
    assert months[-1] == [month, "0.00", "50.01", "-1.66", "0.00", "48.35", "USD"]
    assert ada.get(f"{DESK}/months.xlsx").status_code == 200


@pytest.mark.parametrize("query", ["year=2019", "year=9999", "year=x", "year=²", "currency=EUR"])
def test_a_year_out_of_reach_or_a_currency_without_money_is_no_page(ada: Client, query: str) -> None:
    assert ada.get(f"{DESK}/months?{query}").status_code == 404
