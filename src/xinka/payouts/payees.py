"""Whose money a payout is: a merchant's, or the balance of a buyer. The same machine pays both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Payee:
    """One merchant or one buyer, by number; use ``of_merchant`` or ``of_buyer``, so that it is exactly one of them."""

    merchant_id: int | None = None
    buyer_id: int | None = None

    @classmethod
    def of_merchant(cls, merchant_id: int) -> Self:
        """Return a merchant as a payee."""
        return cls(merchant_id=merchant_id)

    @classmethod
    def of_buyer(cls, user_id: int) -> Self:
        """Return somebody with an account, as a buyer who has a balance."""
        return cls(buyer_id=user_id)

    @property
    def is_buyer(self) -> bool:
        """Whether it is a buyer's balance."""
        return self.buyer_id is not None

    @property
    def owner_id(self) -> int:
        """Whose accounts of the books these are: the number of the merchant or of the user."""
        return (self.buyer_id if self.buyer_id is not None else self.merchant_id) or 0

    @property
    def columns(self) -> dict[str, int | None]:
        """The columns by which rows of this payee are found and written."""
        return {"merchant_id": self.merchant_id, "buyer_id": self.buyer_id}

    @property
    def subject(self) -> str:
        """What the audit calls it."""
        return f"buyer {self.buyer_id}" if self.is_buyer else f"merchant {self.merchant_id}"
