"""The cashier's page: what a buyer sees at the gateway, with a button for every way a payment can end."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from xinka.sandbox import endings
from xinka.sandbox.models import SandboxTrade
from xinka.sandbox.protocols import protocol_of
from xinka.sandbox.states import TradeState

_STAYS = {"expire"}


@require_GET
@never_cache
def show(request: HttpRequest, token: str) -> HttpResponse:
    """Show a trade: payee, amount, the endings it still has, and the notices sent so far."""
    return _page(request, _trade(token))


@require_POST
@never_cache
def end(request: HttpRequest, token: str, ending: str) -> HttpResponse:
    """Bring about one ending, then send the buyer back to the shop as gateways do."""
    trade, now = _trade(token), timezone.now()
    method = "POST" if request.POST.get("notify_by") == "POST" else "GET"
    if not endings.bring_about(trade, ending, now=now, method=method):
        return _page(request, trade, status=HTTPStatus.CONFLICT)
    way_back = protocol_of(trade).way_back(trade, paid=trade.is_paid(now))
    if ending in _STAYS or not way_back:
        return redirect("sandbox:cashier", token=token)
    return HttpResponseRedirect(way_back)


def _trade(token: str) -> SandboxTrade:
    return get_object_or_404(SandboxTrade.objects.select_related("merchant"), token=token)


def _page(request: HttpRequest, trade: SandboxTrade, *, status: int = HTTPStatus.OK) -> HttpResponse:
    now = timezone.now()
    choices = endings.possible(trade, now)
    protocol = protocol_of(trade)
    context = {
        "trade": trade,
        "label": protocol.label,
        "may_choose_method": protocol.may_choose_method,
        "first": {code: choices[code] for code in ("pay",) if code in choices},
        "others": {code: ending for code, ending in choices.items() if code != "pay"},
        "attempts": trade.attempts.order_by("due_at", "id"),
        "paid": trade.is_paid(now),
        "expired": trade.state == TradeState.EXPIRED or (bool(choices) and "pay" not in choices),
        "refused": status == HTTPStatus.CONFLICT,
    }
    return render(request, "sandbox/cashier.html", context, status=status)
