"""The gateway's own records: merchants, trades, notices sent, and books that tests hold against the shop's."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import F, Q

from xinka.sandbox.protocols import WireRequest
from xinka.sandbox.states import EntryKind, NoticeKind, TradeState


class SandboxMerchant(models.Model):
    """A shop's account at the gateway. ``secrets`` holds what its protocol needs: keys of both sides, modes."""

    protocol = models.CharField(max_length=20, default="epay")
    pid = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=60)
    secrets = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{self.name} ({self.pid})"


class SandboxTrade(models.Model):
    """One payment asked for. Amounts are minor units. ``token`` opens its cashier, ``facts`` are its protocol's."""

    trade_no = models.CharField(max_length=64, unique=True)
    merchant = models.ForeignKey(SandboxMerchant, on_delete=models.PROTECT, related_name="trades")
    out_trade_no = models.CharField(max_length=64)
    is_second = models.BooleanField(default=False, help_text="a second payment of the same order")
    token = models.CharField(max_length=43, unique=True)
    type = models.CharField(max_length=32, blank=True)
    name = models.CharField(max_length=256)
    currency = models.CharField(max_length=3, default="CNY")
    money = models.BigIntegerField()
    paid_money = models.BigIntegerField(default=0)
    refunded_money = models.BigIntegerField(default=0)
    state = models.CharField(max_length=8, default=TradeState.WAITING, choices=[(s.value, s.value) for s in TradeState])
    notify_url = models.TextField(blank=True)
    return_url = models.TextField(blank=True)
    param = models.CharField(max_length=512, blank=True)
    facts = models.JSONField(default=dict)
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


class SandboxRefund(models.Model):
    """Money given back once; ``out_refund_no`` is the merchant's number, which makes it happen only once."""

    trade = models.ForeignKey(SandboxTrade, on_delete=models.PROTECT, related_name="refunds")
    refund_no = models.CharField(max_length=64, unique=True)
    out_refund_no = models.CharField(max_length=64)
    money = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="sandbox_refund_once", fields=["trade", "out_refund_no"]),
        ]

    def __str__(self) -> str:
        return self.refund_no


class SandboxEntry(models.Model):
    """A movement of money in the gateway's books; refunds are negative."""

    trade = models.ForeignKey(SandboxTrade, on_delete=models.PROTECT, related_name="entries")
    refund = models.ForeignKey(SandboxRefund, on_delete=models.PROTECT, null=True, related_name="entries")
    kind = models.CharField(max_length=8, choices=[(k.value, k.value) for k in EntryKind])
    amount = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "sandbox entries"

    def __str__(self) -> str:
        return f"{self.kind} {self.amount}"


class SandboxTransfer(models.Model):
    """Money a merchant had paid out to somebody, once for each number of the merchant's.

    ``ending`` is how it goes on (see ``transfers``), ``tries`` how often it was asked for, ``facts`` its protocol's.
    """

    merchant = models.ForeignKey(SandboxMerchant, on_delete=models.PROTECT, related_name="transfers")
    transfer_no = models.CharField(max_length=64, unique=True)
    out_biz_no = models.CharField(max_length=64)
    account = models.CharField(max_length=120)
    holder = models.CharField(max_length=120, blank=True)
    money = models.BigIntegerField()
    currency = models.CharField(max_length=3, default="CNY")
    ending = models.CharField(max_length=10, default="paid")
    tries = models.PositiveIntegerField(default=1)
    facts = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="sandbox_transfer_once", fields=["merchant", "out_biz_no"]),
        ]

    def __str__(self) -> str:
        return self.transfer_no


class NotifyAttempt(models.Model):
    """One notice, planned or sent, exactly as it goes over the wire. ``number`` counts the retries of one notice."""

    trade = models.ForeignKey(SandboxTrade, on_delete=models.CASCADE, related_name="attempts")
    kind = models.CharField(max_length=8, choices=NoticeKind.choices)
    method = models.CharField(max_length=4)
    url = models.TextField()
    headers = models.JSONField(default=dict)
    body = models.TextField(blank=True)
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

    @property
    def request(self) -> WireRequest:
        """The notice as it goes over the wire."""
        return WireRequest(self.method, self.url, self.headers, self.body)
