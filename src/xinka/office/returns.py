"""Payouts that their banks sent back: somebody of finance enters it, and from the limit on another one agrees."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from xinka.accounts.models import User
from xinka.accounts.policies import require_fresh_proof, signed_in
from xinka.flows.payouts.asking import shown
from xinka.flows.payouts.returning import Returned, decide_return, eyes_needed
from xinka.flows.payouts.review import refuse_own
from xinka.kernel.errors import Refusal
from xinka.office.policies import Room, for_staff
from xinka.office.queue_filters import PayoutFilter
from xinka.office.queues import on_to_entry
from xinka.payouts.models import Payout, PayoutReturn
from xinka.payouts.states import PayoutState, ReturnState
from xinka.platform.look.amounts import MOST_SIGNS, read_amount


class ReturnForm(forms.Form):
    """What the bank's statement says of a payout that it sent back. ``key`` makes the form sent twice one return."""

    reference = forms.CharField(
        label=_("The bank's number of the return"),
        max_length=64,
        help_text=_("As it stands in the statement: one number brings back one payout."),
    )
    reason = forms.CharField(label=_("Why? Whose money it is reads this."), min_length=2, max_length=200, strip=True)
    kept = forms.CharField(
        label=_("Kept by the bank"),
        max_length=MOST_SIGNS,
        required=False,
        help_text=_("What it took for the return; the shop bears it, the payee has all of the payout back."),
    )
    return_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)

    def __init__(self, data: Any = None, *, payout: Payout) -> None:
        super().__init__(data)
        self.payout = payout
        if payout.channel_id:
            del self.fields["kept"]
        for name in self.fields:
            self.fields[name].widget.attrs |= {"autocomplete": "off"}

    def clean_kept(self) -> int:
        """Return minor units; empty is nothing."""
        text = self.cleaned_data["kept"]
        return read_amount(text, self.payout.currency) if text.strip() else 0

    @property
    def told(self) -> Returned:
        """What a form that is valid says."""
        said = self.cleaned_data
        return Returned(self.payout.id, said["reason"], said["reference"], said.get("kept", 0))


def return_context(payout: Payout, reader: User, form: ReturnForm | None = None) -> dict[str, Any]:
    """Return what the page of a payout tells of its return: what was said, by whom, and if the reader may say so."""
    known = payout.returns.exclude(state=ReturnState.REFUSED).select_related("asked_by", "decided_by").first()
    is_asked = known is not None and known.state == ReturnState.ASKED
    may_say = payout.state == PayoutState.PAID and known is None and not _is_own(payout, reader)
    return {
        "returned": known,
        "return_waits": is_asked,
        "return_is_mine": known is not None and known.asked_by_id == reader.pk,
        "return_is_own": is_asked and _is_own(payout, reader),
        "return_form": (form or ReturnForm(payout=payout)) if may_say else None,
        "return_limit": settings.PAYOUT_FOUR_EYES_FROM.of(payout.currency),
        "return_takes_two": may_say and eyes_needed(payout) > 1,
    }


def _is_own(payout: Payout, reader: User) -> bool:
    try:
        refuse_own(payout, reader)
    except Refusal:
        return True
    return False


def returns_waiting() -> QuerySet[PayoutReturn]:
    """Return what one person says came back and another has to agree to, the oldest first."""
    found = PayoutReturn.objects.filter(state=ReturnState.ASKED).select_related("payout__merchant", "payout__buyer")
    return found.select_related("asked_by").defer("payout__account_sealed").order_by("asked_at", "id")


@require_POST
@for_staff(Room.PAYOUTS)
@require_fresh_proof
def decide(request: HttpRequest, return_id: UUID) -> HttpResponse:
    """Agree that a payout came back, or refuse that."""
    asked = get_object_or_404(PayoutReturn.objects.select_related("payout"), id=return_id)
    try:
        made = decide_return(return_id, grant=request.POST.get("grant") == "1", by=signed_in(request))
    except Refusal as refusal:
        messages.warning(request, refusal.message(get_language() or ""))
    else:
        if made.state == ReturnState.DONE:
            messages.success(request, gettext("Entered; the money is on the balance again"))
        else:
            messages.success(request, gettext("Refused. Nothing was entered."))
    return on_to_entry(request, PayoutFilter, reverse("office:payout", args=[shown(asked.payout)]))
