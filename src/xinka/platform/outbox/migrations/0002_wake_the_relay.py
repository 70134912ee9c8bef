"""Wake the relay when a transaction that left events is committed, so that mail starts in the same moment."""

from __future__ import annotations

from django.db import migrations

WAKE = """
CREATE FUNCTION outbox_wake_relay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('xinka_outbox', '');
  RETURN NULL;
END $$;
CREATE TRIGGER outbox_wake AFTER INSERT ON outbox_event FOR EACH STATEMENT EXECUTE FUNCTION outbox_wake_relay();
"""

LET_SLEEP = "DROP TRIGGER outbox_wake ON outbox_event; DROP FUNCTION outbox_wake_relay();"


class Migration(migrations.Migration):
    """One notification per statement that adds events."""

    dependencies = [("outbox", "0001_initial")]
    operations = [migrations.RunSQL(WAKE, LET_SLEEP)]
