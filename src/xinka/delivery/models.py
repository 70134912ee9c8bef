"""Which code went to which order. A row here is for ever: it is what makes a code sold."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class DeliveredCode(models.Model):
    """One code in one order. A code that is sold once can be in only one row, and the database sees to it."""

    pk = models.CompositePrimaryKey("order_id", "position")
    order_id = models.UUIDField()
    position = models.IntegerField()
    code_id = models.BigIntegerField()
    reusable = models.BooleanField(default=False)
    revealed_at = models.DateTimeField(null=True)
    revealed_from = models.TextField(default="", db_default="")
    revealed_net = models.TextField(
        default="", db_default="", help_text="the coarse network it was first opened from; emptied when it is old"
    )
    replaces = models.IntegerField(null=True, help_text="the position of a bad code that this one was given for")

    class Meta:
        db_table = "delivery_code"
        indexes = [
            models.Index(fields=["revealed_at"], name="delivery_code_net", condition=~Q(revealed_net="")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["code_id"], condition=Q(reusable=False), name="delivery_code_once"),
        ]
