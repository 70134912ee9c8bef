"""Channels, attempts to pay, receipts (money that verifiably came) and refunds."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from xinka.payments.states import (
    BankLineState,
    PaymentState,
    ProposalState,
    ReceiptOutcome,
    RefundReason,
    RefundState,
    RefundTo,
)


class Devices(models.TextChoices):
    """On which devices a channel is offered."""

    ALL = "all", _("Everywhere")
    PHONE = "phone", _("On phones")
    DESKTOP = "desktop", _("On computers")


class Channel(models.Model):
    """One configured account at one payment provider; ``config`` is an envelope with its keys."""

    id = models.AutoField(primary_key=True)
    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=40)
    name_en = models.CharField(max_length=40)
    glyph = models.CharField(max_length=12, default="qr")
    provider = models.CharField(max_length=20)
    method = models.CharField(max_length=20, blank=True)
    config = models.BinaryField()
    currency = models.CharField(max_length=3, default="CNY")
    min_amount = models.BigIntegerField(default=1)
    max_amount = models.BigIntegerField(default=5_000_000)
    on = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0)
    devices = models.CharField(max_length=8, choices=Devices.choices, default=Devices.ALL, db_default=Devices.ALL)
    #: What the provider takes of each payment, for the books and for reports: a share and a fixed part.
    fee_bps = models.PositiveIntegerField(default=0, db_default=0)
    fee_fixed = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(name="channel_devices", condition=Q(devices__in=Devices.values)),
            models.CheckConstraint(name="channel_fees", condition=Q(fee_bps__lte=10_000, fee_fixed__gte=0)),
        ]

    def __str__(self) -> str:
        return self.name


class ChannelChange(models.Model):
    """How a channel shall become: one person proposes it, another makes it so, and no till sees anything of it before.

    ``body`` is an envelope with the new columns and settings; it is emptied by the decision. ``is_alone``: there was
    nobody else in the house.
    """

    id = models.UUIDField(primary_key=True)
    #: None: it is to be made.
    channel = models.ForeignKey(Channel, null=True, on_delete=models.CASCADE)
    slug = models.SlugField(max_length=40)
    provider = models.CharField(max_length=20)
    body = models.BinaryField()
    names = models.TextField(help_text="what is other than before, by the code's names")
    base = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the channel as it was proposed upon")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    granted = models.BooleanField(default=False)
    is_alone = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["slug"], name="channel_change_one_waits", condition=Q(decided_at__isnull=True)
            ),
            models.CheckConstraint(
                name="channel_change_four_eyes",
                condition=Q(granted=False)
                | (Q(decided_by__isnull=False) & (Q(is_alone=True) | ~Q(decided_by=F("asked_by")))),
            ),
            models.CheckConstraint(name="channel_change_body_gone", condition=Q(decided_at__isnull=True) | Q(body=b"")),
        ]


class FeeTerms(models.Model):
    """What a channel's provider takes, since a moment: a bill is judged by what was agreed when the money came."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE)
    since = models.DateTimeField()
    bps = models.PositiveIntegerField()
    fixed = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["channel", "since"], name="fee_terms_once"),
            models.CheckConstraint(name="fee_terms_size", condition=Q(bps__lte=10_000, fixed__gte=0)),
        ]


class Payment(models.Model):
    """One attempt to pay an order; written before the provider is called, so that its number is never lost."""

    id = models.UUIDField(primary_key=True)
    order_id = models.UUIDField()
    channel = models.ForeignKey(Channel, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=8, choices=[(s.value, s.value) for s in PaymentState])
    created_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(null=True, help_text="when the provider was last asked whether it was paid")
    pay_url = models.TextField(null=True)
    qr_text = models.TextField(null=True)
    handle = models.TextField(default="", db_default="", help_text="what the provider wants to be asked by")
    #: How the page pays inside the gateway's own app: the name of the function there and what it is handed.
    bridge = models.JSONField(null=True)
    #: Under which state the gateway is being asked who the buyer is (SHA-256, hexadecimal); emptied by the one answer.
    asked_who = models.CharField(max_length=64, null=True)

    class Meta:
        indexes = [models.Index(fields=["order_id"], name="payment_order")]
        constraints = [
            models.CheckConstraint(name="payment_state", condition=Q(state__in=[s.value for s in PaymentState])),
        ]


class Receipt(models.Model):
    """Verified money, once per channel and provider's number: the inbox that makes every notice count once."""

    pk = models.CompositePrimaryKey("channel_id", "trade_no")
    channel_id = models.IntegerField()
    trade_no = models.TextField()
    payment_id = models.UUIDField(null=True)
    order_id = models.UUIDField(null=True)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    outcome = models.CharField(max_length=14, choices=[(s.value, s.value) for s in ReceiptOutcome])
    journal_id = models.UUIDField()
    received_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="receipt_outcome", condition=Q(outcome__in=[s.value for s in ReceiptOutcome])),
            models.CheckConstraint(name="receipt_amount", condition=Q(amount__gte=1)),
        ]
        indexes = [
            # Only what did not settle plainly is ever looked up by order, so only that is indexed.
            models.Index(
                fields=["order_id"], name="receipt_unusual", condition=~Q(outcome=ReceiptOutcome.SETTLED.value)
            ),
            # Late money alone is looked for by its moment: the figures of a day hold orders placed long before it.
            models.Index(
                fields=["received_at"], name="receipt_late", condition=Q(outcome=ReceiptOutcome.LATE_SETTLED.value)
            ),
        ]


