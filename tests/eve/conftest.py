"""Everybody at once: Ada's shop and Eve's, orders, cases and staff, for tests that go over every address there is."""

from __future__ import annotations

import pytest
from pytest_django import Settings


@pytest.fixture(autouse=True)
def _fresh_vault() -> None:
    """Each test rolls its data keys back, so the keyring in memory must forget them too."""
    from xinka.platform.vault import keys  # models need the settings, which are read after this file

    keys.forget()


@pytest.fixture(autouse=True)
def _no_second_factor(settings: Settings) -> None:
    """The second factor is tested where it lives."""
    settings.STAFF_NEEDS_MFA = False
