"""How a longer text is weighed: against what a lawful text of its length weighs, and in the light of what it says.

A text weighs the sum of its pieces divided by the root of their number. The pieces of a lawful text about accounts,
cards and payments weigh a little too much each; in a line that is nothing, over three hundred characters it is more
than an offer weighs. And a page of rules, a warning or a report names what it forbids, warns of or tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import exp, sqrt

from xinka.engines.textguard.model.features import bounded
from xinka.engines.textguard.model.parts import fewer

#: A text of more characters is a longer one. Most messages, offers and lines of the corpus are much shorter.
LONG = 80
#: By so much, in logarithms of odds, a longer text must outweigh its like for each root of a character. Chosen on the
#: shop's own pages of help, reviews, calls, messages and `blind11`: few lawful ones are stopped, and most of the bad.
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
#: By so much each different such word lowers the odds of a part it speaks of, and of a whole; and so many count.
_OF_PART, _MOST_OF_PART = 3.0, 2
_OF_WHOLE, _MOST_OF_WHOLE = 2.0, 4
#: From so many parts on each weighs more than one: a page of so many speaks of accounts and cards in most of them, and
#: far more of those read badly by chance than of parts of talk. Chosen so that an offer among ten lines is still found.
_MANY, _POWER = 10, 0.7


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


def share(text: str) -> float:
    """Return how much of what rules say of a clean text counts for the whole: a longer one has more by chance."""
    return sqrt(LONG / max(LONG, _size(bounded(text)))) if is_long(text) else 1.0


def of_whole(score: float, text: str) -> float:
    """Return what the model says of a clean text, if it is a longer one measured by its like; of both ends, as it."""
    if not is_long(text):
        return score
    read = bounded(text)
    told = min(len(set(_FRAME.findall(read))), _MOST_OF_WHOLE)
    return fewer(score, exp(DRIFT * (sqrt(max(LONG, _size(read))) - sqrt(LONG))) * _OF_WHOLE**told)


def _size(read: str) -> int:
    """Return how long a text is without what it repeats: as in what it weighs, each two letters count once."""
    return len(set(pairwise(read))) + 1


def of_parts(scores: Iterator[float], spans: Sequence[tuple[int, int]], text: str) -> Iterator[float]:
    """Yield what the model says of parts of a clean text, less where the words around a part warn, forbid or report."""
    for (start, end), score in zip(spans, scores):  # noqa: B905 - the scores go on, for the next text
        around = _around(start, end, text) if is_long(text) else ()
        yield fewer(score, _OF_PART ** min(len(around), _MOST_OF_PART)) if around else score


def _around(start: int, end: int, text: str) -> set[str]:
    """Return the words that speak of a part: those near it, and on the lines that it is of."""
    first, after = max(0, start - _REACH), end + _REACH
    first = max(first, text.rfind("\n", first, start + 1))
    line_end = text.find("\n", end - 1, after)
    return set(_FRAME.findall(text, first, after if line_end < 0 else line_end))
