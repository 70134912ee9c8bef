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

_SEEN = "_xinka_kept_form"
_HOLDS_FOR = 10 * 60
_VISITS = frozenset({"GET", "HEAD"})


def drop_before_a_visit(request: HttpRequest) -> None:
    """Forget the form that was sent to a page which somebody only wants to see now, and who has to prove it is them."""
    if request.method in _VISITS and _kept_for(request.session) == request.path:
        del request.session[STATE_SESSION_KEY]


def drop_outdated(request: HttpRequest) -> None:
    """Forget a form that has waited for minutes, and say so; note since when one is there that was not seen before."""
    session = request.session
    if _kept_for(session) is None:
        return
    now, mark = time.time(), hashlib.sha256(json.dumps(session[STATE_SESSION_KEY]).encode()).hexdigest()
    seen = session.get(_SEEN) or {}
    if seen.get("mark") != mark:
        session[_SEEN] = {"mark": mark, "at": now}
    elif abs(now - seen["at"]) > _HOLDS_FOR:
        del session[STATE_SESSION_KEY]
        messages.warning(request, gettext("What you sent waited too long and was not done. Send it again."))


def _kept_for(session: SessionBase) -> str | None:
    """Return the path of the form that waits, if one does."""
    state = session.get(STATE_SESSION_KEY)
    if not isinstance(state, dict) or "request" not in state:
        return None
    return str(json.loads(state["request"])["path"])
