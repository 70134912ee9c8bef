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


@dataclass(frozen=True, slots=True)
class TransferResult:
    """The gateway's answer; ``reference`` is its own number, ``why`` its words for a failure."""

    status: TransferStatus
    reference: str = ""
    why: str = ""


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

    def query(self, number: str) -> TransferResult:
        """Ask about one payout by our number; an answer that is not certain is a ``ProviderError``."""
        ...
