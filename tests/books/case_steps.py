"""What can happen to cases: questions, disputes, claims and chargebacks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from uuid import UUID

from tests.books.hold_steps import (
    BUYER_TIME,
    EVIDENCE_TIME,
    SELLER_TIME,
    STAFF_TIME,
    HoldSteps,
    Quarrel,
)
from tests.books.world import Step
from tests.flows.disputing import BUYER, REASONS, SELLER
from xinka.disputes.reasons import Reason
from xinka.disputes.states import Decision, Offer
from xinka.flows.disputes import cases, chargebacks, deciding
from xinka.flows.disputes.deciding import Verdict
from xinka.kernel.actors import Actor
from xinka.payments.models import Receipt


class CaseSteps(HoldSteps):
    """Finds what can happen to cases."""

    def openings(self, name: str) -> Iterator[Callable[[], None]]:
        """Ways to open a case about an order; an opening is no move of a machine."""
        sale = self.auditor.sales[name]
        if name in self.quarrels or sale.state not in {"held", "aftersale", "settled"} or sale.sharing == "sent":
            return
        if (
            sale.state != "settled"
            and name not in self.is_decided
            and self.n_cases.get(name, 0) < 3
            and not self.is_with_the_bank(name)
        ):
            for question in (False, True):
                yield lambda question=question: self.open_case(name, question=question)  # type: ignore[misc]
        if sale.payer is None:  # what was paid from a balance, no bank knows of
            yield lambda: self.open_chargeback(name)

    def open_case(self, name: str, *, question: bool) -> None:
        """Let the buyer open a question, a dispute or a claim."""
        world, sale = self.world, self.auditor.sales[name]
        complaint = cases.Complaint(Reason.ALREADY_USED, "It says used.", (), question, ())
        with world.clock() as now:
            case = cases.open_case(world.bought[name].order, complaint, by=BUYER, now=now)
        kind = "question" if question else "dispute" if sale.state == "held" else "claim"
        event = "question_unanswered" if question else "seller_silent"
        self.quarrels[name] = Quarrel(case.id, kind, "awaits_seller", sale.left, now + SELLER_TIME, event)
        assert (case.kind, case.amount) == (kind, sale.left)
        self._stop(name)

    def _stop(self, name: str) -> None:
        sale = self.auditor.sales[name]
        sale.pause(self.world.now)
        sale.stopped = True
        self.opened(sale)
        self.n_cases[name] = self.n_cases.get(name, 0) + 1
        self.world.n_events += 1

    def open_chargeback(self, name: str) -> None:
        """Have a bank want money back; told twice it is one case."""
        world = self.world
        receipt = Receipt.objects.filter(order_id=UUID(name)).order_by("received_at").first()
        assert receipt is not None
        amount = world.random.randint(1, receipt.amount)
        number = f"cb{world.n_events}"
        found = chargebacks.Chargeback(receipt.channel_id, receipt.trade_no, number, amount)
        from_available = min(amount, self.auditor.expected()["SELLER_AVAILABLE"])
        from_reserve = min(amount - from_available, self.auditor.in_reserve())
        owed = amount - from_available - from_reserve
        with world.clock() as now:
            case = chargebacks.open_chargeback(found, now=now)
            assert chargebacks.open_chargeback(found, now=now).id == case.id
        self.auditor.available -= from_available
        self.auditor.reserve_used += from_reserve
        self.auditor.owed += owed
        self.auditor.suspense += amount
        quarrel = Quarrel(case.id, "chargeback", "gateway_asks", amount, now + EVIDENCE_TIME, "evidence_late")
        quarrel.taken = (from_available, from_reserve, owed)
        self.quarrels[name] = quarrel
        self._stop(name)
        self.n_cases[name] -= 1

    def of_case(self, name: str) -> Iterator[Step]:
        """What can happen to the open case of an order, timers not counted."""
        finders = {
            "awaits_seller": self._at_seller,
            "awaits_buyer": self._at_buyer,
            "under_review": self._under_review,
            "decided": self._decided,
            "appealed": self._appealed,
            "gateway_asks": self._at_gateway,
            "gateway_decides": self._at_gateway,
        }
        quarrel = self.quarrels[name]
        yield from finders[quarrel.state](name, quarrel)

    def _step(self, name: str, event: str, act: Callable[[UUID, datetime], object], then: Callable[[], None]) -> Step:
        quarrel = self.quarrels[name]
        return Step("case", quarrel.state, event, lambda: act(quarrel.case_id, self.world.now), then)

    def _talks(self, name: str, quarrel: Quarrel) -> Iterator[Step]:
        """What both can do while they talk."""

        def withdraw(case: UUID, now: datetime) -> object:
            return cases.withdraw(case, by=BUYER, now=now)

        def concede(case: UUID, now: datetime) -> object:
            return cases.concede(case, by=SELLER, now=now)

        def conceded() -> None:
            self._give_back(name, quarrel.amount)
            self._end(name)

        yield self._step(name, "withdraw", withdraw, lambda: self._end(name))
        yield self._step(name, "concede", concede, conceded)

    def _offers(self, name: str, quarrel: Quarrel) -> Iterator[Step]:
        if quarrel.amount > 1:
            part = self.world.random.randint(1, quarrel.amount - 1)
            yield self._offer_step(name, Offer.PART, part)
        yield self._offer_step(name, Offer.REPLACE, 0)
        if quarrel.kind == "question":

            def raise_it(case: UUID, now: datetime) -> object:
                return cases.raise_question(case, by=BUYER, now=now)

            def raised() -> None:
                quarrel.kind = "dispute"
                quarrel.turn("awaits_seller", self.world.now + SELLER_TIME, "seller_silent")

            yield self._step(name, "raise", raise_it, raised)
        if quarrel.offer is not None:
            yield self._accept_step(name, quarrel)

    def _offer_step(self, name: str, what: Offer, part: int) -> Step:
        quarrel = self.quarrels[name]

        def act(case: UUID, now: datetime) -> object:
            self._have_stock(name)
            return cases.offer(case, what, by=SELLER, now=now, amount=part)

        def then() -> None:
            quarrel.offer = (what.value, part)
            quarrel.turn("awaits_buyer", self.world.now + BUYER_TIME, "buyer_silent")

        return self._step(name, "offer", act, then)

    def _have_stock(self, name: str) -> None:
        from tests import cast  # here, beside its only use

        quantity = self.world.bought[name].order.quantity
        codes = [f"R{self.world.seed}-{self.world.random.getrandbits(60):x}" for _ in range(quantity)]
        cast.stock_up(self.world.ware.sku, codes)

    def _accept_step(self, name: str, quarrel: Quarrel) -> Step:
        assert quarrel.offer is not None
        what, part = quarrel.offer

        def act(case: UUID, now: datetime) -> object:
            self._have_stock(name)
            return cases.accept(case, Offer(what), by=BUYER, now=now, amount=part)

        def then() -> None:
            self._give_back(name, part)
            self._end(name)

        return self._step(name, "accept", act, then)

    def _at_seller(self, name: str, quarrel: Quarrel) -> Iterator[Step]:
        def answer(case: UUID, now: datetime) -> object:
            return cases.write(case, "Please try again.", by=SELLER, now=now)

        yield self._step(
            name, "answer", answer,
            lambda: quarrel.turn("awaits_buyer", self.world.now + BUYER_TIME, "buyer_silent"),
        )  # fmt: skip
        yield self._escalate(name, quarrel, SELLER)
        yield from self._offers(name, quarrel)
        yield from self._talks(name, quarrel)

    def _escalate(self, name: str, quarrel: Quarrel, by: Actor) -> Step:
        def act(case: UUID, now: datetime) -> object:
            return cases.escalate(case, by=by, now=now)

        def then() -> None:
            quarrel.kind = "dispute" if quarrel.kind == "question" else quarrel.kind
            quarrel.turn("under_review", self.world.now + STAFF_TIME, "review_late")

        return self._step(name, "escalate", act, then)

    def _silence(self, quarrel: Quarrel) -> str:
        return "question_unanswered" if quarrel.kind == "question" else "seller_silent"

    def _at_buyer(self, name: str, quarrel: Quarrel) -> Iterator[Step]:
        def reply(case: UUID, now: datetime) -> object:
            return cases.write(case, "It still says used.", by=BUYER, now=now)

        def sellers() -> None:
            quarrel.turn("awaits_seller", self.world.now + SELLER_TIME, self._silence(quarrel))

        yield self._step(name, "reply", reply, sellers)
        if quarrel.offer is not None:

            def decline(case: UUID, now: datetime) -> object:
                return cases.decline(case, by=BUYER, now=now)

            def declined() -> None:
                quarrel.offer = None
                sellers()

            yield self._step(name, "decline", decline, declined)
        yield self._escalate(name, quarrel, BUYER)
        yield from self._offers(name, quarrel)
        yield from self._talks(name, quarrel)

    def _verdict(self, quarrel: Quarrel) -> Verdict:
        choices = [Decision.REFUND, Decision.RELEASE, *([Decision.PART] if quarrel.amount > 1 else [])]
        decision = self.world.random.choice(choices)
        part = self.world.random.randint(1, quarrel.amount - 1) if decision is Decision.PART else 0
        return Verdict(decision, REASONS, part)

    def _judge(self, name: str, quarrel: Quarrel, verdict: Verdict) -> None:
        amounts = {Decision.REFUND: quarrel.amount, Decision.PART: verdict.amount, Decision.RELEASE: 0}
        quarrel.decision, quarrel.decided = verdict.decision.value, amounts[verdict.decision]
        self.is_decided.add(name)

    def _under_review(self, name: str, quarrel: Quarrel) -> Iterator[Step]:
        verdict = self._verdict(quarrel)

        def act(case: UUID, now: datetime) -> object:
            return deciding.decide(case, verdict, by=self.world.staff[0], now=now)

        def then() -> None:
            self._judge(name, quarrel, verdict)
            content = {"refund": {"buyer"}, "release": {"seller"}}.get(quarrel.decision, set())
            quarrel.waived = frozenset(content)
            quarrel.turn("decided", self.world.now + STAFF_TIME, "carry_out")

        yield self._step(name, "decide", act, then)
        yield from self._talks(name, quarrel)

    def _decided(self, name: str, quarrel: Quarrel) -> Iterator[Step]:
        for actor, role in ((BUYER, "buyer"), (SELLER, "seller")):
            if role in quarrel.waived:
                continue
            yield self._waive_step(name, quarrel, actor, role)
            yield self._appeal_step(name, quarrel, actor)

    def _waive_step(self, name: str, quarrel: Quarrel, actor: Actor, role: str) -> Step:
        is_last = bool(quarrel.waived)

        def act(case: UUID, now: datetime) -> object:
            return deciding.waive(case, by=actor, now=now)

        def then() -> None:
            quarrel.waived |= {role}
            if is_last:
                self._carry_out(name)

        return self._step(name, "carry_out" if is_last else "waive", act, then)

    def _appeal_step(self, name: str, quarrel: Quarrel, actor: Actor) -> Step:
        def act(case: UUID, now: datetime) -> object:
            return deciding.appeal(case, "Look at it again, please.", by=actor, now=now)

        return self._step(
            name, "appeal", act, lambda: quarrel.turn("appealed", self.world.now + STAFF_TIME, "review_late")
        )

    def _appealed(self, name: str, quarrel: Quarrel) -> Iterator[Step]:
        verdict = self._verdict(quarrel)

        def act(case: UUID, now: datetime) -> object:
            return deciding.decide_appeal(case, verdict, by=self.world.staff[1], now=now)

        def then() -> None:
            self._judge(name, quarrel, verdict)
            self._carry_out(name)

        yield self._step(name, "decide_appeal", act, then)

    def _at_gateway(self, name: str, quarrel: Quarrel) -> Iterator[Step]:
        if quarrel.state == "gateway_asks":

            def send(case: UUID, now: datetime) -> object:
                return chargebacks.send_evidence(case, by=self.world.staff[0], now=now)

            yield self._step(name, "send_evidence", send, lambda: quarrel.turn("gateway_decides", None, ""))

        def won() -> None:
            auditor, (from_available, from_reserve, owed) = self.auditor, quarrel.taken
            auditor.suspense -= quarrel.amount
            auditor.reserve_used -= from_reserve
            still_owed = min(owed, auditor.owed)
            auditor.owed -= still_owed  # what was taken from the seller for it since comes back
            auditor.available += from_available + owed - still_owed
            self._end(name)

        def lost() -> None:
            self.auditor.suspense -= quarrel.amount
            self.auditor.lost += quarrel.amount
            self.lost_to_bank[name] = self.lost_to_bank.get(name, 0) + quarrel.amount
            self._end(name)

        yield self._step(name, "gateway_won", lambda case, now: chargebacks.win(case, now=now), won)
        yield self._step(name, "gateway_lost", lambda case, now: chargebacks.lose(case, now=now), lost)
