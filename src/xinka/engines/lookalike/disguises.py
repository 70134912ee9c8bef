"""How role words and added words are misspelt and written in other characters: worked out here, shipped as a table."""

from __future__ import annotations

from collections import defaultdict

from xinka.engines.lookalike import known, roles, tables, world

#: How likely a character stands for one of its parts, beside likelier readings.
_PART = 0.1


def worked_out() -> tables.Disguises:
    """Return what ``tools.lookalike`` writes into the shipped table; takes a fifth of a second."""
    han, latin = roles.HAN_ROLES.split(), roles.LATIN_ROLES.split()
    exact = roles.exact_roles()
    alike = sorted(_alike_to_role_letters("".join(han)).items())
    fillers = {roles.light(word) for word in [*roles.HAN_FILLERS.split(), *roles.LATIN_FILLERS.split()]}
    fillers |= {roles.light(roles.folded(word)) for word in world.WORLD_FILLERS.split()}
    disguised: dict[str, str] = {}
    for word in [*han, *latin]:
        light = roles.light(word)
        for typo in _typos_latin(light) | _written_in_units(light) if word in latin else _typos_han(word):
            if typo not in exact and typo not in fillers and (len(word) > 5 or not known.is_word(typo)):
                disguised.setdefault(typo, word)
    for word in roles.LATIN_FILLERS.split():
        if len(word) > 5:
            fillers |= _typos_latin(roles.light(word))
    every = [*exact, *disguised]
    return tables.Disguises(
        written="".join(other for other, _ in alike),
        likeliest="".join(meant[0] for _, meant in alike),
        next="".join(meant[:2][-1] for _, meant in alike),
        disguised=dict(sorted(disguised.items())),
        fillers=sorted(fillers),
        beginnings=sorted({_gate(word, front=True) for word in every}),
        ends=sorted({_gate(word, front=False) for word in every}),
    )


def _gate(word: str, *, front: bool) -> str:
    """Return the letters at an end of a word that are looked at first: four, of Han characters two."""
    length = 4 if word[0 if front else -1].isascii() else 2
    return word[:length] if front else word[-length:]


def _alike_to_role_letters(letters: str) -> dict[str, list[str]]:
    """Return for characters that look or sound like one of a role word which, the likeliest first."""
    best: dict[str, dict[str, float]] = defaultdict(dict)
    near, sounds = tables.table().near, tables.table().sound
    wanted = dict.fromkeys(letters)
    spoken: dict[str, str] = {}
    for letter in wanted:
        for reading in tables.sounds_of(letter)[:1]:
            spoken.setdefault(reading[:-1], letter)
    for other, readings in sounds.items():
        for place, reading in enumerate(readings.split()):
            if (meant := spoken.get(reading[:-1])) is not None:
                best[other][meant] = max(best[other].get(meant, 0.0), 0.6 - place / 10 + _weight(meant))
    for other, (targets, chances) in near.items():
        likely = [(one, chance) for one, chance in zip(targets, chances, strict=True) if one in wanted and chance >= 12]
        for target, chance in likely:
            best[other][target] = max(best[other].get(target, 0.0), chance / 100 + _weight(target))
    for meant in wanted:
        for other in tables.holders_of(meant):  # 吣 is read as 心
            best[other].setdefault(meant, _PART + _weight(meant))
    return {other: sorted(meant, key=lambda one: -meant[one]) for other, meant in best.items() if other not in wanted}


def _weight(letter: str) -> float:
    """Return how much a letter of the most copied words is preferred."""
    return 1.0 if letter in "客服官方" else 0.5 if letter in "中心安全" else 0.0


def _typos_han(word: str) -> set[str]:
    if len(word) > 4:
        return set()
    doubled = {word[: at + 1] + word[at:] for at in range(len(word))}
    swapped = {word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in range(len(word) - 1)}
    stuffed = {word[:at] + particle + word[at:] for at in range(1, len(word)) for particle in roles.PARTICLES}
    return doubled | swapped | stuffed - {word}


def _typos_latin(word: str) -> set[str]:
    if len(word) < 4:
        return set()
    letters = "abcdefghjklmnoprstuwxyz"
    missing = {word[:at] + word[at + 1 :] for at in range(len(word))}
    swapped = {word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in range(len(word) - 1)}
    wrong = {word[:at] + letter + word[at + 1 :] for at in range(len(word)) for letter in letters}
    more = {word[:at] + letter + word[at:] for at in range(len(word) + 1) for letter in letters}
    return missing | swapped | wrong | more - {word}


def _written_in_units(word: str) -> set[str]:
    return {word.replace(letter, unit) for unit, letter in roles.UNITS if letter in word}
