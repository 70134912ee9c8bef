"""How much each feature is trusted before anything is learnt: what is rare, and what only one side's writers use.

A penalised fit spreads weight evenly over features that go together. Scaled up, a feature may weigh more at the same
penalty. Who is to be recognised is a writer that nobody has read, so what many hands use on one side, and few on the
other, is trusted more than what one hand uses often.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tools.textguard_corpus.lines import DISGUISED
from tools.textguard_corpus.rows import WRITTEN, Row

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
#: What is added to each count of voices, and to what they say of a feature that tells nothing.
_BESIDE, _LEAST = 0.1, 0.03


class Met(NamedTuple):
    """Which features are met in which texts: a text and a feature, as numbers, for each time; and how many of both."""

    texts: Ints
    features: Ints
    n_texts: int
    n_features: int


def trust(met: Met, labels: Ints, voices: Ints) -> Floats:
    """Return for each feature how much it is trusted: how seldom it is met, times how well voices tell by it.

    Args:
        met: which features are in which texts.
        labels: 1 for each text that is bad.
        voices: who speaks in each text, see ``voices_of``; −1 does not count.
    """
    bad, good = (_n_voices(met, voices, (labels == label) & (voices >= 0)) for label in (1, 0))
    # the naive Bayes of texts, but of voices instead of texts; the root is what the fit is not told twice
    telling = np.sqrt(_LEAST + np.abs(np.log((bad + _BESIDE) / (good + _BESIDE))))
    return np.asarray(_rarity(met) * telling)


def _rarity(met: Met) -> Floats:
    """Return for each feature how seldom it is met: what is everywhere must prove itself."""
    return np.asarray(1 + np.log(met.n_texts / np.maximum(1, np.bincount(met.features, minlength=met.n_features))))


def _n_voices(met: Met, voices: Ints, chosen: NDArray[np.bool_]) -> Floats:
    """Return how many voices use each feature in the chosen texts."""
    counts = chosen[met.texts]
    used = np.unique(voices[met.texts[counts]] * met.n_features + met.features[counts])
    return np.bincount(used % met.n_features, minlength=met.n_features).astype(np.float64)


def voices_of(rows: Sequence[Row]) -> Ints:
    """Return the number of each row's writer; −1 for what no hand wrote, and for a line of the other task.

    A grammar says in one voice what many would say in their own: counted as voices, grammars cost a point or two.
    """
    numbers: dict[str, int] = {}
    written = (row.sentence if row.source == WRITTEN and row.weight >= DISGUISED else "" for row in rows)
    return np.array([numbers.setdefault(name, len(numbers)) if name else -1 for name in written])
