"""What the engine answers: a decision, a score, the official name meant, and why."""

from __future__ import annotations

from typing import Any, NamedTuple


class Reason(NamedTuple):
    """One thing a person can check with their own eyes.

    Attributes:
        code: which kind of thing, stable.
        chinese: a sentence.
        english: the same.
        start: where in the name it begins, in characters; None where it concerns the whole.
        end: where it ends.
    """

    code: str
    chinese: str
    english: str
    start: int | None = None
    end: int | None = None

    def __str__(self) -> str:
        return f"{self.chinese} / {self.english}"


class Verdict(NamedTuple):
    """The answer about one name, domain or picture.

    Attributes:
        decision: ``clear``, ``review`` (a person should look) or ``impostor``.
        score: from 0 to 1, how sure it is that this is made to pass for the official one. Of names it is a probability
            (see ``names``); of domains and pictures an order only, and not comparable between them.
        official: the official one meant, None where there is none.
        reasons: why, the most telling first.
    """

    decision: str
    score: float
    official: str | None = None
    reasons: tuple[Reason, ...] = ()

    def as_record(self) -> dict[str, Any]:
        """Return what the command line writes."""
        return {
            "decision": self.decision,
            "score": round(self.score, 4),
            "official": self.official,
            "reasons": [str(reason) for reason in self.reasons],
        }


CLEAR = Verdict("clear", 0.0)
