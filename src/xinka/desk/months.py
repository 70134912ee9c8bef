"""A merchant's year, month by month: what came, what it cost and what was paid out, as an accountant asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import dropwhile
from typing import NamedTuple

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_safe

from xinka.desk.access import Desk, for_members
from xinka.desk.balance import currency_of
from xinka.desk.handing_over import hand_over
from xinka.ledger.days import day_of
from xinka.ledger.exports.tables import Cell, Table, as_decimal
from xinka.ledger.months import Line, Month, months_of
from xinka.merchants.policies import Duty

#: Xinka is younger than this; an earlier year is a typing mistake.
_FIRST_YEAR = 2020
WORDS = {
    Line.SALES: gettext_lazy("Released sales"),
    Line.SUBSIDY: gettext_lazy("Discounts borne by the platform"),
    Line.COMMISSION: gettext_lazy("Commission"),
    Line.GIVEN_BACK: gettext_lazy("Given back after the release"),
    Line.CHARGEBACKS: gettext_lazy("Chargebacks"),
    Line.REFERRALS: gettext_lazy("Recommendations"),
    Line.HANDED_OVER: gettext_lazy("Handed over to a court"),
    Line.PAYOUT_FEES: gettext_lazy("Payout fees"),
    Line.PAID_OUT: gettext_lazy("Paid out"),
    Line.PAID_BACK: gettext_lazy("Payouts returned by the bank"),
    Line.OTHER: pgettext_lazy("statement", "Other"),
}
#: What is always told, also where it is nothing.
_ALWAYS = frozenset({Line.SALES, Line.COMMISSION, Line.PAID_OUT})


class Told(NamedTuple):
    """One year in one currency; ``lines`` are those of which there is anything to tell."""

    year: int
    currency: str
    months: list[Month]
    lines: list[Line]

    def sums(self, month: Month) -> list[int]:
        """Return a month's figures in the order of the lines."""
        return [month.sums.get(line, 0) for line in self.lines]

    @property
    def totals(self) -> list[int]:
        """The year's figures in the order of the lines."""
        return [sum(month.sums.get(line, 0) for month in self.months) for line in self.lines]


@require_safe
@for_members(Duty.SEE_MONEY)
def index(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Show a year's months and their sum."""
    told, currencies = _told(request, desk)
    this_year = day_of(timezone.now()).year
    context = {
        "desk": desk,
        "told": told,
        "heads": [WORDS[line] for line in told.lines],
        "rows": [(month, _labelled(told, told.sums(month))) for month in reversed(told.months)],
        "totals": _labelled(told, told.totals),
        "currency": told.currency,
        "currencies": currencies,
        "earlier": told.year - 1 if told.year > _FIRST_YEAR else None,
        "later": told.year + 1 if told.year < this_year else None,
    }
    return render(request, "desk/months.html", context)


def _labelled(told: Told, sums: Sequence[int]) -> list[tuple[object, int]]:
    return [(WORDS[line], sum_) for line, sum_ in zip(told.lines, sums, strict=True)]


@require_safe
@for_members(Duty.SEE_MONEY)
def export(request: HttpRequest, desk: Desk, form: str) -> HttpResponseBase:
    """Hand the year over as CSV or as a workbook."""
    told, _currencies = _told(request, desk)
    table = _table(told)
    return hand_over(table, f"months-{desk.merchant.slug}-{told.year}-{told.currency}", form)


def _told(request: HttpRequest, desk: Desk) -> tuple[Told, list[str]]:
    currency, currencies = currency_of(request, desk)
    today = day_of(timezone.now())
    text = request.GET.get("year", "") or str(today.year)
    if not (text.isascii() and text.isdigit() and _FIRST_YEAR <= int(text) <= today.year):
        raise Http404
    months = _since_the_first(months_of(desk.merchant.id, int(text), today, currency))
    seen = {line for month in months for line, amount in month.sums.items() if amount}
    return Told(int(text), currency, months, [line for line in Line if line in seen | _ALWAYS]), currencies


def _since_the_first(months: list[Month]) -> list[Month]:
    """Return the months since something came for the first time; the last in any case."""
    return list(dropwhile(lambda month: not (month.opening or month.sums), months)) or months[-1:]


def _table(told: Told) -> Table:
    currency = told.currency
    head = [_("Month"), _("At the beginning"), *(str(WORDS[line]) for line in told.lines), _("At the end")]
    rows: list[list[Cell]] = []
    for month in told.months:
        figures = (month.opening, *told.sums(month), month.closing)
        rows.append([f"{month.first:%Y-%m}", *(as_decimal(figure, currency) for figure in figures), currency])
    return Table(_("Months"), [*head, _("Currency")], rows)
