"""Where to send a person next, without ever leaving the shop."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest

_LONGEST = 2000


def safe_path(address: str, fallback: str = "/") -> str:
    """Return ``address`` if it is a plain path of this site, else ``fallback``.

    Browsers read a backslash as a slash, drop tabs and line breaks, and take ``//host`` for another site.
    """
    if not address.startswith("/") or address.startswith("//") or len(address) > _LONGEST:
        return fallback
    if "\\" in address or any(ord(char) < 33 or ord(char) == 127 for char in address):
        return fallback
    parts = urlsplit(address)
    return fallback if parts.scheme or parts.netloc else address


def way_back(request: HttpRequest) -> str:
    """Return the page of this site the request came from, or the front page."""
    referrer = urlsplit(request.headers.get("Referer", ""))
    if not referrer.netloc or referrer.netloc != _host(request):
        return "/"
    path = safe_path(referrer.path + (f"?{referrer.query}" if referrer.query else ""))
    return "/" if path == request.get_full_path() else path


def is_own_form(request: HttpRequest) -> bool:
    """Whether a POST came from a page of this site, as far as the browser tells (Fetch Metadata, ``Origin``)."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        return False
    origin = request.headers.get("Origin")
    return origin in {None, "null"} or urlsplit(origin or "").netloc == _host(request)


def _host(request: HttpRequest) -> str:
    """Return the host that was asked for, or nothing where it is none of ours (that answer is an error page)."""
    try:
        return request.get_host()
    except DisallowedHost:
        return ""
