"""A shop with real commits behind a till process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pytest_django import DjangoDbBlocker

if TYPE_CHECKING:
    from tests.till.counter import Counter


@pytest.fixture(scope="module")
def counter(
    migrated_template: str, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker
) -> Iterator[Counter]:
    """Ada's shop with three hundred codes, behind a till that trusts 127.0.0.1 to name its visitors."""
    from tests.till.counter import open_counter  # models need the settings, which are read after this file

    log = Path(tmp_path_factory.mktemp("till")) / "till.log"
    with django_db_blocker.unblock(), open_counter(os.environ["DATABASE_URL"], migrated_template, log) as opened:
        yield opened
