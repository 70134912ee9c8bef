"""What the states of a payout are called to whoever is to be paid, and how they look."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from xinka.payouts.states import PayoutState

STATES = {
    PayoutState.ASKED: (_("Waiting for approval"), "held", "clock"),
    PayoutState.HELD: (_("On hold"), "w", "alert"),
    PayoutState.APPROVED: (_("Approved"), "held", "clock"),
    PayoutState.SENDING: (_("On its way"), "held", "arrow"),
    PayoutState.PAID: (_("Paid out"), "g", "check"),
    PayoutState.RETURNED: (_("Returned by the bank, money is back"), "d", "undo"),
    PayoutState.FAILED: (_("Failed, money is back"), "d", "stop"),
    PayoutState.CANCELLED: (_("Cancelled, money is back"), "", "x"),
}
