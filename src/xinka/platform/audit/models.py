"""The audit table, which the database lets nobody rewrite, and the last report of each recurring examination."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class AuditEntry(models.Model):
    """Who did what to what. ``details`` hold no secret and no buyer's address."""

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.DO_NOTHING, db_constraint=False)
    actor_name = models.TextField()
    action = models.TextField()
    subject = models.TextField()
    details = models.JSONField(default=dict)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.action} {self.subject}"


class Report(models.Model):
    """What an examination found when it was last made."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()
    took_ms = models.PositiveIntegerField(default=0)
    holds = models.BooleanField(default=True)
    details = models.JSONField(default=dict)

    def __str__(self) -> str:
        return self.name
