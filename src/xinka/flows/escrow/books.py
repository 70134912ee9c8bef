"""The journals of a hold: what each of its events means in the books (P2 to P5 and P9 of the chart)."""

from __future__ import annotations

from xinka.escrow.hold import Hold
from xinka.ledger.accounts import Account, JournalKind
from xinka.ledger.posting import Journal, Leg


def _journal(hold: Hold, kind: JournalKind, name: str, *legs: Leg, channel_id: int = 0, by_id: int | None) -> Journal:
    key = f"hold/{hold.order_id}/{name}"
    return Journal(kind, key, hold.currency, legs, order_id=hold.order_id, channel_id=channel_id, by_id=by_id)


def of_release(before: Hold, after: Hold, by_id: int | None = None) -> list[Journal]:
    """P3: out of escrow to the seller and the commission; P3': the seller's reserve out of that."""
    owner, base = after.merchant_id, after.released - before.released
    return [
        _journal(
            after,
            JournalKind.RELEASE,
            "release",
            Leg(Account.ESCROW, base),
            Leg(Account.PROMOTIONS, after.subsidy),
            Leg(Account.SELLER_PENDING, -after.net, owner),
            Leg(Account.COMMISSION, -after.commission),
            by_id=by_id,
        ),
        *(
            [
                _journal(
                    after,
                    JournalKind.RESERVE,
                    "reserve",
                    Leg(Account.SELLER_PENDING, after.reserved, owner),
                    Leg(Account.SELLER_RESERVE, -after.reserved, owner),
                    by_id=by_id,
                )
            ]
            if after.reserved
            else []
        ),
    ]


def of_maturity(hold: Hold, shared: dict[int, int]) -> list[Journal]:
    """P4: pending becomes available; what a provider shared out (by channel) has left its clearing instead."""
    owner, rest = hold.merchant_id, hold.pending - sum(shared.values())
    journals = [
        _journal(
            hold,
            JournalKind.PAYOUT_PAID,
            f"shared/{channel_id}",
            Leg(Account.SELLER_PENDING, amount, owner),
            Leg(Account.CLEARING, -amount),
            channel_id=channel_id,
            by_id=None,
        )
        for channel_id, amount in sorted(shared.items())
        if amount
    ]
    if rest:
        to = Leg(Account.SELLER_AVAILABLE, -rest, owner)
        journals.append(
            _journal(hold, JournalKind.MATURE, "mature", Leg(Account.SELLER_PENDING, rest, owner), to, by_id=None)
        )
    return journals


def of_freed_reserve(hold: Hold, amount: int) -> list[Journal]:
    """What is left of the reserve becomes available."""
    if not amount:
        return []
    legs = (
        Leg(Account.SELLER_RESERVE, amount, hold.merchant_id),
        Leg(Account.SELLER_AVAILABLE, -amount, hold.merchant_id),
    )
    return [_journal(hold, JournalKind.RESERVE, "free_reserve", *legs, by_id=None)]


def of_return(before: Hold, after: Hold, name: str, in_reserve: int, by_id: int | None) -> Journal:
    """P2 out of escrow, or P5 out of what the seller has, with the commission and the subsidy in proportion.

    ``in_reserve`` is what the seller's reserve still has; what claims on other orders took of it, the seller owes.
    """
    amount, owner = after.refunded - before.refunded, before.merchant_id
    back = Leg(Account.REFUND_IN_TRANSIT, -amount)
    if not before.released:
        return _journal(
            before, JournalKind.REFUND_DECIDED, f"back/{name}", Leg(Account.ESCROW, amount), back, by_id=by_id
        )
    from_pending, from_reserve = before.pending - after.pending, before.reserved - after.reserved
    owed = max(0, from_reserve - in_reserve)
    return _journal(
        before,
        JournalKind.CLAWBACK,
        f"back/{name}",
        Leg(Account.SELLER_PENDING, from_pending, owner),
        Leg(Account.SELLER_RESERVE, from_reserve - owed, owner),
        Leg(Account.SELLER_RECEIVABLE, owed, owner),
        Leg(Account.COMMISSION, before.commission - after.commission),
        Leg(Account.PROMOTIONS, after.subsidy - before.subsidy),
        back,
        by_id=by_id,
    )


def of_freeze(hold: Hold, in_reserve: int, *, by_id: int) -> list[Journal]:
    """P9: what the seller has of this order goes to the case; money in escrow stays where it is.

    ``in_reserve`` is what the seller's reserve still has; what chargebacks took of it, the seller owes.
    """
    owed = max(0, hold.reserved - in_reserve)
    return _moved_by_case(hold, 1, owed, by_id)


def of_thaw(hold: Hold, *, by_id: int) -> list[Journal]:
    """P9, its end: all of it is where it was; what was owed for it stays a debt, paid before the next payout."""
    return _moved_by_case(hold, -1, 0, by_id)


def _moved_by_case(hold: Hold, sign: int, owed: int, by_id: int) -> list[Journal]:
    if not hold.net:
        return []
    owner, kind = hold.merchant_id, JournalKind.FREEZE if sign > 0 else JournalKind.UNFREEZE
    legs = (
        Leg(Account.SELLER_PENDING, sign * hold.pending, owner),
        Leg(Account.SELLER_RESERVE, sign * hold.reserved - owed, owner),
        Leg(Account.SELLER_RECEIVABLE, owed, owner),
        Leg(Account.FROZEN, -sign * hold.net, owner),
    )
    return [_journal(hold, kind, f"{kind.name.lower()}/{hold.version}", *legs, by_id=by_id)]


def of_hand_over(hold: Hold, amount: int, *, by_id: int) -> Journal:
    """P9: what a court orders leaves the trust account, out of the case's account or, before a release, of escrow."""
    source = Leg(Account.FROZEN, amount, hold.merchant_id) if hold.released else Leg(Account.ESCROW, amount)
    legs = (source, Leg(Account.BANK_TRUST, -amount))
    return _journal(hold, JournalKind.HAND_OVER, f"hand_over/{hold.version}", *legs, by_id=by_id)
