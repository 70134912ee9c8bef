"""The platform's own statements: what it earned month by month, and what it owes, by age; each page also as CSV."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy
from django.views.decorators.http import require_POST, require_safe

from xinka.accounts.policies import signed_in
from xinka.flows.reconciling.ageing import CLASSES, Aged, currencies_owed, owed_by_age
from xinka.kernel.money import HOME
from xinka.ledger.accounts import Account
from xinka.ledger.exports.tables import Cell, Table, as_decimal
from xinka.ledger.income import EARNED, SPENT, Moved, Result, begins_in, moved_in, results_of
from xinka.ledger.words import ACCOUNTS
from xinka.office.books import table_response, today
from xinka.office.policies import Room, for_staff
from xinka.platform.audit.actions import record

#: Xinka is younger than this; an earlier year is a typing mistake.
_FIRST_YEAR = 2020
_MOVED: dict[str, Promise] = {
    "came": gettext_lazy("Came from buyers"),
    "given_back": gettext_lazy("Given back to buyers"),
    "charged_back": gettext_lazy("Charged back by banks"),
    "won_back": gettext_lazy("Won back from banks"),
    "paid_out": gettext_lazy("Paid out to merchants"),
    "paid_back": gettext_lazy("Payouts returned by banks"),
}
#: What is always told, also where it is nothing.
_ALWAYS = frozenset({Account.COMMISSION, Account.PSP_FEE, Account.CHARGEBACK_LOSS})
_SUMS: tuple[tuple[str, Promise], ...] = (
    ("earned", pgettext_lazy("statement", "Earned")),
    ("spent", pgettext_lazy("statement", "Costs")),
    ("left", pgettext_lazy("statement", "Left")),
)


class Told(NamedTuple):
    """One year in one currency; ``accounts`` are those of which there is anything to tell."""

    year: int
    currency: str
    currencies: list[str]
    months: list[Result]
    accounts: list[Account]


@require_safe
@for_staff(Room.BOOKS)
def income(request: HttpRequest) -> HttpResponse:
    """Show a year's months and its sum, and how much money moved in one of them."""
    told = _told(request.GET)
    year = Result(date(told.year, 1, 1), {one: sum(m.sums.get(one, 0) for m in told.months) for one in told.accounts})
    month = _month(request.GET.get("month", ""), told)
    moved = moved_in(told.year, told.currency, month.month).get(month.month, Moved())
    context = {
        "told": told,
        "currency": told.currency,
        "currencies": told.currencies,
        "heads": _heads(told),
        "rows": [(one.first, _cells(told, one)) for one in reversed(told.months)],
        "totals": _cells(told, year),
        "month": month,
        "moved": [(words, getattr(moved, name)) for name, words in _MOVED.items()],
        "earlier": told.year - 1 if told.year > _FIRST_YEAR else None,
        "later": told.year + 1 if told.year < today().year else None,
    }
    return render(request, "office/income.html", context)


@require_POST
@for_staff(Room.BOOKS)
def income_export(request: HttpRequest) -> HttpResponseBase:
    """Hand the year over as CSV, what moved with it."""
    told = _told(request.POST)
    moved = moved_in(told.year, told.currency)
    head = [_("Month"), *map(str, _heads(told)), *map(str, _MOVED.values()), _("Currency")]
    rows: list[list[Cell]] = []
    for one in told.months:
        sums = [sum_ for _head, sum_ in _cells(told, one)] + list(moved.get(one.first.month, Moved()))
        rows.append([f"{one.first:%Y-%m}", *(as_decimal(sum_, told.currency) for sum_ in sums), told.currency])
    record(signed_in(request), "books.export", f"{told.year}-01-01 – {told.year}-12-31", form="csv")
    name = f"income-{told.year}-{told.currency}"
    return table_response(Table(pgettext("statement", "Income"), head, rows), name, "csv")


