"""What a merchant has: where each part of the money is and when it moves on, and every entry of it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy
from django.views.decorators.http import require_safe

from xinka.desk.access import Desk, for_members
from xinka.desk.handing_over import hand_over
from xinka.flows.payouts.balance import MerchantMoney, currencies_of, money_of
from xinka.kernel import ids
from xinka.ledger.accounts import Account
from xinka.ledger.days import day_of
from xinka.ledger.exports.tables import statement_table
from xinka.ledger.reports import StatementLine, Subject, statement
from xinka.ledger.words import KINDS
from xinka.merchants.policies import Duty
from xinka.platform.look.templatetags.look import amount

_PER_PAGE = 50
#: A workbook is made whole before it is sent; larger ones are sent as CSV.
_MOST_IN_WORKBOOK = 100_000
_LONGEST = timedelta(days=400)
#: The parts of a merchant's money that have entries of their own, by their name in the address.
PARTS: dict[str, tuple[Account, Promise]] = {
    "available": (Account.SELLER_AVAILABLE, pgettext_lazy("money", "Available")),
    "pending": (Account.SELLER_PENDING, gettext_lazy("Pending")),
    "reserve": (Account.SELLER_RESERVE, gettext_lazy("Reserve")),
    "in_transit": (Account.SELLER_IN_TRANSIT, gettext_lazy("Being paid out")),
    "owed": (Account.SELLER_RECEIVABLE, gettext_lazy("Owed")),
    "frozen": (Account.FROZEN, gettext_lazy("Frozen")),
}


class Asked(NamedTuple):
    """Which statement is wanted."""

    part: str
    subject: Subject
    first: date
    last: date


@require_safe
@for_members(Duty.SEE_MONEY)
def balance(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Show where the money is."""
    currency, currencies = currency_of(request, desk)
    money = money_of(desk.merchant.id, currency)
    context = {"desk": desk, "money": money, "facts": _facts(money), "currency": currency, "currencies": currencies}
    return render(request, "desk/balance.html", context)


def currency_of(request: HttpRequest, desk: Desk) -> tuple[str, list[str]]:
    """Return the currency a page is about, and those there are to choose from."""
    known = currencies_of(desk.merchant.id)
    wanted = request.GET.get("currency", "") or known[0]
    if wanted not in known:
        raise Http404
    return wanted, known


def _facts(money: MerchantMoney) -> list[dict[str, object]]:
    facts: list[dict[str, object]] = [
        {"label": pgettext("money", "Available"), "value": money.available, "context": _("can be withdrawn")},
        {"label": _("Pending"), "value": money.pending, "context": _("confirmed, within the after-sale time")},
        {"label": _("In escrow"), "value": money.in_escrow, "context": _("delivered, the buyer still checks")},
        {"label": _("Reserve"), "value": money.reserve, "context": _("kept back for claims")},
        {"label": _("Being paid out"), "value": money.in_transit, "context": _("on its way to your account")},
    ]
    if money.owed:
        facts.append(
            {"label": _("Owed"), "value": money.owed, "context": _("taken from the next payout"), "warn": True}
        )
    if money.frozen:
        facts.append({"label": _("Frozen"), "value": money.frozen, "context": _("held by a case"), "warn": True})
    return [{**fact, "value": amount(int(str(fact["value"])), money.currency)} for fact in facts]


@require_safe
@for_members(Duty.SEE_MONEY)
def entries(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Show a statement: opening balance, every entry with the balance after it, closing balance."""
    asked = _asked(request, desk)
    page = Paginator(range(statement(asked.subject, asked.first, asked.last, limit=0).n_lines), _PER_PAGE).get_page(
        request.GET.get("page")
    )
    found = statement(asked.subject, asked.first, asked.last, offset=(page.number - 1) * _PER_PAGE, limit=_PER_PAGE)
    context = {
        "desk": desk,
        "asked": asked,
        "statement": found,
        "lines": [_line(line) for line in found.lines],
        "page": page,
        "parts": [(name, words) for name, (_account, words) in PARTS.items()],
        "currencies": currencies_of(desk.merchant.id),
        "query": request.GET.urlencode(),
    }
    return render(request, "desk/statement.html", context)


def _line(line: StatementLine) -> dict[str, object]:
    shown = ids.show("ord", line.order_id) if line.order_id else ""
    return {"line": line, "words": KINDS[line.kind], "order": shown}


@require_safe
@for_members(Duty.SEE_MONEY)
def export(request: HttpRequest, desk: Desk, form: str) -> HttpResponseBase:
    """Hand the whole period over as CSV or as a workbook."""
    asked = _asked(request, desk)
    if form == "xlsx" and statement(asked.subject, asked.first, asked.last, limit=0).n_lines > _MOST_IN_WORKBOOK:
        form = "csv"
    table = statement_table(asked.subject, asked.first, asked.last)
    return hand_over(table, f"{asked.part}-{desk.merchant.slug}-{asked.first:%Y%m%d}-{asked.last:%Y%m%d}", form)


def _asked(request: HttpRequest, desk: Desk) -> Asked:
    part = request.GET.get("part", "available")
    currency, _known = currency_of(request, desk)
    today = day_of(timezone.now())
    last = _day(request.GET.get("to", ""), today)
    first = _day(request.GET.get("from", ""), last - timedelta(days=30))
    if part not in PARTS or not timedelta(0) <= last - first <= _LONGEST:
        raise Http404
    return Asked(part, Subject(PARTS[part][0], currency, desk.merchant.id), first, last)


def _day(text: str, otherwise: date) -> date:
    try:
        return date.fromisoformat(text) if text else otherwise
    except ValueError:
        raise Http404 from None
