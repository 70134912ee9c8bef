"""The only writers of the catalogue. Each change tells the tills, which keep pages in memory, in the same commit."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.text import slugify

from xinka.catalog.errors import NothingToSell, ProductMovedOn
from xinka.catalog.models import LONG_TEXTS, Category, PriceTier, Product, ProductState, Sku

#: The channel on which the tills hear which of their pages are stale.
PAGES = "xinka_pages"
#: From each state of a product, where it may go.
MOVES: dict[ProductState, frozenset[ProductState]] = {
    ProductState.DRAFT: frozenset({ProductState.LIVE, ProductState.ARCHIVED}),
    ProductState.LIVE: frozenset({ProductState.PAUSED, ProductState.ARCHIVED}),
    ProductState.PAUSED: frozenset({ProductState.LIVE, ProductState.ARCHIVED}),
    ProductState.ARCHIVED: frozenset({ProductState.DRAFT}),
}
#: What a copy of a product has from it, and a copy of a variant.
_COPIED = ("merchant", "category", "kind", "face", "face_en", "summary", "summary_en", *LONG_TEXTS)
_COPIED_OF_SKU: tuple[str, ...] = (
    "label",
    "label_en",
    "price",
    "currency",
    "mode",
    "delivery_order",
    "min_quantity",
    "max_quantity",
)
_COPIED_OF_SKU += ("choosable", "choose_premium", "low_stock_at", "on_sale")
#: What the editor does not show. Others move it while it is open, so what it read of that is old by the time it writes.
_MOVED_BY_OTHERS = frozenset({"state", "low_stock_alerted_at", "sold_out_alerted_at"})
_DROP_MANY = """
SELECT pg_notify(%s, page) FROM unnest(%s::text[]) AS page UNION ALL SELECT pg_notify(%s, 'catalog')
"""


@dataclass(frozen=True, slots=True)
class Variant:
    """A SKU as it shall become, with its price tiers: from how many on, which unit price in minor units."""

    sku: Sku
    tiers: Sequence[tuple[int, int]] = ()


def drop_pages_of_many(product_ids: Collection[int]) -> None:
    """Tell every till that the pages of some products, and the lists they are in, are stale; heard at the commit."""
    if product_ids:
        with connection.cursor() as cursor:
            cursor.execute(_DROP_MANY, [PAGES, [f"product:{one}" for one in product_ids], PAGES])


def drop_pages_of(product_id: int) -> None:
    """Tell every till that the pages of a product, and the lists it is in, are stale; heard when this commits."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s), pg_notify(%s, 'catalog')", [PAGES, f"product:{product_id}", PAGES])


@transaction.atomic
def save_product(product: Product, variants: Sequence[Variant]) -> Product:
    """Write a product with its variants and their tiers; a new one gets its address. Orders placed keep their price."""
    if not product.slug:
        product.slug = _new_slug(product)
    _write(product)
    for position, variant in enumerate(variants):
        variant.sku.product = product
        variant.sku.position = position
        _write(variant.sku)
        _set_tiers(variant.sku, variant.tiers)
    drop_pages_of(product.id)
    return product


def _write(row: Product | Sku) -> None:
    """Write a new row, or of a known one what an editor shows."""
    fields = [field.name for field in row._meta.concrete_fields if not field.primary_key]  # noqa: SLF001 - as in catalog.queries
    row.save(update_fields=[name for name in fields if name not in _MOVED_BY_OTHERS] if row.pk else None)


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


def hold_products(product_ids: Collection[int]) -> None:
    """Keep products, and with them prices and what depends on those, from others who change them; in a transaction.

    Always taken before rows of variants or sales. The till does not wait for it.
    """
    held = Product.objects.filter(id__in=product_ids).order_by("id").select_for_update(no_key=True)
    list(held.values_list("id"))


@transaction.atomic
def move_products(product_ids: Collection[int], *, to: ProductState) -> int:
    """Move products to a state, as far as they may go there from theirs; return how many went.

    What has no variant on sale does not go on the shelf.
    """
    sources = [state for state, there in MOVES.items() if to in there]
    found = Product.objects.filter(id__in=product_ids, state__in=sources)
    if to is ProductState.LIVE:
        found = found.filter(Exists(Sku.objects.filter(product=OuterRef("pk"), on_sale=True)))
    going = list(found.order_by("id").select_for_update(no_key=True).values_list("id", flat=True))
    Product.objects.filter(id__in=going).update(state=to, updated_at=timezone.now())
    drop_pages_of_many(going)
    return len(going)


@transaction.atomic
def put_on_shelf_of(product_ids: Collection[int], category: Category) -> int:
    """Put products into a category; return how many were in another."""
    found = Product.objects.filter(id__in=product_ids).exclude(category=category)
    going = list(found.order_by("id").select_for_update(no_key=True).values_list("id", flat=True))
    Product.objects.filter(id__in=going).update(category=category, updated_at=timezone.now())
    drop_pages_of_many(going)
    return len(going)


def copy_product(product: Product) -> Product:
    """Make a draft of what a product is: its texts, variants and price tiers; none of its stock, sales or orders."""
    variants = []
    for sku in product.skus.prefetch_related("tiers"):
        tiers = [(tier.min_quantity, tier.unit_price) for tier in sku.tiers.all()]
        variants.append(Variant(Sku(**{name: getattr(sku, name) for name in _COPIED_OF_SKU}), tiers))
    made = Product(
        **{name: getattr(product, name) for name in _COPIED}, title=_title_of_copy(product.title, "（副本）", 80)
    )
    if product.title_en:
        made.title_en = _title_of_copy(product.title_en, " (copy)", 120)
    return save_product(made, variants)


def _title_of_copy(title: str, mark: str, most: int) -> str:
    return title[: most - len(mark)].rstrip() + mark
