"""What can become of a trade at the sandbox gateway."""

from __future__ import annotations

from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _


class TradeState(StrEnum):
    """The gateway's own view of one trade; a paid one counts from its ``paid_at`` on."""

    WAITING = "waiting"
    PAID = "paid"
    FAILED = "failed"
    EXPIRED = "expired"
    CLOSED = "closed"
    REFUNDED = "refunded"


class Said(StrEnum):
    """What a notice says of a trade, whatever a protocol calls it."""

    PAID = "paid"
    WAITING = "waiting"
    CLOSED = "closed"
    REFUNDED = "refunded"


class NoticeKind(models.TextChoices):
    """Why a notice was sent, for the log on the cashier's page."""

    GENUINE = "genuine", _("genuine")
    FORGED = "forged", _("forged")
    STALE = "stale", _("stale")
    CLOSED = "closed", _("closed")


class EntryKind(StrEnum):
    """The two things that move money in the gateway's books."""

    PAYMENT = "payment"
    REFUND = "refund"
