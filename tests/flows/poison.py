"""A row that the database will not take, as a fault would make one: what fails for it must fail for it alone."""

from __future__ import annotations

from django.db import connection, models


def poison(model: type[models.Model], condition: str) -> None:
    """Have the database refuse rows for which ``condition`` does not hold, until the test is over."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what still waits for the end would forbid the change
        cursor.execute(f"ALTER TABLE {model._meta.db_table} ADD CONSTRAINT poison CHECK ({condition}) NOT VALID")
