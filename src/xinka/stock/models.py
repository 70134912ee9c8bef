"""Codes at rest, the queue of the unsold, reservations. Hot tables carry no foreign keys: `xinka check` proves them.

A code is *unsold* exactly while it has a row in the queue, *reserved* while a reservation lists it, and *sold* once a
delivery lists it. Moving a code is deleting it from one of these and inserting it into the next in one statement, so
no code can be in two places.
"""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q, Value
from django.utils.translation import gettext_lazy as _

from xinka.catalog.models import Sku
from xinka.merchants.models import Merchant
from xinka.stock.note_links import note_path


class BatchState(models.TextChoices):
    """How far an import came. WAITING: the file lies sealed in the data directory until its preview is confirmed.

    UNDOING: a job takes its unsold codes out of stock; should it stop, ``problem`` of the batch says why.
    """

    WAITING = "waiting", _("Waiting for your confirmation")
    IMPORTING = "importing", _("Importing")
    DONE = "done", _("Imported")
    FAILED = "failed", _("Stopped half-way")
    UNDOING = "undoing", _("Being withdrawn")
    UNDONE = "undone", _("Undone")


class StockBatch(models.Model):
    """One import; it can be undone as far as its codes are unsold.

    Each chunk of the file is one transaction that also moves ``last_line``, so an import that was interrupted goes on
    there. The codes of a batch lie between ``first_code_id`` and ``last_code_id`` (others may lie between them too).
    """

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="stock_batches")
    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="batches")
    source = models.CharField(max_length=120, blank=True)
    file_hash = models.BinaryField(max_length=32, null=True)
    size = models.BigIntegerField(default=0)
    encoding = models.CharField(max_length=12, blank=True)
    layout = models.CharField(max_length=3, default="txt")
    #: What its owner chose of the columns of a CSV file; empty while the first line tells.
    columns = models.JSONField(default=dict, db_default=Value({}, output_field=models.JSONField()), blank=True)
    sealed_file = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=10, choices=BatchState.choices, default=BatchState.IMPORTING)
    last_line = models.PositiveIntegerField(default=0)
    first_code_id = models.BigIntegerField(null=True)
    last_code_id = models.BigIntegerField(null=True)
    n_lines = models.PositiveIntegerField(default=0)
    n_added = models.PositiveIntegerField(default=0)
    n_repeated = models.PositiveIntegerField(default=0)
    n_known = models.PositiveIntegerField(default=0)
    n_invalid = models.PositiveIntegerField(default=0)
    n_undone = models.PositiveIntegerField(default=0)
    problem = models.TextField(blank=True)
    problems = models.JSONField(default=list)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["sku", "file_hash"], name="batch_file")]
        constraints = [models.CheckConstraint(name="batch_state", condition=Q(state__in=BatchState.values))]


class StockCode(models.Model):
    """One code in its envelope. ``fingerprint`` is a keyed hash of the code: it finds duplicates, it tells nothing."""

    sku = models.ForeignKey(Sku, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False)
    batch = models.ForeignKey(StockBatch, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False)
    fingerprint = models.UUIDField()
    envelope = models.BinaryField()
    label = models.TextField(default="", db_default="")
    expires_on = models.DateField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["fingerprint"], name="stock_code_fingerprint")]


class UnsoldCode(models.Model):
    """The queue of the unsold: a sale takes the lowest ``place`` of its SKU and deletes the row."""

    pk = models.CompositePrimaryKey("sku_id", "place", "code_id")
    sku_id = models.BigIntegerField()
    place = models.BigIntegerField()
    code_id = models.BigIntegerField()
    expires_on = models.DateField(null=True)

    class Meta:
        db_table = "stock_unsold"
        indexes = [
            models.Index(fields=["expires_on"], condition=Q(expires_on__isnull=False), name="stock_unsold_expiry"),
        ]


class AsideCode(models.Model):
    """A code kept for a flash sale: it has this row instead of one in the queue, and goes back when that is over."""

    code_id = models.BigIntegerField(primary_key=True)
    sku_id = models.BigIntegerField()
    sale_id = models.BigIntegerField()
    #: From when on the sale sells it.
    sold_from = models.DateTimeField()
    expires_on = models.DateField(null=True)

    class Meta:
        db_table = "stock_aside"
        indexes = [
            models.Index(fields=["sale_id", "code_id"], name="stock_aside_sale"),
            models.Index(fields=["sku_id"], name="stock_aside_sku"),
        ]


class Reservation(models.Model):
    """Codes held for an order that is not paid yet. Whoever deletes this row, payment or expiry, has the codes."""

    order_id = models.UUIDField(primary_key=True)
    sku_id = models.BigIntegerField()
    code_ids = ArrayField(models.BigIntegerField())
    reusable = models.BooleanField(default=False)
    contact_key = models.UUIDField(db_index=True)
    address_key = models.UUIDField(db_index=True)
    #: Not indexed: the table only holds what is unpaid now, and each index costs every order.
    expires_at = models.DateTimeField()

    class Meta:
        db_table = "stock_reservation"


class BackNote(models.Model):
    """Somebody's wish to be told once when a sold-out variant is back. The row goes when its letter went.

    It counts from its ``confirmed_at`` on, the yes from the mailbox; ``queued_at`` is when its letter was queued.
    """

    id = models.UUIDField(primary_key=True)
    sku = models.ForeignKey(Sku, on_delete=models.CASCADE, related_name="+", db_index=False)
    contact_key = models.UUIDField(db_index=True)
    contact = models.BinaryField()
    language = models.CharField(max_length=10)
    asked_at = models.DateTimeField(db_index=True)
    confirmed_at = models.DateTimeField(null=True)
    queued_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sku", "contact_key"], name="stock_backnote_once"),
            models.CheckConstraint(
                name="stock_backnote_confirmed", condition=Q(queued_at=None) | Q(confirmed_at__isnull=False)
            ),
        ]
        indexes = [
            models.Index(fields=["sku", "confirmed_at"], name="stock_backnote_next"),
            models.Index(fields=["queued_at"], name="stock_backnote_under_way", condition=Q(queued_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def path(self) -> str:
        """The page on which it is confirmed or ended; only its mails and its person's own pages may show it."""
        return note_path(self.id)
