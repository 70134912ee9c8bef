"""What merchants gained is kept by closed day; the days closed before are summed up by the worker, a few hundred a round."""

from django.db import migrations, models

GUARD = """
CREATE TRIGGER ledger_owner_total_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_owner_total
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
"""
UNGUARD = "DROP TRIGGER ledger_owner_total_append_only ON ledger_owner_total;"


class Migration(migrations.Migration):
    """A table of sums, and which days are in it."""

    dependencies = [("ledger", "0008_entries_proved")]
    operations = [
        migrations.AddField(
            model_name="closedday",
            name="owners_summed_at",
            field=models.DateTimeField(null=True, help_text="when its sums per merchant were kept"),
        ),
        migrations.CreateModel(
            name="OwnerTotal",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "owner_id", "currency", "day", "kind", "account",
                        blank=True, editable=False, primary_key=True, serialize=False,
                    ),
                ),
                ("owner_id", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("day", models.DateField()),
                ("kind", models.SmallIntegerField()),
                ("account", models.SmallIntegerField()),
                ("amount", models.BigIntegerField()),
            ],
            options={"db_table": "ledger_owner_total"},
        ),
        migrations.RunSQL(GUARD, UNGUARD),
    ]
