"""Many hands post for one merchant at once: nobody waits for ever, nothing is lost, nothing is spent twice."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID

import psycopg
import pytest

from xinka.ledger.accounts import Account, JournalKind
from xinka.ledger.errors import KeyReused, is_overdraft
from xinka.ledger.posting import Journal, Leg, post
from xinka.platform.database.drive import drive

pytestmark = pytest.mark.race

_HANDS = 6
_OWNED = (Account.SELLER_PENDING, Account.SELLER_AVAILABLE, Account.SELLER_RESERVE, Account.SELLER_IN_TRANSIT)


def journal(key: str, *legs: Leg) -> Journal:
    return Journal(JournalKind.RELEASE, key, "CNY", legs)


def gain(key: str, accounts: Sequence[Account], owner: int = 1) -> Journal:
    """One for each account, named in the order given."""
    return journal(key, *(Leg(account, -1, owner) for account in accounts), Leg(Account.ESCROW, len(accounts)))


def together(url: str, story: Callable[[psycopg.Connection[tuple[object, ...]], int], object]) -> list[object]:
    """Let each hand work on its own connection, all beginning at once; a failure is its answer."""
    gate = Barrier(_HANDS)

    def work(n: int) -> object:
        with psycopg.connect(url) as connection:
            gate.wait()
            try:
                return story(connection, n)
            except (psycopg.Error, KeyReused) as error:
                return error

    with ThreadPoolExecutor(_HANDS) as hands:
        return list(hands.map(work, range(_HANDS)))


def sums(url: str, table: str) -> dict[tuple[int, int], int]:
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            f"SELECT account, owner_id, sum(amount)::bigint FROM {table} WHERE owner_id IS NOT NULL GROUP BY 1, 2"  # noqa: S608 - a constant
        ).fetchall()
    return {(account, owner): amount for account, owner, amount in rows}


def test_posts_to_one_merchant_in_any_order_of_legs_do_not_block_one_another_for_ever(shop_database: str) -> None:
    def story(connection: psycopg.Connection[tuple[object, ...]], n: int) -> None:
        chance = random.Random(n)
        for round_ in range(40):
            accounts = chance.sample(_OWNED, k=3)
            owners = chance.sample(range(1, 4), k=2)
            batch = [gain(f"{n}/{round_}/{owner}", accounts, owner) for owner in owners]
            with connection.transaction():
                drive(connection, post(batch))

    assert together(shop_database, story) == [None] * _HANDS
    kept, entered = sums(shop_database, "ledger_balance"), sums(shop_database, "ledger_entry")
    assert kept == entered
    assert sum(kept.values()) == -_HANDS * 40 * 2 * 3


def test_one_event_told_by_all_hands_at_once_is_entered_once(shop_database: str) -> None:
    def story(connection: psycopg.Connection[tuple[object, ...]], n: int) -> UUID:
        with connection.transaction():
            return drive(connection, post([gain("same", [Account.SELLER_AVAILABLE])]))[0]

    answers = together(shop_database, story)
    assert len(set(answers)) == 1
    assert isinstance(answers[0], UUID)
    assert sums(shop_database, "ledger_balance") == {(Account.SELLER_AVAILABLE, 1): -1}


def test_two_events_under_one_key_at_once_are_told_apart(shop_database: str) -> None:
    def story(connection: psycopg.Connection[tuple[object, ...]], n: int) -> object:
        with connection.transaction():
            return drive(connection, post([gain("same", [Account.SELLER_AVAILABLE], owner=n + 1)]))

    answers = together(shop_database, story)
    assert sum(isinstance(answer, KeyReused) for answer in answers) == _HANDS - 1
    assert len(sums(shop_database, "ledger_entry")) == 1


def test_the_last_yuan_is_spent_once(shop_database: str) -> None:
    with psycopg.connect(shop_database) as connection:
        drive(connection, post([journal("in", Leg(Account.ESCROW, 3), Leg(Account.SELLER_AVAILABLE, -3, 1))]))

    def story(connection: psycopg.Connection[tuple[object, ...]], n: int) -> object:
        with connection.transaction():
            legs = (Leg(Account.SELLER_AVAILABLE, 2, 1), Leg(Account.SELLER_IN_TRANSIT, -2, 1))
            return drive(connection, post([journal(f"out/{n}", *legs)]))

    answers = together(shop_database, story)
    refused = [answer for answer in answers if isinstance(answer, psycopg.Error)]
    assert len(refused) == _HANDS - 1
    assert all(is_overdraft(error) for error in refused)
    assert sums(shop_database, "ledger_balance") == {
        (Account.SELLER_AVAILABLE, 1): -1,
        (Account.SELLER_IN_TRANSIT, 1): -2,
    }


def test_control_posts_of_one_transaction_in_several_statements_can_block_one_another(shop_database: str) -> None:
    """What the order of locks saves us from: taken crosswise, statement by statement, the database ends one of them."""
    crosswise = Barrier(2)

    def story(connection: psycopg.Connection[tuple[object, ...]], n: int) -> None:
        if n >= 2:
            return
        accounts = [Account.SELLER_PENDING, Account.SELLER_AVAILABLE]
        with connection.transaction():
            drive(connection, post([gain(f"{n}/first", [accounts[n]])]))
            crosswise.wait()
            drive(connection, post([gain(f"{n}/second", [accounts[1 - n]])]))

    answers = together(shop_database, story)
    assert [type(answer) for answer in answers if answer] == [psycopg.errors.DeadlockDetected]
    assert sum(sums(shop_database, "ledger_balance").values()) == -2
