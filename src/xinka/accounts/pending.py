"""What is half proven ends when what it was begun with has changed.

A sign-in that waits for its code or its second step, and a new password that waits for its code, are kept in the
session of a browser where nobody is signed in yet; a change of the password ends sessions of people, but not those. So
each is marked with the password and the address it was begun with: whoever changes the address because somebody else
reads the mailbox, or the password because somebody else knows it, ends what that somebody has under way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from allauth.account.internal.flows.email_verification_by_code import EMAIL_VERIFICATION_CODE_SESSION_KEY
from allauth.account.internal.flows.login import clear_authentication_records
from allauth.account.internal.flows.password_reset_by_code import PASSWORD_RESET_VERIFICATION_SESSION_KEY
from allauth.account.internal.stagekit import LOGIN_SESSION_KEY
from allauth.account.internal.userkit import str_to_user_id
from allauth.account.utils import url_str_to_user_pk
from django.contrib import messages
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext

from xinka.accounts.kept_forms import drop_outdated, note_since_when
from xinka.accounts.models import User

if TYPE_CHECKING:
    from django.contrib.sessions.backends.base import SessionBase
    from django.http import HttpRequest, HttpResponse

_MARKS = "_xinka_begun_with"
_UNDER = "/account/"
_PENDING = (LOGIN_SESSION_KEY, PASSWORD_RESET_VERIFICATION_SESSION_KEY, EMAIL_VERIFICATION_CODE_SESSION_KEY)


class PendingProofs:
    """Middleware: before account pages drop what no longer holds, after them mark what is under way.

    Forms that wait for a proof are sent to any page, so since when is noted after all of them.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Serve a page."""
        response = self._account_page(request) if request.path.startswith(_UNDER) else self.get_response(request)
        note_since_when(request.session)
        return response

    def _account_page(self, request: HttpRequest) -> HttpResponse:
        if _drop_outdated(request):
            messages.warning(request, gettext("The password or the address was changed meanwhile. Begin again."))
        drop_outdated(request)
        response = self.get_response(request)
        _mark(request.session)
        return response


def _drop_outdated(request: HttpRequest) -> bool:
    """Forget what was begun with another password or address; say whether there was any."""
    session = request.session
    marks = session.get(_MARKS, {})
    under_way = list(_under_way(session))
    outdated = [
        name for name, user_id in under_way if not constant_time_compare(marks.get(name, ""), _mark_of(user_id))
    ]
    for name in outdated:
        session.pop(name)
    if LOGIN_SESSION_KEY in outdated:
        clear_authentication_records(request)
    return bool(outdated)


def _mark(session: SessionBase) -> None:
    marks = {name: _mark_of(user_id) for name, user_id in _under_way(session)}
    if marks != session.get(_MARKS, {}):
        session[_MARKS] = marks


def _under_way(session: SessionBase) -> Iterator[tuple[str, int]]:
    """Yield what is half proven and whose it would be; what only looks so, for no account's address, is nobody's."""
    for name in _PENDING:
        state = session.get(name)
        if not isinstance(state, dict):
            continue
        if name == LOGIN_SESSION_KEY:
            user_id = url_str_to_user_pk(state["user_pk"]) if state.get("user_pk") else None
        else:
            user_id = str_to_user_id(state["user_id"]) if state.get("user_id") else None
        if user_id is not None:
            yield name, int(user_id)


def _mark_of(user_id: int) -> str:
    known = User.objects.filter(pk=user_id).values_list("password", "email", "is_active").first()
    return str(salted_hmac("xinka.accounts.pending", f"{user_id}|{known}", algorithm="sha256").hexdigest())
