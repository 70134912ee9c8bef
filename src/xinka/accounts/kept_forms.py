"""A form that waits for a fresh proof is carried out soon, by the proof that it was asked for, or not at all.

allauth keeps the form in the session until a proof leads to its address, whatever asked for that proof. So whoever
found a browser open for a minute could send a form and walk away, and its owner would carry it out days later, by
proving who they are to look at the page of that form.
"""

from __future__ import annotations

import hashlib
import json
import time
from typing import TYPE_CHECKING

from allauth.account.internal.flows.reauthentication import STATE_SESSION_KEY
from django.contrib import messages
from django.utils.translation import gettext

if TYPE_CHECKING:
    from django.contrib.sessions.backends.base import SessionBase
    from django.http import HttpRequest

_SINCE = "_xinka_kept_form"
_HOLDS_FOR = 10 * 60
_VISITS = frozenset({"GET", "HEAD"})


def drop_before_a_visit(request: HttpRequest) -> None:
    """Forget the form that was sent to a page which somebody only wants to see now, and who has to prove it is them."""
    if request.method in _VISITS and _kept_for(request.session) == request.path:
        del request.session[STATE_SESSION_KEY]


def note_since_when(session: SessionBase) -> None:
    """Note since when the form waits that the request under way left behind, or that none does any more.

    To be called after every request, and before anybody can look at another page: who sends a form and never follows to
    the question who they are must not have the time begin with whoever comes there next.
    """
    if not session.modified:
        return
    mark = _mark_of(session)
    if mark != (session.get(_SINCE) or {}).get("mark", ""):
        session[_SINCE] = {"mark": mark, "at": time.time()}


def drop_outdated(request: HttpRequest) -> None:
    """Forget a form that has waited for minutes, or nobody knows how long, and say so."""
    session = request.session
    mark, since = _mark_of(session), session.get(_SINCE) or {}
    if mark and (since.get("mark") != mark or abs(time.time() - since["at"]) > _HOLDS_FOR):
        del session[STATE_SESSION_KEY]
        session.pop(_SINCE, None)
        messages.warning(request, gettext("What you sent waited too long and was not done. Send it again."))


def _mark_of(session: SessionBase) -> str:
    """Return what tells the form that waits from any other, or nothing if none does."""
    if _kept_for(session) is None:
        return ""
    return hashlib.sha256(json.dumps(session[STATE_SESSION_KEY]).encode()).hexdigest()


def _kept_for(session: SessionBase) -> str | None:
    """Return the path of the form that waits, if one does."""
    state = session.get(STATE_SESSION_KEY)
    if not isinstance(state, dict) or "request" not in state:
        return None
    return str(json.loads(state["request"])["path"])
