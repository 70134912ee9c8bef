"""Views of a text: the same message as an evader's reader sees it, each with a map back to the original.

Making a view is a table look-up per character; its offsets are worked out only when somebody asks, that is on a hit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

from xinka.engines.textguard import sounds
from xinka.engines.textguard.signs import squeeze_table
from xinka.engines.textguard.tables import load

Table = dict[int, str | None]
Offsets = tuple[Sequence[int], Sequence[int]]


class View:
    """A changed text and, for each of its characters, the span of the original that it came from.

    ``start_of[i]`` and ``end_of[i]`` are offsets into the original; ``span`` puts them together.
    """

    __slots__ = ("_offsets", "_trace", "name", "text")

    def __init__(self, name: str, text: str, trace: Callable[[], Offsets]) -> None:
        self.name, self.text = name, text
        self._trace = trace
        self._offsets: Offsets | None = None

    def _traced(self) -> Offsets:
        if self._offsets is None:
            self._offsets = self._trace()
        return self._offsets

    @property
    def start_of(self) -> Sequence[int]:
        """Where in the original each character begins."""
        return self._traced()[0]

    @property
    def end_of(self) -> Sequence[int]:
        """Where in the original each character ends."""
        return self._traced()[1]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the span of the original that ``text[start:end]`` (not empty) came from."""
        starts, ends = self._traced()
        return min(starts[start:end]), max(ends[start:end])

    def derive(self, name: str, text: str, trace: Callable[[], Offsets]) -> View:
        """Return a view made from this one; ``trace`` gives offsets into this view's text."""

        def through() -> Offsets:
            starts, ends = trace()
            own_starts, own_ends = self._traced()
            return [own_starts[i] for i in starts], [own_ends[i - 1] for i in ends]

        return View(name, text, through)

    def translated(self, name: str, table: Table) -> View:
        """Return this view with each character changed as ``table`` says."""
        text = self.text.translate(table)
        if text == self.text:
            return View(name, text, self._traced)
        return self.derive(name, text, lambda: trace_table(self.text, table))


def trace_table(text: str, table: Table) -> Offsets:
    """Return where each character of ``text.translate(table)`` came from in ``text``."""
    starts: list[int] = []
    for at, char in enumerate(text):
        became = table.get(ord(char), char)
        if became:
            starts.extend([at] * len(became))
    return starts, [at + 1 for at in starts]


@cache
def clean_table() -> Table:
    """Map every character to its plain form: no marks, no boxes, small letters, look-alikes as Latin, simplified."""
    table: Table = {}
    for plain, characters in load("clean").items():
        table.update(dict.fromkeys(map(ord, characters), plain))
    table.update(dict.fromkeys(range(0xD800, 0xE000), None))
    table.update(dict.fromkeys(range(0xE000, 0xF900), "\ufffd"))  # private use: our codes for syllables live there
    return table


def clean_view(text: str) -> View:
    """Return the plain form of a text: nothing invisible, no marks, small letters, simplified Han, plain digits."""
    table = clean_table()
    cleaned = text.translate(table)
    if cleaned == text:
        return View("clean", text, lambda: (range(len(text)), range(1, len(text) + 1)))
    return View("clean", cleaned, lambda: trace_table(text, table))


def squeezed_view(clean: View) -> View:
    """Return a clean view without the signs and spaces between its characters."""
    return clean.translated("squeezed", squeeze_table())


def martian_view(clean: View) -> View:
    """Return a clean view, squeezed, rare variants (莪, 伱, 氺 …) as common characters, + as 加."""
    return clean.translated("martian", martian_table())


@cache
def martian_table() -> Table:
    """Drop signs as in the squeezed view, and map a character of 火星文 to the one it stands for."""
    plain = {ord(c): plain for plain, characters in load("martian").items() for c in characters}
    return {**squeeze_table(), **plain, ord("+"): "加"}


def digits_view(squeezed: View) -> View:
    """Return a squeezed view with numbers written in words (幺, 两, 叁, 廿 …) as digits."""
    return squeezed.translated("digits", digits_table())


@cache
def digits_table() -> Table:
    """Map a character that is read as a digit to it."""
    words = {
        "0": "零〇洞",
        "1": "一壹弌幺妖",
        "2": "二贰弍两俩",
        "3": "三叁弎仨",
        "4": "四肆",
        "5": "五伍",
        "6": "六陆",
        "7": "七柒拐",
        "8": "八捌",
        "9": "九玖勾",
    }
    return {ord(c): digit for digit, characters in words.items() for c in characters}


def reversed_view(squeezed: View) -> View:
    """Return a squeezed view read from its end."""
    length = len(squeezed.text)
    starts = range(length - 1, -1, -1)
    return squeezed.derive("reversed", squeezed.text[::-1], lambda: (starts, range(length, 0, -1)))


def split_view(squeezed: View) -> View:
    """Return a squeezed view in which characters written in parts (亻尔, 女子) are put together again."""
    from xinka.engines.textguard.recombine import recombine, recombined_offsets  # its table is big and seldom needed

    text = squeezed.text
    return squeezed.derive("split", recombine(text), lambda: recombined_offsets(text))


def sound_view(clean: View) -> View:
    """Return a clean view with each Han character and each typed pinyin syllable as one code, signs dropped.

    Sounds that are confused share a code: zh/z, ch/c, sh/s, ng/n.
    """
    return clean.derive("pinyin", sounds.encode(clean.text), lambda: sounds.encoded_offsets(clean.text))
