"""The auditor: an independent account of what every party must have, computed from the events alone.

It knows the outcome of an event before the shop is asked. Its arithmetic is the design's, written once more: commission
is the floor of base × basis points; what comes back takes its commission with it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.books.purses import Purse

BPS = 700
#: Only in worlds with a reserve.
RESERVE_BPS = 1_000
CONFIRM, AFTERSALE, RESERVE = timedelta(days=1), timedelta(days=3), timedelta(days=9)
DAY = timedelta(days=1)


@dataclass
class Sale:
    """One paid order as the auditor sees it."""

    amount: int
    state: str = "held"
    refunded: int = 0
    seized_held: int = 0
    seized_net: int = 0
    reserved: int = 0
    due: datetime | None = None
    rest: timedelta | None = None
    stopped: bool = False
    frozen_from: str = ""
    reserve_due: datetime | None = None
    reserve_bps: int = 0
    released_at: datetime | None = None
    delivered_at: datetime | None = None
    #: At a provider: whether its word is missing ("due" while it was not asked, "sent"), and what it shared out.
    sharing: str = ""
    shared: int = 0
    #: Whose order it is, if they have an account; whose balance paid it; where its buyer wants money of it back.
    buyer: Purse | None = None
    payer: Purse | None = None
    wish: bool | None = None

    @property
    def gross(self) -> int:
        """What went neither back nor, out of escrow, to a court."""
        return self.amount - self.refunded - self.seized_held

    @property
    def left(self) -> int:
        """What the buyer can still have back; the seller never has less than a court has had of his share."""
        if not self.seized_net:
            return self.gross
        most = self.gross * self.net // (self.net + self.seized_net)
        while most and (self.gross - most) - (self.gross - most) * BPS // 10_000 < self.seized_net:
            most -= 1
        return most

    @property
    def goes_back_to(self) -> Purse | None:
        """Into which balance money goes back now; into none if it goes the way it came."""
        if self.payer is not None:
            return self.payer
        if self.buyer is None or self.buyer.is_closed:
            return None
        return self.buyer if (self.buyer.to_balance if self.wish is None else self.wish) else None

    @property
    def commission(self) -> int:
        """What the platform has of it."""
        return self.gross * BPS // 10_000 if self.is_released else 0

    @property
    def net(self) -> int:
        """What the seller has of it, reserve included."""
        return self.gross - self.commission - self.seized_net if self.is_released else 0

    @property
    def is_released(self) -> bool:
        """Whether it has left escrow for the seller."""
        return "aftersale" in {self.state, self.frozen_from} or self.state == "settled" or self.seized_net > 0

    def pause(self, now: datetime) -> None:
        """Let its timer rest; once it is settled that is the timer of its reserve."""
        due = self.reserve_due if self.state == "settled" else self.due
        if due is not None:
            left = int((due - now).total_seconds())  # whole seconds, in the seller's favour
            self.rest, self.due, self.reserve_due = timedelta(seconds=max(left, 0)), None, None

    def run(self, now: datetime) -> None:
        """Let its timer go on, a day at least, unless something still stops it."""
        if self.stopped or self.rest is None or self.state not in {"held", "aftersale", "settled"}:
            return
        due, self.rest = now + max(self.rest, DAY), None
        if self.state == "settled":
            self.reserve_due = due
        else:
            self.due = due

    def release(self, at: datetime) -> None:
        """Give the rest to the seller, who may have it after the after-sale time."""
        self.state, self.released_at = "aftersale", at
        self.reserved = self.net * self.reserve_bps // 10_000
        self.due, self.rest = at + AFTERSALE, None

    def give_back(self, amount: int) -> None:
        """Give the buyer part of it, or the rest."""
        self.refunded += amount
        self.reserved = min(self.reserved, self.net)
        if not self.gross:
            self.state, self.due, self.rest, self.reserved = "returned", None, None, 0

    @property
    def frozen(self) -> int:
        """What a case has frozen of it."""
        return self.net if self.is_released else self.gross

    def hand_over(self, amount: int) -> None:
        """Give a court part of what is frozen, or all."""
        if amount == self.frozen:
            self.state, self.rest = "seized", None
        if self.is_released:
            self.seized_net += amount
        else:
            self.seized_held += amount
        self.reserved = min(self.reserved, self.net)
        if self.state == "seized":
            self.frozen_from = ""


@dataclass
class Auditor:
    """All sales, and what chargebacks and payouts moved besides."""

    sales: dict[str, Sale] = field(default_factory=dict)
    received: int = 0
    promised: int = 0
    sent_back: int = 0
    #: What moved out of (or into) the seller's accounts by other hands than releases.
    available: int = 0
    owed: int = 0
    in_transit: int = 0
    suspense: int = 0
    lost: int = 0
    paid_out: int = 0
    #: What of that banks returned; what they kept of it, and the platform bore.
    paid_back: int = 0
    kept: int = 0
    wired_out: int = 0
    fees: int = 0
    #: What chargebacks took of the reserve, which is one sum for all orders, and did not give back.
    reserve_used: int = 0
    #: What a provider shared out of settled orders: it has left for good.
    shared_out: int = 0
    #: Buyers' balances; what went back into them, and what orders were paid from them.
    purses: list[Purse] = field(default_factory=list)
    credited: int = 0
    spent: int = 0
    #: What belonged into a balance that was closed, and went back by hand: what a balance had paid, and what a gateway.
    by_hand_from_trust: int = 0
    by_hand_from_clearing: int = 0
    #: Gift cards that were given away: their worth, and how much of it is on no balance yet.
    cards_given: int = 0
    on_cards: int = 0

    @property
    def by_hand(self) -> int:
        """What staff sent by hand."""
        return self.by_hand_from_trust + self.by_hand_from_clearing

    def in_reserve(self) -> int:
        """Return what the reserve has."""
        return self.expected()["SELLER_RESERVE"]

    def in_purses(self) -> dict[tuple[int, int], int]:
        """Return what every buyer must have, by the number of the account in the books and of the person."""
        found = {(12, purse.user_id): purse.balance for purse in self.purses}
        found |= {(25, purse.user_id): purse.in_transit for purse in self.purses}
        return {where: amount for where, amount in found.items() if amount}

    def take_reserve(self, wanted: int) -> int:
        """Take a sum that some order has in reserve, and return what of it the reserve does not have any more."""
        missing = max(0, wanted - self.in_reserve())
        self.reserve_used -= missing
        return missing

    def expected(self) -> Counter[str]:
        """Return what each account must show; credits are positive."""
        sales = self.sales.values()
        found: Counter[str] = Counter()
        for sale in sales:
            if sale.state == "held" or sale.frozen_from == "held":
                found["ESCROW"] += sale.gross
            found["COMMISSION"] += sale.commission
            if sale.state == "aftersale":
                found["SELLER_PENDING"] += sale.net - sale.reserved
            elif sale.frozen_from == "aftersale":
                found["FROZEN"] += sale.net
            elif sale.state == "settled":
                found["SELLER_AVAILABLE"] += sale.net - sale.reserved
            found["SELLER_RESERVE"] += 0 if sale.frozen_from else sale.reserved
        found["SELLER_AVAILABLE"] += self.available - self.shared_out
        found["SELLER_RESERVE"] -= self.reserve_used
        found["SELLER_RECEIVABLE"] -= self.owed
        found["SELLER_IN_TRANSIT"] += self.in_transit
        found["REFUND_IN_TRANSIT"] += self.promised - self.sent_back - self.credited - self.by_hand
        found["SUSPENSE"] += self.suspense
        found["PAYOUT_FEE"] += self.fees
        left = self.sent_back + self.by_hand_from_clearing + self.lost + self.wired_out + self.shared_out
        found["CLEARING"] -= self.received - self.spent - left
        found["BANK_TRUST"] += self.paid_out - (self.paid_back - self.kept) + self.by_hand_from_trust
        found["PSP_FEE"] -= self.kept
        found["BANK_TRUST"] += sum(sale.seized_held + sale.seized_net for sale in sales)
        found["WALLET"] += sum(purse.balance for purse in self.purses)
        found["WALLET_IN_TRANSIT"] += sum(purse.in_transit for purse in self.purses)
        found["GIFT_CARDS"] += self.on_cards
        found["PROMOTIONS"] -= self.cards_given
        return Counter({name: amount for name, amount in found.items() if amount})
