"""How well and how fast imitations are told from others, on the development data; the last line is JSON.

仿冒名称与域名认得多准、多快（开发数据）；最后一行是 JSON。

``python -m benchmarks.lookalike names|domains DIR [--names N]``: DIR holds ``registry.txt``, ``dev.jsonl.xz``,
``real_domains_dev.tsv.xz``; for pictures see ``benchmarks.avatars``. ``--names`` fills the registry up with made-up
names to that many. ``--popular FILE``, one domain a line, are domains of which none should be reported; those of the
model card are the first 10,000 with different labels of ``dist/domain-map.csv`` in the npm package third-party-web
0.30.0 (MIT).
Times are processor time of one core; beside them stands what a loop of a million steps takes, by which machines and
busy hours can be compared. Memory is that of the process at its peak: when the index is built, and when the development
data, some 10 MB, has been read and asked.
"""

from __future__ import annotations

import json
import lzma
import platform
import random
import resource
import time
from collections import defaultdict
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import click

from xinka.engines.commands import LazyGroup
from xinka.engines.lookalike.cores import shape_of
from xinka.engines.lookalike.domains import DomainIndex
from xinka.engines.lookalike.names import NameIndex

_OTHERS = {"other_support", "near_legit"}


def _report(title: str, figures: dict[str, Any], baseline: dict[str, Any]) -> None:
    print(f"{title} on {platform.machine()}, Python {platform.python_version()}")
    for name, figure in figures.items():
        print(f"  {name:32} {figure!s:>12}   baseline {baseline.get(name, '–')}")
    print(json.dumps({"benchmark": title, **figures}))


def _yardstick() -> float:
    """Return the processor time of a plain loop of a million steps in ms, the quickest of three."""
    spent = []
    for _ in range(3):
        began, total = time.process_time(), 0
        for number in range(1_000_000):
            total += number * number % 7
        spent.append(time.process_time() - began)
    return round(1000 * min(spent), 1)


def _memory() -> int:
    """Return the most memory the process has taken so far in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


@click.group(cls=LazyGroup, places={})
def main() -> None:
    """Measure the engine ``lookalike``.

    测量仿冒识别引擎。
    """


def _made_up(count: int) -> Iterator[str]:
    chance = random.Random(7)
    letters = [chr(code) for code in range(0x4E00, 0x4E00 + 3000)]
    for number in range(count):
        core = "".join(chance.choices(letters, k=chance.randrange(2, 6)))
        yield f"{core}{'客服' if number % 2 else '官方客服'}"


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--names", "n_names", default=10_000, help="How many names. / 名称数")
def names(folder: Path, n_names: int) -> None:
    """Recall by family, false alarms by kind, speed and memory."""
    official = (folder / "registry.txt").read_text(encoding="utf-8").splitlines()
    began = time.process_time()
    every = chain(official, _made_up(max(0, n_names - len(official))))  # a list would be counted as the index's memory
    index = NameIndex((name, None) for name in every)
    built, memory_built = time.process_time() - began, _memory()
    with lzma.open(folder / "dev.jsonl.xz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    for row in rows[:500]:
        index.judge(row["name"])
    times, verdicts = [], []
    for row in rows:
        began = time.process_time()
        verdicts.append(index.judge(row["name"]))
        times.append(time.process_time() - began)
    figures = _accuracy(rows, verdicts) | {
        "names": len(index),
        "built in s": round(built, 2),
        "names/s": round(len(rows) / sum(times)),
        "p99 ms": round(1000 * sorted(times)[int(0.99 * len(times))], 3),
        "ms for a million steps": _yardstick(),
        "memory MB, built": memory_built,
        "memory MB": _memory(),
    }
    baseline = {
        "recall": 0.945,
        "macro": 0.934,
        "worst": 0.56,
        "false alarms %": 0.69,
        "false alarms, no others %": 0.007,
    }
    _report("lookalike names", figures, baseline | {"names/s": 4000, "p99 ms": 4, "memory MB": 447})


def _accuracy(rows: list[dict[str, Any]], verdicts: list[Any]) -> dict[str, Any]:
    by_family: dict[str, list[bool]] = defaultdict(list)
    alarms: dict[str, list[bool]] = defaultdict(list)
    for row, verdict in zip(rows, verdicts, strict=True):
        flagged = verdict.decision != "clear"
        if row["label"]:
            same = flagged and shape_of(verdict.official).core == shape_of(row["target"]).core
            by_family[row["family"]].append(same)
        else:
            alarms[row["kind"]].append(flagged)
    means = {family: sum(found) / len(found) for family, found in by_family.items()}
    every = [flag for found in by_family.values() for flag in found]
    benign = [flag for found in alarms.values() for flag in found]
    others = [flag for kind, found in alarms.items() if kind not in _OTHERS for flag in found]
    worst = min(means, key=lambda family: means[family])
    return {
        "recall": round(sum(every) / len(every), 4),
        "macro": round(sum(means.values()) / len(means), 4),
        "worst": round(means[worst], 4),
        "worst family": worst,
        "false alarms %": round(100 * sum(benign) / len(benign), 4),
        "false alarms, no others %": round(100 * sum(others) / len(others), 4),
    }


def _words_in(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8")
    except OSError:
        raise click.ClickException(
            f"there is no list of words in {file}; install one (on Debian the package wamerican), or name one with "
            f"--words / {file} 没有单词表；请安装一份（Debian 上是 wamerican 包），或用 --words 指定"
        ) from None


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--words", default="/usr/share/dict/american-english", help="Words as harmless labels. / 作为无害名称的单词表"
)
@click.option(
    "--popular", type=click.Path(exists=True, path_type=Path), help="Popular domains, one a line. / 热门域名，一行一个"
)
def domains(folder: Path, words: str, popular: Path | None) -> None:
    """Recall on real attacker domains, false alarms on 10,000 common words as labels and on popular domains."""
    labels = [word.lower() for word in _words_in(words).split() if "'" not in word]
    with lzma.open(folder / "real_domains_dev.tsv.xz", "rt", encoding="utf-8") as lines:
        rows = [line.rstrip("\n").split("\t") for line in lines][1:]
    index = DomainIndex((target, None) for target in sorted({row[2] for row in rows}))
    began = time.process_time()
    found = [index.judge(row[0]) for row in rows]
    spent = time.process_time() - began
    labels = random.Random(3).sample([label for label in labels if len(label) > 3], 10_000)
    of_words = sum(index.judge(label).decision != "clear" for label in labels)
    figures: dict[str, Any] = {
        "recall": round(sum(verdict.decision != "clear" for verdict in found) / len(rows), 4),
        "right target": round(sum(one.official == row[2] for one, row in zip(found, rows, strict=True)) / len(rows), 4),
        "false alarms of 10,000 words": of_words,
        "domains/s": round(len(rows) / spent),
        "ms for a million steps": _yardstick(),
    }
    if popular is not None:
        known = popular.read_text(encoding="utf-8").split()
        alarms = [domain for domain in known if index.judge(domain).decision != "clear"]
        figures |= {"popular domains": len(known), "of them reported": len(alarms), "which": " ".join(alarms)}
    _report("lookalike domains", figures, {"recall": 0.80})


if __name__ == "__main__":
    main(prog_name="xinka bench lookalike")
