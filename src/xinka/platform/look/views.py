"""The switches for language, theme and keys, the error pages, and the gallery of components."""

from __future__ import annotations

import logging
import secrets
import sys
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import REASON_NO_CSRF_COOKIE
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from xinka.kernel.cookies import Cookie
from xinka.platform.database.away import DatabaseAway, is_away
from xinka.platform.logs import Seldom
from xinka.platform.look import gallery as samples
from xinka.platform.look.addresses import is_own_form, path_for_log, safe_path
from xinka.platform.look.preferences import (
    CHINESE,
    COOKIE_AGE,
    ENGLISH,
    KEYS_COOKIE,
    KEYS_OFF,
    LANGUAGE_COOKIE,
    THEME_COOKIE,
)
from xinka.platform.look.refusals import answer_refusal, error_answer

log = logging.getLogger(__name__)
_seldom = Seldom()


@csrf_exempt  # cached pages hold no token; the worst a stranger could do is change the colours, and Origin is checked
@require_POST
def choose_language(request: HttpRequest) -> HttpResponse:
    """Remember the language in a cookie and return to the page the switch was on."""
    response = _back(request)
    language = request.POST.get("language", "")
    if is_own_form(request) and language in {CHINESE, ENGLISH}:
        _remember(response, LANGUAGE_COOKIE, language)
    return response


@csrf_exempt  # as above
@require_POST
def choose_theme(request: HttpRequest) -> HttpResponse:
    """Remember light or dark in a cookie; anything else follows the system again."""
    response = _back(request)
    if not is_own_form(request):
        return response
    theme = request.POST.get("theme", "")
    if theme in {"light", "dark"}:
        _remember(response, THEME_COOKIE, theme)
    else:
        for name in THEME_COOKIE.names:
            response.delete_cookie(name, samesite="Lax")
    return response


@csrf_exempt  # as above
@require_POST
def choose_keys(request: HttpRequest) -> HttpResponse:
    """Remember in a cookie that single keys shall do nothing; anything else lets them work again."""
    response = _back(request)
    if not is_own_form(request):
        return response
    if request.POST.get("keys", "") == KEYS_OFF:
        _remember(response, KEYS_COOKIE, KEYS_OFF)
    else:
        for name in KEYS_COOKIE.names:
            response.delete_cookie(name, samesite="Lax")
    return response


def gallery(request: HttpRequest) -> HttpResponse:
    """Show every component in its states."""
    return render(request, "look/gallery.html", samples.context())


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say what a form lacks, without Django's technical words: a browser that keeps no cookies, or a page of today."""
    log.info("request.csrf_refused", extra={"path": path_for_log(request), "reason": reason})
    text = (
        gettext("Your browser did not send our cookie. Allow this site's cookies, then reload the page and retry.")
        if reason == REASON_NO_CSRF_COOKIE
        else gettext(
            "This form is too old or did not come from our page. Nothing was changed. Reload the page and retry."
        )
    )
    return error_answer(request, HTTPStatus.FORBIDDEN, text=text, code="csrf")


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 - Django names it
    """400: the request cannot be read."""
    return error_answer(request, HTTPStatus.BAD_REQUEST)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 - Django names it
    """403: not for this visitor."""
    return error_answer(request, HTTPStatus.FORBIDDEN)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 - Django names it
    """404: nothing here, or nothing this visitor may know of; both look the same."""
    return error_answer(request, HTTPStatus.NOT_FOUND)


def too_many(request: HttpRequest, *, retry_after: int = 60) -> HttpResponse:
    """429: asked too often. ``retry_after`` is in seconds (RFC 9110, 10.2.3)."""
    path = path_for_log(request)
    if n := _seldom.count("request.too_many", path):
        log.warning("request.too_many", extra={"path": path, "n": n})
    response = error_answer(request, HTTPStatus.TOO_MANY_REQUESTS)
    response["Retry-After"] = str(max(1, retry_after))
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    """500: our mistake. Shows a reference that is also in the log; uses neither database nor session.

    503 while the database is away, so that nobody takes a restart for a fault.
    """
    fault = sys.exc_info()[1]  # Django calls this while it handles the fault, which nobody else writes down
    if is_away(fault):
        reason = type(fault.__cause__ or fault).__name__ if fault else ""
        if n := _seldom.count("request.database_unavailable", reason):
            told = {"path": path_for_log(request), "reason": reason, "n": n}
            log.error("request.database_unavailable", extra=told)  # its trace says nothing more
        return answer_refusal(request, DatabaseAway(retry_after=60))
    reference = f"E-{secrets.token_hex(3).upper()}"
    log.error("request.failed", exc_info=fault, extra={"path": path_for_log(request), "reference": reference})
    return error_answer(request, HTTPStatus.INTERNAL_SERVER_ERROR, reference=reference)


def _back(request: HttpRequest) -> HttpResponseRedirect:
    response = HttpResponseRedirect(safe_path(request.POST.get("next", "")))
    response.status_code = HTTPStatus.SEE_OTHER
    return response


def _remember(response: HttpResponse, cookie: Cookie, value: str) -> None:
    """Set a preference cookie; the theme's script may write it too, so it is not HttpOnly. It holds nothing secret."""
    secure = settings.ENVIRONMENT.secure
    response.set_cookie(cookie.name(secure=secure), value, max_age=COOKIE_AGE, samesite="Lax", secure=secure)
