"""The shelves: home, categories and search. What is the same for everybody is marked so, and the till keeps it."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from xinka.catalog import queries
from xinka.catalog.models import Category, Product
from xinka.platform.database.pages import ShortPaginator
from xinka.platform.look.policy import mark_public
from xinka.shop.cards import cards_of
from xinka.shop.words import category_name

PER_PAGE = 24
#: Beyond this nobody pages; the database need not skip that far.
_LAST_PAGE = 400


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show all products."""
    return _shelf(request, None)


@require_safe
def category(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the products of one category."""
    return _shelf(request, slug)


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Show what was searched for, also in traditional characters, or the nearest match as one button."""
    query = queries.clean_query(request.GET.get("q", ""))
    listing = _listing(request, queries.search(query))
    if query and not listing["cards"]:
        listing = _search_plainly(request, query)
    return render(request, "shop/search.html", listing | {"query": query, "shelves": _named(queries.shelves())})


def _search_plainly(request: HttpRequest, query: str) -> dict[str, object]:
    plain = queries.plain_query(query)
    if plain != query.lower():  # the database does not tell capitals apart either
        listing = _listing(request, queries.search(plain))
        if listing["cards"]:
            return listing
    return {"nearest": queries.nearest_title(plain)}


def _shelf(request: HttpRequest, slug: str | None) -> HttpResponse:
    mark_public(request, "catalog")
    shelves = queries.shelves()
    current = next((shelf for shelf in shelves if shelf.slug == slug), None)
    if slug is not None and current is None:
        raise Http404
    products = queries.on_sale()
    if current is not None:
        products = products.filter(category=current)
    context = {
        **_listing(request, products),
        "shelves": _named(shelves),
        "current": slug or "",
        "heading": category_name(current) if current else "",
        "is_front": current is None and "page" not in request.GET,
    }
    return render(request, "shop/shelf.html", context)


def _listing(request: HttpRequest, products: QuerySet[Product]) -> dict[str, object]:
    by_price = request.GET.get("sort") == "price"
    if by_price:
        products = queries.cheapest_first(products)
    page = ShortPaginator(products, PER_PAGE).get_page(_page_number(request))
    return {"page": page, "cards": cards_of(page.object_list), "by_price": by_price}


def _page_number(request: HttpRequest) -> int:
    text = request.GET.get("page", "1")
    return min(int(text), _LAST_PAGE) if text.isascii() and text.isdigit() and len(text) < 6 else 1


def _named(shelves: list[Category]) -> list[dict[str, str]]:
    return [{"slug": shelf.slug, "glyph": shelf.glyph, "name": category_name(shelf)} for shelf in shelves]
