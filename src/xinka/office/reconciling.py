"""Where gateways and books differ: the bills that were compared, the queue, and what staff do about each difference."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from xinka.accounts.lists import around, list_context
from xinka.accounts.policies import require_fresh_proof, signed_in
from xinka.flows.reconciling.bills import READ_BILL, has_bills, reconcile_day, see_that_it_is_over
from xinka.flows.reconciling.differences import decide, payment_behind, settle_missing
from xinka.flows.reconciling.entering import propose_entry
from xinka.kernel import ids
from xinka.kernel.errors import Refusal
from xinka.office.entering import entry_context
from xinka.office.matching import Why
from xinka.office.money_words import OUTCOMES
from xinka.office.names import NamedChoice, named
from xinka.office.policies import Room, for_staff
from xinka.office.queue_filters import DifferenceFilter
from xinka.office.queues import back_to_queue, on_to_entry, place_in
from xinka.payments.models import Channel
from xinka.platform.audit.actions import record
from xinka.platform.database.django_drive import run
from xinka.platform.jobs.queue import defer
from xinka.reconciling.bill_file import read_bill
from xinka.reconciling.models import Bill, Difference
from xinka.reconciling.states import MOVES, DifferenceState
from xinka.reconciling.words import ABOUTS, STATES

_BILLS = 20


class BillForm(forms.Form):
    """A bill to be compared: fetched from its gateway, or from a file of our plain form."""

    channel = NamedChoice(Channel.objects.order_by("position", "id"), label=_("Channel"), empty_label=None)
    day = forms.DateField(label=_("Day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    file = forms.FileField(
        label=_("Bill file"),
        required=False,
        help_text=_(
            "CSV with kind, trade_no, amount (and out_trade_no, refund_no, fee, currency), 2 MB at most. "
            "Without a file the gateway is asked for its bill."
        ),
    )

    def clean(self) -> dict[str, Any]:
        """Ask for a file where the gateway has none to give, and refuse days that are not over there."""
        found: dict[str, Any] = super().clean() or {}
        if "channel" in found and "day" in found:
            try:
                see_that_it_is_over(found["channel"], found["day"], timezone.now())
            except Refusal as refusal:
                self.add_error("day", refusal.message(get_language() or "zh-hans"))
        if "channel" in found and not found.get("file") and not has_bills(found["channel"]):
            self.add_error("file", gettext("This gateway hands out no bills. Choose a file."))
        return found


class Decision(forms.Form):
    """What staff say about a difference."""

    note = forms.CharField(
        label=_("What is it, and where is the proof?"),
        min_length=5,
        max_length=300,
        strip=True,
        help_text=_("Explained: the reason is known, but it is not over. Resolved: nothing is left to do."),
    )


@require_safe
@for_staff(Room.BILLS)
def index(request: HttpRequest) -> HttpResponse:
    """Show the queue and the last bills."""
    return _index_page(request, BillForm(initial={"day": timezone.localdate() - timedelta(days=1)}))


def _index_page(request: HttpRequest, form: BillForm, status: int = HTTPStatus.OK) -> HttpResponse:
    asked = DifferenceFilter.asked_by(request)
    rows = asked.found()
    state = asked.cleaned_data.get("state") or DifferenceState.OPEN.value
    channels = {channel.id: named(channel) for channel in Channel.objects.only("id", "name", "name_en")}
    page = Paginator(rows, asked.per_page).get_page(request.GET.get("page"))
    bills = Bill.objects.order_by("-day", "channel_id")[:_BILLS]
    context = {
        "form": form,
        "state": state,
        "page": page,
        "rows": [(row, ABOUTS[row.about], channels.get(row.bill.channel_id, "")) for row in page.object_list],
        "bills": [(bill, channels.get(bill.channel_id, ""), _sums(bill)) for bill in bills],
    }
    return render(request, "office/reconciling.html", context | list_context(asked, page.number), status=status)


def _sums(bill: Bill) -> list[tuple[str, int, int, int]]:
    return [(currency, one["paid"], one["refunded"], one["fees"]) for currency, one in sorted(bill.sums.items())]


@require_POST
@for_staff(Room.BILLS)
def read(request: HttpRequest) -> HttpResponse:
    """Compare an uploaded bill now, or have the gateway's fetched by a worker."""
    form = BillForm(request.POST, request.FILES)
    if not form.is_valid():
        return _index_page(request, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    channel, day, file = (form.cleaned_data[name] for name in ("channel", "day", "file"))
    subject = f"{channel.slug} {day}"
    if file is None:
        with transaction.atomic():
            run(defer(READ_BILL, [{"channel_id": channel.id, "day": day.isoformat()}]))
            record(signed_in(request), "bill.fetch", subject)
        messages.success(request, gettext("The gateway will be asked for its bill"))
        return _see()
    try:
        bill = reconcile_day(channel, day, read_bill(_text(file), channel.currency))
    except Refusal as refusal:
        form.add_error("file", refusal.message(get_language() or "zh-hans"))
        return _index_page(request, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    except UnicodeDecodeError:
        form.add_error("file", gettext("This is no text in UTF-8. Save it as CSV in UTF-8 and send it again."))
        return _index_page(request, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    record(signed_in(request), "bill.upload", subject, differences=bill.n_differences)
    messages.success(request, gettext("Compared: %(n)d differences") % {"n": bill.n_differences})
    return _see()


def _text(file: UploadedFile[bytes]) -> Iterator[str]:
    yield from io.TextIOWrapper(file.file, encoding="utf-8-sig", newline="")  # type: ignore[type-var]  # it reads bytes


@require_safe
@for_staff(Room.BILLS)
def show(request: HttpRequest, difference_id: int) -> HttpResponse:
    """Show one difference and what can be done about it."""
    return _page(request, _found(difference_id), Decision())


def _page(
    request: HttpRequest, found: Difference, form: Decision, status: int = HTTPStatus.OK, *, why: Why | None = None
) -> HttpResponse:
    channel = Channel.objects.filter(id=found.bill.channel_id).first()
    payment = payment_behind(found)
    state = DifferenceState(found.state)
    order_id = found.order_id or (payment.order_id if payment else None)
    place = place_in(request, DifferenceFilter)
    context = {
        "found": found,
        "place": place,
        "around": around(place, found.id, request.GET.get("then", "")),
        "about": ABOUTS[found.about],  # type: ignore[index]  # the column holds the enum's values
        "channel": named(channel) if channel else "",
        "order": ids.show("ord", order_id) if order_id else "",
        "can_settle": payment is not None and state is not DifferenceState.RESOLVED,
        "targets": [(target.value, STATES[target]) for target in DifferenceState if target in MOVES[state]],
        "form": form,
        "note": note_in_words(found.note),
    } | entry_context(found, signed_in(request), why)
    return render(request, "office/reconciling_difference.html", context, status=status)


_NOTES = {
    "gone at a later reading of the bill": _("Gone when the bill was read again"),
    "settled by itself: it came later": _("Settled by itself: it came later"),
}
_ENTERED = re.compile(r"(?:settled|entered): ([a-z_]+)")


def note_in_words(note: str) -> object:
    """Return a note as people read it: what the shop wrote itself, in their language; what staff wrote, as it is."""
    entered = _ENTERED.fullmatch(note)
    if entered and entered[1] in OUTCOMES:
        return gettext("Entered: %(outcome)s") % {"outcome": OUTCOMES[entered[1]]}
    return _NOTES.get(note, note)


@require_POST
@for_staff(Room.BILLS)
@require_fresh_proof
def settle(request: HttpRequest, difference_id: int) -> HttpResponse:
    """Settle a payment that only the gateway's bill knows, after the gateway has confirmed it."""
    settlement = settle_missing(_found(difference_id).id, by=signed_in(request))
    words = gettext("The gateway confirmed it; the money is entered") if settlement.is_new else gettext("It was known")
    messages.success(request, words)
    return back_to_queue(request, DifferenceFilter)


@require_POST
@for_staff(Room.BILLS)
@require_fresh_proof
def enter(request: HttpRequest, difference_id: int) -> HttpResponse:
    """Ask that money which only the bill tells of be entered; somebody else has to agree."""
    found = _found(difference_id)
    why = Why(request.POST)
    if not why.is_valid():
        return _page(request, found, Decision(), HTTPStatus.UNPROCESSABLE_ENTITY, why=why)
    told = why.cleaned_data
    try:
        propose_entry(found.id, reason=told["reason"], key=told["key"], by=signed_in(request))
    except Refusal as refusal:
        messages.warning(request, refusal.message(get_language() or ""))
    else:
        messages.success(request, gettext("Proposed. Somebody else has to agree before anything is entered."))
    return on_to_entry(request, DifferenceFilter, reverse("office:difference", args=[found.id]))


@require_POST
@for_staff(Room.BILLS)
def move(request: HttpRequest, difference_id: int) -> HttpResponse:
    """Say what a difference is: explained, resolved, or open again."""
    found, form = _found(difference_id), Decision(request.POST)
    try:
        source, target = (
            DifferenceState(request.POST.get("source", "")),
            DifferenceState(request.POST.get("target", "")),
        )
    except ValueError:
        raise Http404 from None
    if not form.is_valid():
        return _page(request, found, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    decide(found.id, target, by=signed_in(request), note=form.cleaned_data["note"], source=source)
    messages.success(request, gettext("Written down"))
    return back_to_queue(request, DifferenceFilter)


def _found(difference_id: int) -> Difference:
    return get_object_or_404(Difference.objects.select_related("bill"), id=difference_id)


def _see() -> HttpResponseRedirect:
    response = HttpResponseRedirect(reverse("office:reconciling"))
    response.status_code = HTTPStatus.SEE_OTHER
    return response
