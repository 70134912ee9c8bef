"""Sessions in the database, encrypted, with an idle and an absolute limit.

A session holds the code that was just mailed and the seed of an authenticator being set up, so its row is an
AES-256-GCM envelope bound to its key: neither readable nor exchangeable in a stolen backup. Limits: ASVS 5.0 V7.3.
"""

from __future__ import annotations

import base64
import json
import secrets
import time
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore
from django.db import connection

_LIMITS = "_xinka_limits"
#: Where allauth writes down how and when somebody proved who they are.
_PROOFS = "account_authentication_methods"
#: Seconds by which the clocks of two machines of one shop may differ.
_TOLERANCE = 60.0
_NONCE_BYTES = 12
#: The share of the idle limit after which a visit is written down, so that not every page view writes a row.
_NOTICE_AFTER = 0.05
_FORGET_SESSIONS = """
DELETE FROM django_session WHERE session_key IN (
  SELECT session_key FROM django_session WHERE expire_date < %s LIMIT %s FOR UPDATE SKIP LOCKED)
"""
#: The session of somebody on the staff ends long before its row says so.
_FORGET_STAFF = """
DELETE FROM django_session s USING usersessions_usersession u, accounts_user p
WHERE u.session_key = s.session_key AND p.id = u.user_id AND p.is_staff AND u.created_at < %s
"""
_FORGET_BROWSERS = """
DELETE FROM usersessions_usersession u WHERE last_seen_at < %s
  AND NOT EXISTS (SELECT 1 FROM django_session s WHERE s.session_key = u.session_key)
"""
_FORGOTTEN_AT_ONCE = 1000
#: A browser is noted in the moment its session begins; so young a note is left alone.
_JUST_BEGUN = timedelta(hours=1)


@cache
def _cipher() -> AESGCM:
    return AESGCM(settings.ENVIRONMENT.derive("sessions"))


class SessionStore(DatabaseSessionStore):
    """Django's database sessions, sealed and limited."""

    def encode(self, session_dict: dict[str, Any]) -> str:
        """Return the sealed form of the session."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        plain = json.dumps(session_dict, separators=(",", ":")).encode()
        sealed = _cipher().encrypt(nonce, plain, self._bound_to())
        return "v1:" + base64.b64encode(nonce + sealed).decode("ascii")

    def decode(self, session_data: bytes | str) -> dict[str, Any]:
        """Return the session behind a sealed form; a form that was tampered with or moved is an empty session."""
        text = session_data if isinstance(session_data, str) else session_data.decode("ascii", "replace")
        if not text.startswith("v1:"):
            return {}
        try:
            raw = base64.b64decode(text[3:], validate=True)
            plain = _cipher().decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], self._bound_to())
        except (ValueError, InvalidTag):
            return {}
        return dict(json.loads(plain))

    def _bound_to(self) -> bytes:
        return b"xinka/session/" + str(self.session_key).encode()

    def load(self) -> dict[str, Any]:
        """Return the session, unless it lay idle or lived too long: then it is gone."""
        data: dict[str, Any] = super().load()
        now, limits = time.time(), data.get(_LIMITS)
        self.modified = _set_right(data, now) or self.modified
        if not limits:
            return data
        idle_for = now - limits["seen_at"]
        if now >= limits["ends_at"] or idle_for >= limits["idle"]:
            self.delete(self.session_key)
            self._session_key = None
            return {}
        if idle_for >= limits["idle"] * _NOTICE_AFTER:
            limits["seen_at"] = now
            self.modified = True
        return data


def _set_right(data: dict[str, Any], now: float) -> bool:
    """Take back what a clock that was ahead has written, and return whether there was anything.

    Once the clock is right, a session would else live on, and a proof of who somebody is count as fresh, until the
    wrong date has come.
    """
    wrong = [proof for proof in data.get(_PROOFS) or () if proof.get("at", 0.0) > now + _TOLERANCE]
    for proof in wrong:
        proof["at"] = 0.0
    limits = data.get(_LIMITS)
    if not limits:
        return bool(wrong)
    _, absolute = _limits(staff=limits["idle"] <= settings.SESSION_LIMITS_STAFF[0].total_seconds())
    latest = {"seen_at": now, "ends_at": now + absolute.total_seconds()}
    ahead = [name for name, moment in latest.items() if moment + _TOLERANCE < limits[name] < float("inf")]
    limits.update({name: latest[name] for name in ahead})
    return bool(wrong or ahead)


def begin_limits(session: SessionBase, *, staff: bool) -> None:
    """Start the clocks of a session at sign-in; those of staff are short."""
    idle, absolute = _limits(staff=staff)
    now = time.time()
    session[_LIMITS] = {"seen_at": now, "ends_at": now + absolute.total_seconds(), "idle": idle.total_seconds()}


def hold_to_staff_limits(session: SessionBase) -> None:
    """Shorten a session that began before its person joined the staff, or that never had limits."""
    idle, absolute = _limits(staff=True)
    now = time.time()
    limits = session.get(_LIMITS) or {"seen_at": now, "ends_at": float("inf"), "idle": float("inf")}
    ends_at = min(limits["ends_at"], now + absolute.total_seconds())
    if limits["idle"] > idle.total_seconds():
        session[_LIMITS] = {"seen_at": limits["seen_at"], "ends_at": ends_at, "idle": idle.total_seconds()}


def last_seen_at(session: SessionBase) -> float | None:
    """Return the Unix time of the last visit written down in a session."""
    limits = session.get(_LIMITS)
    return None if limits is None else float(limits["seen_at"])


def _limits(*, staff: bool) -> tuple[timedelta, timedelta]:
    idle, absolute = settings.SESSION_LIMITS_STAFF if staff else settings.SESSION_LIMITS
    return idle, absolute


def forget_ended_sessions(now: datetime) -> int:
    """Forget sessions that nobody can come back to, and what was noted of their browsers; return how many there were.

    Nothing else does: a session whose cookie is gone is never asked for again. Small steps hold no row for long.
    """
    n_forgotten = 0
    with connection.cursor() as cursor:
        while True:
            cursor.execute(_FORGET_SESSIONS, [now, _FORGOTTEN_AT_ONCE])
            n_forgotten += cursor.rowcount
            if cursor.rowcount < _FORGOTTEN_AT_ONCE:
                break
        _, absolute = _limits(staff=True)
        cursor.execute(_FORGET_STAFF, [now - absolute])
        n_forgotten += cursor.rowcount
        cursor.execute(_FORGET_BROWSERS, [now - _JUST_BEGUN])
    return n_forgotten
