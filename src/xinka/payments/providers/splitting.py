"""Profit-sharing (分账): what Xinka asks of a licensed provider that holds buyers' money until a trade is done.

A provider with ``Can.SPLIT`` implements :class:`ProviderSplit` beside ``Provider``. Its payments are made so that their
money stays frozen there; a part is then shared with the merchant, returned from the merchant, or the rest unfrozen for
the platform. Every call carries our number, so the same call made again is the same split.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class SplitRequest:
    """One split of one payment. ``split_no`` is our number of it and the idempotency key.

    ``receiver`` is the merchant's account at the provider, ``receiver_kind`` its type in the provider's words (empty
    for the usual one), ``origin_no`` our number of the share that a return takes back from.
    """

    out_trade_no: str
    trade_no: str
    split_no: str
    amount_minor: int
    currency: str
    receiver: str = ""
    receiver_name: str = ""
    receiver_kind: str = ""
    origin_no: str = ""
    note: str = ""


class SplitStatus(StrEnum):
    """What a provider says about one split."""

    DONE = "done"
    PENDING = "pending"
    FAILED = "failed"
    NOT_FOUND = "not_found"


@dataclass(frozen=True, slots=True)
class SplitResult:
    """The provider's answer about one split; ``reason`` says why one failed, ``gateway_no`` is its own number."""

    status: SplitStatus
    amount_minor: int = 0
    gateway_no: str = ""
    reason: str = ""


@runtime_checkable
class ProviderSplit(Protocol):
    """The calls of a provider that shares out money; an answer that is not certain is a ``ProviderError``.

    Each raises ``OutcomeUnknown`` if no answer came to a call that moves money: ``split_query`` is asked before more.
    """

    def share(self, split: SplitRequest) -> SplitResult:
        """Give the merchant a part of the frozen money."""
        ...

    def split_return(self, split: SplitRequest) -> SplitResult:
        """Take back from the merchant (a part of) what was shared, so that it can be refunded."""
        ...

    def unfreeze(self, split: SplitRequest) -> SplitResult:
        """Give the platform what is left of the frozen money: the trade is done."""
        ...

    def split_query(self, split: SplitRequest) -> SplitResult:
        """Ask about a share or an unfreezing by ``split_no`` or, where ``origin_no`` is set, about a return."""
        ...
