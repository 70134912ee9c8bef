"""Proving once more who one is by a mailed code, for people who have neither a password nor a second factor.

Without it every sensitive step would be open to whoever sits at their browser: allauth asks for nothing where there is
nothing to ask for.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from allauth.account.views import BaseReauthenticateView
from allauth.core.internal import ratelimit
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseRedirect
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from xinka.accounts.forms import ConfirmFreshProofCode
from xinka.accounts.policies import signed_in

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.contrib.auth.models import AnonymousUser
    from django.http import HttpRequest

_MAILED = "_xinka_fresh_proof"
_TRIES = 3
_HOLDS_FOR = 10 * 60


def has_no_other_proof(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Return whether somebody can only be asked for a mailed code."""
    return bool(user.is_authenticated and not get_reauthentication_flows(user))


def proved_by_code(request: HttpRequest) -> bool:
    """Return whether a mailed code was typed in this session within the last minutes, also to sign in with."""
    records = get_authentication_records(request, request.user)
    at = max((float(record["at"]) for record in records if record.get("method") == "code"), default=0.0)
    return time.time() - at < app_settings.REAUTHENTICATION_TIMEOUT


@method_decorator([never_cache, login_required], name="dispatch")
class MailedCode(BaseReauthenticateView):
    """Mails a code to the person's own address, and takes it."""

    form_class = ConfirmFreshProofCode
    template_name = "accounts/reauthenticate_code.html"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Mail a code, or look at the one that was typed."""
        if request.POST.get("action") == "send":
            return self._send()
        answer: HttpResponse = super().post(request, *args, **kwargs)
        return answer

    def get_form_kwargs(self) -> dict[str, Any]:
        """Give the form the code that is expected; without a live one nothing is right."""
        return {**super().get_form_kwargs(), "code": self._live_code()}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say whether a code is under way."""
        return {**super().get_context_data(**kwargs), "is_mailed": bool(self._live_code())}

    def form_valid(self, form: ConfirmFreshProofCode) -> HttpResponse:
        """Go on with what was asked for."""
        person = signed_in(self.request)
        del self.request.session[_MAILED]
        record_authentication(self.request, person, method="code", email=person.email, reauthenticated=True)
        answer: HttpResponse = super().form_valid(form)
        return answer

    def form_invalid(self, form: ConfirmFreshProofCode) -> HttpResponse:
        """After three wrong tries a code is worth nothing."""
        if (state := self.request.session.get(_MAILED)) is not None:
            state["tries"] += 1
            self.request.session[_MAILED] = state
        answer: HttpResponse = super().form_invalid(form)
        return answer

    def _send(self) -> HttpResponse:
        person, adapter = signed_in(self.request), get_adapter()
        limits = {"app": "allauth.account", "action": "request_login_code", "key": person.email}
        if not ratelimit.consume(self.request, **limits):
            messages.error(self.request, str(adapter.error_messages["rate_limited"]))
            return HttpResponseRedirect(self.passthrough_next_url(self.request.path))
        code = adapter.generate_login_code()
        adapter.send_mail("accounts/email/fresh_proof_code", person.email, {"user": person, "code": code})
        self.request.session[_MAILED] = {"code": code, "at": time.time(), "tries": 0, "to": person.email}
        return HttpResponseRedirect(self.passthrough_next_url(self.request.path))

    def _live_code(self) -> str:
        state = self.request.session.get(_MAILED)
        if state is None or state["tries"] >= _TRIES or abs(time.time() - state["at"]) > _HOLDS_FOR:
            return ""
        return str(state["code"]) if state["to"] == signed_in(self.request).email else ""


mailed_code = MailedCode.as_view()
