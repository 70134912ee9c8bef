"""Reads a text in the order a reader reads it in, where its layout hides that order from whoever reads in a row.

Sellers write from top to bottom, in columns, in the cells of a table, in boxes, in lines of two characters between
rules, or each character twice. A reader sees through that at once; a row of characters with signs between them reads
to rules as something spread out and to the model as a hidden contact, also where it is lawful. What is undone here is
only left out or put in another order, so each character keeps its place in the original.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain, groupby, pairwise, zip_longest

from xinka.engines.textguard import plausible
from xinka.engines.textguard.signs import ranges, squeeze_table
from xinka.engines.textguard.views import View

#: Longer texts are read as they stand.
LONGEST_READ = 20_000
#: So many characters, each alone between signs, are cells; so many of them must be Han, or Latin: sizes are not.
FEWEST_CELLS, _FEWEST_HAN, _FEWEST_LATIN = 4, 3, 8
#: Lines of at most so many characters, on average and each, are pieces of a sentence if there are so many of them, or
#: lines of signs between them.
_MEAN_LINE, _LONGEST_LINE, _FEWEST_LINES = 4, 6, 4
#: So much of a text must stand in repetitions of one length for it to be a text in which each character is repeated.
_REPEATED, _MOST_TIMES = 0.9, 4
#: Larger grids are read in rows: comparing the orders takes time.
_LARGEST_GRID = 400
#: Of lines without spaces, columns must cost so much less than rows do, as words of a list.
_CLEARLY = 0.9

_LINE, _SHOWN = re.compile(r"[^\n]+"), re.compile(r"\S")
_SPACED = re.compile(r"\S(?: \S)+").fullmatch
#: Lines of single characters with a space between, and lines of three and more without one.
_SPACED_LINES = re.compile(r"\S(?: +\S)+(?: *\n *\S(?: +\S)*)+").fullmatch
_IN_LINES = re.compile(r"\S{3,}(?:\n\S{2,})+").fullmatch
_HAN, _LATIN = re.compile("[\u3400-\u9fff]"), re.compile("[a-z]")
#: Four different letters in a row, each at least twice.
_QUICKLY_REPEATED = re.compile("".join(rf"([^\W\d_])\{n}{{1,7}}+(?!\{n})" for n in range(1, 5))).search

#: Where the characters of a text as read stand in the text before.
Places = Sequence[int]


@cache
def _signs() -> str:
    """Return what stands in the brackets of a regular expression for signs and spaces."""
    return ranges(map(chr, squeeze_table())) + r"\s"


@cache
def _letters() -> re.Pattern[str]:
    return re.compile(f"[^{_signs()}]+")


@cache
def _cells() -> re.Pattern[str]:
    """Find a row of cells: single characters with signs between."""
    signs = _signs()
    return re.compile(f"(?<![^{signs}])[^{signs}](?:[{signs}]+[^{signs}](?![^{signs}])){{{FEWEST_CELLS - 1},}}")


def _are_cells(row: str) -> bool:
    """Say whether a row of single characters is words in cells; as one with spaces only the model knows it already."""
    return _has_words(row) and not _SPACED(row)


def _has_words(text: str) -> bool:
    return len(_HAN.findall(text)) >= _FEWEST_HAN or len(_LATIN.findall(text)) >= _FEWEST_LATIN


def as_read(clean: View) -> View:
    """Return a clean view in the order in which it is read; the same view if its layout hides nothing."""
    if len(clean.text) > LONGEST_READ:
        return clean
    for undo in (_without_columns, _without_cells, _without_breaks, _without_repetition):
        places = undo(clean.text)
        if places is not None:
            clean = reordered(clean, places) if undo is _without_columns else chosen(clean, places)
    return clean


def chosen(view: View, places: Places) -> View:
    """Return the view that has the characters of another at some places, which ascend."""
    text = view.text
    return view.derive(view.name, "".join([text[at] for at in places]), lambda: (places, [at + 1 for at in places]))


def reordered(view: View, places: Places) -> View:
    """Return the view that has the characters of another at some places, in any order."""
    text = view.text
    return View(view.name, "".join([text[at] for at in places]), lambda: (places, [at + 1 for at in places]), view)


def _without_cells(text: str) -> Places | None:
    """Read rows of cells together: ``收|微|信``, ``【收】【微】【信】``, one character a line."""
    places: list[int] = []
    begin = 0
    for row in _cells().finditer(text):
        if _are_cells(row[0]):
            before, after = _framed(text, row.span())
            places += range(begin, before)
            places += [row.start() + at for at in _read_cells(row[0])]
            begin = after
    return [*places, *range(begin, len(text))] if begin else None


def _framed(text: str, row: tuple[int, int]) -> tuple[int, int]:
    """Return where a row of cells begins and ends with its frame: the signs around it that also stand between cells."""
    start, end = row
    frame = set(_letters().sub("", text[start:end]))
    while start and text[start - 1] in frame:
        start -= 1
    while end < len(text) and text[end] in frame:
        end += 1
    return start, end


def _read_cells(row: str) -> Places:
    """Return the places of a row of cells without the gaps; of a gap wider than usual a space is kept."""
    cells = [match.start() for match in _letters().finditer(row)]
    gaps = [row[a + 1 : b] for a, b in pairwise(cells)]
    usual = Counter(gaps).most_common(1)[0][0]
    read = [cells[0]]
    for gap, before, cell in zip(gaps, cells, cells[1:], strict=False):
        if "\n" not in gap and gap.count(" ") > usual.count(" "):
            read.append(before + 1 + gap.index(" "))
        read.append(cell)
    return read


def _is_grid(widths: list[int]) -> bool:
    """Say whether lines have one width; the last ones may be narrower by one."""
    return len(widths) > 1 and widths[0] > 1 and widths[0] - widths[-1] <= 1 and widths == sorted(widths, reverse=True)


def _without_columns(text: str) -> Places | None:
    """Read lines of one width in columns if that makes more words; their characters may have spaces between them."""
    if "\n" not in text or len(text) > _LARGEST_GRID:
        return None
    lines = [[match.start() for match in _SHOWN.finditer(text, *match.span())] for match in _LINE.finditer(text)]
    is_spaced = _SPACED_LINES(text) is not None
    if not _is_grid([len(line) for line in lines]) or not (is_spaced or _IN_LINES(text)):
        return None
    rows = list(chain.from_iterable(lines))
    read = _cheapest_order(text, lines, 1.0 if is_spaced else _CLEARLY)
    return None if read == rows and not is_spaced else read


def _cheapest_order(text: str, lines: list[list[int]], clearly: float) -> Places:
    """Return the places of a grid by rows, or by columns from the left or the right if that makes more words.

    Args:
        text: what holds the grid.
        lines: the places of each line.
        clearly: the share of what rows cost that columns must cost less than.
    """
    rows = list(chain.from_iterable(lines))
    costs = [(_cost(text, rows) * clearly, rows)]
    costs += [(_cost(text, order), order) for order in map(list, _by_columns(lines))]
    return min(costs, key=lambda known: known[0])[1]


def _by_columns(lines: list[list[int]]) -> Iterator[Iterator[int]]:
    for way in (1, -1):
        columns = zip_longest(*lines) if way == 1 else reversed(list(zip_longest(*lines)))
        yield (place for column in columns for place in column if place is not None)


def _cost(text: str, places: Places) -> int:
    return plausible.cost("".join([text[at] for at in places]))


def _without_breaks(text: str) -> Places | None:
    """Read lines of two or three characters together, also with lines of signs between them."""
    n_breaks = text.count("\n")
    if n_breaks < 2 or not _has_words(text):
        return None
    spans = [line.span() for line in _LINE.finditer(text) if _letters().search(text, *line.span())]
    sizes = [len(text[start:end].strip()) for start, end in spans]
    is_ruled = 1 < len(spans) <= n_breaks
    if not sizes or max(sizes) > _LONGEST_LINE or sum(sizes) > _MEAN_LINE * len(sizes):
        return None
    if len(sizes) < _FEWEST_LINES and not is_ruled:
        return None
    return [at for start, end in spans for at in range(start, end)]


def _without_repetition(text: str) -> Places | None:
    """Read a text once in which each character stands two, three or four times in a row."""
    if not _QUICKLY_REPEATED(text):
        return None
    groups = [list(places) for _, places in groupby(range(len(text)), lambda at: text[at])]
    lengths = [len(group) for group in groups if _letters().match(text[group[0]])]
    for times in range(_MOST_TIMES, 1, -1):
        if sum(n for n in lengths if n % times == 0) >= _REPEATED * sum(lengths):
            return [at for group in groups for at in (group[::times] if len(group) % times == 0 else group)]
    return None
