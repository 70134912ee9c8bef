"""What the gateway declines. Each room says it in the words and codes of its own protocol."""

from __future__ import annotations

from enum import StrEnum


class Why(StrEnum):
    """Why a request is declined."""

    MISSING = "missing"
    MALFORMED = "malformed"
    NO_MERCHANT = "no_merchant"
    BAD_SIGNATURE = "bad_signature"
    BAD_AMOUNT = "bad_amount"
    NUMBER_REUSED = "number_reused"
    DESTINATION = "destination"
    NO_TRADE = "no_trade"
    NO_REFUND = "no_refund"
    NOT_REFUNDABLE = "not_refundable"
    ALREADY_PAID = "already_paid"
    ALREADY_CLOSED = "already_closed"
    NO_SHARE = "no_share"
    NO_TRANSFER = "no_transfer"
    NO_BALANCE = "no_balance"
    REPEATED = "repeated"
    NOT_SHAREABLE = "not_shareable"
    UNKNOWN_CALL = "unknown_call"


class Declined(Exception):
    """A request that the gateway declines, with words for whoever reads the answer."""

    def __init__(self, why: Why, message: str) -> None:
        super().__init__(message)
        self.why = why


class Silence(Exception):
    """The gateway does not answer this time, whatever it did; each room lets its HTTP server time out."""
