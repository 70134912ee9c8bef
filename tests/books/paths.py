"""Straight ways through the money machines: to any move by the shortest, and scenes that bring rare things together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import timedelta
from functools import partial
from random import Random
from uuid import UUID

from django.db import transaction
from django.test import override_settings

from tests.books.table import AT_PROVIDER
from tests.books.walks import TABLES, Walk, shortest
from tests.books.world import Step
from tests.flows.disputing import BUYER
from xinka.accounts.models import User
from xinka.flows import escrow
from xinka.flows.payouts import returning
from xinka.kernel.ids import new_uuid
from xinka.kernel.per_currency import PerCurrency
from xinka.payments.models import Refund
from xinka.payouts.models import PayoutReturn
from xinka.payouts.states import ReturnState
from xinka.platform.database.django_drive import run

_TIMERS = {
    "confirm_due", "mature", "free_reserve", "seller_silent", "question_unanswered", "buyer_silent", "review_late",
    "evidence_late", "carry_out",
}  # fmt: skip
#: Where a move needs more than its state: an offer that was made.
_WITH_AN_OFFER = {
    ("awaits_seller", "accept"): ["offer", "reply", "accept"],
    ("awaits_buyer", "accept"): ["offer", "accept"],
    ("awaits_buyer", "decline"): ["offer", "decline"],
}


#: What a gateway may answer when it is told to pay out, and how the payout must end.
END_OF = {
    "yes": "paid",
    "silent": "paid",
    "done_but_silent": "paid",
    "late": "paid",
    "slow": "paid",
    "asks": "paid",
    "called back": "cancelled",
    "confirmed as it is called back": "paid",
    "no": "failed",
}
_CALLED_BACK = {"called back", "confirmed as it is called back"}


class NoWay(Exception):
    """In this world an arbiter decided so that the next move is nobody's; another world will do."""


def straight_to(walk: Callable[..., Walk], move: tuple[str, str, str]) -> Walk | None:
    """Return a world of its own in which a move was made by the shortest way; none of twenty may have one."""
    for seed in range(100, 120):
        with suppress(NoWay), transaction.atomic():  # a world without a way leaves nothing to the next
            kind = {"with_reserve": move[2] == "free_reserve", "at_provider": move in AT_PROVIDER}
            walking = walk(seed, **kind, merchant=f"ada-{seed}")
            go(walking, move)
            return walking
    return None


def go(walking: Walk, move: tuple[str, str, str]) -> None:
    """Walk to a move and make it."""
    machine, *goal = move
    finders = {"hold": _of_hold, "case": _of_case, "payout": _of_payout, "split": _of_split}
    finders[machine](walking, (goal[0], goal[1]))


def _of_hold(walking: Walk, goal: tuple[str, str]) -> None:
    name = walking.world.sell()
    if goal[1] == "shared":
        _until(walking, ("hold", *goal), name)
        return
    for event in shortest(TABLES["hold"], "held", goal):
        if event in _TIMERS:
            walking.steps.pass_time(walking.steps.dues()[0])
        else:
            walking.world.take(_find(walking.steps.of_hold(name), event))


def _of_case(walking: Walk, goal: tuple[str, str]) -> None:
    name, steps = walking.world.sell(), walking.steps
    if goal[0].startswith("gateway"):
        steps.open_chargeback(name)
        events = shortest(TABLES["case"], "gateway_asks", goal)
    else:
        steps.open_case(name, question=goal[1] in {"raise", "question_unanswered"})
        events = _WITH_AN_OFFER.get(goal) or shortest(TABLES["case"], "awaits_seller", goal)
    for event in events:
        if event in _TIMERS:
            due = steps.quarrels[name].due
            assert due is not None
            steps.pass_time(due)
        else:
            walking.world.take(_find(steps.of_case(name), event))


def _of_split(walking: Walk, goal: tuple[str, str]) -> None:
    name, steps = walking.world.sell(), walking.steps
    if goal[1] == "drop":
        walking.world.take(_find(steps.of_hold(name), "confirm"))
        steps.open_case(name, question=False)
        return
    _until(walking, ("split", *goal), name)


def _until(walking: Walk, move: tuple[str, str, str], name: str) -> None:
    """Confirm, and have the provider asked until the move was made; its moods decide how long that takes."""
    walking.world.take(_find(walking.steps.of_hold(name), "confirm"))
    for _ in range(40):
        if walking.world.reached[move]:
            return
        found = walking.steps.splits()
        if not found:
            break
        if found[0].state == "needs_staff":
            event = move[2] if move[1] == "needs_staff" else "try_again"
            walking.world.take(_find(walking.steps.of_splits(), event))
        else:
            walking.steps.work_on(found[0])
    if not walking.world.reached[move]:
        raise NoWay(move)


