"""The chart of accounts. Debit is positive and credit negative, so a balanced journal sums to zero."""

from __future__ import annotations

from enum import IntEnum


class Account(IntEnum):
    """Accounts in use; ``A`` asset, ``L`` liability (see the chart in docs/)."""

    CLEARING = 1  # A:psp:{channel}:clearing – what the provider owes us
    ESCROW = 2  # L:escrow:order:{order} – held for the buyer until the trade is done
    REFUND_IN_TRANSIT = 3  # L:refund_in_transit:{order} – promised back, not yet sent
    SUSPENSE = 4  # L:suspense:{channel} – came in, belongs to nobody we know yet


class JournalKind(IntEnum):
    """Which event a journal records."""

    PAYMENT = 1
    REFUND_DECIDED = 2
    REFUND_SENT = 3
