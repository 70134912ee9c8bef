"""A shop that lives through thousands of events, each foretold by the auditor, with crashes in between.

An event is a method named ``do_…`` of one of the parts below; ``enabled`` says which are possible and what machine move
each makes. An event that the tables forbid is tried as well, and must be refused without a trace.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import time_machine
from django.db import connection, transaction
from django.utils import timezone

from tests import cast
from tests.books.auditor import AFTERSALE, BPS, CONFIRM, RESERVE, RESERVE_BPS, Auditor, Sale
from tests.books.gateway import MoodyGateway
from tests.books.purses import Purse
from tests.books.table import FINAL
from tests.flows import buyers
from tests.flows.holding import terms
from tests.flows.payouts import BANK
from xinka.accounts.models import User
from xinka.escrow.models import Hold, Receiver
from xinka.flows.audit import check_all
from xinka.flows.checkout import CheckoutRequest
from xinka.flows.relay import relay_batch
from xinka.flows.settle import VerifiedMoney, settle_unusual
from xinka.kernel.errors import Refusal
from xinka.ledger.accounts import Account
from xinka.ledger.models import Balance
from xinka.payments.channels import seal_config
from xinka.payments.models import Channel
from xinka.payouts.models import PayoutAccount
from xinka.platform.database import drive
from xinka.platform.database.django_drive import run

PRICE = 9_973  # a prime, so that shares never come out even
#: At most three are bought at once, and one more may be replaced.
_CODES_PER_SALE = 4
#: What is kept of a buyer's balance.
_PURSE = (Account.WALLET, Account.WALLET_IN_TRANSIT)


class Crash(BaseException):
    """The process is gone in the middle of a statement's transaction."""


@dataclass
class Step:
    """One thing that may happen now: the machine's move, what does it, and what the auditor makes of it."""

    machine: str
    state: str
    event: str
    act: Callable[[], object]
    foretell: Callable[[], None] = lambda: None

    @property
    def move(self) -> tuple[str, str, str]:
        """The transition."""
        return (self.machine, self.state, self.event)


