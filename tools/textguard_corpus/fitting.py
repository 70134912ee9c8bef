"""Fits one task: choose the features, fit, calibrate on sentences the fit has not seen, and make the table."""

from __future__ import annotations

import warnings
from array import array
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from tools.textguard_corpus.lines import ITSELF, dealt
from tools.textguard_corpus.rows import WRITTEN, Row
from tools.textguard_corpus.scaling import Met, trust, voices_of
from xinka.engines.textguard.model.features import Tables, bounded, features, pairs, shown, spelled
from xinka.engines.textguard.model.table import GRID, NOTHING_LONG, TaskTable

#: A piece must be met in this many different sentences to count; a line written by hand, or a worn copy, is one.
FEWEST = 3
#: Rounds of the solver: to find the features worth keeping, and for the weights that are shipped.
ROUGH, FINE = 15, 80
#: What stands before a pair among the names of features.
_PAIR = "\uf8b5"
FALSE_ALARMS = 0.01
#: The writers and sentences are dealt into so many parts; each is scored by a fit on the others.
PARTS = 5
#: The score that so many harmless texts reach, for every task; and how much the fitted slope is believed.
REVIEW_FROM, MODESTY = 0.9, 0.6

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Settings:
    """How many pieces, and how many pairs, are kept; how freely weights may grow; what pairs weigh beside pieces.

    The strength is the inverse of the penalty. All pairs of a text together weigh ``share_of_pairs`` times what all its
    pieces do, before anything is learnt.
    """

    most: int = 150_000
    strength: float = 0.7
    share_of_pairs: float = 0.5


@dataclass(frozen=True)
class Fitted:
    """The table, scikit-learn's own model behind it, figures, and what was scored without having been learnt.

    ``unseen`` holds the rows that count for figures and thresholds, ``raw`` the sum a fit on other hands gave each.
    """

    table: TaskTable
    line: LogisticRegression
    calibration: LogisticRegression
    names: list[str]
    figures: dict[str, float]
    unseen: list[Row]
    raw: Floats
    share_of_pairs: float

    def calibrated(self, raw: Floats) -> Floats:
        """Return the scores that sums stand for."""
        return np.asarray(self.calibration.predict_proba(raw.reshape(-1, 1))[:, 1])

    def scores(self, texts: Iterable[str], tables: Tables) -> Floats:
        """Return scikit-learn's own scores of cleaned texts."""
        known = {name: at for at, name in enumerate(self.names)}
        values = _matrix(texts, tables, known, share=self.share_of_pairs, grow=False)
        return self.calibrated(self.line.decision_function(values))


def fit(rows: list[Row], tables: Tables, settings: Settings) -> Fitted:
    """Score each part by a fit on the others, calibrate on that, then fit on all.

    Where there are lines written by hand, those of the task itself, undisguised, are what figures and thresholds are
    taken from: they are the hardest, and each writer's are scored by what the others taught. Otherwise all rows are.

    Args:
        rows: cleaned texts; those of one sentence stand together.
        tables: what the features are read through.
        settings: what was chosen for the task.
    """
    labels, weights = np.array([row.label for row in rows]), _balanced(rows)
    known: dict[str, int] = {}
    share, strength = settings.share_of_pairs, settings.strength
    values = _matrix((row.text for row in rows), tables, known, share=share, grow=True)
    names = np.array(list(known), dtype=object)
    columns = _often_met(values, rows)
    columns = columns[[not _tiny(str(names[at])) for at in columns]]
    counted = np.flatnonzero(_counts(rows))
    raw = _of_the_others(values[:, columns].tocsr(), labels, weights, rows, strength)[counted]
    calibration = LogisticRegression(C=1e6).fit(raw.reshape(-1, 1), labels[counted])
    at = float(np.quantile(raw[labels[counted] == 0], 1 - FALSE_ALARMS))
    _anchor(calibration, at)
    recall = float((raw[labels[counted] == 1] > at).mean())
    area = float(roc_auc_score(labels[counted], raw))
    figures = {"auc": area, "recall_at_1_percent": recall, "rows": float(len(counted))}
    columns = columns[_heaviest(values[:, columns].tocsr(), names[columns], labels, weights, rows, settings)]
    columns = columns[np.argsort(names[columns], kind="stable")]
    # what is shipped has seen all; figures and thresholds have not
    line = _line(values[:, columns].tocsr(), labels, weights, voices_of(rows), strength)
    kept = [str(name) for name in names[columns]]
    shares = np.array([share if name.startswith(_PAIR) else 1.0 for name in kept])
    line.coef_ = np.rint(line.coef_ * shares / GRID) * GRID / shares
    unseen = [rows[at] for at in counted]
    return Fitted(_table(kept, line, calibration, share), line, calibration, kept, figures, unseen, raw, share)


def _balanced(rows: list[Row]) -> Floats:
    """Return what each row weighs, so that both labels weigh the same together."""
    weights = np.array([row.weight for row in rows])
    labels = np.array([row.label for row in rows])
    whole = weights.sum()
    for label in (0, 1):
        weights[labels == label] *= whole / 2 / weights[labels == label].sum()
    return weights


def _counts(rows: list[Row]) -> NDArray[np.bool_]:
    """Return which rows figures and thresholds are taken from."""
    written = np.array([row.source == WRITTEN and row.weight == ITSELF for row in rows])
    return written if written.any() else np.ones(len(rows), dtype=bool)


