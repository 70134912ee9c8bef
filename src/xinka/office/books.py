"""The books for staff: the trial balance as of a day, an account's statement, one journal, and exports."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from http import HTTPStatus
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language, override
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from xinka.accounts.models import User
from xinka.accounts.policies import signed_in
from xinka.kernel import ids
from xinka.kernel.errors import BadIdentifier
from xinka.ledger.accounts import OWNED, USER_OWNED, Account, JournalKind
from xinka.ledger.days import day_of, end_of, start_of
from xinka.ledger.exports.beancount import write_beancount
from xinka.ledger.exports.tables import Table, journals_table, statement_table, write_csv, write_xlsx
from xinka.ledger.models import Balance, Entry, Journal
from xinka.ledger.queries import Subject, statement, trial_balance
from xinka.ledger.words import ACCOUNTS, KINDS, NATURES
from xinka.merchants.models import Merchant
from xinka.office.policies import Room, for_staff
from xinka.platform.audit.actions import record

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise  # of the stubs only

_PAGE = 50
_LONGEST = 366
#: A workbook is made whole before it is sent; larger ones are a matter of the command line.
_MOST_IN_WORKBOOK = 200_000
_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "beancount": "text/plain; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def today() -> date:
    """Return the present day of the books."""
    return day_of(timezone.now())


def _day_field(label: _StrPromise) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))


class AsOf(forms.Form):
    """A day for the trial balance."""

    as_of = _day_field(_("At the end of"))


class Period(forms.Form):
    """From when to when; without a question it is this month."""

    first = _day_field(_("First day"))
    last = _day_field(_("Last day"))

    def clean(self) -> dict[str, Any]:
        """Refuse a period that runs backwards or is too long for a page."""
        found: dict[str, Any] = super().clean() or {}
        if "first" in found and "last" in found:
            if found["first"] > found["last"]:
                self.add_error("last", _("This day is before the first. Exchange the two."))
            elif found["last"] - found["first"] > timedelta(days=_LONGEST):
                self.add_error("last", _("Take a year at most."))
        return found


class Export(Period):
    """What to write, and how."""

    form = forms.ChoiceField(choices=[(name, name) for name in _TYPES])


@dataclass(frozen=True)
class _Line:
    account: int
    code: str
    nature: Promise
    name: Promise
    currency: str
    debit: int
    credit: int


@require_safe
@for_staff(Room.BOOKS)
def books(request: HttpRequest) -> HttpResponse:
    """Show the trial balance, now or at the end of a day."""
    form = AsOf(request.GET) if "as_of" in request.GET else AsOf(initial={"as_of": today()})
    day = form.cleaned_data["as_of"] if form.is_bound and form.is_valid() else None
    report = trial_balance(day)
    lines = [
        _Line(
            line.account,
            f"{line.account:02d}",
            NATURES[line.account.nature.value],
            ACCOUNTS[line.account],
            line.currency,
            line.debit,
            line.credit,
        )
        for line in report.lines
    ]
    context = {
        "form": form,
        "as_of": day,
        "lines": lines,
        "totals": report.totals,
        "cover": report.cover,
        "export": Period(initial=_this_month()),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "office/books.html", context, status=status)


@require_safe
@for_staff(Room.BOOKS)
def account(request: HttpRequest, number: int, currency: str) -> HttpResponse:
    """Show one account's statement; of an account kept per owner, whose there are."""
    kind = _account(number)
    if kind in OWNED:
        rows = Balance.objects.filter(account=kind, currency=currency).exclude(amount=0).order_by("-amount", "owner_id")
        page = Paginator(rows if Subject(kind).sign > 0 else rows.order_by("amount", "owner_id"), _PAGE).get_page(
            request.GET.get("page")
        )
        names = owner_names(kind, [row.owner_id for row in page.object_list])
        owners = [(row.owner_id, names.get(row.owner_id, ""), row.amount * Subject(kind).sign) for row in page]
        context = {"name": ACCOUNTS[kind], "number": number, "currency": currency, "page": page, "owners": owners}
        return render(request, "office/books_owners.html", context)
    return _statement_page(request, Subject(kind, currency))


@require_safe
@for_staff(Room.BOOKS)
def owned_account(request: HttpRequest, number: int, currency: str, owner_id: int) -> HttpResponse:
    """Show the statement of one owner's account."""
    kind = _account(number)
    if kind not in OWNED:
        raise Http404
    return _statement_page(request, Subject(kind, currency, owner_id))


def _statement_page(request: HttpRequest, subject: Subject) -> HttpResponse:
    form, period = _period(request)
    first, last = period["first"], period["last"]
    counted = statement(subject, first, last, limit=0)
    pages = Paginator(range(counted.n_lines), _PAGE)
    page = pages.get_page(request.GET.get("page"))
    told = statement(subject, first, last, offset=max(page.start_index() - 1, 0), limit=_PAGE)
    context = {
        "subject": subject,
        "name": ACCOUNTS[subject.account],
        "owner": owner_names(subject.account, [subject.owner_id]).get(subject.owner_id, "") if subject.owner_id else "",
        "form": form,
        "first": first,
        "last": last,
        "told": told,
        "lines": [(ids.show("jrn", line.journal_id), KINDS[line.kind], line) for line in told.lines],
        "page": page,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "office/books_account.html", context, status=status)


