"""The house stays small-roomed and tells nothing about the machines it was built on."""

from __future__ import annotations

import ast
import os
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parent.parent
_LONGEST_FILE = 450
_LONGEST_FUNCTION = 50
_TEXT = {".py", ".md", ".toml", ".txt", ".yaml", ".yml", ".html", ".css", ".js", ".po", ".sh", ".json", ".cfg", ""}


def _tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=_ROOT,
        capture_output=True,
        check=True,
    )
    found = (_ROOT / name.decode() for name in listed.stdout.split(b"\0") if name)
    return [path for path in found if path.is_file()]


_FILES = _tracked()
_PYTHON = [path for path in _FILES if path.suffix == ".py" and "migrations" not in path.parts]

_FORBIDDEN = {
    "a package registry's host": re.compile(
        r"https?://[\w.-]*(?:pypi|pythonhosted|npmjs|unpkg|jsdelivr)[\w.-]*", re.IGNORECASE
    ),
    "a path of one machine": re.compile(r"(?<![\w/.])/(?:work|root|home/\w+|Users/\w+)/"),
    "a private key": re.compile(r"-----BEGIN (?:\w+ )?PRIVATE KEY-----\n(?!\.\.\.)"),
    "an access token": re.compile(r"\b(?:ghp_|github_pat_|sk_live_|AKIA|xox[bp]-)[A-Za-z0-9_]{12,}"),
}


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _longest_functions(path: Path) -> list[str]:
    functions = (node for node in ast.walk(_tree(path)) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))
    return [
        f"{path.relative_to(_ROOT)}:{node.lineno} {node.name}"
        for node in functions
        if (node.end_lineno or 0) - node.lineno + 1 > _LONGEST_FUNCTION
    ]


def test_there_is_a_house_to_look_at() -> None:
    assert len(_PYTHON) > 100


def test_no_source_file_is_longer_than_a_sitting() -> None:
    lengths = {str(path.relative_to(_ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in _PYTHON}
    assert {name: length for name, length in lengths.items() if length > _LONGEST_FILE} == {}


def test_no_function_is_longer_than_a_screen() -> None:
    assert [name for path in _PYTHON for name in _longest_functions(path)] == []


def test_no_catch_all_rooms() -> None:
    junk = {"utils", "helpers", "common", "misc"}
    assert [str(path) for path in _PYTHON if "src" in path.parts and junk & {*path.parts, path.stem}] == []


def test_every_module_says_why_it_exists() -> None:
    silent = [
        str(path.relative_to(_ROOT))
        for path in _PYTHON
        if path.read_text(encoding="utf-8").strip() and not ast.get_docstring(_tree(path))
    ]
    assert silent == []


@pytest.mark.parametrize("what", _FORBIDDEN)
def test_the_tree_holds_nothing_that_belongs_elsewhere(what: str) -> None:
    found = []
    for path in _FILES:
        if path.suffix in _TEXT and path != Path(__file__).resolve():
            text = path.read_text(encoding="utf-8", errors="replace")
            found += [f"{path.relative_to(_ROOT)}: {hit.group(0)[:60]}" for hit in _FORBIDDEN[what].finditer(text)]
    assert found == []


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("a package registry's host", "--index-url https://pypi.example/simple"),
        ("a path of one machine", 'open("/root/notes")'),
        ("a private key", "-----BEGIN PRIVATE KEY-----\nMIIE"),
        ("an access token", "ghp_0123456789abcdef"),
    ],
)
def test_the_look_out_sees_what_it_looks_for(what: str, text: str) -> None:
    assert _FORBIDDEN[what].search(text)


def _unlocked(text: str) -> list[str]:
    """Return what a list of packages does not lock to one version and the hashes of its files."""
    lines = re.sub(r"\\\n", " ", re.sub(r"^ *#.*\n?", "", text, flags=re.MULTILINE)).splitlines()
    locked = re.compile(r"[\w.\[\],-]+==[\w.!+]+( ; [^-]*(?:-[^-]+)*?)?( +--hash=sha256:[0-9a-f]{64})+ *")
    return [line.split()[0] for line in lines if line.strip() and not locked.fullmatch(line)]


def test_every_package_that_is_fetched_is_locked_to_the_hashes_of_its_files() -> None:
    lists = sorted((_ROOT / "requirements").glob("*.txt"))
    assert len(lists) > 3
    assert {path.name: found for path in lists if (found := _unlocked(path.read_text(encoding="utf-8")))} == {}
    fetching = re.compile(r"\bpip\b.*\binstall\b")
    scripts = [path for path in _FILES if path.parent.name == "scripts" or path.name == "Makefile"]
    lines = [
        line for path in scripts for line in path.read_text(encoding="utf-8").splitlines() if fetching.search(line)
    ]
    assert lines
    assert [line for line in lines if "--require-hashes -r " not in line] == []


