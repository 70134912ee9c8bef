"""Accounts of merchants and buyers, payouts to them, who approved them, holds, and the files banks get."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from xinka.merchants.models import Merchant
from xinka.payouts.details import AccountKind
from xinka.payouts.payees import Payee
from xinka.payouts.states import PayoutState

KINDS = {
    AccountKind.BANK: _("Bank account"),
    AccountKind.ALIPAY: _("Alipay"),
    AccountKind.WECHAT: _("WeChat"),
    AccountKind.PAYPAL: _("PayPal"),
    AccountKind.USDT: _("USDT"),
}


#: Every row is of one merchant or of one buyer.
_ONE_PAYEE = Q(merchant__isnull=True, buyer__isnull=False) | Q(merchant__isnull=False, buyer__isnull=True)


class OfPayee(models.Model):
    """What belongs to a merchant or to a buyer, and to exactly one of them."""

    merchant = models.ForeignKey(Merchant, null=True, on_delete=models.PROTECT, related_name="%(class)ss")
    # Indexes stand beside each table. No constraint of the database, which would stop its writers when it was made:
    # rows of people are never deleted, not even when an account is closed.
    buyer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )

    class Meta:
        abstract = True

    @property
    def payee(self) -> Payee:
        """Whose it is."""
        return Payee(self.merchant_id, self.buyer_id)


class PayoutAccount(OfPayee):
    """Where a merchant or a buyer may be paid. It is never edited: another account is another row, which waits anew."""

    id = models.UUIDField(primary_key=True)
    kind = models.CharField(max_length=8, choices=[(kind.value, words) for kind, words in KINDS.items()])
    details = models.BinaryField()
    label = models.CharField(max_length=80)
    holder = models.CharField(max_length=20, blank=True)
    fingerprint = models.UUIDField(db_index=True)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField()
    usable_from = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="payout_account_kind", condition=Q(kind__in=[k.value for k in AccountKind])),
            models.CheckConstraint(name="payout_account_waits", condition=Q(usable_from__gte=models.F("added_at"))),
            models.CheckConstraint(name="payout_account_of_one", condition=_ONE_PAYEE),
        ]
        indexes = [models.Index(fields=["buyer"], name="payout_account_of_buyer", condition=Q(buyer__isnull=False))]

    def __str__(self) -> str:
        return self.label


class PayoutBatch(models.Model):
    """One file for a bank; what is in it, is being sent."""

    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    kind = models.CharField(max_length=8, choices=[(kind.value, words) for kind, words in KINDS.items()])
    currency = models.CharField(max_length=3)
    n_payouts = models.PositiveIntegerField()
    total = models.BigIntegerField()


class Payout(OfPayee):
    """Money that leaves a balance: ``amount`` arrives, ``fee`` is kept; both are in transit until then."""

    id = models.UUIDField(primary_key=True)
    account = models.ForeignKey(PayoutAccount, on_delete=models.PROTECT, related_name="payouts")
    account_kind = models.CharField(max_length=8)
    account_label = models.CharField(max_length=80)
    account_sealed = models.BinaryField()
    amount = models.BigIntegerField()
    fee = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=10, choices=[(state.value, state.value) for state in PayoutState])
    key = models.TextField(unique=True, help_text="what makes asking twice one payout")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    round = models.PositiveSmallIntegerField(default=1, help_text="approvals count in the round they were given in")
    channel_id = models.IntegerField(default=0, help_text="the payment channel it is sent through; 0 is a bank's file")
    batch = models.ForeignKey(PayoutBatch, null=True, on_delete=models.PROTECT, related_name="payouts")
    reference = models.TextField(default="", help_text="the number it has at the bank or gateway")
    sent_at = models.DateTimeField(null=True)
    first_sent_at = models.DateTimeField(null=True, help_text="when a gateway heard of it first")
    attempts = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(null=True, help_text="when the gateway is asked about it next")
    problem = models.TextField(default="")
    package = models.BinaryField(null=True, help_text="sealed: opens the gateway's page of confirming")
    confirm_by = models.DateTimeField(null=True, help_text="until when the payee can confirm it")
    called_back_at = models.DateTimeField(null=True, help_text="when somebody asked to have it back from its gateway")
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="payout_state", condition=Q(state__in=[s.value for s in PayoutState])),
            models.CheckConstraint(name="payout_amount", condition=Q(amount__gte=1, fee__gte=0)),
            models.CheckConstraint(
                name="payout_finished",
                condition=Q(finished_at=None, state__in=[s.value for s in PayoutState if not s.is_final])
                | Q(finished_at__isnull=False, state__in=[s.value for s in PayoutState if s.is_final]),
            ),
            models.CheckConstraint(
                name="payout_package_while_sent",
                condition=Q(state=PayoutState.SENDING.value) | Q(package=None, confirm_by=None),
            ),
            models.CheckConstraint(
                name="payout_sent_one_way", condition=Q(batch=None) | Q(channel_id=0, sent_at__isnull=False)
            ),
            models.CheckConstraint(name="payout_of_one", condition=_ONE_PAYEE),
        ]
        indexes = [
            models.Index(fields=["merchant", "-asked_at"], name="payout_history"),
            models.Index(
                fields=["buyer", "-asked_at"], name="payout_history_of_buyer", condition=Q(buyer__isnull=False)
            ),
            models.Index(
                fields=["asked_at"],
                name="payout_open",
                condition=Q(state__in=[s.value for s in PayoutState if not s.is_final]),
            ),
        ]

    @property
    def awaits_payee(self) -> bool:
        """Whether the payee has to confirm it before it is paid."""
        return self.package is not None

    @property
    def may_be_called_back(self) -> bool:
        """Whether it waits for its payee, and nobody has asked to have it back."""
        return self.awaits_payee and self.called_back_at is None

    @property
    def total(self) -> int:
        """What it takes from the balance."""
        return self.amount + self.fee


class PayoutApproval(models.Model):
    """One person's yes to one payout."""

    payout = models.ForeignKey(Payout, on_delete=models.PROTECT, related_name="approvals")
    round = models.PositiveSmallIntegerField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["payout", "round", "by"], name="payout_approved_once_each")]


class PayoutHold(OfPayee):
    """While one stands, nothing leaves this balance to an account outside."""

    reason = models.CharField(max_length=200)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    lifted_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(name="payout_hold_of_one", condition=_ONE_PAYEE)]
        indexes = [
            models.Index(fields=["merchant"], name="payout_hold_standing", condition=Q(lifted_at=None)),
            models.Index(fields=["buyer"], name="payout_hold_of_buyer", condition=Q(lifted_at=None)),
        ]