@require_safe
@for_staff(Room.BOOKS)
def journal(request: HttpRequest, shown_id: str) -> HttpResponse:
    """Show one journal with its entries."""
    try:
        journal_id = ids.parse("jrn", shown_id)
    except BadIdentifier:
        raise Http404 from None
    entries = list(Entry.objects.filter(journal_id=journal_id).order_by("account"))
    sealed = Journal.objects.filter(id=journal_id).first()
    if not entries and sealed is None:
        raise Http404
    kind = sealed.kind if sealed else entries[0].kind
    by_id = sealed.by_id if sealed else None
    by = str(User.objects.filter(id=by_id).first() or "") or f"#{by_id}" if by_id else ""
    context = {
        "shown_id": shown_id,
        "kind": KINDS[JournalKind(kind)],
        "at": sealed.at if sealed else entries[0].at,
        "sealed": sealed,
        "by": by,
        "order": next((ids.show("ord", entry.order_id) for entry in entries if entry.order_id), ""),
        "entries": [
            (ACCOUNTS[Account(entry.account)], entry, max(entry.amount, 0), max(-entry.amount, 0)) for entry in entries
        ],
    }
    return render(request, "office/books_journal.html", context)


@require_POST
@for_staff(Room.BOOKS)
def export(request: HttpRequest) -> HttpResponseBase:
    """Send all journals of a period."""
    asked = Export(request.POST)
    if not asked.is_valid():
        return _refuse_export(request, asked)
    form, first, last = asked.cleaned_data["form"], asked.cleaned_data["first"], asked.cleaned_data["last"]
    if (
        form == "xlsx"
        and Entry.objects.filter(at__gte=start_of(first), at__lt=end_of(last)).count() > _MOST_IN_WORKBOOK
    ):
        asked.add_error("last", _("This is too much for a workbook. Take CSV, or a shorter time."))
        return _refuse_export(request, asked)
    record(signed_in(request), "books.export", f"{first} – {last}", form=form)
    name = f"books-{first}-{last}"
    if form == "beancount":
        return _attach(StreamingHttpResponse(write_beancount(first, last)), f"{name}.beancount", form)
    return table_response(journals_table(first, last), name, form)


@require_POST
@for_staff(Room.BOOKS)
def export_account(request: HttpRequest, number: int, currency: str, owner_id: int | None = None) -> HttpResponseBase:
    """Send one account's statement of a period."""
    kind, asked = _account(number), Export(request.POST)
    if (kind in OWNED) != (owner_id is not None) or not asked.is_valid():
        raise Http404
    form, first, last = asked.cleaned_data["form"], asked.cleaned_data["first"], asked.cleaned_data["last"]
    subject = Subject(kind, currency, owner_id)
    if form == "xlsx" and statement(subject, first, last, limit=0).n_lines > _MOST_IN_WORKBOOK:
        form = "csv"
    record(signed_in(request), "books.export", f"{first} – {last}", form=form, account=number, owner=owner_id or 0)
    whose = f"{number}-{currency}" + (f"-{owner_id}" if owner_id else "")
    return table_response(statement_table(subject, first, last), f"statement-{whose}-{first}-{last}", form)


def table_response(table: Table, name: str, form: str) -> HttpResponseBase:
    """Hand a table over as a file that nothing keeps."""
    if form == "xlsx":
        file = TemporaryFile()  # noqa: SIM115 - the response closes it
        write_xlsx(table, file)
        file.seek(0)
        return _attach(FileResponse(file), f"{name}.xlsx", form)
    return _attach(StreamingHttpResponse(_in_language(write_csv(table))), f"{name}.csv", "csv")


def _in_language(pieces: Iterator[str]) -> Iterator[str]:
    """Keep the reader's language while the file is sent, which is after the view has ended."""
    with override(get_language()):
        yield from pieces


def _attach(response: HttpResponseBase, name: str, form: str) -> HttpResponseBase:
    response["Content-Type"] = _TYPES[form]
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response


def _refuse_export(request: HttpRequest, asked: Export) -> HttpResponse:
    return render(request, "office/books_export.html", {"form": asked}, status=HTTPStatus.UNPROCESSABLE_ENTITY)


def owner_names(kind: Account, owner_ids: list[int]) -> dict[int, str]:
    """Return the names of those whose accounts they are."""
    if kind in USER_OWNED:
        return dict(User.objects.filter(id__in=owner_ids).values_list("id", "email"))
    return dict(Merchant.objects.filter(id__in=owner_ids).values_list("id", "name"))


def _this_month() -> dict[str, date]:
    return {"first": today().replace(day=1), "last": today()}


def _period(request: HttpRequest) -> tuple[Period, dict[str, date]]:
    if "first" not in request.GET:
        return Period(initial=_this_month()), _this_month()
    form = Period(request.GET)
    return form, form.cleaned_data if form.is_valid() else _this_month()


def _account(number: int) -> Account:
    try:
        return Account(number)
    except ValueError:
        raise Http404 from None
