"""How ordinary a piece of Chinese is: the cost in bits of the cheapest way to read it as words of a shipped list."""

from __future__ import annotations

from functools import cache, lru_cache

from xinka.engines.textguard.tables import load, load_words

_LONGEST = 4
#: What a character costs that no word list knows, in half bits; a foreign sign or letter costs less.
_UNKNOWN, _OTHER = 56, 24


@cache
def character_costs() -> dict[str, int]:
    """Map each character of the list to its cost as a word of its own, in half bits."""
    return {c: int(cost) for cost, characters in load("rarity").items() for c in characters}


@cache
def word_costs() -> dict[str, int]:
    """Map each word of the list to its cost: half bits, from about 10 (的) to 52."""
    costs = load_words()
    costs.update(character_costs())
    return costs


def rarity(character: str) -> int:
    """Return the cost of one character alone, in half bits."""
    return character_costs().get(character, _UNKNOWN)


def cost(text: str, extra: dict[str, int] | None = None) -> int:
    """Return the cost of the cheapest reading of a text; ``extra`` words stand beside the list."""
    if extra and not any(word in text for word in extra):
        extra = None
    return _cost(text, extra) if extra else _listed_cost(text)


@lru_cache(maxsize=8192)
def _listed_cost(text: str) -> int:
    return _cost(text, {})


def _cost(text: str, extra: dict[str, int]) -> int:
    known = word_costs().get
    best = [0]
    for end, last in enumerate(text, 1):
        cheapest = best[-1] + known(last, _UNKNOWN if "\u3400" <= last <= "\u9fff" else _OTHER)
        for start in range(end - _LONGEST if end > _LONGEST else 0, end - 1):
            word = known(text[start:end])
            if word is not None and best[start] + word < cheapest:
                cheapest = best[start] + word
        for word_text, word_cost in extra.items():
            if text.endswith(word_text, 0, end) and best[end - len(word_text)] + word_cost < cheapest:
                cheapest = best[end - len(word_text)] + word_cost
        best.append(cheapest)
    return best[-1]
