"""What a payout costs, and how much a balance allows; whole minor units, the fee rounded down."""

from __future__ import annotations

from dataclasses import dataclass

_WHOLE = 10_000


@dataclass(frozen=True, slots=True)
class Fee:
    """A fixed part and a share in basis points."""

    fixed: int = 0
    bps: int = 0

    def of(self, amount: int) -> int:
        """Return the fee on an amount that is to arrive."""
        return self.fixed + amount * self.bps // _WHOLE

    def most(self, balance: int) -> int:
        """Return the largest amount that, with its fee, a balance covers."""
        if balance <= self.fixed:
            return 0
        amount = (balance - self.fixed) * _WHOLE // (_WHOLE + self.bps)
        while amount + 1 + self.of(amount + 1) <= balance:
            amount += 1
        return amount
