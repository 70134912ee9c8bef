"""What the shipped linear model of textguard tells apart, by itself or with the rules, on texts it has never seen.

随附的线性模型自己、或与规则一起，在没见过的文本上分得多清。

    python -m benchmarks.textguard_model --data FOLDER [--model FILE] [--joined] [--trained-on-given]

``FOLDER`` holds the measuring sets (JSON lines, xz; fields ``text``, ``label``, ``category``), which are no part of the
repository and which the shipped table was not trained on. Each set is measured whole ("zero-shot") against the harmless
texts of its own, or against the mixed harmless ones: private messages, reviews, lawful advertisements. Recall at 1 % is
the share of bad texts above the score that 1 % of those harmless texts reach; "fixed" uses the threshold in the shipped
file. With ``--trained-on-given`` the same features are also trained on the sets (half trains, half measures):
this shows what an operator with the right to such data reaches, and is not shipped. The last line is JSON.
"""

from __future__ import annotations

import json
import lzma
import platform
import sys
import time
import zlib
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.arguments import Arguments
from xinka.engines.textguard.guard import Guard
from xinka.engines.textguard.model import SHIPPED, Model, Task
from xinka.engines.textguard.model.table import read as read_model
from xinka.engines.textguard.views import clean_view

#: Published or measured before, with character n-grams and logistic regression: recall at 1 %, best F1.
BASELINES = {"chat spam": (0.842, 0.923), "camouflaged reviews": (0.716, 0.850), "unseen real": (0.364, 0.728)}
TALK = Path(__file__).parent / "textguard_data" / "talk.tsv"
Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Rows:
    """Texts with labels and where each is from."""

    texts: list[str]
    labels: NDArray[np.int64]
    kinds: list[str]


