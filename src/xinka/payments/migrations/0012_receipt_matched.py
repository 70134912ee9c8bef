"""Receipts may say that people found their order. The table is as long as the shop is old: nothing is read through here."""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('payments', '0011_suspense_proposal'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='receipt',
            name='receipt_outcome',
        ),
        migrations.AlterField(
            model_name='receipt',
            name='outcome',
            field=models.CharField(choices=[('settled', 'settled'), ('short', 'short'), ('short_refunded', 'short_refunded'), ('over', 'over'), ('late_settled', 'late_settled'), ('late_refunded', 'late_refunded'), ('double', 'double'), ('unmatched', 'unmatched'), ('matched', 'matched')], max_length=14),
        ),
        AddConstraintNotValid(
            model_name='receipt',
            constraint=models.CheckConstraint(condition=models.Q(('outcome__in', ['settled', 'short', 'short_refunded', 'over', 'late_settled', 'late_refunded', 'double', 'unmatched', 'matched'])), name='receipt_outcome'),
        ),
    ]
