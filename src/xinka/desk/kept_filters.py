"""Filters that somebody of a team keeps of the desk's lists. Nobody else sees them."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods, require_POST

from xinka.accounts.errors import NoSuchFilter
from xinka.accounts.lists import NameForm, delete_kept, filter_page, is_kept, is_renamed, see
from xinka.accounts.models import SavedFilter
from xinka.accounts.policies import signed_in
from xinka.accounts.saved_filters import filter_of
from xinka.desk.access import Desk, check_duty, for_members
from xinka.desk.case_filter import CaseFilter
from xinka.desk.lists import DeskList, shelf_of
from xinka.desk.order_filter import OrderFilter
from xinka.desk.product_filter import ProductFilter
from xinka.desk.stock_filter import StockFilter
from xinka.merchants.policies import Duty

_PAGE = "desk/saved_filter.html"
#: Every list of the desk of which filters are kept, by its name.
LISTS: dict[str, type[DeskList]] = {kind.key: kind for kind in (OrderFilter, ProductFilter, StockFilter, CaseFilter)}


@require_POST
@for_members(Duty.SEE_ORDERS)
def keep(request: HttpRequest, desk: Desk, key: str) -> HttpResponse:
    """Keep what a list is narrowed down to."""
    kind = LISTS.get(key)
    if kind is None:
        raise NoSuchFilter
    check_duty(request, desk, kind.duty)
    asked, form = kind.written(request.POST.get("query", ""), desk, signed_in(request)), NameForm(request.POST)
    return see(asked) if is_kept(request, asked, form) else filter_page(request, _PAGE, asked, form, desk=desk)


@require_http_methods(["GET", "HEAD", "POST"])
@for_members(Duty.SEE_ORDERS)
def edit(request: HttpRequest, desk: Desk, filter_id: int) -> HttpResponse:
    """Give a filter of one's own another name, or come to delete it."""
    kept, asked = _kept(request, desk, filter_id)
    form = NameForm(request.POST if request.method == "POST" else None, initial={"name": kept.name})
    if is_renamed(request, asked, kept, form):
        return see(asked)
    return filter_page(request, _PAGE, asked, form, kept=kept, desk=desk)


@require_POST
@for_members(Duty.SEE_ORDERS)
def delete(request: HttpRequest, desk: Desk, filter_id: int) -> HttpResponse:
    """Delete a filter of one's own; what it found stays where it is."""
    kept, asked = _kept(request, desk, filter_id)
    return delete_kept(request, asked, kept)


def _kept(request: HttpRequest, desk: Desk, filter_id: int) -> tuple[SavedFilter, DeskList]:
    """Return a filter of one's own of this very desk.

    Raises:
        NoSuchFilter: if it is gone, another's, or of another desk.
    """
    reader = signed_in(request)
    kept = filter_of(reader, filter_id)
    for key, kind in LISTS.items():
        if kept.queue == shelf_of(key, desk):
            check_duty(request, desk, kind.duty)
            return kept, kind.written(kept.query, desk, reader)
    raise NoSuchFilter
