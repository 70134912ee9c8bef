"""How long each pattern that reads texts needs for 100,000 characters made to keep it busy.

每个读文本的正则，遇上十万个专门刁难它的字符，要用多久。

    xinka bench patterns [--characters N] [--json]

Method: every pattern that the program makes, as ``tools/patterns`` finds them, is asked by each method the program asks
it by. The texts are made from the pattern itself: the sign that each of its places reads, two and three neighbouring
places in turn, and the longest way through it, each again and again, once with a strange sign behind. The worst of them
counts, in processor time. What takes more than ten seconds is given up on. Left out is what reads no such texts:
``tools.patterns.__main__.BOUNDED``.
"""

from __future__ import annotations

import json
import os
import platform
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from types import FrameType

from benchmarks.arguments import Arguments, whole
from tools.patterns.__main__ import BOUNDED
from tools.patterns.automaton import Automaton
from tools.patterns.finding import Found, Pattern, every_pattern

AIM_MS = 50.0
_GIVEN_UP_AFTER_S = 10
_MOST_WORDS = 150


def words(pattern: Pattern) -> list[str]:
    """Return what to repeat: one sign of each place, and of places that follow each other."""
    automaton = Automaton(pattern, bound=2, anywhere=False)
    signs = [
        chr(automaton.signs.signs[(reads & -reads).bit_length() - 1]) if reads & automaton.signs.all else ""
        for reads in automaton.reads
    ]
    found = dict.fromkeys(signs)
    for state, steps in enumerate(automaton.steps):
        for step in steps:
            found[signs[state] + signs[step.to]] = None
            for further in automaton.steps[step.to]:
                found[signs[state] + signs[step.to] + signs[further.to]] = None
    whole = "".join(signs)
    return [word for word in [whole, *list(found)[:_MOST_WORDS], *(sign + whole for sign in signs[:3])] if word]


def texts(pattern: Pattern, characters: int) -> Iterator[str | bytes]:
    """Yield texts of that many characters that the pattern may find hard."""
    for word in words(pattern):
        whole = (word * (characters // len(word) + 1))[:characters]
        for text in (whole, whole + "\x01\n"):
            yield text.encode("latin-1", "replace") if isinstance(pattern.pattern, bytes) else text


def _ask(pattern: Pattern, use: str, text: str | bytes) -> float:
    """Return the milliseconds of processor time that one question takes."""
    started = time.process_time()
    if use in {"sub", "subn"}:
        pattern.sub(lambda found: found[0], text)  # type: ignore[arg-type]
    elif use == "finditer":
        for _ in pattern.finditer(text):  # type: ignore[arg-type]
            pass
    else:
        getattr(pattern, use)(text)
    return (time.process_time() - started) * 1000


class _TooLong(Exception):
    pass


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise _TooLong


def worst(one: Found, characters: int) -> float:
    """Return the most milliseconds that any of the texts took."""
    most = 0.0
    uses = sorted(one.uses - {"?"}) or ["finditer", "fullmatch"]
    for text in texts(one.pattern, characters):
        for use in uses:
            signal.setitimer(signal.ITIMER_VIRTUAL, _GIVEN_UP_AFTER_S)
            try:
                most = max(most, _ask(one.pattern, use, text))
            except _TooLong:
                return float("inf")
            finally:
                signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    return most


def main() -> None:
    """Measure all of them and print the slowest."""
    parser = Arguments(__file__, __doc__)
    parser.add_argument("--characters", type=whole(1), default=100_000, help="of each text / 每段文本的字符数")
    parser.add_argument("--json", action="store_true", help="only the last line / 只输出最后一行")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xinka.config.settings")
    signal.signal(signal.SIGVTALRM, _stop)
    found, unseen = every_pattern()
    unseen = [one for one in unseen if one.path not in BOUNDED]  # what reads the command line was loaded for this one
    if unseen:
        raise SystemExit(f"not every pattern was seen: {', '.join(map(str, unseen))}")
    found = [one for one in found if one.place.path not in BOUNDED]
    took = []
    for number, one in enumerate(found, 1):
        took.append((worst(one, options.characters), str(one.place)))
        if not options.json and sys.stderr.isatty():
            print(f"\r{number}/{len(found)}", end="", file=sys.stderr)
    took.sort(reverse=True)
    if not options.json:
        with suppress(OSError):
            print(f"\n{platform.processor() or platform.machine()}, Python {platform.python_version()}")
        for milliseconds, place in took[:20]:
            print(f"{milliseconds:10.1f} ms  {place}")
    above = [place for milliseconds, place in took if milliseconds > AIM_MS]
    print(json.dumps({"patterns": len(took), "slowest_ms": round(took[0][0], 1), "aim_ms": AIM_MS, "above": above}))


if __name__ == "__main__":
    main()
