"""Finds every pattern of the program: those made as its modules are loaded, and those that its functions would make."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TypeGuard

SOURCE = Path(__file__).resolve().parents[2] / "src" / "xinka"
_MAKERS = frozenset({"compile", "match", "fullmatch", "search", "findall", "finditer", "split", "sub", "subn"})
_USES = _MAKERS - {"compile"}

Pattern = re.Pattern[str] | re.Pattern[bytes]


class Place(NamedTuple):
    """Where in the program a pattern is made."""

    path: str
    line: int

    def __str__(self) -> str:
        return f"src/xinka/{self.path}:{self.line}"


class Found(NamedTuple):
    """A pattern, where it is made and by which methods it is asked; none known means any."""

    place: Place
    pattern: Pattern
    uses: frozenset[str]


class _Giving(ast.Return):
    value: ast.expr


class _Module:
    """What one file says of its patterns."""

    def __init__(self, path: Path) -> None:
        self.tree = ast.parse(path.read_text(encoding="utf-8"))
        self.makes = {node.lineno: node for node in _made_in(self.tree)}
        self.names = self._names()

    def _names(self) -> dict[str, set[int]]:
        """Return under which names the patterns of which lines are kept."""
        names: dict[str, set[int]] = defaultdict(set)
        for node in ast.walk(self.tree):
            for target, value in _kept(node):
                lines = {one.lineno for one in _made_in(value)}
                for name in (one.id for one in ast.walk(target) if isinstance(one, ast.Name)):
                    names[name] |= lines
            if isinstance(node, ast.FunctionDef):
                names[node.name] |= {one.value.lineno for one in ast.walk(node) if _gives_a_pattern(one)}
        return {name: lines for name, lines in names.items() if lines}

    def uses_of(self, names: set[str]) -> set[str]:
        """Return the methods that are called of these names, ``?`` where one of them is handed on as it is."""
        uses: set[str] = set()
        asked = {id(_called(node.value)) for node in ast.walk(self.tree) if isinstance(node, ast.Attribute)}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Attribute) and getattr(_called(node.value), "id", None) in names:
                uses |= {node.attr} & (_USES | {"pattern"})
            elif isinstance(node, ast.Name) and node.id in names and isinstance(node.ctx, ast.Load):
                uses |= set() if id(node) in asked else {"?"}
        return uses - {"pattern"}


def _made_in(tree: ast.AST) -> Iterator[ast.Call]:
    """Yield the calls that make a pattern."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _MAKERS:
            of = node.func.value
            if isinstance(of, ast.Name) and of.id == "re":
                yield node


def _called(node: ast.expr) -> ast.expr:
    """Return the function of a call without arguments, and anything else as it is."""
    return node.func if isinstance(node, ast.Call) and not node.args else node


def _gives_a_pattern(node: ast.AST) -> TypeGuard[_Giving]:
    return isinstance(node, ast.Return) and node.value in [*_made_in(node)]


def _kept(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Yield what is kept under which names."""
    if not isinstance(node, ast.Assign):
        return
    for target in node.targets:
        if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            yield from zip(target.elts, node.value.elts, strict=True)
        else:
            yield target, node.value


def _direct(module: _Module, line: int) -> set[str]:
    """Return how the pattern of a line is used right where it is made."""
    call = module.makes[line]
    if isinstance(call.func, ast.Attribute) and call.func.attr != "compile":
        return {call.func.attr}
    return {
        node.attr
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and node.value is call and node.attr in _USES
    }


def _recorded() -> dict[Place, set[Pattern]]:
    """Load every module, run what makes a pattern without being asked anything, and note what is made."""
    made: dict[Place, set[Pattern]] = defaultdict(set)
    compiled = re._compile  # type: ignore[attr-defined]  # noqa: SLF001 - every way to make one goes through it

    def noting(pattern: str | re.Pattern[str], flags: int) -> re.Pattern[str]:
        found: re.Pattern[str] = compiled(pattern, flags)
        caller = sys._getframe(2)  # noqa: SLF001 - that is whose pattern it is
        path = Path(caller.f_code.co_filename)
        if path.is_relative_to(SOURCE):
            made[Place(str(path.relative_to(SOURCE)), caller.f_lineno)].add(found)
        return found

    re._compile = noting  # type: ignore[attr-defined]  # noqa: SLF001
    try:
        for module in _every_module():
            _wake(module)
    finally:
        re._compile = compiled  # type: ignore[attr-defined]  # noqa: SLF001
    return made


def _every_module() -> Iterator[object]:
    import django

    django.setup()
    for one in pkgutil.walk_packages([str(SOURCE)], "xinka."):
        if ".migrations." not in one.name and not one.name.endswith((".__main__", ".wsgi", ".standalone")):
            yield importlib.import_module(one.name)


def _wake(module: object) -> None:
    """Call what a module keeps for later: functions without parameters whose answer is remembered."""
    for one in list(vars(module).values()):
        own = getattr(one, "__module__", "") == getattr(module, "__name__", None)
        if own and hasattr(one, "cache_info") and not _parameters(one):
            one()


def _parameters(function: object) -> int:
    code = function.__wrapped__.__code__  # type: ignore[attr-defined]
    return int(code.co_argcount + code.co_kwonlyargcount)


def every_pattern() -> tuple[list[Found], list[Place]]:
    """Return every pattern of the program, and the places that make one which could not be seen."""
    modules = {str(path.relative_to(SOURCE)): _Module(path) for path in SOURCE.rglob("*.py")}
    made = _recorded()
    found, unseen = [], []
    for path, module in sorted(modules.items()):
        for line in sorted(module.makes):
            place = Place(path, line)
            patterns = made.get(place) or _written(module.makes[line], path)
            if not patterns:
                unseen.append(place)
            names = {name for name, lines in module.names.items() if line in lines}
            uses = frozenset(_direct(module, line) or _uses(modules, path, names))
            found += [Found(place, pattern, uses) for pattern in patterns]
    return found, unseen


def _uses(modules: dict[str, _Module], path: str, names: set[str]) -> set[str]:
    uses = modules[path].uses_of(names)
    for name in (name for name in names if not name.startswith("_")):
        for other, module in modules.items():
            if other != path and any(
                isinstance(node, ast.ImportFrom) and name in {one.name for one in node.names}
                for node in ast.walk(module.tree)
            ):
                uses |= module.uses_of({name})
    return uses


def _written(call: ast.Call, path: str) -> set[Pattern]:
    """Return the pattern of a call that a function makes, where it stands there word by word or under a name."""
    module = importlib.import_module("xinka." + path.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
    text = getattr(module, call.args[0].id, None) if isinstance(call.args[0], ast.Name) else _literal(call.args[0])
    flags = re.IGNORECASE if any(one.arg == "flags" for one in call.keywords) else 0
    return {re.compile(text, flags)} if isinstance(text, str) else set()


def _literal(expression: ast.expr) -> object:
    try:
        return ast.literal_eval(expression)
    except ValueError:
        return None
