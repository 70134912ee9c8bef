"""Pages of lists: of one that grows for ever a far page costs its rows alone, and a short one is not counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet

if TYPE_CHECKING:  # generic in the stubs alone
    _Paginator = Paginator[Any]
else:
    _Paginator = Paginator


class ShortPaginator(_Paginator):
    """A paginator of a list that mostly fits one page: then its rows are read, and nothing is counted."""

    object_list: QuerySet[Any]

    def get_page(self, number: float | str | None) -> Page[Any]:
        """Return a page, the nearest there is; the rows of the first are read here."""
        if number != 1:
            return super().get_page(number)
        rows = list(self.object_list[: self.per_page + 1])
        if len(rows) <= self.per_page:
            self.__dict__["count"] = len(rows)  # where Django keeps what it has counted
        return Page(rows[: self.per_page], 1, self)


class FarPaginator(_Paginator):
    """A paginator of a query in an order of its own, which has the key of a row in it.

    Of what comes before a page the keys alone are read, so that they can be sorted and skipped in memory; and they are
    walked from the nearer end, so that the last page is as near as the first. With ``OFFSET`` on whole rows, each of a
    hundred thousand would be read with all its columns and what is joined to it, and sorted on the disk.
    """

    object_list: QuerySet[Any]

    def page(self, number: int | str) -> Page[Any]:
        """Return a page; its rows are read here."""
        valid = self.validate_number(number)
        first = (valid - 1) * self.per_page
        last = min(first + self.per_page, self.count)
        keys = self._keys(first, last)
        found = self.object_list.in_bulk(keys)
        return Page([found[key] for key in keys if key in found], valid, self)

    def _keys(self, first: int, last: int) -> list[Any]:
        keys = self.object_list.values_list("pk", flat=True)
        if first <= self.count - last:
            return list(keys[first:last])
        return list(keys.reverse()[self.count - last : self.count - first])[::-1]
