"""The merchant's orders: a list that can be searched, one order with its story, and all of them as a file."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import islice
from urllib.parse import quote

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from xinka.accounts.lists import around, list_context
from xinka.accounts.policies import signed_in
from xinka.desk.access import Desk, for_members
from xinka.desk.escrow import Bank, money_of_order, shares_of
from xinka.desk.giving_back import GiveBackForm, may_go_back
from xinka.desk.lists import place_in
from xinka.desk.order_filter import OrderFilter
from xinka.disputes import reasons
from xinka.disputes.queries import cases_of_order, open_case_of
from xinka.disputes.words import badge_for
from xinka.escrow.models import Hold
from xinka.flows.refunds.by_seller import give_back_by_seller
from xinka.kernel import ids
from xinka.kernel.actors import Role
from xinka.kernel.cells import safe_cell
from xinka.kernel.errors import Refusal
from xinka.kernel.money import plain_amount
from xinka.merchants.policies import Duty, may
from xinka.orders.contacts import shown_contact
from xinka.orders.models import Order
from xinka.orders.states import OrderState
from xinka.orders.words import STATES
from xinka.platform.database.pages import FarPaginator

_AT_ONCE = 500
#: What the file reads of each order: half of the columns, and a sort of them stays small.
_IN_FILE = ("title", "quantity", "amount", "currency", "state", "contact", "placed_at", "paid_at")
#: What the file says of each order's money: what of the commission and of the merchant's share is not released yet is
#: what it would be now.
_MONEY = ("refunded", "commission", "yours", "escrow", "released_at")


def _row(order: Order) -> dict[str, object]:
    words, kind = STATES[OrderState(order.state)]
    return {
        "order": order,
        "shown_id": ids.show("ord", order.id),
        "contact": shown_contact(order),
        "words": words,
        "kind": kind,
    }


@require_safe
@for_members(Duty.SEE_ORDERS)
def index(request: HttpRequest, desk: Desk) -> HttpResponse:
    """List the orders, newest first."""
    asked = OrderFilter.asked_by(request, desk)
    page = FarPaginator(asked.found(), asked.per_page).get_page(request.GET.get("page"))
    theirs = asked.of_buyer
    context = {
        "desk": desk,
        "page": page,
        "rows": [_row(order) for order in page.object_list],
        "form": asked,
        "of_product": asked.of_product,
        "of_buyer": shown_contact(theirs) if theirs else "",
        **list_context(asked, page.number),
    }
    return render(request, "desk/orders.html", context)


@require_safe
@for_members(Duty.SEE_ORDERS)
def show(request: HttpRequest, desk: Desk, shown_id: str) -> HttpResponse:
    """Show one order and what happened to it."""
    return _page(request, desk, _order(desk, shown_id))


@require_POST
@for_members(Duty.GIVE_BACK)
def give_back(request: HttpRequest, desk: Desk, shown_id: str) -> HttpResponse:
    """Give some of an order's money back, or all of it."""
    order = _order(desk, shown_id)
    hold = Hold.objects.filter(order_id=order.id).first()
    if hold is None:
        raise Http404
    form = GiveBackForm(request.POST, hold=hold)
    if form.is_valid():
        data = form.cleaned_data
        try:
            give_back_by_seller(order, data["amount"], key=str(data["key"]), by=signed_in(request))
        except Refusal as refusal:
            form.add_error(None, refusal.message(get_language() or ""))
        else:
            messages.success(request, _("It goes back to the buyer"))
            place = place_in(request, desk, OrderFilter)
            return redirect(place.asked.page_of(order.id) + place.suffix)
    return _page(request, desk, order, form)


def _order(desk: Desk, shown_id: str) -> Order:
    found = Order.objects.filter(merchant=desk.merchant, id=ids.parse("ord", shown_id)).select_related("sku__product")
    order = found.first()
    if order is None:
        raise Http404
    return order


