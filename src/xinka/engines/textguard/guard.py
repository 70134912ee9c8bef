"""Judges a text: rules, the model and what the caller knows become one score, one decision and reasons for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from math import exp, log1p, prod
from typing import NamedTuple, Protocol

from xinka.engines.textguard.added_parts import added_up, is_sum
from xinka.engines.textguard.asides import without_asides
from xinka.engines.textguard.blocks import blocks
from xinka.engines.textguard.layouts import as_read
from xinka.engines.textguard.longer import longness, of_parts, of_whole, share, so_many, tells
from xinka.engines.textguard.masking import Mask, find_masks
from xinka.engines.textguard.model import Task
from xinka.engines.textguard.model.longer_weights import Longer
from xinka.engines.textguard.model.parts import Parts, fewer
from xinka.engines.textguard.packs import TASKS, Pack, load_packs
from xinka.engines.textguard.rules import Hit, RuleSet
from xinka.engines.textguard.spellings import DEPTH, TRUST
from xinka.engines.textguard.terms_of_sale import without_terms_of_sale
from xinka.engines.textguard.told import told
from xinka.engines.textguard.transcribed import as_characters, is_transcribed
from xinka.engines.textguard.views import View, clean_view

#: What each thing that the caller knows adds: it moves the score this share of the way to 1, never by itself to review.
CONTEXT = {"new_seller": 0.1, "contact": 0.15, "price_bait": 0.25, "qr": 0.2}
REVIEW_AT = 0.5
#: So many texts are read by the rules one by one.
_FEW = 3
#: What may be done with a text, the mildest first.
DECISIONS = ("allow", "mask", "review", "block")
#: From here on the model stands as a second signal for `block`.
MODEL_SECONDS_AT = 0.95
#: No rule says more than this, so that the logarithm is bounded.
SUREST = 0.999
#: How much of what a weighed rule says is added to the model: chosen on lines not learnt and on measuring sets.
SHARE = 0.4
#: A limit that no score reaches.
NEVER = 2.0
#: By so much the odds of a text rise whose layout hides the order it is read in.
HIDDEN = 3.0


#: What a caller knows of a text, by the names of ``CONTEXT``.
Context = Mapping[str, bool] | None


class Scorer(Protocol):
    """A model of talk and listings."""

    def scores(self, clean_texts: Sequence[str], task: Task) -> Sequence[float]:
        """Return how likely each of some clean texts is forbidden, 0..1."""

    def parts(self, clean_text: str, task: Task) -> Parts:
        """Return the parts of a clean text that may read forbidden by themselves."""

    def glance(self, clean_text: str, task: Task) -> float:
        """Return what a longer clean text reads like at a glance: above zero for the worse."""

    def longer(self, task: Task) -> Longer:
        """Return what longer texts taught of a task."""

    def review_from(self, task: Task) -> float:
        """Return the score of rules and model together from which a text is worth a look."""

    def block_from(self, task: Task) -> float:
        """Return the score of rules and model together below which a weighed rule does not block."""


class Part(NamedTuple):
    """A part of a longer text: where it stands in the original, what the model says of it, and among how many."""

    start: int
    end: int
    model: float
    n_parts: int


class _Heard(NamedTuple):
    """A view as the model is told it, its parts that may read forbidden, and how much of it is for its like to judge.

    The table of lines is only glanced at for a whole that it does not judge; of others there is no ``glance``.
    """

    text: str
    parts: Parts
    longness: float
    glance: float | None


class _Case(NamedTuple):
    """What is judged, what the model says of it and of its likeliest parts, and what the caller knows."""

    task: Task
    model: float | None
    parts: tuple[Part, ...]
    context: Context


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do with a text, how sure we are (0..1), and why."""

    decision: str
    score: float
    hits: tuple[Hit, ...] = ()
    masks: tuple[Mask, ...] = ()
    model: float | None = None
    context: Mapping[str, bool] = field(default_factory=dict)
    #: The part of a longer text that the score is of, if the text as a whole has a lower one.
    part: Part | None = None


