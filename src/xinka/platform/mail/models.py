"""What became of each letter. Its text is not kept: it is made anew for every attempt."""

from __future__ import annotations

from django.db import models


class LetterState(models.TextChoices):
    """How far a letter came."""

    SENT = "sent"
    WAITING = "waiting"
    REFUSED = "refused"


class SentLetter(models.Model):
    """One letter: a kind, and the order, refund or product it is about. ``message_id`` is the same in every attempt."""

    kind = models.CharField(max_length=20)
    subject = models.UUIDField()
    message_id = models.CharField(max_length=200)
    state = models.CharField(max_length=8, choices=LetterState.choices)
    attempts = models.PositiveIntegerField(default=0)
    problem = models.TextField(blank=True, default="")
    tried_at = models.DateTimeField(db_index=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "mail_letter"
        constraints = [
            models.UniqueConstraint(fields=["kind", "subject"], name="mail_letter_once"),
            models.CheckConstraint(name="mail_letter_state", condition=models.Q(state__in=LetterState.values)),
        ]
        indexes = [
            models.Index(fields=["state", "tried_at"], name="mail_letter_troubled", condition=~models.Q(state="sent"))
        ]

    def __str__(self) -> str:
        return self.message_id
