"""Accounts of merchants and buyers, payouts to them, who approved them, holds, and the files banks get."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from xinka.merchants.models import Merchant
from xinka.payouts.details import AccountKind
from xinka.payouts.payees import Payee
from xinka.payouts.states import PayoutState, ReturnState

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
    returned_at = models.DateTimeField(
        null=True, help_text="when its bank sent money back, until its owner says that it is right"
    )
    returned_why = models.CharField(max_length=200, default="", db_default="")

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
                condition=Q(finished_at=None, state__in=[s.value for s in PayoutState if not s.is_over])
                | Q(finished_at__isnull=False, state__in=[s.value for s in PayoutState if s.is_over]),
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
                condition=Q(state__in=[s.value for s in PayoutState if not s.is_over]),
            ),
            models.Index(
                fields=["due_at"],
                name="payout_looked_after",
                condition=Q(state=PayoutState.PAID.value, due_at__isnull=False),
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


class PayoutReturn(models.Model):
    """That a payout which was paid came back: what a person of finance or its gateway says of it.

    ``asked_by`` is nobody where the gateway said so. ``kept`` is what the bank kept of it, in minor units: the payee
    has all of the payout back, so the shop bears it. ``eyes`` is how many people had to say so, the first among them.
    """

    id = models.UUIDField(primary_key=True, help_text="the key of the form: sent twice, it is one")
    payout = models.ForeignKey(Payout, on_delete=models.PROTECT, related_name="returns")
    reason = models.CharField(max_length=200)
    reference = models.CharField(max_length=64, help_text="the number the return has at the bank or gateway")
    channel_id = models.IntegerField(help_text="the payout's")
    kept = models.BigIntegerField(default=0)
    eyes = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=7, choices=[(s.value, s.value) for s in ReturnState])
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["payout"], name="payout_returned_once", condition=~Q(state=ReturnState.REFUSED.value)
            ),
            # One number of a bank is one return: the same line of its statement brings back no second payout.
            models.UniqueConstraint(
                fields=["channel_id", "reference"],
                name="payout_return_number_once",
                condition=~Q(state=ReturnState.REFUSED.value),
            ),
            models.CheckConstraint(name="payout_return_state", condition=Q(state__in=[s.value for s in ReturnState])),
            models.CheckConstraint(name="payout_return_told", condition=~Q(reason="") & ~Q(reference="")),
            models.CheckConstraint(
                name="payout_return_kept", condition=Q(kept=0) | Q(kept__gte=1, channel_id=0, asked_by__isnull=False)
            ),
            models.CheckConstraint(
                name="payout_return_of_gateway",
                condition=Q(asked_by__isnull=False, eyes__in=[1, 2]) | Q(asked_by__isnull=True, eyes=0),
            ),
            models.CheckConstraint(
                name="payout_return_four_eyes",
                condition=~Q(state=ReturnState.DONE.value, eyes=2)
                | (Q(decided_by__isnull=False) & ~Q(decided_by=F("asked_by"))),
            ),
            models.CheckConstraint(
                name="payout_return_decided",
                condition=Q(state=ReturnState.ASKED.value, decided_at__isnull=True)
                | (~Q(state=ReturnState.ASKED.value) & Q(decided_at__isnull=False)),
            ),
        ]


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
