"""Merchants and the people who act for them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


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
    kind = models.CharField(max_length=12, choices=MerchantKind.choices, default=MerchantKind.INDIVIDUAL)
    state = models.CharField(max_length=12, choices=MerchantState.choices, default=MerchantState.ACTIVE)
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


class Membership(models.Model):
    """One person's part in one merchant's team."""

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=8, choices=Role.choices, default=Role.CLERK)
    since = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant", "user"], name="membership_once")]

    def __str__(self) -> str:
        return f"{self.user_id} @ {self.merchant_id}"
