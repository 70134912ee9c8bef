"""The chart of accounts. Debit is positive and credit negative, so a balanced journal sums to zero."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class Nature(StrEnum):
    """What an account is; assets and expenses grow by debits, the others by credits."""

    ASSET = "A"
    LIABILITY = "L"
    EQUITY = "E"
    INCOME = "I"
    EXPENSE = "X"


class Account(IntEnum):
    """Every account there is. Those of ``OWNED`` are kept per merchant or per user, the others once for the shop."""

    CLEARING = 1  # what the gateways owe us; per channel
    ESCROW = 2  # held for the buyer until the trade is done; per order
    REFUND_IN_TRANSIT = 3  # promised back, not yet sent; per order
    SUSPENSE = 4  # came in, belongs to nobody we know yet; per channel
    BANK_TRUST = 5  # customers' money at the bank
    BANK_OPERATING = 6  # the operator's own money at the bank
    SELLER_RECEIVABLE = 7  # what a merchant owes us
    SELLER_PENDING = 8  # released, still within the after-sale time
    SELLER_AVAILABLE = 9  # to be withdrawn
    SELLER_RESERVE = 10  # kept back for claims that may come
    SELLER_IN_TRANSIT = 11  # withdrawal asked for, not yet paid
    WALLET = 12  # a buyer's balance
    FROZEN = 13  # a merchant's money held by a case
    TAX = 14  # withheld for the tax office
    COMMISSION = 15
    PAYOUT_FEE = 16
    DISPUTE_FEE = 17
    PSP_FEE = 18  # what the gateways take
    CHARGEBACK_LOSS = 19
    GOODWILL = 20
    CAPITAL = 21
    REFERRAL_PENDING = 22  # commission of somebody who recommended us, not yet vested
    GIFT_CARDS = 23  # sold, not yet spent
    PROMOTIONS = 24  # discounts the platform pays for
    WALLET_IN_TRANSIT = 25  # a buyer has asked for it, not yet paid out

    @property
    def nature(self) -> Nature:
        """What kind of account it is."""
        return _NATURES[self]


_NATURES: dict[Account, Nature] = {
    **dict.fromkeys(Account, Nature.LIABILITY),
    **dict.fromkeys(
        (Account.CLEARING, Account.BANK_TRUST, Account.BANK_OPERATING, Account.SELLER_RECEIVABLE), Nature.ASSET
    ),
    **dict.fromkeys((Account.COMMISSION, Account.PAYOUT_FEE, Account.DISPUTE_FEE), Nature.INCOME),
    **dict.fromkeys((Account.PSP_FEE, Account.CHARGEBACK_LOSS, Account.GOODWILL, Account.PROMOTIONS), Nature.EXPENSE),
    Account.CAPITAL: Nature.EQUITY,
}

#: Kept per owner, with a balance that the database maintains and bounds; ``USER_OWNED`` by user, the rest by merchant.
OWNED = frozenset(
    {
        Account.SELLER_RECEIVABLE,
        Account.SELLER_PENDING,
        Account.SELLER_AVAILABLE,
        Account.SELLER_RESERVE,
        Account.SELLER_IN_TRANSIT,
        Account.WALLET,
        Account.FROZEN,
        Account.REFERRAL_PENDING,
        Account.WALLET_IN_TRANSIT,
    }
)
USER_OWNED = frozenset({Account.WALLET, Account.REFERRAL_PENDING, Account.WALLET_IN_TRANSIT})
#: Owned accounts that never go below zero on their own side: money that is somebody else's is never lent out.
RESTRICTED = OWNED - {Account.SELLER_RECEIVABLE}
#: Money of buyers and sellers, which the gateways and the trust account must cover.
OWED_TO_CUSTOMERS = RESTRICTED | {Account.ESCROW, Account.REFUND_IN_TRANSIT, Account.SUSPENSE, Account.GIFT_CARDS}
#: Where customers' money is.
SEGREGATED = frozenset({Account.CLEARING, Account.BANK_TRUST})


class JournalKind(IntEnum):
    """Which event a journal records."""

    PAYMENT = 1
    REFUND_DECIDED = 2
    REFUND_SENT = 3
    PSP_FEE = 4
    RELEASE = 5
    RESERVE = 6
    MATURE = 7
    CLAWBACK = 8
    PAYOUT_ASKED = 9
    PAYOUT_PAID = 10
    PAYOUT_FAILED = 11
    CHARGEBACK_OPENED = 12
    CHARGEBACK_LOST = 13
    CHARGEBACK_WON = 14
    FREEZE = 15
    UNFREEZE = 16
    HAND_OVER = 17
    SETTLEMENT_FILE = 18
    WALLET = 19
    GIFT_CARD = 20
    REFERRAL = 21
    MATCHED = 22
    PAYOUT_RETURNED = 23
    CORRECTION = 30
