"""Ada's shop and her browser, which many tests of the desk begin with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from django.test import Client

    from xinka.merchants.models import Merchant


@pytest.fixture
def shop() -> Merchant:
    """Ada's shop."""
    from tests import cast  # models need the settings, which are read after this file

    return cast.adas_shop()


@pytest.fixture
def ada(shop: Merchant) -> Client:
    """Ada's browser."""
    from tests.desk.browsing import browser  # as above

    return browser("ada@ada-cards.example")
