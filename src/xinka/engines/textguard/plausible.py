"""How ordinary a piece of Chinese is: the cost in bits of the cheapest way to read it as words of a shipped list."""

from __future__ import annotations

from functools import cache

from xinka.engines.textguard.tables import load

_LONGEST = 4
#: What a character costs that no word list knows, in half bits; a foreign sign or letter costs less.
_UNKNOWN, _OTHER = 56, 24


@cache
def word_costs() -> dict[str, int]:
    """Map each word of the list to its cost: half bits, from about 10 (的) to 52."""
    costs: dict[str, int] = {}
    for length, levels in load("words").items():
        n = int(length)
        for cost, joined in levels.items():
            costs.update(dict.fromkeys([joined[i : i + n] for i in range(0, len(joined), n)], int(cost)))
    return costs


def rarity(character: str) -> int:
    """Return the cost of one character alone, in half bits."""
    return word_costs().get(character, _UNKNOWN)


def cost(text: str, extra: dict[str, int] | None = None) -> int:
    """Return the cost of the cheapest reading of a text; ``extra`` words stand beside the list."""
    known = word_costs().get
    best = [0]
    for end in range(1, len(text) + 1):
        last = text[end - 1]
        cheapest = best[end - 1] + known(last, _UNKNOWN if "\u3400" <= last <= "\u9fff" else _OTHER)
        for start in range(max(0, end - _LONGEST), end - 1):
            word = known(text[start:end])
            if word is not None and best[start] + word < cheapest:
                cheapest = best[start] + word
        if extra:
            for word_text, word_cost in extra.items():
                start = end - len(word_text)
                if start >= 0 and text.startswith(word_text, start) and best[start] + word_cost < cheapest:
                    cheapest = best[start] + word_cost
        best.append(cheapest)
    return best[-1]