class Refund(models.Model):
    """Money that goes back to where it came from, or into the buyer's balance.

    ``key`` says what the refund is for, in words of whoever decided it; the same key never makes a second refund.
    """

    id = models.UUIDField(primary_key=True)
    order_id = models.UUIDField(null=True, db_index=True)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT)
    trade_no = models.TextField()
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    reason = models.CharField(max_length=10, choices=[(s.value, s.value) for s in RefundReason])
    key = models.TextField(unique=True)
    goes_to = models.CharField(
        max_length=8, choices=[(s.value, s.value) for s in RefundTo], default=RefundTo.CHANNEL, db_default="channel"
    )
    state = models.CharField(max_length=12, choices=[(s.value, s.value) for s in RefundState])
    gateway_refund_no = models.TextField(default="", db_default="")
    attempts = models.PositiveIntegerField(default=0, db_default=0)
    problem = models.TextField(default="", db_default="")
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="refund_state", condition=Q(state__in=[s.value for s in RefundState])),
            models.CheckConstraint(name="refund_amount", condition=Q(amount__gte=1)),
            models.CheckConstraint(name="refund_goes_to", condition=Q(goes_to__in=[s.value for s in RefundTo])),
        ]
        indexes = [
            models.Index(fields=["created_at"], name="refund_open", condition=~Q(state=RefundState.DONE.value)),
        ]


class ProviderEvent(models.Model):
    """A genuine notice about something else than a payment, once per channel and event; a worker sees to it."""

    channel = models.ForeignKey(Channel, on_delete=models.PROTECT)
    event_id = models.TextField()
    about = models.CharField(max_length=8)
    subject_no = models.TextField(default="", db_default="")
    out_trade_no = models.TextField(default="", db_default="")
    trade_no = models.TextField(default="", db_default="")
    amount = models.BigIntegerField(default=0, db_default=0)
    currency = models.CharField(max_length=3)
    status = models.TextField(default="", db_default="")
    due_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField()
    handled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "event_id"], name="provider_event_once")]
        indexes = [models.Index(fields=["received_at"], name="provider_event_open", condition=Q(handled_at=None))]


class BankLine(models.Model):
    """A transfer that one person found in the bank account, and another confirms; once per channel and bank's number.

    ``payment_id`` is the attempt whose reference it bears, if any.
    """

    channel = models.ForeignKey(Channel, on_delete=models.PROTECT)
    bank_no = models.TextField()
    reference = models.TextField(default="", db_default="")
    payment_id = models.UUIDField(null=True)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=9, choices=[(s.value, s.value) for s in BankLineState])
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "bank_no"], name="bank_line_once", condition=~Q(state=BankLineState.DISCARDED.value)
            ),
            models.CheckConstraint(name="bank_line_state", condition=Q(state__in=[s.value for s in BankLineState])),
            models.CheckConstraint(name="bank_line_amount", condition=Q(amount__gte=1)),
            models.CheckConstraint(
                name="bank_line_four_eyes",
                condition=~Q(state=BankLineState.CONFIRMED.value)
                | (Q(decided_by__isnull=False) & ~Q(decided_by=F("recorded_by"))),
            ),
        ]


class SuspenseProposal(models.Model):
    """What shall become of money that came for no order of ours: one person proposes it, and another makes it so.

    ``order_id`` is the order that it belongs to, by the proposal; without one, the money goes back. ``outcome`` is what
    the order made of it, and ``refund_id`` the refund by which it goes back, once it is done. ``journal_id`` is the
    receipt's, by which people call it.
    """

    id = models.UUIDField(primary_key=True)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT)
    trade_no = models.TextField()
    journal_id = models.UUIDField()
    order_id = models.UUIDField(null=True, db_index=True)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    reason = models.CharField(max_length=200)
    state = models.CharField(max_length=7, choices=[(s.value, s.value) for s in ProposalState])
    outcome = models.CharField(max_length=14, default="", db_default="", blank=True)
    refund_id = models.UUIDField(null=True, unique=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            # Whatever two clerks do at once: one thing is proposed for this money at a time, and one thing is done.
            models.UniqueConstraint(
                fields=["channel", "trade_no"],
                name="suspense_proposal_once",
                condition=~Q(state=ProposalState.REFUSED.value),
            ),
            models.CheckConstraint(
                name="suspense_proposal_state", condition=Q(state__in=[s.value for s in ProposalState])
            ),
            models.CheckConstraint(name="suspense_proposal_amount", condition=Q(amount__gte=1)),
            models.CheckConstraint(name="suspense_proposal_reason", condition=~Q(reason="")),
            models.CheckConstraint(
                name="suspense_proposal_four_eyes",
                condition=~Q(state=ProposalState.DONE.value)
                | (Q(decided_by__isnull=False) & ~Q(decided_by=F("asked_by"))),
            ),
            models.CheckConstraint(
                name="suspense_proposal_decided",
                condition=Q(state=ProposalState.ASKED.value, decided_at__isnull=True)
                | (~Q(state=ProposalState.ASKED.value) & Q(decided_at__isnull=False)),
            ),
        ]
