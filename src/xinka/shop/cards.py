"""What the catalogue's templates draw: one card per product, ready in the visitor's language."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse

from xinka.catalog.models import Product, Sku
from xinka.shop import words
from xinka.stock.queries import live_counts


@dataclass(frozen=True)
class Card:
    """One product in a list; ``stock`` is ``None`` for content without end."""

    title: str
    path: str
    art: str
    face: str
    merchant_name: str
    is_verified: bool
    minor: int
    currency: str
    has_from: bool
    tier_text: str
    sku: int | str
    stock: int | None


def cards_of(products: Iterable[Product]) -> list[Card]:
    """Return the cards of products whose variants are at hand; one statement for all counts."""
    listed = [(product, list(product.skus.all())) for product in products]
    counts = live_counts(sku.id for _, skus in listed for sku in skus)
    return [_card(product, skus, counts) for product, skus in listed if skus]


def _card(product: Product, skus: list[Sku], counts: dict[int, int | None]) -> Card:
    cheapest = min(skus, key=_lowest_price)
    return Card(
        title=words.title_of(product),
        path=reverse("shop:product", args=[product.slug]),
        art=product.category.tint,
        face=product.local_face,
        merchant_name=words.merchant_name(product.merchant),
        is_verified=product.merchant.verified_at is not None,
        minor=cheapest.price,
        currency=cheapest.currency,
        has_from=len({sku.price for sku in skus}) > 1,
        tier_text=words.tiers_in_words(cheapest),
        # The count of one variant is kept live; the sum of several is as of now, since one number cannot follow them.
        sku=skus[0].id if len(skus) == 1 else "",
        stock=_total(counts.get(sku.id, 0) for sku in skus),
    )


def _lowest_price(sku: Sku) -> int:
    return sku.price


def _total(counts: Iterable[int | None]) -> int | None:
    total = 0
    for count in counts:
        if count is None:
            return None
        total += count
    return total
