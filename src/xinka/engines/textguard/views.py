"""Views of a text: the same message as an evader's reader sees it, each with a map back to the original.

Making a view is a table look-up per character; its offsets are worked out only when somebody asks, that is on a hit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

from xinka.engines.textguard import sounds
from xinka.engines.textguard.directions import shown_order, turns
from xinka.engines.textguard.recombine import recombine, recombined_offsets
from xinka.engines.textguard.signs import squeeze_table
from xinka.engines.textguard.tables import load
from xinka.engines.textguard.translating import BLOCK, Change, Dropping, Kept, LongTrace, Offsets, Table


class View:
    """A changed text and, for each of its characters, the span of the original that it came from.

    How it was made from the one before (``trace``) is worked out when somebody asks, that is on a hit.
    """

    __slots__ = ("_before", "_offsets", "_trace", "name", "text")

    def __init__(
        self, name: str, text: str, trace: Callable[[], Offsets] | None = None, before: View | None = None
    ) -> None:
        """``trace`` gives offsets into the text ``before``, or into the original; None if nothing has moved."""
        self.name, self.text = name, text
        self._trace = trace
        self._before = None if before is None or before.is_unmoved else before
        self._offsets: Offsets | None = None

    @property
    def is_unmoved(self) -> bool:
        """Whether each character stands where it stands in the original."""
        return self._trace is None and self._before is None

    def _traced(self) -> Offsets:
        if self._offsets is None:
            length = len(self.text)
            self._offsets = self._trace() if self._trace else (range(length), range(1, length + 1))
        return self._offsets

    @property
    def start_of(self) -> Sequence[int]:
        """Where in the original each character begins."""
        starts = self._traced()[0]
        if self._before is None:
            return starts
        before = self._before.start_of
        return [before[i] for i in starts]

    @property
    def end_of(self) -> Sequence[int]:
        """Where in the original each character ends."""
        ends = self._traced()[1]
        if self._before is None:
            return ends
        before = self._before.end_of
        return [before[i - 1] for i in ends]

    def _step(self, start: int, end: int) -> tuple[int, int]:
        """Return the span of the text before that ``text[start:end]`` came from."""
        if self._trace is None:
            return start, end
        starts, ends = self._traced()
        return min(starts[start:end]), max(ends[start:end])

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the span of the original that ``text[start:end]`` (not empty) came from."""
        start, end = self._step(start, end)
        return self._before.span(start, end) if self._before else (start, end)

    def derive(self, name: str, text: str, trace: Callable[[], Offsets]) -> View:
        """Return a view made from this one in the same order; ``trace`` gives offsets into this view's text."""
        return _Ordered(name, text, trace, self)

    def whole_way(self) -> Offsets | None:
        """Return where in the original each character begins and ends; None if that is better asked span by span."""
        return None

    def translated(self, name: str, table: Change, text: str | None = None) -> View:
        """Return this view with each character changed as ``table`` says; ``text`` is that if the caller knows it."""
        if text is None:
            text = table.change(self.text)
        return View(name, text, None, self) if text == self.text else _Translated(name, text, table, self.text, self)


