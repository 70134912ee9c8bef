"""Counters of tries, one row per limit, subject and window; forgotten when their window is long over."""

from __future__ import annotations

from django.db import models


class Counter(models.Model):
    """How often ``subject`` (a hash: no address is kept) was tried in the window that ends at ``ends_at``."""

    subject = models.UUIDField(primary_key=True)
    n_tries = models.IntegerField()
    ends_at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "ratelimit_counter"
