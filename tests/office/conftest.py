"""Dee at work, signed in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.test import Client
from pytest_django import Settings

if TYPE_CHECKING:
    from xinka.accounts.models import User


@pytest.fixture
def dee() -> User:
    """Staff."""
    from tests import cast  # models need the settings, which are read after this file

    return cast.person("dee@example.com", staff=True)


@pytest.fixture
def stale(client: Client, dee: User, settings: Settings) -> Client:
    """Dee's browser, in which she has not proved of late who she is; the second factor is tested where it lives."""
    settings.STAFF_NEEDS_MFA = False
    client.force_login(dee)
    client.cookies["xk_lang"] = "en"
    return client


@pytest.fixture
def office(stale: Client) -> Client:
    """Dee's browser, in which she has just proved who she is."""
    from tests import cast

    return cast.proved(stale)
