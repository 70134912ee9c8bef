"""What a licensed provider is asked to do with orders' money (分账): share, return, let go; late, twice or never."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta

from tests.books.auditor import BPS, Sale
from tests.books.hold_steps import HoldSteps
from tests.books.world import Crash, Step, dying
from xinka.escrow.models import Split
from xinka.flows.escrow.splitting import execute_split, mark_split_done, try_split_again
from xinka.kernel import ids
from xinka.kernel.errors import ProviderError

OPEN = ("due", "sending", "needs_staff")


class SplitSteps(HoldSteps):
    """Finds what can happen to splits, in worlds where a provider has the money."""

    def let_go(self, sale: Sale, at: datetime) -> None:
        """Ask the provider to share the seller's part out; the release counts when it has said yes."""
        if not self.world.at_provider:
            return super().let_go(sale, at)
        sale.sharing, sale.due, sale.rest = "due", None, None
        return None

    def settled(self, sale: Sale) -> None:
        """What the provider shared out has left for good; it may let the rest go."""
        self.auditor.shared_out += sale.shared

    def is_sharing(self, name: str) -> bool:
        """Whether the provider has been asked and has not said yes."""
        return bool(self.auditor.sales[name].sharing)

    def splits(self) -> list[Split]:
        """What the provider has yet to do, the oldest first."""
        return list(Split.objects.filter(state__in=OPEN).order_by("created_at", "id"))

    def of_splits(self) -> Iterator[Step]:
        """What can happen to splits now."""
        for split in self.splits()[:4]:
            if split.state == "needs_staff":
                yield self._staff_step(split, "try_again")
                yield self._staff_step(split, "mark_done")

    def _staff_step(self, split: Split, event: str) -> Step:
        def act() -> None:
            if event == "try_again":
                try_split_again(split.id, by=self.world.staff[0])
            else:
                there = self.world.gateway.moved  # they look, and do by hand there what was not done
                there.setdefault(ids.show("spl", split.id), (split.action, split.amount))
                mark_split_done(split.id, by=self.world.staff[1], note="seen there")

        def then() -> None:
            if event == "mark_done":
                self._done(split)

        return Step("split", "needs_staff", event, act, then)

    def work_on(self, split: Split) -> None:
        """Run the job of one split, with a provider in some mood; sometimes the worker dies at it."""
        world, before = self.world, split.state
        if before not in {"due", "sending"}:
            return
        with world.clock():
            if not world.gateway.is_calm and world.random.random() < 0.15:
                try:
                    with dying(world.random.randrange(2, 12)), suppress(ProviderError):
                        execute_split(split.id)
                except Crash:
                    world.n_crashes += 1
            else:
                with suppress(ProviderError):
                    execute_split(split.id)
        split.refresh_from_db()
        sale = self.auditor.sales[str(split.order_id)]
        if before == "due" and split.state != "due":
            world.reached["split", "due", "begin"] += 1
        if split.state == "done":
            number = ids.show("spl", split.id)
            assert world.gateway.moved.get(number) == (split.action, split.amount), f"{number} is not done there"
            world.reached["split", "sending", "finish"] += 1
            self._done(split)
        elif split.state == "needs_staff":
            world.reached["split", "sending", "leave"] += 1
            self._note_sharing(sale, split)
        elif split.state == "sending":
            world.reached["split", "sending", "retry"] += bool(split.attempts)
            self._note_sharing(sale, split)

    def _note_sharing(self, sale: Sale, split: Split) -> None:
        if split.action == "share":
            sale.sharing = "sent"

    def _done(self, split: Split) -> None:
        sale = self.auditor.sales[str(split.order_id)]
        if split.action == "return":
            return
        if split.action == "share":
            assert split.amount == sale.gross - sale.gross * BPS // 10_000, "another amount was shared"
            sale.sharing, sale.shared = "", split.amount
            sale.release(self.world.now)
            sale.reserved = 0  # nothing of it can be kept: the seller has it
            self.world.reached["hold", "held", "shared"] += 1

    def take_back(self, sale: Sale, *, part: bool) -> None:
        """Give up a share that was not sent; the time to check, which was over, is looked at again."""
        if sale.sharing != "due":
            return
        sale.sharing = ""
        self.world.reached["split", "due", "drop"] += 1
        if part:
            sale.due = None if sale.stopped else sale.delivered_at
            sale.rest = timedelta() if sale.stopped else None

    def opened(self, sale: Sale) -> None:
        """A case stops a hold; a share that was not sent is given up."""
        if sale.sharing == "due":
            sale.sharing, sale.rest = "", timedelta()
            self.world.reached["split", "due", "drop"] += 1

    def bring_home(self) -> None:
        """Have everything done that the provider was asked for, and hold its count against ours."""
        for _ in range(6):
            for split in self.splits():
                with self.world.clock():
                    if split.state == "needs_staff":
                        try_split_again(split.id, by=self.world.staff[0])
                        split.refresh_from_db()
                self.work_on(split)
        assert self.splits() == []
        seized = {name for name, sale in self.auditor.sales.items() if sale.state == "seized"}
        let_go = Split.objects.filter(action="unfreeze", state="done").values_list("order_id", flat=True)
        assert not self.world.at_provider or seized <= {str(order_id) for order_id in let_go}, (
            "a court's money is stuck"
        )
        there = {
            action: sum(amount for kind, amount in self.world.gateway.moved.values() if kind == action)
            for action in ("share", "return")
        }
        ours = sum(sale.shared for sale in self.auditor.sales.values())
        assert there["share"] - there["return"] == ours, (there, ours)
