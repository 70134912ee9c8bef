"""One hold as the flows see it, and its arithmetic: who gets what when it is released and what comes back. No Django.

Commission is rounded down, in the seller's favour; so is the platform's part of a discount.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from xinka.escrow.states import HoldState, Timer
from xinka.kernel.flow import Row

_BPS = 10_000


@dataclass(frozen=True, slots=True)
class Hold:
    """A row of ``escrow_hold``; the model says what each field means."""

    order_id: UUID
    version: int
    merchant_id: int
    kind: str
    currency: str
    amount: int
    refunded: int
    released: int
    commission: int
    reserved: int
    subsidy: int
    seized_held: int
    seized_net: int
    discount_platform: int
    commission_bps: int
    reserve_bps: int
    confirm_seconds: int
    after_sale_seconds: int
    reserve_seconds: int
    state: HoldState
    frozen_from: str
    n_stops: int
    due_at: datetime | None
    due_event: Timer
    rest_seconds: int | None
    remind_at: datetime | None
    delivered_at: datetime
    released_at: datetime | None
    settled_at: datetime | None

    @classmethod
    def from_row(cls, row: Row) -> Self:
        """Return the hold of a row of ``sql.COLUMNS``."""
        values: dict[str, Any] = dict(zip(NAMES, row, strict=True))
        values["state"], values["due_event"] = HoldState(values["state"]), Timer(values["due_event"])
        return cls(**values)

    @property
    def in_escrow(self) -> int:
        """What is held for the buyer."""
        return self.amount - self.refunded - self.released - self.seized_held

    @property
    def net(self) -> int:
        """What of the released money is the seller's, reserve included."""
        return self.released - self.commission + self.subsidy - self.seized_net

    @property
    def freezable(self) -> int:
        """What a case can freeze: all that is held, or all that the seller has of it."""
        return self.net if self.released else self.in_escrow

    @property
    def pending(self) -> int:
        """What of it is pending, that is not reserved."""
        return self.net - self.reserved

    @property
    def returnable(self) -> int:
        """What the buyer can still have back; of the seller's share only as much as a court has left."""
        if not self.seized_net:
            return self.amount - self.refunded - self.seized_held
        most = self.released * self.net // (self.net + self.seized_net)
        while most and self.with_released(self.released - most).net < 0:  # the commission's rounding
            most -= 1
        return most

    def with_released(self, base: int) -> Self:
        """Return the hold with ``base`` released in all, commission and subsidy in proportion."""
        subsidy = self.discount_platform * base // self.amount
        commission = (base + subsidy) * self.commission_bps // _BPS
        return replace(self, released=base, subsidy=subsidy, commission=commission)

    def after_release(self) -> Self:
        """Return the hold with everything in escrow released, and the seller's reserve taken of it."""
        freed = self.with_released(self.in_escrow)
        return replace(freed, reserved=freed.net * self.reserve_bps // _BPS)

    def after_hand_over(self, amount: int) -> Self:
        """Return the hold with ``amount`` of what is frozen handed over: out of escrow, or of the seller's share."""
        if not self.released:
            return replace(self, seized_held=self.seized_held + amount)
        rest = replace(self, seized_net=self.seized_net + amount)
        return replace(rest, reserved=min(rest.reserved, rest.net))

    def after_return(self, amount: int) -> Self:
        """Return the hold with ``amount`` given back: out of escrow, or out of what the seller has, pending first."""
        if not self.released:
            return replace(self, refunded=self.refunded + amount)
        rest = self.with_released(self.released - amount)
        return replace(rest, refunded=self.refunded + amount, reserved=min(self.reserved, rest.net))


#: The columns of a hold in their order.
NAMES = tuple(field.name for field in fields(Hold))
