"""Categories, products, their variants (SKUs) and price tiers. Prices are minor units of the SKU's currency."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from xinka.kernel.money import MAX_MINOR
from xinka.merchants.models import Merchant

#: What lists of products do without.
LONG_TEXTS = tuple(name + end for name in ("description", "how_to", "after_payment") for end in ("", "_en"))


class Tint(models.TextChoices):
    """The four tints of the drawn ticket, one per kind of goods."""

    GAME = "c1", _("Game")
    MEMBER = "c2", _("Membership")
    SOFTWARE = "c3", _("Software")
    COURSE = "c4", _("Course")


class Kind(models.TextChoices):
    """The kinds of goods; the kind decides what delivery means."""

    CARD_CODE = "card_code", _("Card code")
    LICENCE = "licence", _("Licence")
    DOWNLOAD = "download", _("Download")
    COURSE = "course", _("Course")
    TOP_UP = "top_up", _("Top-up")


class ProductState(models.TextChoices):
    """How far a product is from the shelf. Products are archived, never deleted while an order refers to them."""

    DRAFT = "draft", _("Draft")
    LIVE = "live", _("On sale")
    PAUSED = "paused", _("Paused")
    ARCHIVED = "archived", _("Archived")


class StockMode(models.TextChoices):
    """How codes leave the vault."""

    UNIQUE = "unique", _("Each code is sold once")
    REUSABLE = "reusable", _("One content for every buyer")


class DeliveryOrder(models.TextChoices):
    """Which unsold code goes next."""

    OLDEST = "oldest", _("Oldest first")
    NEWEST = "newest", _("Newest first")
    RANDOM = "random", _("Random")


def spoken(chinese: str, english: str) -> str:
    """Return the text in the language that is being spoken; the Chinese one where there is no other."""
    return english if english and (get_language() or "").startswith("en") else chinese


class Category(models.Model):
    """A shelf of the shop."""

    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=30)
    name_en = models.CharField(max_length=40)
    glyph = models.CharField(max_length=12, default="card")
    tint = models.CharField(max_length=2, choices=Tint.choices, default=Tint.GAME)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return self.name


class Product(models.Model):
    """One page of the shop.

    What buyers read has two fields, Chinese and English; ``local_…`` is the one in the language that is being spoken,
    and the Chinese one where no English was written.
    """

    slug = models.SlugField(max_length=60, unique=True)
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="products")
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="products")
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.CARD_CODE)
    title = models.CharField(max_length=80)
    title_en = models.CharField(max_length=120, blank=True)
    face = models.CharField(max_length=12, blank=True, help_text="what the drawn ticket says, for example 300 点")
    face_en = models.CharField(max_length=20, blank=True, default="", db_default="")
    summary = models.CharField(max_length=160, blank=True)
    summary_en = models.CharField(max_length=240, blank=True, default="", db_default="")
    description = models.TextField(max_length=20_000, blank=True)
    description_en = models.TextField(max_length=20_000, blank=True, default="", db_default="")
    how_to = models.TextField(max_length=8_000, blank=True)
    how_to_en = models.TextField(max_length=8_000, blank=True, default="", db_default="")
    after_payment = models.TextField(max_length=8_000, blank=True, help_text="shown only to those who paid")
    after_payment_en = models.TextField(max_length=8_000, blank=True, default="", db_default="")
    state = models.CharField(max_length=10, choices=ProductState.choices, default=ProductState.DRAFT)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(name="product_state", condition=Q(state__in=ProductState.values)),
            models.CheckConstraint(name="product_kind", condition=Q(kind__in=Kind.values)),
        ]
        indexes = [models.Index(fields=["category", "state"]), models.Index(fields=["merchant", "state"])]

    def __str__(self) -> str:
        return self.title

    @property
    def local_title(self) -> str:
        """What it is called."""
        return spoken(self.title, self.title_en)

    @property
    def local_face(self) -> str:
        """What its drawn ticket says."""
        return spoken(self.face, self.face_en)

    @property
    def local_summary(self) -> str:
        """The sentence under its title."""
        return spoken(self.summary, self.summary_en)

    @property
    def local_description(self) -> str:
        """What it is, in Markdown."""
        return spoken(self.description, self.description_en)

    @property
    def local_how_to(self) -> str:
        """How it is used, in Markdown."""
        return spoken(self.how_to, self.how_to_en)

    @property
    def local_after_payment(self) -> str:
        """What only those read who paid, in Markdown."""
        return spoken(self.after_payment, self.after_payment_en)


class Sku(models.Model):
    """A variant that can be bought: its price, its limits and how its codes leave the vault."""

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="skus")
    label = models.CharField(max_length=40, blank=True)
    label_en = models.CharField(max_length=60, blank=True)
    price = models.BigIntegerField(validators=[MinValueValidator(1), MaxValueValidator(MAX_MINOR)])
    currency = models.CharField(max_length=3, default="CNY")
    mode = models.CharField(max_length=10, choices=StockMode.choices, default=StockMode.UNIQUE)
    delivery_order = models.CharField(max_length=8, choices=DeliveryOrder.choices, default=DeliveryOrder.OLDEST)
    min_quantity = models.PositiveIntegerField(default=1, validators=[MinValueValidator(1)])
    max_quantity = models.PositiveIntegerField(default=50, validators=[MaxValueValidator(500)])
    choosable = models.BooleanField(default=False, help_text="the buyer may pick a code by its label")
    choose_premium = models.BigIntegerField(default=0, validators=[MinValueValidator(0)])
    low_stock_at = models.PositiveIntegerField(default=10)
    low_stock_alerted_at = models.DateTimeField(null=True, blank=True)
    sold_out_alerted_at = models.DateTimeField(null=True, blank=True)
    on_sale = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(name="sku_price", condition=Q(price__gte=1, choose_premium__gte=0)),
            models.CheckConstraint(
                name="sku_quantities", condition=Q(min_quantity__gte=1, max_quantity__gte=F("min_quantity"))
            ),
            models.CheckConstraint(name="sku_mode", condition=Q(mode__in=StockMode.values)),
            models.CheckConstraint(
                # A chosen code is found by its place in the queue, which is its own number only when oldest goes first.
                name="sku_choosable_is_oldest_first",
                condition=Q(choosable=False) | Q(delivery_order=DeliveryOrder.OLDEST, mode=StockMode.UNIQUE),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product_id} {self.label}".strip()

    @property
    def local_label(self) -> str:
        """What tells it from the other variants; empty where there is only one."""
        return spoken(self.label, self.label_en)

    @property
    def local_name(self) -> str:
        """What it is called with its product, which is at hand."""
        return f"{self.product.local_title} {self.local_label}".strip()


class PriceTier(models.Model):
    """From how many on, which unit price."""

    sku = models.ForeignKey(Sku, on_delete=models.CASCADE, related_name="tiers")
    min_quantity = models.PositiveIntegerField(validators=[MinValueValidator(2)])
    unit_price = models.BigIntegerField(validators=[MinValueValidator(1)])

    class Meta:
        ordering = ["min_quantity"]
        constraints = [
            models.UniqueConstraint(fields=["sku", "min_quantity"], name="tier_once"),
            models.CheckConstraint(name="tier_values", condition=Q(min_quantity__gte=2, unit_price__gte=1)),
        ]

    def __str__(self) -> str:
        return f"{self.min_quantity}+ → {self.unit_price}"
