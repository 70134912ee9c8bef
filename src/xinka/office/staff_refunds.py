"""Refunds that no buyer asked for: of which order, how much and why; above a limit a second person agrees."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import get_language, gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from xinka.accounts.models import User
from xinka.accounts.policies import require_fresh_proof, require_fresh_proof_to_act, signed_in
from xinka.escrow.models import Hold, StaffRefund
from xinka.escrow.queries import n_staff_refunds_waiting, staff_refunds
from xinka.escrow.states import StaffRefundState
from xinka.flows.refunds import by_staff
from xinka.kernel import ids
from xinka.kernel.errors import BadIdentifier, Refusal
from xinka.kernel.money import HOME, plain_amount
from xinka.merchants.models import Merchant
from xinka.office.finding import LONGEST_SEARCH, Found, find_orders
from xinka.office.giving_back import left_to_give, why_not_to_give
from xinka.office.policies import Room, for_staff
from xinka.orders.models import Order
from xinka.platform.look.amounts import MOST_SIGNS, read_amount

_PER_PAGE = 30
LEAST_REASON = 10
TABS = (
    ("asked", _("To agree to")),
    ("", pgettext_lazy("refunds", "All")),
    ("done", _("Given back")),
    ("refused", pgettext_lazy("refunds", "Refused")),
)
STATES = {
    StaffRefundState.ASKED: (_("Waits for a second person"), "held", "clock"),
    StaffRefundState.DONE: (_("Given back"), "g", "check"),
    StaffRefundState.REFUSED: (pgettext_lazy("refunds", "Refused"), "", "x"),
}


class GiveBackForm(forms.Form):
    """How much of an order goes back, and why; ``key`` makes a form that is sent twice one refund."""

    amount = forms.CharField(label=pgettext_lazy("refunds", "How much"), max_length=MOST_SIGNS, strip=True)
    reason = forms.CharField(
        label=_("Why, and who said so"),
        min_length=LEAST_REASON,
        error_messages={
            "min_length": _("Write at least %(limit_value)d characters: what happened, and who decided it.")
        },
        max_length=200,
        strip=True,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_(
            "Ten characters at least. The merchant reads it, and it stays in the audit. Write nothing about the buyer's"
            " person."
        ),
    )
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, order: Order, left: int, **kwargs: Any) -> None:
        kwargs["initial"] = {"key": ids.new_uuid(), "amount": plain_amount(left, order.currency)}
        super().__init__(*args, **kwargs)
        self._order, self._left, self.is_repeat = order, left, False
        self.fields["amount"].widget.attrs |= {"inputmode": "decimal", "autocomplete": "off", "class": "num"}
        self.fields["amount"].help_text = gettext(
            "At most %(sum)s. It goes back the way it was paid, or into the buyer's balance if they wish so."
        ) % {"sum": plain_amount(left, order.currency)}

    def clean_amount(self) -> int:
        """Return minor units."""
        return read_amount(self.cleaned_data["amount"], self._order.currency)

    def clean(self) -> dict[str, Any]:
        """See that so much is left; of a form that came before, its own refund may have taken it."""
        data = super().clean() or {}
        amount, key = data.get("amount"), data.get("key")
        self.is_repeat = key is not None and StaffRefund.objects.filter(id=key).exists()
        if amount is not None and not self.is_repeat and not 0 < amount <= self._left:
            most = plain_amount(self._left, self._order.currency)
            self.add_error("amount", gettext("More than nothing, and at most %(sum)s.") % {"sum": most})
        return data

    def wanted(self) -> by_staff.Wanted:
        """Return what the form says."""
        data = self.cleaned_data
        return by_staff.Wanted(self._order.id, data["amount"], data["reason"], data["key"])


@require_safe
@for_staff(Room.REFUNDS)
def index(request: HttpRequest) -> HttpResponse:
    """List them, by state and by order."""
    which, number = request.GET.get("which", "asked"), request.GET.get("q", "").strip().lower()
    found = staff_refunds(which)
    if number:
        found = staff_refunds("").filter(order_id=_order_id(number))
    page = Paginator(found, _PER_PAGE).get_page(request.GET.get("page"))
    rows = list(page.object_list)
    people = User.objects.in_bulk({one.asked_by_id for one in rows} | {one.decided_by_id for one in rows})
    merchants = Merchant.objects.in_bulk({one.merchant_id for one in rows})
    context = {
        "tabs": TABS,
        "which": "" if number else which,
        "number": number,
        "page": page,
        "rows": [_row(one, people, merchants, signed_in(request)) for one in rows],
        "n_waiting": n_staff_refunds_waiting(),
        "home": HOME,
        "limit": settings.REFUND_FOUR_EYES_FROM.of(HOME),
    }
    return render(request, "office/staff_refunds.html", context)


def _row(one: StaffRefund, people: dict[int, User], merchants: dict[int, Merchant], reader: User) -> dict[str, object]:
    words, kind, icon = STATES[StaffRefundState(one.state)]
    return {
        "refund": one,
        "shown_id": ids.show("ord", one.order_id),
        "merchant": merchants.get(one.merchant_id),
        "asked_by": people.get(one.asked_by_id),
        "decided_by": people.get(one.decided_by_id or 0) if one.needs_two or one.state != "done" else None,
        "words": words,
        "kind": kind,
        "icon": icon,
        "waits": one.state == StaffRefundState.ASKED,
        "is_mine": one.asked_by_id == reader.pk,
    }


@require_safe
@for_staff(Room.REFUNDS)
def find(request: HttpRequest) -> HttpResponse:
    """Find the order whose money is to go back, by all that orders are found by."""
    told = request.GET.get("order", "").strip()[:LONGEST_SEARCH]
    found = find_orders(told, by=signed_in(request)) if told else Found()
    if len(found.orders) == 1:
        return _see("office:own_refund_new", found.orders[0].shown_id)
    status = HTTPStatus.NOT_FOUND if found.why_none else HTTPStatus.OK
    return render(request, "office/staff_refund_find.html", {"told": told, "found": found}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(Room.REFUNDS)
@require_fresh_proof_to_act
def create(request: HttpRequest, shown_id: str) -> HttpResponse:
    """Show an order with what is left of its money, and give some of it back or ask for it."""
    order = get_object_or_404(Order, id=_order_id(shown_id))
    hold = Hold.objects.filter(order_id=order.id).first()
    left = left_to_give(order, hold)
    form = GiveBackForm(request.POST if request.method == "POST" else None, order=order, left=left)
    if form.is_bound and form.is_valid():
        try:
            asked = by_staff.ask(form.wanted(), by=signed_in(request))
        except Refusal as refusal:
            form.add_error(None, refusal.message(get_language() or ""))
        else:
            messages.success(request, _said(asked, is_repeat=form.is_repeat))
            answer = _see("office:own_refunds")
            answer["Location"] += f"?q={shown_id}"  # what is given back at once is not among those to agree to
            return answer
    context = {
        "order": order,
        "shown_id": shown_id,
        "merchant": Merchant.objects.filter(id=order.merchant_id).first(),
        "hold": hold,
        "left": left,
        "form": form,
        "why_not": why_not_to_give(order.id, hold, left),
        "limit": settings.REFUND_FOUR_EYES_FROM.of(order.currency),
        "earlier": [
            (one, STATES[StaffRefundState(one.state)][0]) for one in staff_refunds("").filter(order_id=order.id)[:10]
        ],
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "office/staff_refund_new.html", context, status=status)


def _said(asked: StaffRefund, *, is_repeat: bool) -> str:
    """Return what became of a form; of one that came before, what became of it then."""
    if not is_repeat:
        is_done = asked.state == StaffRefundState.DONE
        return gettext("Given back.") if is_done else gettext("Asked. Somebody else has to agree.")
    return {
        StaffRefundState.ASKED: gettext("This was asked for already. Somebody else has to agree."),
        StaffRefundState.DONE: gettext("It was already given back. Nothing went twice."),
        StaffRefundState.REFUSED: gettext("This was asked for before and refused. No money moved."),
    }[StaffRefundState(asked.state)]


@require_POST
@for_staff(Room.REFUNDS)
@require_fresh_proof
def decide(request: HttpRequest, refund_id: UUID) -> HttpResponse:
    """Agree to what somebody else asked for, or refuse it."""
    get_object_or_404(StaffRefund, id=refund_id)
    try:
        made = by_staff.decide(refund_id, grant=request.POST.get("grant") == "1", by=signed_in(request))
    except Refusal as refusal:
        messages.warning(request, refusal.message(get_language() or ""))
    else:
        is_done = made.state == StaffRefundState.DONE
        messages.success(request, gettext("Given back.") if is_done else gettext("Refused. No money moved."))
    return _see("office:own_refunds")


def _order_id(shown_id: str) -> UUID:
    try:
        return ids.parse("ord", shown_id)
    except BadIdentifier:
        return UUID(int=0)  # nobody's: the page says that there is nothing


def _see(name: str, *arguments: str) -> HttpResponse:
    response = HttpResponseRedirect(reverse(name, args=arguments))
    response.status_code = HTTPStatus.SEE_OTHER
    return response
