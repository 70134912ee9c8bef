"""A page of a list is the page it would be anyhow; a far one reads no row but its own, a short list is not counted."""

from __future__ import annotations

import pytest
from django.core.paginator import Paginator
from django.db.models import F

from tests.plans import statements_of
from xinka.catalog.models import Category
from xinka.platform.database.pages import FarPaginator, ShortPaginator

pytestmark = pytest.mark.django_db

_ORDERS = (("position", "-id"), ("-name", "id"), (F("position").asc(nulls_last=True), "id"))


@pytest.fixture(autouse=True)
def _shelves() -> None:
    Category.objects.bulk_create(Category(slug=f"s{n}", name=f"n{n}", position=n // 3) for n in range(10))


@pytest.mark.parametrize("order", _ORDERS)
@pytest.mark.parametrize("per_page", [1, 3, 5, 10, 11])
def test_each_page_is_what_it_would_be_anyhow(order: tuple[object, ...], per_page: int) -> None:
    found = Category.objects.order_by(*order)  # type: ignore[arg-type]  # strings and expressions
    plain, far = Paginator(found, per_page), FarPaginator(found, per_page)
    assert far.num_pages == plain.num_pages
    for number in [*plain.page_range, 0, 99, "x", None]:
        assert list(far.get_page(number).object_list) == list(plain.get_page(number).object_list)
        assert far.get_page(number).number == plain.get_page(number).number


def test_the_last_page_skips_nothing_and_what_is_skipped_is_keys_alone() -> None:
    pages = FarPaginator(Category.objects.order_by("position", "-id"), 2)
    for number, skipped in ((1, ""), (2, "OFFSET 2"), (4, "OFFSET 2"), (5, "")):
        _count, (keys, _), (rows, _) = statements_of(lambda number=number: pages_of(number, pages))  # type: ignore[misc]
        assert '"name"' not in keys
        assert ("OFFSET" in keys) is bool(skipped)
        assert skipped in keys
        assert "OFFSET" not in rows


def pages_of(number: int, like: FarPaginator) -> list[object]:
    """Return a page of a paginator that has counted nothing yet."""
    return list(FarPaginator(like.object_list.all(), like.per_page).get_page(number).object_list)


def test_an_empty_list_has_one_empty_page() -> None:
    assert list(FarPaginator(Category.objects.filter(id=0).order_by("id"), 3).get_page(7).object_list) == []


@pytest.mark.parametrize("per_page", [1, 9, 10, 11])
def test_a_page_of_a_short_list_is_what_it_would_be_anyhow(per_page: int) -> None:
    found = Category.objects.order_by("name")
    for number in [*range(12), 99, "x"]:
        plain, short = (kind(found, per_page).get_page(number) for kind in (Paginator, ShortPaginator))
        assert list(short.object_list) == list(plain.object_list)
        assert (short.number, short.has_next()) == (plain.number, plain.has_next())
        assert (short.paginator.count, short.paginator.num_pages) == (plain.paginator.count, plain.paginator.num_pages)


@pytest.mark.parametrize(("per_page", "n_statements"), [(9, 2), (10, 1)])
def test_what_fits_one_page_is_read_and_not_counted(per_page: int, n_statements: int) -> None:
    def whole_page() -> tuple[int, int]:
        page = ShortPaginator(Category.objects.order_by("name"), per_page).get_page(1)
        return len(page.object_list), page.paginator.count

    assert whole_page() == (per_page, 10)
    assert len(statements_of(whole_page)) == n_statements