class _Ordered(View):
    """A view whose characters stand in the order of those they came from."""

    __slots__ = ("_whole_way",)

    def __init__(
        self, name: str, text: str, trace: Callable[[], Offsets] | None = None, before: View | None = None
    ) -> None:
        super().__init__(name, text, trace, before)
        self._whole_way: Offsets | None = None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the span of the original, see ``View.span``; the way to it is worked out once, unless it is long."""
        way = self._whole_way or self.whole_way()
        return (way[0][start], way[1][end - 1]) if way else super().span(start, end)

    def whole_way(self) -> Offsets | None:
        """Return where in the original each character begins and ends; None if that is better asked step by step."""
        if self._whole_way is None and len(self.text) <= BLOCK:
            before = self._before
            way = before.whole_way() if isinstance(before, _Ordered) else None
            if before is None or way:
                starts, ends = self._traced()
                self._whole_way = _joined(way, starts, ends) if way else (starts, ends)
        return self._whole_way

    def _step(self, start: int, end: int) -> tuple[int, int]:
        starts, ends = self._traced()
        return starts[start], ends[end - 1]


class _Translated(_Ordered):
    """A view made by a table, one character at a time; a long one is traced in blocks."""

    __slots__ = ("_long", "_source", "_starts", "_table")

    def __init__(self, name: str, text: str, table: Change, source: str, before: View | None = None) -> None:
        super().__init__(name, text, lambda: _one_each(table.starts(source)), before)
        self._table, self._source = table, source
        self._long: LongTrace | None = None
        self._starts: Sequence[int] | None = None

    def _step(self, start: int, end: int) -> tuple[int, int]:
        if len(self._source) <= BLOCK:
            if self._starts is None:
                self._starts = self._table.starts(self._source)
            return self._starts[start], self._starts[end - 1] + 1
        if self._long is None:
            self._long = LongTrace(self._source, self._table)
        return self._long.place(start), self._long.place(end - 1) + 1


def _joined(way: Offsets, starts: Sequence[int], ends: Sequence[int]) -> Offsets:
    """Return offsets into the original, of those into a text whose way to it is known."""
    first, last = way
    if starts == range(len(first)) and ends == range(1, len(last) + 1):
        return way
    return [first[at] for at in starts], [last[at - 1] for at in ends]


def _one_each(starts: Sequence[int]) -> Offsets:
    return starts, range(1, len(starts) + 1) if isinstance(starts, range) else [at + 1 for at in starts]


@cache
def clean_table() -> Table:
    """Map every character to its plain form: no marks, no boxes, small letters, look-alikes as Latin, simplified."""
    table: Table = {}
    for plain, characters in load("clean").items():
        table.update(dict.fromkeys(map(ord, characters), plain))
    table.update(dict.fromkeys(range(0xD800, 0xE000), None))
    table.update(dict.fromkeys(range(0xE000, 0xF900), "\ufffd"))  # private use: our codes for syllables live there
    return table


@cache
def _cleaning() -> Kept:
    return Kept(clean_table, "clean")


@cache
def _squeezing() -> Dropping:
    return Dropping(map(chr, squeeze_table()))


@cache
def _martian() -> Kept:
    return Kept(martian_table, "martian")


@cache
def _digits() -> Kept:
    return Kept(digits_table, "digits")


def clean_view(text: str) -> View:
    """Return the plain form of a text: nothing invisible, no marks, small letters, simplified Han, plain digits.

    What marks of direction turn round stands as a screen shows it.
    """
    table = _cleaning()
    if turns(text):
        return _shown_view(text).translated("clean", table)
    plain = table.change(text)
    return View("clean", text) if plain == text else _Translated("clean", plain, table, text)


def _shown_view(text: str) -> View:
    order = shown_order(text)
    return View("shown", "".join([text[at] for at in order]), lambda: (order, [at + 1 for at in order]))


def clean_text(text: str) -> str:
    """Return the text of the clean view."""
    return clean_view(text).text if turns(text) else _cleaning().change(text)


def squeezed_text(clean: str) -> str:
    """Return the text of the squeezed view of a clean text."""
    return _squeezing().change(clean)


def squeezed_view(clean: View, text: str | None = None) -> View:
    """Return a clean view without the signs and spaces between its characters; ``text`` is its text, if known."""
    return clean.translated("squeezed", _squeezing(), text)


def martian_view(clean: View) -> View:
    """Return a clean view, squeezed, rare variants (莪, 伱, 氺 …) as common characters, + as 加."""
    return clean.translated("martian", _martian())


@cache
def martian_table() -> Table:
    """Drop signs as in the squeezed view, and map a character of 火星文 to the one it stands for."""
    plain = {ord(c): plain for plain, characters in load("martian").items() for c in characters}
    return {**squeeze_table(), **plain, ord("+"): "加"}


def digits_view(squeezed: View) -> View:
    """Return a squeezed view with numbers written in words (幺, 两, 叁, 廿 …) as digits."""
    return squeezed.translated("digits", _digits())


def digits_text(squeezed: str) -> str:
    """Return the text of the view of digits of a squeezed text."""
    return _digits().change(squeezed)


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
    return View("reversed", squeezed.text[::-1], lambda: (starts, range(length, 0, -1)), squeezed)


def split_view(squeezed: View, whole: str | None = None) -> View:
    """Return a squeezed view in which characters written in parts (亻尔, 女子) are put together again.

    ``whole`` is its text, if the caller has it already.
    """
    text = squeezed.text
    if whole is None:
        whole = recombine(text)
    return squeezed.derive("split", whole, lambda: recombined_offsets(text)) if whole != text else squeezed


def sound_view(clean: View, text: str | None = None) -> View:
    """Return a clean view with each Han character and each typed pinyin syllable as one code, signs dropped.

    Sounds that are confused share a code: zh/z, ch/c, sh/s, ng/n. ``text`` is its text, if the caller knows it.
    """
    if text is None:
        text = sounds.encode(clean.text)
    return clean.derive("pinyin", text, lambda: sounds.encoded_offsets(clean.text))
