"""Stock: how much there is of each variant, its batches, and the codes in them, masked."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_POST, require_safe

from xinka.accounts.lists import around, list_context
from xinka.catalog.models import Sku, StockMode
from xinka.delivery.queries import delivery_of
from xinka.desk.access import Desk, for_members
from xinka.desk.lists import number_in, place_in
from xinka.desk.stock_filter import StockFilter
from xinka.kernel import ids
from xinka.merchants.policies import Duty, may
from xinka.platform.vault.keys import open_envelope
from xinka.stock import actions
from xinka.stock.back_notes import n_waiting
from xinka.stock.batch_codes import CodeState, codes_of_batch
from xinka.stock.errors import ContentNotUsable
from xinka.stock.holdings import SOON_DAYS, Holding, expiring_of, expiring_soon, holdings_of
from xinka.stock.importing.records import MAX_CODE_BYTES
from xinka.stock.importing.sealing import code_place
from xinka.stock.models import StockBatch
from xinka.stock.previews import mask_code
from xinka.stock.tracing import trace_code
from xinka.stock.withdrawing import withdraw_codes

_PER_PAGE = 30
_CODES_PER_PAGE = 50
#: A number of so many digits is none of ours.
_DIGITS = 19


@require_safe
@for_members(Duty.STOCK)
def index(request: HttpRequest, desk: Desk) -> HttpResponse:
    """List every variant with its stock, or those of one product, of a title or number, that run low or expire soon."""
    asked = StockFilter.asked_by(request, desk)
    page = Paginator(asked.found(), asked.per_page).get_page(request.GET.get("page"))
    held = holdings_of(sku.id for sku in page.object_list)
    waiting = n_waiting(sku.id for sku in page.object_list)
    soon = expiring_soon(desk.merchant.pk) if asked.data.get("expiring") else {}
    rows = [(sku, held.get(sku.id, Holding()), waiting.get(sku.id, 0), soon.get(sku.id)) for sku in page.object_list]
    context = {
        "desk": desk,
        "page": page,
        "rows": rows,
        "form": asked,
        "of": asked.of_product,
        "soon_days": SOON_DAYS,
        **list_context(asked, page.number),
    }
    return render(request, "desk/stock.html", context)


@require_POST
@for_members(Duty.STOCK)
def trace(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Say where one code is; it comes by POST, so that it stands in no address, no history and no log."""
    typed = request.POST.get("code", "").strip()[:MAX_CODE_BYTES]
    found = trace_code(desk.merchant, typed) if typed else None
    sold = delivery_of(found.id) if found and found.state == "sold" else None
    context = {
        "desk": desk,
        "typed": typed,
        "masked": mask_code(typed),
        "found": found,
        "sold": sold,
        "order_id": ids.show("ord", sold.order_id) if sold and may(desk.membership.role, Duty.SEE_ORDERS) else "",
    }
    return render(request, "desk/trace.html", context)


@require_safe
@for_members(Duty.STOCK)
def sku(request: HttpRequest, desk: Desk, sku_id: int) -> HttpResponse:
    """Show one variant: counts and batches, those that wait to be confirmed among them, or its content."""
    return _sku_page(request, desk, sku_of(desk, sku_id))


def _sku_page(request: HttpRequest, desk: Desk, variant: Sku, *, problem: str = "", typed: str = "") -> HttpResponse:
    batches = StockBatch.objects.filter(sku=variant).select_related("created_by")
    place = place_in(request, desk, StockFilter)
    context = {
        "desk": desk,
        "sku": variant,
        "holding": holdings_of([variant.id]).get(variant.id, Holding()),
        "waiting": n_waiting([variant.id]).get(variant.id, 0),
        "page": Paginator(batches, _PER_PAGE).get_page(request.GET.get("page")),
        "is_reusable": variant.mode == StockMode.REUSABLE,
        "limit": actions.MAX_CONTENT_BYTES,
        "expiring": expiring_of(variant.id),
        "soon_days": SOON_DAYS,
        "place": place,
        "around": around(place, variant.id),
        "problem": problem,
        "typed": typed,
    }
    return render(request, "desk/sku.html", context, status=422 if problem else 200)


