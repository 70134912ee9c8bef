"""Tells every pattern that a text could keep busy: ``python -m tools.patterns`` (exit code 1 if there is any).

With ``--control`` it looks at patterns known to be bad, so that nobody takes a blind check for a clean program.
"""

from __future__ import annotations

import os
import re
import sys

from tools.patterns.finding import every_pattern
from tools.patterns.judging import judged

#: What cannot grow: file (and line's beginning of the pattern), and why.
BOUNDED = {
    "engines/usage.py": "reads a refusal of the operator's own command line",
    "engines/textguard/layouts.py": "a row of cells ends where a sign follows, so what was read is never read again",
}
CONTROLS: tuple[tuple[str, str], ...] = (
    (r"(a+)+b", "match"),
    (r"(?:aa|a)*b", "match"),
    (r"(a*b*)*c", "fullmatch"),
    (r"[a-z]+(?:-?[a-z]+)*", "fullmatch"),
    (r"(?:a{0,3}a){4,40}b", "match"),
    (r"(?:[a-z]|(?: {0,4}\bdot\b {0,4})(?=[a-z])){0,40}@", "match"),
    (r"a*a*b", "match"),
    (r".*x.*y", "match"),
    (r"\s+$", "sub"),
    (r"[a-z]+@", "search"),
    (r"(?=[a-z]+1)[a-z]", "finditer"),
)
HARMLESS: tuple[tuple[str, str], ...] = (
    (r"a+b", "match"),
    (r"a+", "search"),
    (r"(?<!a)a+b", "search"),
    (r"\ba+b", "search"),
    (r"(?:\d{1,3},)*\d+", "fullmatch"),
    (r"[a-z]+(?:\.[a-z]+)*", "fullmatch"),
    (r"(?:%[0-9A-F]{2})+", "sub"),
    (r"(?:(?> {0,4}\bdot\b {0,4}(?=[a-z])|[a-z])){0,40}@", "match"),
)


def faults() -> list[str]:
    """Return a sentence for each pattern that can be kept busy or could not be looked at."""
    found, unseen = every_pattern()
    told = [f"{place}: the pattern it makes could not be looked at" for place in unseen]
    for one in found:
        busy = judged(one.pattern, one.uses) if one.place.path not in BOUNDED else None
        if busy is not None:
            told.append(f"{one.place}: {busy.way}, by {busy.word!r} again and again: {one.pattern.pattern!r}")
    return [*told, *([] if found else ["no pattern was found"])]


def main() -> int:
    """Print what was found; return the exit code."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xinka.config.settings")
    if "--control" in sys.argv[1:]:
        told = [pattern for pattern, use in CONTROLS if judged(re.compile(pattern), frozenset({use}))]
        told += [f"wrongly: {pattern}" for pattern, use in HARMLESS if judged(re.compile(pattern), frozenset({use}))]
    else:
        told = faults()
    sys.stdout.write("".join(f"{line}\n" for line in told))
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main())
