"""What textguard finds and spares in blind sets.

审核在盲测集上认出多少、误伤多少。

A set holds bad and lawful listings, and may hold talk (swindlers; people of every day) and spam (advertisers in groups;
groups). Each is measured by decision, and by score: how many bad texts lie above the score that 1 % of the lawful ones
reach. With ``--among`` each text stands, at any place, among so many lawful lines of the same set; ``--show`` names
what was missed. The disguises are not those of ``textguard_evasion``, and no table of the guard was tried with their
pairs. With ``--later`` every text, bad and lawful, is measured in each family of ``textguard_later_disguises``.

A set may also hold longer lawful texts (pages, rules, notices, dialogues, complaints, warnings, news). Those are judged
as listings and as talk; what is stopped wrongly is counted, of all and of each kind. Longer bad texts (``bad_long_…``)
are offers or talk and judged as such; by score they are measured against the longer lawful ones.
"""

from __future__ import annotations

import random
import statistics
from collections import Counter, defaultdict
from pathlib import Path

from benchmarks.arguments import Arguments, whole
from benchmarks.textguard_disguises import FAMILIES
from benchmarks.textguard_later_disguises import LATER_FAMILIES
from xinka.engines.textguard.guard import Guard, Verdict
from xinka.engines.textguard.model import SHIPPED, Model, Task

OWN = Path(__file__).parent / "textguard_data"
STOPPED = {"block", "review"}
#: The parts a set may have, and the task each is judged as.
PARTS: dict[str, Task] = {"listings": "listing", "talk": "chat", "spam": "chat"}
#: What longer lawful texts are judged as, with the part that holds the longer bad ones of the task.
LONG_AS: dict[Task, str] = {"listing": "long_listings", "chat": "long_talk"}
FALSE_ALARMS = 0.01
#: How the end of a line is written within a text of a set, which has a line of the file for each text.
LINE_END = "\\n"


def rows(name: str) -> list[tuple[str, str]]:
    """Return (category, text) of each line of a set; the category is empty where there is none."""
    lines = (OWN / name).read_text(encoding="utf-8").splitlines()
    split = (line.rpartition("\t") for line in lines if line and not line.startswith("#"))
    return [(category, text.replace(LINE_END, "\n")) for category, _, text in split]


def disguised(texts: list[str], seed: int = 23) -> list[tuple[str, str]]:
    """Return each text in one family of disguise, the families in turn, as (family, text)."""
    chance = random.Random(seed)
    names = list(FAMILIES)
    return [(names[n % len(names)], FAMILIES[names[n % len(names)]](t, chance)) for n, t in enumerate(texts)]


def among(found: list[tuple[str, str]], lawful: list[str], n_lines: int, seed: int = 29) -> list[tuple[str, str]]:
    """Return each text among so many lawful lines, a line each, itself at any place."""
    chance = random.Random(seed)
    written = []
    for category, text in found:
        lines = chance.sample(lawful, n_lines)
        lines.insert(chance.randint(0, n_lines), text)
        written.append((category, "\n".join(lines)))
    return written


def measure(guard: Guard, name: str, show: bool = False, part: str = "listings", n_lawful: int = 0) -> dict[str, float]:
    """Return recall plain and evaded by decision and by score, false alarms, and the precision of ``block``."""
    task = PARTS[part]
    bad, good = rows(f"{name}_bad_{part}.txt"), rows(f"{name}_lawful_{part}.txt")
    lines = [text for _, text in good]
    bad, good = (among(found, lines, n_lawful) for found in (bad, good))
    evaded = disguised([text for _, text in bad])
    plain = guard.judge_all([text for _, text in bad], task)
    behind = guard.judge_all([text for _, text in evaded], task)
    lawful = guard.judge_all([text for _, text in good], task)
    if show:
        _show(bad, plain, evaded, behind)
        _show_alarms(good, lawful)
    at = sorted((v.score for v in lawful), reverse=True)[int(FALSE_ALARMS * len(lawful))]
    blocked = sum(v.decision == "block" for v in plain + behind)
    wrongly = sum(v.decision == "block" for v in lawful)
    families: defaultdict[str, list[bool]] = defaultdict(list)
    for (family, _), verdict in zip(evaded, behind, strict=True):
        families[family].append(verdict.decision in STOPPED)
    return {
        "bad": len(bad),
        "lawful": len(good),
        "recall, plain": _stopped(plain),
        "recall, evaded": _stopped(behind),
        "false alarms": _stopped(lawful),
        "precision of block": blocked / (blocked + wrongly) if blocked + wrongly else 1.0,
        "blocked, plain": statistics.fmean(v.decision == "block" for v in plain),
        "by score at 1 %, plain": statistics.fmean(v.score > at for v in plain),
        "by score at 1 %, evaded": statistics.fmean(v.score > at for v in behind),
        **{f"evaded: {family}": statistics.fmean(found) for family, found in families.items()},
    }


def measure_later(guard: Guard, name: str, part: str = "listings", seed: int = 31) -> dict[str, tuple[float, float]]:
    """Return for each later family the share of bad and of lawful texts stopped behind it, and both means last."""
    task = PARTS[part]
    bad, good = ([text for _, text in rows(f"{name}_{side}_{part}.txt")] for side in ("bad", "lawful"))
    shares = {}
    for family, disguise in LATER_FAMILIES.items():
        chance = random.Random(seed)
        found, alarms = (guard.judge_all([disguise(text, chance) for text in texts], task) for texts in (bad, good))
        shares[family] = (_stopped(found), _stopped(alarms))
    means = (statistics.fmean(found for found, _ in shares.values()), statistics.fmean(a for _, a in shares.values()))
    return {**shares, "mean": means}


