"""What can happen to payouts, of the merchant and of buyers: one machine, and different terms."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

from tests.books.hold_steps import (
    HoldSteps,
)
from tests.books.purses import Purse
from tests.books.world import Step
from tests.flows.payouts import wish
from xinka.flows.payouts import asking, returning, review, sending
from xinka.kernel.actors import Actor, Role
from xinka.payouts.details import AccountKind
from xinka.payouts.models import Payout, PayoutAccount
from xinka.payouts.payees import Payee
from xinka.payouts.states import ReturnState


class PayoutSteps(HoldSteps):
    """Finds what can happen to payouts."""

    def ask_for_payout(self) -> None:
        """Let the merchant withdraw something, if there is enough; what is owed is taken first."""
        available, owed = self.auditor.expected()["SELLER_AVAILABLE"], self.auditor.owed
        free = available - min(available, owed)
        if free < 1_100 or self.payout_holds.get(None):
            return
        amount = self.world.random.randint(1_000, free - 3)
        with self.world.clock() as now:
            asked = wish(self.world.account, amount)  # type: ignore[arg-type]
            payout = asking.ask(asked, by=self.world.ada, now=now)
            assert asking.ask(asked, by=self.world.ada, now=now).id == payout.id
        self.auditor.owed -= min(available, owed)
        self.auditor.available -= min(available, owed) + amount + 3
        self.auditor.in_transit += amount + 3
        self.payouts[str(payout.id)] = ("asked", amount, 0)
        self.asked_at[str(payout.id)] = now
        self.world.n_events += 1

    def ask_for_too_much(self) -> object:
        """Let the merchant withdraw one minor unit more than there is, the fee counted."""
        available, owed = self.auditor.expected()["SELLER_AVAILABLE"], self.auditor.owed
        wanted = max(1_000, available - min(available, owed) - 2)
        return asking.ask(wish(self.world.account, wanted), by=self.world.ada, now=self.world.now)  # type: ignore[arg-type]

    def fee_of(self, name: str) -> int:
        """Return what a payout costs: a buyer has money of their own back, and pays nothing for it."""
        return 0 if name in self.whose else 3

    def is_on_hold(self, name: str) -> bool:
        """Whether something stops the payouts of whose this is."""
        return bool(self.payout_holds.get(self.whose.get(name)))

    def ended(self, name: str, state: str) -> None:
        """Take note that a payout ended: what was not paid is where it came from, the fee too."""
        _, amount, _ = self.payouts[name]
        purse, total = self.whose.get(name), amount + self.fee_of(name)
        self.payouts[name] = (state, amount, 0)
        if purse is None:
            self.auditor.in_transit -= total
            self.auditor.available += 0 if state == "paid" else total
        else:
            purse.in_transit -= total
            purse.balance += 0 if state == "paid" else total
        if state == "paid":
            self.auditor.fees += self.fee_of(name)

    def of_payouts(self) -> Iterator[Step]:
        """What can happen to payouts."""
        for name, (state, amount, yes) in list(self.payouts.items()):
            if state == "asked" and not self.is_on_hold(name):
                yield from self._approve_step(name, amount, yes)
            if state in {"asked", "approved", "held"}:
                yield self._cancel_step(name, state)
            if state == "sending" and name not in self.by_wire:
                yield from self._outcome_steps(name, amount)
            if state == "paid" and name not in self.by_wire:
                yield self._return_step(name, amount)
        if "approved" in {state for state, _, _ in self.payouts.values()}:
            yield self._send_step()
        yield from self._hold_steps(None, Payee.of_merchant(self.world.merchant.id))
        for purse in set(self.whose.values()):
            yield from self._hold_steps(purse, Payee.of_buyer(purse.user_id))

    def _hold_steps(self, whose: Purse | None, payee: Payee) -> Iterator[Step]:
        states = {state for name, (state, _, _) in self.payouts.items() if self.whose.get(name) is whose}
        if hold := self.payout_holds.get(whose):

            def lift() -> object:
                return review.lift_hold(hold, by=self.world.staff[1])

            def lifted() -> None:
                self.payout_holds[whose] = 0
                self._set_all(whose, {"held"}, "asked")

            yield Step("payout", "held", "resume" if "held" in states else "", lift, lifted)
            return
        for state in states & {"asked", "approved"}:

            def stop() -> None:
                self.payout_holds[whose] = review.hold(payee, by=self.world.staff[0], reason="look").id

            yield Step(
                "payout", state, "hold", stop, lambda: self._set_all(whose, {"asked", "approved"}, "held")
            )  # fmt: skip

    def _set_all(self, whose: Purse | None, sources: set[str], target: str) -> None:
        for name, (state, amount, _) in self.payouts.items():
            if state in sources and self.whose.get(name) is whose:
                self.payouts[name] = (target, amount, 0)

    def _approve_step(self, name: str, amount: int, yes: int) -> Iterator[Step]:
        needed = 2 if self._asked_within_a_day(name) + amount + self.fee_of(name) >= 20_000 else 1

        def act() -> object:
            return review.approve(UUID(name), by=self.world.staff[2 + yes])

        def then() -> None:
            state = "approved" if yes + 1 >= needed else "asked"
            self.payouts[name] = (state, amount, yes + 1)

        yield Step("payout", "asked", "approve" if yes + 1 >= needed else "", act, then)

    def _asked_within_a_day(self, name: str) -> int:
        """Return what the payee asked for in the day before this one, without what came back."""
        until = self.asked_at[name]
        return sum(
            amount + self.fee_of(other)
            for other, (state, amount, _) in self.payouts.items()
            if other != name
            and self.whose.get(other) is self.whose.get(name)
            and state not in {"cancelled", "failed", "returned"}
            and until - timedelta(days=1) < self.asked_at[other] <= until
        )

    def _return_step(self, name: str, amount: int) -> Step:
        """Have the bank send back what was paid, and keep some of it; what takes two people, two of them say."""
        kept = self.world.random.randint(0, min(5, amount))

        def act() -> object:
            told = returning.Returned(UUID(name), "closed account", f"TP {name}", kept)
            made = returning.enter_return(told, key=UUID(name), by=self.world.staff[0])
            assert returning.enter_return(told, key=UUID(name), by=self.world.staff[0]).id == made.id
            if made.state == ReturnState.ASKED:
                returning.decide_return(made.id, grant=True, by=self.world.staff[1])
            return made

        def then() -> None:
            _, amount, _ = self.payouts[name]
            self.payouts[name] = ("returned", amount, 0)
            self.auditor.paid_back += amount
            self.auditor.kept += kept
            if purse := self.whose.get(name):
                purse.balance += amount
            else:
                self.auditor.available += amount
            PayoutAccount.objects.update(returned_at=None, returned_why="")  # looked at, and right

        return Step("payout", "paid", "return", act, then)

    def _cancel_step(self, name: str, state: str) -> Step:
        own = Role.BUYER if name in self.whose else Role.SELLER
        by = Actor(Role.FINANCE if state == "held" else own, 1)
        return Step(
            "payout", state, "cancel", lambda: asking.cancel(UUID(name), by=by), lambda: self.ended(name, "cancelled")
        )

    def _send_step(self) -> Step:
        def act() -> object:
            return sending.make_batch(AccountKind.BANK, "CNY", by=self.world.staff[4])

        def then() -> None:
            for whose in {None, *self.whose.values()}:
                self._set_all(whose, {"approved"}, "sending")

        return Step("payout", "approved", "send", act, then)

    def _outcome_steps(self, name: str, amount: int) -> Iterator[Step]:
        for is_paid in (True, False):

            def act(is_paid: bool = is_paid) -> object:
                batch = Payout.objects.select_related("batch").get(id=UUID(name)).batch
                told = [sending.Outcome(UUID(name), is_paid, "B1", "")]
                sending.record_outcomes(batch, told, by=self.world.staff[5])
                return sending.record_outcomes(batch, told, by=self.world.staff[5])  # the file comes twice

            def then(is_paid: bool = is_paid) -> None:
                self.ended(name, "paid" if is_paid else "failed")
                self.auditor.paid_out += amount if is_paid else 0

            yield Step("payout", "sending", "pay" if is_paid else "fail", act, then)
