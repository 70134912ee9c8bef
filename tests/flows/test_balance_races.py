"""A balance that is spent, withdrawn, refunded into and closed in one moment: nothing is lost, nothing is spent twice.

Every test is on a database of its own, with real connections; a control takes the guard away and shows what it is for.
"""

from __future__ import annotations

import random
import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from tests import cast
from tests.flows.buyers import account, cy, money_of, wish
from tests.flows.rows import broken
from tests.flows.waiting import at_once, while_uncommitted
from xinka.accounts.models import User
from xinka.flows import closing_accounts, escrow
from xinka.flows.paying.wallet import pay_from_balance
from xinka.flows.payouts import asking
from xinka.flows.promotions import cards
from xinka.flows.promotions.returning import give_back
from xinka.flows.refunds.sending import execute_refund, mark_done_by_hand
from xinka.kernel import ids
from xinka.kernel.actors import Actor, Role
from xinka.kernel.flow import Flow, Query
from xinka.ledger.accounts import Account, JournalKind
from xinka.ledger.models import Balance, Entry
from xinka.orders.models import Order
from xinka.orders.states import OrderState
from xinka.payments.channels import seal_config
from xinka.payments.models import Channel, Refund
from xinka.payments.states import RefundReason, RefundState
from xinka.payouts.models import PayoutAccount
from xinka.platform.database.django_drive import run
from xinka.promotions.models import GiftCard, Use
from xinka.promotions.states import FundedBy, UseKind

pytestmark = [pytest.mark.race, pytest.mark.timeout(600), pytest.mark.usefixtures("committed_shop")]

PRICE, ASKS, BACK, HAS = 4_900, 6_000, 900, 10_000
#: So many buyers do everything at once, one after the other.
ROUNDS = 12


@pytest.fixture(autouse=True)
def _balances(settings: Settings) -> None:
    settings.WALLET = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


@dataclass
class House:
    """A shop that takes balances, with stock."""

    channel: Channel = field(init=False)
    sku: cast.Ware = field(init=False)

    def __post_init__(self) -> None:
        self.channel = Channel.objects.create(
            slug="balance", name="余额", name_en="Balance", provider="balance", config=seal_config("balance", {})
        )
        self.sku = cast.ware(cast.adas_shop(), 5 * ROUNDS)

    def order(self, person: User) -> cast.Bought:
        """Return an order that waits for its money."""
        return cast.buy(self.sku.sku, self.channel, contact=person.email)

    def refund(self, bought: cast.Bought) -> Refund:
        """Return a part of an order's money that its seller gives back, and that was not sent yet."""
        key = f"test/{secrets.token_hex(8)}"
        run(escrow.give_back(bought.order_id, BACK, reason=RefundReason.SELLER, key=key, by=Actor(Role.SELLER)))
        return Refund.objects.get(order_id=bought.order_id)


def pays(person: User, bought: cast.Bought) -> Callable[[], object]:
    return lambda: pay_from_balance(bought.payment_id, by=person) and "paid"


def withdraws(person: User, to: PayoutAccount, amount: int = ASKS, key: str = "") -> Callable[[], object]:
    return lambda: asking.ask(wish(to, amount, key=key), by=person) and "withdrawn"


def everything_at_once(house: House, n: int) -> tuple[Counter[str], int]:
    """Let one buyer pay three orders, withdraw twice and get money back; return the answers and what is left.

    What is there suffices for two orders or for one payout, and for one of each once the refund has come.
    """
    person = cy(HAS + PRICE, f"cy{n}@example.com")
    to, before = account(person), house.order(person)
    pay_from_balance(before.payment_id, by=person)
    refund = house.refund(before)
    actions = [*(pays(person, house.order(person)) for _ in range(3)), *(withdraws(person, to) for _ in range(2))]
    actions.append(lambda: execute_refund(refund.id).value)
    random.Random(n).shuffle(actions)
    answers = Counter(map(str, at_once(*actions)))
    left, in_transit = money_of(person)
    assert answers["done"] == 1
    assert answers["paid"] == Order.objects.filter(state=OrderState.DELIVERED, contact_key=_key(before)).count() - 1
    assert in_transit == ASKS * answers["withdrawn"]
    assert left == HAS + BACK - PRICE * answers["paid"] - ASKS * answers["withdrawn"]
    return answers, left