def test_what_is_not_locked_is_seen() -> None:
    sound = "a-b[c]==1.2 ; python_version < '4' \\\n    --hash=sha256:" + "0" * 64 + "\n    # via x\n"
    assert _unlocked(sound) == []
    assert _unlocked(sound + "evil==1.0\n") == ["evil==1.0"]
    assert _unlocked(sound.replace("==", ">=")) == ["a-b[c]>=1.2"]
    assert _unlocked("git+https://example.com/x.git\n") == ["git+https://example.com/x.git"]
    assert _unlocked(sound[:-30]) == ["a-b[c]==1.2"]


#: What was bought, what was paid for it, and what tells what it was: rows that nothing may delete.
_KEPT_FOR_EVER = {
    *("Order", "DeliveredCode", "Payment", "Receipt", "Refund", "Journal", "Entry", "Hold", "HoldStep", "Case"),
    *("Product", "Sku", "Merchant", "StockCode"),
}
_KEPT_TABLES = re.compile(
    r"(?:DELETE\s+FROM|TRUNCATE)\s+(?:ONLY\s+)?(?:orders_order|delivery_code|payments_(?:payment|receipt|refund)|ledger_\w+|"
    r"escrow_hold\w*|disputes_case|catalog_(?:product|sku)|merchants_merchant|stock_stockcode)\b[^\"]*"
)
#: A code that was withdrawn unsold and holds nothing makes way when it comes back (tests/flows/test_contents.py).
_MAKES_WAY = "withdrawn_at IS NOT NULL AND octet_length(envelope) = 0"


def _deletions(source: str) -> list[str]:
    """Return the statements and calls in a module that delete what is kept for ever."""
    found = [text for text in _KEPT_TABLES.findall(source) if _MAKES_WAY not in text]
    for node in ast.walk(ast.parse(source if ".delete(" in source else "")):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "delete":
            begin: ast.AST = node.func
            while isinstance(begin, (ast.Call, ast.Attribute)):
                begin = begin.func if isinstance(begin, ast.Call) else begin.value
            if isinstance(begin, ast.Name) and begin.id in _KEPT_FOR_EVER:
                found.append(ast.unparse(node))
    return found


_PRODUCT = [path for path in _PYTHON if path.is_relative_to(_ROOT / "src")]


def test_nothing_deletes_what_was_bought() -> None:
    found = {str(path.relative_to(_ROOT)): _deletions(path.read_text(encoding="utf-8")) for path in _PRODUCT}
    assert {name: deletions for name, deletions in found.items() if deletions} == {}


@pytest.mark.parametrize(
    "source",
    [
        "Order.objects.filter(id=1).delete()",
        "Sku.objects.all().delete()",
        "A = 'DELETE FROM delivery_code d USING x'",
        'B = "WITH a AS (DELETE FROM  stock_stockcode WHERE withdrawn_at IS NOT NULL)"',
        "C = 'TRUNCATE ledger_entry'",
    ],
)
def test_a_deletion_of_what_was_bought_is_seen(source: str) -> None:
    assert len(_deletions(source)) == 1


_XML = re.compile(r"^\s*(?:import|from)\s+(?:xml|lxml|defusedxml|xmltodict|xmlsec|html5lib|bs4)\b", re.MULTILINE)


def test_no_xml_is_read_at_all() -> None:
    """So no entity, no DTD and no bomb of either is ever opened."""
    assert [path.name for path in _PRODUCT if _XML.search(path.read_text(encoding="utf-8"))] == []
    assert _XML.search("    from xml.etree import ElementTree")


@pytest.mark.parametrize(
    ("chore", "calls"),
    [
        ("nightly", ["XINKA_TEST_NIGHTLY=1", "XINKA_TEST_CRASH_SCHEDULES=200", '-m "crash or race"']),
        (
            "test",
            ["scripts/setup browser", "scripts/setup interop", "scripts/check", "bin/pytest -n 2 --dist worksteal\n"],
        ),
    ],
)
def test_a_chore_runs_what_it_promises(chore: str, calls: list[str]) -> None:
    command = ["make", "--no-print-directory", "-n", chore]
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "WORKERS"))
    }
    dry = subprocess.run(command, cwd=_ROOT, env=environment, capture_output=True, text=True, check=True)
    assert [call for call in calls if call not in dry.stdout] == []


def test_continuous_integration_runs_all_tests() -> None:
    assert (_ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()[-1] == "exec make test"
