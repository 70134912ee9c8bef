"""What a page allows itself: its Content-Security-Policy, and whether the till may keep a copy.

A view says so on the request before it renders; the middleware writes the headers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.conf import settings
from django.http import HttpRequest

_STRICT = {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "img-src": ["'self'"],
    "font-src": ["'self'"],
    "connect-src": ["'self'"],
    "manifest-src": ["'self'"],
    "form-action": ["'self'"],
    "frame-ancestors": ["'none'"],
    "base-uri": ["'none'"],
}


@dataclass
class PagePolicy:
    """The exceptions one page asked for."""

    form_origins: list[str] = field(default_factory=list)
    script_origins: list[str] = field(default_factory=list)
    data_images: bool = False
    cache_tags: str = ""

    def header(self) -> str:
        """Return the Content-Security-Policy header of the page."""
        rules = {name: list(sources) for name, sources in _STRICT.items()}
        rules["form-action"] += [*getattr(settings, "FORM_ACTION_ORIGINS", ()), *self.form_origins]
        rules["script-src"] += self.script_origins
        if self.data_images:
            rules["img-src"].append("data:")
        return "; ".join(f"{name} {' '.join(sources)}" for name, sources in rules.items())


def policy_of(request: HttpRequest) -> PagePolicy:
    """Return the request's policy, strict until a view relaxes it."""
    policy = getattr(request, "page_policy", None)
    if not isinstance(policy, PagePolicy):
        policy = PagePolicy()
        request.page_policy = policy  # type: ignore[attr-defined]  # Django's request has no slot for it
    return policy


def allow_form_to(request: HttpRequest, *origins: str) -> None:
    """Let this page's forms lead to ``origins`` (``https://gateway.example``) as well as to the shop itself."""
    policy_of(request).form_origins.extend(origins)


def allow_scripts_from(request: HttpRequest, origin: str) -> None:
    """Let this page load scripts of ``origin``; only for an app's own script on a page that works in that app alone."""
    policy_of(request).script_origins.append(origin)


def allow_data_images(request: HttpRequest) -> None:
    """Let this page show ``data:`` images; meant for QR codes alone."""
    policy_of(request).data_images = True


def mark_public(request: HttpRequest, *tags: str) -> None:
    """Let the till keep this page until one of ``tags`` (``product:7``, ``home``) changes. Call it before rendering.

    The page must then be the same for every visitor of one language and theme: no session, no messages, no CSRF token.
    """
    policy_of(request).cache_tags = " ".join(tags)


def cache_tags_of(request: HttpRequest) -> Sequence[str]:
    """Return the tags the page was marked public with; empty means private."""
    return policy_of(request).cache_tags.split()
