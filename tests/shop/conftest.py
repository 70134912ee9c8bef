"""A shop with one product, two ways to pay, and the browsers of Cy, who buys, and Eve, who must see nothing.

Django is imported inside the fixtures: this file is read before the suite has started its database.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from django.test import Client

    from tests import cast
    from xinka.payments.models import Channel


@pytest.fixture(autouse=True)
def _fresh_vault() -> None:
    """Each test rolls its data keys back, so the keyring in memory must forget them too."""
    from xinka.platform.vault import keys

    keys.forget()


@pytest.fixture
def ware(db: None) -> cast.Ware:
    """A product with twelve codes and a price for five and more."""
    from tests import cast

    return cast.ware(cast.adas_shop(), 12, tiers={5: 4750})


@pytest.fixture
def alipay(db: None) -> Channel:
    """A channel that sends the buyer to the gateway's page."""
    from tests import cast

    return cast.channel()


@pytest.fixture
def bought(ware: cast.Ware, alipay: Channel) -> cast.Bought:
    """Cy's order of two, not paid yet."""
    from tests import cast

    return cast.buy(ware.sku, alipay, quantity=2)


@pytest.fixture
def delivered(bought: cast.Bought) -> cast.Bought:
    """The same order, paid."""
    from tests import cast

    cast.pay(bought)
    return bought


@pytest.fixture
def cy(bought: cast.Bought) -> Client:
    """The browser that placed the order."""
    from django.test import Client

    client = Client(headers={"accept-language": "en"})
    client.cookies["xk_order"] = bought.cookie
    return client


@pytest.fixture
def stranger() -> Client:
    """A browser without any cookie."""
    from django.test import Client

    return Client(headers={"accept-language": "en"})
