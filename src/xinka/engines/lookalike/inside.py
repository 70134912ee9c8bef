"""Is a brand inside a longer label meant? What stands beside it, and whether all is another word or name."""

from __future__ import annotations

import re

from xinka.engines.lookalike import beside, endings, known, pinyin, roles, tables
from xinka.engines.lookalike.hosts import Host

#: A brand of so many letters inside a longer label is no chance.
LONG_INSIDE = 6
PIECES = re.compile(r"[-_.\d]+")
#: Among so many words that lure nobody a brand is only spoken of.
_SEVERAL = 3
#: The longest ending that makes another form of a word: discord, discordant.
_LONGEST_ENDING = 4
#: So short a word that is none is an abbreviation, which says nothing.
_ABBREVIATION = 3


def fold(label: str) -> str:
    """Return a label in light letters, its hyphens kept."""
    return roles.light("-".join(part.translate(tables.fold()).replace(" ", "") for part in label.split("-")))


def is_meant(front: str, back: str, brand: str, host: Host) -> bool:
    """Say whether a brand between two texts in light letters, which are the rest of a host's label, is meant."""
    words = [word for part in (front, back) for word in PIECES.split(part) if word]
    if host.suffix in endings.COMMON and len(words) == 1 and beside.is_machine(words[0], hyphen="-" in host.label):
        return False
    plain = _plain_words(front, back, host.label)
    if _is_inflected(brand, host.label) or _is_within_a_word(brand, host):
        return False
    if beside.is_everydays(brand):
        return beside.asks(words) or any(len(word) > 1 and beside.is_lure(word) for word in words)
    if _all_lure(words, plain, brand, host.label):
        return len(brand) >= LONG_INSIDE or not _is_grown(brand, host.label)
    if host.suffix not in endings.CHEAP and (_is_elsewhere(words, plain, brand, host) or _is_a_sentence(words)):
        return False
    if (not front or front[-1] in "-_") and (not back or back[0] in "-_"):
        return host.suffix not in endings.COMMON or not _is_phrase(brand, host.label)
    return len(brand) >= LONG_INSIDE and host.suffix not in endings.COMMON


def _all_lure(words: list[str], plain: list[str], brand: str, label: str) -> bool:
    """Say whether every word beside a brand lures, or there are only digits; one may stand for a letter or itself."""
    if all(beside.is_lure(fold(word), word) for word in plain):
        return bool(plain) or brand in label
    return any(map(str.isdigit, label)) and all(map(beside.is_lure, words))


def _plain_words(front: str, back: str, label: str) -> list[str]:
    """Return the words of two texts in light letters as they stand in the label; as they are where it was folded."""
    if label.isascii() and len(fold(label)) == len(label):
        front, back = label[: len(front)], label[len(label) - len(back) :]
    return [word for part in (front, back) for word in PIECES.split(part) if word]


def _is_elsewhere(words: list[str], plain: list[str], brand: str, host: Host) -> bool:
    """Say whether words beside a brand make the name of somebody else, or are what programmers put there."""
    if beside.name_somebody_else(words) or (brand in host.label and pinyin.names_another_firm(brand, plain)):
        return True
    if endings.is_shared(host.suffix):
        return beside.is_of_programmers(plain) or _is_brand_among_words(brand, host.label)
    return endings.is_national(host.suffix) and _is_brand_among_words(brand, host.label)


def _is_grown(brand: str, label: str) -> bool:
    """Say whether a label is a brand with single letters before and behind, and so likelier another word: camelia."""
    front, _, back = label.partition(brand)
    return front.isalpha() and back.isalpha() and len(front) == len(back) == 1


def _is_a_sentence(words: list[str]) -> bool:
    """Say whether a brand is one among several words that lure nobody, as in the names that machines are given."""
    return len(words) >= _SEVERAL and not any(map(beside.is_lure, words))


def _is_inflected(brand: str, label: str) -> bool:
    """Say whether a label is another form of a brand that is a common word: notions, discordant."""
    ending = label.removeprefix(brand)
    return 0 < len(ending) <= _LONGEST_ENDING and ending.isalpha() and known.is_word(brand) and known.is_word(label)


def _is_brand_among_words(brand: str, label: str) -> bool:
    """Say whether a brand that is a common word stands beside common words that lure nobody, also written as one.

    An ending of a few letters makes it a word of another language (``amazonia``), an abbreviation says nothing.
    """
    if not known.is_word(brand) or brand not in label:
        return False
    words = [word for word in PIECES.split(label.replace(brand, "-", 1)) if word]
    if _is_ending(label.partition(brand)[2]):
        return not any(beside.is_lure(fold(word), word) for word in words if len(word) > 1)
    return all(beside.is_harmless(word) or _says_nothing(word) for word in words) and any(
        map(beside.is_harmless, words)
    )


def _says_nothing(word: str) -> bool:
    return 1 < len(word) <= _ABBREVIATION and not beside.is_lure(fold(word))


def _is_ending(text: str) -> bool:
    """Say whether a text glued behind a word may be the ending of another."""
    ending = PIECES.split(text)[0]
    return 1 < len(ending) <= _ABBREVIATION and ending.isalpha() and ending not in endings.COMMON


def _is_within_a_word(brand: str, host: Host) -> bool:
    """Say whether a brand is only a piece of a longer common word, and nothing beside it lures: canvas."""
    pieces = [piece for piece in PIECES.split(host.label) if piece]
    holding = [piece for piece in pieces if brand in piece]
    if len(holding) != 1 or any(beside.is_lure(fold(piece)) for piece in pieces if piece not in holding):
        return False
    (piece,) = holding
    if beside.is_long_lure(piece.replace(brand, "", 1)):
        return False  # whatever the filter of words says by chance
    if known.is_word(piece):
        return piece != brand and (len(pieces) == 1 or endings.is_ordinary(host.suffix))
    ordinary = endings.is_ordinary(host.suffix)
    return ordinary and any(_holds(brand, piece[:at], piece[at:]) for at in range(3, len(piece) - 2))


def _holds(brand: str, one: str, other: str) -> bool:
    """Say whether two texts are common words, one of which is longer than a brand and holds it, the other no lure."""
    longer, shorter = (one, other) if brand in one else (other, one)
    return (
        brand in longer != brand
        and not beside.is_lure(fold(shorter))
        and known.is_word(longer)
        and known.is_word(shorter)
    )


def _is_phrase(brand: str, label: str) -> bool:
    """Say whether a short brand that is a common word stands beside others that lure nobody, as in ``apple-pie``."""
    words = [word for word in PIECES.split(label) if word and word != brand]
    return (
        len(brand) < LONG_INSIDE
        and known.is_word(brand)
        and all(known.is_word(word) and not beside.is_lure(fold(word)) for word in words)
    )
