"""The books as beancount text (beancount.github.io, "Language Syntax"), so that another program can check them.

Balances before the period come in as one transaction; balances after it are asserted, taken from the reports and not
from the entries written here, so that `bean-check` compares the two.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import groupby
from operator import attrgetter

from xinka.kernel import ids
from xinka.kernel.money import plain_amount
from xinka.ledger.accounts import Account, JournalKind
from xinka.ledger.days import day_of, start_of
from xinka.ledger.exports.rows import EntryRow, entries, stream
from xinka.ledger.reports import trial_balance

_ROOTS = {"A": "Assets", "L": "Liabilities", "E": "Equity", "I": "Income", "X": "Expenses"}
_OPENING = "Equity:Opening-Balances"
_PER_CHANNEL = frozenset({Account.CLEARING, Account.SUSPENSE})
_BEFORE = """
SELECT account, owner_id, CASE WHEN account IN (1, 4) THEN channel_id ELSE 0 END, currency, sum(amount)::bigint
FROM ledger_entry WHERE at < %(since)s GROUP BY 1, 2, 3, 4 HAVING sum(amount) <> 0 ORDER BY 4, 1, 2, 3
"""
_NAMES = """
SELECT DISTINCT account, owner_id, CASE WHEN account IN (1, 4) THEN channel_id ELSE 0 END FROM ledger_entry
ORDER BY 1, 2, 3
"""


def write_beancount(first: date, last: date) -> Iterator[str]:
    """Yield the text, a piece at a time; both days are included."""
    yield 'option "title" "Xinka"\n\n'
    yield from _open_accounts(first)
    yield from _opening(first)
    for _, legs in groupby(entries(first, last), key=attrgetter("journal_id")):
        yield _transaction(list(legs))
    yield from _assertions(last)


def _name(account: Account) -> str:
    words = "-".join(word.capitalize() for word in account.name.split("_"))
    return f"{_ROOTS[account.nature.value]}:{words}"


def _full_name(account: Account, owner_id: int | None, channel_id: int) -> str:
    """Return the account of one owner or one channel, below the account itself."""
    if owner_id is not None:
        return f"{_name(account)}:N{owner_id}"
    return f"{_name(account)}:C{channel_id}" if account in _PER_CHANNEL else _name(account)


def _open_accounts(first: date) -> Iterator[str]:
    day = first - timedelta(days=1)
    names = {_OPENING} | {_name(account) for account in Account}
    yield from (f"{day} open {name}\n" for name in sorted(names))
    for account, owner_id, channel_id in stream(_NAMES, {}):
        name = _full_name(Account(account), owner_id, channel_id)
        if name not in names:
            yield f"{day} open {name}\n"
    yield "\n"


def _opening(first: date) -> Iterator[str]:
    day = first - timedelta(days=1)
    for account, owner_id, channel_id, currency, amount in stream(_BEFORE, {"since": start_of(first)}):
        name = _full_name(Account(account), owner_id, channel_id)
        yield f'{day} * "Opening balance"\n{_posting(name, amount, currency)}{_posting(_OPENING, -amount, currency)}\n'


def _transaction(legs: list[EntryRow]) -> str:
    head = legs[0]
    link = f" ^{ids.show('ord', head.order_id)}" if head.order_id else ""
    lines = [f"{day_of(head.at)} * {_quoted(JournalKind(head.kind).name.lower())} {_quoted(head.note)}{link}\n"]
    lines.append(f'  journal: "{head.journal_id}"\n')
    if head.key:
        lines.append(f"  key: {_quoted(head.key)}\n")
    return "".join([*lines, *_postings(legs), "\n"])


def _postings(legs: Iterable[EntryRow]) -> Iterator[str]:
    for leg in legs:
        name = _full_name(Account(leg.account), leg.owner_id, leg.channel_id)
        yield _posting(name, leg.amount, leg.currency)


def _posting(name: str, amount: int, currency: str) -> str:
    return f"  {name}  {plain_amount(amount, currency)} {currency}\n"


def _quoted(text: str) -> str:
    clean = re.sub(r"[\x00-\x1f]", " ", text)
    return '"' + clean.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _assertions(last: date) -> Iterator[str]:
    """To the cent; a balance holds at the beginning of its day, and that of an account includes those below it."""
    day = last + timedelta(days=1)
    for line in trial_balance(last).lines:
        yield f"{day} balance {_name(line.account)}  {plain_amount(line.amount, line.currency)} ~ 0 {line.currency}\n"
