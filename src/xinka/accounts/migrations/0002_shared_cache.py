"""The table behind ``xinka.accounts.shared_cache``; unlogged, since counters may be lost in a crash."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("accounts", "0001_initial")]

    operations: ClassVar[list[migrations.RunSQL]] = [
        migrations.RunSQL(
            """
            CREATE UNLOGGED TABLE accounts_shared_cache (
              key bytea PRIMARY KEY, value jsonb NOT NULL, expires_at double precision NOT NULL
            );
            CREATE INDEX accounts_shared_cache_ends ON accounts_shared_cache (expires_at);
            """,
            "DROP TABLE accounts_shared_cache",
        )
    ]