def _of_the_others(values: csr_matrix, labels: Ints, weights: Floats, rows: list[Row], strength: float) -> Floats:
    """Return for each row the sum that a fit on the other parts gives it."""
    part = np.array(dealt([(row.sentence, row.label, row.weight) for row in rows], PARTS))
    spoken = voices_of(rows)
    raw = np.zeros(len(rows))
    for here in range(PARTS):
        others = part != here
        line = _line(values[others], labels[others], weights[others], spoken[others], strength)
        raw[~others] = line.decision_function(values[~others])
    return raw


def _matrix(texts: Iterable[str], tables: Tables, known: dict[str, int], *, share: float, grow: bool) -> csr_matrix:
    """Return one row for each text: 1/√n for each of its n features that is known, or becomes so.

    Pairs are counted by themselves, and have their ``share``.
    """
    columns, ends, values = array("i"), array("q", [0]), array("d")
    for text in texts:
        apart = {_PAIR + "".join(shown(pair)) for pair in pairs(spelled(bounded(text), tables).letters)}
        for pieces, part in ((features(text, tables), 1.0), (apart, share)):
            if grow:
                ids = [known.setdefault(piece, len(known)) for piece in sorted(pieces)]
            else:
                ids = [known[piece] for piece in pieces if piece in known]
            columns.extend(ids)
            values.extend([part * max(1, len(pieces)) ** -0.5] * len(ids))
        ends.append(len(columns))
    parts = (np.frombuffer(values), np.frombuffer(columns, dtype=np.int32), np.frombuffer(ends, dtype=np.int64))
    return csr_matrix(parts, shape=(len(ends) - 1, len(known)))


def _anchor(calibration: LogisticRegression, at: float) -> None:
    """Make the score that 1 % of the harmless held-out texts reach ``REVIEW_FROM``, and the curve flatter.

    Sentences held out are nearer to those learnt than the world is, so the fitted curve is too sure of itself.
    """
    calibration.coef_ = calibration.coef_ * MODESTY
    calibration.intercept_ = np.array([np.log(REVIEW_FROM / (1 - REVIEW_FROM)) - calibration.coef_[0][0] * at])


def _tiny(piece: str) -> bool:
    """A single letter or sign of ASCII says nothing that its neighbours do not say better."""
    return len(piece) == 1 and piece.isascii()


def _often_met(values: csr_matrix, rows: list[Row]) -> Ints:
    """Return the columns met in enough different sentences."""
    names = [row.text if row.source == WRITTEN else row.sentence for row in rows]
    number = {sentence: at for at, sentence in enumerate(dict.fromkeys(names))}
    groups = np.array([number[name] for name in names])
    summed = csr_matrix((np.ones(len(rows)), (groups, np.arange(len(rows))))) @ values
    return np.flatnonzero(np.bincount(summed.indices, minlength=values.shape[1]) >= FEWEST)


def _heaviest(
    seen: csr_matrix, names: Iterable[str], labels: Ints, weights: Floats, rows: list[Row], settings: Settings
) -> Ints:
    """Return the columns that matter most in a rough fit: so many of pieces, and so many of pairs.

    What matters is the weight times the root of how often it is met: by the weight alone, what is seldom met crowds
    out what is often.
    """
    rough = _line(seen, labels, weights, voices_of(rows), settings.strength, ROUGH)
    met = np.bincount(seen.indices, minlength=seen.shape[1])
    ordered = np.argsort(-np.abs(rough.coef_[0]) * np.sqrt(met), kind="stable")
    apart = np.array([name.startswith(_PAIR) for name in names])[ordered]
    return np.concatenate([ordered[~apart][: settings.most], ordered[apart][: settings.most]])


def _line(
    values: csr_matrix, labels: Ints, weights: Floats, spoken: Ints, strength: float, rounds: int = FINE
) -> LogisticRegression:
    """Fit a line on values that are scaled by how much each column is trusted; the line is for unscaled ones."""
    texts = np.repeat(np.arange(values.shape[0]), np.diff(values.indptr))
    trusted = trust(Met(texts, values.indices, *values.shape), labels, spoken)
    scaled = values.copy()
    scaled.data *= trusted[scaled.indices]
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", ConvergenceWarning
        )  # the rounds are bounded on purpose: it stops early, it does not fail
        line = LogisticRegression(C=strength, max_iter=rounds).fit(scaled, labels, sample_weight=weights)
    line.coef_ = line.coef_ * trusted
    return line


def _table(names: list[str], line: LogisticRegression, calibration: LogisticRegression, share: float) -> TaskTable:
    weights = line.coef_[0]
    apart = np.array([name.startswith(_PAIR) for name in names])
    return TaskTable(
        features="\n".join(name for name in names if not name.startswith(_PAIR)),
        weights=_on_grid(weights[~apart]),
        pairs=np.array([_number(name) for name in names if name.startswith(_PAIR)], dtype="<u4").tobytes(),
        pair_weights=_on_grid(weights[apart] * share),
        bias=float(line.intercept_[0]),
        slope=float(calibration.coef_[0][0]),
        shift=float(calibration.intercept_[0]),
        review_from=REVIEW_FROM,
        block_from=REVIEW_FROM,
        longer=NOTHING_LONG,
        parts=NOTHING_LONG,
    )


def _on_grid(weights: Floats) -> bytes:
    return (np.rint(weights / GRID) * GRID).astype("<f4").tobytes()


def _number(name: str) -> int:
    """Return the pair behind its name among the features."""
    _, first, second = name
    return ord(first) | ord(second) << 16
