"""No migration since the first release stops a shop that sells; each rule is shown by one that breaks it."""

from __future__ import annotations

import pytest
from django.contrib.postgres.functions import RandomUUID
from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.contrib.postgres.operations import AddIndexConcurrently as DjangosIndex
from django.db import migrations, models
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import CheckConstraint, Index, Q, UniqueConstraint

from tools.migrating.__main__ import in_order, is_looked_at
from tools.migrating.rules import SMALL, faults_of
from xinka.platform.database.operations import AddIndexConcurrently, ChangeInSlices, IndexInWords

_INDEX = Index(fields=["amount"], name="order_amount")
_RULE = CheckConstraint(condition=Q(amount__gte=1), name="amount_again")
_ONCE = UniqueConstraint(fields=["title"], name="title_once")
_SOME = "UPDATE orders_order SET title = '' WHERE id IN (SELECT id FROM orders_order WHERE title IS NULL LIMIT %s)"


def _now() -> ProjectState:
    """What the tables are like after every migration there is."""
    *_, (last, state) = in_order()
    for operation in last.operations:
        operation.state_forwards(last.app_label, state)
    return state


def _orders(*operations: Operation, atomic: bool = True, **more: str) -> list[str]:
    """Return what is said of a migration of orders that comes after those there are."""
    one = migrations.Migration("9999_tomorrow", "orders")
    one.operations, one.atomic = list(operations), atomic
    for name, value in more.items():
        setattr(one, name, value)
    return faults_of(one, _now())


def _said(faults: list[str], *words: str) -> bool:
    return len(faults) == len(words) and all(word in fault for word, fault in zip(words, faults, strict=True))


def test_no_migration_of_ours_breaks_a_rule() -> None:
    assert {
        (migration.app_label, migration.name): faults
        for migration, before in in_order()
        if is_looked_at(migration) and (faults := faults_of(migration, before))
    } == {}


def test_the_small_tables_are_tables_that_there_are() -> None:
    assert {f"{app}.{model}" for app, model in _now().models} >= SMALL


@pytest.mark.parametrize(
    ("operation", "word"),
    [
        (migrations.AddIndex("order", _INDEX), "alone in a migration with `atomic = False`"),
        (migrations.AddField("order", "x", models.IntegerField(default=0)), "`db_default`"),
        (migrations.AddField("order", "x", models.UUIDField(db_default=RandomUUID())), "written anew"),
        (migrations.AddField("order", "x", models.IntegerField(null=True, db_index=True)), "AddIndexConcurrently"),
        (migrations.AddField("order", "x", models.IntegerField(null=True, unique=True)), "AddIndexConcurrently"),
        (
            migrations.AddField("order", "x", models.ForeignKey("catalog.sku", models.PROTECT, null=True)),
            "db_constraint=False",
        ),
        (migrations.AlterField("order", "chosen_code_id", models.BigIntegerField()), "not null"),
        (
            migrations.AlterField("order", "amount", models.DecimalField(max_digits=9, decimal_places=2)),
            "ChangeInSlices",
        ),
        (migrations.AlterField("order", "title_en", models.CharField(max_length=9)), "ChangeInSlices"),
        (migrations.AddConstraint("order", _RULE), "ValidateConstraint"),
        (migrations.AddConstraint("order", _ONCE), "CREATE UNIQUE INDEX CONCURRENTLY"),
        (migrations.RemoveField("order", "title_en"), "unused_since"),
        (migrations.RenameField("order", "title_en", "english"), "unused_since"),
        (migrations.RenameModel("Order", "Purchase"), "unused_since"),
        (migrations.DeleteModel("Order"), "unused_since"),
        (migrations.AlterModelTable("Order", "purchases"), "unused_since"),
        (migrations.RunPython(migrations.RunPython.noop), "ChangeInSlices"),
        (migrations.RunSQL("CREATE UNIQUE INDEX i ON orders_order (amount)"), "IndexInWords"),
        (migrations.RunSQL("UPDATE orders_order SET amount = 1"), "ChangeInSlices"),
        (migrations.RunSQL([("DELETE FROM orders_order WHERE amount = %s", [1])]), "ChangeInSlices"),
        (migrations.RunSQL("WITH a AS (SELECT 1) INSERT INTO orders_order SELECT 1"), "ChangeInSlices"),
        (migrations.RunSQL("ALTER TABLE orders_order ADD CONSTRAINT c CHECK (amount > 0)"), "NOT VALID"),
        (migrations.RunSQL("ALTER TABLE orders_order ALTER COLUMN title SET NOT NULL"), "NOT VALID"),
        (migrations.RunSQL("ALTER TABLE orders_order ALTER amount TYPE numeric"), "ChangeInSlices"),
        (migrations.RunSQL("ALTER TABLE catalog_sku ADD COLUMN x int NOT NULL"), "DEFAULT"),
        (migrations.RunSQL("ALTER TABLE catalog_sku DROP COLUMN price"), "unused_since"),
        (migrations.RunSQL("-- only this\nDROP TABLE orders_order"), "unused_since"),
        (migrations.RunSQL("ALTER TABLE orders_order RENAME amount TO sum"), "unused_since"),
        (migrations.RunSQL("LOCK TABLE orders_order"), "nobody can buy"),
        (migrations.RunSQL("VACUUM FULL orders_order"), "nobody can buy"),
        (AddIndexConcurrently("order", _INDEX), "`atomic = False`"),
        (ChangeInSlices(_SOME), "`atomic = False`"),
    ],
    ids=lambda value: value.describe()[:60] if isinstance(value, Operation) else None,
)
def test_what_would_stop_the_till_or_the_version_of_before_is_refused_with_the_way_to_mend_it(
    operation: Operation, word: str
) -> None:
    assert _said(_orders(operation), word)


