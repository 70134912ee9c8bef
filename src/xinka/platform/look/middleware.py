"""What every answer of Django carries: strict headers, the visitor's language and theme, refusals as pages."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseNotFound
from django.http.response import HttpResponseBase
from django.utils import translation

from xinka.kernel.errors import Refusal
from xinka.platform.look.addresses import path_for_log
from xinka.platform.look.policy import policy_of
from xinka.platform.look.preferences import LANGUAGE_COOKIE, THEME_COOKIE, language_of, theme_of
from xinka.platform.look.refusals import OnlyAForm, answer_refusal

log = logging.getLogger(__name__)

Answer = Callable[[HttpRequest], HttpResponseBase]

CACHE_HEADER = "X-Xinka-Cache"
#: What a page can be asked for. A view that knows "a form was sent" and "else" would take any other verb for a visit.
_VERBS = ("GET", "HEAD", "POST")
_ALWAYS = {
    "Permissions-Policy": "accelerometer=(), browsing-topics=(), camera=(), display-capture=(), geolocation=(), "
    "gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), usb=(), "
    "clipboard-write=(self), publickey-credentials-create=(self), publickey-credentials-get=(self)",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    # Not "no-referrer": browsers then send "Origin: null" with our own forms (Fetch, 3.2); the CSRF check refuses that.
    "Referrer-Policy": "same-origin",
}


def _refused_at_once(request: HttpRequest) -> HttpResponse | None:
    if request.method not in _VERBS:
        return HttpResponseNotAllowed(_VERBS)
    # No name of ours holds this sign, and the database, which it ends texts for, would refuse the question.
    return HttpResponseNotFound() if "\0" in request.path else None


class SecurityHeaders:
    """Writes the security headers, and decides who may keep a copy of the page.

    Pages are private (``Cache-Control: no-store``) unless the view marked them public, which only the till sees, or set
    a ``Cache-Control`` of its own.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, then write the headers that the answer does not have yet."""
        response = _refused_at_once(request) or self.get_response(request)
        for name, value in _ALWAYS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Content-Security-Policy", policy_of(request).header())
        self._decide_caching(request, response)
        return response

    def _decide_caching(self, request: HttpRequest, response: HttpResponseBase) -> None:
        if tags := policy_of(request).cache_tags:
            response.headers.setdefault(CACHE_HEADER, tags)
        if CACHE_HEADER in response.headers:
            if self._is_personal(request, response):
                del response.headers[CACHE_HEADER]
            else:
                response.headers.setdefault("Cache-Control", "no-cache")
        response.headers.setdefault("Cache-Control", "no-store")

    def _is_personal(self, request: HttpRequest, response: HttpResponseBase) -> bool:
        """Whether a page marked public must not be kept after all, because it depends on or sets a cookie."""
        varies = "cookie" in response.headers.get("Vary", "").lower()
        if varies or response.cookies:
            log.error("look.public_page_is_personal", extra={"path": path_for_log(request)})
            return True
        return response.status_code != 200 or request.method not in {"GET", "HEAD"}


class Preferences:
    """Answers in the visitor's language and theme; both come from cookies and leave ``Vary`` alone.

    Every page stays at one address. The till keys its copies by the same two values, so ``Vary: Cookie`` is not needed.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Set language and theme, then answer."""
        language = language_of(LANGUAGE_COOKIE.of(request.COOKIES), request.headers.get("Accept-Language", ""))
        translation.activate(language)
        request.LANGUAGE_CODE = language
        request.theme = theme_of(THEME_COOKIE.of(request.COOKIES))  # type: ignore[attr-defined]  # read by templates
        response = self.get_response(request)
        response.headers.setdefault("Content-Language", "en" if language == "en" else "zh-Hans")
        return response


class Refusals:
    """Turns a ``Refusal`` that a view let through into a problem document, a fragment or a page."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer; refusals come through ``process_exception``.

        Django says nothing at all where an address takes only what a form sends. Somebody who loads the page that a
        form answered with once more gets there, and is told.
        """
        response = self.get_response(request)
        if isinstance(response, HttpResponseNotAllowed) and not response.content and request.method == "GET":
            told = answer_refusal(request, OnlyAForm())
            told["Allow"] = response["Allow"]
            return told
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer for a refusal; anything else is a fault and goes on to the 500 page."""
        if not isinstance(exception, Refusal):
            return None
        log.info("request.refused", extra={"code": exception.code, "path": path_for_log(request)})
        return answer_refusal(request, exception)
