"""The page in front of the goods while the shop is closed; the till asks for it and shows it in their place."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from xinka.platform.look.context import look_of


@require_safe
def closed(request: HttpRequest) -> HttpResponse:
    """Say until when; whoever comes here while the shop is open goes to its first page."""
    look = look_of(request)
    if look.maintenance is None or not look.is_closed:
        return HttpResponseRedirect("/", status=HTTPStatus.SEE_OTHER)
    response = render(request, "shop/closed.html", status=HTTPStatus.SERVICE_UNAVAILABLE)
    response["Retry-After"] = str(look.maintenance.retry_after(timezone.now()))
    return response
