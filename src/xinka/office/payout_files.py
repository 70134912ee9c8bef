"""Finance at work on files of payouts for banks: made, handed over, and what came of each payout in them."""

from __future__ import annotations

from http import HTTPStatus

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from xinka.accounts.policies import require_fresh_proof, require_fresh_proof_before, signed_in
from xinka.flows.payouts import sending
from xinka.kernel.errors import Refusal
from xinka.office.payouts import outcome_told, row_of, see
from xinka.office.policies import Room, for_staff
from xinka.payouts.details import AccountKind
from xinka.payouts.models import PayoutBatch
from xinka.payouts.states import PayoutState

_MOST_RESULT_BYTES = 1_000_000


class Results(forms.Form):
    """What a bank answered about a file."""

    file = forms.FileField(
        label=_("File of results"),
        help_text=_(
            "CSV with the columns payout, result (paid, failed or returned) and, if wanted, reference and why. What was"
            " returned needs the bank's number of that."
        ),
    )

    def clean_file(self) -> str:
        """Return the text of the file."""
        file = self.cleaned_data["file"]
        if (file.size or 0) > _MOST_RESULT_BYTES:
            raise forms.ValidationError(_("This file is too large."))
        try:
            return str(file.read(), "utf-8-sig")
        except UnicodeDecodeError:
            raise forms.ValidationError(_("Save the file as UTF-8.")) from None


@require_POST
@for_staff(Room.PAYOUTS)
@require_fresh_proof
def batch_new(request: HttpRequest) -> HttpResponse:
    """Put approved payouts into a file."""
    kind, currency = request.POST.get("kind", ""), request.POST.get("currency", "")
    if kind not in {one.value for one in AccountKind}:
        raise Http404
    made = sending.make_batch(AccountKind(kind), currency, by=signed_in(request))
    return see("office:payout_batch", made.id)


@require_safe
@for_staff(Room.PAYOUTS)
def batch(request: HttpRequest, batch_id: int) -> HttpResponse:
    """Show one file, and what came of each payout in it."""
    return _batch_page(request, _batch(batch_id), Results())


def _batch(batch_id: int) -> PayoutBatch:
    return get_object_or_404(PayoutBatch.objects.select_related("made_by"), id=batch_id)


def _batch_page(request: HttpRequest, found: PayoutBatch, form: Results, *, status: int = 200) -> HttpResponse:
    payouts = found.payouts.select_related("merchant", "buyer").defer("account_sealed").order_by("id")
    rows = [row_of(payout) for payout in payouts]
    takes_results = any(payout.state in {PayoutState.SENDING, PayoutState.PAID} for payout in payouts)
    context = {"batch": found, "rows": rows, "form": form, "takes_results": takes_results}
    return render(request, "office/payout_batch.html", context, status=status)


@never_cache
@require_POST
@for_staff(Room.PAYOUTS)
@require_fresh_proof_before
def batch_file(request: HttpRequest, batch_id: int) -> HttpResponse:
    """Hand the file over; that it was taken is written down."""
    text = sending.file_of(_batch(batch_id), by=signed_in(request))
    response = HttpResponse(text, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="payouts-{batch_id}.csv"'
    return response


@require_POST
@for_staff(Room.PAYOUTS)
@require_fresh_proof_before
def batch_results(request: HttpRequest, batch_id: int) -> HttpResponse:
    """Enter what the bank answered, from its file."""
    found, form = _batch(batch_id), Results(request.POST, request.FILES)
    if form.is_valid():
        try:
            outcomes = sending.read_outcomes(form.cleaned_data["file"])
            n_new = sending.record_outcomes(found, outcomes, by=signed_in(request))
        except Refusal as refusal:
            form.add_error(None, refusal.message(get_language() or ""))
        else:
            messages.success(request, gettext("%(n)d results entered") % {"n": n_new})
            return see("office:payout_batch", batch_id)
    return _batch_page(request, found, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)


@require_POST
@for_staff(Room.PAYOUTS)
@require_fresh_proof
def outcome(request: HttpRequest, batch_id: int, shown_id: str) -> HttpResponse:
    """Enter what became of one payout by hand."""
    sending.record_outcomes(_batch(batch_id), [outcome_told(request, shown_id)], by=signed_in(request))
    messages.success(request, gettext("Entered"))
    return see("office:payout_batch", batch_id)
