"""Holds and what stopped, moved and froze them; the terms they are made on; what the provider was asked to do."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from xinka.escrow.states import OPEN, HoldEvent, HoldState, SplitAction, SplitState, StaffRefundState, StopCause, Timer

_Enum = HoldState | HoldEvent | Timer | StopCause | SplitAction | SplitState | StaffRefundState


def _choices(kind: type[_Enum]) -> list[tuple[str, str]]:
    return [(one.value, one.value) for one in kind if one.value]


class Hold(models.Model):
    """The buyer's money of one delivered order, in minor units.

    ``amount`` = in escrow + ``refunded`` + ``released`` + ``seized_held``; of what is released, ``commission`` is the
    platform's, and ``subsidy`` came on top from it. ``reserved`` is the part of the seller's share that is kept longer.
    A court had ``seized_held`` out of escrow and ``seized_net`` out of the seller's share.
    While anything stops the hold, ``due_at`` is empty and ``rest_seconds`` says what is left of the time.
    """

    order_id = models.UUIDField(primary_key=True)
    merchant_id = models.BigIntegerField()
    kind = models.CharField(max_length=12)
    amount = models.BigIntegerField()
    refunded = models.BigIntegerField(default=0, db_default=0)
    released = models.BigIntegerField(default=0, db_default=0)
    commission = models.BigIntegerField(default=0, db_default=0)
    reserved = models.BigIntegerField(default=0, db_default=0)
    subsidy = models.BigIntegerField(default=0, db_default=0)
    seized_held = models.BigIntegerField(default=0, db_default=0)
    seized_net = models.BigIntegerField(default=0, db_default=0)
    discount_platform = models.BigIntegerField(default=0, db_default=0)
    currency = models.CharField(max_length=3)
    commission_bps = models.IntegerField()
    reserve_bps = models.IntegerField()
    confirm_seconds = models.IntegerField()
    after_sale_seconds = models.IntegerField()
    reserve_seconds = models.IntegerField()
    state = models.CharField(max_length=9, choices=_choices(HoldState), default=HoldState.HELD, db_default="held")
    frozen_from = models.CharField(max_length=9, blank=True, default="", db_default="")
    n_stops = models.SmallIntegerField(default=0, db_default=0)
    due_at = models.DateTimeField(null=True)
    due_event = models.CharField(
        max_length=12, choices=_choices(Timer), blank=True, default=Timer.CONFIRM, db_default="confirm"
    )
    rest_seconds = models.IntegerField(null=True)
    remind_at = models.DateTimeField(null=True)
    version = models.IntegerField(default=0, db_default=0)
    delivered_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], name="hold_due", condition=Q(due_at__isnull=False)),
            models.Index(fields=["remind_at"], name="hold_remind", condition=Q(remind_at__isnull=False)),
            models.Index(fields=["merchant_id", "delivered_at"], name="hold_merchant"),
            # Most holds are over. What is not is a few days' worth, and all that figures and lists are about.
            models.Index(
                fields=["merchant_id", "state"],
                name="hold_live",
                condition=Q(state__in=[state.value for state in OPEN]),
            ),
            models.Index(fields=["delivered_at"], name="hold_stopped", condition=Q(n_stops__gt=0)),
        ]
        constraints = [
            models.CheckConstraint(name="hold_state", condition=Q(state__in=[s.value for s in HoldState])),
            models.CheckConstraint(
                name="hold_amounts",
                condition=Q(amount__gte=1, refunded__gte=0, released__gte=0, commission__gte=0, reserved__gte=0)
                & Q(
                    subsidy__gte=0,
                    commission__lte=F("released") + F("subsidy"),
                    amount__gte=F("refunded") + F("released") + F("seized_held"),
                ),
            ),
            models.CheckConstraint(
                name="hold_seized",
                condition=Q(
                    seized_held__gte=0,
                    seized_net__gte=0,
                    seized_net__lte=F("released") - F("commission") + F("subsidy") - F("reserved"),
                ),
            ),
            models.CheckConstraint(name="hold_stopped_rests", condition=Q(n_stops=0) | Q(due_at__isnull=True)),
            models.CheckConstraint(
                name="hold_frozen",
                condition=Q(state="frozen", due_at__isnull=True, frozen_from__in=["held", "aftersale"])
                | (~Q(state="frozen") & Q(frozen_from="")),
            ),
            models.CheckConstraint(
                name="hold_final",
                condition=~Q(state__in=["returned", "seized"])
                | Q(state="returned", refunded=F("amount") - F("seized_held"), released=0, due_at__isnull=True)
                | Q(state="seized", due_at__isnull=True, reserved=0),
            ),
        ]


class Stop(models.Model):
    """Something open about an order, because of which its hold rests."""

    order_id = models.UUIDField()
    cause = models.CharField(max_length=8, choices=_choices(StopCause))
    ref = models.CharField(max_length=80)
    since = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order_id", "cause", "ref"], name="stop_once"),
            models.CheckConstraint(name="stop_cause", condition=Q(cause__in=[c.value for c in StopCause])),
        ]


class HoldStep(models.Model):
    """One line of a hold's history, written by the transaction that moved it; one per version, never changed."""

    pk = models.CompositePrimaryKey("order_id", "version")
    order_id = models.UUIDField()
    version = models.IntegerField()
    event = models.CharField(max_length=14, choices=_choices(HoldEvent))
    source = models.CharField(max_length=9)
    target = models.CharField(max_length=9)
    amount = models.BigIntegerField(default=0, db_default=0)
    role = models.CharField(max_length=10)
    by_id = models.BigIntegerField(null=True)
    note = models.CharField(max_length=120, default="", db_default="")
    at = models.DateTimeField()


