"""What the account pages ask of a session."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django import template

from xinka.accounts.sessions import SessionStore, last_seen_at
from xinka.accounts.user_agents import device_label

if TYPE_CHECKING:
    from allauth.usersessions.models import UserSession

register = template.Library()


@register.filter
def device(user_agent: str) -> str:
    """Return the browser and system behind a user agent, or nothing."""
    return device_label(user_agent)


@register.filter
def seen_at(session: UserSession) -> datetime:
    """Return when a session was last used, to within a twentieth of its idle limit."""
    seconds = last_seen_at(SessionStore(session.session_key))
    return session.last_seen_at if seconds is None else datetime.fromtimestamp(seconds, UTC)
