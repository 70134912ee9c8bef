"""The order: one SKU, a quantity and a price that no later change of the catalogue touches."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import get_language

from xinka.catalog.models import Sku
from xinka.merchants.models import Merchant
from xinka.orders.states import OrderState


class Order(models.Model):
    """What a buyer asked for.

    ``title`` and ``title_en`` say what was sold, as the catalogue had it at that moment; the English one is empty where
    there was none, and for orders of the time before both were kept. ``contact`` is the buyer's mail address in an
    envelope; ``contact_key`` is its keyed hash, by which it is found. ``password_key`` is the keyed hash of the order
    password. Amounts are minor units of ``currency``.
    """

    id = models.UUIDField(primary_key=True)
    merchant = models.ForeignKey(Merchant, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False)
    sku = models.ForeignKey(Sku, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False)
    title = models.TextField()
    title_en = models.TextField(default="", db_default="", blank=True)
    quantity = models.IntegerField()
    chosen_code_id = models.BigIntegerField(null=True, help_text="the very code the buyer picked, where one was")
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=16, choices=[(s.value, s.value) for s in OrderState])
    request_key = models.UUIDField()
    request_hash = models.BigIntegerField()
    contact = models.BinaryField()
    contact_key = models.UUIDField()
    password_key = models.UUIDField(null=True)
    language = models.CharField(max_length=8)
    placed_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["contact_key"], name="order_contact"),
            models.Index(fields=["merchant", "placed_at"], name="order_merchant_placed"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["request_key"], name="order_request_key"),
            models.CheckConstraint(name="order_state", condition=Q(state__in=[s.value for s in OrderState])),
            models.CheckConstraint(name="order_amount", condition=Q(amount__gte=1, quantity__gte=1)),
            models.CheckConstraint(
                name="order_delivered_is_paid",
                condition=~Q(state=OrderState.DELIVERED.value) | Q(paid_at__isnull=False, delivered_at__isnull=False),
            ),
        ]

    def title_in(self, language: str) -> str:
        """Return what was sold in a language, for example ``en``; in Chinese where there is no other title."""
        return (self.title_en if language.startswith("en") else "") or self.title

    @property
    def local_title(self) -> str:
        """What was sold, in the language that is being spoken."""
        return self.title_in(get_language() or "")
