"""Measures listings on one blind set: ``python -m benchmarks.textguard_blind blind1 [--model] [--show]``.

The disguises are not those of ``textguard_evasion`` and hold other pairs than the guard's tables were tried with.
"""

from __future__ import annotations

import argparse
import random
import statistics
from collections import Counter, defaultdict
from pathlib import Path

from benchmarks.textguard_disguises import FAMILIES
from xinka.engines.textguard.guard import Guard
from xinka.engines.textguard.model import Model

OWN = Path(__file__).parent / "textguard_data"
STOPPED = {"block", "review"}


def rows(name: str) -> list[tuple[str, str]]:
    """Return (category, text) of each line of a set; the category is empty where there is none."""
    lines = (OWN / name).read_text(encoding="utf-8").splitlines()
    split = (line.rpartition("\t") for line in lines if line and not line.startswith("#"))
    return [(category, text) for category, _, text in split]


def disguised(texts: list[str], seed: int = 23) -> list[tuple[str, str]]:
    """Return each text in one family of disguise, the families in turn, as (family, text)."""
    chance = random.Random(seed)
    names = list(FAMILIES)
    return [(names[n % len(names)], FAMILIES[names[n % len(names)]](t, chance)) for n, t in enumerate(texts)]


def measure(guard: Guard, name: str, show: bool = False) -> dict[str, float]:
    """Return recall plain and evaded, false alarms, and the precision of ``block`` over all of them."""
    bad, good = rows(f"{name}_bad_listings.txt"), rows(f"{name}_lawful_listings.txt")
    decisions = [guard.judge(text).decision for _, text in bad]
    evaded = disguised([text for _, text in bad])
    behind = [guard.judge(text).decision for _, text in evaded]
    lawful = [guard.judge(text) for _, text in good]
    by_family: defaultdict[str, list[bool]] = defaultdict(list)
    for (family, _), decision in zip(evaded, behind, strict=True):
        by_family[family].append(decision in STOPPED)
    if show:
        _show(bad, decisions, evaded, behind)
        for (_, text), verdict in zip(good, lawful, strict=True):
            if verdict.decision in STOPPED:
                print(
                    "ALARM", verdict.decision, text, [(h.rule.id, text[h.start : h.end], h.view) for h in verdict.hits]
                )
    blocked = sum(d == "block" for d in decisions + behind)
    wrongly = sum(v.decision == "block" for v in lawful)
    return {
        "bad": len(bad),
        "lawful": len(good),
        "recall, plain": statistics.fmean(d in STOPPED for d in decisions),
        "recall, evaded": statistics.fmean(d in STOPPED for d in behind),
        "false alarms": statistics.fmean(v.decision in STOPPED for v in lawful),
        "precision of block": blocked / (blocked + wrongly) if blocked + wrongly else 1.0,
        **{f"evaded: {family}": statistics.fmean(found) for family, found in by_family.items()},
    }


def _show(bad: list[tuple[str, str]], decisions: list[str], evaded: list[tuple[str, str]], behind: list[str]) -> None:
    missed = Counter(c for (c, _), d in zip(bad, decisions, strict=True) if d not in STOPPED)
    print(dict(missed))
    for (category, text), decision in zip(bad, decisions, strict=True):
        if decision not in STOPPED:
            print("MISS", category, text)
    for (family, text), plain, decision in zip(evaded, decisions, behind, strict=True):
        if plain in STOPPED and decision not in STOPPED:
            print("EVADED", family, text)


def main() -> None:
    """Print the figures of each named set, rules alone or with the model."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("sets", nargs="+")
    options.add_argument("--model", action="store_true", help="with the model beside the rules")
    options.add_argument("--show", action="store_true", help="name what was missed and what was stopped wrongly")
    given = options.parse_args()
    guard = Guard(model=Model.load() if given.model else None)
    for name in given.sets:
        print(name)
        for figure, value in measure(guard, name, given.show).items():
            print(f"  {figure:28} {value:8.4f}")


if __name__ == "__main__":
    main()
