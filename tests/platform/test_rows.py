"""Reading instances from statements written by hand: they are what the ORM would have read, and no more is asked."""

from __future__ import annotations

import pytest
from django.forms.models import model_to_dict
from pytest_django import DjangoAssertNumQueries

from xinka.catalog.models import Category, PriceTier, Product, Sku, Tint
from xinka.merchants.models import Merchant
from xinka.platform.database.rows import Columns, M, put_at_hand, rows_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def sku() -> Sku:
    product = Product.objects.create(
        slug="star-300",
        title="Star Voyage card 300",
        how_to="Type it in.",
        merchant=Merchant.objects.create(slug="ada", name="Ada"),
        category=Category.objects.create(slug="games", name="Games", name_en="Games", tint=Tint.GAME),
    )
    return Sku.objects.create(product=product, price=4900)


def _only(columns: Columns[M]) -> M:
    table = columns.model._meta.db_table
    (row,) = rows_of(f"SELECT {columns.sql} FROM {table} AS {columns.alias}", ())  # noqa: S608 - names
    return columns.read(row)


def test_what_is_read_is_what_the_orm_reads(sku: Sku) -> None:
    skus, products = Columns(Sku, "k"), Columns(Product, "p")
    tables = "catalog_sku k JOIN catalog_product p ON p.id = k.product_id"
    (row,) = rows_of(f"SELECT {skus.sql}, {products.sql} FROM {tables} WHERE k.price = %s", (4900,))  # noqa: S608 - names
    read = products.read(row, len(skus))
    assert model_to_dict(skus.read(row)) == model_to_dict(Sku.objects.get())
    assert model_to_dict(read) == model_to_dict(Product.objects.get())
    assert read.created_at == Product.objects.get().created_at


def test_an_instance_that_was_read_can_be_saved(sku: Sku) -> None:
    columns = Columns(Sku, "k")
    read = _only(columns)
    read.price = 5000
    read.save()
    assert list(Sku.objects.values_list("id", "price")) == [(sku.id, 5000)]


def test_a_column_left_out_is_read_when_it_is_asked_for(
    sku: Sku, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    columns = Columns(Product, "p", without={"how_to"})
    read = _only(columns)
    with django_assert_num_queries(0):
        assert read.title == "Star Voyage card 300"
    with django_assert_num_queries(1):
        assert read.how_to == "Type it in."


def test_what_was_put_at_hand_is_not_asked_for_again(
    sku: Sku, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    tier = PriceTier(sku=sku, min_quantity=5, unit_price=4750)
    put_at_hand(sku, "tiers", PriceTier, [tier])
    with django_assert_num_queries(0):
        assert list(sku.tiers.all()) == [tier]
