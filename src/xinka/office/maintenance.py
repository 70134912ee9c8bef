"""The switch of the system page that closes the shop to new orders and opens it again."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from xinka.accounts.policies import signed_in
from xinka.office import queries
from xinka.office.policies import Room, for_staff
from xinka.platform.maintenance.actions import TimesDoNotFit, close_shop, current, open_shop
from xinka.promotions.fields import MomentField


class ClosingForm(forms.Form):
    """From when until when, and what buyers read; all of it may stay empty."""

    begins_at = MomentField(
        label=_("Closed from"), required=False, help_text=_("Empty: now. A later time is announced.")
    )
    until = MomentField(label=_("Expected back at"), required=False, help_text=_("It opens by your word alone."))
    words_zh = forms.CharField(label=_("What buyers read (Chinese)"), max_length=200, required=False)
    words_en = forms.CharField(label=_("What buyers read (English)"), max_length=300, required=False)


def context_of(form: ClosingForm | None = None) -> dict[str, Any]:
    """Return what the system page shows of it, read anew, with the form as it is or as it was typed."""
    now, found = timezone.now(), current()
    if form is None:
        known = {"until": found.until, "words_zh": found.words_zh, "words_en": found.words_en} if found else {}
        if found and not found.is_closed(now):
            known["begins_at"] = found.begins_at
        form = ClosingForm(initial=known)
    return {"closure": found, "is_closed": found is not None and found.is_closed(now), "now": now, "closing": form}


@require_POST
@for_staff(Room.SYSTEM)
def close(request: HttpRequest) -> HttpResponse:
    """Close the shop, announce it, or change what is said of it."""
    form = ClosingForm(request.POST)
    if form.is_valid():
        try:
            close_shop(signed_in(request), **form.cleaned_data)
        except TimesDoNotFit as refusal:
            form.add_error("until", refusal.message(get_language() or ""))
    if form.errors:
        context = {"state": queries.system_state(), **context_of(form)}
        return render(request, "office/system.html", context, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    messages.success(request, gettext("Saved. Buyers read it from now on."))
    return HttpResponseRedirect(reverse("office:system"), status=HTTPStatus.SEE_OTHER)


@require_POST
@for_staff(Room.SYSTEM)
def reopen(request: HttpRequest) -> HttpResponse:
    """Open the shop again, or call off what was announced."""
    open_shop(signed_in(request))
    messages.success(request, gettext("The shop is open."))
    return HttpResponseRedirect(reverse("office:system"), status=HTTPStatus.SEE_OTHER)
