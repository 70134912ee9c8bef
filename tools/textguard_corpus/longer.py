"""Fits what longer texts teach: pieces that put right what the table of lines says of them, and of their parts.

Each writer is scored by what the others taught, and by that the limit is set. The table of lines saw none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from msgspec import structs
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags, hstack
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from tools.textguard_corpus.rows import WRITTEN, Row
from xinka.engines.textguard.longer import log_odds, longness, n_warnings
from xinka.engines.textguard.model.features import Tables, bounded, spelled
from xinka.engines.textguard.model.longer_weights import pieces
from xinka.engines.textguard.model.table import GRID, LongTable
from xinka.engines.textguard.told import told
from xinka.engines.textguard.views import clean_text

#: Weights of what the table of lines says and of words of warning may grow so freely.
FREE = 3.0
#: So many of the lawful longer texts reach, by the whole, the score from which a person looks.
FALSE_ALARMS = 0.02
ROUNDS = 300

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
#: What a table says of texts, each as one number.
Says = Callable[[Sequence[str]], Sequence[float]]


class Freedom(NamedTuple):
    """How freely weights of pieces may grow, and how many are kept, of those that so many texts have."""

    strength: float
    most: int
    fewest: int


WHOLES, PARTS = Freedom(100.0, 6_000, 3), Freedom(5.0, 4_000, 4)


class FittedLonger(NamedTuple):
    """The table, with figures, and the log odds that a fit on other writers gave each row."""

    table: LongTable
    figures: dict[str, float]
    unseen: Floats


class _Seen(NamedTuple):
    """Longer texts as the fit sees them: two numbers and the pieces of each."""

    numbers: Floats
    pieces: csr_matrix
    names: list[str]
    labels: Ints
    weights: Floats

    def those(self, chosen: NDArray[np.bool_]) -> _Seen:
        """Return some of the texts."""
        return self._replace(
            numbers=self.numbers[chosen],
            pieces=self.pieces[chosen],
            labels=self.labels[chosen],
            weights=self.weights[chosen],
        )


class _Line(NamedTuple):
    """What a fit found: what both numbers weigh, what each piece does, and what is added."""

    numbers: Floats
    pieces: Floats
    bias: float

    def of(self, seen: _Seen) -> Floats:
        """Return the log odds of each text."""
        return np.asarray(seen.numbers @ self.numbers + seen.pieces @ self.pieces + self.bias)


def fit_wholes(rows: Sequence[Row], by_lines: Says, glance: Says, tables: Tables, review_from: float) -> FittedLonger:
    """Fit the longer texts of a task.

    Args:
        rows: the texts as they were written, the writer of each as its sentence. The limit and the figures are taken
            from those of source ``WRITTEN`` that weigh one and are so long that only their like speaks for them.
        by_lines: the logarithms of odds that the table of lines gives clean texts.
        glance: what it says of them at a glance.
        tables: what letters are read through.
        review_from: the score that the limit is put at.
    """
    texts = [told(clean_text(row.text)) for row in rows]
    seen = _seen(rows, list(map(bounded, texts)), by_lines, tables, WHOLES)
    writers = np.array([row.sentence for row in rows])
    counts = np.array([row.source == WRITTEN and row.weight == 1 for row in rows])
    unseen = np.zeros(len(rows))
    for writer in dict.fromkeys(writers[counts]):
        others = writers != writer
        unseen[~others] = _fitted(seen.those(others), WHOLES).of(seen.those(~others))
    line = _fitted(seen, WHOLES)
    like_alone = np.array(list(map(longness, texts))) == 1
    fully = counts & like_alone
    lawful, bad = unseen[fully & (seen.labels == 0)], unseen[fully & (seen.labels == 1)]
    at = float(np.sort(lawful)[::-1][int(FALSE_ALARMS * len(lawful))])
    shift = log_odds(review_from) - at - 1e-6
    table = _table(seen.names, line.pieces, (float(line.numbers[0]), float(line.numbers[1])), line.bias + shift)
    glanced = glance([text for text, like in zip(texts, like_alone, strict=True) if like])
    steep, rise = np.polyfit(glanced, seen.numbers[like_alone, 0], 1)
    table = structs.replace(table, steep=float(steep), rise=float(rise))
    area = float(roc_auc_score(np.repeat([0, 1], [len(lawful), len(bad)]), np.concatenate([lawful, bad])))
    figures = {"auc": area, "recall": float((bad > at).mean()), "rows": float(fully.sum())}
    return FittedLonger(table, figures, unseen + shift)


def fit_parts(rows: Sequence[Row], by_lines: Says, tables: Tables) -> LongTable:
    """Fit the parts of lawful longer texts, beside lines.

    Args:
        rows: clean texts.
        by_lines: the logarithms of odds that the table of lines gives clean texts. It has learnt the lines, so it is
            surer of them than of others; what the pieces of a middling bad line weigh lowers nothing.
        tables: what letters are read through.
    """
    seen = _seen(rows, [row.text for row in rows], by_lines, tables, PARTS)
    seen.numbers[:, 1] = 0.0
    line = _fitted(seen, PARTS)
    weights = line.pieces / line.numbers[0]
    return _table(seen.names, weights, (1.0, 0.0), -float(np.median(seen.pieces[seen.labels == 1] @ weights)))


def _table(names: Sequence[str], weights: Floats, of: tuple[float, float], bias: float) -> LongTable:
    on_grid = np.rint(weights / GRID) * GRID
    kept = np.flatnonzero(on_grid)  # the names are in order
    pieces_kept = "\n".join(names[at] for at in kept)
    return LongTable(pieces_kept, on_grid[kept].astype("<f4").tobytes(), *of, bias)


def _seen(rows: Sequence[Row], texts: Sequence[str], says: Says, tables: Tables, freedom: Freedom) -> _Seen:
    found = [pieces(spelled(text, tables).letters) for text in texts]
    counts: dict[str, int] = {}
    for of_text in found:
        for piece in of_text:
            counts[piece] = counts.get(piece, 0) + 1
    names = sorted(piece for piece, n in counts.items() if n >= freedom.fewest)
    number = {piece: at for at, piece in enumerate(names)}
    known = [sorted(number[piece] for piece in of_text if piece in number) for of_text in found]
    values = np.repeat([max(1, len(of_text)) ** -0.5 for of_text in found], [len(row) for row in known])
    ends = np.cumsum([0, *map(len, known)])
    matrix = csr_matrix((values, np.concatenate(known), ends), shape=(len(rows), len(names)))
    numbers = np.array([[said, n_warnings(text)] for said, text in zip(says(texts), texts, strict=True)], float)
    return _Seen(numbers, matrix, names, np.array([row.label for row in rows]), np.array([row.weight for row in rows]))


def _fitted(seen: _Seen, freedom: Freedom) -> _Line:
    """Fit with all pieces, then with those that matter most: by weight times the root of how often they are met."""
    met = np.bincount(seen.pieces.indices, minlength=len(seen.names))
    scale = np.where(met > 0, 1 + np.log(len(seen.labels) / np.maximum(1, met)), 0.0)
    all_pieces = _line(seen, scale, freedom.strength)
    heaviest = np.argsort(-np.abs(all_pieces.pieces) * np.sqrt(met), kind="stable")[: freedom.most]
    kept = np.zeros(len(scale))
    kept[heaviest] = scale[heaviest]
    return _line(seen, kept, freedom.strength)


def _line(seen: _Seen, scale: Floats, strength: float) -> _Line:
    """Fit on pieces that are scaled; the line is for unscaled ones."""
    middle, spread = seen.numbers.mean(0), seen.numbers.std(0) + 1e-9
    free = np.sqrt(FREE / strength)
    values: Any = hstack([csr_matrix((seen.numbers - middle) / spread * free), seen.pieces @ diags(scale)]).tocsr()
    line = LogisticRegression(C=strength, max_iter=ROUNDS).fit(values, seen.labels, sample_weight=seen.weights)
    numbers = line.coef_[0][:2] * free / spread
    return _Line(numbers, line.coef_[0][2:] * scale, float(line.intercept_[0] - numbers @ middle))