@pytest.mark.parametrize(
    "operation",
    [
        migrations.AddField("order", "x", models.IntegerField(null=True)),
        migrations.AddField("order", "x", models.CharField(max_length=5, db_default="")),
        migrations.AddField("order", "x", models.BigIntegerField(null=True, db_index=False)),
        migrations.AlterField("order", "title_en", models.TextField(db_default="-", help_text="anew")),
        AddConstraintNotValid("order", _RULE),
        ValidateConstraint("order", "order_amount"),
        migrations.CreateModel(
            "New", [("id", models.BigAutoField(primary_key=True)), ("x", models.TextField(unique=True))]
        ),
        migrations.SeparateDatabaseAndState(state_operations=[migrations.RemoveField("order", "title_en")]),
        migrations.RunSQL("ALTER TABLE orders_order ADD CONSTRAINT c CHECK (amount > 0) NOT VALID"),
        migrations.RunSQL("ALTER TABLE orders_order ADD COLUMN x int NOT NULL DEFAULT 0"),
        migrations.RunSQL("ALTER TABLE orders_order ADD COLUMN x int, SET (fillfactor = 70)"),
        migrations.RunSQL(
            "CREATE TABLE t (a int); CREATE TRIGGER x BEFORE UPDATE ON orders_order EXECUTE FUNCTION f()"
        ),
        migrations.RunSQL("CREATE FUNCTION f() AS $$ BEGIN UPDATE orders_order SET amount = 1; END $$"),
    ],
    ids=lambda value: value.describe()[:60],
)
def test_what_takes_a_moment_and_is_no_matter_to_the_version_of_before_is_let_through(operation: Operation) -> None:
    assert _orders(operation) == []


@pytest.mark.parametrize(
    "operation",
    [AddIndexConcurrently("order", _INDEX), IndexInWords("i", "CREATE INDEX CONCURRENTLY i …"), ChangeInSlices(_SOME)],
)
def test_what_nobody_waits_for_stands_alone_and_is_not_atomic(operation: Operation) -> None:
    assert _orders(operation, atomic=False) == []
    more = migrations.AddField("order", "x", models.IntegerField(null=True))
    assert _said(_orders(operation, more, atomic=False), "one operation only")


def test_djangos_own_concurrent_index_cannot_be_begun_anew() -> None:
    assert _said(_orders(DjangosIndex("order", _INDEX), atomic=False), "one operation only", "begun anew")


def test_a_rule_is_not_validated_in_the_transaction_that_adds_it() -> None:
    both = AddConstraintNotValid("order", _RULE), ValidateConstraint("order", "amount_again")
    assert _said(_orders(*both), "validate it in a migration after it")


def test_two_large_tables_are_not_locked_at_once() -> None:
    new = migrations.AddField("order", "x", models.IntegerField(null=True))
    several = migrations.RunSQL("ALTER TABLE payments_payment ADD COLUMN x int")
    assert _said(_orders(new, several), "a migration each")


def test_what_was_given_up_a_version_before_may_go_and_few_rows_may_change() -> None:
    assert _orders(migrations.RemoveField("order", "title_en"), unused_since="0.2") == []
    assert _orders(migrations.RunSQL("ALTER TABLE orders_order DROP COLUMN title_en"), unused_since="0.2") == []
    assert _orders(migrations.RunSQL("UPDATE orders_order SET amount = 1"), rows_are_few="a shop has ten") == []
