"""The only writers of promotions, the till's counting apart. Pages that show a sale are dropped in the same commit."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from xinka.catalog.actions import drop_pages_of
from xinka.merchants.models import Merchant
from xinka.promotions.codes import make_codes
from xinka.promotions.errors import CodeTaken
from xinka.promotions.models import Code, Coupon, FlashSale, ReferralTerms


@transaction.atomic
def make_coupon(coupon: Coupon, *, code: str = "", n_codes: int = 0) -> Coupon:
    """Write a new coupon with one code for everybody, or with so many that are good once each.

    Raises:
        CodeTaken: if its issuer has that code, perhaps by the same form sent twice; nothing is made.
    """
    coupon.save()
    if code:
        _create_code(coupon, code)
    if n_codes:
        add_codes(coupon, n_codes)
    return coupon


@transaction.atomic
def add_codes(coupon: Coupon, count: int) -> None:
    """Make so many more single-use codes."""
    issuer, left = coupon.merchant_id or 0, count
    while left:
        made = [Code(coupon=coupon, issuer_id=issuer, code=code, most_uses=1) for code in make_codes(left)]
        taken = set(
            Code.objects.filter(issuer_id=issuer, code__in=[one.code for one in made]).values_list("code", flat=True)
        )
        Code.objects.bulk_create([one for one in made if one.code not in taken], batch_size=2000)
        left = len(taken)


def _create_code(coupon: Coupon, code: str) -> None:
    try:
        with transaction.atomic():
            Code.objects.create(coupon=coupon, issuer_id=coupon.merchant_id or 0, code=code)
    except IntegrityError:
        raise CodeTaken from None


def change_coupon(coupon: Coupon) -> bool:
    """Write the rules that may be changed while a coupon is in use; its counts are the till's.

    Return false, and write nothing, where it has been used more often meanwhile than it now may.
    """
    kept = Coupon.objects.filter(id=coupon.id)
    if coupon.most_total is not None:
        kept = kept.filter(n_used__lte=coupon.most_total)
    names = ("name", "ends_at", "most_total", "most_per_buyer", "back_on_refund")
    return kept.update(**{name: getattr(coupon, name) for name in names}) == 1


def stop_coupon(coupon: Coupon) -> bool:
    """End a coupon now; return whether it was not stopped before."""
    return Coupon.objects.filter(id=coupon.id, stopped_at=None).update(stopped_at=timezone.now()) == 1


@transaction.atomic
def save_sale(sale: FlashSale) -> FlashSale:
    """Write a sale, but for its counts, and have its page made anew."""
    if sale.id is None:
        sale.save()
    else:
        sale.told = 0
        sale.save(update_fields=["price", "units", "per_buyer", "starts_at", "ends_at", "told"])
    drop_pages_of(sale.sku.product_id)
    return sale


@transaction.atomic
def shrink_sale(sale: FlashSale, n_units: int) -> None:
    """Take units away from a sale that goes on; the caller holds its lock, and knows that so many are not taken."""
    FlashSale.objects.filter(id=sale.id).update(units=F("units") - n_units)
    drop_pages_of(sale.sku.product_id)


@transaction.atomic
def stop_sale(sale: FlashSale) -> bool:
    """End a sale now; return whether it was not stopped before."""
    stopped = FlashSale.objects.filter(id=sale.id, stopped_at=None).update(stopped_at=timezone.now())
    drop_pages_of(sale.sku.product_id)
    return stopped == 1


def set_referral_terms(merchant: Merchant | None, bps: int) -> None:
    """Set what whoever sends a buyer gets; of a merchant's goods, or of all that have no terms of their own."""
    ReferralTerms.objects.update_or_create(merchant=merchant, defaults={"bps": bps})
