"""Entries of the double-entry ledger. A journal is written whole by one statement; triggers refuse anything else."""

from __future__ import annotations

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q

from xinka.ledger.accounts import OWNED, RESTRICTED, Account


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
    owner_id = models.BigIntegerField(null=True, help_text="merchant or user, for accounts that are kept per owner")
    at = models.DateTimeField()

    class Meta:
        db_table = "ledger_entry"
        constraints = [
            models.CheckConstraint(name="entry_amount", condition=~Q(amount=0)),
            models.CheckConstraint(
                name="entry_owner",
                condition=Q(owner_id__isnull=True) & ~Q(account__in=sorted(OWNED))
                | Q(owner_id__isnull=False) & Q(account__in=sorted(OWNED)),
            ),
        ]
        indexes = [
            # A few bytes per megabyte of table: days are found by it, and the till's insert does not feel it.
            BrinIndex(fields=["at"], name="entry_at", pages_per_range=32, autosummarize=True),
            models.Index(
                fields=["account", "owner_id", "at", "journal_id"],
                name="entry_owned",
                condition=Q(owner_id__isnull=False),
            ),
        ]


class Journal(models.Model):
    """The key and the author of a journal; only the till's own journals have none, their receipt is their key."""

    id = models.UUIDField(primary_key=True)
    key = models.TextField(unique=True)
    content_hash = models.BinaryField(max_length=32)
    n_legs = models.SmallIntegerField()
    kind = models.SmallIntegerField()
    note = models.TextField(blank=True)
    by_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()

    class Meta:
        db_table = "ledger_journal"


class Balance(models.Model):
    """The sum of one owner's entries in one account, kept by the trigger of the entries and by nobody else."""

    pk = models.CompositePrimaryKey("account", "owner_id", "currency")
    account = models.SmallIntegerField()
    owner_id = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()

    class Meta:
        db_table = "ledger_balance"
        constraints = [
            models.CheckConstraint(
                name="balance_overdraft",
                condition=Q(account__in=sorted(RESTRICTED), amount__lte=0)
                | Q(account=int(Account.SELLER_RECEIVABLE), amount__gte=0),
            )
        ]


class DayTotal(models.Model):
    """The sum of one closed day's entries, so that a report reads days and not entries."""

    pk = models.CompositePrimaryKey("day", "account", "currency", "channel_id")
    day = models.DateField()
    account = models.SmallIntegerField()
    currency = models.CharField(max_length=3)
    channel_id = models.IntegerField()
    amount = models.BigIntegerField()
    n_entries = models.BigIntegerField()

    class Meta:
        db_table = "ledger_day_total"


class OwnerTotal(models.Model):
    """What stood opposite to one merchant's accounts on one closed day, so that a year reads days and not entries."""

    pk = models.CompositePrimaryKey("owner_id", "currency", "day", "kind", "account")
    owner_id = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    day = models.DateField()
    kind = models.SmallIntegerField()
    account = models.SmallIntegerField()
    amount = models.BigIntegerField()

    class Meta:
        db_table = "ledger_owner_total"


class ClosedDay(models.Model):
    """A day of the books (in the shop's time zone) that nothing can be entered into any more."""

    day = models.DateField(primary_key=True)
    closed_at = models.DateTimeField()
    owners_summed_at = models.DateTimeField(null=True, help_text="when its sums per merchant were kept")

    class Meta:
        db_table = "ledger_closed_day"
