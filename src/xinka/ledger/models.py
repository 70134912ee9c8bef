"""Entries of the double-entry ledger. A journal is written whole by one statement; triggers refuse anything else."""

from __future__ import annotations

from django.db import models


class Entry(models.Model):
    """One leg of one journal, in minor units; debit positive, credit negative."""

    pk = models.CompositePrimaryKey("journal_id", "account")
    journal_id = models.UUIDField()
    account = models.SmallIntegerField()
    kind = models.SmallIntegerField()
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    order_id = models.UUIDField(null=True)
    channel_id = models.IntegerField()
    at = models.DateTimeField()

    class Meta:
        db_table = "ledger_entry"
        constraints = [models.CheckConstraint(name="entry_amount", condition=~models.Q(amount=0))]
