"""Money that only a gateway's bill tells of: one of finance asks that it be entered, another agrees."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_POST

from xinka.accounts.models import User
from xinka.accounts.policies import require_fresh_proof, signed_in
from xinka.flows.reconciling.entering import decide_entry, may_be_entered, receipt_of
from xinka.kernel import ids
from xinka.kernel.errors import Refusal
from xinka.office.matching import Why
from xinka.office.policies import Room, for_staff
from xinka.office.queue_filters import DifferenceFilter
from xinka.office.queues import on_to_entry
from xinka.payments.states import ReceiptOutcome
from xinka.reconciling.models import Difference, LineEntry
from xinka.reconciling.states import EntryState


def entry_context(found: Difference, reader: User, form: Why | None = None) -> dict[str, Any]:
    """Return what the page of a difference tells of entering its money: who asked, whether it may be, where it is."""
    entries = list(LineEntry.objects.filter(difference=found).select_related("asked_by", "decided_by"))
    waits = next((one for one in entries if one.state == EntryState.ASKED), None)
    can_enter = may_be_entered(found)
    receipt = receipt_of(found)
    is_listed = receipt is not None and receipt.outcome != ReceiptOutcome.SETTLED
    return {
        "entry": waits,
        "entry_is_mine": waits is not None and waits.asked_by_id == reader.pk,
        "entry_holds": waits is not None and can_enter,
        "can_enter": can_enter and waits is None,
        "entry_form": form or Why(),
        "money_id": ids.show("jrn", receipt.journal_id) if receipt and is_listed else "",
    }


@require_POST
@for_staff(Room.BILLS)
@require_fresh_proof
def decide(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    """Agree that money of a bill is entered, or refuse it."""
    asked = get_object_or_404(LineEntry, id=entry_id)
    try:
        made = decide_entry(entry_id, grant=request.POST.get("grant") == "1", by=signed_in(request))
    except Refusal as refusal:
        messages.warning(request, refusal.message(get_language() or ""))
        return _back(request, asked.difference_id)
    if made.state == EntryState.REFUSED or made.journal_id is None:
        messages.success(request, gettext("Refused. Nothing was entered."))
        return _back(request, asked.difference_id)
    messages.success(request, gettext("Entered. Now say which order it is for, or send it back."))
    return see("office:money_unmatched", ids.show("jrn", made.journal_id))


def _back(request: HttpRequest, difference_id: int) -> HttpResponseRedirect:
    return on_to_entry(request, DifferenceFilter, reverse("office:difference", args=[difference_id]))


def see(name: str, *arguments: object) -> HttpResponseRedirect:
    """Send the browser on after an act."""
    response = HttpResponseRedirect(reverse(name, args=arguments))
    response.status_code = HTTPStatus.SEE_OTHER
    return response