def _of_payout(walking: Walk, goal: tuple[str, str]) -> None:
    if goal == ("sending", "cancel"):  # by the word of a gateway that asks the payee
        pay_out(walking, "called back")
        return
    for _ in range(2):  # what is settled can be withdrawn
        walking.world.sell()
    while dues := walking.steps.dues():
        walking.steps.pass_time(dues[0])
    walking.steps.ask_for_payout()
    for event in shortest(TABLES["payout"], "asked", goal):
        found = list(walking.steps.of_payouts())
        if event == "approve" and all(step.event != event for step in found):
            walking.world.take(_find(found, ""))
            found = list(walking.steps.of_payouts())
        walking.world.take(_find(found, event))


def _find(found: Iterable[Step] | Iterator[Step], event: str) -> Step:
    for step in found:
        if step.event == event:
            return step
    raise NoWay(event)


def pay_out(walking: Walk, mood: str) -> str:
    """Have one payout sent through a gateway that is always in this mood, look until it ends, and return its end."""
    steps, world = walking.steps, walking.world
    for _ in range(3):
        world.sell()
    while dues := steps.dues():
        steps.pass_time(dues[0])
    steps.ask_for_payout()
    for event in ("approve", "send"):
        found = list(steps.of_payouts())
        if all(step.event != event for step in found):
            world.take(_find(found, ""))
            found = list(steps.of_payouts())
        world.take([step for step in found if step.event == event][-1])
    (name,) = steps.wired()
    world.gateway.random = _Moody("asks" if mood in _CALLED_BACK else mood)
    world.gateway.is_payee_quick = mood == "confirmed as it is called back"
    for minutes in (0, 2, 4, 6, 12, 14):
        if name in steps.wired():
            world.now += timedelta(minutes=2) if minutes else timedelta()
            # A worker that died every time would leave the payout to the calm end of the world, whatever the mood.
            steps.look_at(name, later=timedelta(), may_die=False)
            if mood in _CALLED_BACK and not minutes:
                world.take(_find(steps.of_payouts(), ""))
            world.now += timedelta(minutes=6) if minutes == 6 else timedelta()
    walking.settle_everything()
    return steps.payouts[name][0]


def give_back(walking: Walk, mood: str) -> None:
    """Have one refund carried out by a gateway that is in this mood until the end, and look twice before that."""
    name, world = walking.world.sell(), walking.world
    world.gateway.random = _Moody(mood)
    world.take(_find(walking.steps.of_hold(name), "give_back"))
    for refund_id in Refund.objects.exclude(state="done").values_list("id", flat=True):
        for _ in range(2):
            walking.carry_out(refund_id)
    walking.settle_everything()


def spend_reserve(walking: Walk, event: str) -> None:
    """Let a bank take what one order has in reserve for another order, and then something happen to the first."""
    steps, first = walking.steps, walking.world.sell()
    walking.world.take(_find(steps.of_hold(first), "confirm"))
    steps.open_chargeback(walking.world.sell())
    walking.world.take(_find(steps.of_hold(first), event))
    walking.settle_everything()


def _spent(walking: Walk) -> str:
    """Have a balance filled and all of it spent on an order under another address; return the order's name."""
    steps, purse = walking.steps, walking.world.purses[0]
    steps.put_in(purse, walking.world.price)
    return steps.spend_on(purse, User.objects.get(pk=purse.user_id), 1, "other@mail.example")


def spend_balance(walking: Walk) -> None:
    """Have part of an order that was paid from a balance given back: it is in the balance again, and not before."""
    name = _spent(walking)
    walking.world.take(_find(walking.steps.of_hold(name), "give_back_part"))
    walking.settle_everything()
    assert walking.world.auditor.credited


def spend_and_close(walking: Walk) -> None:
    """Close an account whose balance is spent, which before was refused, and have the order's money come back then."""
    steps, purse = walking.steps, walking.world.purses[0]
    steps.put_in(purse, 1)
    steps.close(purse)
    steps.withdraw_some(purse, 1)
    steps.close(purse)
    walking.world.take(_find(steps.of_payouts(), "cancel"))
    steps.put_in(purse, walking.world.price - 1)
    name = steps.spend_on(purse, User.objects.get(pk=purse.user_id), 1, "other@mail.example")
    steps.close(purse)
    assert purse.is_closed
    walking.world.take(_find(steps.of_hold(name), "give_back"))
    walking.settle_everything()
    assert walking.world.auditor.by_hand_from_trust


def withdraw_balance(walking: Walk) -> None:
    """Have all of a balance paid out, which costs nothing, and fail; and again, and be paid."""
    steps, purse, world = walking.steps, walking.world.purses[0], walking.world
    steps.put_in(purse, 5_000)
    for event in ("fail", "pay"):
        steps.withdraw_some(purse, 5_000)
        for step in ("approve", "send", event):
            world.take(_find(steps.of_payouts(), step))
    walking.settle_everything()
    assert (purse.balance, world.auditor.paid_out) == (0, 5_000)