@require_POST
@for_members(Duty.STOCK)
def content(request: HttpRequest, desk: Desk, sku_id: int) -> HttpResponse:
    """Put the content of a reusable variant on offer; one that cannot be stays in its field."""
    variant, typed = sku_of(desk, sku_id), request.POST.get("content", "")
    try:
        actions.put_content(variant, typed, by_id=desk.user_id)
    except ContentNotUsable as refusal:
        return _sku_page(request, desk, variant, problem=refusal.message(request.LANGUAGE_CODE or ""), typed=typed)
    messages.success(request, _("Saved and sealed. Buyers get it from now on."))
    return redirect("desk:sku", merchant=desk.merchant.slug, sku_id=variant.id)


@require_safe
@for_members(Duty.STOCK)
def codes(request: HttpRequest, desk: Desk, batch_id: int) -> HttpResponse:
    """List the codes of a batch, or those in one state; of each code only its ends are shown."""
    batch = batch_of(desk, batch_id)
    after, state = number_in(request.GET.get("after", "0")), _state_in(request.GET.get("state", ""))
    order = batch.sku.delivery_order
    rows = codes_of_batch(batch, delivery_order=order, state=state, after=after, limit=_CODES_PER_PAGE + 1)
    shown = [
        (row, mask_code(open_envelope(row.envelope, code_place(row.id)).decode()) if row.envelope else "")
        for row in rows[:_CODES_PER_PAGE]
    ]
    context = {
        "desk": desk,
        "batch": batch,
        "rows": shown,
        "may_withdraw": any(row.state is CodeState.AVAILABLE for row, _masked in shown),
        "more": shown[-1][0].id if len(rows) > _CODES_PER_PAGE else None,
        "is_later": bool(after),
        "state": state or "",
        "states": _states_in_words(),
    }
    return render(request, "desk/codes.html", context)


def _state_in(text: str) -> CodeState | None:
    """Return the state that an address names; any other text stands for all of them."""
    return CodeState(text) if text in list(CodeState) else None


def _states_in_words() -> list[tuple[str, str]]:
    return [
        ("", _("All codes")),
        (CodeState.AVAILABLE, _("Available")),
        (CodeState.HELD, pgettext("stock", "Held")),
        (CodeState.SOLD, _("Sold")),
        (CodeState.WITHDRAWN, _("Withdrawn")),
    ]


@require_POST
@for_members(Duty.STOCK)
def withdraw(request: HttpRequest, desk: Desk, batch_id: int) -> HttpResponse:
    """Withdraw the codes that were ticked, as far as they are unsold."""
    batch = batch_of(desk, batch_id)
    ticked = request.POST.getlist("code")[:_CODES_PER_PAGE]
    chosen = [int(text) for text in ticked if text.isdecimal() and len(text) < _DIGITS]
    n = withdraw_codes(batch.sku_id, chosen)
    messages.success(request, ngettext("%(n)s code withdrawn.", "%(n)s codes withdrawn.", n) % {"n": n})
    there = reverse("desk:codes", args=[desk.merchant.slug, batch.id])
    state = _state_in(request.GET.get("state", ""))
    return redirect(f"{there}?state={state}" if state else there)


def sku_of(desk: Desk, sku_id: int) -> Sku:
    """Return a variant of this merchant; anybody else's is not found."""
    return get_object_or_404(Sku.objects.select_related("product"), id=sku_id, product__merchant=desk.merchant)


def batch_of(desk: Desk, batch_id: int) -> StockBatch:
    """Return a batch of this merchant; anybody else's is not found."""
    return get_object_or_404(StockBatch.objects.select_related("sku__product"), id=batch_id, merchant=desk.merchant)
