"""Stored files. The content is an envelope in the database: it is part of the transaction and of every backup."""

from __future__ import annotations

from django.db import models

from xinka.platform.files.kinds import FileKind


class StoredFile(models.Model):
    """One file as it was kept. ``sha256`` is of what is kept, ``received_sha256`` of what came in."""

    id = models.UUIDField(primary_key=True)
    kind = models.CharField(max_length=4, choices=[(kind.value, kind.value) for kind in FileKind])
    name = models.CharField(max_length=100)
    size = models.PositiveIntegerField()
    sha256 = models.BinaryField(max_length=32)
    received_sha256 = models.BinaryField(max_length=32)
    envelope = models.BinaryField()
    added_at = models.DateTimeField()

    class Meta:
        db_table = "files_file"
        constraints = [
            models.CheckConstraint(name="file_kind", condition=models.Q(kind__in=[kind.value for kind in FileKind])),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"
