"""How long everybody has. Each moment is counted from the one clock reading of the move."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings

from xinka.catalog.models import Kind

#: Goods that are checked within minutes get an answer in half a day, others in a day (hours).
_SELLER = {Kind.CARD_CODE: 12, Kind.TOP_UP: 12, Kind.LICENCE: 24, Kind.DOWNLOAD: 24, Kind.COURSE: 24}


def seller_by(kind: str, now: datetime) -> datetime:
    """Return until when the seller must answer."""
    return now + timedelta(hours=settings.DISPUTE_SELLER_HOURS or _SELLER[Kind(kind)])


def buyer_by(now: datetime) -> datetime:
    """Return until when the buyer must answer."""
    return now + timedelta(hours=settings.DISPUTE_BUYER_HOURS)


def arbiter_by(now: datetime) -> datetime:
    """Return until when staff should decide; later than that is late, and shown as such."""
    return now + timedelta(hours=settings.DISPUTE_ARBITER_HOURS)


def appeal_by(now: datetime) -> datetime:
    """Return until when a decision can be appealed; then it is carried out."""
    return now + timedelta(hours=settings.DISPUTE_APPEAL_HOURS)


def evidence_by(now: datetime) -> datetime:
    """Return until when evidence is due where the gateway does not say."""
    return now + timedelta(hours=settings.DISPUTE_CHARGEBACK_HOURS)
