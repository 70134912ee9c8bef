"""How quick textguard is.

审核多快。

Everything together (rules in all views, model, masking), on one core, in CPU time. ``--data`` names the folder with
``nus_zh_ham.jsonl.xz`` (ordinary messages) and ``tgspam_train.jsonl.xz`` (half of it evasive spam), which are not in
the repository; without it only our own listings are read. The yardstick, a loop of additions, is measured between the
blocks of messages: figures of two runs can be compared where it is alike.
"""

from __future__ import annotations

import json
import lzma
import os
import platform
import random
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.arguments import Arguments, whole
from xinka.engines.textguard.guard import Guard, Verdict
from xinka.engines.textguard.model import Model, Task

OWN = Path(__file__).parent / "textguard_data"
_BLOCK, _TOGETHER = 100, 1_000
_STEPS = 5_000
_READY = """
import time
from xinka.engines.textguard.guard import Guard
from xinka.engines.textguard.model import Model
guard = Guard(model=Model.load())
guard.judge("今天晚上一起吃饭吗", "chat")
plain = time.process_time()
guard.judge("冭阳囻zhanghao出售", "chat")
print(plain, time.process_time())
"""


def yardstick() -> float:
    """Return the nanoseconds of CPU that one step of a plain loop takes now."""
    started, total = time.process_time(), 0
    for number in range(_STEPS):
        total += number & 7
    return (time.process_time() - started) / _STEPS * 1e9


def throughput(guard: Guard, texts: Sequence[str], task: Task) -> dict[str, float]:
    """Measure messages a second of CPU, judged together and one by one: of the mean, and of the middle block."""
    for text in texts[:500]:
        guard.judge(text, task)
    together, told = _by_blocks(texts[500:], _TOGETHER, lambda block: guard.judge_all(block, task))
    alone, told_alone = _by_blocks(texts[500:], _BLOCK, lambda block: [guard.judge(text, task) for text in block])
    shorter = min(len(told), len(told_alone))
    if told[:shorter] != told_alone[:shorter]:
        raise AssertionError("texts were judged otherwise together than alone")
    found = {"messages": float(shorter), "mean characters": statistics.fmean(map(len, texts))}
    for name, took in (("together", together), ("one by one", alone)):
        found[f"messages/s {name}"] = 1 / statistics.fmean(seconds for seconds, _ in took)
        found[f"messages/s {name}, middle block"] = 1 / statistics.median(seconds for seconds, _ in took)
        found[f"yardstick ns {name}"] = statistics.median(step for _, step in took)
    return found


def _by_blocks(
    texts: Sequence[str], size: int, judge: Callable[[Sequence[str]], list[Verdict]]
) -> tuple[list[tuple[float, float]], list[Verdict]]:
    """Return for each block of texts the seconds for one of them and the yardstick, and what all were judged to be."""
    judge(texts[:size])
    took, verdicts = [], []
    for first in range(0, len(texts) - size + 1, size):
        started = time.process_time()
        verdicts += judge(texts[first : first + size])
        took.append(((time.process_time() - started) / size, yardstick()))
    return took, verdicts


def slow_end(guard: Guard, texts: Sequence[str], task: Task, n: int = 1_000) -> dict[str, float]:
    """Measure texts of 300 characters, put together from messages, in milliseconds."""
    chance, times = random.Random(5), []
    for _ in range(n):
        text = "，".join(chance.choices(texts, k=200))[:300]
        started = time.process_time_ns()
        guard.judge(text, task)
        times.append((time.process_time_ns() - started) / 1e6)
    times.sort()
    return {"median ms at 300 characters": times[n // 2], "p99 ms at 300 characters": times[n * 99 // 100]}


def long_text(guard: Guard, texts: Sequence[str]) -> dict[str, float]:
    """Measure texts of one and of ten million characters, in seconds: ten times as long takes ten times as long."""
    chance, found = random.Random(6), {}
    for millions in (1, 10):
        text = "，".join(chance.choices(texts, k=millions * 1_000_000 // 8))[: millions * 1_000_000]
        started = time.process_time()
        guard.judge(text, "chat")
        found[f"s at {millions} million characters"] = time.process_time() - started
    return found


def _ready(cache: str | None) -> tuple[float, float]:
    place = {} if cache is None else {"XINKA_CACHE": cache}
    done = subprocess.run(
        [sys.executable, "-c", _READY], capture_output=True, text=True, check=True, env={**os.environ, **place}
    )
    plain, deep = map(float, done.stdout.split())
    return plain, deep


def start(times: int = 5) -> dict[str, float]:
    """Measure the CPU of fresh processes from nothing to the first verdict, import and all; the best of some."""
    kept, anew = [_ready(None) for _ in range(times + 1)][1:], [_ready("") for _ in range(times)]
    command = [sys.executable, "-c", "from xinka.config.cli import main; main()", "guard", "text", "--help"]
    helped = []
    for _ in range(times):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        helped.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return {
        "s to the first verdict": min(plain for plain, _ in kept),
        "s, with the deepest views": min(deep for _, deep in kept),
        "s, with nothing in the cache": min(plain for plain, _ in anew),
        "s of the command's --help": min(helped),
        "yardstick ns": yardstick(),
    }


def _rows(data: Path, name: str, n: int) -> list[str]:
    with lzma.open(data / f"{name}.jsonl.xz", "rt", encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    return random.Random(7).sample(texts, min(n, len(texts)))


def _listings(n: int) -> list[str]:
    texts = []
    for name, times in (("lawful_listings.txt", 4), ("bad_listings.txt", 1)):
        lines = (OWN / name).read_text(encoding="utf-8").splitlines()
        texts += [line.split("\t")[-1] for line in lines if line and not line.startswith("#")] * times
    return random.Random(7).choices(texts, k=n)


def speed(data: Path | None, n: int) -> dict[str, dict[str, float]]:
    """Return every figure by what it was measured on."""
    guard = Guard(model=Model.load())
    sets: list[tuple[str, list[str], Task]] = [("listings", _listings(n), "listing")]
    if data:
        names = [name for name in ("nus_zh_ham", "tgspam_train") if (data / f"{name}.jsonl.xz").is_file()]
        sets += [(name, _rows(data, name, n), "chat") for name in names]
    found = {"start": start()}
    for name, texts, task in sets:
        found[name] = {**throughput(guard, texts, task), **slow_end(guard, texts, task)}
    found["long texts"] = long_text(guard, sets[-1][1])
    return found


def main() -> None:
    """Print each figure, then the machine, then everything as one JSON line."""
    options = Arguments(__file__, __doc__)
    options.add_argument("--data", type=Path, help="folder of the data sets / 数据集所在目录")
    options.add_argument("--rows", type=whole(1), default=5_000, help="messages of each set / 每个集合取多少条")
    given = options.parse_args()
    results = speed(given.data, given.rows)
    for name, figures in results.items():
        print(name)
        for figure, value in figures.items():
            print(f"  {figure:34} {value:12.4f}")
    print(f"{platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}")
    print(json.dumps(results, ensure_ascii=False))


if __name__ == "__main__":
    main()
