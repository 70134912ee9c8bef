"""Buyers' balances as the auditor sees them: what came in, what was spent, what is on its way out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(eq=False)
class Purse:
    """The balance of one buyer, who has an account here; ``hold`` is the number of what stops their payouts."""

    email: str
    user_id: int
    #: Whether money that comes back goes in here, unless it was said otherwise of an order.
    to_balance: bool
    balance: int = 0
    in_transit: int = 0
    is_closed: bool = False
