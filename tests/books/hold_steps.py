"""What can happen to holds, and what happens when time passes; the auditor foretells each before the shop is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from tests.books.auditor import RESERVE, Sale
from tests.books.purses import Purse
from tests.books.world import Step, World
from tests.flows.disputing import BUYER
from xinka.escrow.models import FreezeCase
from xinka.flows import escrow
from xinka.flows.disputes import timers as case_timers
from xinka.flows.escrow import timers as hold_timers
from xinka.kernel.actors import Actor, Role
from xinka.payments.states import RefundReason
from xinka.platform.database.django_drive import run

HOUR = timedelta(hours=1)
SELLER_TIME, BUYER_TIME, STAFF_TIME, EVIDENCE_TIME = 12 * HOUR, 48 * HOUR, 72 * HOUR, 168 * HOUR
ARBITER = Actor(Role.ARBITER, 1)


@dataclass
class Quarrel:
    """One open case as the auditor sees it."""

    case_id: UUID
    kind: str
    state: str
    amount: int
    due: datetime | None
    due_event: str
    offer: tuple[str, int] | None = None
    decision: str = ""
    decided: int = 0
    waived: frozenset[str] = frozenset()
    taken: tuple[int, int, int] = (0, 0, 0)

    def turn(self, state: str, due: datetime | None, event: str) -> None:
        """Note whose turn it is and until when."""
        self.state, self.due, self.due_event = state, due, event


class HoldSteps:
    """Finds what can happen to holds, and lets time pass."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.auditor = world.auditor
        self.quarrels: dict[str, Quarrel] = {}
        self.n_cases: dict[str, int] = {}
        self.is_decided: set[str] = set()
        self.payouts: dict[str, tuple[str, int, int]] = {}
        self.asked_at: dict[str, datetime] = {}
        self.by_wire: set[str] = set()
        #: Whose balance a payout is of, the merchant's left out, and what stops a payee's; ``None`` is the merchant.
        self.whose: dict[str, Purse] = {}
        self.payout_holds: dict[Purse | None, int] = {}
        self.lost_to_bank: dict[str, int] = {}

    # ── holds ─────────────────────────────────────────────────────────────────────────────────────

    def of_hold(self, name: str) -> Iterator[Step]:
        """What can happen to one hold, timers not counted."""
        sale, order_id, world = self.auditor.sales[name], UUID(name), self.world
        if sale.state == "held" and not sale.stopped and not sale.sharing:
            yield self._hold_step(name, "confirm", lambda: run(escrow.confirm(order_id, by=BUYER)), self._release(sale))
            yield self._hold_step(
                name, "release", lambda: run(escrow.release(order_id, by=ARBITER)), self._release(sale)
            )
        # While a case is open it decides, and no page gives back beside it (flows/refunds/by_seller.py).
        if sale.state in {"held", "aftersale"} and name not in self.quarrels and sale.sharing != "sent":
            key = f"walk/{world.n_events}"
            if not sale.seized_net:
                yield self._back_step(name, "give_back", None, key)
            if sale.left > 1:
                yield self._back_step(name, "give_back_part", world.random.randint(1, sale.left - 1), key)
            if not sale.sharing:
                yield self._freeze_step(name)
        if sale.state == "frozen":
            yield self._unfreeze_step(name)
            if name not in self.quarrels and not sale.shared:  # a provider's share is with the seller, not with us
                yield self._hand_over_step(name, "hand_over", sale.frozen)
                if sale.frozen > 1:
                    yield self._hand_over_step(name, "hand_over_part", world.random.randint(1, sale.frozen - 1))

    def _hold_step(self, name: str, event: str, act: Callable[[], object], foretell: Callable[[], None]) -> Step:
        return Step("hold", self.auditor.sales[name].state, event, act, foretell)

    def _release(self, sale: Sale) -> Callable[[], None]:
        return lambda: self.let_go(sale, self.world.now)

    def let_go(self, sale: Sale, at: datetime) -> None:
        """Release an order; a provider that has the money must share it out first (see ``SplitSteps``)."""
        sale.release(at)

    def settled(self, sale: Sale) -> None:
        """Take note that an order is settled."""

    def take_back(self, sale: Sale, *, part: bool) -> None:
        """Give up a share that was asked for and not sent (see ``SplitSteps``)."""

    def opened(self, sale: Sale) -> None:
        """Take note that something stops an order."""

    def _back_step(self, name: str, event: str, amount: int | None, key: str) -> Step:
        def foretell() -> None:
            self._give_back(name, amount, of_case=False)

        def act() -> object:
            seller = Actor(Role.SELLER)
            return run(escrow.give_back(UUID(name), amount, reason=RefundReason.SELLER, key=key, by=seller))

        def twice() -> object:
            first, second = act(), act()
            assert first == second, "the same decision gave back twice"
            return first

        return self._hold_step(name, event, twice, foretell)

    def is_with_the_bank(self, name: str) -> bool:
        """Whether a bank has given the buyer all that is left: it must not go back twice."""
        return 0 < self.lost_to_bank.get(name, 0) >= self.auditor.sales[name].left

    def _give_back(self, name: str, amount: int | None, *, of_case: bool = True) -> int:
        sale = self.auditor.sales[name]
        given = sale.left if amount is None else min(amount, sale.left)
        if sale.state in {"settled", "returned", "seized"} or (of_case and self.is_with_the_bank(name)):
            given = 0
        if given:
            before, there, net = sale.reserved, self.auditor.in_reserve(), sale.net
            sale.give_back(given)
            self.take_back(sale, part=bool(sale.left))
            sale.shared -= min(sale.shared, net - sale.net)
            owed = max(0, before - sale.reserved - there)
            self.auditor.owed += owed
            self.auditor.reserve_used -= owed
            self.auditor.promised += given
        return given

    def _freeze_step(self, name: str) -> Step:
        sale = self.auditor.sales[name]

        def foretell() -> None:
            self.auditor.owed += self.auditor.take_reserve(sale.reserved)
            sale.pause(self.world.now)
            sale.state, sale.frozen_from = "frozen", sale.state

        return self._hold_step(name, "freeze", lambda: run(escrow.freeze(UUID(name), "case 7", by=(1, 2))), foretell)

    def _unfreeze_step(self, name: str) -> Step:
        sale = self.auditor.sales[name]

        def foretell() -> None:
            sale.state, sale.frozen_from = sale.frozen_from, ""
            sale.run(self.world.now)

        return self._hold_step(
            name, "unfreeze", lambda: run(escrow.unfreeze(UUID(name), "case 7", by=(2, 1))), foretell
        )

    def _hand_over_step(self, name: str, event: str, amount: int) -> Step:
        """A court has a part of what is frozen, or all of it; one person asked, another grants."""

        def act() -> object:
            paper = {"basis": "a court", "reference": "a document"}
            people = {"asked_by_id": 1, "decided_by_id": 2, "granted": True}
            times = {"asked_at": self.world.now, "decided_at": self.world.now}
            FreezeCase.objects.create(
                order_id=UUID(name), is_hand_over=True, amount=amount, case="7", **paper, **people, **times
            )
            return run(escrow.hand_over(UUID(name), "a document", amount, by=(1, 2)))

        return self._hold_step(name, event, act, lambda: self.auditor.sales[name].hand_over(amount))

    # ── time ──────────────────────────────────────────────────────────────────────────────────────

    def dues(self) -> list[datetime]:
        """All moments at which something is due."""
        moments = [sale.due for sale in self.auditor.sales.values()]
        moments += [sale.reserve_due for sale in self.auditor.sales.values()]
        moments += [quarrel.due for quarrel in self.quarrels.values()]
        return sorted(moment for moment in moments if moment is not None)

    def pass_time(self, until: datetime) -> None:
        """Let time pass, and have every timer fire that is due; late, some of them."""
        world = self.world
        world.now = max(world.now, until) + timedelta(seconds=world.random.choice([0, 1, 3_600]))
        foretold: list[tuple[str, str, str]] = []

        def fire() -> object:
            hold_timers.fire_timers(world.now)
            return case_timers.fire_due(world.now)

        with world.clock():
            if world.random.random() < 0.1:
                world._crash_in(Step("time", "", "", fire))
            fire()
            fire()  # another worker: everything has been fired
        sales = list(self.auditor.sales.values())
        for fire_some in (self._confirm, self._mature, self._free_reserve):  # the reserve is one for all orders
            foretold += [move for sale in sales for move in fire_some(sale)]
        far = datetime.max.replace(tzinfo=UTC)
        for name in sorted(self.quarrels, key=lambda one: self.quarrels[one].due or far):
            foretold += self._fire_case(name)
        world.n_events += 1
        world.reached.update(foretold)

    def _confirm(self, sale: Sale) -> Iterator[tuple[str, str, str]]:
        if sale.state == "held" and sale.due is not None and sale.due <= self.world.now:
            self.let_go(sale, sale.due)
            yield ("hold", "held", "confirm_due")

    def _mature(self, sale: Sale) -> Iterator[tuple[str, str, str]]:
        if sale.state == "aftersale" and sale.due is not None and sale.due <= self.world.now:
            sale.state, due, sale.due = "settled", sale.due, None
            if sale.reserved and sale.released_at is not None:
                sale.reserve_due = max(due, sale.released_at + RESERVE)
            self.settled(sale)
            yield ("hold", "aftersale", "mature")

    def _free_reserve(self, sale: Sale) -> Iterator[tuple[str, str, str]]:
        if sale.reserve_due is not None and sale.reserve_due <= self.world.now and not sale.stopped:
            self.auditor.available -= self.auditor.take_reserve(sale.reserved)
            sale.reserved, sale.reserve_due = 0, None
            yield ("hold", "settled", "free_reserve")

    def _fire_case(self, name: str) -> Iterator[tuple[str, str, str]]:
        quarrel, now = self.quarrels[name], self.world.now
        if quarrel.due is None or quarrel.due > now:
            return
        event = quarrel.due_event
        yield ("case", quarrel.state, event)
        if event == "seller_silent":
            self._give_back(name, quarrel.amount)
            self._end(name)
        elif event == "question_unanswered":
            quarrel.kind = "dispute"
            quarrel.turn("under_review", now + STAFF_TIME, "review_late")
        elif event == "buyer_silent":
            self._end(name)
        elif event == "carry_out":
            self._carry_out(name)
        elif event == "evidence_late":
            quarrel.turn("gateway_decides", None, "")
        else:
            quarrel.turn(quarrel.state, None, "")

    def _end(self, name: str) -> None:
        sale = self.auditor.sales[name]
        sale.stopped = False
        sale.run(self.world.now)
        del self.quarrels[name]

    def _carry_out(self, name: str) -> None:
        quarrel, sale = self.quarrels[name], self.auditor.sales[name]
        self._give_back(name, quarrel.decided)
        self._end(name)
        if quarrel.decision != "refund" and sale.state == "held":
            self.let_go(sale, self.world.now)
