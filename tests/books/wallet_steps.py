"""What can happen to buyers' balances: filled by refunds and gift cards, spent, withdrawn, and closed when empty.

Orders are placed and paid by the database's clock, as everywhere in a world; what is asked for later, by the world's.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from tests import cast
from tests.books.payout_steps import PayoutSteps
from tests.books.purses import Purse
from tests.books.world import Step
from tests.flows.buyers import wish
from xinka.accounts.models import User
from xinka.flows.closing_accounts import close_account
from xinka.flows.expire import cancel
from xinka.flows.paying.wallet import WalletTooLow, pay_from_balance
from xinka.flows.payouts import asking
from xinka.flows.promotions import cards
from xinka.flows.refunds.wishes import wish_for_order
from xinka.flows.relay import relay_batch
from xinka.kernel.errors import Refusal
from xinka.platform.database.django_drive import run


class WalletSteps(PayoutSteps):
    """Finds what can happen to buyers' balances."""

    def of_purse(self, purse: Purse) -> None:
        """Let one thing happen to a balance, of what is possible; what is not is refused, and nothing moves."""
        world = self.world
        world.n_events += 1
        ways: list[Callable[[Purse], None]] = [self.redeem, self.close, self.withdraw, self.withdraw, self.spend]
        ways += [self.spend, self.spend] if purse.balance >= world.price else []
        ways += [self.wish_otherwise] if self._orders_of(purse) else []
        world.random.choice(ways)(purse)

    def _take(self, event: str, act: Callable[[], object], then: Callable[[], None]) -> None:
        """Take a step by the database's clock: sometimes crash in it first."""
        world, step = self.world, Step("purse", "", event, act, then)
        if world.random.random() < 0.08:
            world._crash_in(step)
        act()
        then()
        world.reached[step.move] += 1

    def spend(self, purse: Purse) -> None:
        """Pay an order from a balance, which the buyer may have placed under any address; too little is refused."""
        world, person = self.world, User.objects.get(pk=purse.user_id)
        most = max(1, min(3, purse.balance // world.price))
        quantity = world.random.choice([most, world.random.randint(1, most)])
        contact = world.random.choice([purse.email, f"other{world.n_events}@mail.example"])
        self.spend_on(purse, person, quantity, contact)

    def spend_on(self, purse: Purse, person: User, quantity: int, contact: str) -> str:
        """Order so many, and pay them from a balance; return the order's name, or nothing if it was refused."""
        world, named = self.world, list[str]()
        world.lay_in()
        bought = cast.buy(world.ware.sku, world.balances, quantity=quantity, contact=contact)
        if bought.amount > purse.balance:
            self._spend_too_much(bought, person)
            return ""

        def pay() -> None:
            assert pay_from_balance(bought.payment_id, by=person) is not None
            assert pay_from_balance(bought.payment_id, by=person) is None  # the form is sent twice
            run(relay_batch())

        def paid() -> None:
            purse.balance -= bought.amount
            self.auditor.received += bought.amount
            self.auditor.spent += bought.amount
            named.append(world.note(bought))
            sale = self.auditor.sales[named[0]]
            sale.buyer, sale.payer = (purse if contact == purse.email else None), purse

        self._take("spend", pay, paid)
        return named[0]

    def _spend_too_much(self, bought: cast.Bought, person: User) -> None:
        before = self.world.totals()
        try:
            pay_from_balance(bought.payment_id, by=person)
        except WalletTooLow:
            self.world.n_refused += 1
        else:
            raise AssertionError("more was spent than there was")
        assert self.world.totals() == before
        run(cancel(bought.order_id))

    def redeem(self, purse: Purse) -> None:
        """Have a card redeemed, often one that fills a balance up to whole prices."""
        world = self.world
        to_the_cent = world.price - purse.balance % world.price
        self.put_in(
            purse, world.random.choice([to_the_cent, to_the_cent + world.price, world.random.randint(1, 30_000)])
        )

    def put_in(self, purse: Purse, value: int) -> None:
        """Give a card away, and have it redeemed; twice it is worth nothing."""
        code = cards.issue(cards.Batch(1, value), by_id=self.world.staff[0].pk)[1][0]
        self.auditor.cards_given += value
        self.auditor.on_cards += value

        def redeem() -> None:
            assert cards.redeem(code, purse.user_id, "here") == (value, "CNY")
            assert isinstance(cards.redeem(code, purse.user_id, "here"), Refusal)

        def there() -> None:
            self.auditor.on_cards -= value
            purse.balance += value

        self._take("redeem", redeem, there)

    def withdraw(self, purse: Purse) -> None:
        """Ask for a payout of a part or of all; of nothing, or while something stops it, that is refused."""
        world = self.world
        if not purse.balance or self.payout_holds.get(purse):
            world.refuse("a payout that cannot be", lambda: self._ask(purse, max(1, purse.balance)))
            return
        least = min(1_000, purse.balance)
        self.withdraw_some(purse, world.random.choice([purse.balance, world.random.randint(least, purse.balance)]))

    def withdraw_some(self, purse: Purse, amount: int) -> str:
        """Ask for a payout that there is enough for, by a form that is sent twice; return its name."""
        world = self.world
        made: list[str] = []

        def ask() -> None:
            made[:] = [str(self._ask(purse, amount, key=f"{world.n_events}").id) for _ in range(2)]

        def asked() -> None:
            assert made[0] == made[1], "one form made two payouts"
            purse.balance -= amount
            purse.in_transit += amount
            self.payouts[made[0]], self.whose[made[0]] = ("asked", amount, 0), purse
            self.asked_at[made[0]] = world.now

        with world.clock():
            self._take("withdraw", ask, asked)
        return made[0]

    def withdraw_too_much(self) -> object:
        """Let a buyer withdraw one minor unit more than there is."""
        purse = self.world.random.choice(self.world.purses)
        return self._ask(purse, purse.balance + 1)

    def _ask(self, purse: Purse, amount: int, *, key: str = "") -> asking.Payout:
        to = self.world.accounts[purse]
        return asking.ask(wish(to, amount, key=key), by=to.added_by, now=self.world.now)

    def wish_otherwise(self, purse: Purse) -> None:
        """Have the buyer say of one order where money of it shall go: what is under way goes where it was sent."""
        self.wish_for(self.world.random.choice(self._orders_of(purse)), to_balance=self.world.random.random() < 0.5)

    def wish_for(self, name: str, *, to_balance: bool) -> None:
        """Have the buyer of an order say where money of it shall go."""
        purse = self.auditor.sales[name].buyer
        assert purse is not None
        wish_for_order(UUID(name), to_balance=to_balance, by=User.objects.get(pk=purse.user_id))
        self.auditor.sales[name].wish = to_balance

    def _orders_of(self, purse: Purse) -> list[str]:
        return [name for name, sale in self.auditor.sales.items() if sale.buyer is purse]

    def close(self, purse: Purse) -> None:
        """Close an account; while anything is in its balance, or on the way out of it, it stays open."""
        world, person = self.world, User.objects.get(pk=purse.user_id)
        first = close_account(person, by="person", now=world.now)
        assert bool(first) == bool(purse.balance or purse.in_transit), (first, purse)
        if not first:
            purse.is_closed = True
            world.open_purse(to_balance=purse.to_balance)
            world.reached["purse", "", "close"] += 1
