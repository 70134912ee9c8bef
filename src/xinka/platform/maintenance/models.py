"""The one row that says that the shop is closed, or is going to be; none while it is open."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class Closure(models.Model):
    """Since when and until when, and in what words. It ends by somebody's word, never by the clock."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    begins_at = models.DateTimeField()
    until = models.DateTimeField(null=True)
    words_zh = models.CharField(max_length=200, blank=True, default="")
    words_en = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        db_table = "maintenance"
        constraints = [
            models.CheckConstraint(name="maintenance_one", condition=Q(id=1)),
            models.CheckConstraint(name="maintenance_times", condition=Q(until=None) | Q(until__gt=F("begins_at"))),
        ]

    def __str__(self) -> str:
        return f"{self.begins_at} – {self.until}"
