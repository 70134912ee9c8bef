"""What Xinka asks of a gateway that pays merchants out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from xinka.payouts.details import AccountDetails, AccountKind


@dataclass(frozen=True, slots=True)
class TransferRequest:
    """One payout to be made; ``number`` is ours, and a gateway pays one number once."""

    number: str
    to: AccountDetails
    amount_minor: int
    currency: str
    title: str


class TransferStatus(StrEnum):
    """What a gateway says about one payout."""

    DONE = "done"
    PENDING = "pending"
    FAILED = "failed"
    NOT_FOUND = "not_found"
    #: It cannot be asked by our number, and its own is not known to us.
    UNTOLD = "untold"


@dataclass(frozen=True, slots=True)
class TransferResult:
    """The gateway's answer; ``reference`` is its own number, ``why`` its words for a failure.

    ``amount_minor`` is what it says it pays, in minor units, or 0 where it does not say.
    """

    status: TransferStatus
    reference: str = ""
    why: str = ""
    amount_minor: int = 0


class PayoutProvider(Protocol):
    """One account at one gateway, out of which merchants are paid."""

    @property
    def kinds(self) -> frozenset[AccountKind]:
        """To which kinds of accounts it pays."""
        ...

    def send(self, transfer: TransferRequest) -> TransferResult:
        """Pay.

        Raises:
            ProviderError: permanent if the gateway said no; otherwise it may have happened: ask before sending again.
        """
        ...

    def query(self, number: str, reference: str = "") -> TransferResult:
        """Ask about one payout by our number, or by the gateway's if that is known and needed.

        Raises:
            ProviderError: if the answer is not certain.
        """
        ...
