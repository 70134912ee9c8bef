"""The gateway's own records: merchants, trades, notices sent, and books that tests hold against the shop's."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import F, Q

from xinka.sandbox.states import EntryKind, NoticeKind, TradeState
from xinka.sandbox.wire import SIGN_TYPES


class SandboxMerchant(models.Model):
    """A shop's account at the gateway."""

    pid = models.CharField(max_length=20, unique=True)
    key = models.CharField(max_length=64)
    name = models.CharField(max_length=60)
    sign_type = models.CharField(max_length=12, choices=[(name, name) for name in SIGN_TYPES])
    key_label = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.name} ({self.pid})"


class SandboxTrade(models.Model):
    """One payment asked for. Amounts are fen. ``token`` opens its cashier page."""

    trade_no = models.CharField(max_length=32, unique=True)
    merchant = models.ForeignKey(SandboxMerchant, on_delete=models.PROTECT, related_name="trades")
    out_trade_no = models.CharField(max_length=64)
    is_second = models.BooleanField(default=False, help_text="a second payment of the same order")
    token = models.CharField(max_length=43, unique=True)
    type = models.CharField(max_length=32, blank=True)
    name = models.CharField(max_length=127)
    money = models.BigIntegerField()
    paid_money = models.BigIntegerField(default=0)
    refunded_money = models.BigIntegerField(default=0)
    state = models.CharField(max_length=8, default=TradeState.WAITING, choices=[(s.value, s.value) for s in TradeState])
    notify_url = models.TextField()
    return_url = models.TextField(blank=True)
    param = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="sandbox_trade_once", fields=["merchant", "out_trade_no"], condition=Q(is_second=False)
            ),
            models.CheckConstraint(name="sandbox_trade_state", condition=Q(state__in=[s.value for s in TradeState])),
            models.CheckConstraint(
                name="sandbox_trade_refund", condition=Q(refunded_money__gte=0, refunded_money__lte=F("paid_money"))
            ),
        ]

    def __str__(self) -> str:
        return self.trade_no

    def is_paid(self, now: datetime) -> bool:
        """Whether the money was there by ``now``, given back later or not."""
        return self.paid_at is not None and self.paid_at <= now


class SandboxEntry(models.Model):
    """A movement of money in the gateway's books; refunds are negative."""

    trade = models.ForeignKey(SandboxTrade, on_delete=models.PROTECT, related_name="entries")
    kind = models.CharField(max_length=8, choices=[(k.value, k.value) for k in EntryKind])
    amount = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "sandbox entries"

    def __str__(self) -> str:
        return f"{self.kind} {self.amount}"


class NotifyAttempt(models.Model):
    """One notice, planned or sent. ``number`` counts the retries of the same notice."""

    trade = models.ForeignKey(SandboxTrade, on_delete=models.CASCADE, related_name="attempts")
    kind = models.CharField(max_length=8, choices=NoticeKind.choices)
    method = models.CharField(max_length=4)
    fields = models.JSONField()
    number = models.PositiveSmallIntegerField(default=1)
    due_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True)
    status = models.PositiveSmallIntegerField(null=True, help_text="HTTP status; 0 where nobody answered")
    answer = models.CharField(max_length=100, blank=True)
    accepted = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(name="sandbox_attempt_due", fields=["due_at"], condition=Q(taken_at=None))]

    def __str__(self) -> str:
        return f"{self.kind} #{self.number}"
