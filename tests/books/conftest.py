"""Worlds for the tests of the books, and the numbers they print at the end of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from django.db import connection, connections
from pytest_django import Settings

from xinka.kernel.flow import Query, Row
from xinka.kernel.per_currency import PerCurrency
from xinka.platform.database import drive

if TYPE_CHECKING:
    from tests.books.walks import Walk


@pytest.fixture
def say(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Have a line printed when all tests are over, whichever process ran them (see ``tests/conftest.py``)."""
    return lambda line: record_property("said", line)


@pytest.fixture
def walk(db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Walk]:
    """Begin a walk in a fresh world."""
    from tests.books.walks import Walk  # models need the settings, which are read after this file
    from tests.books.world import World
    from xinka.platform.vault import keys

    connection.ensure_connection()
    monkeypatch.setattr(connection.connection, "prepare_threshold", 5)
    monkeypatch.setattr(drive, "fetch", _fetch_prepared)
    # Nobody signs in here, and hundreds of worlds have eight people each: the real hash is tested with the accounts.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.PAYOUT_FEE_FIXED, settings.PAYOUT_FOUR_EYES_FROM = PerCurrency({"CNY": 3}), PerCurrency({"CNY": 20_000})
    settings.WALLET = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.DISPUTE_ARBITER_HOURS = settings.DISPUTE_APPEAL_HOURS = 72

    def begin(seed: int, *, with_reserve: bool = False, at_provider: bool = False, merchant: str = "ada-cards") -> Walk:
        keys.forget()  # those of a world that was rolled back went with it
        settings.CUSTODY = "provider_split" if at_provider else "licensed"
        world = World(seed, with_reserve=with_reserve, at_provider=at_provider, merchant_slug=merchant)
        for place in ("refunds.sending.provider_of", "escrow.splitting.provider_of"):
            monkeypatch.setattr(f"xinka.flows.{place}", lambda _channel: world.gateway)
        monkeypatch.setattr("xinka.flows.payouts.gateway.payer_of", lambda _channel: world.gateway)
        return Walk(world)

    return begin


def _fetch_prepared(connection: psycopg.Connection[Any], query: Query) -> list[Row]:
    """Run a flow's statement as the till does, planned once: a walk runs the same few some ten thousand times."""
    with psycopg.RawCursor(connection) as cursor:
        cursor.execute(query.sql, query.params, prepare=True)
        return cursor.fetchall() if cursor.description else []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown() -> Iterator[None]:
    """Sweep out what a world that was rolled back has left in the tables: the next would read over it, ever slower."""
    yield
    with psycopg.connect(**connections["default"].get_connection_params()) as sweeper:
        sweeper.autocommit = True
        sweeper.execute("VACUUM")
