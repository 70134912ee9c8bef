"""Merchants and the people who act for them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class MerchantState(models.TextChoices):
    """Whether a merchant may sell."""

    ACTIVE = "active", _("Open")
    SUSPENDED = "suspended", _("Suspended")


class MerchantKind(models.TextChoices):
    """What kind of person in law stands behind the shop."""

    INDIVIDUAL = "individual", _("Individual")
    COMPANY = "company", _("Company")


class Role(models.TextChoices):
    """What somebody may do for a merchant."""

    OWNER = "owner", _("Owner")
    CLERK = "clerk", _("Clerk")


class Merchant(models.Model):
    """A seller; every product, code and order belongs to exactly one."""

    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=60)
    name_en = models.CharField(max_length=60, blank=True)
    about = models.TextField(max_length=2000, blank=True)
    about_en = models.TextField(max_length=2000, blank=True, default="", db_default="")
    kind = models.CharField(max_length=12, choices=MerchantKind.choices, default=MerchantKind.INDIVIDUAL)
    state = models.CharField(max_length=12, choices=MerchantState.choices, default=MerchantState.ACTIVE)
    #: Since when it is closed to buyers until its owner's account is closed; it stays where that was killed in between.
    stopped_at = models.DateTimeField(null=True, blank=True, editable=False)
    #: What its owners were told when staff suspended it; empty while it sells.
    suspended_why = models.CharField(max_length=200, blank=True, default="", db_default="", editable=False)
    verified_at = models.DateTimeField(null=True, blank=True)
    alert_email = models.EmailField(blank=True)
    joined_at = models.DateTimeField(auto_now_add=True)
    members: models.ManyToManyField[models.Model, Membership] = models.ManyToManyField(
        settings.AUTH_USER_MODEL, through="Membership", related_name="merchants"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(name="merchant_state", condition=models.Q(state__in=MerchantState.values)),
        ]

    def __str__(self) -> str:
        return self.name


class Record(models.Model):
    """How a merchant did lately, as buyers see it; counted anew every night by ``flows.track_records``.

    ``usual_bps`` is the share of disputes that the middle one of all merchants has, in hundredths of a percent; nothing
    where too few of them sold enough to compare. ``answers_in`` is how long half of the complaints waited for an answer
    at most; nothing where there were too few.
    """

    merchant = models.OneToOneField(Merchant, on_delete=models.CASCADE, primary_key=True, related_name="record")
    n_delivered = models.IntegerField()
    n_disputed = models.IntegerField()
    usual_bps = models.IntegerField(null=True)
    answers_in = models.DurationField(null=True)
    counted_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="record_counts", condition=models.Q(n_disputed__gte=0, n_delivered__gte=models.F("n_disputed"))
            )
        ]

    def __str__(self) -> str:
        return f"record of {self.merchant_id}"


class Membership(models.Model):
    """One person's part in one merchant's team."""

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=8, choices=Role.choices, default=Role.CLERK)
    since = models.DateTimeField(auto_now_add=True)
    owner_since = models.DateTimeField(
        null=True, blank=True, help_text="since when they own it, where that came later than joining"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant", "user"], name="membership_once")]

    def __str__(self) -> str:
        return f"{self.user_id} @ {self.merchant_id}"


class InvitationState(models.TextChoices):
    """What became of an invitation; one whose time is over stays open and opens nothing."""

    OPEN = "open", _("Waits for an answer")
    ACCEPTED = "accepted", _("Accepted")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", pgettext_lazy("invitation", "Withdrawn")


class Invitation(models.Model):
    """A place in a team that waits for whoever signs in with ``email``; the link to it is in no table."""

    id = models.UUIDField(primary_key=True)
    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(max_length=254)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    language = models.CharField(max_length=10)
    made_at = models.DateTimeField()
    ends_at = models.DateTimeField(db_index=True)
    state = models.CharField(max_length=9, choices=InvitationState.choices, default=InvitationState.OPEN)

    class Meta:
        constraints = [
            models.CheckConstraint(name="invitation_state", condition=models.Q(state__in=InvitationState.values)),
            models.UniqueConstraint(
                fields=["merchant", "email"], condition=models.Q(state="open"), name="invitation_open_once"
            ),
        ]

    def __str__(self) -> str:
        return f"invitation {self.id}"


class OwnershipOffer(models.Model):
    """An owner's word that somebody of the team shall own the shop too, or in their place; it holds once accepted."""

    merchant = models.OneToOneField(Merchant, on_delete=models.CASCADE, primary_key=True, related_name="offer")
    to = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    is_shared = models.BooleanField(help_text="whoever offers it stays an owner; else becomes a clerk")
    made_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"offer of merchant {self.merchant_id}"


class FormerOwner(models.Model):
    """Somebody who owned a shop until lately: they still hear of what a thief would do with it next."""

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="former_owners")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    hears_until = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant", "user"], name="former_owner_once")]

    def __str__(self) -> str:
        return f"{self.user_id} of {self.merchant_id} until {self.hears_until}"
