"""What gateways pay into the bank: what each still owes by the books, and a form for what came."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from xinka.accounts.policies import signed_in
from xinka.flows.reconciling.arrivals import KEY, Arrival, enter_arrivals
from xinka.kernel import ids
from xinka.kernel.errors import Refusal
from xinka.ledger.accounts import Account, JournalKind
from xinka.ledger.models import Entry, Journal
from xinka.ledger.queries import owed_by_gateways
from xinka.office.names import NamedChoice, named
from xinka.office.policies import Room, for_staff
from xinka.payments.models import Channel
from xinka.platform.look.amounts import MOST_SIGNS, read_amount

_MOST = 50


class ArrivalForm(forms.Form):
    """One transfer of a gateway, as its statement and the bank's show it."""

    channel = NamedChoice(
        label=_("Channel"), queryset=Channel.objects.order_by("position", "id").defer("config"), empty_label=None
    )
    number = forms.CharField(label=_("Number of the transfer"), max_length=64)
    told = forms.CharField(label=_("Sent, says the gateway"), max_length=MOST_SIGNS)
    arrived = forms.CharField(
        label=_("Arrived, says the bank"),
        max_length=MOST_SIGNS,
        required=False,
        help_text=_("Empty if all of it came. The rest waits in suspense."),
    )

    def clean(self) -> dict[str, Any]:
        """Amounts are of the channel's currency; without a second one, all that was sent came."""
        data: dict[str, Any] = super().clean() or {}
        if "channel" not in data:
            return data
        for name in ("told", "arrived"):
            if text := data.get(name, ""):
                try:
                    data[name] = read_amount(text, data["channel"].currency)
                except forms.ValidationError as refusal:
                    self.add_error(name, refusal)
        if data.get("told") == 0:
            self.add_error("told", _("This is no amount."))
        if data.get("arrived") == "":
            data["arrived"] = data.get("told")
        return data


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(Room.BOOKS)
def index(request: HttpRequest) -> HttpResponse:
    """Show what gateways owe and what came from them, and enter what came now."""
    form = ArrivalForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        arrival = Arrival(told["number"], told["told"], told["arrived"])
        try:
            n_new = enter_arrivals(told["channel"], [arrival], by=signed_in(request))
        except Refusal as refusal:
            form.add_error(None, refusal.message(get_language() or ""))
        else:
            messages.success(request, gettext("Entered") if n_new else gettext("This was entered before."))
            return HttpResponseRedirect(reverse("office:arrivals"), status=HTTPStatus.SEE_OTHER)
    channels = Channel.objects.defer("config").in_bulk()
    context = {
        "form": form,
        "owed": [
            (_name(channels.get(channel_id)), currency, amount)
            for (channel_id, currency), amount in sorted(owed_by_gateways().items())
        ],
        "rows": _came(channels),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "office/arrivals.html", context, status=status)


def _came(channels: dict[int, Channel]) -> list[dict[str, object]]:
    journals = list(
        Journal.objects.filter(key__startswith=KEY, kind=JournalKind.SETTLEMENT_FILE).order_by("-at", "key")[:_MOST]
    )
    legs: dict[object, dict[int, Entry]] = {}
    for entry in Entry.objects.filter(journal_id__in=[journal.id for journal in journals]):
        legs.setdefault(entry.journal_id, {})[entry.account] = entry
    return [_row(journal, legs[journal.id], channels) for journal in journals]


def _row(journal: Journal, legs: dict[int, Entry], channels: dict[int, Channel]) -> dict[str, object]:
    told, came = legs[Account.CLEARING], legs.get(Account.BANK_TRUST)
    return {
        "journal": ids.show("jrn", journal.id),
        "number": journal.note,
        "at": journal.at,
        "channel": _name(channels.get(told.channel_id)),
        "currency": told.currency,
        "told": -told.amount,
        "arrived": came.amount if came else 0,
        "suspense": legs[Account.SUSPENSE].amount if Account.SUSPENSE in legs else 0,
    }


def _name(channel: Channel | None) -> str:
    if channel is None:
        return "—"
    return named(channel)
