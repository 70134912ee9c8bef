"""``python -m tools.migrating``: looks at every migration of ours since the first release; needs no database."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import django
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

#: The last ones of each room before anybody could have sold on its tables.
BEFORE_THE_FIRST_RELEASE = {
    "accounts": 6,
    "audit": 2,
    "catalog": 2,
    "delivery": 3,
    "disputes": 2,
    "escrow": 6,
    "files": 1,
    "jobs": 1,
    "ledger": 4,
    "mail": 1,
    "merchants": 1,
    "orders": 4,
    "outbox": 1,
    "payments": 10,
    "payouts": 4,
    "promotions": 3,
    "ratelimits": 1,
    "reconciling": 2,
    "sandbox": 5,
    "stock": 7,
    "vault": 1,
}


def in_order() -> Iterator[tuple[Migration, ProjectState]]:
    """Yield every migration, and what the tables are like before it."""
    loader = MigrationLoader(None)
    state, seen = ProjectState(), set()
    for leaf in sorted(loader.graph.leaf_nodes()):
        for node in loader.graph.forwards_plan(leaf):
            if node in seen:
                continue
            seen.add(node)
            migration = loader.graph.nodes[node]
            yield migration, state.clone()
            for operation in migration.operations:
                operation.state_forwards(migration.app_label, state)


def is_looked_at(migration: Migration) -> bool:
    """Whether it is ours, and shops could have been selling when it came."""
    is_ours = type(migration).__module__.startswith("xinka.")
    return is_ours and int(migration.name[:4]) > BEFORE_THE_FIRST_RELEASE.get(migration.app_label, 0)


def main() -> int:
    """Print what is wrong; the exit status is 1 when anything is."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xinka.config.settings")
    django.setup()
    from tools.migrating.rules import faults_of  # here, because models come after Django is ready

    faults = [
        f"{migration.app_label}/migrations/{migration.name}.py: {fault}"
        for migration, before in in_order()
        if is_looked_at(migration)
        for fault in faults_of(migration, before)
    ]
    print("\n".join(faults))  # noqa: T201 - what the command is for
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