def _key(bought: cast.Bought) -> object:
    return Order.objects.values_list("contact_key", flat=True).get(id=bought.order_id)


def test_paid_withdrawn_and_refunded_at_once_a_balance_is_spent_once() -> None:
    house, all_answers = House(), Counter[str]()
    for n in range(ROUNDS):
        answers, left = everything_at_once(house, n)
        assert left >= 0
        # Never less than the money sufficed for: nobody is refused for a race.
        assert answers["paid"] + answers["withdrawn"] >= 1
        assert answers.keys() <= {"paid", "withdrawn", "done", "wallet_too_low", "balance_too_low"}
        all_answers += answers
    assert all_answers.total() == 6 * ROUNDS
    assert broken() == []


def test_without_the_databases_bound_the_same_moment_lends_money() -> None:
    """The control: what the CHECK of kept balances is for."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE ledger_balance DROP CONSTRAINT balance_overdraft")
    house = House()
    least = min(everything_at_once(house, n)[1] for n in range(ROUNDS))
    assert least < 0
    assert "nobody_is_overdrawn" in broken()


def test_one_order_paid_twice_from_one_balance_at_once_costs_once() -> None:
    house, person = House(), cy(HAS)
    bought = house.order(person)
    answers = at_once(*[pays(person, bought) for _ in range(6)])
    assert sorted(map(str, answers)) == ["None"] * 5 + ["paid"]
    assert money_of(person) == (HAS - PRICE, 0)
    assert broken() == []


def test_one_order_paid_by_two_people_at_once_costs_one_of_them() -> None:
    house, people = House(), [cy(HAS, f"cy{n}@example.com") for n in range(4)]
    bought = house.order(people[0])
    answers = at_once(*[pays(person, bought) for person in people])
    assert sorted(map(str, answers)) == ["None"] * 3 + ["paid"]
    assert sorted(money_of(person)[0] for person in people) == [HAS - PRICE, HAS, HAS, HAS]
    assert broken() == []


def test_one_refund_executed_by_many_workers_at_once_is_credited_once() -> None:
    house, person = House(), cy(HAS)
    bought = house.order(person)
    pay_from_balance(bought.payment_id, by=person)
    refund = house.refund(bought)
    at_once(*[lambda: execute_refund(refund.id) for _ in range(6)])
    assert money_of(person) == (HAS - PRICE + BACK, 0)
    assert broken() == []


# ── an account that ends in that moment ───────────────────────────────────────────────────────────


def closes(person: User) -> Callable[[], object]:
    return lambda: closing_accounts.close_account(person, by="person", now=timezone.now()) or "closed"


def spent(house: House, email: str = cast.CY) -> tuple[User, Refund]:
    """Return somebody who spent all of a balance on an order, of which a part is to come back."""
    person = cy(PRICE, email)
    bought = house.order(person)
    pay_from_balance(bought.payment_id, by=person)
    return person, house.refund(bought)


def is_closed(person: User) -> bool:
    return User.objects.get(pk=person.pk).closed_at is not None


def test_closed_and_refunded_at_once_no_money_is_left_with_nobody() -> None:
    house = House()
    for n in range(ROUNDS):
        person, refund = spent(house, f"cy{n}@example.com")
        at_once(closes(person), lambda one=refund: execute_refund(one.id), closes(person))  # type: ignore[misc]
        refund.refresh_from_db()
        if is_closed(person):
            assert (money_of(person), refund.state) == ((0, 0), RefundState.NEEDS_STAFF)
        else:
            assert (money_of(person), refund.state) == ((BACK, 0), RefundState.DONE)
    assert broken() == []


def test_closed_and_spent_or_withdrawn_at_once_what_is_left_keeps_it_open() -> None:
    house = House()
    for n in range(ROUNDS):
        person = cy(PRICE, f"cy{n}@example.com")
        to, bought = account(person), house.order(person)
        at_once(closes(person), pays(person, bought), withdraws(person, to, PRICE), closes(person))
        assert not is_closed(person) or money_of(person) == (0, 0)
        assert bought.order.state == OrderState.DELIVERED or money_of(person) == (0, PRICE)
    assert broken() == []


def closing(person: User) -> None:
    """Close an account in the transaction that is open."""
    assert closing_accounts._close(person, by="person", now=timezone.now(), but_money=False, if_due=False) == []


def test_a_refund_that_meets_a_closing_account_waits_and_is_left_to_staff() -> None:
    person, refund = spent(House())
    assert while_uncommitted(lambda: closing(person), lambda: execute_refund(refund.id)) == RefundState.NEEDS_STAFF
    refund.refresh_from_db()
    assert refund.problem.startswith("the account whose balance it belongs into is closed")
    assert money_of(person) == (0, 0)
    assert broken() == []


def test_what_was_left_to_staff_is_paid_from_the_trust_account() -> None:
    person, refund = spent(House())
    closing(person)
    assert execute_refund(refund.id) == RefundState.NEEDS_STAFF
    mark_done_by_hand(
        refund.id, by=cast.person("dee@example.com", staff=True), note="to the card they named in their mail"
    )
    sums = Counter[int]()
    for entry in Entry.objects.filter(order_id=refund.order_id, kind=JournalKind.REFUND_SENT):
        sums[entry.account] += entry.amount
    assert sums == {Account.REFUND_IN_TRANSIT: BACK, Account.BANK_TRUST: -BACK}
    assert broken() == []


def _believed(user_ids: object) -> Flow[set[int]]:
    """Say that everybody is there, as who does not look does."""
    yield Query("SELECT 1")
    return {int(one) for one in user_ids}  # type: ignore[attr-defined]  # a list in all callers


def test_who_does_not_look_would_pay_into_an_account_that_nobody_can_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: what ``open_accounts`` is for."""
    monkeypatch.setattr("xinka.flows.refunds.sending.open_accounts", _believed)
    person, refund = spent(House())
    assert while_uncommitted(lambda: closing(person), lambda: execute_refund(refund.id)) == RefundState.DONE
    assert (is_closed(person), money_of(person)) == (True, (BACK, 0))


