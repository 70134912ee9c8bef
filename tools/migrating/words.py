"""The same rules for migrations that are written in SQL."""

from __future__ import annotations

import re
from collections.abc import Iterator

#: What a function does when it is called is not done by making it.
_BODY = re.compile(r"(\$\w*\$).*?\1", re.DOTALL)
_COMMENT = re.compile(r"--[^\n]*")
_NAME = r'(?:if (?:not )?exists )?(?:only )?"?(\w+)"?'

INDEX = re.compile(rf"create (?:unique )?index (?!concurrently)\S* ?\S* ?on {_NAME}")
ROWS = re.compile(rf"(?:^|[(;] ?)(?:with .*? )?(?:update|delete from|insert into|merge into) {_NAME}")
ALTER = re.compile(rf"alter table {_NAME} ([^;]*)")
GONE = re.compile(
    r"drop table|\b(?:drop column|rename|drop (?!constraint|default|not null|expression|identity|index)\w)"
)
READS = re.compile(
    r"add constraint (?!.*not valid)|add (?:check|foreign|unique|primary)|set not null| type |set logged|set unlogged"
)
UNFILLED = re.compile(r"add (?:column )?(?:if not exists )?\w+ (?!constraint)[^,]*not null(?![^,]*default)(?<!default)")
WHOLE = re.compile(rf"(?:vacuum full|cluster|lock table|lock) {_NAME}")

INDEX_SAYS = "makes an index on {table} while nobody may write: IndexInWords of platform.database.operations"
ROWS_SAY = (
    "changes rows of {table} in one transaction: ChangeInSlices of platform.database.operations, or `rows_are_few"
    " = 'why'` in the migration if they are few"
)
READS_SAY = (
    "reads or writes every row of {table} under its lock ({what}): a constraint is added NOT VALID and validated "
    "in a migration after it; a column of another type is added beside, filled with ChangeInSlices, and the old "
    "one dropped a version later"
)
UNFILLED_SAYS = "adds a column to {table} that the version of before does not fill: give it a DEFAULT, or allow NULL"
GONE_SAYS = (
    "takes away or renames what the version of before still asks for ({what}): first stop using it, and take it "
    "away a version later with `unused_since = 'that version'` in the migration"
)
WHOLE_SAYS = "locks the whole of {table}: find a way without, as nobody can buy meanwhile"


def altered_in_sql(sql: object) -> set[str]:
    """Return the tables that the statements of a migration alter."""
    return {table for table, _ in ALTER.findall(_plain(sql))}


def faults_in_sql(sql: object, new: set[str], small: set[str], *, drops: bool, few: bool) -> Iterator[str]:
    """Yield what is wrong with the statements of a migration.

    Args:
        sql: as Django takes it: a text, or a list of texts and of texts with their parameters.
        new: tables that the same migration makes; nobody has rows there.
        small: tables with few rows.
        drops: the migration says that the version of before does without.
        few: the migration says that it changes few rows.
    """
    plain = _plain(sql)
    yield from (INDEX_SAYS.format(table=table) for table in INDEX.findall(plain) if table not in new | small)
    yield from (WHOLE_SAYS.format(table=table) for table in WHOLE.findall(plain))
    if not few:
        yield from (ROWS_SAY.format(table=table) for table in ROWS.findall(plain) if table not in new | small)
    for table, what in ALTER.findall(plain):
        if table not in new and UNFILLED.search(what):
            yield UNFILLED_SAYS.format(table=table)
        if table not in new | small and READS.search(what):
            yield READS_SAY.format(table=table, what=what.strip())
    if not drops:
        yield from (GONE_SAYS.format(what=found.group().strip()) for found in GONE.finditer(plain))


def _plain(sql: object) -> str:
    """Return the statements in small letters, on one line, without comments and bodies of functions."""
    parts = [sql] if isinstance(sql, str) else [part if isinstance(part, str) else part[0] for part in sql]  # type: ignore[attr-defined]  # Django's shapes
    text = ";".join(str(part) for part in parts)
    return " ".join(_BODY.sub("''", _COMMENT.sub("", text)).lower().split())
