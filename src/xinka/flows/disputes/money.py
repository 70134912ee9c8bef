"""What a case does to the money and the goods: it stops the hold, and how it ends is carried out to the cent.

Everything here runs inside the transaction of the move that caused it, so there is no case that ended without its
money, and no money that moved without its case.
"""

from __future__ import annotations

from types import MappingProxyType
from uuid import UUID

from xinka.delivery import sql as delivery_sql
from xinka.delivery.queries import delivered_codes
from xinka.disputes.errors import BankDecides, CaseIsOpen, NothingToReplace
from xinka.disputes.models import Case
from xinka.disputes.queries import is_at_the_bank, lost_to_the_bank, open_case_of
from xinka.disputes.states import CaseKind, Outcome
from xinka.escrow.custody import has_wallet
from xinka.escrow.hold import Hold
from xinka.escrow.states import FINAL, HoldState, StopCause
from xinka.flows import escrow
from xinka.flows.payouts.payees import lock_payee
from xinka.kernel.actors import Actor, Role
from xinka.kernel.flow import Flow, Query
from xinka.ledger.models import Balance
from xinka.orders.models import Order
from xinka.payments.states import RefundReason, RefundTo
from xinka.payouts.payees import Payee
from xinka.platform.database.arrays import plain_array
from xinka.platform.database.django_drive import run
from xinka.stock import sql as stock_sql

CAUSES = MappingProxyType(
    {
        CaseKind.QUESTION: StopCause.QUESTION,
        CaseKind.DISPUTE: StopCause.DISPUTE,
        CaseKind.CLAIM: StopCause.CLAIM,
        CaseKind.CHARGEBACK: StopCause.DISPUTE,
    }
)


def hold_of(order_id: UUID) -> Hold:
    """Return the hold of an order, locked; it is made now if the order has just been delivered.

    Raises:
        NoHold: if nothing is held for it.
    """
    return run(escrow.ensure_hold(order_id))


def left_of(hold: Hold) -> int:
    """Return what can still be given back."""
    return 0 if hold.state in FINAL else hold.returnable


def is_held(hold: Hold) -> bool:
    """Whether the money is still in escrow; otherwise it is pending with the seller."""
    return HoldState.HELD.value in {hold.state.value, hold.frozen_from}


def undisputed_hold_of(order_id: UUID, amount: int) -> Hold:
    """Return the hold of an order, locked, for who gives ``amount`` of it back without a case.

    A case is opened under the same lock, so none can be opened any more that would not see what is given back here.

    Raises:
        BankDecides: if a bank decides about the money, or has given so much of it back that not enough is left.
        CaseIsOpen: if the buyer's case is open about it.
        NoHold: if nothing is held for it.
    """
    _refuse_disputed(order_id)  # without the lock first: whoever ends a case holds it and waits for the order's
    hold = hold_of(order_id)
    _refuse_disputed(order_id)
    lost = lost_to_the_bank(order_id)
    if lost and lost + amount > left_of(hold):
        raise BankDecides
    return hold


def _refuse_disputed(order_id: UUID) -> None:
    if is_at_the_bank(order_id):
        raise BankDecides
    if open_case_of(order_id) is not None:
        raise CaseIsOpen


def stop_hold(case: Case) -> None:
    """Keep the money where it is while the case is open."""
    run(escrow.stop(case.order_id, CAUSES[CaseKind(case.kind)], str(case.id)))


def resume_hold(case: Case, kind: CaseKind | None = None) -> None:
    """Let the hold's time go on, unless something else stops it too."""
    run(escrow.resume(case.order_id, CAUSES[kind or CaseKind(case.kind)], str(case.id)))


def give_back(case: Case, amount: int, *, by: Actor, reason: RefundReason = RefundReason.DISPUTE) -> int:
    """Give the buyer money back while the hold is stopped; return how much, which is less when less is left.

    Raises:
        BankDecides: if the buyer asked the bank for it too.
    """
    if is_at_the_bank(case.order_id):
        raise BankDecides
    left = left_of(hold_of(case.order_id))
    wanted = 0 if is_given_back_by_bank(case.order_id) else min(amount, left)
    if wanted:
        # A silent seller has agreed: part of a hold is given back only with the seller or by an arbiter.
        is_part = wanted < left or hold_of(case.order_id).seized_net > 0
        actor = Actor(Role.SELLER) if by.role is Role.TIMER and is_part else by
        to = RefundTo.WALLET if case.to_balance and has_wallet() else RefundTo.CHANNEL
        run(escrow.give_back(case.order_id, wanted, reason=reason, key=f"case:{case.id}", by=actor, to=to))
    return wanted


def is_given_back_by_bank(order_id: UUID) -> bool:
    """Whether a bank has given the buyer all that is left, so that nothing must go back a second time."""
    lost = lost_to_the_bank(order_id)
    return bool(lost) and lost >= left_of(hold_of(order_id))


def ends_as(case: Case, outcome: Outcome) -> str:
    """Return the outcome of an ending that gives money back: the bank's, where it was first."""
    return Outcome.LOST.value if is_given_back_by_bank(case.order_id) else outcome.value


def let_go(case: Case, *, by: Actor) -> None:
    """Give the seller what the hold still has, where the case was about all of it; else its time just goes on.

    The stop of the case has ended before.
    """
    hold = hold_of(case.order_id)
    if hold.state is HoldState.HELD and not hold.n_stops and not case.positions:
        run(escrow.release(case.order_id, by=by))


def replace_codes(case: Case) -> list[int]:
    """Give fresh codes of the same SKU for those complained of; return their positions.

    Raises:
        NothingToReplace: if there are too few; the caller's transaction ends with it.
    """
    order = Order.objects.get(id=case.order_id)
    bad = case.positions or positions_in_use(order.id)
    return run(_replace(order, bad))


def _replace(order: Order, bad: list[int]) -> Flow[list[int]]:
    found = yield Query(stock_sql.CLAIM_FRESH, (order.sku_id, len(bad)))
    if not found or found[0][1] or len(found[0][0] or ()) < len(bad):
        raise NothingToReplace
    rows = yield Query(delivery_sql.REPLACE, (order.id, plain_array(found[0][0]), plain_array(bad)))
    return [int(row[0]) for row in rows]


def positions_in_use(order_id: UUID) -> list[int]:
    """Return the positions whose codes the buyer has to show for: all but those that were replaced."""
    codes = delivered_codes(order_id)
    replaced = {code.replaces for code in codes}
    return [code.position for code in codes if code.position not in replaced]


def lock_balances(merchant_id: int, currency: str) -> None:
    """Keep a merchant's balances as they are until the transaction ends, in the order of the books' own locks.

    The merchant's row comes first, as for payouts: a balance that another one makes meanwhile (the first debt) is not
    seen by who waits here for the others, and two who hold them in different orders would wait for each other.
    """
    lock_payee(Payee.of_merchant(merchant_id))
    list(
        Balance.objects.select_for_update()
        .filter(owner_id=merchant_id, currency=currency)
        .order_by("account")
        .values_list("account")
    )
