"""Who may see a page: signed-in people, and staff with a second factor. Everyone else is told as little as possible."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from allauth.account.decorators import reauthentication_required
from allauth.account.internal.flows.reauthentication import is_reauthentication_required
from allauth.core.exceptions import ReauthenticationRequired
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import resolve, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext

from xinka.accounts.access_log import tell_refused
from xinka.accounts.models import User
from xinka.accounts.sessions import hold_to_staff_limits
from xinka.platform.look.addresses import page_of_form, way_back

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]
_VISITS = frozenset({"GET", "HEAD"})


def signed_in(request: HttpRequest) -> User:
    """Return the person behind a request that has passed ``require_sign_in``.

    Raises:
        Http404: if nobody is signed in after all.
    """
    if not request.user.is_authenticated:
        raise Http404
    return request.user


def require_sign_in(view: View[P]) -> View[P]:
    """Let signed-in people through; send others to sign in and back.

    Who sent a form after the session had ended is told that nothing was done, and comes back to the page of the form:
    its own address takes no visit.
    """
    guarded = login_required(view)

    @wraps(view)
    def let_in(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if request.method not in _VISITS and not request.user.is_authenticated:
            messages.warning(
                request, gettext("You had been signed out, so nothing was done. Sign in and send it again.")
            )
            return redirect_to_login(way_back(request))
        return guarded(request, *args, **kwargs)

    return cast("View[P]", let_in)


def require_fresh_proof(view: View[P]) -> View[P]:
    """Let signed-in people through who proved within minutes who they are; ask others first, and go on from there."""

    @wraps(view)
    def at_its_own_address(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if request.resolver_match is not None:  # of a form that was kept meanwhile it is that of the page of the proof
            request.resolver_match = resolve(request.path_info)
        return view(request, *args, **kwargs)

    proven = reauthentication_required(at_its_own_address)

    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        try:
            return cast("View[P]", proven)(request, *args, **kwargs)
        except ReauthenticationRequired:
            _come_back_by_path(request)
            raise

    return cast("View[P]", guarded)


def _come_back_by_path(request: HttpRequest) -> None:
    """Have a form that is kept meanwhile found again: allauth compares where to go on with its path alone.

    What its address asks for besides is kept with the form. Of a visit nothing is kept but the address, all of it.
    """
    if request.method in _VISITS:
        return
    request.GET  # noqa: B018 - read before its source is taken away, and kept on the request
    request.META = {**request.META, "QUERY_STRING": ""}


def require_fresh_proof_to_act(view: View[P]) -> View[P]:
    """Let signed-in people look, and whoever sends the form prove first who they are; then it is carried out."""
    proven = require_fresh_proof(view)

    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        return (view if request.method in _VISITS else proven)(request, *args, **kwargs)

    return cast("View[P]", guarded)


def require_fresh_proof_before(view: View[P]) -> View[P]:
    """Have people prove who they are, and then press the button again: for files, which no kept form carries along."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not proved_lately(request):
            messages.warning(request, gettext("Nothing was done yet. Prove who you are, then press it again."))
            asked = urlencode({REDIRECT_FIELD_NAME: page_of_form(request)})
            return HttpResponseRedirect(f"{reverse('account_reauthenticate')}?{asked}")
        return view(request, *args, **kwargs)

    return cast("View[P]", guarded)


def proved_lately(request: HttpRequest) -> bool:
    """Whether somebody is signed in who proved within minutes who they are."""
    return not is_reauthentication_required(request, app="")


def require_staff(view: View[P]) -> View[P]:
    """Let staff through, with a second factor and short sessions.

    To other people the page does not exist: they get the same 404 as for any wrong address.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        user = signed_in(request)
        if not user.is_staff:
            tell_refused(request, "not_staff")
            raise Http404
        hold_to_staff_limits(request.session)
        if needs_second_factor(user):
            messages.warning(request, gettext("Staff sign in with a second factor. Set one up first."))
            return HttpResponseRedirect(reverse("mfa_index"))
        return view(request, *args, **kwargs)

    return require_sign_in(cast("View[P]", guarded))


def needs_second_factor(user: User) -> bool:
    """Return whether this person must set up a second factor before working."""
    return bool(settings.STAFF_NEEDS_MFA and user.is_staff and not is_mfa_enabled(user))
