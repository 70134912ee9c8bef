"""Where somebody begins who signed in without having been on the way to a page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from xinka.accounts.policies import require_sign_in, signed_in
from xinka.merchants.queries import memberships_of


@never_cache
@require_safe
@require_sign_in
def begin(request: HttpRequest) -> HttpResponse:
    """Lead staff to the office, merchants' people to their desk, and everybody else to what they bought."""
    user = signed_in(request)
    if user.is_staff:
        return redirect("office:home")
    if memberships_of(user):
        return redirect("desk:choose")
    return redirect("shop:my_orders")
