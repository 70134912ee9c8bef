"""Sends notices by real HTTP, again and again until the shop says "success", as gateways do.

A thread lives while notices are planned and ends when none is left; what is planned is in the database, so nothing is
lost with the thread. It holds no database connection while it waits.
"""

from __future__ import annotations

import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlencode

from django.db import connection, transaction
from django.utils import timezone

from xinka.sandbox.models import NotifyAttempt, SandboxTrade
from xinka.sandbox.states import NoticeKind

RETRY_AFTER = (60, 180, 1200, 3600, 7200)
_TIMEOUT_SECONDS = 10
_LONGEST_NAP_SECONDS = 30.0
_AT_ONCE = 8


class Outcome(NamedTuple):
    """What the shop answered; status 0 where nobody did."""

    status: int
    answer: str

    @property
    def accepted(self) -> bool:
        """Whether the shop said it knows."""
        return self.status == 200 and "success" in self.answer.lower()


def plan(
    trade: SandboxTrade, fields: Mapping[str, str], *, due_at: datetime, kind: NoticeKind, method: str = "GET"
) -> None:
    """Plan one notice; the thread is woken once the transaction is through."""
    NotifyAttempt.objects.create(trade=trade, kind=kind, method=method, fields=dict(fields), due_at=due_at)
    transaction.on_commit(_thread.wake)


def deliver_due(now: datetime) -> float | None:
    """Send every notice that is due, together; return the seconds to the next one, or None if none is planned."""
    due = list(NotifyAttempt.objects.filter(taken_at=None, due_at__lte=now).select_related("trade").order_by("due_at"))
    mine = [attempt for attempt in due if _take(attempt, now)]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for attempt, outcome in zip(mine, pool.map(_send, mine), strict=True):
            _record(attempt, outcome)
    upcoming = NotifyAttempt.objects.filter(taken_at=None).order_by("due_at").values_list("due_at", flat=True).first()
    return None if upcoming is None else max((upcoming - timezone.now()).total_seconds(), 0.0)


def _take(attempt: NotifyAttempt, now: datetime) -> bool:
    """Claim an attempt; another process may have been there first."""
    return bool(NotifyAttempt.objects.filter(pk=attempt.pk, taken_at=None).update(taken_at=now))


def _send(attempt: NotifyAttempt) -> Outcome:
    form = urlencode(attempt.fields)
    if attempt.method == "POST":
        request = urllib.request.Request(attempt.trade.notify_url, data=form.encode())  # noqa: S310 - checked at opening
    else:
        request = urllib.request.Request(f"{attempt.trade.notify_url}?{form}")  # noqa: S310 - checked at opening
    try:
        with _opener.open(request, timeout=_TIMEOUT_SECONDS) as response:
            return Outcome(response.status, response.read(100).decode(errors="replace"))
    except urllib.error.HTTPError as error:
        with error:
            return Outcome(error.code, error.read(100).decode(errors="replace"))
    except OSError as error:
        return Outcome(0, type(error).__name__)


def _record(attempt: NotifyAttempt, outcome: Outcome) -> None:
    """Write down the answer, and plan the next try of a genuine notice that was not accepted."""
    attempt.status, attempt.answer, attempt.accepted = outcome.status, outcome.answer[:100], outcome.accepted
    attempt.save(update_fields=["status", "answer", "accepted"])
    if outcome.accepted or attempt.kind == NoticeKind.FORGED or attempt.number > len(RETRY_AFTER):
        return
    NotifyAttempt.objects.create(
        trade=attempt.trade,
        kind=attempt.kind,
        method=attempt.method,
        fields=attempt.fields,
        number=attempt.number + 1,
        due_at=timezone.now() + timedelta(seconds=RETRY_AFTER[attempt.number - 1]),
    )


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect could lead anywhere; it counts as an answer that is not "success"."""

    def redirect_request(self, *_: object) -> None:
        """Follow nothing."""


_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)


class _Thread:
    """One background thread per process, started when there is work."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bell = threading.Event()
        self._running = False

    def wake(self) -> None:
        """See to it that what is planned is sent."""
        with self._lock:
            self._bell.set()
            if not self._running:
                self._running = True
                threading.Thread(target=self._run, name="sandbox-notices", daemon=True).start()

    def _run(self) -> None:
        try:
            while not self._may_end():
                nap = deliver_due(timezone.now())
                connection.close()
                if nap is not None:
                    self._bell.wait(min(nap, _LONGEST_NAP_SECONDS))
                    self._bell.set()
        except BaseException:
            with self._lock:
                self._running = False
            raise
        finally:
            connection.close()

    def _may_end(self) -> bool:
        """Whether nothing rang since the last look; ending and being woken exclude each other."""
        with self._lock:
            if self._bell.is_set():
                self._bell.clear()
                return False
            self._running = False
            return True


_thread = _Thread()
