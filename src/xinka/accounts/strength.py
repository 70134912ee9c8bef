"""How hard a password is to guess, in a number and in words that help."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import get_language, gettext

LEAST_SCORE = 3
_SHORTEST_NAME = 4
#: What the estimator looks at, at most. Its time grows with the square of the length, once for each of the ways in
#: which signs can stand for letters ("1" for i or l). Of a password full of such signs there are hundreds: seconds of
#: work for one request, and all who choose a password meanwhile wait. So its beginning is looked at, as much as
#: ``WORK`` pays for.
_LOOKED_AT = 64
WORK = 8 * _LOOKED_AT**2
_estimator = threading.Lock()


@dataclass(frozen=True)
class Strength:
    """``score`` is 0 (guessed at once) to 4; ``words`` say what would help, in the reader's language."""

    score: int
    words: tuple[str, ...]

    @property
    def is_enough(self) -> bool:
        """Whether the password may be set."""
        return self.score >= LEAST_SCORE


def measure(password: str, about_the_person: Iterable[str] = ()) -> Strength:
    """Return the strength of a password for someone of whom an attacker knows ``about_the_person``.

    The estimate is zxcvbn's (Wheeler, USENIX Security 2016).
    """
    from zxcvbn import zxcvbn  # megabytes of word lists: loaded when the first password is set, not at start

    known = [part for text in (*about_the_person, *_about_the_shop()) for part in (text, *text.split("@")) if part]
    with _estimator:  # zxcvbn keeps the person's words in a global, so two threads must not measure at once
        result = zxcvbn(_affordable(password), user_inputs=known)
    feedback = result["feedback"]
    words = [feedback["warning"], *feedback["suggestions"]]
    return Strength(result["score"], tuple(gettext(word) for word in words if word))


def in_a_row(sentences: Iterable[str]) -> str:
    """Put sentences behind each other; Chinese has no space between them."""
    return ("" if (get_language() or "").startswith("zh") else " ").join(sentences)


def _about_the_shop() -> list[str]:
    """Return what this shop is called, and each part of its host's name that is more than an ending like ``com``."""
    host = settings.ENVIRONMENT.site_host
    return ["xinka", "信卡", host, *[part for part in host.split(".") if len(part) >= _SHORTEST_NAME]]


def _affordable(password: str) -> str:
    """Return as much of a password from its beginning as can be measured at once; a dozen signs in any case."""
    length = min(len(password), _LOOKED_AT)
    while _n_readings(password[:length]) * length**2 > WORK:
        length -= 1
    return password[:length]


def _n_readings(text: str) -> int:
    """Return in how many ways, at most, the estimator puts letters in the place of signs."""
    from zxcvbn.matching import L33T_TABLE

    return math.prod(max(1, sum(sign in text for sign in signs)) for signs in L33T_TABLE.values())
