"""Sends notices by real HTTP, again and again until the shop says that it knows, as gateways do.

A thread lives while notices are planned and ends when none is left; what is planned is in the database, so nothing is
lost with the thread. It holds no database connection while it waits.
"""

from __future__ import annotations

import threading
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from xinka.sandbox.models import NotifyAttempt, SandboxTrade
from xinka.sandbox.protocols import WireAnswer, WireRequest, protocol_of
from xinka.sandbox.states import NoticeKind

RETRY_AFTER = (60, 180, 1200, 3600, 7200)
_TIMEOUT_SECONDS = 10
_LONGEST_NAP_SECONDS = 30.0
_AT_ONCE = 8


def plan(trade: SandboxTrade, request: WireRequest, *, due_at: datetime, kind: NoticeKind) -> None:
    """Plan one notice; the thread is woken once the transaction is through."""
    _keep(trade, request, due_at=due_at, kind=kind, number=1)
    transaction.on_commit(_thread.wake)


def _keep(trade: SandboxTrade, request: WireRequest, *, due_at: datetime, kind: str, number: int) -> None:
    NotifyAttempt.objects.create(
        trade=trade,
        kind=kind,
        method=request.method,
        url=request.url,
        headers=dict(request.headers),
        body=request.body,
        number=number,
        due_at=due_at,
    )


def deliver_due(now: datetime) -> float | None:
    """Send every notice that is due, together; return the seconds to the next one, or None if none is planned."""
    planned = NotifyAttempt.objects.filter(taken_at=None, due_at__lte=now).order_by("due_at")
    due = list(planned.select_related("trade__merchant"))
    mine = [attempt for attempt in due if _take(attempt, now)]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for attempt, answer in zip(mine, pool.map(_send, mine), strict=True):
            _record(attempt, answer)
    upcoming = NotifyAttempt.objects.filter(taken_at=None).order_by("due_at").values_list("due_at", flat=True).first()
    return None if upcoming is None else max((upcoming - timezone.now()).total_seconds(), 0.0)


def _take(attempt: NotifyAttempt, now: datetime) -> bool:
    """Claim an attempt; another process may have been there first."""
    return bool(NotifyAttempt.objects.filter(pk=attempt.pk, taken_at=None).update(taken_at=now))


def _send(attempt: NotifyAttempt) -> WireAnswer:
    body = attempt.body.encode() if attempt.method == "POST" else None
    request = urllib.request.Request(  # noqa: S310 - the address was checked when the trade was opened
        attempt.url, data=body, headers=attempt.headers, method=attempt.method
    )
    try:
        with _opener.open(request, timeout=_TIMEOUT_SECONDS) as response:
            return WireAnswer(response.status, response.read(100).decode(errors="replace"))
    except urllib.error.HTTPError as error:
        with error:
            return WireAnswer(error.code, error.read(100).decode(errors="replace"))
    except OSError as error:
        return WireAnswer(0, type(error).__name__)


def _record(attempt: NotifyAttempt, answer: WireAnswer) -> None:
    """Write down the answer, and plan the next try of a genuine notice that was not accepted."""
    protocol = protocol_of(attempt.trade)
    attempt.status, attempt.answer, attempt.accepted = answer.status, answer.body[:100], protocol.is_accepted(answer)
    attempt.save(update_fields=["status", "answer", "accepted"])
    if attempt.accepted or attempt.kind == NoticeKind.FORGED or attempt.number > len(RETRY_AFTER):
        return
    wait = timedelta(seconds=RETRY_AFTER[attempt.number - 1])
    again = protocol.again(attempt.trade, attempt.request)
    _keep(attempt.trade, again, due_at=timezone.now() + wait, kind=attempt.kind, number=attempt.number + 1)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect could lead anywhere; it counts as an answer that says nothing."""

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
