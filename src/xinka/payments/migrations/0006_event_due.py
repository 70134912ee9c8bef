"""What a gateway tells of a dispute includes until when it waits for the shop."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("payments", "0005_bank_lines")]

    operations = [
        migrations.AddField("providerevent", "due_at", models.DateTimeField(null=True)),
    ]