def read(folder: Path, name: str, wanted: str = "") -> Rows:
    """Read one set; ``wanted`` keeps the categories that begin with one of its comma-separated parts."""
    with lzma.open(folder / f"{name}.jsonl.xz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    rows = [row for row in rows if row["category"].startswith(tuple(wanted.split(",")))]
    return Rows(
        [row["text"] for row in rows],
        np.array([row["label"] for row in rows], dtype=np.int64),
        [f"{name}:{row['category'] if row['label'] else 'harmless'}" for row in rows],
    )


def put_together(*parts: Rows) -> Rows:
    """Put sets together."""
    return Rows(
        [text for part in parts for text in part.texts],
        np.concatenate([part.labels for part in parts]),
        [kind for part in parts for kind in part.kinds],
    )


def own_talk() -> Rows:
    """Return talk between buyers, sellers and swindlers, written for this in another voice than the corpus."""
    lines = TALK.read_text(encoding="utf-8").splitlines()
    labels = [int(line[0]) for line in lines]
    kinds = ["talk:scam" if label else "talk:harmless" for label in labels]
    return Rows([line[2:] for line in lines], np.array(labels, dtype=np.int64), kinds)


def measured_sets(folder: Path) -> dict[str, Rows]:
    """Return what is measured: each a mix of bad and harmless texts."""
    harmless = put_together(
        read(folder, "nus_zh_ham"), read(folder, "shopping_review_ham"), read(folder, "telecom5", "normal")
    )
    real = put_together(read(folder, "fbs_sms", "FR,IL"), read(folder, "sms_sixclass", "贷款,冒充"))
    scam = put_together(read(folder, "telecom5", "fraud"), read(folder, "fraudr1_zh"))
    return {
        "chat spam": read(folder, "tgspam_train"),
        "camouflaged reviews": read(folder, "stoneskip_train"),
        "unseen real": put_together(real, harmless),
        "scam messages": put_together(scam, harmless),
        "own scam talk": own_talk(),
    }


def scored(texts: list[str], model: Model, task: Task, *, joined: bool) -> Scores:
    """Return the score of each text: the model's own, or that of rules and model together."""
    if not joined:
        return np.array(model.scores([clean_view(text).text for text in texts], task))
    return np.array([verdict.score for verdict in Guard(model=model).judge_all(texts, task)])


def figures(scores: Scores, labels: NDArray[np.int64], threshold: float) -> dict[str, float]:
    """Return recall at 1 %, best F1, AUC, and recall and false alarms at a fixed threshold."""
    bad, good = np.sort(scores[labels == 1]), scores[labels == 0]
    at = float(np.quantile(good, 0.99))
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(labels[order])
    f1 = 2 * hits / (np.arange(1, len(labels) + 1) + labels.sum())
    ranks = np.searchsorted(bad, good, "left"), np.searchsorted(bad, good, "right")
    return {
        "recall_at_1_percent": round(float((bad > at).mean()), 4),
        "best_f1": round(float(f1.max()), 4),
        "auc": round(1 - float((ranks[0] + ranks[1]).mean()) / 2 / len(bad), 4),
        "recall_fixed": round(float((bad >= threshold).mean()), 4),
        "false_alarms_fixed": round(float((good >= threshold).mean()), 4),
    }


def per_kind(rows: Rows, scores: Scores, threshold: float) -> dict[str, float]:
    """Return the share of each kind of text at or above a threshold."""
    kinds = np.array(rows.kinds)
    return {kind: round(float((scores[kinds == kind] >= threshold).mean()), 4) for kind in sorted(set(rows.kinds))}


def half(rows: Rows) -> NDArray[np.bool_]:
    """Return which rows are in the first half: by a sum of the text, so that the same text is never in both."""
    return np.array([zlib.crc32(text.encode()) % 2 == 0 for text in rows.texts])


def f1_fixed_on_dev(rows: Rows, scores: Scores) -> float:
    """Return F1 on one half at the threshold that is best on the other."""
    dev = half(rows)
    order = np.sort(scores[dev])[:: max(1, int(dev.sum()) // 400)]
    best = max(order, key=lambda at: _f1(scores[dev] >= at, rows.labels[dev]))
    return round(_f1(scores[~dev] >= best, rows.labels[~dev]), 4)


def _f1(said: NDArray[np.bool_], labels: NDArray[np.int64]) -> float:
    return float(2 * (said & (labels == 1)).sum() / max(1, said.sum() + labels.sum()))


def trained_on_given(rows: Rows, model: Path) -> Scores:
    """Train the same features on one half and score the other, both ways (needs ``scripts/setup training``)."""
    row = import_module("tools.textguard_corpus.build").Row  # scikit-learn is no part of the shop
    fitting = import_module("tools.textguard_corpus.fitting")
    tables = read_model(model).tables()
    clean = [clean_view(text).text for text in rows.texts]
    dev, scores = half(rows), np.zeros(len(clean))
    for side in (dev, ~dev):
        known = [
            row(text, int(label), text, "given")
            for text, label, here in zip(clean, rows.labels, side, strict=True)
            if here
        ]
        fitted = fitting.fit(known, tables, fitting.Settings())
        scores[~side] = fitted.scores([text for text, here in zip(clean, side, strict=True) if not here], tables)
    return scores


def speed(model: Model, texts: list[str]) -> dict[str, float]:
    """Return CPU time and messages a second for scoring cleaned texts of about 20 characters (best of five rounds)."""
    chosen = [clean_view(text).text for text in texts if 16 <= len(text) <= 24][:10_000]
    model.score(chosen[0], "chat")
    rounds = []
    for _ in range(5):
        started = time.process_time()
        for text in chosen:
            model.score(text, "chat")
        rounds.append((time.process_time() - started) / len(chosen))
    return {
        "cpu_microseconds_at_20_characters": round(min(rounds) * 1e6, 2),
        "messages_per_second": round(1 / min(rounds)),
    }


def main() -> None:
    """Measure each set and print."""
    parser = Arguments(__file__, __doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets / 数据集所在目录")
    parser.add_argument(
        "--model", type=Path, default=SHIPPED, help="another model than the shipped one / 换用别的模型文件"
    )
    parser.add_argument("--task", choices=("chat", "listing"), default="chat", help="what is judged / 审核聊天还是商品")
    parser.add_argument(
        "--trained-on-given", action="store_true", help="the model has seen these sets / 模型用这些数据训练过"
    )
    parser.add_argument("--joined", action="store_true", help="measure rules and model together / 规则与模型一起测")
    asked = parser.parse_args()
    started = time.perf_counter()
    model = Model.load(asked.model)
    result: dict[str, Any] = {"machine": platform.platform(), "load_seconds": round(time.perf_counter() - started, 3)}
    for name, rows in measured_sets(asked.data).items():
        task: Task = asked.task
        scores = scored(rows.texts, model, task, joined=asked.joined)
        threshold = model.review_from(task)
        result[name] = figures(scores, rows.labels, threshold) | {"f1_fixed_on_dev": f1_fixed_on_dev(rows, scores)}
        result[name]["per_kind_fixed"] = per_kind(rows, scores, threshold)
        _say(name, result[name])
        if asked.trained_on_given and name in {"chat spam", "camouflaged reviews"}:
            scores = trained_on_given(rows, asked.model)
            result[f"{name}, trained on half of it, not shipped"] = figures(scores, rows.labels, 0.5) | {
                "f1_fixed_on_dev": f1_fixed_on_dev(rows, scores)
            }
            _say(f"{name}, trained on half of it, not shipped", result[f"{name}, trained on half of it, not shipped"])
    result |= speed(model, read(asked.data, "nus_zh_ham").texts)
    sys.stdout.write(json.dumps(result, ensure_ascii=False) + "\n")


def _say(name: str, found: dict[str, Any]) -> None:
    known = BASELINES.get(name)
    print(name, "" if known is None else f"(baseline: recall at 1 % {known[0]}, best F1 {known[1]})")
    for figure, value in found.items():
        print(f"  {figure}: {value}")


if __name__ == "__main__":
    main()
