"""Runs the examples that rules carry: what must hit must name the rule, what must pass must not."""

from __future__ import annotations

from collections.abc import Sequence

from xinka.engines.textguard.packs import Pack, Rule
from xinka.engines.textguard.rules import RuleSet
from xinka.engines.textguard.views import clean_view


def check_examples(packs: Sequence[Pack]) -> tuple[int, list[str]]:
    """Return how many examples were run, and a sentence about each that went wrong, in both languages."""
    rules = RuleSet(packs)
    n_examples, failures = 0, []
    for pack in packs:
        for rule in pack.rules:
            n_examples += len(rule.must_hit) + len(rule.must_pass)
            failures += _wrong(rules, pack, rule)
    return n_examples, failures


def _wrong(rules: RuleSet, pack: Pack, rule: Rule) -> list[str]:
    task = "listing" if "listing" in rule.tasks else "chat"
    failures = [
        f"{pack.name} · {rule.id}: {example!r} must hit and does not / 应命中而未命中"
        for example in rule.must_hit
        if not any(hit.rule.id == rule.id for hit in rules.hits(example, clean_view(example), task))
    ]
    for example in rule.must_pass:
        failures += [
            f"{pack.name} · {rule.id}: {example!r} must pass, {h.rule.id} hits {example[h.start : h.end]!r} / 不应命中"
            for h in rules.hits(example, clean_view(example), task)
        ]
    return failures
