"""Codes with a last day are pointed out before it comes: on that day they leave the stock without having been sold."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests import cast
from tests.plans import read_by
from xinka.merchants.models import Merchant
from xinka.stock.holdings import SOON_DAYS, Expiring, expiring_of, expiring_soon
from xinka.stock.models import UnsoldCode

pytestmark = pytest.mark.django_db
STOCK = "/desk/ada-cards/stock"


def in_days(n: int) -> date:
    return timezone.localdate() + timedelta(days=n)


def dated(made: cast.Ware, *days: int) -> cast.Ware:
    """Let the first codes of a ware have their last day in so many days."""
    codes = UnsoldCode.objects.filter(sku_id=made.sku.id).order_by("code_id").values_list("code_id", flat=True)
    for code_id, n in zip(codes, days, strict=False):
        UnsoldCode.objects.filter(code_id=code_id).update(expires_on=in_days(n))
    return made


def test_what_expires_soon_is_counted_from_tomorrow_to_the_last_day_that_is_soon(shop: Merchant) -> None:
    made = dated(cast.ware(shop, 6), -1, 0, 1, SOON_DAYS, SOON_DAYS + 1)
    cast.ware(shop, 2, slug="without")
    assert expiring_soon(shop.pk) == {made.sku.id: Expiring(2, in_days(1))}
    assert expiring_of(made.sku.id) == Expiring(2, in_days(1))
    other = dated(cast.ware(cast.adas_shop(slug="eves-cards"), 1, slug="eves"), 3)
    assert set(expiring_soon(shop.pk)) == {made.sku.id}
    assert expiring_of(other.sku.id) == Expiring(1, in_days(3))


def test_the_stock_page_lists_what_expires_soon_and_says_when(shop: Merchant, ada: Client) -> None:
    page = ada.get(STOCK, {"expiring": "1"}).content.decode()
    assert "Nothing expires soon" in page
    soon = dated(cast.ware(shop, 3, product={"title_en": "Soon"}), 5, 9)
    cast.ware(shop, 3, slug="later", product={"title_en": "Later"})
    page = ada.get(STOCK, {"expiring": "1"}).content.decode()
    assert f"2 expire within 30 days, the first on {in_days(5):%Y-%m-%d}" in page
    assert "Later" not in page
    assert f'href="{STOCK}/{soon.sku.id}?in=expiring%3D1"' in page
    variant = ada.get(f"{STOCK}/{soon.sku.id}?in=expiring%3D1").content.decode()
    assert f"2 unsold codes expire within 30 days, the first on {in_days(5):%Y-%m-%d}" in variant
    assert f'href="{STOCK}?expiring=1"' in variant, "the way back"
    plain = ada.get(STOCK).content.decode()
    assert "Later" in plain
    assert "expire within" not in plain


def test_looking_for_what_expires_reads_what_has_a_day_and_no_other_code(shop: Merchant, ada: Client) -> None:
    made = dated(cast.ware(shop, 40), 3)
    read = read_by(lambda: ada.get(f"{STOCK}/{made.sku.id}"), about="min(expires_on)")
    assert read["stock_unsold"] <= 1
