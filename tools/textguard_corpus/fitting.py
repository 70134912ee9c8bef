"""Fits one task: choose the features, fit, calibrate on sentences the fit has not seen, and make the table."""

from __future__ import annotations

import warnings
import zlib
from array import array
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from tools.textguard_corpus.build import Row
from xinka.engines.textguard.model.features import Tables, features
from xinka.engines.textguard.model.table import TaskTable

#: A piece must be met in this many different sentences to count.
FEWEST = 3
STRENGTH = 0.7
#: Rounds of the solver: to find the features worth keeping, and for the weights that are shipped.
ROUGH, FINE = 10, 50
FALSE_ALARMS = 0.01
#: The score that so many harmless texts reach, for every task; and how much the fitted slope is believed.
REVIEW_FROM, MODESTY = 0.9, 0.6

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Fitted:
    """The table, scikit-learn's own model behind it, and figures on sentences held out."""

    table: TaskTable
    line: LogisticRegression
    calibration: LogisticRegression
    names: list[str]
    figures: dict[str, float]

    def scores(self, texts: Iterable[str], tables: Tables) -> NDArray[np.float64]:
        """Return scikit-learn's own scores of cleaned texts."""
        known = {name: at for at, name in enumerate(self.names)}
        raw = self.line.decision_function(_matrix(texts, tables, known, grow=False)).reshape(-1, 1)
        return np.asarray(self.calibration.predict_proba(raw)[:, 1])


def fit(rows: list[Row], tables: Tables, *, most: int) -> Fitted:
    """Fit on four fifths of the sentences, calibrate on the rest, then fit on all.

    Args:
        rows: cleaned texts; those of one sentence stand together.
        tables: what the features are read through.
        most: how many features are kept.
    """
    labels = np.array([row.label for row in rows])
    held = np.array([zlib.crc32(row.sentence.encode()) % 5 == 0 for row in rows])
    known: dict[str, int] = {}
    values = _matrix((row.text for row in rows), tables, known, grow=True)
    names = np.array(list(known), dtype=object)
    columns = _often_met(values, rows)
    columns = columns[[not _tiny(str(names[at])) for at in columns]]
    columns = _heaviest(values[~held], columns, labels[~held], most)
    columns = columns[np.argsort(names[columns], kind="stable")]
    values = values[:, columns].tocsr()
    rarity = 1 + np.log(len(rows) / np.bincount(values.indices, minlength=values.shape[1]))
    values.data *= rarity[values.indices]  # what is everywhere must prove itself; the table carries weight × rarity
    raw = _line(values[~held], labels[~held], FINE).decision_function(values[held]).reshape(-1, 1)
    calibration = LogisticRegression(C=1e6).fit(raw, labels[held])
    at = float(np.quantile(raw[labels[held] == 0], 1 - FALSE_ALARMS))
    _anchor(calibration, at)
    recall = float((raw[labels[held] == 1] > at).mean())
    figures = {"auc": float(roc_auc_score(labels[held], raw)), "recall_at_1_percent": recall, "rows": float(held.sum())}
    line = _line(values, labels, FINE)  # what is shipped has seen all sentences; the figures and the threshold have not
    line.coef_ = line.coef_ * rarity
    kept = [str(name) for name in names[columns]]
    return Fitted(_table(kept, line, calibration), line, calibration, kept, figures)


def _matrix(texts: Iterable[str], tables: Tables, known: dict[str, int], *, grow: bool) -> csr_matrix:
    """Return one row for each text: 1/√n for each of its n features that is known, or that becomes so."""
    columns, ends, values = array("i"), array("q", [0]), array("d")
    for text in texts:
        pieces = features(text, tables)
        if grow:
            ids = [known.setdefault(piece, len(known)) for piece in sorted(pieces)]
        else:
            ids = [known[piece] for piece in pieces if piece in known]
        columns.extend(ids)
        values.extend([len(pieces) ** -0.5] * len(ids))
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
    number = {sentence: at for at, sentence in enumerate(dict.fromkeys(row.sentence for row in rows))}
    groups = np.array([number[row.sentence] for row in rows])
    summed = csr_matrix((np.ones(len(rows)), (groups, np.arange(len(rows))))) @ values
    return np.flatnonzero(np.bincount(summed.indices, minlength=values.shape[1]) >= FEWEST)


def _heaviest(values: csr_matrix, columns: Ints, labels: Ints, most: int) -> Ints:
    """Return the columns that weigh most in a rough fit."""
    rough = _line(values[:, columns], labels, ROUGH)
    return np.asarray(columns[np.argsort(-np.abs(rough.coef_[0]), kind="stable")[:most]])


def _line(values: csr_matrix, labels: Ints, rounds: int) -> LogisticRegression:
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", ConvergenceWarning
        )  # the rounds are bounded on purpose: it stops early, it does not fail
        return LogisticRegression(C=STRENGTH, class_weight="balanced", max_iter=rounds).fit(values, labels)


def _table(names: list[str], line: LogisticRegression, calibration: LogisticRegression) -> TaskTable:
    return TaskTable(
        features="\n".join(names),
        weights=line.coef_[0].astype("<f4").tobytes(),
        bias=float(line.intercept_[0]),
        slope=float(calibration.coef_[0][0]),
        shift=float(calibration.intercept_[0]),
        review_from=REVIEW_FROM,
    )
