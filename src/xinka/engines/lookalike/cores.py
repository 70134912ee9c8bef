"""What of an official name is compared, and the compact store of it for all of them."""

from __future__ import annotations

from array import array
from typing import NamedTuple

from xinka.engines.lookalike import prepare
from xinka.engines.lookalike.align import FIRST_WIDE

#: Shapes kept unpacked for the next time; more would let a large registry take several times its memory.
_MOST_KEPT = 50_000


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
    return _LIMITS_HAN[min(2 * len(core) - sum(letter < FIRST_WIDE for letter in core), 12)]


def shape_of(name: str) -> Shape:
    """Return what of an official name is compared."""
    steps = prepare.peel(prepare.plain_tokens(prepare.shorten(name)), added=False)
    last = next((step for step in reversed(steps) if step.core), steps[0])
    return Shape(steps[0].core, last.core, last.roles, limit_of(last.core))


class Shapes:
    """The shapes of the official names by number, packed into one block of bytes: a tenth of what objects take."""

    def __init__(self) -> None:
        self._packed, self._ends = bytearray(), array("Q", (0,))
        self._kept: dict[int, Shape] = {}

    def append(self, shape: Shape) -> None:
        """Add the shape of the next number."""
        text = "\0".join((shape.full, shape.core, *shape.roles))
        self._packed += text.encode("utf-8", "surrogatepass")
        self._ends.append(len(self._packed))

    def __getitem__(self, number: int) -> Shape:
        """Return the shape of a number."""
        shape = self._kept.get(number)
        if shape is None:
            packed = self._packed[self._ends[number] : self._ends[number + 1]]
            full, core, *claimed = packed.decode("utf-8", "surrogatepass").split("\0")
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            shape = self._kept[number] = Shape(full, core, tuple(claimed), limit_of(core))
        return shape