class GivenBack(models.Model):
    """One decision to give money back; the same key never decides twice. ``asked`` is empty for "all that is left"."""

    key = models.CharField(max_length=120, primary_key=True)
    order_id = models.UUIDField(db_index=True)
    asked = models.BigIntegerField(null=True)
    amount = models.BigIntegerField()
    reason = models.CharField(max_length=10)
    goes_to = models.CharField(max_length=8)
    role = models.CharField(max_length=10)
    by_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(name="given_back_amount", condition=Q(amount__gte=1))]


class StaffRefund(models.Model):
    """Money that staff gives back without being asked to by a buyer, and why; above a limit two people decide."""

    id = models.UUIDField(primary_key=True)
    order_id = models.UUIDField(db_index=True)
    merchant_id = models.BigIntegerField()
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    reason = models.CharField(max_length=200)
    needs_two = models.BooleanField()
    state = models.CharField(max_length=7, choices=_choices(StaffRefundState))
    asked_by_id = models.BigIntegerField()
    asked_at = models.DateTimeField()
    decided_by_id = models.BigIntegerField(null=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["-asked_at"], name="staff_refund_newest"),
            models.Index(fields=["asked_at"], name="staff_refund_waits", condition=Q(state="asked")),
        ]
        constraints = [
            models.CheckConstraint(
                name="staff_refund_state", condition=Q(state__in=[s.value for s in StaffRefundState])
            ),
            models.CheckConstraint(name="staff_refund_amount", condition=Q(amount__gte=1)),
            models.CheckConstraint(name="staff_refund_reason", condition=~Q(reason="")),
            models.CheckConstraint(
                name="staff_refund_four_eyes",
                condition=~Q(state="done", needs_two=True)
                | (Q(decided_by_id__isnull=False) & ~Q(decided_by_id=F("asked_by_id"))),
            ),
            models.CheckConstraint(
                name="staff_refund_decided",
                condition=Q(state="asked", decided_at__isnull=True) | (~Q(state="asked") & Q(decided_at__isnull=False)),
            ),
        ]


class RefundWish(models.Model):
    """Where the buyer of one order wants money of it back that goes back; it goes before what the account says."""

    order_id = models.UUIDField(primary_key=True)
    to_balance = models.BooleanField()
    by_id = models.BigIntegerField()
    at = models.DateTimeField()


