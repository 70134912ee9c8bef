"""Walks through the money machines: guided to where nobody has been, and straight to every move by the shortest way."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

from tests.books.purses import Purse
from tests.books.steps import Steps
from tests.books.table import CASE, FINAL, HOLD, PAYOUT, SPLIT, Table
from tests.books.world import Crash, Step, World, dying
from tests.flows.disputing import BUYER, SELLER
from xinka.flows import escrow
from xinka.flows.disputes import cases
from xinka.flows.payouts.buyers import movements
from xinka.flows.refunds.sending import execute_refund, mark_done_by_hand, send_again
from xinka.kernel import ids
from xinka.kernel.actors import Actor, Role
from xinka.kernel.errors import ProviderError
from xinka.payments.models import Refund
from xinka.payments.states import RefundReason
from xinka.platform.database.django_drive import run

#: How many open sales a world has at a time.
_AT_A_TIME = 16
#: How often something happens to a buyer's balance, where there are any.
_AT_A_PURSE = 0.12


class Walk:
    """One world and the steps in it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.steps = Steps(world)
        self.decided: dict[UUID, Purse | None] = {}

    @property
    def auditor_sales(self) -> list[str]:
        """The orders so far."""
        return list(self.world.auditor.sales)

    def walk(self, n_events: int) -> None:
        """Take that many events, comparing often and proving everything now and then."""
        world = self.world
        next_audit = 500
        while world.n_events < n_events:
            self.one()
            if world.n_events % 5 == 0:
                world.compare()
            if world.n_events > next_audit:
                next_audit += 500
                world.audit()
        self.settle_everything()

    def one(self) -> None:
        """Let one thing happen."""
        world, kind = self.world, self.world.random.random()
        open_sales = [name for name, sale in world.auditor.sales.items() if sale.state not in FINAL]
        if world.purses and world.random.random() < _AT_A_PURSE:
            self.steps.of_purse(world.random.choice(world.purses))
        elif len(open_sales) < _AT_A_TIME:
            sell = self.sell_some if kind < 0.9 else world.sell_late if kind < 0.95 else world.sell_matched
            sell()
        elif kind < 0.08:
            self.refund_one()
        elif kind < 0.18:
            self.something_forbidden(open_sales)
        elif kind < 0.22:
            self.steps.ask_for_payout()
        elif kind < 0.26 and self.steps.wired():
            self.wire_one()
        elif kind < 0.30 and world.at_provider:
            self.split_one()
        elif kind < 0.38:
            self.pass_time()
        elif kind < 0.48:
            self.quarrel()
        else:
            self.step(open_sales)

    def sell_some(self) -> None:
        """Sell one order or a few at once."""
        self.world.sell_some(self.world.random.choice([1, 2, 4, 6]))

    def pass_time(self) -> None:
        """Let time pass, to what is due first or to some part's deadline in a case."""
        waiting = [quarrel for quarrel in self.steps.quarrels.values() if quarrel.due is not None]
        dues = self.steps.dues()
        if waiting and self.world.random.random() < 0.5:
            rarest = min(waiting, key=lambda one: self.world.reached["case", one.state, one.due_event])
            assert rarest.due is not None
            self.steps.pass_time(rarest.due)
        elif dues:
            self.steps.pass_time(dues[0])

    def quarrel(self) -> None:
        """Open a case somewhere."""
        sales = self.world.auditor.sales
        free = [name for name in sales if name not in self.steps.quarrels]
        young = [name for name in free if sales[name].state not in FINAL]
        names = young if young and self.world.random.random() < 0.85 else free
        ways = [
            way for name in self.world.random.sample(names, min(3, len(names))) for way in self.steps.openings(name)
        ]
        if ways:
            self.world.random.choice(ways)()

    def step(self, open_sales: list[str]) -> None:
        """Take the step that was taken least so far, of what is possible with some orders."""
        found: list[Step] = []
        for name in list(self.steps.quarrels):
            found += self.steps.of_case(name)
        if not found or self.world.random.random() < 0.4:
            for name in self.world.random.sample(open_sales, min(4, len(open_sales))):
                found += self.steps.of_hold(name)
            found += self.steps.of_payouts()
            if self.world.at_provider:
                found += self.steps.of_splits()
        if found:
            self.world.random.shuffle(found)
            self.world.take(min(found, key=lambda step: self.world.reached[step.move] + self.world.random.random() * 3))

    def wire_one(self) -> None:
        """Look at a payout that a gateway is at, now or so late that it cannot arrive any more."""
        self.world.n_events += 1
        later = self.world.random.choice([timedelta(), timedelta(minutes=3), timedelta(minutes=11)])
        self.world.now += later
        self.steps.look_at(self.world.random.choice(self.steps.wired()))

    def split_one(self) -> None:
        """Work on something that the provider is to do."""
        self.world.n_events += 1
        if found := [split for split in self.steps.splits() if split.state != "needs_staff"]:
            self.steps.work_on(self.world.random.choice(found[:5]))

    # ── refunds ───────────────────────────────────────────────────────────────────────────────────

    def refund_one(self) -> None:
        """Let a worker carry out a refund, with a gateway in some mood; sometimes the worker dies at it."""
        world = self.world
        world.n_events += 1
        waiting = Refund.objects.exclude(state="done").order_by("created_at").values_list("id", flat=True)
        if not waiting:
            return
        refund_id = world.random.choice(list(waiting[:5]))
        if world.random.random() < 0.15:
            self._die_refunding(refund_id)
        self.carry_out(refund_id)

    def _die_refunding(self, refund_id: UUID) -> None:
        """Die between the worker's transactions or in one; what was committed before stays, as it would."""
        self._destination(Refund.objects.get(id=refund_id))
        try:
            with self.world.clock(), dying(self.world.random.randrange(2, 12)):
                execute_refund(refund_id)
        except Crash:
            self.world.n_crashes += 1
        except ProviderError:
            pass
        self._count_done(refund_id)

    def carry_out(self, refund_id: UUID) -> bool:
        """Run the job of one refund, and return whether it is done; staff send it again when it waits for them."""
        world = self.world
        refund = Refund.objects.get(id=refund_id)
        purse = self._destination(refund)
        with world.clock():
            if refund.state == "needs_staff" and purse is not None and purse.is_closed:
                mark_done_by_hand(refund_id, by=world.staff[0], note="to the card they wrote of")
            elif refund.state == "needs_staff":
                send_again(refund_id, by=world.staff[0])
            with suppress(ProviderError):
                execute_refund(refund_id)
        return self._count_done(refund_id)

    def _destination(self, refund: Refund) -> Purse | None:
        """Foretell into which balance a refund goes: decided when it is first sent, and never otherwise after that."""
        sale = self.world.auditor.sales.get(str(refund.order_id))
        if refund.state == "due" or refund.id not in self.decided:
            self.decided[refund.id] = sale.goes_back_to if sale else None
        return self.decided[refund.id]

    def _count_done(self, refund_id: UUID) -> bool:
        refund, auditor = Refund.objects.get(id=refund_id), self.world.auditor
        if refund.state == "done" and str(refund_id) not in self.world.done:
            self.world.done.add(str(refund_id))
            purse = self.decided[refund_id]
            if purse is None:
                auditor.sent_back += refund.amount
            elif purse.is_closed and refund.channel_id == self.world.balances.id:
                auditor.by_hand_from_trust += refund.amount
            elif purse.is_closed:
                auditor.by_hand_from_clearing += refund.amount
            else:
                auditor.credited += refund.amount
                purse.balance += refund.amount
        return refund.state == "done"

    def settle_everything(self) -> None:
        """Let the gateway answer plainly, carry out what waits, and hold its count against ours."""
        self.world.gateway.is_calm = True
        self.steps.wires_home()
        self.steps.bring_home()
        for n, refund_id in enumerate(Refund.objects.exclude(state="done").values_list("id", flat=True)):
            for _ in range(3):
                if self.carry_out(refund_id) and n % 5:  # of some the job comes again, which changes nothing
                    break
        self.world.compare(whole=True)
        self.world.audit()
        sent = {one.id: one.amount for one in Refund.objects.all() if self.decided[one.id] is None}
        auditor = self.world.auditor
        assert self.world.gateway.given_back == {ids.show("ref", one): amount for one, amount in sent.items()}
        assert sum(sent.values()) == auditor.sent_back == auditor.promised - auditor.credited - auditor.by_hand
        for purse in auditor.purses:
            told = [(one.amount, one.after) for one in movements(purse.user_id, limit=1_000)]
            assert sum(amount for amount, _ in told) == purse.balance == (told[0][1] if told else 0)

    # ── what is forbidden ─────────────────────────────────────────────────────────────────────────

    def something_forbidden(self, open_sales: list[str]) -> None:
        """Try a move of somebody else's, or one that its state does not have."""
        world = self.world
        stopped = [name for name in open_sales if world.auditor.sales[name].stopped]
        name = world.random.choice(stopped or open_sales)
        sale, order_id = world.auditor.sales[name], UUID(name)
        dee, seller = Actor(Role.ARBITER, 1), Actor(Role.SELLER)
        tries: list[tuple[str, Callable[[], object]]] = [
            ("a buyer gives himself money", lambda: self._back(order_id, 1, BUYER)),
            ("more than all goes back", lambda: self._back(order_id, sale.left + 1, dee)),
            ("nothing goes back", lambda: self._back(order_id, 0, dee)),
            ("one person freezes", lambda: run(escrow.freeze(order_id, "case", by=(3, 3)))),
            ("more is withdrawn than there is", self.steps.ask_for_too_much),
        ]
        if world.purses:
            tries.append(("more is withdrawn than is in a balance", self.steps.withdraw_too_much))
        if sale.state == "held":
            tries += [
                ("a seller confirms", lambda: run(escrow.confirm(order_id, by=seller))),
                ("a seller releases", lambda: run(escrow.release(order_id, by=seller))),
                ("a buyer releases", lambda: run(escrow.release(order_id, by=BUYER))),
            ]
        if sale.sharing == "sent":
            tries = [("money comes back while it is being shared out", lambda: self._back(order_id, 1, dee))]
        if sale.state == "frozen" and sale.shared:
            tries = [
                ("a court has what a provider shared out", lambda: run(escrow.hand_over(order_id, "7", 1, by=(1, 2))))
            ]
        if sale.state == "held" and sale.stopped:
            tries.append(("a stopped hold is confirmed", lambda: run(escrow.confirm(order_id, by=BUYER))))
        if quarrel := self.steps.quarrels.get(name):
            case, now = quarrel.case_id, world.now
            tries += [
                ("a seller withdraws", lambda: cases.withdraw(case, by=SELLER, now=now)),
                ("a buyer concedes", lambda: cases.concede(case, by=BUYER, now=now)),
                ("a buyer offers", lambda: cases.offer(case, cases.Offer.PART, by=BUYER, now=now, amount=1)),
                ("a second case is opened", lambda: self.steps.open_case(name, question=False)),
            ]
        world.refuse(*world.random.choice(tries))

    def _back(self, order_id: UUID, amount: int, by: Actor) -> object:
        key = f"forbidden/{self.world.n_events}"
        return run(escrow.give_back(order_id, amount, reason=RefundReason.STAFF, key=key, by=by))


def shortest(table: Table, start: str, goal: tuple[str, str]) -> list[str]:
    """Return the events that lead from a state to a move and make it, by the shortest way."""
    queue: deque[tuple[str, list[str]]] = deque([(start, [])])
    seen = {start}
    while queue:
        state, events = queue.popleft()
        if state == goal[0]:
            return [*events, goal[1]]
        for (source, event), (target, _) in sorted(table.items()):
            if source == state and target is not None and target not in seen:
                seen.add(target)
                queue.append((target, [*events, event]))
    raise AssertionError(f"no way from {start} to {goal}")


TABLES: dict[str, Table] = {"hold": HOLD, "case": CASE, "payout": PAYOUT, "split": SPLIT}
