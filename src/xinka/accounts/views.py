"""Pages that allauth does not have: the overview, how strong a password is, and signing out one session."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from allauth.account.views import logout
from allauth.core.internal import ratelimit
from allauth.mfa.models import Authenticator
from allauth.usersessions.internal.flows.sessions import end_sessions
from allauth.usersessions.models import UserSession
from allauth.usersessions.views import list_usersessions
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_GET, require_POST

from xinka.accounts import breaches, losing_second_factor, strength
from xinka.accounts.policies import (
    needs_second_factor,
    require_fresh_proof,
    require_fresh_proof_to_act,
    require_sign_in,
    signed_in,
)
from xinka.accounts.recovery_codes import FEW, n_left
from xinka.accounts.user_agents import device_label
from xinka.accounts.validators import LEAST_LENGTH, MOST_LENGTH


@never_cache
@require_GET
@require_sign_in
def overview(request: HttpRequest) -> HttpResponse:
    """Show the state of an account, one line and one action each."""
    user = signed_in(request)
    kinds = list(Authenticator.objects.filter(user=user).values_list("type", flat=True))
    page: dict[str, Any] = {
        "n_passkeys": kinds.count(Authenticator.Type.WEBAUTHN),
        "has_app": Authenticator.Type.TOTP in kinds,
        "recovery_codes": n_left(user),
        "few_codes": FEW,
        "n_sessions": len(UserSession.objects.purge_and_list(user)),
        "needs_second_factor": needs_second_factor(user),
        "has_balances": settings.WALLET,
    }
    return render(request, "accounts/overview.html", page)


@never_cache
@require_GET
def still_here(request: HttpRequest) -> JsonResponse:
    """Tell a page that is about to send a form who is signed in, and give it a token that holds after a new sign-in."""
    if not request.user.is_authenticated:
        return JsonResponse({}, status=HTTPStatus.UNAUTHORIZED)
    return JsonResponse({"who": request.user.pk, "token": get_token(request)})


@require_POST
@require_sign_in
def set_refunds(request: HttpRequest) -> HttpResponse:
    """Note where money that goes back shall go from now on; each order's page may say otherwise."""
    where = request.POST.get("to", "")
    if not settings.WALLET or where not in {"balance", "channel"}:
        raise Http404
    user = signed_in(request)
    user.refunds_to_balance = where == "balance"
    user.save(update_fields=["refunds_to_balance"])
    messages.success(request, gettext("Noted"))
    return HttpResponseRedirect(reverse("account_overview"))


@require_POST
@require_sign_in
def keep_second_step(request: HttpRequest) -> HttpResponse:
    """Leave the second step on that staff were about to take off; it asks for nothing, as it opens nothing."""
    if losing_second_factor.keep(signed_in(request)):
        messages.success(request, gettext("The second step stays"))
    return HttpResponseRedirect(reverse("account_overview"), status=HTTPStatus.SEE_OTHER)


@require_POST
@require_sign_in
@require_fresh_proof
def end_session(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign out one session of the signed-in person, there and then."""
    session = get_object_or_404(UserSession, pk=pk, user=signed_in(request))
    if session.is_current():
        raise Http404  # the current session ends at "sign out", with its own page
    label = device_label(session.user_agent)
    end_sessions(request, [session])
    messages.info(request, gettext("Signed out: %(device)s") % {"device": label or gettext("an unknown device")})
    return HttpResponseRedirect(reverse("usersessions_list"))


#: Everybody may look where they are signed in; ending the others asks who it is, or a thief would put the owner out.
sessions = require_sign_in(require_fresh_proof_to_act(list_usersessions))


def sign_out(request: HttpRequest) -> HttpResponseBase:
    """Ask, then sign out; the browser also forgets what pages have kept in it (ASVS 5.0, V14.3.1).

    Cookies stay: those of orders open what a guest has bought.
    """
    was_signed_in = request.user.is_authenticated
    response: HttpResponseBase = logout(request)
    if was_signed_in and not request.user.is_authenticated:
        response["Clear-Site-Data"] = '"cache", "storage"'
    return response


@never_cache
@require_POST
@sensitive_post_parameters()
@sensitive_variables()
def password_strength(request: HttpRequest) -> HttpResponse:
    """Say how strong a password would be. It is measured and forgotten: neither stored nor logged."""
    if not ratelimit.consume(request, app="allauth.account", action="password_strength"):
        return HttpResponse(status=429)
    password = request.POST.get("password", "")
    if len(password) < LEAST_LENGTH:
        missing = LEAST_LENGTH - len(password)
        words = ngettext("%(n)d more character is needed.", "%(n)d more characters are needed.", missing) % {
            "n": missing
        }
        return _strength(0, enough=False, text=words)
    if len(password) > MOST_LENGTH:
        return _strength(0, enough=False, text=gettext("At most %(n)d characters, please.") % {"n": MOST_LENGTH})
    if breaches.is_breached(password):
        return _strength(0, enough=False, text=gettext("It is in lists of leaked passwords."))
    user = request.user
    known = [user.email, user.display_name] if user.is_authenticated else [request.POST.get("email", "")[:254]]
    measured = strength.measure(password, known)
    verdict = gettext("Hard to guess.") if measured.is_enough else gettext("Too easy to guess.")
    return _strength(measured.score, enough=measured.is_enough, text=strength.in_a_row([verdict, *measured.words]))


def _strength(score: int, *, enough: bool, text: str) -> JsonResponse:
    return JsonResponse({"score": score, "enough": enough, "text": text})
