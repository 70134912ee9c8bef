"""What accounts and kinds of journals are called."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from xinka.ledger.accounts import Account, JournalKind

ACCOUNTS: dict[Account, Promise] = {
    Account.CLEARING: _("Owed by the gateways"),
    Account.ESCROW: _("Held for orders"),
    Account.REFUND_IN_TRANSIT: _("Refunds in transit"),
    Account.SUSPENSE: _("Suspense"),
    Account.BANK_TRUST: _("Trust account"),
    Account.BANK_OPERATING: _("Operating account"),
    Account.SELLER_RECEIVABLE: _("Owed by merchants"),
    Account.SELLER_PENDING: _("Merchants: pending"),
    Account.SELLER_AVAILABLE: _("Merchants: available"),
    Account.SELLER_RESERVE: _("Merchants: reserve"),
    Account.SELLER_IN_TRANSIT: _("Merchants: being paid out"),
    Account.WALLET: _("Buyers' balances"),
    Account.FROZEN: _("Frozen by a case"),
    Account.TAX: _("Tax withheld"),
    Account.COMMISSION: _("Commission"),
    Account.PAYOUT_FEE: _("Payout fees"),
    Account.DISPUTE_FEE: _("Dispute fees"),
    Account.PSP_FEE: _("Gateway fees"),
    Account.CHARGEBACK_LOSS: _("Chargeback losses"),
    Account.GOODWILL: _("Goodwill"),
    Account.CAPITAL: _("Capital"),
    Account.REFERRAL_PENDING: _("Referral commission, not vested"),
    Account.GIFT_CARDS: _("Gift cards"),
    Account.PROMOTIONS: _("Promotions the shop pays for"),
    Account.WALLET_IN_TRANSIT: _("Buyers' balances: being paid out"),
}

KINDS: dict[JournalKind, Promise] = {
    JournalKind.PAYMENT: _("Payment received"),
    JournalKind.REFUND_DECIDED: _("Refund decided"),
    JournalKind.REFUND_SENT: _("Refund sent"),
    JournalKind.PSP_FEE: _("Gateway fee"),
    JournalKind.RELEASE: _("Released to the merchant"),
    JournalKind.RESERVE: _("Put into the reserve"),
    JournalKind.MATURE: _("Available now"),
    JournalKind.CLAWBACK: _("Taken back after the sale"),
    JournalKind.PAYOUT_ASKED: _("Payout requested"),
    JournalKind.PAYOUT_PAID: _("Paid out"),
    JournalKind.PAYOUT_FAILED: _("Payout failed"),
    JournalKind.PAYOUT_RETURNED: _("Payout returned by the bank"),
    JournalKind.CHARGEBACK_OPENED: _("Chargeback opened"),
    JournalKind.CHARGEBACK_LOST: _("Chargeback lost"),
    JournalKind.CHARGEBACK_WON: _("Chargeback won"),
    JournalKind.FREEZE: _("Frozen"),
    JournalKind.UNFREEZE: _("Unfrozen"),
    JournalKind.HAND_OVER: _("Handed over"),
    JournalKind.SETTLEMENT_FILE: _("Settled by the gateway"),
    JournalKind.WALLET: _("Balance"),
    JournalKind.GIFT_CARD: _("Gift card"),
    JournalKind.REFERRAL: _("Referral"),
    JournalKind.MATCHED: _("Matched to an order"),
    JournalKind.CORRECTION: _("Correction"),
}

NATURES: dict[str, Promise] = {
    "A": _("Asset"),
    "L": _("Liability"),
    "E": _("Equity"),
    "I": _("Income"),
    "X": _("Expense"),
}
