"""Where to send a person next, without ever leaving the shop."""

from __future__ import annotations

from collections.abc import Callable
from inspect import getclosurevars
from types import FunctionType
from urllib.parse import urlsplit

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest
from django.urls import Resolver404, resolve

_LONGEST = 2000
#: Parts of addresses that open something by themselves; whoever reads the log must not be able to.
_SECRET_PARTS = ("proof", "token", "key")


def path_for_log(request: HttpRequest) -> str:
    """Return the path of a request without the parts that open something by themselves."""
    path, values = request.path, request.resolver_match.kwargs if request.resolver_match else {}
    for name in _SECRET_PARTS:
        if secret := values.get(name):
            path = path.replace(str(secret), "…")
    return path


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


def page_of_form(request: HttpRequest) -> str:
    """Return the page that a form was sent from, to load it once more: the answer's own address may take no visit.

    That is the answer's address where it takes visits; else where the browser says it came from; else, for a form that
    was refused twice or a browser that does not say, the nearest address above that takes visits.
    """
    # By the path, not by what was resolved: of a form carried out after a proof, that was the page of the proof.
    if _visited(request.path):
        return request.get_full_path()
    came_from = way_back(request)
    if came_from != "/" and _visited(urlsplit(came_from).path):
        return came_from
    return _nearest_above(request.path)


def is_own_form(request: HttpRequest) -> bool:
    """Whether a POST came from a page of this site, as far as the browser tells (Fetch Metadata, ``Origin``)."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        return False
    origin = request.headers.get("Origin")
    return origin in {None, "null"} or urlsplit(origin or "").netloc == _host(request)


def _nearest_above(path: str) -> str:
    """Return the nearest address above that takes visits, as ``/office/money`` of ``/office/money/x/done``."""
    above = path.rstrip("/").rpartition("/")[0]
    while above:
        found = next((one for one in (above, f"{above}/") if _visited(one)), "")
        if found:
            return safe_path(found)
        above = above.rpartition("/")[0]
    return "/"


def _visited(path: str) -> bool:
    try:
        return _takes_visits(resolve(path).func)
    except Resolver404:
        return False


def _takes_visits(view: Callable[..., object]) -> bool:
    """Whether a view takes GET. Django's ``require_POST`` tells that to nobody, so its closure is read."""
    step: object = view
    while isinstance(step, FunctionType):
        methods = getclosurevars(step).nonlocals.get("request_method_list")
        if methods is not None and "GET" not in methods:
            return False
        step = getattr(step, "__wrapped__", None)
    return True


def _host(request: HttpRequest) -> str:
    """Return the host that was asked for, or nothing where it is none of ours (that answer is an error page)."""
    try:
        return request.get_host()
    except DisallowedHost:
        return ""
