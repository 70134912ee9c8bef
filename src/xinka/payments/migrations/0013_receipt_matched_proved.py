"""Prove what the migration before put down, while the shop goes on taking money."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('payments', '0012_receipt_matched'),
    ]

    operations = [
        ValidateConstraint(model_name='receipt', name='receipt_outcome'),
    ]
