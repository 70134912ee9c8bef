"""Bars as server-drawn SVG: one hue, three grid lines, a sentence and a table for those who cannot see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_LEFT: Final = 40.0
_WIDTH: Final = 312.0
_TOP: Final = 20.0
_BASE: Final = 148.0
#: Where the newest bar's value ends, and the width of one of its letters; both are those of the template's font.
_RIGHT: Final = 308.0
_LETTER: Final = 6.6


@dataclass(frozen=True)
class Bar:
    """One bar: its label, its value, and whether the value is settled (solid) or may still change (dashed)."""

    label: str
    value: float
    text: str = ""
    is_settled: bool = True


@dataclass(frozen=True)
class DrawnBar:
    """A bar with the place it takes in the drawing."""

    bar: Bar
    x: float
    y: float
    width: float
    height: float

    @property
    def outline(self) -> str:
        """The path of a bar that may still change: three sides, open at the base."""
        return f"M{self.x + 0.75:.1f} {_BASE:.0f}v-{self.height:.1f}h{self.width - 1.5:.1f}v{self.height:.1f}"


@dataclass(frozen=True)
class Chart:
    """Everything the template needs to draw."""

    bars: Sequence[DrawnBar]
    ticks: Sequence[tuple[float, str]]

    @property
    def last(self) -> DrawnBar | None:
        """The newest bar, the only one with its value written on it."""
        return self.bars[-1] if self.bars else None

    @property
    def last_text_y(self) -> float | None:
        """Where the newest bar's value is written: just above it; None where it would stand upon a taller bar."""
        if self.last is None:
            return None
        left = _RIGHT - len(self.last.bar.text) * _LETTER
        is_upon_taller = any(drawn.y < self.last.y for drawn in self.bars if drawn.x + drawn.width > left)
        return None if is_upon_taller else max(12.0, self.last.y - 5)


def draw(bars: Sequence[Bar]) -> Chart:
    """Place the bars between the axis and the newest on the right."""
    top = _round_up(max((bar.value for bar in bars), default=0.0))
    step = (_WIDTH - _LEFT - 4) / max(1, len(bars))
    width = min(28.0, step * 0.68)
    drawn = []
    for place, bar in enumerate(bars):
        height = max(0.0, bar.value) / top * (_BASE - _TOP)
        drawn.append(
            DrawnBar(
                bar, round(_LEFT + 2 + place * step, 1), round(_BASE - height, 1), round(width, 1), round(height, 1)
            )
        )
    ticks = [(_BASE, "0"), ((_BASE + _TOP) / 2, f"{top / 2:,.0f}"), (_TOP, f"{top:,.0f}")]
    return Chart(drawn, ticks)


def _round_up(value: float) -> float:
    """Return the next 2, 4, 6, 8 or 10 of the value's power of ten, so that half of it is a round number too."""
    if value <= 2:
        return 2.0
    power = 1.0
    while power * 10 < value:
        power *= 10
    return next(step * power for step in (2, 4, 6, 8, 10) if step * power >= value)