def wish_otherwise(walking: Walk) -> None:
    """Have money of an order go the way it came, though its buyer has it go into a balance always."""
    world, name = walking.world, ""
    while not name:
        name = next((one for one in world.sell_some(3) if world.buyer_of.get(one) in world.purses[:2]), "")
    walking.steps.wish_for(name, to_balance=False)
    world.take(_find(walking.steps.of_hold(name), "give_back"))
    walking.settle_everything()


def back_from_provider(walking: Walk) -> None:
    """Have a provider share an order out, and the buyer's money come back after that."""
    name = walking.world.sell()
    with suppress(NoWay):
        _until(walking, ("hold", "held", "shared"), name)
        walking.world.take(_find(walking.steps.of_hold(name), "give_back"))
        walking.settle_everything()


def confirm_stopped(walking: Walk) -> None:
    """Open a case, and let the buyer confirm all the same: that is refused."""
    name = walking.world.sell()
    walking.steps.open_case(name, question=False)
    walking.world.refuse("a stopped hold is confirmed", lambda: run(escrow.confirm(UUID(name), by=BUYER)))


def _pays_out(mood: str) -> Callable[[Walk], None]:
    def play(walking: Walk) -> None:
        end = pay_out(walking, mood)
        assert end == END_OF[mood], f"the payout {end}"

    return play


def _paid_out(walking: Walk) -> UUID:
    """Have a payout of the merchant paid by a bank, and return its number."""
    steps, world = walking.steps, walking.world
    for _ in range(2):
        world.sell()
    while dues := steps.dues():
        steps.pass_time(dues[0])
    steps.ask_for_payout()
    for event in ("approve", "send", "pay"):
        found = list(steps.of_payouts())
        if all(step.event != event for step in found):
            world.take(_find(found, ""))
            found = list(steps.of_payouts())
        world.take(_find(found, event))
    return UUID(next(iter(steps.payouts)))


def _says_returned(payout_id: UUID, number: str, by: User, *, kept: int = 0) -> PayoutReturn:
    told = returning.Returned(payout_id, "closed account", number, kept)
    return returning.enter_return(told, key=new_uuid(), by=by)


def return_it(walking: Walk) -> None:
    """Have a bank return what it paid, and keep some of it."""
    payout_id, auditor = _paid_out(walking), walking.world.auditor
    amount = walking.steps.payouts[str(payout_id)][1]
    made = _says_returned(payout_id, "TP 1", walking.world.staff[0], kept=7)
    if made.state == ReturnState.ASKED:
        returning.decide_return(made.id, grant=True, by=walking.world.staff[1])
    walking.steps.payouts[str(payout_id)] = ("returned", amount, 0)
    auditor.paid_back, auditor.kept, auditor.available = amount, 7, auditor.available + amount
    walking.settle_everything()


def return_it_twice(walking: Walk) -> None:
    """Have a bank return what it paid, and somebody say so again; and what it never paid."""
    world, payout_id = walking.world, _paid_out(walking)
    world.take(_find(walking.steps.of_payouts(), "return"))
    world.refuse("a payout comes back twice", lambda: _says_returned(payout_id, "TP 2", world.staff[0]))


def return_ones_own(walking: Walk) -> None:
    """Let whoever withdrew say that the bank returned it: that is refused."""
    world, payout_id = walking.world, _paid_out(walking)
    world.refuse("who withdrew says it came back", lambda: _says_returned(payout_id, "TP 1", world.ada))


def return_alone(walking: Walk) -> None:
    """Have one person say that a large payout came back: nothing moves until another agrees, who is somebody else."""
    world, payout_id = walking.world, _paid_out(walking)
    with override_settings(PAYOUT_FOUR_EYES_FROM=PerCurrency({"CNY": 1})):
        made = _says_returned(payout_id, "TP 1", world.staff[0])
    assert made.state == ReturnState.ASKED
    world.compare(whole=True)
    world.refuse("one is two", lambda: returning.decide_return(made.id, grant=True, by=world.staff[0]))


#: What brings out a fault that no single move shows.
SCENES: dict[str, Callable[[Walk], None]] = {
    **{f"payout, {mood}": _pays_out(mood) for mood in END_OF},
    **{f"refund, {mood}": partial(give_back, mood=mood) for mood in ("silent", "done_but_silent")},
    **{f"reserve spent, {event}": partial(spend_reserve, event=event) for event in ("freeze", "give_back")},
    "payout, returned": return_it,
    "payout, returned twice": return_it_twice,
    "payout, returned by its owner": return_ones_own,
    "payout, returned by one": return_alone,
    "shared, then back": back_from_provider,
    "a stopped hold": confirm_stopped,
    "balance spent, then back": spend_balance,
    "balance spent, closed, then back": spend_and_close,
    "balance withdrawn": withdraw_balance,
    "balance not wished": wish_otherwise,
}


class _Moody(Random):
    """Chance that always has the same mood, and answers every question."""

    def __init__(self, mood: str) -> None:
        super().__init__(1)
        self.mood = mood

    def choice(self, _: object) -> str:  # type: ignore[override]  # the gateway draws its moods and nothing else
        return self.mood

    def random(self) -> float:
        return 0.9
