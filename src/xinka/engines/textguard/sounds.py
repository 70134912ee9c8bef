"""How a text sounds: each Han character and each syllable typed in letters becomes one code of the private area."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from functools import cache, lru_cache

from xinka.engines.textguard.signs import squeeze_table
from xinka.engines.textguard.tables import load
from xinka.engines.textguard.translating import Kept

_FIRST_CODE = 0xE000
_LONGEST_RUN = 60
_LONGEST_SYLLABLE = 6
_LETTERS = re.compile("[a-z]+")


def fuzzy(syllable: str) -> str:
    """Return the syllable that stands for all that are confused with it: zh/z, ch/c, sh/s, -ng/-n."""
    if syllable[:2] in {"zh", "ch", "sh"}:
        syllable = syllable[0] + syllable[2:]
    return syllable.removesuffix("g") if syllable.endswith("ng") and len(syllable) > 2 else syllable


@cache
def syllable_codes() -> dict[str, str]:
    """Map each syllable to its code; confused syllables share one."""
    syllables = [s for s in load("sounds") if any(v in s for v in "aeiouv")]
    groups = sorted({fuzzy(s) for s in syllables})
    codes = {group: chr(_FIRST_CODE + n) for n, group in enumerate(groups)}
    found = {s: codes[fuzzy(s)] for s in syllables}
    return (
        found
        | {s.replace("v", "u"): c for s, c in found.items() if s in {"lve", "nve"}}
        | {"lue": found["lve"], "nue": found["nve"]}
    )


@cache
def han_codes() -> dict[int, str]:
    """Map each Han character to the code of its first reading."""
    codes = syllable_codes()
    return {ord(c): codes[s] for s, characters in load("sounds").items() if s in codes for c in characters}


@cache
def sound_table() -> Kept:
    """Map Han characters to codes and drop signs, for one pass over a text."""
    return Kept(lambda: {**squeeze_table(), **han_codes()}, "sounds")


@lru_cache(maxsize=65536)
def syllables_of(run: str) -> tuple[str, ...] | None:
    """Split a run of letters into whole syllables, the longest first; None if it cannot be."""
    if len(run) > _LONGEST_RUN:
        return None
    known = syllable_codes()
    best: list[tuple[str, ...] | None] = [None] * len(run) + [()]
    for start in range(len(run) - 1, -1, -1):
        for end in range(min(len(run), start + _LONGEST_SYLLABLE), start, -1):
            rest = best[end]
            if rest is not None and run[start:end] in known:
                best[start] = (run[start:end], *rest)
                break
    return best[0]


@lru_cache(maxsize=65536)
def _run_codes(run: str) -> str:
    syllables = syllables_of(run)
    if syllables is None:
        return run
    codes = syllable_codes()
    return "".join([codes[s] for s in syllables])


def encode(text: str) -> str:
    """Return a clean text as codes; letters that are no pinyin stay, signs go."""
    table = sound_table()
    return table.change(_LETTERS.sub(lambda run: _run_codes(run[0]), text))  # it leaves codes as they are


def encode_common(text: str) -> str:
    """Return ``encode(text)`` of a squeezed text without letters and characters beyond the basic plane."""
    return sound_table().change_common(text)


def encoded_offsets(text: str) -> tuple[Sequence[int], Sequence[int]]:
    """Return where each character of ``encode(text)`` came from."""
    kept = sound_table().starts(text)  # as if all letters stayed
    starts: list[int] = []
    ends: list[int] = []
    begin = 0
    for run in _LETTERS.finditer(text):
        syllables = syllables_of(run[0])
        if not syllables:
            continue
        at = run.start()
        stop = bisect_left(kept, at, begin)
        starts += kept[begin:stop]
        ends += [place + 1 for place in kept[begin:stop]]
        begin = stop + len(run[0])
        for syllable in syllables:
            starts.append(at)
            at += len(syllable)
            ends.append(at)
    return [*starts, *kept[begin:]], [*ends, *(place + 1 for place in kept[begin:])]
