"""How hard a password is to guess, in a number and in words that help."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext

LEAST_SCORE = 3
#: What the estimator looks at; it takes time that grows with the square of the length.
_LOOKED_AT = 64
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

    known = [part for text in about_the_person for part in (text, *text.split("@")) if part]
    with _estimator:  # zxcvbn keeps the person's words in a global, so two threads must not measure at once
        result = zxcvbn(password[:_LOOKED_AT], user_inputs=[*known, "xinka", "信卡"])
    feedback = result["feedback"]
    words = [feedback["warning"], *feedback["suggestions"]]
    return Strength(result["score"], tuple(gettext(word) for word in words if word))
