"""Cases, what was said and shown in them, and the log of every move. Orders and stock are named by number alone."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from xinka.disputes.reasons import Reason
from xinka.disputes.states import CaseEvent, CaseKind, CaseState, Decision, Offer, Outcome
from xinka.kernel import ids
from xinka.kernel.actors import Role
from xinka.merchants.models import Merchant


def _choices(values: type[CaseState | CaseKind | Outcome | Reason]) -> list[tuple[str, str]]:
    return [(value.value, value.value) for value in values]


class Case(models.Model):
    """One question, dispute, claim or chargeback about one order.

    ``amount`` is what it is about, in minor units, never more than the hold still has. ``positions`` are the pieces
    complained of (empty: the whole order). The timer is ``due_event`` at ``due_at``; ``version`` counts the moves, and
    every move names the version it saw, so that of two only one happens.
    """

    id = models.UUIDField(primary_key=True)
    order_id = models.UUIDField()
    merchant = models.ForeignKey(Merchant, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False)
    kind = models.CharField(max_length=10, choices=_choices(CaseKind))
    reason = models.CharField(max_length=20, choices=_choices(Reason))
    positions = ArrayField(models.IntegerField(), default=list)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    to_balance = models.BooleanField(default=False, db_default=False, help_text="what goes back, goes into a balance")
    state = models.CharField(max_length=16, choices=_choices(CaseState))
    outcome = models.CharField(max_length=14, blank=True, default="", db_default="")
    version = models.IntegerField(default=1)
    due_at = models.DateTimeField(null=True)
    due_event = models.CharField(max_length=20, blank=True, default="", db_default="")
    is_late = models.BooleanField(default=False, db_default=False)
    opened_at = models.DateTimeField()
    moved_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, help_text="when the seller first answered")
    closed_at = models.DateTimeField(null=True)

    offer = models.CharField(max_length=8, blank=True, default="", db_default="")
    offer_amount = models.BigIntegerField(default=0, db_default=0)

    decision = models.CharField(max_length=8, blank=True, default="", db_default="")
    decision_amount = models.BigIntegerField(default=0, db_default=0)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    appealed_by = models.CharField(max_length=8, blank=True, default="", db_default="")
    appeal_decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    buyer_waived = models.BooleanField(default=False, db_default=False)
    seller_waived = models.BooleanField(default=False, db_default=False)

    channel_id = models.IntegerField(null=True)
    trade_no = models.TextField(blank=True, default="", db_default="")
    gateway_case_no = models.TextField(blank=True, default="", db_default="")
    #: What was taken from which account when a chargeback was opened, so that winning it gives back exactly that.
    taken = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["order_id"],
                condition=~Q(state=CaseState.CLOSED.value) & ~Q(kind=CaseKind.CHARGEBACK.value),
                name="case_one_open_per_order",
            ),
            models.UniqueConstraint(
                fields=["channel_id", "gateway_case_no"],
                condition=Q(kind=CaseKind.CHARGEBACK.value),
                name="case_chargeback_once",
            ),
            models.CheckConstraint(name="case_state", condition=Q(state__in=[s.value for s in CaseState])),
            models.CheckConstraint(name="case_kind", condition=Q(kind__in=[k.value for k in CaseKind])),
            models.CheckConstraint(name="case_amount", condition=Q(amount__gte=1)),
            models.CheckConstraint(name="case_offer", condition=Q(offer__in=["", *(o.value for o in Offer)])),
            models.CheckConstraint(name="case_decision", condition=Q(decision__in=["", *(d.value for d in Decision)])),
            models.CheckConstraint(
                name="case_closed_has_outcome",
                condition=Q(
                    state=CaseState.CLOSED.value, outcome__in=[o.value for o in Outcome], closed_at__isnull=False
                )
                | (~Q(state=CaseState.CLOSED.value) & Q(outcome="", closed_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="case_appeal_by_another",
                condition=Q(appeal_decided_by__isnull=True)
                | Q(decided_by__isnull=True)
                | ~Q(appeal_decided_by=models.F("decided_by")),
            ),
            models.CheckConstraint(
                name="case_timer_is_whole",
                condition=Q(due_at__isnull=True, due_event="") | (Q(due_at__isnull=False) & ~Q(due_event="")),
            ),
        ]
        indexes = [
            models.Index(fields=["order_id"], name="case_order"),
            models.Index(fields=["due_at"], name="case_due", condition=Q(due_at__isnull=False)),
            models.Index(fields=["merchant", "-moved_at"], name="case_merchant"),
            models.Index(fields=["moved_at"], name="case_open", condition=~Q(state=CaseState.CLOSED.value)),
        ]

    @property
    def shown_id(self) -> str:
        """The number people see."""
        return ids.show("dsp", self.id)

    @property
    def is_open(self) -> bool:
        """Whether it still holds the order's money."""
        return self.state != CaseState.CLOSED


class Message(models.Model):
    """What somebody said. The text lies in an envelope: cases hold names, numbers and anger."""

    id = models.UUIDField(primary_key=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="messages")
    role = models.CharField(max_length=9, choices=[(r.value, r.value) for r in Role])
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    body = models.BinaryField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "id"]


class Evidence(models.Model):
    """One file shown with a message; ``file_id`` names it in the store of files."""

    id = models.UUIDField(primary_key=True)
    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="evidence")
    file_id = models.UUIDField(unique=True)

    class Meta:
        ordering = ["id"]

    @property
    def shown_id(self) -> str:
        """The number in its address."""
        return ids.show("evd", self.id)


class CaseMove(models.Model):
    """One move of a case, for ever. ``details`` hold amounts and names of choices, nothing anybody wrote."""

    pk = models.CompositePrimaryKey("case_id", "version")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="moves")
    version = models.IntegerField()
    event = models.CharField(max_length=20, choices=[(e.value, e.value) for e in CaseEvent])
    state = models.CharField(max_length=16, choices=_choices(CaseState))
    role = models.CharField(max_length=9, choices=[(r.value, r.value) for r in Role])
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    at = models.DateTimeField()
    details = models.JSONField(default=dict)

    class Meta:
        db_table = "disputes_case_move"
        ordering = ["version"]


class ReplyTemplate(models.Model):
    """A text that is often said in cases, with placeholders; put into a form, never sent by itself.

    Of a merchant's team where there is a merchant, else of staff. ``owner`` is whose own it is; one without is shared.
    """

    merchant = models.ForeignKey(Merchant, null=True, on_delete=models.CASCADE, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=40)
    text = models.TextField(blank=True)
    text_en = models.TextField(blank=True)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant", "owner", "name"], nulls_distinct=False, name="template_once"),
            models.CheckConstraint(name="template_says_something", condition=~Q(text="", text_en="")),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_shared(self) -> bool:
        """Whether everybody beside its writer sees it."""
        return self.owner_id is None

    def text_in(self, language: str) -> str:
        """Return what it says in a language, for example ``en``; nothing where it says nothing in it."""
        return self.text_en if language.startswith("en") else self.text
