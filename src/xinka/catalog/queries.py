"""Reads of the catalogue: what is on the shelves, what a product costs, and what somebody may have meant."""

from __future__ import annotations

from functools import lru_cache

from django.db.models import Case, Min, Prefetch, Q, QuerySet, When

from xinka.catalog.models import LONG_TEXTS, Category, PriceTier, Product, ProductState, Sku, spoken
from xinka.kernel.money import HOME
from xinka.merchants.models import Merchant, MerchantState, Record
from xinka.platform.database.rows import Columns, put_at_hand, rows_of

#: How many titles the search for the nearest match looks at, the newest first.
NEAREST_AMONG = 1000
_LEAST_LIKENESS = 0.2
_LEAST_SIGNS = 0.5
#: From here on a letter of Chinese or Japanese is a word or half of one; a Latin letter says nothing by itself.
_FIRST_SIGN = "\u2e80"
_LONGEST_QUERY = 80
#: Words of a query that are looked for, each once: each has eight columns of every product read.
MOST_WORDS = 8
#: Only what is on the shelf can be paused, so in these states it was there; what is archived may never have been.
_ONCE_PUBLIC = (ProductState.LIVE, ProductState.PAUSED)


def shelves() -> list[Category]:
    """Return the categories in their order."""
    return list(Category.objects.all())


def on_sale() -> QuerySet[Product]:
    """Return the products that can be bought, newest first, with merchant, category, variants and tiers at hand."""
    skus = Sku.objects.filter(on_sale=True).prefetch_related("tiers")
    return (
        Product.objects.filter(_VISIBLE)
        .select_related("merchant", "category")
        .prefetch_related(Prefetch("skus", queryset=skus))
        .defer(*LONG_TEXTS, "merchant__about", "merchant__about_en")
    )


def cheapest_first(products: QuerySet[Product]) -> QuerySet[Product]:
    """Return the products by their lowest price, those in the shop's own currency first: 500 yen are not 5 yuan."""
    offered = Q(skus__on_sale=True)
    return products.annotate(
        lowest=Min("skus__price", filter=offered), lowest_in=Min("skus__currency", filter=offered)
    ).order_by(Case(When(lowest_in=HOME, then=0), default=1), "lowest_in", "lowest", "-id")


def product_on_sale(slug: str) -> Product | None:
    """Return one product with everything its page shows, or ``None``; two statements.

    A product without a variant on sale is none.
    """
    found = rows_of(_PRODUCT, (slug,))
    if not found:
        return None
    product = _PRODUCT_COLUMNS.read(found[0])
    product.category = _CATEGORY_COLUMNS.read(found[0], len(_PRODUCT_COLUMNS))
    product.merchant = _MERCHANT_COLUMNS.read(found[0], len(_PRODUCT_COLUMNS) + len(_CATEGORY_COLUMNS))
    record = _RECORD_COLUMNS.read(found[0], len(found[0]) - len(_RECORD_COLUMNS))
    _RECORD.set_cached_value(product.merchant, record if record.pk else None)
    skus: dict[int, Sku] = {}
    tiers: dict[int, list[PriceTier]] = {}
    for row in rows_of(_SKUS, (product.pk,)):
        tier, sku = _TIER_COLUMNS.read(row), _SKU_COLUMNS.read(row, len(_TIER_COLUMNS))
        skus.setdefault(sku.pk, sku)
        tiers.setdefault(sku.pk, []).extend([tier] if tier.pk else [])
    for sku in skus.values():
        put_at_hand(sku, "tiers", PriceTier, tiers[sku.pk])
    put_at_hand(product, "skus", Sku, skus.values())
    return product if skus else None


def product_off_sale(slug: str) -> Product | None:
    """Return a product that was on the shelf, for when it cannot be bought now, with its category."""
    return Product.objects.filter(slug=slug, state__in=_ONCE_PUBLIC).select_related("category").first()


def shelf_of(sku_id: int) -> Category | None:
    """Return the category of a variant whose product is or was on the shelf."""
    return Category.objects.filter(products__skus=sku_id, products__state__in=_ONCE_PUBLIC).first()


def can_be_bought(sku: Sku) -> bool:
    """Whether a variant, with its product and merchant at hand, is for sale."""
    product = sku.product
    is_live = product.state == ProductState.LIVE and product.merchant.state == MerchantState.ACTIVE
    return is_live and sku.on_sale


def sku_for_sale(sku_id: int) -> Sku | None:
    """Return a variant with its product if it can be bought."""
    visible = Q(product__state=ProductState.LIVE, product__merchant__state=MerchantState.ACTIVE)
    found = Sku.objects.filter(visible, id=sku_id, on_sale=True).select_related("product", "product__category")
    return found.prefetch_related("tiers").first()


def unit_price(sku: Sku, quantity: int) -> int:
    """Return the price of one piece when ``quantity`` are bought together, as checkout will reckon it."""
    reached = [tier for tier in sku.tiers.all() if tier.min_quantity <= quantity]
    return max(reached, key=lambda tier: tier.min_quantity).unit_price if reached else sku.price


def clean_query(text: str) -> str:
    """Return what a person typed into the search field, fit for the database."""
    return " ".join(text.replace("\x00", " ").split())[:_LONGEST_QUERY]


