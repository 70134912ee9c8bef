"""Model instances from statements written by hand, for the few reads that are hot.

Composing a statement and its instances costs the ORM five times what reading the rows does. Where a page is asked for
all the time, the statement is written once, here is what names its columns and what reads them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.db import connection
from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)


class Columns(Generic[M]):
    """The columns of one model under one alias, in the order of its fields; those left out are read when asked for."""

    def __init__(self, model: type[M], alias: str, *, without: Collection[str] = ()) -> None:
        self.model = model
        self.alias = alias
        meta = model._meta  # noqa: SLF001 - Django's documented way to a model's fields
        fields = [field for field in meta.concrete_fields if field.attname not in without]
        self.names = [field.attname for field in fields]
        self.sql = ", ".join(f'{alias}."{field.column}"' for field in fields)

    def __len__(self) -> int:
        return len(self.names)

    def read(self, row: Sequence[Any], start: int = 0) -> M:
        """Return the instance whose columns begin at ``start``."""
        return self.model.from_db(connection.alias, self.names, row[start : start + len(self.names)])


def rows_of(sql: str, values: Sequence[str | int | datetime]) -> list[tuple[Any, ...]]:
    """Return all rows of one statement."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def put_at_hand(owner: Model, name: str, model: type[M], found: Iterable[M]) -> None:
    """Keep what was read as ``owner.name.all()``, where ``prefetch_related`` keeps what it reads."""
    queryset: QuerySet[M] = QuerySet(model)
    queryset._result_cache = list(found)  # noqa: SLF001 - there is no public way to give a queryset its rows
    owner.__dict__.setdefault("_prefetched_objects_cache", {})[name] = queryset