@dataclass
class World:
    """The shop, its people, its clock, the auditor, and what was reached so far."""

    seed: int
    with_reserve: bool = False
    at_provider: bool = False
    merchant_slug: str = "ada-cards"
    reached: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    n_events: int = 0
    n_refused: int = 0
    n_crashes: int = 0
    done: set[str] = field(default_factory=set)
    _n_laid_in_for: int = 0

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.auditor = Auditor()
        self.gateway = MoodyGateway(random.Random(self.seed + 1))
        self.now = timezone.now() + timedelta(seconds=1)
        terms(commission_bps=BPS, confirm_seconds=CONFIRM.total_seconds(), after_sale_seconds=AFTERSALE.total_seconds())
        if self.with_reserve:
            terms(
                commission_bps=BPS, confirm_seconds=CONFIRM.total_seconds(), reserve_bps=RESERVE_BPS,
                after_sale_seconds=AFTERSALE.total_seconds(), reserve_seconds=RESERVE.total_seconds(),
            )  # fmt: skip
        self.merchant = cast.adas_shop(slug=self.merchant_slug)
        self.ware = cast.ware(self.merchant, 0, slug=f"ware-{self.seed}", sku={"price": PRICE, "max_quantity": 5})
        self.channel = cast.channel(f"alipay-{self.seed}")
        slug = f"payer-{self.seed}"
        self.payer = Channel.objects.create(
            slug=slug, name="代付", name_en="payer", provider="epay_v2", config=seal_config(slug, {})
        )
        if self.at_provider:
            Receiver.objects.create(merchant_id=self.merchant.id, channel_id=self.channel.id, account="ada-there")
        self.staff = [cast.person(f"staff{n}-{self.seed}@example.com", staff=True) for n in range(6)]
        self.account = self._account()
        self.bought: dict[str, cast.Bought] = {}
        self.price = PRICE
        self.balances = Channel.objects.create(
            slug="balance", name="余额", name_en="Balance", provider="balance", config=seal_config("balance", {})
        )
        #: Where each balance can be paid out to, and whose an order is that somebody with an account placed.
        self.accounts: dict[Purse, PayoutAccount] = {}
        self.buyer_of: dict[str, Purse] = {}
        if not self.at_provider:
            for to_balance in (True, True, False):
                self.open_purse(to_balance=to_balance)

    def _account(self) -> object:
        from tests.flows.payouts import account  # here, because it needs the merchant's owner

        return account(self.merchant, BANK, days_old=9)

    @property
    def purses(self) -> list[Purse]:
        """The balances of accounts that are open."""
        return list(self.accounts)

    def open_purse(self, *, to_balance: bool) -> None:
        """Let somebody open an account, in place of the one that was closed."""
        email = f"purse{len(self.auditor.purses)}-{self.seed}@example.com"
        person = cast.person(email)
        User.objects.filter(pk=person.pk).update(refunds_to_balance=to_balance)
        purse = Purse(email, person.pk, to_balance)
        self.auditor.purses.append(purse)
        self.accounts = {one: to for one, to in self.accounts.items() if not one.is_closed}
        self.accounts[purse] = buyers.account(person, BANK, days_old=9)

    @property
    def ada(self) -> User:
        """The merchant's owner."""
        return self.merchant.memberships.get(role="owner").user

    @contextmanager
    def clock(self) -> Iterator[datetime]:
        """Let Python's clock show the world's time."""
        with time_machine.travel(self.now, tick=False):
            yield self.now

    # ── what can be asked of the shop at any time ─────────────────────────────────────────────────

    def hold(self, name: str) -> Hold:
        """The hold as it is now."""
        return Hold.objects.get(order_id=UUID(name))

    # ── how a step is taken ───────────────────────────────────────────────────────────────────────

    def take(self, step: Step) -> None:
        """Take a step: sometimes crash in it first; then it must succeed, and end where the table says."""
        self.n_events += 1
        with self.clock():
            if self.random.random() < 0.08:
                self._crash_in(step)
            step.act()
        step.foretell()
        self.reached[step.move] += 1

    def _crash_in(self, step: Step) -> None:
        before = self.totals()
        try:
            with transaction.atomic(), dying(self.random.randrange(1, 12)):
                step.act()
                raise Crash  # noqa: TRY301 - at the latest before the commit
        except Crash:
            self.n_crashes += 1
        assert self.totals() == before, f"{step.move} left something behind when it crashed"

    def refuse(self, what: str, act: Callable[[], object]) -> None:
        """Try what is not allowed; it must be refused and leave the books as they are."""
        self.n_events += 1
        before = self.totals()
        try:
            with self.clock(), transaction.atomic():
                act()
        except Refusal:
            self.n_refused += 1
        else:
            raise AssertionError(f"{what} was not refused")
        assert self.totals() == before

    # ── what must hold ────────────────────────────────────────────────────────────────────────────

    def totals(self) -> Counter[str]:
        """Return what the books show per account; credits are positive."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT account, -sum(amount) FROM ledger_entry GROUP BY account HAVING sum(amount) <> 0")
            return Counter({Account(account).name: int(amount) for account, amount in cursor.fetchall()})

    def compare(self, *, whole: bool = False) -> None:
        """Hold the books and the holds that may still move, or all, against the auditor's account."""
        expected = self.auditor.expected()
        assert self.totals() == expected, (self.totals(), expected)
        sales = {name: sale for name, sale in self.auditor.sales.items() if whole or sale.state not in FINAL}
        for hold in Hold.objects.filter(order_id__in=sales):
            sale = sales.pop(str(hold.order_id))
            shown = (hold.state, hold.refunded, hold.due_at)
            assert shown == (sale.state, sale.refunded, _due(sale)), (hold.order_id, shown, sale)
        assert sales == {}, "the shop has no such holds"
        kept = Balance.objects.filter(account__in=_PURSE).exclude(amount=0)
        there = {(one.account, one.owner_id): -one.amount for one in kept}
        assert there == self.auditor.in_purses()

    def audit(self) -> None:
        """Have the shop's own auditor prove its rules."""
        broken = {finding.check.name: finding.rows[:2] for finding in run(check_all()) if not finding.holds}
        assert not broken, broken

    # ── selling ───────────────────────────────────────────────────────────────────────────────────

    def sell(self) -> str:
        """Sell one order."""
        return self.sell_some(1)[0]

    def sell_some(self, n_orders: int) -> list[str]:
        """Sell orders in one batch, as the till does; now and then a notice comes again, money twice, or too much."""
        bought = cast.buy_together([self._ask(purse) for purse in self._some_buyers(n_orders)], self.channel)
        odds = [self.random.random() for _ in bought]
        extras = [7 if odd < 0.1 else 0 for odd in odds]
        moneys = [cast.money_for(one, amount=one.amount + extra) for one, extra in zip(bought, extras, strict=True)]
        cast.settle_together(moneys)
        self.auditor.received += sum(money.amount for money in moneys)
        self.auditor.promised += sum(extras)
        for one, money, odd in zip(bought, moneys, odds, strict=True):
            if odd > 0.7:
                assert not cast.settle(money).is_new
            if odd > 0.9:
                cast.settle(cast.money_for(one))
                self.auditor.received += one.amount
                self.auditor.promised += one.amount
        run(relay_batch())
        return [self.note(one) for one in bought]

    def _some_buyers(self, n_orders: int) -> list[Purse | None]:
        """Return who buys together, each with an account at most once: nobody may have many unpaid orders."""
        buyers = [*self.random.sample(self.purses, len(self.purses)), *[None] * max(n_orders, 2)]
        return self.random.sample(buyers[: n_orders + 2], n_orders)

    def _ask(self, purse: Purse | None) -> CheckoutRequest:
        self.n_events += 1
        self.lay_in()
        contact = purse.email if purse else f"cy{self.n_events}@mail.example"
        asked = cast.ask(self.ware.sku, self.channel, quantity=self.random.randint(1, 3), contact=contact)
        if purse:
            self.buyer_of[str(asked.order_id)] = purse
        return asked

    def note(self, bought: cast.Bought) -> str:
        """Take note of an order that was sold, and return its name."""
        name = str(bought.order_id)
        self.auditor.sales[name] = self._sale(name, bought.amount)
        self.auditor.sales[name].buyer = self.buyer_of.get(name)
        self.bought[name] = bought
        return name

    def lay_in(self) -> None:
        """Have stock for this sale and a replacement; many codes at a time, for that is quicker."""
        if self._n_laid_in_for == 0:
            self._n_laid_in_for = 50
            codes = [f"W{self.seed}-{self.n_events}-{n}" for n in range(_CODES_PER_SALE * self._n_laid_in_for)]
            cast.stock_up(self.ware.sku, codes)
        self._n_laid_in_for -= 1

    def _sale(self, name: str, amount: int) -> Sale:
        at = self.hold(name).delivered_at
        return Sale(amount, due=at + CONFIRM, reserve_bps=RESERVE_BPS if self.with_reserve else 0, delivered_at=at)

    def sell_late(self) -> None:
        """Money for an order that has expired is still the buyer's: it is delivered or goes back."""
        from xinka.flows.expire import cancel  # here, beside its only use

        self.n_events += 1
        self.lay_in()
        bought = cast.buy(self.ware.sku, self.channel, contact=f"late{self.n_events}@mail.example")
        run(cancel(bought.order_id))
        cast.settle(cast.money_for(bought))
        run(relay_batch())
        self.auditor.received += bought.amount
        self.note(bought)

    def sell_matched(self) -> None:
        """Money that names no order waits in suspense until two people say whose it is; then it is like any other."""
        from xinka.flows.matching import Wanted, decide, propose  # here, beside its only use

        self.n_events += 1
        self.lay_in()
        bought = cast.buy(self.ware.sku, self.channel, contact=f"stray{self.n_events}@mail.example")
        stray = VerifiedMoney(self.channel.id, None, f"S{self.seed}-{self.n_events}", bought.amount)
        run(settle_unusual(stray))
        self.auditor.received += bought.amount
        self.auditor.suspense += bought.amount
        self.compare()
        wanted = Wanted(self.channel.id, stray.trade_no, bought.order_id, "The slip shows it.", uuid4())
        proposed = propose(wanted, by=self.staff[0])
        self.refuse("agreeing to one's own", lambda: decide(proposed.id, grant=True, by=self.staff[0]))
        decide(proposed.id, grant=True, by=self.staff[1])
        self.refuse("agreeing twice", lambda: decide(proposed.id, grant=True, by=self.staff[2]))
        self.auditor.suspense -= bought.amount
        run(relay_batch())
        self.note(bought)


def _due(sale: Sale) -> datetime | None:
    return sale.reserve_due if sale.state == "settled" else sale.due


@contextmanager
def dying(after: int) -> Iterator[None]:
    """Die at the n-th statement, whoever sends it: Django's cursor or a flow's."""
    left = [after]

    def count(execute: Callable[..., object], *arguments: object) -> object:
        left[0] -= 1
        if left[0] == 0:
            raise Crash
        return execute(*arguments)

    fetch = drive.fetch

    def counted_fetch(*arguments: object) -> object:
        return count(fetch, *arguments)

    drive.fetch = counted_fetch  # type: ignore[assignment]
    try:
        with connection.execute_wrapper(count):
            yield
    finally:
        drive.fetch = fetch