class Guard:
    """Rules and a model, ready to judge; it never changes, so many threads may share it."""

    def __init__(self, packs: Sequence[Pack] | None = None, model: Scorer | None = None) -> None:
        self.rules = RuleSet(load_packs() if packs is None else packs)
        self.model = model

    def judge(self, text: str, task: Task = "listing", context: Context = None) -> Verdict:
        """Judge one text.

        Args:
            text: as it was written.
            task: ``listing`` or ``chat``.
            context: what the caller knows, by the names of ``CONTEXT``.

        Raises:
            ValueError: there is no such task, or nothing of that name is known of a text.
        """
        _must_be_known(task, (context,))
        return next(self._judge_block([text], task, [context]))

    def judge_all(
        self, texts: Sequence[str], task: Task = "listing", contexts: Sequence[Context] | None = None
    ) -> list[Verdict]:
        """Judge many texts: the same verdicts as one by one, in a third of the time if there are some hundreds.

        Args:
            texts: as they were written.
            task: what all of them are.
            contexts: what the caller knows of each, if anything.

        Raises:
            ValueError: there are more or fewer contexts than texts, or as for ``judge``.
        """
        told = [None] * len(texts) if contexts is None else contexts
        if len(told) != len(texts):
            raise ValueError("as many contexts as texts are needed")
        _must_be_known(task, told)
        verdicts: list[Verdict] = []
        for block in blocks(texts):
            verdicts += self._judge_block(block, task, told[len(verdicts) : len(verdicts) + len(block)])
        return verdicts

    def _judge_block(self, texts: Sequence[str], task: Task, contexts: Sequence[Context]) -> Iterator[Verdict]:
        cleans = list(map(clean_view, texts))
        readings = list(map(_readings, texts, cleans))
        views = [view for reading in readings for view in reading]
        judged = zip(views, *self._modelled(views, task), self._quiet(views), strict=True)
        for text, clean, reading, context in zip(texts, cleans, readings, contexts, strict=True):
            verdicts = []
            for view, model, parts, is_quiet in islice(judged, len(reading)):
                case = _Case(task, model, parts, context)
                hits = [] if is_quiet else self.rules.hits(text, view, task)
                if view is not clean:
                    hits, case = _by_writing(hits, text), _hidden(case)
                verdicts.append(self._verdict(text, clean, hits, case))
            yield max(verdicts, key=_gravity)

    def _quiet(self, views: Sequence[View]) -> Sequence[bool]:
        """Say of each view whether rules surely find nothing; a few are quicker read than looked over before."""
        return self.rules.quiet([v.text for v in views]) if len(views) > _FEW else [False] * len(views)

    def _modelled(self, views: Sequence[View], task: Task) -> tuple[Sequence[float | None], Sequence[tuple[Part, ...]]]:
        """Return what the model, if there is one, says of each view, and of its parts that may read forbidden alone."""
        if self.model is None:
            return [None] * len(views), [()] * len(views)
        longer, heard = self.model.longer(task), [_heard(self.model, view, task) for view in views]
        asked = [one.text for one in heard if one.glance is None]
        asked += [
            _told(view.text[s:e], task) for view, one in zip(views, heard, strict=True) for s, e in one.parts.likely
        ]
        scores = iter(self.model.scores(asked, task))
        by_lines = [next(scores) if one.glance is None else longer.wholes.by_lines(one.glance) for one in heard]
        wholes = [
            of_whole(score, one.text, one.longness, longer.wholes) for one, score in zip(heard, by_lines, strict=True)
        ]
        return wholes, [
            tuple(
                Part(*view.span(*at), score, parts.n_parts)
                for at, score in zip(parts.likely, of_parts(scores, parts.likely, view.text, longer.parts), strict=True)
            )
            for view, (_, parts, _, _) in zip(views, heard, strict=True)
        ]

    def _verdict(self, text: str, clean: View, hits: Sequence[Hit], case: _Case) -> Verdict:
        """Make a verdict of everything that is known."""
        masks, model = find_masks(text, clean), case.model
        known = {name: True for name in CONTEXT if case.context and case.context.get(name)}
        # Where no rule was broken it does not matter how much rules count, nor whether one of them may block.
        score, part = _combine(hits, model, known, share(clean.text) if hits else 1.0), None
        decision = "mask" if masks else "allow"
        if model is None or self.model is None:
            decision = _by_rules(hits, known, decision)
        else:
            block_from = NEVER if hits and tells(clean.text) else self.model.block_from(case.task)
            limits = self.model.review_from(case.task), block_from
            decision = _by_score(hits, model, score, limits, decision)
            for one in case.parts:
                within = [hit for hit in hits if hit.start < one.end and hit.end > one.start]
                among = so_many(one.n_parts)
                said = round(fewer(_combine(within, one.model, known), among), 6)
                decision = _by_score(within, fewer(one.model, among), said, limits, decision)
                if said > score:
                    score, part = said, one
            decision = _by_rules([hit for hit in hits if not hit.rule.weighed], known, decision, model)
        return Verdict(decision, score, tuple(hits), tuple(masks), model, known, part)


def _heard(model: Scorer, view: View, task: Task) -> _Heard:
    """Tell the model a view, and have it glance over the parts, and over the whole where that is enough."""
    parts, text = model.parts(view.text, task), _told(view.text, task)
    of_its_like = longness(text)
    return _Heard(text, parts, of_its_like, model.glance(text, task) if of_its_like == 1 else None)


def _told(clean: str, task: Task) -> str:
    """Return what of a clean text the model is asked about."""
    return without_terms_of_sale(told(clean)) if task == "listing" else told(clean)


def _readings(text: str, clean: View) -> tuple[View, ...]:
    """Return the ways in which a text is judged: as it is read, and without what stands in brackets within a word."""
    read = as_read(added_up(as_characters(text, clean)))
    around = without_asides(read)
    return (read,) if around is None else (read, around)


