"""The log of every process: one JSON object a line, so that nothing a visitor sends can look like a line of ours.

A trace names files and lines, never the values of variables, and no mail address: among those are contacts, passwords
and open keys. docs/operate/logs.md says what the lines mean. No Django here: the till writes so too.
"""

from __future__ import annotations

import json
import logging
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

#: Frames of a trace that are kept: the last ones, where it happened.
_FRAMES = 12
#: What every record has; anything else was given by the caller as ``extra``.
_OF_EVERY_RECORD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
#: Granian's advice about a number of threads that is ours and meant.
_ADVICE = "Configuration allows spawning"


def explain(error: BaseException) -> dict[str, object]:
    """Return what a line says about a fault: its name and words, those of its causes, and the trace."""
    from xinka.platform.jobs.retries import in_words  # here, because only a fault needs it

    causes, cause = list[str](), error.__cause__ or error.__context__
    while cause is not None and len(causes) < _FRAMES:
        causes.append(_without_rows(in_words(cause)))
        cause = cause.__cause__ or cause.__context__
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    found: dict[str, object] = {"error": _without_rows(in_words(error))}
    if causes:
        found["causes"] = causes
    return {**found, "trace": [f"{_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames]}


def _without_rows(words: str) -> str:
    """Leave out what PostgreSQL tells of the row that broke a rule: it holds contacts and hashes of codes."""
    return words.split(" DETAIL:", 1)[0]


def _short(filename: str) -> str:
    """Return the file's name from its package on, whatever directory that lies in."""
    parts = Path(filename).parts
    for root in ("site-packages", "src"):
        if root in parts:
            return "/".join(parts[len(parts) - parts[::-1].index(root) :])
    return "/".join(parts[-2:])


class Seldom:
    """Counts trouble that every request meets while something is away, so that not each of them writes a line.

    The first is told at once, and then one line at most every so many seconds tells how many there were meanwhile: a
    line for each would bury everything else and fill the disk. The till and the pages' threads may share one.
    """

    def __init__(self, every: float = 10.0, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the seconds between two lines about the same."""
        self._every = every
        self._clock = clock
        self._quiet_until: dict[tuple[str, str], float] = {}
        self._unsaid: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()

    def count(self, event: str, reason: str) -> int:
        """Count one more; return how many to tell of now, this one included, or 0 if it is not time yet."""
        key, now = (event, reason), self._clock()
        with self._lock:
            self._unsaid[key] += 1
            if now < self._quiet_until.get(key, now):
                return 0
            self._quiet_until[key] = now + self._every
            return self._unsaid.pop(key)


class JsonLines(logging.Formatter):
    """Writes what the standard library's loggers are told as the till writes its own; all but ASCII is escaped."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line."""
        facts: dict[str, Any] = {
            name: value for name, value in vars(record).items() if name not in _OF_EVERY_RECORD and name != "request"
        }
        line = {"event": record.getMessage(), "level": record.levelname.lower(), "logger": record.name, **facts}
        if record.exc_info and record.exc_info[1] is not None:
            line |= explain(record.exc_info[1])
        line["timestamp"] = datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z")
        return json.dumps(line, default=str)


def is_worth_a_line(record: logging.LogRecord) -> bool:
    """Whether a record tells something new: granian's advice does not, nor what each part of a worker that ends says.

    Of those parts (procrastinate's ``cancel_and_capture_errors``) each says that the database is away, with its trace;
    why the worker ends is told by itself, once.
    """
    is_of_a_part = record.name == "procrastinate.utils" and str(getattr(record, "action", "")).endswith("_error")
    return not is_of_a_part and not str(record.msg).startswith(_ADVICE)


def settings() -> dict[str, Any]:
    """Return the configuration (logging.config) of a process that talks to the standard library's loggers."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": {"()": JsonLines}},
        "filters": {"worth": {"()": lambda: is_worth_a_line}},
        "handlers": {
            "lines": {"class": "logging.StreamHandler", "formatter": "lines", "filters": ["worth"]},
        },
        "root": {"handlers": ["lines"], "level": "WARNING"},
        "loggers": {
            "xinka": {"level": "INFO"},
            # Django's own handlers print nothing at all outside of its debug mode.
            "django": {"handlers": [], "level": "WARNING", "propagate": True},
            # Refused requests have a line of ours, and so have faults: `request.failed`, with the visitor's reference.
            "django.request": {"level": "CRITICAL"},
            "_granian": {"handlers": [], "level": "WARNING", "propagate": True},
        },
    }


class Unfailing:
    """A stream that swallows what its disk has no room for: a line of the log is worth less than what it tells of."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write, if it can be written."""
        with suppress(OSError):
            return self._stream.write(text)
        return 0

    def flush(self) -> None:
        """Flush, if it can be flushed."""
        with suppress(OSError):
            self._stream.flush()


def only_warnings() -> None:
    """Leave out what is as it should be: a command answers a person, who wants its answer and no log."""
    logging.getLogger("xinka").setLevel(logging.WARNING)
