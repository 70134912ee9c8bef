"""Jobs are tried again later each time, not in step, not for ever, and not when it cannot help."""

from __future__ import annotations

import pytest
from procrastinate.jobs import Job
from procrastinate.utils import utcnow

from xinka.kernel.errors import BadInput, ProviderError
from xinka.platform.jobs.retries import MAX_ATTEMPTS, Backoff, in_words, without_addresses


def _job(attempts: int) -> Job:
    return Job(id=1, queue="mail", lock=None, queueing_lock=None, task_name="mail.goods", attempts=attempts)


def _seconds(attempts: int, error: Exception | None = None) -> float | None:
    decision = Backoff(first=5.0).get_retry_decision(exception=error or OSError("down"), job=_job(attempts))
    if decision is None:
        return None
    assert decision.retry_at is not None
    return (decision.retry_at - utcnow()).total_seconds()


@pytest.mark.parametrize("attempts", range(MAX_ATTEMPTS - 1))
def test_each_wait_is_four_times_the_one_before_give_or_take_a_quarter(attempts: int) -> None:
    waits = {_seconds(attempts) for _ in range(20)}
    expected = 5 * 4**attempts
    assert all(wait is not None and 0.7 * expected - 1 <= wait <= 1.25 * expected + 1 for wait in waits)
    assert len(waits) > 1


def test_after_the_last_attempt_it_is_a_dead_letter() -> None:
    assert _seconds(MAX_ATTEMPTS - 1) is None


@pytest.mark.parametrize(
    "error", [ProviderError("550 no", permanent=True), BadInput(field="x", why_zh="x", why_en="x")]
)
def test_what_is_final_is_not_tried_again(error: Exception) -> None:
    assert _seconds(0, error) is None


def test_reasons_are_one_short_line_without_addresses() -> None:
    words = in_words(ValueError("550 <cy@example.com>:\nuser 张三@qq.com unknown " + "x" * 500))
    assert "@example" not in words
    assert "@qq" not in words
    assert "\n" not in words
    assert words.startswith("ValueError: 550")
    assert len(words) == 300


def test_a_long_word_without_an_address_is_read_once() -> None:
    """From each of its letters anew it took seconds at what a gateway may answer, and minutes at this."""
    assert in_words(ValueError("a" * 400_000)) == f"ValueError: {'a' * 288}"
    assert without_addresses("a@b@c, 张三@qq.com; <d@e>") == "•••@•••, •••@•••; <•••@•••>"
