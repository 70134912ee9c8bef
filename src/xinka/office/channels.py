"""Payment channels: which there are, in what order, with what settings; tried before buyers meet them.

Whoever changes where buyers' money goes has to prove afresh who they are, and somebody else has to confirm it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from xinka.accounts.policies import require_fresh_proof, signed_in
from xinka.flows.channels.changes import Wanted, propose, settings_or_none
from xinka.flows.channels.keepers import house_of
from xinka.flows.hindrances import hindrance_in_words
from xinka.kernel.errors import ProviderError, Refusal
from xinka.office.channel_forms import ChannelForm, kind_name
from xinka.office.channel_words import changes_waiting
from xinka.office.policies import Room, for_staff
from xinka.payments.actions import merged_settings, move_channel, switch_channel
from xinka.payments.channels import provider_of
from xinka.payments.models import Channel, ChannelChange
from xinka.payments.providers.protocol import Provider
from xinka.payments.providers.registry import KINDS
from xinka.platform.audit.actions import record
from xinka.platform.vault.envelope import EnvelopeError

log = logging.getLogger(__name__)


@require_safe
@for_staff(Room.CHANNELS)
def index(request: HttpRequest) -> HttpResponse:
    """List the channels in their order."""
    channels = [(channel, kind_name(channel.provider)) for channel in Channel.objects.defer("config")]
    context = {"channels": channels, "kinds": _kinds(), "waiting": changes_waiting()}
    return render(request, "office/channels.html", context)


def _kinds() -> list[tuple[str, str]]:
    return [(kind, kind_name(kind)) for kind in sorted(KINDS)]


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(Room.CHANNELS)
@require_fresh_proof
def create(request: HttpRequest, kind: str) -> HttpResponse:
    """Set up a channel of a kind."""
    if kind not in KINDS:
        raise Http404
    return _edit(request, Channel(provider=kind, max_amount=5_000_000, min_amount=100), {})


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(Room.CHANNELS)
@require_fresh_proof
def edit(request: HttpRequest, channel_id: int) -> HttpResponse:
    """Change a channel; its secrets are never shown."""
    channel = get_object_or_404(Channel, id=channel_id)
    return _edit(request, channel, settings_or_none(channel))


def _edit(request: HttpRequest, channel: Channel, stored: dict[str, object]) -> HttpResponse:
    form = ChannelForm(request.POST if request.method == "POST" else None, channel=channel, stored=stored)
    if request.method == "POST" and form.is_valid():
        told = merged_settings(channel.provider, stored, form.told)
        changed = form.apply()
        if changed.currency != "CNY" or "currency" in told:
            told["currency"] = changed.currency
        try:
            change = propose(Wanted(changed, told), by=signed_in(request))
        except Refusal as refusal:
            form.add_error(None, refusal.message(get_language() or ""))
        else:
            return _proposed(request, changed, change)
    if form.errors:
        form.ask_secrets_again()
    context = {
        "form": form,
        "channel": channel,
        "kind": kind_name(channel.provider),
        "is_alone": not house_of(signed_in(request), timezone.now()).others,
        "notify_url": "" if form.is_new else f"{settings.SITE_URL}/pay/notify/{channel.slug}",
    }
    return render(request, "office/channel.html", context, status=422 if form.errors else 200)


def _proposed(request: HttpRequest, channel: Channel, change: ChannelChange | None) -> HttpResponseRedirect:
    if change is None:
        messages.success(request, gettext("Saved. Try it before buyers do."))
    elif change.is_alone:
        messages.success(
            request, gettext("Saved by you alone, as nobody else is there to confirm. All staff are told.")
        )
    else:
        messages.success(request, gettext("Nothing has changed yet. Somebody else has to confirm it."))
        return _see("office:channel_change", change.id)
    return _see("office:channel", channel.id)


@require_POST
@for_staff(Room.CHANNELS)
def try_out(request: HttpRequest, channel_id: int) -> HttpResponse:
    """Ask the gateway whether it knows us; no money moves."""
    channel = get_object_or_404(Channel, id=channel_id)
    tell_how_it_answers(request, lambda: provider_of(channel))
    record(signed_in(request), "channel.test", f"channel {channel.slug}")
    return _see("office:channel", channel.id)


def tell_how_it_answers(request: HttpRequest, opened: Callable[[], Provider]) -> None:
    """Ask a gateway whether it knows us, and leave a note of what it said."""
    try:
        answer = opened().check()
    except (ProviderError, Refusal, EnvelopeError) as error:
        words = error.message(get_language() or "") if isinstance(error, Refusal) else hindrance_in_words(str(error))
        messages.warning(request, gettext("The test failed: %(why)s") % {"why": words})
    else:
        messages.success(request, gettext("The gateway knows us: %(answer)s") % {"answer": answer})


@require_POST
@for_staff(Room.CHANNELS)
@require_fresh_proof
def switch(request: HttpRequest, channel_id: int) -> HttpResponse:
    """Offer a channel to buyers, or not."""
    channel = get_object_or_404(Channel.objects.defer("config"), id=channel_id)
    on = request.POST.get("on") == "1"
    with transaction.atomic():
        if switch_channel(channel.id, on=on):
            record(signed_in(request), "channel.on" if on else "channel.off", f"channel {channel.slug}")
    return _see("office:channels")


@require_POST
@for_staff(Room.CHANNELS)
def move(request: HttpRequest, channel_id: int) -> HttpResponse:
    """Move a channel up or down in the order buyers see."""
    channel = get_object_or_404(Channel.objects.defer("config"), id=channel_id)
    up = request.POST.get("to") == "up"
    with transaction.atomic():
        if move_channel(channel.id, up=up):
            record(signed_in(request), "channel.move", f"channel {channel.slug}", to="up" if up else "down")
    return _see("office:channels")


def _see(name: str, *args: object) -> HttpResponseRedirect:
    response = HttpResponseRedirect(reverse(name, args=args))
    response.status_code = HTTPStatus.SEE_OTHER
    return response
