"""How a longer text is weighed: by what longer texts taught, and in the light of what it says.

The table of pieces was taught by lines. The pieces of a lawful text about accounts, cards and payments weigh a little
too much each; in a line that is nothing, over three hundred characters it is more than an offer weighs. And a page of
rules, a warning or a report names what it forbids, warns of or tells. So each task has a small table of its own, taught
by longer texts, that puts right what the first one says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from math import exp, log, sqrt

from xinka.engines.textguard.model.features import bounded
from xinka.engines.textguard.model.longer_weights import LongWeights
from xinka.engines.textguard.model.parts import fewer

#: A text of more characters is a longer one. Most messages, offers and lines of the corpus are much shorter.
LONG = 80
#: From so many characters on only what longer texts taught counts; between, both do, in turn with the length.
FULLY = 200
#: By so much, in logarithms of odds, what lines taught of a longer text must outweigh its like for each root of a
#: character: advertisements of 80 to 160 characters are stopped too often without it. It matters only below ``FULLY``.
DRIFT = 0.45
#: Words of those who warn, forbid, report, complain or explain. Each is found in at most fifteen of a thousand of the
#: letters of fraud, bad calls and bad messages that the guard is measured with, and in five of bad blind lines.
_FRAMES = tuple(
    """
    骗子 骗人 骗局 骗我 骗取 防骗 上当 当心 冒充 假冒 盗刷 盗来 偷来 套路 陷阱 自称 声称 谎称
    不得 不卖 不做 不接 不提供 不支持 不回收 不承诺 拒绝 违者 凡是 都是违规 是违规 是违法 违法的 从来不 从不 绝不
    判处 获刑 有期徒刑 坐牢 被告 抓获 查获 破获 受害人 记者 处罚 下架 封禁 追究 有人说 如果有人 骗的人 被骗的
    12315 记住 教训 怎么办 怎样 什么是 为什么 本店不 不要把 不要向 不会向 不会问 不会打电话
    """.split()  # noqa: SIM905 - words read better without quotes
)
_FRAME = re.compile("|".join(sorted(_FRAMES, key=len, reverse=True)))
#: Such a word speaks of what is written so many characters around it, on the same line.
_REACH = 40
#: A text with so many different ones is nothing that a weighed rule blocks: a person reads it.
_TELLING = 2
#: By so much each different such word lowers the odds of a part it speaks of; so many count there, and in the whole.
_OF_PART, _MOST_OF_PART = 3.0, 2
_MOST_OF_WHOLE = 4
#: From so many parts on each weighs more than one: a page of so many speaks of accounts and cards in most of them, and
#: far more of those read badly by chance than of parts of talk. Chosen so that an offer among ten lines is still found.
_MANY, _POWER = 10, 0.35
#: Pieces that lawful longer texts taught lower the logarithm of a part's odds by so much at most.
_MOST_LOWERED = 2.5
#: Odds beyond this say nothing more.
_SUREST = 20.0


def is_long(text: str) -> bool:
    """Say whether a clean text is weighed as a longer one."""
    return len(text) > LONG


def tells(text: str) -> bool:
    """Say whether a clean text is a longer one that warns, forbids, reports or complains."""
    return is_long(text) and len(set(_FRAME.findall(bounded(text)))) >= _TELLING


def so_many(n_parts: int) -> float:
    """Return by how much the odds of the likeliest of so many parts are divided."""
    by_chance: float = max(1.0, n_parts / _MANY) ** _POWER
    return n_parts * by_chance


@lru_cache(maxsize=4)
def longness(text: str) -> float:
    """Return how much of a clean text is judged by what longer texts taught, from 0 to 1: a short one not at all.

    The last ones are remembered: where a rule was broken, it is asked for how much of that counts.
    """
    return min(1.0, max(0, _size(bounded(text)) - LONG) / (FULLY - LONG)) if is_long(text) else 0.0


def share(text: str) -> float:
    """Return how much of what rules say of a clean text counts for the whole: a longer one has more by chance."""
    return 1 - longness(text)


def n_warnings(text: str) -> int:
    """Return how many different words of those who warn, forbid, report or explain count in a bounded clean text."""
    return min(len(set(_FRAME.findall(text))), _MOST_OF_WHOLE)


def log_odds(score: float) -> float:
    """Return the logarithm of the odds of a score, within what says something."""
    if not 0 < score < 1:
        return _SUREST if score else -_SUREST
    return max(-_SUREST, min(_SUREST, log(score / (1 - score))))


def of_whole(score: float, text: str, share_of_like: float, weights: LongWeights) -> float:
    """Return what the model says of a clean text, if it is a longer one by what its like taught; of both ends, as it.

    Args:
        score: what the table of lines says, or likely would.
        text: as the model was told it.
        share_of_like: its ``longness``.
        weights: what longer texts taught of the task.
    """
    if not is_long(text):
        return score
    read, by_lines = bounded(text), log_odds(score)
    by_its_like = weights.log_odds(read, by_lines, n_warnings(read))
    measured = by_lines - DRIFT * (sqrt(LONG + share_of_like * (FULLY - LONG)) - sqrt(LONG))
    sure = (1 - share_of_like) * measured + share_of_like * by_its_like
    return 1 / (1 + exp(-max(-_SUREST, min(_SUREST, sure))))


def _size(read: str) -> int:
    """Return how long a text is without what it repeats: as in what it weighs, each two letters count once."""
    coded = memoryview(read.encode("utf-32-le", "surrogatepass"))  # numbers are quicker compared than pairs of letters
    even, odd = coded[: len(coded) & ~7], coded[4 : 4 + ((len(coded) - 4) & ~7)]
    return len({*even.cast("Q"), *odd.cast("Q")}) + 1


def of_parts(
    scores: Iterator[float], spans: Sequence[tuple[int, int]], text: str, weights: LongWeights
) -> Iterator[float]:
    """Yield what the model says of parts of a clean text; of a longer one, less where they read as lawful pages do.

    And less where the words around a part warn, forbid or report.

    Args:
        scores: what the table of lines says of the parts; those of the next text may follow.
        spans: where the parts stand.
        text: the whole.
        weights: what longer texts taught of parts.
    """
    for (start, end), score in zip(spans, scores):  # noqa: B905 - the scores go on, for the next text
        if not is_long(text):
            yield score
            continue
        around = min(len(_around(start, end, text)), _MOST_OF_PART)
        lowered = min(_MOST_LOWERED, max(0.0, -weights.mean(text[start:end])))
        yield fewer(score, exp(lowered) * _OF_PART**around)


def _around(start: int, end: int, text: str) -> set[str]:
    """Return the words that speak of a part: those near it, and on the lines that it is of."""
    first, after = max(0, start - _REACH), end + _REACH
    first = max(first, text.rfind("\n", first, start + 1))
    line_end = text.find("\n", end - 1, after)
    return set(_FRAME.findall(text, first, after if line_end < 0 else line_end))
