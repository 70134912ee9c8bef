"""Limits count every try, in one statement, and forget it when the window is over."""

from __future__ import annotations

from datetime import timedelta

import pytest

from xinka.platform.ratelimits import limits
from xinka.platform.ratelimits.limits import Limit, wait_after, wait_before
from xinka.platform.ratelimits.models import Counter

pytestmark = pytest.mark.django_db


def test_as_many_tries_as_allowed_and_not_one_more() -> None:
    limit = Limit("door:1", 3, 60)
    waits = [wait_after([limit]) for _ in range(5)]
    assert waits[:3] == [0, 0, 0]
    assert all(0 < wait <= 60 for wait in waits[3:])


def test_the_tightest_of_several_limits_decides() -> None:
    assert wait_after([Limit("wide", 100, 60), Limit("tight", 1, 60)]) == 0
    assert wait_after([Limit("wide", 100, 60), Limit("tight", 1, 60)]) > 0
    assert wait_after([Limit("wide", 100, 60)]) == 0


def test_subjects_do_not_share_their_counts() -> None:
    for subject in ("a", "b"):
        assert wait_after([Limit(subject, 1, 60)]) == 0


def test_a_new_window_begins_when_the_old_one_is_over() -> None:
    limit = Limit("door", 1, 60)
    assert wait_after([limit]) == 0
    assert wait_after([limit]) > 0
    Counter.objects.update(ends_at="2020-01-01T00:00:00Z")
    assert wait_after([limit]) == 0
    assert Counter.objects.get().n_tries == 1


def test_hammering_does_not_make_the_window_longer() -> None:
    limit = Limit("door", 1, 60)
    wait_after([limit])
    ends_at = Counter.objects.get().ends_at
    for _ in range(5):
        wait_after([limit])
    assert Counter.objects.get().ends_at == ends_at


def test_no_address_is_kept() -> None:
    wait_after([Limit("find:contact:cy@example.com", 1, 60)])
    assert "cy" not in str(Counter.objects.values_list().get())


def test_looking_whether_one_more_is_allowed_counts_nothing() -> None:
    limit = Limit("door", 2, 60)
    for _ in range(5):
        assert wait_before([limit]) == 0
    wait_after([limit])
    assert wait_before([limit]) == 0
    wait_after([limit])
    assert 0 < wait_before([limit, Limit("other", 1, 60)]) <= 60
    Counter.objects.update(ends_at="2020-01-01T00:00:00Z")
    assert wait_before([limit]) == 0


def test_a_clock_that_went_wrong_and_was_set_right_keeps_nobody_out_for_years() -> None:
    limit = Limit("door", 2, 60)
    for _ in range(3):
        wait_after([limit])
    assert wait_before([limit]) > 0
    Counter.objects.update(ends_at="2099-01-01T00:00:00Z")  # as counted while the clock was wrong
    assert wait_before([limit]) == 0
    assert [wait_after([limit]) for _ in range(2)] == [0, 0]
    assert 0 < wait_after([limit]) <= 60, "and counting goes on as ever"
    assert Counter.objects.get().n_tries == 3


def test_a_window_that_others_began_a_moment_later_is_not_taken_for_a_wrong_clock() -> None:
    limit = Limit("door", 1, 60)
    wait_after([limit])
    Counter.objects.update(ends_at=Counter.objects.get().ends_at + timedelta(seconds=30))
    assert wait_after([limit]) > 0
    assert wait_before([limit]) > 0


def test_windows_that_are_over_are_swept_away_now_and_then_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    over, running = Limit("over", 1, 60), Limit("running", 1, 60)
    wait_after([over])
    Counter.objects.update(ends_at="2020-01-01T00:00:00Z")
    wait_after([running])
    assert Counter.objects.count() == 2
    monkeypatch.setattr(limits.secrets, "randbelow", lambda most: most - 1)
    wait_after([Limit("other", 1, 60)])
    assert Counter.objects.count() == 3, "not each time"
    monkeypatch.setattr(limits.secrets, "randbelow", lambda _most: 0)
    assert wait_after([running]) > 0
    assert Counter.objects.count() == 2
    assert wait_after([running]) > 0, "who has tried too often is not forgotten"
