"""When a value of the shared cache was set, so that what a wrong clock wrote is known once the clock is right."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("accounts", "0006_notices_wait")]

    operations: ClassVar[list[migrations.RunSQL]] = [
        migrations.RunSQL(
            "ALTER TABLE accounts_shared_cache ADD COLUMN set_at double precision NOT NULL DEFAULT 0",
            "ALTER TABLE accounts_shared_cache DROP COLUMN set_at",
        )
    ]
