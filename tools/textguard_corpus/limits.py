"""From which score on the guard asks a person, and from which a rule may block: taken from lines nobody had learnt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from tools.textguard_corpus.fitting import FALSE_ALARMS, Fitted
from xinka.engines.textguard.guard import Guard
from xinka.engines.textguard.longer import log_odds
from xinka.engines.textguard.model import Task
from xinka.engines.textguard.model.features import Tables
from xinka.engines.textguard.model.longer_weights import Longer, LongWeights
from xinka.engines.textguard.model.parts import NO_PARTS, Parts
from xinka.engines.textguard.model.table import NOTHING_LONG

#: So many of the lines that are blocked must be bad; and no limit is below the lowest.
PRECISION, LOWEST = 0.995, 0.5
_NOTHING = LongWeights(NOTHING_LONG, Tables("", "", ""))


class Said:
    """Stands in for a model: says of each clean text what a fit on other hands said."""

    def __init__(self, scores: Mapping[str, float], review_from: float, block_from: float) -> None:
        self._scores, self._limits = scores, (review_from, block_from)

    def score(self, clean_text: str, task: Task) -> float:
        """Return what was said of a text; each task has a table of its own, so the task changes nothing.

        Of the few that are read otherwise than they are learnt, for their layout, nothing is known.
        """
        del task
        return self._scores.get(clean_text, 0.0)

    def scores(self, clean_texts: Sequence[str], task: Task) -> list[float]:
        """Return what was said of some texts."""
        return [self.score(text, task) for text in clean_texts]

    def parts(self, clean_text: str, task: Task) -> Parts:
        """Return no parts: the lines are as short as parts are, and were scored whole."""
        del clean_text, task
        return NO_PARTS

    def glance(self, clean_text: str, task: Task) -> float:
        """Return what was said of a text, as a logarithm of odds."""
        return log_odds(self.score(clean_text, task))

    def longer(self, task: Task) -> Longer:
        """Return what says nothing: hardly a line is a longer text."""
        del task
        return Longer(_NOTHING, _NOTHING)

    def review_from(self, task: Task) -> float:
        """Return the limit that is tried."""
        del task
        return self._limits[0]

    def block_from(self, task: Task) -> float:
        """Return the limit that is tried."""
        del task
        return self._limits[1]


@dataclass(frozen=True)
class Limits:
    """The two limits of a task, with what rules and model together do on lines the model had not learnt."""

    review_from: float
    block_from: float
    figures: dict[str, float]


def limits_of(fitted: Fitted, originals: Mapping[str, str], task: str) -> Limits:
    """Return the limits of a task.

    Args:
        fitted: with the rows that count and the sums that fits on other hands gave them.
        originals: clean text → the text as it was written.
        task: ``listing`` or ``chat``.
    """
    wanted = cast("Task", task)
    texts = [originals[row.text] for row in fitted.unseen]
    labels = np.array([row.label for row in fitted.unseen])
    said = dict(zip([row.text for row in fitted.unseen], map(float, fitted.calibrated(fitted.raw)), strict=True))
    tried = Guard(model=Said(said, 0.0, 0.0))
    verdicts = tried.judge_all(texts, wanted)
    scores = np.array([verdict.score for verdict in verdicts])
    would_block = np.array([verdict.decision == "block" for verdict in verdicts])
    block_from = _precise(scores[would_block], labels[would_block])
    blocked = would_block & (scores >= block_from)
    lawful = labels == 0
    review_from = _above(scores[lawful & ~blocked], int(FALSE_ALARMS * lawful.sum()) - int((blocked & lawful).sum()))
    stopped = blocked | (scores >= review_from)
    figures = {
        "recall": float(stopped[labels == 1].mean()),
        "false_alarms": float(stopped[labels == 0].mean()),
        "blocked": float(blocked[labels == 1].mean()),
        "precision_of_block": float(labels[blocked].mean()) if blocked.any() else 1.0,
    }
    return Limits(review_from, block_from, figures)


def _above(scores: NDArray[np.float64], allowed: int) -> float:
    """Return a limit that so many of the scores reach."""
    highest = np.sort(scores)[::-1]
    return float(round(highest[max(0, allowed)] + 1e-6, 6)) if len(highest) > allowed else LOWEST


def _precise(scores: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """Return the lowest limit from which at least ``PRECISION`` of the texts are bad."""
    order = np.argsort(-scores, kind="stable")
    right = np.cumsum(labels[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(right >= PRECISION)
    return float(max(LOWEST, scores[order[enough[-1]]])) if len(enough) else 1.0