def _by_writing(hits: Sequence[Hit], text: str) -> list[Hit]:
    """Return hits at the depth of how they are written: what stands in transcribed syllables, or in sums of parts.

    The view they were found in holds the characters already; which ones a syllable means is a guess.
    """
    found = []
    for hit in hits:
        written = text[hit.start : hit.end]
        view = "pinyin" if is_transcribed(written) else "split" if is_sum(written) else hit.view
        if DEPTH[view] <= DEPTH[hit.view]:
            found.append(hit)
        elif DEPTH[view] <= hit.rule.deepest:
            found.append(replace(hit, view=view))
    return found


def _gravity(verdict: Verdict) -> tuple[int, float]:
    return DECISIONS.index(verdict.decision), verdict.score


def _hidden(case: _Case) -> _Case:
    """Return a case whose text hides the order it is read in: few who do so have nothing to hide."""
    if case.model is None:
        return case
    parts = tuple(part._replace(model=fewer(part.model, 1 / HIDDEN)) for part in case.parts)
    return case._replace(model=fewer(case.model, 1 / HIDDEN), parts=parts)


def _must_be_known(task: str, contexts: Sequence[Context]) -> None:
    """Refuse what would otherwise be passed over without a word, so that a slip of the caller lets nothing through.

    Raises:
        ValueError: there is no such task, or a context holds a name that is none of ``CONTEXT``.
    """
    if task not in TASKS:
        raise ValueError(f"there is no task {task!r}; known: {', '.join(TASKS)}")
    for context in contexts:
        if context and (unknown := context.keys() - CONTEXT.keys()):
            raise ValueError(f"context does not know {', '.join(sorted(unknown))}; known: {', '.join(CONTEXT)}")


def _combine(hits: Sequence[Hit], model: float | None, context: Mapping[str, bool], counts: float = 1.0) -> float:
    """Return the score: the odds that the model gives, times ``1 / (1 - weight)`` for each rule broken.

    Of a weighed rule only ``SHARE`` of that goes in, in logarithms, and of that as much as ``counts`` says. So a rule
    never lowers what the model says, and a model that reads a lawful text can outweigh a single hit. The score orders
    texts, fine enough for any threshold.
    """
    rest = exp(-_evidence(hits, None if model is None else SHARE * counts)) if hits else 1.0
    if model is not None:
        rest = (1 - model) * rest / (model + (1 - model) * rest) if model < 1 else 0.0
    if hits or (model is not None and model >= REVIEW_AT):
        rest *= _known(context)
    return round(1 - rest, 6)


def _evidence(hits: Sequence[Hit], weighed: float | None = None) -> float:
    """Return what hits say, as a logarithm of odds: each rule once, by its weight at the plainest depth it was seen at.

    Args:
        hits: what was found.
        weighed: how much of what weighed rules say counts; all of it if None.
    """
    best: dict[str, float] = {}
    for hit in hits:
        share = weighed if weighed is not None and hit.rule.weighed else 1.0
        said = -log1p(-min(hit.rule.weight * TRUST[hit.view], SUREST)) * share
        best[hit.rule.id] = max(best.get(hit.rule.id, 0.0), said)
    return sum(best.values())


def _known(context: Mapping[str, bool]) -> float:
    """Return the share of trust that what the caller knows leaves."""
    return prod(1 - CONTEXT[name] for name in context)


def _by_rules(hits: Sequence[Hit], known: Mapping[str, bool], otherwise: str, model: float | None = None) -> str:
    """Decide by rules that stand as they are: grave ones block, others lead to a person by their weight."""
    if not hits:
        return otherwise
    if _blocks(hits, model):
        return "block"
    if otherwise != "block" and round(1 - exp(-_evidence(hits)) * _known(known), 4) >= REVIEW_AT:
        return "review"
    return otherwise


def _by_score(hits: Sequence[Hit], model: float, score: float, limits: tuple[float, float], otherwise: str) -> str:
    """Decide by rules that are weighed against the model: what it reads as lawful is not blocked for a word in it."""
    review_from, block_from = limits
    if otherwise == "block" or (hits and score >= block_from and _blocks(hits, model)):
        return "block"
    return "review" if score >= review_from else otherwise


def _blocks(hits: Sequence[Hit], model: float | None) -> bool:
    """Say whether a grave rule was broken in plain words with intent, or with a second signal beside it."""
    grave = [hit for hit in hits if hit.rule.action == "block"]
    if any(DEPTH[hit.view] <= DEPTH["squeezed"] and hit.intent for hit in grave):
        return True
    return bool(grave) and (_independent(hits) or (model is not None and model >= MODEL_SECONDS_AT))


def _independent(hits: Sequence[Hit]) -> bool:
    """Say whether two rules were broken in two places, neither of them by a far-fetched reading."""
    firm = [hit for hit in hits if DEPTH[hit.view] <= DEPTH["pinyin"]]
    return any(a.rule.id != b.rule.id and (a.end <= b.start or b.end <= a.start) for a in firm for b in firm)
