"""Closing one's account: what goes, what stays, what has to be done first, and a week to think better of it."""

from __future__ import annotations

from http import HTTPStatus

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from xinka.accounts import closing
from xinka.accounts.policies import require_fresh_proof, require_sign_in, signed_in
from xinka.flows.closing_accounts import ending_of


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@require_sign_in
@require_fresh_proof
def close_account(request: HttpRequest) -> HttpResponse:
    """Say what closing the account means, and have it closed in a week."""
    person = signed_in(request)
    ending = ending_of(person)
    if request.method != "POST" or person.closing_at or not ending.is_possible:
        context = {"ending": ending, "days": closing.CLOSES_AFTER.days}
        refused = request.method == "POST" and not ending.is_possible
        status = HTTPStatus.CONFLICT if refused else HTTPStatus.OK
        return render(request, "shop/close_account.html", context, status=status)
    ends_at = closing.ask_to_close(person, timezone.now())
    day = timezone.localtime(ends_at).strftime("%Y-%m-%d")
    get_adapter().send_notification_mail("accounts/email/closing_asked", person, {"day": day})
    return HttpResponseRedirect(reverse("shop:close_account"), status=HTTPStatus.SEE_OTHER)


@require_POST
@require_sign_in
def keep_account(request: HttpRequest) -> HttpResponse:
    """Take it back."""
    if closing.keep(signed_in(request)):
        messages.success(request, gettext("Your account stays"))
    return HttpResponseRedirect(reverse("account_overview"), status=HTTPStatus.SEE_OTHER)