def _page(request: HttpRequest, desk: Desk, order: Order, form: GiveBackForm | None = None) -> HttpResponse:
    moments = [
        (_("Placed"), order.placed_at),
        (_("Paid"), order.paid_at),
        (_("Delivered"), order.delivered_at),
        (_("Closed"), order.closed_at),
    ]
    story = [(words, at) for words, at in moments if at]
    money = money_of_order(order.id)
    may_give = money is not None and may_go_back(money.hold) and may(desk.membership.role, Duty.GIVE_BACK)
    # While a case is open, money goes back there: a form that would only refuse is not shown.
    case = open_case_of(order.id) if may_give and form is None else None
    bank = Bank(order.id, money.hold if money else None)
    if form is None and money and may_give and case is None and not bank.is_final:
        form = GiveBackForm(hold=money.hold)
    cases = [
        (case.shown_id, reasons.in_words(case.reason), badge_for(case, Role.SELLER))
        for case in [*bank.cases, *cases_of_order(order.id)]
    ]
    context = {
        "desk": desk,
        "story": story,
        "money": money,
        "cases": cases,
        "give_back": form,
        "open_case": case,
        "bank": bank,
    }
    place = place_in(request, desk, OrderFilter)
    context |= {**_row(order), "place": place, "around": around(place, order.id), "n_others": _n_others(order)}
    return render(request, "desk/order.html", context, status=422 if form and form.errors else 200)


def _n_others(order: Order) -> int:
    """Return how many other orders the same buyer placed with this merchant."""
    theirs = Order.objects.filter(contact_key=order.contact_key, merchant_id=order.merchant_id)
    return theirs.exclude(id=order.id).count()


@require_safe
@for_members(Duty.EXPORT_ORDERS)
def export(request: HttpRequest, desk: Desk) -> StreamingHttpResponse:
    """Hand the orders that are meant over as CSV, row by row; contacts stay masked."""
    found = OrderFilter.asked_by(request, desk).found()
    lines = _lines(found.select_related(None).only(*_IN_FILE).iterator(chunk_size=_AT_ONCE))
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    name = f"orders-{desk.merchant.slug}-{timezone.localdate():%Y%m%d}.csv"
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    return response


class _Line:
    """What csv writes to: it keeps the line."""

    text = ""

    def write(self, text: str) -> None:
        self.text = text


def _lines(orders: Iterator[Order]) -> Iterator[str]:
    line = _Line()
    writer = csv.writer(line, quoting=csv.QUOTE_ALL)
    heading = ["order", "title", "quantity", "amount", "currency", "state", "contact", "placed_at", "paid_at"]
    writer.writerow([*heading, *_MONEY])
    yield "\ufeff" + line.text
    while some := list(islice(orders, _AT_ONCE)):
        holds = Hold.objects.in_bulk([order.id for order in some])
        for order in some:
            cells = [*_cells(order), *_money_cells(holds.get(order.id))]
            writer.writerow([safe_cell(cell) for cell in cells])
            yield line.text


def _cells(order: Order) -> list[str]:
    row = _row(order)
    amount = plain_amount(order.amount, order.currency)
    cells = [str(row["shown_id"]), order.title, str(order.quantity), amount, order.currency, order.state]
    return [*cells, str(row["contact"]), _moment(order.placed_at), _moment(order.paid_at)]


def _money_cells(hold: Hold | None) -> list[str]:
    """Return what went back, the commission, what is the merchant's, and since when; or nothing, if nothing is held."""
    if hold is None:
        return [""] * len(_MONEY)
    yours, commission = shares_of(hold)
    amounts = [plain_amount(sum_, hold.currency) for sum_ in (hold.refunded, commission, yours)]
    return [*amounts, hold.state, _moment(hold.released_at)]


def _moment(at: object) -> str:
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M:%S") if hasattr(at, "tzinfo") else ""  # type: ignore[arg-type]