def _told(asked: QueryDict) -> Told:
    currency, currencies = _currency(asked)
    text = asked.get("year", "") or str(today().year)
    if not (text.isascii() and text.isdigit() and _FIRST_YEAR <= int(text[:5]) <= today().year):
        raise Http404
    months = _since_the_books_begin(results_of(int(text), today(), currency))
    seen = {account for month in months for account, amount in month.sums.items() if amount}
    return Told(int(text), currency, currencies, months, [one for one in (*EARNED, *SPENT) if one in seen | _ALWAYS])


def _since_the_books_begin(months: list[Result]) -> list[Result]:
    """Leave out the months before anything was entered; the last is told in any case."""
    begins = begins_in() or months[-1].first
    return [one for one in months if one.first >= begins or one.sums] or months[-1:]


def _month(text: str, told: Told) -> date:
    """Return the month whose moves are shown: the last one, unless another of the year is asked for."""
    return next((one.first for one in told.months if f"{one.first:%Y-%m}" == text), told.months[-1].first)


def _currency(asked: QueryDict) -> tuple[str, list[str]]:
    known = currencies_owed() or [HOME]
    wanted = asked.get("currency", "") or (HOME if HOME in known else known[0])
    if wanted not in known:
        raise Http404
    return wanted, known


def _heads(told: Told) -> list[object]:
    return [*(ACCOUNTS[account] for account in told.accounts), *(words for _name, words in _SUMS)]


def _cells(told: Told, one: Result) -> list[tuple[object, int]]:
    """Return a month's figures with their headings; costs are positive in columns of their own."""
    sums = [one.sums.get(account, 0) for account in told.accounts] + [getattr(one, name) for name, _words in _SUMS]
    return list(zip(_heads(told), sums, strict=True))


@require_safe
@for_staff(Room.BOOKS)
def owed(request: HttpRequest) -> HttpResponse:
    """Show what is owed now, account by account and by age."""
    currency, currencies = _currency(request.GET)
    lines, heads = owed_by_age(currency, timezone.now()), _ages()
    context = {
        "currency": currency,
        "currencies": currencies,
        "heads": heads,
        "rows": [(ACCOUNTS[one.account], one, _aged_cells(one, heads)) for one in lines],
        "totals": list(zip(heads, (sum(sums) for sums in zip(*map(_figures, lines), strict=True)), strict=True))
        if lines
        else [],
    }
    return render(request, "office/owed.html", context)


@require_POST
@for_staff(Room.BOOKS)
def owed_export(request: HttpRequest) -> HttpResponseBase:
    """Hand what is owed over as CSV."""
    currency, _currencies = _currency(request.POST)
    now = timezone.now()
    rows: list[list[Cell]] = [
        [
            f"{one.account:02d}",
            str(ACCOUNTS[one.account]),
            *(as_decimal(sum_, currency) for sum_ in _figures(one)),
            currency,
        ]
        for one in owed_by_age(currency, now)
    ]
    head = [pgettext("books", "Account"), _("Account name"), *map(str, _ages()), _("Currency")]
    record(signed_in(request), "books.export", f"{today()}", form="csv")
    return table_response(Table(_("Owed, by age"), head, rows), f"owed-{today()}-{currency}", "csv")


def _ages() -> list[str]:
    """Return the headings: each class of age, what has no day of its own, and all of it."""
    since = (0, *(days + 1 for days in CLASSES))
    younger = [_("%(first)d to %(last)d days") % {"first": a, "last": b} for a, b in zip(since, CLASSES, strict=False)]
    older = _("older than %(n)d days") % {"n": CLASSES[-1]}
    return [*younger, older, _("without a day of its own"), pgettext("statement", "In all")]


def _figures(one: Aged) -> tuple[int, ...]:
    return (*one.classes, one.rest, one.total)


def _aged_cells(one: Aged, heads: list[str]) -> list[tuple[str, int]]:
    return list(zip(heads, _figures(one), strict=True))
