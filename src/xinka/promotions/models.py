"""Coupons, flash sales, member levels, gift cards and referrals; and for each order what made it cheaper.

Amounts are minor units. ``buyer_key`` is an order's ``contact_key``, or the key of a signed-in person: both count.
"""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from xinka.catalog.models import Category, Product, Sku
from xinka.merchants.models import Merchant
from xinka.promotions.states import FundedBy, ReferralState, Scope, Takes, UseKind, UseState

_TAKES = [(Takes.AMOUNT.value, _("An amount off")), (Takes.PERCENT.value, _("A percentage off"))]
_SCOPES = [
    (Scope.ALL.value, _("Everything")),
    (Scope.MERCHANT.value, _("One merchant")),
    (Scope.CATEGORY.value, _("One category")),
    (Scope.PRODUCT.value, _("One product")),
    (Scope.SKU.value, _("One variant")),
]


class Coupon(models.Model):
    """The rules that one code or ten thousand codes share; ``merchant`` is empty when the platform pays for it."""

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, null=True, related_name="coupons")
    name = models.CharField(max_length=60)
    takes = models.CharField(max_length=8, choices=_TAKES, default=Takes.AMOUNT)
    amount = models.BigIntegerField(default=0, help_text="off, when it takes an amount")
    bps = models.PositiveIntegerField(default=0, help_text="off in 1/10000, when it takes a share")
    most_off = models.BigIntegerField(null=True, help_text="the most a share may come to")
    currency = models.CharField(max_length=3, default="CNY")
    scope = models.CharField(max_length=8, choices=_SCOPES, default=Scope.ALL)
    #: Whose goods a coupon of the platform is good for, where it is one merchant's.
    seller = models.ForeignKey(Merchant, on_delete=models.PROTECT, null=True, related_name="+")
    category = models.ForeignKey(Category, on_delete=models.PROTECT, null=True, related_name="+")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, null=True, related_name="+")
    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, null=True, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    least_spend = models.BigIntegerField(default=0)
    most_total = models.PositiveIntegerField(null=True)
    most_per_buyer = models.PositiveIntegerField(null=True)
    n_used = models.PositiveIntegerField(default=0, db_default=0)
    back_on_refund = models.BooleanField(default=False, db_default=False)
    stopped_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    made_by_id = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["merchant", "-id"], name="coupon_merchant")]
        constraints = [
            models.CheckConstraint(name="coupon_takes", condition=Q(takes__in=[t.value for t in Takes])),
            models.CheckConstraint(
                name="coupon_value",
                condition=Q(takes="amount", amount__gte=1, bps=0)
                | Q(takes="percent", amount=0, bps__range=(1, 10_000)),
            ),
            models.CheckConstraint(name="coupon_scope", condition=Q(scope__in=[s.value for s in Scope])),
            # The last guard of the cap: whatever a statement forgot, more are never counted.
            models.CheckConstraint(
                name="coupon_cap", condition=Q(most_total__isnull=True) | Q(n_used__lte=F("most_total"))
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def percent(self) -> str:
        """The share it takes, as people write it."""
        return f"{self.bps / 100:g}"

    @property
    def funded_by(self) -> FundedBy:
        """Who bears the discount."""
        return FundedBy.PLATFORM if self.merchant_id is None else FundedBy.MERCHANT


class Code(models.Model):
    """A code that people type, in its normal form. Two merchants may have the same word; 0 stands for the platform."""

    coupon = models.ForeignKey(Coupon, on_delete=models.CASCADE, related_name="codes")
    issuer_id = models.BigIntegerField()
    code = models.CharField(max_length=32)
    most_uses = models.PositiveIntegerField(null=True)
    n_used = models.PositiveIntegerField(default=0, db_default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code", "issuer_id"], name="code_once"),
            models.CheckConstraint(
                name="code_cap", condition=Q(most_uses__isnull=True) | Q(n_used__lte=F("most_uses"))
            ),
        ]

    def __str__(self) -> str:
        return self.code


class CouponBuyer(models.Model):
    """How often one buyer has used one coupon."""

    pk = models.CompositePrimaryKey("coupon_id", "buyer_key")
    coupon_id = models.BigIntegerField()
    buyer_key = models.UUIDField()
    n_used = models.PositiveIntegerField()


class FlashSale(models.Model):
    """So many units of one SKU at another price for a while; ``n_taken`` are those in open and in paid orders."""

    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="flash_sales")
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="flash_sales")
    price = models.BigIntegerField(validators=[MinValueValidator(1)])
    units = models.PositiveIntegerField(validators=[MinValueValidator(1), MaxValueValidator(1_000_000)])
    n_taken = models.PositiveIntegerField(default=0, db_default=0)
    per_buyer = models.PositiveIntegerField(null=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True)
    #: How much of it the tills' pages have been told: 0 nothing, 1 that it began, 2 that it ended.
    told = models.PositiveSmallIntegerField(default=0, db_default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    made_by_id = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["sku", "ends_at"], name="flash_sku"),
            models.Index(fields=["merchant", "-id"], name="flash_merchant"),
            models.Index(fields=["starts_at"], name="flash_untold", condition=Q(told__lt=2)),
        ]
        constraints = [
            models.CheckConstraint(name="flash_never_oversold", condition=Q(n_taken__lte=F("units"))),
            models.CheckConstraint(name="flash_price", condition=Q(price__gte=1, units__gte=1)),
            models.CheckConstraint(name="flash_times", condition=Q(ends_at__gt=F("starts_at"))),
        ]


