"""The page on which a payee confirms a payout in the gateway's app; elsewhere it shows how to get there."""

from __future__ import annotations

import json
from contextlib import suppress
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from xinka.flows.paying.attempts import gateway_slot
from xinka.flows.payouts.confirming import Confirming, confirming_at, payout_at
from xinka.flows.payouts.gateway import ask_now
from xinka.kernel.errors import ProviderError
from xinka.payouts.access import confirm_path
from xinka.payouts.models import Payout
from xinka.payouts.states import PayoutState
from xinka.platform.look.policy import allow_data_images, allow_scripts_from
from xinka.shop import words
from xinka.shop.paying_inside import device_of
from xinka.shop.qr import qr_image


@never_cache
@require_safe
def show(request: HttpRequest, shown_id: str, proof: str) -> HttpResponse:
    """Show what is to be confirmed, until when, and the way to do it here.

    Raises:
        PayoutNotFound: if the link is not one of ours.
    """
    payout = payout_at(shown_id, proof)
    path, now = confirm_path(payout.id), timezone.now()
    if request.GET.get("said") == "1":  # the app says it was shown; only the gateway knows more
        with suppress(ProviderError), gateway_slot():
            ask_now(payout.id, now)
        return HttpResponseRedirect(f"{path}?asked=1", status=303)
    is_asked = request.GET.get("asked") == "1"
    link = f"{settings.SITE_URL}{path}"
    # Who comes back from the app is not sent there again at once: its yes may need a moment to arrive.
    found = Confirming() if is_asked else _confirming(request, payout)
    is_waiting = payout.state == PayoutState.SENDING
    can_confirm = is_waiting and payout.may_be_called_back and (payout.confirm_by is None or now < payout.confirm_by)
    if show_code := can_confirm and found.call is None and not found.problem and not is_asked:
        allow_data_images(request)
    context = {
        "payout": payout,
        "merchant_name": words.merchant_name(payout.merchant) if payout.merchant else "",
        "shown_id": shown_id,
        "state": payout.state,
        "is_waiting": is_waiting,
        "can_confirm": can_confirm,
        "own_page": _own_page(payout),
        "is_asked": is_asked,
        "follows": is_asked and is_waiting,
        "problem": found.problem,
        "qr": qr_image(link) if show_code else "",
        "link": link,
        "path": path,
        **_calling(request, found),
    }
    return render(request, "shop/payout_confirm.html", context)


def _own_page(payout: Payout) -> str:
    """Return the page on which whoever is to be paid sees all their payouts."""
    return reverse("desk:payouts", args=[payout.merchant.slug]) if payout.merchant else reverse("shop:balance")


def _confirming(request: HttpRequest, payout: Payout) -> Confirming:
    """Ask for what the page calls, from one of the few places that may wait for gateways."""
    page_url = f"{settings.SITE_URL}{request.get_full_path()}"
    try:
        with gateway_slot():
            return confirming_at(payout, page_url, device=device_of(request), now=timezone.now())
    except ProviderError as error:
        return Confirming(problem=str(error))


def _calling(request: HttpRequest, found: Confirming) -> dict[str, object]:
    """Return what the page's script needs; the sandbox has the app's functions itself."""
    if found.call is None:
        return {}
    pretended = getattr(request, "pretend_bridge", "")
    if not pretended:
        parts = urlsplit(found.call.script)
        allow_scripts_from(request, f"{parts.scheme}://{parts.netloc}")
    return {
        "call": found.call.call,
        "fields": json.dumps(dict(found.call.fields)),
        "config": json.dumps(dict(found.call.config)),
        "pretend_bridge": pretended,
        "app_script": "" if pretended else found.call.script,
    }
