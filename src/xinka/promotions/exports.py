"""Codes leave as CSV: one a line, as people type them, with what became of each."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from urllib.parse import quote

from django.http import StreamingHttpResponse

from xinka.kernel.cells import safe_cell
from xinka.promotions.models import Coupon


class _Line:
    """What csv writes to: it keeps the line."""

    text = ""

    def write(self, text: str) -> None:
        self.text = text


def codes_as_csv(coupon: Coupon) -> StreamingHttpResponse:
    """Return all codes of a coupon as a file, row by row."""
    response = StreamingHttpResponse(_lines(coupon), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(f'codes-{coupon.id}.csv')}"
    return response


def cards_as_csv(codes: list[str], value: str) -> Iterator[str]:
    """Yield the lines of a file of gift cards; it is made once, because the codes are not kept."""
    yield from _csv(["code", "value"], ([code, value] for code in codes))


def _lines(coupon: Coupon) -> Iterator[str]:
    rows = coupon.codes.order_by("id").values_list("code", "n_used", "most_uses").iterator(chunk_size=2000)
    yield from _csv(["code", "used", "most"], ([code, str(used), str(most or "")] for code, used, most in rows))


def _csv(heading: list[str], rows: Iterator[list[str]]) -> Iterator[str]:
    line = _Line()
    writer = csv.writer(line, quoting=csv.QUOTE_ALL)
    writer.writerow(heading)
    yield "\ufeff" + line.text
    for row in rows:
        writer.writerow([safe_cell(cell) for cell in row])
        yield line.text
