"""What stands around the cores of official names, 官方…, … Support: a few kinds, however many names there are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from xinka.engines.lookalike import roles


class Frame(NamedTuple):
    """The role words of an official name.

    Attributes:
        before: what stands before its core in light letters.
        after: what stands behind it.
        roles: the role words, as they stand in ``roles``.
    """

    before: str
    after: str
    roles: tuple[str, ...]

    @property
    def surrounds(self) -> bool:
        """Whether anything stands around the core."""
        return bool(self.before or self.after)


class Rim(NamedTuple):
    """What may be left of frames in a text.

    Attributes:
        before: what stands before a core.
        after: what stands behind it.
        whole: the numbers of the frames of which nothing is missing there.
        torn: those of which a letter is missing.
    """

    before: str
    after: str
    whole: set[int]
    torn: set[int]


def missing_one(text: str) -> list[str]:
    """Return a text with each of its letters left out."""
    return [text[:at] + text[at + 1 :] for at in range(len(text))]


class _Ending:
    """What stands behind cores, letter by letter from its end; and what stands before those that end here."""

    __slots__ = ("further", "rims", "sizes")

    def __init__(self) -> None:
        self.further: dict[str, _Ending] = {}
        self.rims: dict[str, Rim] = {}
        #: How many letters stand before: a handful of sizes, where there are a hundred rims.
        self.sizes: list[int] = []


class Frames:
    """Frames by number, and which of them a text may have.

    Attributes:
        within: where the core stands in a whole name, by number.
    """

    def __init__(self) -> None:
        self.within: list[slice] = []
        self._frames: list[Frame] = []
        self._numbers: dict[Frame, int] = {}
        self._endings = _Ending()

    def __getitem__(self, number: int) -> Frame:
        """Return the frame of a number."""
        return self._frames[number]

    def number_of(self, frame: Frame) -> int:
        """Return the number of a frame, a new one where it was not there."""
        number = self._numbers.get(frame)
        if number is None:
            number = self._numbers[frame] = len(self._frames)
            self._frames.append(frame)
            self.within.append(slice(len(frame.before), -len(frame.after) or None))
            light, deep = (frame.before, frame.after), (roles.deep(frame.before), roles.deep(frame.after))
            for before, after in {light, deep} - {("", "")}:
                self._rim(before, after).whole.add(number)
                for less in missing_one(before):
                    self._rim(less, after).torn.add(number)
                for less in missing_one(after):
                    self._rim(before, less).torn.add(number)
        return number

    def _rim(self, before: str, after: str) -> Rim:
        ending = self._endings
        for letter in reversed(after):
            ending = ending.further.setdefault(letter, _Ending())
        if len(before) not in ending.sizes:
            ending.sizes = sorted([*ending.sizes, len(before)])
        return ending.rims.setdefault(before, Rim(before, after, set(), set()))

    def around(self, text: str) -> Iterator[tuple[str, Rim]]:
        """Yield what may be the core of an official name that is the text or lacks a letter of it, and its rim."""
        ending: _Ending | None = self._endings
        end = len(text)
        while ending is not None:
            rims = ending.rims
            for size in ending.sizes:
                if size > end:
                    break
                rim = rims.get(text[:size])
                if rim is not None:
                    yield text[size:end], rim
            end -= 1
            ending = ending.further.get(text[end]) if end >= 0 else None
