"""``xinka demo`` fills an empty shop, says so, lets alone what is there, and refuses a shop with data of its own."""

from __future__ import annotations

import os

import pytest
from click.testing import CliRunner, Result

from tests import cast
from xinka.accounts.demo_people import PEOPLE
from xinka.catalog.models import Product
from xinka.config.cli import main

pytestmark = pytest.mark.django_db(transaction=True)


def _demo() -> Result:
    return CliRunner().invoke(main, ["demo"], env={**os.environ})


def test_an_empty_shop_is_filled_once() -> None:
    first = _demo()
    assert first.exit_code == 0, first.output
    assert "loaded / 已装入" in first.output
    assert cast.User.objects.count() == len(PEOPLE)
    n_products = Product.objects.count()
    assert n_products > 0
    again = _demo()
    assert again.exit_code == 0, again.output
    assert "nothing to do / 无需更新" in again.output
    assert Product.objects.count() == n_products


def test_a_shop_with_data_of_its_own_is_refused_in_both_languages() -> None:
    cast.person("ada@shop.example")
    refused = _demo()
    assert refused.exit_code == 1
    assert "the demo is loaded only into an empty one" in refused.output
    assert " / " in refused.output
    assert not Product.objects.exists()