class Terms(models.Model):
    """What the operator set otherwise, per scope: ``shop``, ``kind:…``, ``category:…`` or ``merchant:…``."""

    scope = models.CharField(max_length=60, primary_key=True)
    confirm_seconds = models.IntegerField(null=True, blank=True)
    after_sale_seconds = models.IntegerField(null=True, blank=True)
    commission_bps = models.IntegerField(null=True, blank=True)
    reserve_bps = models.IntegerField(null=True, blank=True)
    reserve_seconds = models.IntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="terms_window",
                condition=(Q(confirm_seconds__isnull=True) | Q(confirm_seconds__range=(86_400, 1_209_600)))
                & (Q(after_sale_seconds__isnull=True) | Q(after_sale_seconds__range=(0, 7_776_000)))
                & (Q(reserve_seconds__isnull=True) | Q(reserve_seconds__range=(0, 31_536_000))),
            ),
            models.CheckConstraint(
                name="terms_shares",
                condition=(Q(commission_bps__isnull=True) | Q(commission_bps__range=(0, 5_000)))
                & (Q(reserve_bps__isnull=True) | Q(reserve_bps__range=(0, 5_000))),
            ),
        ]


class FreezeCase(models.Model):
    """A freeze, its end or a hand-over to a court, that one person asked for and another decides.

    Money is handed over on a court's order only: ``basis`` names the court and the law, ``reference`` its document.
    """

    order_id = models.UUIDField(db_index=True)
    is_unfreeze = models.BooleanField(default=False)
    is_hand_over = models.BooleanField(default=False, db_default=False)
    amount = models.BigIntegerField(default=0, db_default=0)
    basis = models.CharField(max_length=200, blank=True, default="", db_default="")
    reference = models.CharField(max_length=80, blank=True, default="", db_default="")
    case = models.CharField(max_length=80)
    asked_by_id = models.BigIntegerField()
    asked_at = models.DateTimeField()
    decided_by_id = models.BigIntegerField(null=True)
    decided_at = models.DateTimeField(null=True)
    granted = models.BooleanField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["order_id", "is_unfreeze"], condition=Q(decided_at=None), name="freeze_asked_once"
            ),
            models.CheckConstraint(
                name="freeze_two_persons", condition=Q(decided_by_id=None) | ~Q(decided_by_id=F("asked_by_id"))
            ),
            models.CheckConstraint(
                name="hand_over_has_its_order",
                condition=Q(is_hand_over=False, amount=0)
                | (Q(is_hand_over=True, is_unfreeze=False, amount__gte=1) & ~Q(basis="") & ~Q(reference="")),
            ),
        ]


class Split(models.Model):
    """One thing a licensed provider is asked to do with the money of an order; the same key is asked for once."""

    id = models.UUIDField(primary_key=True)
    key = models.CharField(max_length=160, unique=True)
    order_id = models.UUIDField(db_index=True)
    action = models.CharField(max_length=8, choices=_choices(SplitAction))
    state = models.CharField(max_length=11, choices=_choices(SplitState))
    channel_id = models.IntegerField()
    trade_no = models.TextField()
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    receiver = models.TextField(default="", db_default="")
    origin_id = models.UUIDField(null=True)
    gateway_no = models.TextField(default="", db_default="")
    attempts = models.PositiveIntegerField(default=0, db_default=0)
    problem = models.TextField(default="", db_default="")
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["created_at"], name="split_open", condition=~Q(state__in=["done", "dropped"])),
        ]
        constraints = [
            models.CheckConstraint(name="split_state", condition=Q(state__in=[s.value for s in SplitState])),
            models.CheckConstraint(name="split_action", condition=Q(action__in=[a.value for a in SplitAction])),
        ]


class Receiver(models.Model):
    """Under which account a merchant is known to a provider that shares money out."""

    merchant_id = models.BigIntegerField()
    channel_id = models.IntegerField()
    account = models.CharField(max_length=80)
    name = models.CharField(max_length=80, blank=True)
    kind = models.CharField(max_length=30, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant_id", "channel_id"], name="receiver_once")]
