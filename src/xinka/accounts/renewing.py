"""A session gets another key whenever somebody proves anew who they are, not only at the sign-in.

Whoever has a copy of the cookie would else wait until its owner gives a fresh proof, and then do what asks for one
(ASVS 5.0, V7.2.4). Without its key the copy is worth nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.signals import authentication_step_completed
from allauth.usersessions.models import UserSession
from django.db import transaction

if TYPE_CHECKING:
    from django.http import HttpRequest


def connect() -> None:
    """Listen to proofs."""
    authentication_step_completed.connect(_renew, dispatch_uid="accounts.renewing")


def _renew(request: HttpRequest, *, reauthenticated: bool = False, **_: Any) -> None:
    """Move a session, and its line in the list of sessions, to another key; a sign-in has its own."""
    if not reauthenticated:
        return
    with transaction.atomic():
        old = request.session.session_key
        request.session.cycle_key()
        UserSession.objects.filter(session_key=old).update(session_key=request.session.session_key)
