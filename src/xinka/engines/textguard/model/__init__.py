"""The linear model: how much a cleaned text reads like forbidden trade or a scam, and which of its pieces say so.

It leads to ``review`` at most; what is blocked is decided by rules. Its card is ``docs/engines/textguard-model.md``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from math import exp, sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from xinka.engines.textguard.blocks import blocks
from xinka.engines.textguard.model.features import Tables, bounded, features, pairs, shown, spelled
from xinka.engines.textguard.model.longer_weights import Longer, LongWeights
from xinka.engines.textguard.model.parts import LIKELY_FROM, NO_PARTS, SHORTEST, Parts, chunks, cut
from xinka.engines.textguard.model.table import TaskTable, read
from xinka.engines.textguard.model.weighing import Weights

if TYPE_CHECKING:
    from xinka.engines.textguard.model.weighing_many import ManyWeights

Task = Literal["listing", "chat"]
TASKS: tuple[Task, ...] = get_args(Task)
SHIPPED = Path(__file__).parent / "weights.bin"
#: Fewer are quicker one by one; so many letters count as another text.
_FEWEST_TOGETHER, _AS_ANOTHER = 9, 80
#: A long text and a part or two are quicker one by one, too.
_FEW = 4
#: What is weighed one by one: letters of more than sixteen bits, or of the private use that features are written in.
_ODD = re.compile("[\ue000-\uf8ff\U00010000-\U0010ffff]").search
#: Beyond this the exponential says nothing more.
_STEEPEST = 40.0


class Model:
    """Weights for each task; loading it takes some hundredths of a second, scoring some millionths."""

    def __init__(self, tables: Tables, tasks: dict[Task, TaskTable]) -> None:
        self._tables = tables
        self._tasks = tasks
        self._weights: dict[Task, Weights] = {}
        self._many: dict[Task, ManyWeights] = {}
        self._longer: dict[Task, Longer] = {}

    @classmethod
    @cache
    def load(cls, path: Path = SHIPPED) -> Model:
        """Read a model file, by default the shipped one.

        Raises:
            UnreadableModel: the file is of another kind, cut, or changed.
        """
        found = read(path)
        return cls(found.tables(), {task: found.tasks[task] for task in TASKS})

    def score(self, clean_text: str, task: Task) -> float:
        """Return how bad a cleaned text reads, 0..1; of long texts the two ends are read."""
        return _score(self._tasks[task], self._weights_of(task).mean(bounded(clean_text)))

    def scores(self, clean_texts: Sequence[str], task: Task) -> list[float]:
        """Return the score of each of some texts, the same as one by one: many together take a fifth of the time."""
        ends = [bounded(text) for text in clean_texts]
        if len(ends) + sum(map(len, ends)) / _AS_ANOTHER < _FEWEST_TOGETHER or len(ends) < _FEW:
            return [self.score(text, task) for text in ends]
        plain = [text for text in ends if not _ODD(text)]
        means = dict(zip(plain, self._means(plain, task), strict=True))
        table, alone = self._tasks[task], self._weights_of(task)
        return [_score(table, means[text] if text in means else alone.mean(text)) for text in ends]

    def parts(self, clean_text: str, task: Task) -> Parts:
        """Return the parts of a cleaned text that may read forbidden by themselves; a short text has none."""
        if len(clean_text) <= SHORTEST:  # as most messages are
            return NO_PARTS
        likely: list[tuple[int, int]] = []
        n_parts = 0
        for begin, chunk in chunks(clean_text):
            if spans := cut(chunk):
                n_parts += len(spans)
                found = self._weights_of(task).likely(chunk, spans, LIKELY_FROM)
                likely += [(begin + start, begin + end) for start, end in found]
        return Parts(likely, n_parts) if likely else NO_PARTS

    def glance(self, clean_text: str, task: Task) -> float:
        """Return what the table of lines says of a longer cleaned text at a glance: above zero for the worse."""
        return self._weights_of(task).glance(bounded(clean_text))

    def longer(self, task: Task) -> Longer:
        """Return what longer texts taught of a task."""
        if task not in self._longer:
            table = self._tasks[task]
            self._longer[task] = Longer(LongWeights(table.longer, self._tables), LongWeights(table.parts, self._tables))
        return self._longer[task]

    def _means(self, texts: Sequence[str], task: Task) -> list[float]:
        """Return what texts without odd letters weigh."""
        if not texts:
            return []
        if task not in self._many:
            from xinka.engines.textguard.model.weighing_many import ManyWeights  # numpy takes a tenth of a second

            self._many[task] = ManyWeights(self._tasks[task], self._tables, self._weights_of(task).pairs)
        return [mean for block in blocks(texts) for mean in self._many[task].means(block)]

    def review_from(self, task: Task) -> float:
        """Return the score from which a text is worth a look: with rules, 1 % of harmless lines held out reach it."""
        return self._tasks[task].review_from

    def block_from(self, task: Task) -> float:
        """Return the score below which a rule that is weighed against the model does not block."""
        return self._tasks[task].block_from

    def why(self, clean_text: str, task: Task, most: int = 5) -> list[tuple[str, float]]:
        """Return the pieces of the text that weighed most towards bad, heaviest first, with their weight in the sum.

        Longer pieces win over the ones inside them; letters that weigh by standing together, apart, are shown with dots
        between (``退…加``). Sounds and shapes are left out, for nobody could read them.
        """
        weights = self._weights_of(task)
        found = features(clean_text, self._tables)
        letters = spelled(bounded(clean_text), self._tables).letters
        apart = pairs(letters)
        heavy = [
            *((piece, weights.by_name.get(piece, 0.0) / sqrt(len(found))) for piece in found if piece in letters),
            *(("…".join(shown(pair)), weights.pairs.by_pair.get(pair, 0.0) / sqrt(len(apart))) for pair in apart),
        ]
        chosen: list[tuple[str, float]] = []
        for piece, weight in sorted(heavy, key=lambda pair: (-pair[1], pair[0])):
            if weight <= 0 or len(chosen) == most:
                break
            if not _is_told(piece, [other for other, _ in chosen]):
                chosen.append((piece, weight))
        return chosen

    def _weights_of(self, task: Task) -> Weights:
        if task not in self._weights:
            self._weights[task] = Weights(self._tasks[task], self._tables)
        return self._weights[task]


def _score(table: TaskTable, mean: float) -> float:
    steep = table.slope * (mean + table.bias) + table.shift
    return 1 / (1 + exp(-max(-_STEEPEST, min(_STEEPEST, steep))))


def _is_told(piece: str, others: list[str]) -> bool:
    """Whether a piece says no more than those chosen before it, or would hide one of them."""
    first, apart, second = piece.partition("…")
    if apart:
        told = "".join(others)
        return first in told and second in told
    return any(piece in other or other in piece for other in others)
