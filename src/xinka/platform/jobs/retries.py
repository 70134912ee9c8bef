"""When a job that failed is tried again: later each time, never at the same moment as its neighbours, not for ever."""

from __future__ import annotations

import random
import re

from procrastinate import BaseRetryStrategy, RetryDecision
from procrastinate.jobs import Job

from xinka.kernel.errors import ProviderError, Refusal
from xinka.platform.database.away import is_away

MAX_ATTEMPTS = 8
#: Looked for from the beginning of a word only: a long word without the sign would be read again from each letter.
_ADDRESS = re.compile(r"(?<![^\s<>\"'(){}\[\],;:@])[^\s<>\"'(){}\[\],;:@]+@[^\s<>\"'(){}\[\],;:]+")
_LONGEST = 300
_jitter = random.SystemRandom()


class Backoff(BaseRetryStrategy):
    """Wait ``first`` seconds, then four times as long each time, each a quarter more or less by chance.

    After ``attempts`` tries, or at once when trying again cannot help, the job becomes a dead letter.
    """

    def __init__(self, first: float = 5.0, attempts: int = MAX_ATTEMPTS) -> None:
        self.first = first
        self.attempts = attempts

    def is_last(self, job: Job) -> bool:
        """Whether no other try follows this one."""
        return job.attempts + 1 >= self.attempts

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """Return when to try again, or ``None``; ``job.attempts`` counts the tries before this one."""
        if self.is_last(job) or is_permanent(exception):
            return None
        seconds = self.first * 4**job.attempts * _jitter.uniform(0.75, 1.25)
        return RetryDecision(retry_in={"seconds": max(1, round(seconds))})


class WhileAway(Backoff):
    """The same, but only where the database was away: any other failure is for somebody to look at."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """Return when to try again, or ``None``."""
        return super().get_retry_decision(exception=exception, job=job) if is_away(exception) else None


def is_permanent(exception: BaseException) -> bool:
    """Whether trying again cannot help: a refusal of ours, or a failure that the other side called final."""
    if isinstance(exception, ProviderError):
        return exception.permanent
    return isinstance(exception, Refusal)


def in_words(error: BaseException) -> str:
    """Return a failure for logs and staff: one short line without anybody's mail address."""
    text = " ".join(f"{type(error).__name__}: {error}".split())
    return without_addresses(text)[:_LONGEST]


def without_addresses(text: str) -> str:
    """Return the text with every mail address blotted out."""
    return _ADDRESS.sub("•••@•••", text)
