"""Browsers in which delivered goods were seen before, told from newcomers while many wrong order passwords are tried.

The cookie says nothing of who or which order: it is a random number and the shop's signature. It is worth the price of
an order, and what is tried with it is counted by it, so a thief gains nothing by copying it.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

_KNOWN_FOR = 400 * 24 * 3600


def cookie_name() -> str:
    """Return the name of the cookie that a browser is known by."""
    return "__Host-xk_known" if settings.ENVIRONMENT.secure else "xk_known"


def known_browser(request: HttpRequest) -> str:
    """Return the number a browser is known by; empty for a newcomer, and for who made one up."""
    try:
        return _signer().unsign(request.COOKIES.get(cookie_name(), ""), max_age=_KNOWN_FOR)
    except BadSignature:
        return ""


def remember_browser(request: HttpRequest, response: HttpResponse) -> None:
    """Know this browser from now on."""
    if known_browser(request):
        return
    response.set_cookie(
        cookie_name(),
        _signer().sign(secrets.token_urlsafe(12)),
        max_age=_KNOWN_FOR,
        secure=settings.ENVIRONMENT.secure,
        httponly=True,
        samesite="Lax",
    )


def _signer() -> TimestampSigner:
    return TimestampSigner(salt="xinka.shop.known-browsers")
