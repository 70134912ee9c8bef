"""Bills of channels, day by day, and where they differ from our books. The lines of a bill are not kept."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.functional import Promise

from xinka.reconciling.states import About, BillState, DifferenceState, EntryState, What
from xinka.reconciling.words import STATES, WHATS


class Bill(models.Model):
    """The bill of one channel for one day of the gateway's calendar; read again, it is compared again."""

    id = models.BigAutoField(primary_key=True)
    channel_id = models.IntegerField()
    day = models.DateField()
    state = models.CharField(max_length=8, choices=[(s.value, s.value) for s in BillState])
    problem = models.TextField(default="", db_default="")
    n_payments = models.BigIntegerField(default=0, db_default=0)
    n_refunds = models.BigIntegerField(default=0, db_default=0)
    n_differences = models.BigIntegerField(default=0, db_default=0)
    #: Per currency, in minor units: what was paid, given back and taken as fees, and the fees that are entered.
    sums = models.JSONField(default=dict)
    fees_entered = models.JSONField(default=dict)
    #: What the fees of its payments should be by the channel's terms, where any were agreed; rounded half up each.
    fees_agreed = models.JSONField(default=dict, db_default={})
    n_readings = models.PositiveIntegerField(default=0, db_default=0)
    asked_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "reconciling_bill"
        constraints = [
            models.UniqueConstraint(fields=["channel_id", "day"], name="bill_once"),
            models.CheckConstraint(name="bill_state", condition=Q(state__in=[s.value for s in BillState])),
        ]


class Difference(models.Model):
    """One thing that a bill and our books say differently; ``there`` is the gateway, ``here`` is us."""

    id = models.BigAutoField(primary_key=True)
    bill = models.ForeignKey(Bill, on_delete=models.PROTECT)
    what = models.CharField(max_length=14, choices=[(w.value, w.value) for w in What])
    about = models.CharField(max_length=8, choices=[(a.value, a.value) for a in About])
    trade_no = models.TextField()
    out_trade_no = models.TextField()
    refund_no = models.TextField()
    there_amount = models.BigIntegerField(null=True)
    there_currency = models.CharField(max_length=3)
    there_at = models.DateTimeField(null=True)
    here_amount = models.BigIntegerField(null=True)
    here_currency = models.CharField(max_length=3)
    order_id = models.UUIDField(null=True)
    state = models.CharField(max_length=9, choices=[(s.value, s.value) for s in DifferenceState])
    note = models.TextField(default="", db_default="")
    by_id = models.BigIntegerField(null=True)
    by_name = models.TextField(default="", db_default="")
    found_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "reconciling_difference"
        constraints = [
            models.UniqueConstraint(fields=["bill", "what", "about", "trade_no", "refund_no"], name="difference_once"),
            models.CheckConstraint(name="difference_state", condition=Q(state__in=[s.value for s in DifferenceState])),
            models.CheckConstraint(name="difference_what", condition=Q(what__in=[w.value for w in What])),
        ]
        indexes = [
            models.Index(fields=["trade_no"], name="difference_trade"),
            models.Index(
                fields=["found_at"], name="difference_open", condition=~Q(state=DifferenceState.RESOLVED.value)
            ),
        ]

    @property
    def words(self) -> Promise:
        """What differs, for people."""
        return WHATS[What(self.what)]

    @property
    def state_words(self) -> Promise:
        """Its state, for people."""
        return STATES[DifferenceState(self.state)]


class LineEntry(models.Model):
    """That a payment which only a bill tells of is to be entered: one person asks for it, another makes it so.

    ``journal_id`` is the receipt's, once it is entered; ``amount`` and ``currency`` are the line's when it was asked.
    """

    id = models.UUIDField(primary_key=True)
    difference = models.ForeignKey(Difference, on_delete=models.PROTECT)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    reason = models.CharField(max_length=200)
    state = models.CharField(max_length=7, choices=[(s.value, s.value) for s in EntryState])
    journal_id = models.UUIDField(null=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "reconciling_line_entry"
        constraints = [
            models.UniqueConstraint(
                fields=["difference"], name="line_entry_once", condition=~Q(state=EntryState.REFUSED.value)
            ),
            models.CheckConstraint(name="line_entry_state", condition=Q(state__in=[s.value for s in EntryState])),
            models.CheckConstraint(name="line_entry_amount", condition=Q(amount__gte=1)),
            models.CheckConstraint(name="line_entry_reason", condition=~Q(reason="")),
            models.CheckConstraint(
                name="line_entry_four_eyes",
                condition=~Q(state=EntryState.DONE.value)
                | (Q(decided_by__isnull=False) & ~Q(decided_by=F("asked_by"))),
            ),
            models.CheckConstraint(
                name="line_entry_decided",
                condition=Q(state=EntryState.ASKED.value, decided_at__isnull=True)
                | (~Q(state=EntryState.ASKED.value) & Q(decided_at__isnull=False)),
            ),
        ]


class Seen(models.Model):
    """A payment near midnight, or a refund, that a bill has told of, so that no other day's bill is blamed for it."""

    pk = models.CompositePrimaryKey("channel_id", "about", "number")
    channel_id = models.IntegerField()
    about = models.CharField(max_length=8)
    number = models.TextField(help_text="the gateway's number of a payment, our number of a refund")
    day = models.DateField()

    class Meta:
        db_table = "reconciling_seen"
        indexes = [models.Index(fields=["day"], name="seen_day")]
