"""Events of committed transactions, waiting to be turned into jobs; a handled event is deleted."""

from __future__ import annotations

from django.db import models


class OutboxEvent(models.Model):
    """Something that happened to ``subject``; ``kind`` is a ``noun.verb``."""

    kind = models.TextField()
    subject = models.UUIDField()
    at = models.DateTimeField()

    class Meta:
        db_table = "outbox_event"
