"""The cast of the account tests and their browsers."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django.fixtures import SettingsWrapper

    from xinka.accounts.models import User


@pytest.fixture(autouse=True, scope="session")
def _place_for_static_files() -> None:
    """WhiteNoise warns about a missing place, and warnings are errors."""
    from django.conf import settings  # as above: configured only now

    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)


@pytest.fixture(autouse=True)
def _mail_in_memory(settings: SettingsWrapper) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


@pytest.fixture(autouse=True)
def _cheap_hashing(settings: SettingsWrapper) -> None:
    """Argon2id with its real cost is for the test that is about it."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def cy(db: None) -> User:
    """Cy, who buys."""
    from xinka.accounts.actions import create_person  # Django is not configured yet when this file is read

    return create_person("cy@shop.example", "quiet-lantern-orbit-77", language="en")


@pytest.fixture
def eve(db: None) -> User:
    """Eve, an outsider."""
    from xinka.accounts.actions import create_person  # Django is not configured yet when this file is read

    return create_person("eve@elsewhere.example", "quiet-lantern-orbit-77", language="en")


@pytest.fixture
def dee(db: None) -> User:
    """Dee, who works for the marketplace."""
    from xinka.accounts.actions import create_person  # Django is not configured yet when this file is read

    return create_person("dee@shop.example", "quiet-lantern-orbit-77", language="en", is_staff=True)


@pytest.fixture
def browser_of() -> Callable[..., Client]:
    """Make a browser of its own for someone, in English, from an address of its own, with CSRF checks if asked."""
    from django.test import Client  # as above

    def make(*, checks_csrf: bool = False) -> Client:
        address = f"198.51.100.{secrets.randbelow(200) + 1}"
        client = Client(
            enforce_csrf_checks=checks_csrf,
            headers={"User-Agent": "Mozilla/5.0 (Windows NT 10.0) Chrome/140.0", "Accept-Language": "en"},
            REMOTE_ADDR=address,
        )
        client.cookies["xk_lang"] = "en"
        return client

    return make


@pytest.fixture
def browser(browser_of: Callable[..., Client]) -> Client:
    """One browser."""
    return browser_of()
