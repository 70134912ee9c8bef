"""Every sentence with which a provider fails has Chinese: they are read from the source, so that none is forgotten."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import translation

import xinka
from xinka.flows.hindrances import _FAILURES, _LEADS, hindrance_in_words

_SOURCE = Path(xinka.__file__).parent
_PROVIDERS = sorted((_SOURCE / "payments" / "providers").rglob("*.py"))
_FLOWS = sorted((_SOURCE / "flows").rglob("*.py"))


def _failures(trees: list[ast.Module]) -> set[str]:
    """Return the names of ``ProviderError`` and of every class that descends from it."""
    classes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    names, n_before = {"ProviderError"}, 0
    while len(names) > n_before:
        n_before = len(names)
        names |= {one.name for one in classes if names & {ast.unparse(base) for base in one.bases}}
    return names


def _calls(tree: ast.Module, names: set[str]) -> Iterator[ast.Call]:
    """Yield the calls that make a failure, or that mark a sentence."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in names | {"sentence"}:
            yield node
        elif isinstance(node, ast.ClassDef) and node.name in names:
            made = [one for one in ast.walk(node) if isinstance(one, ast.Call)]
            yield from (one for one in made if ast.unparse(one.func) == "super().__init__")


def _literals(call: ast.Call) -> Iterator[str]:
    """Yield what is written out in a call, as its sentence or as its quotation."""
    for one in [*call.args, *(word.value for word in call.keywords)]:
        if isinstance(one, ast.Constant) and isinstance(one.value, str):
            yield one.value


def _is_put_together(call: ast.Call) -> bool:
    """Whether the sentence of a call is neither a literal, nor marked, nor a name of what was marked elsewhere."""
    first = call.args[0] if call.args else None
    if isinstance(first, ast.Call):
        return ast.unparse(first.func) != "sentence"
    return isinstance(first, ast.JoinedStr | ast.BinOp | ast.BoolOp | ast.IfExp)


def _all_calls(*texts: str) -> list[ast.Call]:
    trees = [ast.parse(text) for text in texts]
    names = _failures(trees)
    return [call for tree in trees for call in _calls(tree, names)]


@pytest.fixture(scope="module")
def calls() -> list[ast.Call]:
    return _all_calls(*(path.read_text(encoding="utf-8") for path in _PROVIDERS))


def test_every_sentence_of_a_provider_has_chinese(calls: list[ast.Call]) -> None:
    sentences = {text for call in calls for text in _literals(call)}
    assert len(sentences) > 100
    with translation.override("zh-hans"):
        assert [text for text in sorted(sentences) if hindrance_in_words(text) == text] == []
    with translation.override("en"):
        assert [text for text in sorted(sentences) if hindrance_in_words(text) != text] == []


def test_no_sentence_of_a_provider_is_put_together(calls: list[ast.Call]) -> None:
    assert [ast.unparse(call) for call in calls if _is_put_together(call)] == []


def test_behind_a_quotation_of_ours_the_translation_goes_on(calls: list[ast.Call]) -> None:
    leads = set()
    for call in calls:
        for word in call.keywords:
            if word.arg == "quote" and ast.unparse(word.value).startswith(("str(error)", "sentence(")):
                leads.update(_literals(call))
    assert leads == {"profit sharing", "refund", "share"}
    assert leads < _LEADS


def test_every_kind_of_failure_is_said_in_words() -> None:
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in _PROVIDERS + _FLOWS]
    assert _failures(trees) == set(_FAILURES)


_WRONG = """
class Late(ProviderError):
    def __init__(self) -> None:
        super().__init__("it is late")
raise ProviderError(f"it is {late}")
raise ProviderError("it is" + late)
raise Late("very late", quote="too late")
"""


def test_sentences_are_found_wherever_a_failure_is_made() -> None:
    found = _all_calls(_WRONG)
    assert {text for call in found for text in _literals(call)} == {"it is late", "very late", "too late"}
    assert sum(_is_put_together(call) for call in found) == 2
