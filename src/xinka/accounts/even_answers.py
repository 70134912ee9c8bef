"""Answers that come at even moments, where the time they take would tell whether an address has an account.

The words are the same for everybody, the work is not: an address that is new costs a row, one that is known a search
and another letter. OWASP ASVS 5.0, V6.3.8.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

#: Seconds between two moments at which such an answer may leave: several times what the work takes.
BEAT = 0.3
_TELLING = frozenset({"/account/signup/", "/account/login/code/", "/account/password/reset/"})


class EvenAnswers:
    """Middleware: a form that names an address is answered at the next beat after its work is done."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Serve a page."""
        if request.method != "POST" or request.path not in _TELLING:
            return self.get_response(request)
        begun = time.monotonic()
        response = self.get_response(request)
        time.sleep(until_the_beat(time.monotonic() - begun))
        return response


def until_the_beat(took: float) -> float:
    """Return how many seconds are left to the next beat; a whole one is never waited for in vain."""
    return -took % BEAT