def search(query: str) -> QuerySet[Product]:
    """Return products by title (either language), merchant or product number; each of the first words must occur."""
    number = _product_number(query)
    by_number = Q(id=number) if number else Q(pk__in=[])
    by_words = Q()
    for word in list({word.casefold(): word for word in query.split()}.values())[:MOST_WORDS]:
        by_words &= (
            Q(title__icontains=word)
            | Q(title_en__icontains=word)
            | Q(face__icontains=word)
            | Q(face_en__icontains=word)
            # Looked up apart: a join would make a row for each variant, and all rows would have to be told apart again.
            | Q(pk__in=Sku.objects.filter(_labelled(word)).values("product_id"))
            | Q(merchant__name__icontains=word)
            | Q(merchant__name_en__icontains=word)
        )
    return on_sale().filter(by_words | by_number) if query else on_sale().none()


def plain_query(query: str) -> str:
    """Return a query in simplified characters, half-width and lower case, as most titles are written."""
    # Here, because its tables take a while to read and most searches find something without them.
    from xinka.engines.textguard.views import clean_view

    return str(clean_view(query).text)


def _labelled(word: str) -> Q:
    return Q(label__icontains=word) | Q(label_en__icontains=word)


def nearest_title(query: str) -> str:
    """Return the title on sale that looks most like ``query``, or an empty text when none comes near.

    Both titles of a product are compared, and the one that the reader understands is returned.
    """
    wanted, signs = _pairs(query), _signs(query)
    best, best_likeness = "", (_LEAST_LIKENESS, 0.0, 0)
    for titles in rows_of(_TITLES, (NEAREST_AMONG,)):
        for title in filter(None, titles):
            # How much of what was typed is in the title; titles are longer, so their length does not count.
            pairs = _pairs(title)
            if wanted.isdisjoint(pairs) and not any(sign in title for sign in signs):
                continue
            by_pairs = len(wanted & pairs) / len(wanted) if wanted else 0.0
            by_signs, distance = _signs_in(signs, title)
            # Of two signs with one wrong no pair is left: then half of the signs will do, best where they were typed.
            likeness = (max(by_pairs, _LEAST_LIKENESS), by_signs if by_signs >= _LEAST_SIGNS else 0.0, -distance)
            if likeness > best_likeness:
                best, best_likeness = spoken(*titles), likeness
    return best


_VISIBLE = Q(state=ProductState.LIVE, merchant__state=MerchantState.ACTIVE) & Q(
    pk__in=Sku.objects.filter(on_sale=True).values("product_id")
)


#: The product page's two statements, written by hand because it is asked for more than any other.
_PRODUCT_COLUMNS = Columns(Product, "p", without={"after_payment", "after_payment_en"})
_CATEGORY_COLUMNS = Columns(Category, "c")
_MERCHANT_COLUMNS, _RECORD_COLUMNS = Columns(Merchant, "m"), Columns(Record, "r")
#: Where ``merchant.record`` is looked for.
_RECORD = Merchant._meta.get_field("record")  # noqa: SLF001 - Django's documented way to a model's fields
_PRODUCT = f"""
SELECT {_PRODUCT_COLUMNS.sql}, {_CATEGORY_COLUMNS.sql}, {_MERCHANT_COLUMNS.sql}, {_RECORD_COLUMNS.sql}
FROM catalog_product p JOIN catalog_category c ON c.id = p.category_id JOIN merchants_merchant m ON m.id = p.merchant_id
LEFT JOIN merchants_record r ON r.merchant_id = m.id
WHERE p.slug = %s AND p.state = '{ProductState.LIVE.value}' AND m.state = '{MerchantState.ACTIVE.value}'
"""  # noqa: S608 - names of columns, and states of ours
_SKU_COLUMNS, _TIER_COLUMNS = Columns(Sku, "k"), Columns(PriceTier, "t")
_SKUS = f"""
SELECT {_TIER_COLUMNS.sql}, {_SKU_COLUMNS.sql}
FROM catalog_sku k LEFT JOIN catalog_pricetier t ON t.sku_id = k.id
WHERE k.product_id = %s AND k.on_sale ORDER BY k.position, k.id, t.min_quantity
"""  # noqa: S608 - names of columns


_TITLES = f"""
SELECT p.title, p.title_en FROM catalog_product p JOIN merchants_merchant m ON m.id = p.merchant_id
WHERE p.state = '{ProductState.LIVE.value}' AND m.state = '{MerchantState.ACTIVE.value}'
  AND EXISTS (SELECT FROM catalog_sku k WHERE k.product_id = p.id AND k.on_sale)
ORDER BY p.id DESC LIMIT %s
"""  # noqa: S608 - states of ours


def _product_number(query: str) -> int:
    text = query.lstrip("#")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0


@lru_cache(maxsize=2 * NEAREST_AMONG)  # titles stay, queries come and go
def _pairs(text: str) -> frozenset[str]:
    letters = "".join(char for char in text.casefold() if char.isalnum())
    return frozenset(letters[n : n + 2] for n in range(len(letters) - 1)) or frozenset(letters)


def _signs(text: str) -> str:
    return "".join(char for char in text if char >= _FIRST_SIGN and char.isalnum())


def _signs_in(signs: str, title: str) -> tuple[float, int]:
    """Return which share of some signs is in a title, and how far from where it was typed the first of them stands."""
    found = [place for place, sign in enumerate(signs) if sign in title]
    if not found:
        return 0.0, 0
    return len(found) / len(signs), abs(title.index(signs[found[0]]) - found[0])
