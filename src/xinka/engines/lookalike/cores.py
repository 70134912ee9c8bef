"""What of an official name is compared, worked out again from the name for the few that are candidates."""

from __future__ import annotations

from array import array
from typing import NamedTuple

from xinka.engines.lookalike import prepare, roles
from xinka.engines.lookalike.align import FIRST_WIDE
from xinka.engines.lookalike.frames import Frame, Frames
from xinka.engines.lookalike.packed import Texts

#: Shapes kept for the next time; more would let a large registry take several times its memory.
_MOST_KEPT = 16_000


class Shape(NamedTuple):
    """What of an official name is compared.

    Attributes:
        full: the whole name in light letters.
        core: the name without the role words at its ends.
        roles: the role words.
        limit: how much differences from the core may cost.
    """

    full: str
    core: str
    roles: tuple[str, ...]
    limit: float


#: How much differences may cost by the size of a core, 12 and more being one: of letters, and of Chinese characters.
_LIMITS, _LIMITS_HAN = (
    tuple(next(limit for longest, limit in steps if size <= longest) for size in range(13))
    for steps in (
        ((2, 0.0), (3, 0.35), (5, 0.95), (7, 1.1), (11, 1.25), (12, 1.8)),
        ((2, 0.0), (3, 0.35), (5, 0.68), (7, 0.85), (11, 1.05), (12, 1.5)),
    )
)


def limit_of(core: str) -> float:
    """Return how much differences from a core may cost: the longer it is, the more of them a reader overlooks."""
    if core.isascii():
        return _LIMITS[min(len(core), 12)]
    n_narrow = 0 if min(core) >= FIRST_WIDE else len([letter for letter in core if letter < FIRST_WIDE])
    return _LIMITS_HAN[min(2 * len(core) - n_narrow, 12)]


def shape_of(name: str) -> Shape:
    """Return what of an official name is compared."""
    steps = prepare.peel(prepare.plain_tokens(prepare.shorten(name)), added=False)
    last = next((step for step in reversed(steps) if step.core), steps[0])
    return Shape(steps[0].core, last.core, last.roles, limit_of(last.core))


def full_of(name: str) -> str:
    """Return a whole official name in light letters, as in its shape."""
    return roles.light("".join(prepare.plain_tokens(prepare.shorten(name))))


class Shapes:
    """The shapes of the official names by number; of each only its frame is kept, and whether it reads as written."""

    def __init__(self, names: Texts) -> None:
        """Make an empty store beside that of the names."""
        self.frames = Frames()
        self._names, self._packed = names, array("H")
        self._kept: dict[int, Shape] = {}

    def append(self, name: str, shape: Shape) -> None:
        """Add the shape of the next number and name."""
        before, _, after = shape.full.partition(shape.core)
        packed = self.frames.number_of(Frame(before, after, shape.roles)) * 2 + (name != shape.full)
        if packed >> 16 and self._packed.typecode == "H":
            self._packed = array("I", self._packed)
        self._packed.append(packed)

    def frame_number(self, number: int) -> int:
        """Return the number of the frame of a number."""
        return self._packed[number] >> 1

    def frame(self, number: int) -> Frame:
        """Return the frame of a number."""
        return self.frames[self._packed[number] >> 1]

    def full(self, number: int) -> str:
        """Return the whole name of a number in light letters."""
        name = self._names[number]
        return full_of(name) if self._packed[number] & 1 else name

    def __getitem__(self, number: int) -> Shape:
        """Return the shape of a number."""
        shape = self._kept.get(number)
        if shape is None:
            full, at = self.full(number), self._packed[number] >> 1
            core = full[self.frames.within[at]]
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            shape = self._kept[number] = Shape(full, core, self.frames[at].roles, limit_of(core))
        return shape

    def core(self, number: int) -> str:
        """Return the core of a number's shape, which is not kept."""
        return self.parts(number)[1]

    def parts(self, number: int) -> tuple[str, str]:
        """Return the whole name in light letters and its core: of most candidates nothing else is asked."""
        name, packed = self._names[number], self._packed[number]
        full = full_of(name) if packed & 1 else name
        return full, full[self.frames.within[packed >> 1]]
