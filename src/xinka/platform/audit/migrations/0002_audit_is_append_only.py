"""Nobody rewrites or removes what is in the audit, not even the shop's own programs."""

from __future__ import annotations

from django.db import migrations

KEEP = """
CREATE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit is append-only' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_auditentry
  FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
"""

LET_GO = "DROP TRIGGER audit_append_only ON audit_auditentry; DROP FUNCTION audit_refuse_change();"


class Migration(migrations.Migration):
    """A trigger that refuses UPDATE, DELETE and TRUNCATE."""

    dependencies = [("audit", "0001_initial")]
    operations = [migrations.RunSQL(KEEP, LET_GO)]
