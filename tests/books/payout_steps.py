"""What can happen to payouts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

from tests.books.hold_steps import (
    HoldSteps,
)
from tests.books.world import Step
from tests.flows.payouts import wish
from xinka.flows.payouts import asking, review, sending
from xinka.kernel.actors import Actor, Role
from xinka.payouts.details import AccountKind
from xinka.payouts.models import Payout
from xinka.payouts.payees import Payee


class PayoutSteps(HoldSteps):
    """Finds what can happen to payouts."""

    def ask_for_payout(self) -> None:
        """Let the merchant withdraw something, if there is enough; what is owed is taken first."""
        available, owed = self.auditor.expected()["SELLER_AVAILABLE"], self.auditor.owed
        free = available - min(available, owed)
        if free < 1_100 or self.payout_hold:
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

    def of_payouts(self) -> Iterator[Step]:
        """What can happen to payouts."""
        for name, (state, amount, yes) in list(self.payouts.items()):
            if state == "asked" and not self.payout_hold:
                yield from self._approve_step(name, amount, yes)
            if state in {"asked", "approved", "held"}:
                yield self._cancel_step(name, state, amount)
            if state == "sending" and name not in self.by_wire:
                yield from self._outcome_steps(name, amount)
        states = {state for state, _, _ in self.payouts.values()}
        if "approved" in states and not self.payout_hold:
            yield self._send_step()
        for state in states & {"asked", "approved"}:
            if not self.payout_hold:
                yield Step(
                    "payout", state, "hold", self._hold_all, lambda: self._set_all({"asked", "approved"}, "held")
                )
        if self.payout_hold:
            event = "resume" if "held" in states else ""
            yield Step("payout", "held", event, self._lift, self._lifted)

    def _set_all(self, sources: set[str], target: str) -> None:
        for name, (state, amount, _) in self.payouts.items():
            if state in sources:
                self.payouts[name] = (target, amount, 0)

    def _hold_all(self) -> None:
        self.payout_hold = review.hold(
            Payee.of_merchant(self.world.merchant.id), by=self.world.staff[0], reason="look"
        ).id

    def _lift(self) -> None:
        review.lift_hold(self.payout_hold, by=self.world.staff[1])

    def _lifted(self) -> None:
        self.payout_hold = 0
        self._set_all({"held"}, "asked")

    def _approve_step(self, name: str, amount: int, yes: int) -> Iterator[Step]:
        needed = 2 if self._asked_within_a_day(name) + amount + 3 >= 20_000 else 1

        def act() -> object:
            return review.approve(UUID(name), by=self.world.staff[2 + yes])

        def then() -> None:
            state = "approved" if yes + 1 >= needed else "asked"
            self.payouts[name] = (state, amount, yes + 1)

        yield Step("payout", "asked", "approve" if yes + 1 >= needed else "", act, then)

    def _asked_within_a_day(self, name: str) -> int:
        """Return what the merchant asked for in the day before this one, without what came back."""
        until = self.asked_at[name]
        return sum(
            amount + 3
            for other, (state, amount, _) in self.payouts.items()
            if other != name
            and state not in {"cancelled", "failed"}
            and until - timedelta(days=1) < self.asked_at[other] <= until
        )

    def _cancel_step(self, name: str, state: str, amount: int) -> Step:
        by = Actor(Role.FINANCE, 1) if state == "held" else Actor(Role.SELLER, 1)

        def then() -> None:
            self.payouts[name] = ("cancelled", amount, 0)
            self.auditor.in_transit -= amount + 3
            self.auditor.available += amount + 3

        return Step("payout", state, "cancel", lambda: asking.cancel(UUID(name), by=by), then)

    def _send_step(self) -> Step:
        def act() -> object:
            return sending.make_batch(AccountKind.BANK, "CNY", by=self.world.staff[4])

        return Step("payout", "approved", "send", act, lambda: self._set_all({"approved"}, "sending"))

    def _outcome_steps(self, name: str, amount: int) -> Iterator[Step]:
        for is_paid in (True, False):

            def act(is_paid: bool = is_paid) -> object:
                batch = Payout.objects.select_related("batch").get(id=UUID(name)).batch
                told = [sending.Outcome(UUID(name), is_paid, "B1", "")]
                sending.record_outcomes(batch, told, by=self.world.staff[5])
                return sending.record_outcomes(batch, told, by=self.world.staff[5])  # the file comes twice

            def then(is_paid: bool = is_paid) -> None:
                self.payouts[name] = ("paid" if is_paid else "failed", amount, 0)
                self.auditor.in_transit -= amount + 3
                if is_paid:
                    self.auditor.paid_out += amount
                    self.auditor.fees += 3
                else:
                    self.auditor.available += amount + 3

            yield Step("payout", "sending", "pay" if is_paid else "fail", act, then)
