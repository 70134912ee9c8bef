"""The demo's promotions: a coupon of the platform and one of a merchant, a flash sale, two levels, a commission."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from xinka.catalog.models import Sku
from xinka.flows.promotions.sales import plan_sale
from xinka.merchants.models import Merchant
from xinka.promotions.actions import make_coupon, set_referral_terms
from xinka.promotions.models import Coupon, FlashSale, Level
from xinka.promotions.states import Takes

_FOR = timedelta(days=7)
_ON_SALE = "iron-harbour-gold"
_UNITS = 20


def make_things_cheaper(merchant_slug: str) -> None:
    """Offer ``WELCOME`` everywhere and ``XINGHE5`` at one merchant; one product is cheaper for a week."""
    now = timezone.now() - timedelta(minutes=1)  # so that all of it is on at once, whatever the clocks say
    merchant = Merchant.objects.get(slug=merchant_slug)
    welcome = Coupon(name="新客 9 折", takes=Takes.PERCENT, bps=1000, most_off=500, starts_at=now, most_per_buyer=1)
    make_coupon(welcome, code="WELCOME")
    minus_five = Coupon(merchant=merchant, name="满 50 减 5", amount=500, least_spend=5000, starts_at=now)
    make_coupon(minus_five, code="XINGHE5")
    sku = Sku.objects.filter(product__slug=_ON_SALE).select_related("product").order_by("position").first()
    if sku is not None:
        plan_sale(
            FlashSale(
                sku=sku,
                merchant_id=sku.product.merchant_id,
                price=max(1, sku.price * 9 // 10),
                units=_UNITS,
                per_buyer=5,
                starts_at=now,
                ends_at=now + _FOR,
            )
        )
    Level.objects.create(name="银卡", name_en="Silver", spent_from=20_000, off_bps=100)
    Level.objects.create(name="金卡", name_en="Gold", spent_from=100_000, off_bps=300)
    set_referral_terms(None, 200)