def measure_long(guard: Guard, name: str, task: Task, show: bool = False) -> dict[str, float]:
    """Return the share of longer lawful texts that is stopped, and blocked, and what is stopped of each category.

    Where the set has longer bad texts of the task, also what is found of those, plain and evaded.
    """
    good = rows(f"{name}_lawful_long.txt")
    verdicts = guard.judge_all([text for _, text in good], task)
    if show:
        _show_alarms(good, verdicts)
    kinds: defaultdict[str, list[bool]] = defaultdict(list)
    for (category, _), verdict in zip(good, verdicts, strict=True):
        kinds[category].append(verdict.decision in STOPPED)
    bad_part = f"{name}_bad_{LONG_AS[task]}.txt"
    return {
        "lawful": len(good),
        "false alarms": _stopped(verdicts),
        "blocked": statistics.fmean(v.decision == "block" for v in verdicts),
        **(_found_of_long(guard, bad_part, task, verdicts, show) if (OWN / bad_part).is_file() else {}),
        **{f"stopped: {kind}": statistics.fmean(stopped) for kind, stopped in kinds.items()},
    }


def _found_of_long(guard: Guard, part: str, task: Task, lawful: list[Verdict], show: bool) -> dict[str, float]:
    """Return what is found of longer bad texts, by decision and above the score that 1 % of the lawful ones reach."""
    bad = rows(part)
    evaded = disguised([text for _, text in bad])
    plain, behind = (guard.judge_all([text for _, text in texts], task) for texts in (bad, evaded))
    if show:
        _show(bad, plain, evaded, behind)
    at = sorted((v.score for v in lawful), reverse=True)[int(FALSE_ALARMS * len(lawful))]
    return {
        "bad": len(bad),
        "recall, plain": _stopped(plain),
        "recall, evaded": _stopped(behind),
        "blocked, plain": statistics.fmean(v.decision == "block" for v in plain),
        "by score at 1 %, plain": statistics.fmean(v.score > at for v in plain),
        "by score at 1 %, evaded": statistics.fmean(v.score > at for v in behind),
    }


def _stopped(verdicts: list[Verdict]) -> float:
    return statistics.fmean(v.decision in STOPPED for v in verdicts)


def _show(
    bad: list[tuple[str, str]], plain: list[Verdict], evaded: list[tuple[str, str]], behind: list[Verdict]
) -> None:
    missed = Counter(c for (c, _), v in zip(bad, plain, strict=True) if v.decision not in STOPPED)
    print(dict(missed))
    for (category, text), verdict in zip(bad, plain, strict=True):
        if verdict.decision not in STOPPED:
            print("MISS", category, text)
    for (family, text), first, verdict in zip(evaded, plain, behind, strict=True):
        if first.decision in STOPPED and verdict.decision not in STOPPED:
            print("EVADED", family, text)


def _show_alarms(good: list[tuple[str, str]], lawful: list[Verdict]) -> None:
    for (_, text), verdict in zip(good, lawful, strict=True):
        if verdict.decision in STOPPED:
            part = verdict.part and text[verdict.part.start : verdict.part.end]
            hits = [(h.rule.id, text[h.start : h.end], h.view) for h in verdict.hits]
            print("ALARM", verdict.decision, verdict.score, text, hits, part)


def main() -> None:
    """Print the figures of each named set, rules alone or with the model."""
    options = Arguments(__file__, __doc__)
    options.add_argument("sets", nargs="+", help="for example blind4 / 例如 blind4")
    options.add_argument("--model", action="store_true", help="with the model beside the rules / 规则之外加上模型")
    options.add_argument("--model-file", type=Path, help="with another model than the shipped one / 换用别的模型文件")
    options.add_argument(
        "--among",
        type=whole(0),
        default=0,
        metavar="N",
        help="each text among so many lawful lines / 每条文本夹在这么多正常行里",
    )
    options.add_argument("--later", action="store_true", help="behind the later disguises only / 只测后来的变体")
    options.add_argument(
        "--show", action="store_true", help="name what was missed and what was stopped wrongly / 列出漏掉的和误拦的"
    )
    given = options.parse_args()
    guard = Guard(model=Model.load(given.model_file or SHIPPED) if given.model or given.model_file else None)
    for name in given.sets:
        for part in PARTS:
            if not (OWN / f"{name}_bad_{part}.txt").is_file():
                continue
            print(name, part)
            if given.later:
                for family, (found, alarms) in measure_later(guard, name, part).items():
                    print(f"  {family:20} recall {found:.4f}, lawful stopped {alarms:.4f}")
                continue
            _print(measure(guard, name, given.show, part, given.among))
        if (OWN / f"{name}_lawful_long.txt").is_file() and not given.later:
            for task in LONG_AS:
                print(name, f"long, as {task}")
                _print(measure_long(guard, name, task, given.show))


def _print(figures: dict[str, float]) -> None:
    for figure, value in figures.items():
        print(f"  {figure:28} {value:8.4f}")


if __name__ == "__main__":
    main()
