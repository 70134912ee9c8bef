"""What a gateway takes of each payment, as agreed with it, and since when.

Rounding rule, "half up, per payment": the share of one payment is rounded to the currency's minor unit, a half upwards,
then the fixed part is added. ``reconciling/sql.py`` reckons by the same rule in SQL.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from xinka.payments.models import Channel, FeeTerms

#: Of terms that were there before anybody wrote down since when.
ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Terms:
    """A share in 1/10,000 and a fixed part per payment, in minor units; both zero means that nothing was agreed."""

    bps: int
    fixed: int

    @property
    def are_agreed(self) -> bool:
        """Whether anything is known of the fee."""
        return bool(self.bps or self.fixed)

    def fee_of(self, amount: int) -> int:
        """Return the fee of one payment of ``amount`` minor units."""
        return (amount * self.bps + 5_000) // 10_000 + self.fixed


def terms_at(channel: Channel, moment: datetime) -> Terms:
    """Return the terms that held for a channel at a moment."""
    found = FeeTerms.objects.filter(channel=channel, since__lte=moment).order_by("-since").first()
    return Terms(found.bps, found.fixed) if found else Terms(channel.fee_bps, channel.fee_fixed)


def note_terms(before: Terms | None, channel: Channel, now: datetime) -> bool:
    """Write down new terms of a saved channel, and what held until now; false when nothing changed.

    ``before`` are the terms it had, ``None`` for a new channel.
    """
    after = Terms(channel.fee_bps, channel.fee_fixed)
    if before == after:
        return False
    if before is not None and not FeeTerms.objects.filter(channel=channel).exists():
        FeeTerms.objects.create(channel=channel, since=ALWAYS, bps=before.bps, fixed=before.fixed)
    FeeTerms.objects.update_or_create(
        channel=channel, since=ALWAYS if before is None else now, defaults={"bps": after.bps, "fixed": after.fixed}
    )
    return True
