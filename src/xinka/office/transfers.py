"""Transfers by hand: what somebody saw in the bank account waits here for somebody else to confirm it."""

from __future__ import annotations

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from xinka.accounts.policies import require_fresh_proof, signed_in
from xinka.flows.paying.transfers import MANUAL, LineKnown, Seen, confirm_line, discard_line, record_line, reference_of
from xinka.kernel import ids
from xinka.office.money_words import OUTCOMES
from xinka.office.names import NamedChoice
from xinka.office.policies import Room, for_staff
from xinka.payments.models import BankLine, Channel, Payment
from xinka.payments.states import BankLineState, PaymentState
from xinka.platform.look.amounts import MOST_SIGNS, read_amount

_PER_PAGE = 50
#: Whoever was told to transfer longer ago than this will not.
_EXPECTED_FOR = timedelta(days=30)


class LineForm(forms.Form):
    """A transfer as the bank's statement shows it."""

    channel = NamedChoice(
        label=_("Channel"), queryset=Channel.objects.filter(provider=MANUAL).defer("config"), empty_label=None
    )
    bank_no = forms.CharField(label=_("Number at the bank"), max_length=64)
    amount = forms.CharField(label=_("Amount"), max_length=MOST_SIGNS)
    reference = forms.CharField(
        label=_("Reference"),
        max_length=40,
        required=False,
        help_text=_("As the buyer wrote it; empty if there is none."),
    )

    def clean(self) -> dict[str, Any]:
        """The amount is one of the channel's currency."""
        data: dict[str, Any] = super().clean() or {}
        if "amount" in data and "channel" in data:
            try:
                data["amount"] = read_amount(data["amount"], data["channel"].currency)
            except forms.ValidationError as refusal:
                self.add_error("amount", refusal)
            else:
                if data["amount"] < 1:
                    self.add_error("amount", _("This is no amount."))
        return data


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(Room.TRANSFERS)
def index(request: HttpRequest) -> HttpResponse:
    """Show what waits for a second pair of eyes, and write down another transfer."""
    form = LineForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        try:
            record_line(
                Seen(told["channel"], told["bank_no"], told["amount"], told["reference"]), by=signed_in(request)
            )
        except LineKnown as refusal:
            form.add_error("bank_no", refusal.message(get_language() or ""))
        else:
            messages.success(request, gettext("Written down. Somebody else has to confirm it."))
            return _see()
    lines = BankLine.objects.filter(state=BankLineState.RECORDED).select_related("channel", "recorded_by")
    waiting = Paginator(lines.order_by("recorded_at", "id"), _PER_PAGE).get_page(request.GET.get("lines"))
    buyers = Paginator(_expected(timezone.now()), _PER_PAGE).get_page(request.GET.get("expected"))
    context = {
        "form": form,
        "has_channel": Channel.objects.filter(provider=MANUAL).exists(),
        "waiting": waiting,
        "lines": _rows(list(waiting.object_list)),
        "buyers": buyers,
        "expected": [
            (reference_of(payment), ids.show("ord", payment.order_id), payment) for payment in buyers.object_list
        ],
    }
    return render(request, "office/transfers.html", context, status=422 if form.errors else 200)


def _expected(now: datetime) -> QuerySet[Payment]:
    """Return what buyers were told to transfer of late, the newest first.

    Numbers of payments grow with time, so this reads the payments of these days and not all there ever were.
    """
    channels = list(Channel.objects.filter(provider=MANUAL).values_list("id", flat=True))
    found = Payment.objects.filter(id__gte=ids.first_of((now - _EXPECTED_FOR).timestamp()), channel_id__in=channels)
    return found.filter(state=PaymentState.PENDING).select_related("channel").order_by("-id")


def _rows(lines: list[BankLine]) -> list[dict[str, object]]:
    payments = Payment.objects.in_bulk([line.payment_id for line in lines if line.payment_id])
    found = [(line, payments.get(line.payment_id) if line.payment_id else None) for line in lines]
    return [
        {"line": line, "order": ids.show("ord", one.order_id) if one else "", "asked": one.amount if one else None}
        for line, one in found
    ]


@require_POST
@for_staff(Room.TRANSFERS)
@require_fresh_proof
def confirm(request: HttpRequest, line_id: int) -> HttpResponse:
    """Confirm a transfer that somebody else recorded."""
    settlement = confirm_line(line_id, by=signed_in(request))
    messages.success(request, gettext("Confirmed: %(outcome)s") % {"outcome": OUTCOMES[settlement.outcome]})
    return _see()


@require_POST
@for_staff(Room.TRANSFERS)
def discard(request: HttpRequest, line_id: int) -> HttpResponse:
    """Discard a transfer that was recorded by mistake."""
    discard_line(line_id, by=signed_in(request))
    messages.success(request, gettext("Discarded"))
    return _see()


def _see() -> HttpResponseRedirect:
    response = HttpResponseRedirect(reverse("office:transfers"))
    response.status_code = HTTPStatus.SEE_OTHER
    return response
