"""The only writers of the catalogue. Each change tells the tills, which keep pages in memory, in the same commit."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection, transaction
from django.utils import timezone
from django.utils.text import slugify

from xinka.catalog.errors import NothingToSell, ProductMovedOn
from xinka.catalog.models import PriceTier, Product, ProductState, Sku

#: The channel on which the tills hear which of their pages are stale.
PAGES = "xinka_pages"
#: From each state of a product, where it may go.
MOVES: dict[ProductState, frozenset[ProductState]] = {
    ProductState.DRAFT: frozenset({ProductState.LIVE, ProductState.ARCHIVED}),
    ProductState.LIVE: frozenset({ProductState.PAUSED, ProductState.ARCHIVED}),
    ProductState.PAUSED: frozenset({ProductState.LIVE, ProductState.ARCHIVED}),
    ProductState.ARCHIVED: frozenset({ProductState.DRAFT}),
}


@dataclass(frozen=True, slots=True)
class Variant:
    """A SKU as it shall become, with its price tiers: from how many on, which unit price in minor units."""

    sku: Sku
    tiers: Sequence[tuple[int, int]] = ()


def drop_pages_of(product_id: int) -> None:
    """Tell every till that the pages of a product, and the lists it is in, are stale; heard when this commits."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s), pg_notify(%s, 'catalog')", [PAGES, f"product:{product_id}", PAGES])


@transaction.atomic
def save_product(product: Product, variants: Sequence[Variant]) -> Product:
    """Write a product with its variants and their tiers; a new one gets its address. Orders placed keep their price."""
    if not product.slug:
        product.slug = _new_slug(product)
    product.save()
    for position, variant in enumerate(variants):
        variant.sku.product = product
        variant.sku.position = position
        variant.sku.save()
        _set_tiers(variant.sku, variant.tiers)
    drop_pages_of(product.id)
    return product


def _set_tiers(sku: Sku, tiers: Sequence[tuple[int, int]]) -> None:
    if list(sku.tiers.values_list("min_quantity", "unit_price")) != sorted(tiers):
        sku.tiers.all().delete()
        PriceTier.objects.bulk_create(
            PriceTier(sku=sku, min_quantity=least, unit_price=price) for least, price in sorted(tiers)
        )


def _new_slug(product: Product) -> str:
    words = slugify(product.title_en or product.title)[:40].strip("-") or "p"
    return f"{words}-{secrets.token_hex(4)}"


@transaction.atomic
def move_product(product_id: int, *, seen: ProductState, to: ProductState) -> None:
    """Move a product from the state somebody saw to another one, and tell the tills.

    Raises:
        ProductMovedOn: if it is not in that state any more, or may not go there from it.
        NothingToSell: if it has no variant on sale and shall go on the shelf.
    """
    if to not in MOVES[seen]:
        raise ProductMovedOn
    if to is ProductState.LIVE and not Sku.objects.filter(product_id=product_id, on_sale=True).exists():
        raise NothingToSell
    moved = Product.objects.filter(id=product_id, state=seen).update(state=to, updated_at=timezone.now())
    if moved != 1:
        raise ProductMovedOn
    drop_pages_of(product_id)
