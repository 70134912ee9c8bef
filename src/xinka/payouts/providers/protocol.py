"""What Xinka asks of a gateway that pays merchants out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

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
    #: It waits until the payee has confirmed it in the gateway's app, and fails if that takes too long.
    TO_CONFIRM = "to_confirm"
    FAILED = "failed"
    #: It was called back before its payee confirmed it, and will never be paid.
    CALLED_BACK = "called_back"
    NOT_FOUND = "not_found"
    #: It cannot be asked by our number, and its own is not known to us.
    UNTOLD = "untold"


@dataclass(frozen=True, slots=True)
class TransferResult:
    """The gateway's answer; ``reference`` is its own number, ``why`` its words for a failure.

    ``amount_minor`` is what it says it pays, in minor units, or 0 where it does not say. ``package`` opens the page on
    which the payee confirms, ``confirm_by`` is until when; a gateway may say the package only when it is sent.
    """

    status: TransferStatus
    reference: str = ""
    why: str = ""
    amount_minor: int = 0
    package: str = field(default="", repr=False)
    confirm_by: datetime | None = None


@dataclass(frozen=True, slots=True)
class ConfirmCall:
    """How a page in the gateway's app lets the payee confirm: a function of the app and what it is called with.

    ``config`` is the signed permission of this very page to call it, ``script`` the gateway's own script for that.
    """

    call: str
    fields: Mapping[str, str] = field(repr=False)
    config: Mapping[str, object] = field(repr=False)
    script: str = ""


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


@runtime_checkable
class TakesBack(Protocol):
    """A payout provider that can be asked to take back what still waits for its payee."""

    def cancel(self, number: str, reference: str = "") -> None:
        """Ask for one payout back, by our number; asking twice does no more than asking once.

        What comes of it is said by ``query`` alone: a yes here means that the wish was heard, and a payee who confirms
        meanwhile wins.

        Raises:
            ProviderError: permanent if the gateway said no; otherwise it may have happened.
        """
        ...


@runtime_checkable
class ConfirmsInside(Protocol):
    """A payout provider whose payees confirm in an app, on a page of ours that is opened there."""

    @property
    def device(self) -> str:
        """Inside which app, in the words of ``PaymentRequest.device``."""
        ...

    def confirm_call(self, package: str, page_url: str) -> ConfirmCall:
        """Return what a page at this address calls, signed for it.

        Raises:
            ProviderError: if the gateway gives no permission; permanent if a setting of the channel is missing.
        """
        ...
