"""The writers of categories: the shelves of the shop and their order."""

from __future__ import annotations

from django.db import connection, transaction
from django.db.models import Max

from xinka.catalog.actions import PAGES
from xinka.catalog.models import Category


@transaction.atomic
def save_category(category: Category) -> Category:
    """Write a category, new or known; a new one goes last, and a known one stays where it is by now."""
    if category.pk is None:
        last = Category.objects.aggregate(last=Max("position"))["last"]
        category.position = 0 if last is None else last + 1
        category.save()
    else:
        category.save(update_fields=["slug", "name", "name_en", "glyph", "tint"])
    _drop_pages()
    return category


@transaction.atomic
def move_category(category_id: int, *, up: bool) -> bool:
    """Move a category one place up or down; false when it is first or last already."""
    order = list(Category.objects.select_for_update().order_by("position", "id"))
    place = next((n for n, category in enumerate(order) if category.id == category_id), -1)
    other = place - 1 if up else place + 1
    if place < 0 or not 0 <= other < len(order):
        return False
    order[place], order[other] = order[other], order[place]
    for position, category in enumerate(order):
        Category.objects.filter(id=category.id).update(position=position)
    _drop_pages()
    return True


def _drop_pages() -> None:
    with connection.cursor() as cursor:  # every page shows the shelves
        cursor.execute("SELECT pg_notify(%s, '')", [PAGES])
