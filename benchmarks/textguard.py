"""What textguard's rules, views and masking find and spare.

审核的规则、变体还原与打码认出多少、误伤多少。

``--data`` names a directory with ``evasion_cntp.jsonl.xz`` (ToxiBenchCN, MIT), which is not in the repository. The last
line is JSON. The listings are our own. Those of ``fresh_*`` were written after the rules; rules were widened after
their first run (docs/engines/textguard.md gives it), so neither set is held out any more.
"""

from __future__ import annotations

import json
import lzma
import platform
import random
import statistics
import zlib
from collections import defaultdict
from pathlib import Path
from typing import Any

from daachorse import CharwiseDoubleArrayAhoCorasick

from benchmarks.arguments import Arguments, whole
from benchmarks.textguard_contacts import negatives, positives
from benchmarks.textguard_evasion import FAMILIES
from benchmarks.textguard_speed import speed
from xinka.engines.textguard.guard import Guard
from xinka.engines.textguard.masking import find_masks
from xinka.engines.textguard.matcher import Matcher
from xinka.engines.textguard.model import Model
from xinka.engines.textguard.spellings import DEPTH, Term, plain
from xinka.engines.textguard.views import clean_view

OWN = Path(__file__).parent / "textguard_data"


def recovery(data: Path, rows_per_kind: int) -> dict[str, float]:
    """Measure evasion recovery with the terms of one half of the rows (split by the original text) as a pack."""
    with lzma.open(data / "evasion_cntp.jsonl.xz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    rows = [r for r in rows if zlib.crc32((r.get("original") or r["text"]).encode()) % 2]
    terms = sorted({e for r in rows for e in r.get("entities") or () if len(plain(e)) >= 2})
    matcher = Matcher([Term(plain(t), DEPTH["initials"]) for t in terms])
    exact = CharwiseDoubleArrayAhoCorasick(terms)
    kinds: defaultdict[str, list[str]] = defaultdict(list)
    for row in rows:
        kinds[row["category"]].append(row["text"])
    found: dict[str, float] = {"terms": len(terms)}
    for kind, texts in sorted(kinds.items()):
        chosen = random.Random(7).sample(texts, min(rows_per_kind, len(texts)))
        found[f"{kind}, raw"] = statistics.fmean(bool(exact.find_overlapping(t)) for t in chosen)
        found[kind] = statistics.fmean(bool(matcher.find(t)) for t in chosen)
    evaded = [k for k in kinds if k != "non_toxic"]
    found["mean of 8, raw"] = statistics.fmean(found[f"{k}, raw"] for k in evaded)
    found["mean of 8"] = statistics.fmean(found[k] for k in evaded)
    found["extra hits on harmless text"] = found["non_toxic"] - found["non_toxic, raw"]
    return found


def _lines(name: str) -> list[str]:
    lines = (OWN / name).read_text(encoding="utf-8").splitlines()
    return [line.split("\t")[-1] for line in lines if line and not line.startswith("#")]


def listings(guard: Guard, prefix: str = "") -> dict[str, float]:
    """Measure how many forbidden listings are stopped, plain and in each evasion, and how many lawful ones."""
    bad, good = _lines(f"{prefix}bad_listings.txt"), _lines(f"{prefix}lawful_listings.txt")
    stopped = {"block", "review"}

    def share(texts: list[str], decisions: set[str]) -> float:
        return statistics.fmean(guard.judge(t).decision in decisions for t in texts)

    found = {"bad": len(bad), "lawful": len(good), "plain": share(bad, stopped), "false alarms": share(good, stopped)}
    for name, write in FAMILIES.items():
        chance = random.Random(11)
        found[name] = share([write(t, chance) for t in bad], stopped)
    found["evaded, mean"] = statistics.fmean(found[name] for name in FAMILIES)
    blocked_bad, blocked_good = share(bad, {"block"}) * len(bad), share(good, {"block"}) * len(good)
    found["precision of block"] = blocked_bad / (blocked_bad + blocked_good) if blocked_bad + blocked_good else 1.0
    return found


def masking(n: int) -> dict[str, float]:
    """Measure masking on generated contacts: recall of the kind, exact spans, false alarms."""
    chance = random.Random(3)
    right = exact = n_masks = 0
    for text, start, end, kind in positives(chance, n):
        masks = find_masks(text, clean_view(text))
        n_masks += len(masks)
        right += any(m.kind == kind and m.start < end and start < m.end for m in masks)
        exact += any((m.start, m.end, m.kind) == (start, end, kind) for m in masks)
    false = statistics.fmean(bool(find_masks(t, clean_view(t))) for t in negatives(chance, n))
    return {"recall": right / n, "span F1": 2 * exact / (n + n_masks), "false alarms": false}


def main() -> None:
    """Print each figure beside its baseline, then everything as one JSON line."""
    options = Arguments(__file__, __doc__)
    options.add_argument("--data", type=Path, help="folder of the data sets / 数据集所在目录")
    options.add_argument("--rows", type=whole(1), default=400, help="rows of each kind of evasion / 每种变体取多少行")
    given = options.parse_args()
    guard = Guard(model=Model.load())
    bare = Guard(guard.rules.packs)
    results: dict[str, dict[str, Any]] = {
        "listings (tuned on)": listings(guard),
        "listings (fresh)": listings(guard, "fresh_"),
        "listings (fresh), rules alone": listings(bare, "fresh_"),
        "masking; baseline recall 0.842, false alarms 4.4 %": masking(3000),
    }
    for name, figures in speed(given.data, 3000).items():
        results[f"speed, {name}; baseline 11k/s, 1.2 ms"] = figures
    if given.data:
        results["evasion recovery; baseline 0.796, +11.7 points"] = recovery(given.data, given.rows)
    for name, figures in results.items():
        print(name)
        for figure, value in figures.items():
            print(f"  {figure:34} {value:10.4f}")
    print(f"{platform.machine()}, Python {platform.python_version()}")
    print(json.dumps(results, ensure_ascii=False))


if __name__ == "__main__":
    main()
