"""Notices go out by real HTTP, again until the shop knows, and never anywhere else."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from xinka.sandbox import endings, notifier
from xinka.sandbox.models import NotifyAttempt, SandboxTrade

Press = Callable[..., str]


@pytest.mark.parametrize(("says", "status"), [(b"fail", 400), (b"", 200), (b"success", 500), (b"success", 302)])
def test_a_notice_is_sent_again_until_the_shop_says_success(shop: object, end: Press, says: bytes, status: int) -> None:
    shop.says, shop.status = says, status  # type: ignore[attr-defined]
    end("pay")
    nap = notifier.deliver_due(timezone.now())
    first, second = NotifyAttempt.objects.order_by("number")
    assert (first.status, first.accepted, second.number) == (status, False, 2)
    assert nap is not None
    assert 30 < nap <= 60
    shop.says, shop.status = b"Success!", 200  # type: ignore[attr-defined]
    assert notifier.deliver_due(timezone.now() + timedelta(seconds=61)) is None
    second.refresh_from_db()
    assert (second.accepted, NotifyAttempt.objects.count()) == (True, 2)
    assert shop.heard[0] == shop.heard[1]  # type: ignore[attr-defined]


def test_after_five_retries_the_gateway_gives_up(shop: object, end: Press) -> None:
    shop.says = b"no"  # type: ignore[attr-defined]
    end("pay")
    now = timezone.now()
    for _ in range(8):
        notifier.deliver_due(now)
        now += timedelta(hours=3)
    assert list(NotifyAttempt.objects.order_by("number").values_list("number", flat=True)) == [1, 2, 3, 4, 5, 6]
    assert len(shop.heard) == 6  # type: ignore[attr-defined]


def test_a_shop_that_is_down_is_told_later(shop: object, trade: SandboxTrade, end: Press) -> None:
    SandboxTrade.objects.update(notify_url="http://127.0.0.1:1/pay/notify")
    end("pay")
    notifier.deliver_due(timezone.now())
    first, second = NotifyAttempt.objects.order_by("number")
    assert (first.status, second.status) == (0, None)


def test_an_attempt_is_sent_by_one_process_only(shop: object, end: Press) -> None:
    end("pay")
    attempt = NotifyAttempt.objects.get()
    assert notifier._take(attempt, timezone.now())
    assert not notifier._take(attempt, timezone.now())
    notifier.deliver_due(timezone.now())
    assert shop.heard == []  # type: ignore[attr-defined]


def test_the_thread_works_until_nothing_is_planned_and_starts_again(monkeypatch: pytest.MonkeyPatch) -> None:
    naps = iter([0.01, 0.01, None, None])
    rounds: list[str] = []

    def deliver(_now: object) -> float | None:
        rounds.append(threading.current_thread().name)
        return next(naps)

    monkeypatch.setattr(notifier, "deliver_due", deliver)
    thread = notifier._Thread()
    for expected in (3, 4):
        thread.wake()
        _wait_for_threads()
        assert rounds == ["sandbox-notices"] * expected
        assert not thread._running


def test_being_woken_while_working_is_never_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    thread = notifier._Thread()
    rounds: list[bool] = []

    def deliver(_now: object) -> None:
        rounds.append(thread._running)
        if len(rounds) == 1:
            thread.wake()

    monkeypatch.setattr(notifier, "deliver_due", deliver)
    thread.wake()
    _wait_for_threads()
    assert rounds == [True, True]


def _wait_for_threads() -> None:
    for running in [one for one in threading.enumerate() if one.name == "sandbox-notices"]:
        running.join(timeout=60)
        assert not running.is_alive()


def test_the_thread_is_called_once_the_payment_is_through(
    trade: SandboxTrade, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks, woken: list[bool]
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        assert endings.bring_about(trade, "pay", now=timezone.now())
        assert woken == []
    assert woken == [True]
