"""Judges a text: rules, the model and what the caller knows become one score, one decision and reasons for it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Protocol

from xinka.engines.textguard.masking import Mask, find_masks
from xinka.engines.textguard.model import Task
from xinka.engines.textguard.packs import Pack, load_packs
from xinka.engines.textguard.rules import Hit, RuleSet
from xinka.engines.textguard.spellings import DEPTH, TRUST
from xinka.engines.textguard.views import clean_view

#: What each thing that the caller knows adds: it moves the score this share of the way to 1, never by itself to review.
CONTEXT = {"new_seller": 0.1, "contact": 0.15, "price_bait": 0.25, "qr": 0.2}
REVIEW_AT = 0.5
#: From here on the model stands as a second signal for `block`.
MODEL_SECONDS_AT = 0.95
#: The model alone sends to review from its own threshold on; where a text speaks of lawful goods it must be surer.
SURE_OF_LISTING = 0.998
_LAWFUL = re.compile(
    "会员|[月季年]卡|通知|官方|正版|授权|素材|教程|课程|课|题库|模板|设计|源码|开发者|企业|兑换码|直充|电子书|入门|攻略|存档|历史走势|公益|订阅|点券|壁纸|说明书|系统"
)


class Scorer(Protocol):
    """A model of talk and listings."""

    def score(self, clean_text: str, task: Task) -> float:
        """Return how likely a clean text is forbidden, 0..1."""

    def review_from(self, task: Task) -> float:
        """Return the score from which a text is worth a look."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do with a text, how sure we are (0..1), and why."""

    decision: str
    score: float
    hits: tuple[Hit, ...] = ()
    masks: tuple[Mask, ...] = ()
    model: float | None = None
    context: Mapping[str, bool] = field(default_factory=dict)


class Guard:
    """Rules and a model, ready to judge; it never changes, so many threads may share it."""

    def __init__(self, packs: Sequence[Pack] | None = None, model: Scorer | None = None) -> None:
        self.rules = RuleSet(load_packs() if packs is None else packs)
        self.model = model

    def judge(self, text: str, task: Task = "listing", context: Mapping[str, bool] | None = None) -> Verdict:
        """Judge one text.

        Args:
            text: as it was written.
            task: ``listing`` or ``chat``.
            context: what the caller knows, by the names of ``CONTEXT``.
        """
        clean = clean_view(text)
        hits = self.rules.hits(text, clean, task)
        masks = find_masks(text, clean)
        model = self.model.score(clean.text, task) if self.model else None
        known = {name: True for name in CONTEXT if context and context.get(name)}
        score = _combine(hits, model, known)
        alone = model is not None and self.model is not None and model >= self._alone_from(clean.text, task)
        decision = _decide(
            hits, model, _suspicion(hits, model, known), "review" if alone else "mask" if masks else "allow"
        )
        return Verdict(decision, score, tuple(hits), tuple(masks), model, known)

    def _alone_from(self, clean_text: str, task: Task) -> float:
        """Return from which score on the model alone sends a text to review."""
        usual = self.model.review_from(task) if self.model else 1.0
        return max(usual, SURE_OF_LISTING) if task == "listing" and _LAWFUL.search(clean_text) else usual


def _combine(hits: Sequence[Hit], model: float | None, context: Mapping[str, bool]) -> float:
    """Return the score: the odds that the model gives, times ``1 / (1 - weight)`` for each rule broken.

    So a rule never lowers what the model says, and a model that reads a lawful text can outweigh a single hit. The
    score orders texts, fine enough for a threshold at any rate of false alarms; what is done follows ``_suspicion``.
    """
    rest = _unbroken(hits)
    if model is not None:
        rest = (1 - model) * rest / (model + (1 - model) * rest) if model < 1 else 0.0
    if hits or (model is not None and model >= REVIEW_AT):
        rest *= _known(context)
    return round(1 - rest, 6)


def _suspicion(hits: Sequence[Hit], model: float | None, context: Mapping[str, bool]) -> float:
    """Return how far what was hit carries by itself, with half of what the model says; it decides on ``review``."""
    return 1 - _unbroken(hits) * (1 - (model or 0.0) * 0.5) * _known(context)


def _unbroken(hits: Sequence[Hit]) -> float:
    """Return the share of trust that is left: each rule takes once, its weight at the plainest depth it was seen at."""
    best: dict[str, float] = {}
    for hit in hits:
        best[hit.rule.id] = max(best.get(hit.rule.id, 0.0), hit.rule.weight * TRUST[hit.view])
    return prod(1 - weight for weight in best.values())


def _known(context: Mapping[str, bool]) -> float:
    """Return the share of trust that what the caller knows leaves."""
    return prod(1 - CONTEXT[name] for name in context)


def _decide(hits: Sequence[Hit], model: float | None, suspicion: float, otherwise: str) -> str:
    grave = [hit for hit in hits if hit.rule.action == "block"]
    if any(DEPTH[hit.view] <= DEPTH["squeezed"] and hit.intent for hit in grave):
        return "block"
    if grave and (_independent(hits) or (model is not None and model >= MODEL_SECONDS_AT)):
        return "block"
    if hits and round(suspicion, 4) >= REVIEW_AT:
        return "review"
    return otherwise


def _independent(hits: Sequence[Hit]) -> bool:
    """Say whether two rules were broken in two places, neither of them by a far-fetched reading."""
    firm = [hit for hit in hits if DEPTH[hit.view] <= DEPTH["pinyin"]]
    return any(a.rule.id != b.rule.id and (a.end <= b.start or b.end <= a.start) for a in firm for b in firm)
