"""A change of a payment channel that waits: somebody else looks at it, tries it, and confirms or refuses it."""

from __future__ import annotations

from http import HTTPStatus
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from xinka.accounts.policies import require_fresh_proof, signed_in
from xinka.flows.channels.changes import body_of, decide
from xinka.flows.channels.errors import ChangeDecided
from xinka.kernel.errors import Refusal
from xinka.office.channel_forms import kind_name
from xinka.office.channel_words import lines_of
from xinka.office.channels import tell_how_it_answers
from xinka.office.policies import Room, for_staff
from xinka.payments.models import ChannelChange
from xinka.payments.providers.registry import provider_for
from xinka.platform.audit.actions import record
from xinka.platform.vault.envelope import EnvelopeError


@never_cache
@require_safe
@for_staff(Room.CHANNELS)
def show(request: HttpRequest, change_id: UUID) -> HttpResponse:
    """Show what would become other, or how it was decided."""
    change = _change(change_id)
    context = {
        "change": change,
        "kind": kind_name(change.provider),
        "waits": change.decided_at is None,
        "lines": _lines(change),
        "is_mine": change.asked_by_id == signed_in(request).pk,
    }
    return render(request, "office/channel_change.html", context)


def _change(change_id: UUID) -> ChannelChange:
    return get_object_or_404(ChannelChange.objects.select_related("asked_by", "decided_by"), id=change_id)


def _lines(change: ChannelChange) -> list[object] | None:
    """Return the lines of a change that waits; none of one that was decided, nor of one that does not open any more."""
    if change.decided_at is not None:
        return None
    try:
        return [*lines_of(change)]
    except EnvelopeError:
        return None


@require_POST
@for_staff(Room.CHANNELS)
def try_out(request: HttpRequest, change_id: UUID) -> HttpResponse:
    """Ask the gateway whether it would know us with the new settings; no money moves, and nothing is changed."""
    change = _change(change_id)
    if change.decided_at is not None:
        raise ChangeDecided
    tell_how_it_answers(request, lambda: provider_for(change.provider, body_of(change).settings))
    record(signed_in(request), "channel.test", f"channel {change.slug}")
    return _see("office:channel_change", change.id)


@require_POST
@for_staff(Room.CHANNELS)
@require_fresh_proof
def decide_it(request: HttpRequest, change_id: UUID) -> HttpResponse:
    """Confirm what somebody else proposed, or refuse it."""
    change = _change(change_id)
    try:
        made = decide(change.id, grant=request.POST.get("grant") == "1", by=signed_in(request))
    except Refusal as refusal:
        messages.warning(request, refusal.message(get_language() or ""))
        return _see("office:channel_change", change.id)
    if made.granted:
        messages.success(request, gettext("Confirmed. It holds from now on, and all staff are told."))
        return _see("office:channel", made.channel_id)
    messages.success(request, gettext("Refused. Nothing was changed."))
    return _see("office:channels")


def _see(name: str, *args: object) -> HttpResponseRedirect:
    response = HttpResponseRedirect(reverse(name, args=args))
    response.status_code = HTTPStatus.SEE_OTHER
    return response
