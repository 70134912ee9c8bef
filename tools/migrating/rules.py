"""What a migration may not do while shops sell on its tables, in sentences that say how to do it instead.

Two things are asked of it. The till never waits long: no step reads or writes a large table whole while it holds a lock
that the till needs. And the version of before works on with what it leaves, for it sells beside it until it is
stopped: new columns fill themselves, and what goes was given up a version earlier.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from django.contrib.postgres.operations import AddConstraintNotValid, RemoveIndexConcurrently, ValidateConstraint
from django.contrib.postgres.operations import AddIndexConcurrently as DjangosIndex
from django.db.migrations import Migration, operations
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import CheckConstraint, Field, ForeignKey, Value
from django.db.models.functions import Now

from tools.migrating.words import altered_in_sql, faults_in_sql
from xinka.platform.database.operations import AddIndexConcurrently, ChangeInSlices, IndexInWords

#: What a column may lose in a moment.
_MAY_GO = frozenset({"unique", "db_index", "db_constraint"})
#: Tables whose rows are made by people one at a time: they are read in a moment. Any other counts as large.
SMALL = frozenset(
    {
        "audit.report",
        "catalog.category",
        "catalog.pricetier",
        "catalog.product",
        "catalog.sku",
        "escrow.freezecase",
        "escrow.receiver",
        "escrow.terms",
        "merchants.membership",
        "merchants.merchant",
        "payments.bankline",
        "payments.channel",
        "payments.channelchange",
        "payments.feeterms",
        "payouts.payoutaccount",
        "payouts.payoutbatch",
        "payouts.payouthold",
        "promotions.coupon",
        "promotions.flashsale",
        "promotions.level",
        "promotions.referralterms",
        "reconciling.bill",
        "sandbox.sandboxmerchant",
        "stock.stockbatch",
        "vault.datakey",
    }
)
#: Defaults that PostgreSQL works out once for all rows; any other object is an expression.
_QUICK = (str, int, bool, float, list, dict, Value, Now)
#: What can be begun anew after a kill.
_ALONE = (AddIndexConcurrently, IndexInWords, ChangeInSlices, RemoveIndexConcurrently)
#: What a field has that no table knows of.
_ONLY_IN_PYTHON = frozenset(
    {"blank", "choices", "default", "editable", "error_messages", "help_text", "limit_choices_to", "on_delete"}
    | {"related_name", "related_query_name", "validators", "verbose_name"}
)

INDEX = (
    "makes an index on the large table {table} while nobody may write: AddIndexConcurrently or IndexInWords of "
    "platform.database.operations, alone in a migration with `atomic = False`"
)
DJANGOS_INDEX = (
    "cannot be begun anew when it is cut off: take AddIndexConcurrently of platform.database.operations instead "
    "of Django's"
)
FILLS_ITSELF = (
    "adds {table}.{name}, which the version of before does not fill: its next row would be refused. Give it a "
    "`db_default`, or `null=True`"
)
REWRITES = "has each row of the large table {table} written anew for {name}: let `db_default` be a plain value or Now()"
UNIQUE = (
    "makes an index for {table}.{name} while nobody may write: add the column without unique, db_index or a "
    "foreign key's own (`db_index=False, db_constraint=False`), then the index in a migration of its own "
    "(AddIndexConcurrently)"
)
NOT_NULL = (
    "refuses NULL in {table}.{name}, which reads every row and breaks the version of before: "
    "AddConstraintNotValid with a CHECK that it is not null, ValidateConstraint in the next migration, and this a"
    " version later"
)
ALTERS = (
    "changes the type or the index of {table}.{name}, which writes or reads every row: add another column, fill "
    "it with ChangeInSlices, and drop the old one a version later"
)
CONSTRAINT = (
    "reads every row of the large table {table} for {name} while nobody may write: AddConstraintNotValid, and "
    "ValidateConstraint in a migration after it"
)
UNIQUE_CONSTRAINT = (
    "makes the unique index {name} on the large table {table} while nobody may write: IndexInWords with CREATE "
    "UNIQUE INDEX CONCURRENTLY, and the constraint in SeparateDatabaseAndState, state only"
)
VALIDATED_AT_ONCE = (
    "adds a constraint and validates it in one transaction, so that the first lock is kept while every row is "
    "read: validate it in a migration after it"
)
GIVEN_UP = (
    "takes away or renames {table}{name}, which the version of before still asks for: first stop using it (state "
    "only, in SeparateDatabaseAndState), and take it away a version later with `unused_since = 'that version'` in"
    " the migration"
)
PYTHON = (
    "runs Python over rows in one transaction: ChangeInSlices, or `rows_are_few = 'why'` in the migration if they"
    " are few"
)
NOT_ALONE = (
    "is not atomic, so what is done before a kill stays: it may hold one operation only, one of "
    "AddIndexConcurrently, IndexInWords, ChangeInSlices, RemoveIndexConcurrently"
)
ATOMIC = "needs `atomic = False`, and a migration of its own"
SEVERAL = (
    "changes several large tables ({tables}), and keeps the lock of the first while it waits for the next: a "
    "migration each"
)


@dataclass
class _Look:
    """One migration as it is gone through."""

    migration: Migration
    state: ProjectState
    new: set[str] = field(default_factory=set)
    touched: set[str] = field(default_factory=set)

    @property
    def may_drop(self) -> bool:
        return bool(getattr(self.migration, "unused_since", ""))

    @property
    def has_few_rows(self) -> bool:
        return bool(getattr(self.migration, "rows_are_few", ""))

    def label(self, model: str) -> str:
        return f"{self.migration.app_label}.{model.lower()}"

    def is_large(self, model: str) -> bool:
        return self.label(model) not in self.new | SMALL

    def field(self, model: str, name: str) -> Field:
        return self.state.models[self.migration.app_label, model.lower()].fields[name]

    def tables(self, labels: set[str] | frozenset[str]) -> set[str]:
        """Return the names in the database of models, as far as they are there."""
        found = set()
        for label in labels:
            app, _, model = label.partition(".")
            known = self.state.models.get((app, model))
            if known is not None:
                found.add(str(known.options.get("db_table") or f"{app}_{model}"))
        return found


def faults_of(migration: Migration, before: ProjectState) -> list[str]:
    """Return what is wrong with a migration, given what the tables are like before it."""
    look = _Look(migration, before.clone())
    faults = list(_of_atomicity(migration))
    for operation in _flat(migration.operations):
        faults += _of_operation(look, operation)
        operation.state_forwards(migration.app_label, look.state)
    if migration.atomic and len(look.touched) > 1:
        faults.append(SEVERAL.format(tables=", ".join(sorted(look.touched))))
    return faults


def _flat(steps: Sequence[Operation]) -> Iterator[Operation]:
    """Yield what reaches the database: of a change that is separated from the state, only that."""
    for step in steps:
        if isinstance(step, operations.SeparateDatabaseAndState):
            yield from _flat(step.database_operations)
        else:
            yield step


def _of_atomicity(migration: Migration) -> Iterator[str]:
    steps = migration.operations
    concurrent = [step for step in _flat(steps) if isinstance(step, _ALONE)]
    if not migration.atomic and not (len(steps) == 1 and len(concurrent) == 1):
        yield NOT_ALONE
    if migration.atomic and concurrent:
        yield ATOMIC
    kinds = {type(step) for step in _flat(steps)}
    if migration.atomic and {AddConstraintNotValid, ValidateConstraint} <= kinds:
        yield VALIDATED_AT_ONCE


def _of_operation(look: _Look, step: Operation) -> Iterator[str]:
    match step:
        case operations.CreateModel():
            look.new.add(look.label(step.name))
        case operations.AddField():
            yield from _of_new_field(look, step)
        case operations.AlterField():
            yield from _of_altered_field(look, step)
        case operations.RunPython():
            if not look.has_few_rows:
                yield PYTHON
        case operations.RunSQL():
            new, small = look.tables(look.new), look.tables(SMALL)
            look.touched |= altered_in_sql(step.sql) - new - small
            yield from faults_in_sql(step.sql, new, small, drops=look.may_drop, few=look.has_few_rows)
        case _:
            yield from _of_taking_away(look, step)
            yield from _of_index_or_constraint(look, step)


def _of_taking_away(look: _Look, step: Operation) -> Iterator[str]:
    match step:
        case operations.RemoveField():
            gone = look.label(step.model_name), f".{step.name}"
        case operations.RenameField():
            gone = look.label(step.model_name), f".{step.old_name}"
        case operations.RenameModel():
            gone = look.label(step.old_name), ""
        case operations.DeleteModel() | operations.AlterModelTable():
            gone = look.label(step.name), ""
        case _:
            return
    if gone[0] not in look.new and not look.may_drop:
        yield GIVEN_UP.format(table=gone[0], name=gone[1])


def _of_new_field(look: _Look, step: operations.AddField) -> Iterator[str]:
    one, table = step.field, look.label(step.model_name)
    if table in look.new or one.many_to_many:
        return
    if not one.null and not one.has_db_default():
        yield FILLS_ITSELF.format(table=table, name=step.name)
    if not look.is_large(step.model_name):
        return
    look.touched |= look.tables({table})
    if one.has_db_default() and not isinstance(one.db_default, _QUICK):
        yield REWRITES.format(table=table, name=step.name)
    if one.unique or one.db_index or (isinstance(one, ForeignKey) and one.db_constraint):
        yield UNIQUE.format(table=table, name=step.name)


def _of_altered_field(look: _Look, step: operations.AlterField) -> Iterator[str]:
    before, after = look.field(step.model_name, step.name), step.field
    if look.label(step.model_name) in look.new:
        return
    words = {"table": look.label(step.model_name), "name": step.name}
    if before.null and not after.null:
        yield NOT_NULL.format(**words)
    elif look.is_large(step.model_name) and not _is_same_column(before, after):
        yield ALTERS.format(**words)


def _is_same_column(before: Field, after: Field) -> bool:
    """Whether the database only writes down a default, a limit that grows, a NULL allowed, an index that goes."""
    one, other = _facts(before), _facts(after)
    for lasting in _MAY_GO - set(other):
        one.pop(lasting, None)
    grown, shrunk = other.pop("max_length", None), one.pop("max_length", None)
    return one == other and (grown == shrunk or (shrunk is not None and (grown is None or grown > shrunk)))


def _facts(one: Field) -> dict[str, object]:
    _, path, _, options = one.deconstruct()
    kind = {"CharField": "text", "TextField": "text"}.get(path.rpartition(".")[2], path)
    kept = {key: value for key, value in options.items() if key not in _ONLY_IN_PYTHON | {"null", "db_default"}}
    return {"kind": kind, **kept}


def _of_index_or_constraint(look: _Look, step: Operation) -> Iterator[str]:
    model = getattr(step, "model_name", None)
    if model is None or not look.is_large(model):
        return
    table = look.label(model)
    match step:
        case AddIndexConcurrently():
            return
        case DjangosIndex():
            yield DJANGOS_INDEX
        case operations.AddIndex():
            yield INDEX.format(table=table)
        case AddConstraintNotValid():
            look.touched |= look.tables({table})
        case operations.AddConstraint() if isinstance(step.constraint, CheckConstraint):
            yield CONSTRAINT.format(table=table, name=step.constraint.name)
        case operations.AddConstraint():
            yield UNIQUE_CONSTRAINT.format(table=table, name=step.constraint.name)
        case operations.RemoveConstraint() | operations.RemoveIndex():
            look.touched |= look.tables({table})