class FlashBuyer(models.Model):
    """How many units of one sale one buyer has."""

    pk = models.CompositePrimaryKey("sale_id", "buyer_key")
    sale_id = models.BigIntegerField()
    buyer_key = models.UUIDField()
    n_units = models.PositiveIntegerField()


class Level(models.Model):
    """From how much spent on, which share off; the platform bears it."""

    name = models.CharField(max_length=20)
    name_en = models.CharField(max_length=30)
    spent_from = models.BigIntegerField(unique=True, validators=[MinValueValidator(0)])
    off_bps = models.PositiveIntegerField(validators=[MinValueValidator(1), MaxValueValidator(5_000)])

    class Meta:
        ordering = ["spent_from"]
        constraints = [models.CheckConstraint(name="level_off", condition=Q(off_bps__range=(1, 5_000)))]

    def __str__(self) -> str:
        return self.name

    @property
    def percent(self) -> str:
        """Its share off, as people write it."""
        return f"{self.off_bps / 100:g}"


class Member(models.Model):
    """What a signed-in buyer has spent for good, and the level that earns."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="membership_level"
    )
    spent = models.BigIntegerField(default=0)
    level = models.ForeignKey(Level, on_delete=models.SET_NULL, null=True, related_name="members")
    reckoned_at = models.DateTimeField()


class GiftCard(models.Model):
    """Money in a code, which is kept as a keyed hash; ``hint`` is its last four letters, for telling cards apart.

    ``value`` = ``balance`` + ``redeemed`` into somebody's balance + what orders have used.
    """

    code_key = models.UUIDField(unique=True)
    hint = models.CharField(max_length=4)
    value = models.BigIntegerField()
    balance = models.BigIntegerField()
    redeemed = models.BigIntegerField(default=0, db_default=0)
    currency = models.CharField(max_length=3, default="CNY")
    expires_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)
    batch_id = models.UUIDField(db_index=True)
    note = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    made_by_id = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(name="gift_card_balance", condition=Q(balance__gte=0, balance__lte=F("value"))),
        ]


class Use(models.Model):
    """What made one order cheaper, and by how much; never deleted, since the books of the order rest on it.

    The seller of an order is owed its amount and the amounts here that are ``funded_by`` the platform. A gift card is
    such a one too: its money is the platform's debt (GIFT_CARDS) until the seller has it.
    """

    pk = models.CompositePrimaryKey("order_id", "kind")
    order_id = models.UUIDField()
    kind = models.CharField(max_length=9, choices=[(k.value, k.value) for k in UseKind])
    amount = models.BigIntegerField()
    funded_by = models.CharField(max_length=8, choices=[(f.value, f.value) for f in FundedBy])
    state = models.CharField(max_length=8, choices=[(s.value, s.value) for s in UseState], default="held")
    coupon = models.ForeignKey(Coupon, on_delete=models.PROTECT, null=True, related_name="uses")
    code = models.ForeignKey(Code, on_delete=models.PROTECT, null=True, related_name="uses", db_index=False)
    sale = models.ForeignKey(FlashSale, on_delete=models.PROTECT, null=True, related_name="uses")
    card = models.ForeignKey(GiftCard, on_delete=models.PROTECT, null=True, related_name="uses")
    units = models.PositiveIntegerField(default=0)
    buyer_keys = ArrayField(models.UUIDField(), default=list)
    #: For a gift card: of how much of the amount GIFT_CARDS has been relieved, because the seller has it.
    booked = models.BigIntegerField(default=0, db_default=0)
    #: Whether nothing more will come of it: its order is settled, given back, or was never paid.
    done = models.BooleanField(default=False, db_default=False)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["at"], name="use_open", condition=Q(done=False)),
            # Who used it last, of a coupon or a sale that a hundred thousand used.
            models.Index(fields=["coupon", "-at"], name="use_of_coupon", condition=Q(coupon__isnull=False)),
            models.Index(fields=["sale", "-at"], name="use_of_sale", condition=Q(sale__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(name="use_amount", condition=Q(amount__gte=0)),
            models.CheckConstraint(name="use_kind", condition=Q(kind__in=[k.value for k in UseKind])),
            models.CheckConstraint(name="use_state", condition=Q(state__in=[s.value for s in UseState])),
            models.CheckConstraint(name="use_funded_by", condition=Q(funded_by__in=[f.value for f in FundedBy])),
        ]


class ReferralTerms(models.Model):
    """What share of a referred sale the person who brought the buyer gets; without a merchant, the platform's offer."""

    merchant = models.OneToOneField(Merchant, on_delete=models.CASCADE, null=True, related_name="referral_terms")
    bps = models.PositiveIntegerField(default=0, validators=[MaxValueValidator(5_000)])

    class Meta:
        constraints = [
            models.CheckConstraint(name="referral_terms_bps", condition=Q(bps__lte=5_000)),
            # One offer of the platform: NULLs are otherwise all different.
            models.UniqueConstraint(fields=["merchant"], name="referral_terms_once", nulls_distinct=False),
        ]


class Referral(models.Model):
    """Who brought the buyer of one order, on which terms, and what of the commission is booked."""

    order_id = models.UUIDField(primary_key=True)
    referrer_id = models.BigIntegerField(db_index=True)
    buyer_id = models.BigIntegerField(null=True)
    merchant_id = models.BigIntegerField()
    bps = models.PositiveIntegerField()
    funded_by = models.CharField(max_length=8, choices=[(f.value, f.value) for f in FundedBy])
    currency = models.CharField(max_length=3, default="CNY")
    state = models.CharField(max_length=8, choices=[(s.value, s.value) for s in ReferralState], default="waiting")
    accrued = models.BigIntegerField(default=0, db_default=0)
    version = models.PositiveIntegerField(default=0, db_default=0)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["at"], name="referral_open", condition=Q(state__in=["waiting", "accrued"])),
        ]
        constraints = [
            models.CheckConstraint(name="referral_state", condition=Q(state__in=[s.value for s in ReferralState])),
            models.CheckConstraint(name="referral_accrued", condition=Q(accrued__gte=0)),
        ]