def test_an_account_that_meets_its_refund_stays_open() -> None:
    person, refund = spent(House())
    told = while_uncommitted(lambda: execute_refund(refund.id), closes(person))
    assert isinstance(told, list)
    assert [one.address for one in told] == ["/balance"]
    assert (is_closed(person), money_of(person)) == (False, (BACK, 0))


# ── gift cards and commission ─────────────────────────────────────────────────────────────────────


def card(value: int = 100) -> str:
    """Return the code of a card that was given away."""
    return cards.issue(cards.Batch(1, value), by_id=cast.person("dee@example.com", staff=True).pk)[1][0]


def test_a_card_that_meets_a_closing_account_keeps_its_money() -> None:
    House()
    person, code = cast.person(cast.CY), card()
    refused = while_uncommitted(lambda: closing(person), lambda: type(cards.redeem(code, person.pk, "here")).__name__)
    assert refused == "AccountClosed"
    assert (GiftCard.objects.get().balance, money_of(person)) == (100, (0, 0))
    assert broken() == []


def test_a_card_redeemed_by_eight_at_once_goes_into_one_balance() -> None:
    House()
    people, code = [cast.person(f"cy{n}@example.com") for n in range(8)], card()
    at_once(*[lambda one=person: cards.redeem(code, one.pk, "here") for person in people])  # type: ignore[misc]
    assert list(Balance.objects.filter(account=Account.WALLET).values_list("amount", flat=True)) == [-100]
    assert broken() == []


def used_up(code: str) -> Use:
    """Return what an order has used of a card: half of its value, as checkout takes it."""
    found = GiftCard.objects.get()
    GiftCard.objects.filter(id=found.id).update(balance=found.value // 2)
    return Use.objects.create(
        order_id=ids.new_uuid(), kind=UseKind.GIFT_CARD, amount=found.value // 2, funded_by=FundedBy.PLATFORM,
        card=found, at=timezone.now(),
    )  # fmt: skip


def test_a_card_redeemed_twice_while_its_other_half_comes_back_is_credited_twice() -> None:
    """Sent twice by one person, and between the two an order gives back as much as there was: two events, not one."""
    House()
    person, code = cast.person(cast.CY), card()
    use = used_up(code)

    def redeemed_and_back() -> None:
        assert cards.redeem(code, person.pk, "here") == (50, "CNY")
        run(give_back([use.order_id], [UseKind.GIFT_CARD]))

    assert while_uncommitted(redeemed_and_back, lambda: cards.redeem(code, person.pk, "here")) == (50, "CNY")
    assert (GiftCard.objects.get().redeemed, money_of(person)) == (100, (100, 0))
    assert broken() == []
