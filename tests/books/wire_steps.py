"""Payouts through a gateway that answers late, twice or never; what it really paid is held against the books."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

from tests.books.payout_steps import PayoutSteps
from tests.books.world import Crash, Step, dying
from xinka.flows.payouts.gateway import MAY_STILL_ARRIVE, call_back, execute, send_through
from xinka.kernel import ids
from xinka.payouts.models import Payout

_EVENTS = {"paid": "pay", "failed": "fail", "cancelled": "cancel"}


class WireSteps(PayoutSteps):
    """Finds what can happen to payouts that a gateway carries out."""

    def wired(self) -> list[str]:
        """Payouts that a gateway is at."""
        return [name for name, (state, _, _) in self.payouts.items() if state == "sending" and name in self.by_wire]

    def of_payouts(self) -> Iterator[Step]:
        """What can happen to payouts; one that a gateway is at ends by its word alone."""
        yield from super().of_payouts()
        for name, (state, amount, _) in list(self.payouts.items()):
            if state == "approved":
                yield self._wire_step(name, amount)
        for name in self.wired():
            if not self.is_on_hold(name) and Payout.objects.get(id=UUID(name)).may_be_called_back:
                yield self._call_back_step(name)

    def _call_back_step(self, name: str) -> Step:
        def act() -> object:
            return call_back(UUID(name), by=self.world.staff[4])

        return Step("payout", "sending", "", act, lambda: None)

    def _wire_step(self, name: str, amount: int) -> Step:
        def act() -> object:
            return send_through(UUID(name), self.world.payer.id, by=self.world.staff[4])

        def then() -> None:
            self.by_wire.add(name)
            self.payouts[name] = ("sending", amount, 0)

        return Step("payout", "approved", "send", act, then)

    def look_at(self, name: str, *, later: timedelta = timedelta(), may_die: bool = True) -> None:
        """Run the job of one payout some time from now; sometimes the worker dies at it, unless it may not."""
        world = self.world
        with world.clock():
            if may_die and not world.gateway.is_calm and world.random.random() < 0.15:
                try:
                    with dying(world.random.randrange(2, 12)):
                        execute(UUID(name), now=world.now + later)
                except Crash:
                    world.n_crashes += 1
            else:
                execute(UUID(name), now=world.now + later)
        self._note_end(name)

    def _note_end(self, name: str) -> None:
        payout = Payout.objects.get(id=UUID(name))
        if payout.state not in _EVENTS:
            return
        amount, auditor, number = payout.amount, self.auditor, ids.show("out", payout.id)
        is_paid, is_back = number in self.world.gateway.wired, number in self.world.gateway.taken_back
        truly = "paid" if is_paid else "cancelled" if is_back else "failed"
        assert payout.state == truly, f"{name} is {payout.state} and truly {truly}"
        self.ended(name, payout.state)
        auditor.wired_out += amount if is_paid else 0
        self.world.reached["payout", "sending", _EVENTS[payout.state]] += 1

    def wires_home(self) -> None:
        """Look until every payout at the gateway has ended, and hold its count against ours."""
        for turn in range(1, 6):
            for name in self.wired():
                self.look_at(name, later=MAY_STILL_ARRIVE * 2 * turn)
        assert self.wired() == []
        ours = {ids.show("out", one.id): one.amount for one in Payout.objects.filter(state="paid", channel_id__gt=0)}
        assert self.world.gateway.wired == ours
        back = Payout.objects.filter(state="cancelled", channel_id__gt=0)
        assert self.world.gateway.taken_back == {ids.show("out", one.id): one.amount for one in back}
