"""A shop with real commits for every test that races or kills."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from tests.resilience.house import django_on

#: Set by `make nightly`.
NIGHTLY = os.environ.get("XINKA_TEST_NIGHTLY") == "1"


@pytest.fixture
def committed(shop_database: str, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """The address of an empty shop's database that Django works on too."""
    with django_db_blocker.unblock(), django_on(shop_database) as url:
        yield url


@pytest.fixture
def rounds() -> int:
    """How often a race is run."""
    return 200 if NIGHTLY else 20


@pytest.fixture
def slow_rounds() -> int:
    """How often a race is run whose every round opens tills of its own."""
    return 200 if NIGHTLY else 8
