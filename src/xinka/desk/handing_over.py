"""Tables handed over as files: CSV line by line as it is made, or a workbook made whole first."""

from __future__ import annotations

from io import BytesIO
from urllib.parse import quote

from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse

from xinka.ledger.exports.tables import Table, write_csv, write_xlsx


def hand_over(table: Table, name: str, form: str) -> HttpResponseBase:
    """Return a table as a file called ``name`` with the ending ``form``, which is ``csv`` or ``xlsx``."""
    name = f"{name}.{form}"
    if form == "csv":
        response = StreamingHttpResponse(write_csv(table), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
        return response
    target = BytesIO()
    write_xlsx(table, target)
    target.seek(0)
    return FileResponse(target, as_attachment=True, filename=name)
