"""What migrations use on large tables: nobody waits for these steps, and each can be begun anew where it was cut off.

A migration with one of them has ``atomic = False`` and nothing else in it. ``tools.migrating`` refuses the plain ways.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.operations import AddIndexConcurrently as DjangoAddIndexConcurrently
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from xinka.platform.database.migrating import without_limit

_IS_WHOLE = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)"


class _Index:
    """Makes an index while everybody writes on; one that an interrupted run left half made is made anew."""

    @staticmethod
    def make(editor: BaseDatabaseSchemaEditor, name: str, make: Any) -> None:
        connection, quoted = editor.connection, editor.quote_name(name)
        with connection.cursor() as cursor, without_limit(connection):
            cursor.execute(_IS_WHOLE, [quoted])
            found = cursor.fetchall()
            if found and found[0][0]:
                return  # the run before was cut off right after it
            if found:
                cursor.execute(f"DROP INDEX CONCURRENTLY {quoted}")
            make()


class AddIndexConcurrently(DjangoAddIndexConcurrently):
    """Django's, that can be begun anew."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Make the index unless it is there."""
        forwards = super().database_forwards
        _Index.make(schema_editor, self.index.name, lambda: forwards(app_label, schema_editor, from_state, to_state))


class IndexInWords(Operation):
    """An index that no model names, in SQL: ``CREATE INDEX CONCURRENTLY name …``."""

    reversible = True
    atomic = False

    def __init__(self, name: str, sql: str) -> None:
        self.name, self.sql = name, sql

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Models do not know of it."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Make the index unless it is there."""

        def make() -> None:
            with schema_editor.connection.cursor() as cursor:
                cursor.execute(self.sql)

        _Index.make(schema_editor, self.name, make)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Drop it."""
        with schema_editor.connection.cursor() as cursor, without_limit(schema_editor.connection):
            cursor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {schema_editor.quote_name(self.name)}")

    def describe(self) -> str:
        """Say what it does."""
        return f"Make the index {self.name} concurrently"


class ChangeInSlices(Operation):
    """Change the rows of a large table some at a time, each slice a transaction of its own.

    The statement changes at most as many rows as its ``%s`` says, and none that is changed already: it is run until a
    slice is not full, and so goes on where it was cut off. Rows that an older version writes meanwhile are left.

    ``UPDATE t SET a = b WHERE id IN (SELECT id FROM t WHERE a IS NULL LIMIT %s)``: no SKIP LOCKED there, or what
    somebody holds would be left out.
    """

    reversible = True
    atomic = False
    #: Rows a slice: a few milliseconds of locks.
    SLICE: ClassVar[int] = 1_000

    def __init__(self, sql: str, rows: int = SLICE) -> None:
        self.sql, self.rows = sql, rows

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Rows are no state."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Run the statement until a slice is not full."""
        with schema_editor.connection.cursor() as cursor:
            while True:
                cursor.execute(self.sql, [self.rows])
                if cursor.rowcount < self.rows:
                    return

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Leave the rows as they are."""

    def describe(self) -> str:
        """Say what it does."""
        return "Change rows in slices"
