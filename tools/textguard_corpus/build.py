"""Puts the labelled rows together: grammars, written lines, their disguised forms, two permissively licensed sets."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

from tools.textguard_corpus.evasion import Tricks
from tools.textguard_corpus.grammar import Grammar
from tools.textguard_corpus.lines import earlier_lines, read_lines, weighed
from tools.textguard_corpus.longer_rows import read_packed
from tools.textguard_corpus.rows import HAND, WRITTEN, Row
from tools.textguard_corpus.words import Words

GRAMMARS = Path(__file__).parent / "grammars"
#: Which voices speak for each task, as bad and as harmless text, and how often a sentence of each is drawn.
VOICES: dict[str, dict[str, dict[str, int]]] = {
    "listing": {
        "bad": {"bad": 70, "ads": 25, "live": 6, "scam": 4},
        "good": {"good": 110, "honest": 20, "chat": 12},
    },
    "chat": {
        "bad": {
            "live": 80,
            "ads": 40,
            "sms": 40,
            "scam": 60,
            "bad": 14,
            "scam.loose": 220,
            "live.sign": 130,
            "sms.parts": 220,
        },
        "good": {"chat": 70, "honest": 55, "good": 25, "honest.ads3": 240},
    },
}
#: Messages are often passed on with their numbers crossed out.
ANONYMOUS = ("honest", "sms", "ads")
#: What a harmless and a bad row of any other source weighs beside a line written by hand: grammars repeat themselves.
OTHERS = {"listing": (0.015, 0.015), "chat": (3.6, 1.0)}
SALAD = {"listing": 4000, "chat": 9000}


def rows_of(task: str, grammar: Grammar, words: Words, permissive: Path, seed: int = 7) -> list[Row]:
    """Return all rows to train one task with; the same seed gives the same rows."""
    chance = random.Random(f"{task} {seed}")  # noqa: S311 - repeatable text, no secret
    tricks = Tricks(words.readings, words.characters)
    rows: dict[str, Row] = {}
    for row in _written(task, tricks, seed):
        rows.setdefault(row.text, row)
    for row in _drawn(task, grammar, tricks, chance):
        rows.setdefault(row.text, row)
    for at in range(SALAD[task]):
        rows.setdefault(text := words.salad(chance), Row(text, 0, f"salad {at % 50}", "own"))
    if task == "chat":
        for row in (*_dialogues(permissive, chance), *_comments(permissive)):
            rows.setdefault(row.text, row)
    found = [row if row.source == WRITTEN else replace(row, weight=OTHERS[task][row.label]) for row in rows.values()]
    return sorted(found, key=lambda row: (row.sentence, row.text))


def _written(task: str, tricks: Tricks, seed: int) -> Iterator[Row]:
    """The lines written by hand, then the sets that are no longer blind."""
    for line, weight in weighed(read_lines() + earlier_lines(), task, tricks, seed):
        yield Row(line.text, line.label, f"{HAND}{line.writer}", WRITTEN, weight)


def _drawn(task: str, grammar: Grammar, tricks: Tricks, chance: random.Random) -> Iterator[Row]:
    for name, sentences in grammar.rules.items():
        voice = name.partition(".")[0]
        for label, side in ((1, "bad"), (0, "good")):
            for number in range(_times(task, side, name)):
                for sentence in sentences:
                    text = grammar.expand(sentence, chance)
                    if voice in ANONYMOUS and chance.random() < 0.15:
                        text = re.sub(r"\d", "x", text)
                    yield Row(_worn(text, label, number, grammar, tricks, chance), label, f"{name} {sentence}", "own")


def _times(task: str, side: str, name: str) -> int:
    """Return how often each sentence of a rule is drawn; lists of words never are."""
    counts = VOICES[task][side]
    return counts.get(name, counts.get(name.partition(".")[0], 0)) if "." in name else 0


def _worn(text: str, label: int, number: int, grammar: Grammar, tricks: Tricks, chance: random.Random) -> str:
    """Disguise half of the bad texts and add noise to half of the harmless ones."""
    if label == 0:
        return tricks.noise(text, chance) if number % 2 else text
    if chance.random() < 0.12:
        text = chance.choice(("", grammar.draw("chat.short", chance) + " ")) + text + grammar.draw("chat.talk", chance)
    if chance.random() < 0.3 and len(text) > 10:
        text += chance.choice((" ", "，", "！", "")) + grammar.draw("auto", chance)
    return tricks.evade(text, chance) if number % 2 else text


def _dialogues(folder: Path, chance: random.Random) -> Iterator[Row]:
    """Stretches of TeleAntiFraud (Apache-2.0): what the caller says, in ordinary calls also the other side."""
    for number, call in enumerate(read_packed(folder / "teleantifraud_dialogues.jsonl.xz")):
        label, turns = int(str(call["label"])), cast("list[list[str]]", call["turns"])
        said = [turn[1] for turn in turns if turn[0] == "caller"]
        length = chance.choice((1, 2, 2, 3)) + label
        start = chance.randrange(max(1, len(said) - length))
        sentence = f"teleantifraud {number // 20}"
        yield Row(" ".join(said[start : start + length]), label, sentence, "TeleAntiFraud")
        if label == 0:
            yield from (Row(turn[1], 0, sentence, "TeleAntiFraud") for turn in chance.sample(turns, min(3, len(turns))))


def _comments(folder: Path) -> Iterator[Row]:
    """Ordinary comments of ToxiBenchCN (MIT), those marked harmless."""
    for number, row in enumerate(read_packed(folder / "evasion_cntp.jsonl.xz")):
        if row["label"] == 0:
            yield Row(str(row["text"]), 0, f"cntp {number}", "ToxiBenchCN")
