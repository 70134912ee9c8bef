"""Data keys, wrapped by the master key; the key itself is never in the database in clear."""

from __future__ import annotations

from django.db import models


class DataKey(models.Model):
    """One wrapped data key. ``scope`` is what it protects, for example ``merchant:12`` or ``contacts``."""

    id = models.AutoField(primary_key=True)
    scope = models.TextField()
    wrapped = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)
    retired_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "vault_data_key"
        constraints = [
            models.UniqueConstraint(
                fields=["scope"], condition=models.Q(retired_at__isnull=True), name="vault_one_current_key"
            ),
        ]
