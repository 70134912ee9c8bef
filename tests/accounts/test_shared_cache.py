"""Counters that every process sees."""

from __future__ import annotations

import threading

import pytest
import time_machine
from allauth.core.internal import ratelimit
from django.core.cache import cache
from django.db import connection
from django.test import RequestFactory

from xinka.accounts.shared_cache import SharedCache


def test_values_come_back_until_their_time_is_up(db: None) -> None:
    with time_machine.travel(1_800_000_000, tick=False) as clock:
        cache.set("k", [1.5, 2], timeout=10)
        cache.set("forever", "y", timeout=None)
        clock.shift(9.9)
        assert (cache.get("k"), cache.add("k", 1), cache.touch("k", 20)) == ([1.5, 2], False, True)
        clock.shift(20)
        assert (cache.get("k", "none"), cache.get("forever"), cache.add("k", 1)) == ("none", "y", True)


def test_a_counter_counts_and_a_missing_one_is_an_error(db: None) -> None:
    cache.set("n", 1, timeout=10)
    assert [cache.incr("n"), cache.incr("n", 5), cache.get("n")] == [2, 7, 7]
    with pytest.raises(ValueError):
        cache.incr("missing")
    assert (cache.delete("n"), cache.delete("n")) == (True, False)
    cache.set("n", 1)
    cache.clear()
    assert cache.get("n") is None


def test_keys_are_not_readable_in_the_table(db: None) -> None:
    cache.set("cy@shop.example", 1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT encode(key, 'escape') FROM accounts_shared_cache")
        assert all("cy@" not in key and len(key) >= 32 for (key,) in cursor.fetchall())


def test_what_has_ended_is_swept_out(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xinka.accounts.shared_cache._SWEEP_EVERY", 1)
    with time_machine.travel(1_800_000_000, tick=False) as clock:
        cache.set("old", 1, timeout=1)
        clock.shift(2)
        cache.set("new", 1, timeout=1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM accounts_shared_cache")
        assert cursor.fetchone() == (1,)


@pytest.mark.race
def test_of_many_who_add_at_once_one_wins(db: None) -> None:
    wins: list[bool] = []
    barrier = threading.Barrier(8)

    def add() -> None:
        barrier.wait()
        wins.append(cache.add("lock", 1, timeout=10))
        barrier.wait()
        cache.delete("lock")  # each thread commits on a connection of its own
        connection.close()

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(wins) == [False] * 7 + [True]


def test_the_shop_uses_it() -> None:
    from django.core.cache import caches

    assert isinstance(caches["default"], SharedCache)


def test_what_a_wrong_clock_wrote_is_over_once_the_clock_is_right(db: None) -> None:
    with time_machine.travel(1_800_000_000 + 365 * 86_400, tick=False) as clock:
        cache.set("history", [1], timeout=60)
        cache.set("kept", 1, timeout=None)
        cache.add("lock", 1, timeout=60)
        clock.move_to(1_800_000_000)
        assert (cache.get("history"), cache.get("kept"), cache.touch("history", 5), cache.delete("lock")) == (
            *(None, None),
            *(False, False),
        )
        assert cache.add("lock", 1, timeout=60), "nobody waits for a lock that a dead process took next year"
        with pytest.raises(ValueError):
            cache.incr("kept")
        assert cache.add("lock", 1) is False


def test_the_clocks_of_two_machines_may_differ_by_a_little(db: None) -> None:
    with time_machine.travel(1_800_000_030, tick=False) as clock:
        cache.set("n", 1, timeout=60)
        clock.move_to(1_800_000_000)
        assert (cache.get("n"), cache.incr("n")) == (1, 2)


def test_whoever_met_a_limit_under_a_wrong_clock_is_let_in_once_it_is_right(db: None, rf: RequestFactory) -> None:
    request = rf.post("/")
    limit = {"app": "allauth.account", "action": "login_failed", "key": "cy@shop.example"}

    def may_try() -> bool:
        return bool(ratelimit.consume(request, **limit))

    with time_machine.travel(1_800_000_000 + 3600, tick=False) as clock:
        assert [may_try() for _ in range(6)] == [True] * 5 + [False]
        clock.move_to(1_800_000_000)
        assert may_try(), "not kept out until the hour has come"
