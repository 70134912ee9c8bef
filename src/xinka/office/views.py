"""Staff pages. Every act is a POST, is written into the audit in its own transaction, and names who did it."""

from __future__ import annotations

from http import HTTPStatus
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from xinka.accounts.lists import around, list_context
from xinka.accounts.policies import require_fresh_proof, signed_in
from xinka.flows.refunds.sending import mark_done_by_hand, send_again
from xinka.flows.trying_mail import try_mail
from xinka.kernel import ids
from xinka.kernel.errors import BadIdentifier
from xinka.office import maintenance, queries
from xinka.office.acts import AuditFilter, acts_in_words
from xinka.office.policies import Room, for_staff, rooms_of
from xinka.office.queue_filters import RefundFilter
from xinka.office.queues import back_to_queue, place_in
from xinka.payments.models import Refund
from xinka.platform.audit.actions import record
from xinka.platform.audit.models import AuditEntry
from xinka.platform.database.django_drive import run
from xinka.platform.database.pages import FarPaginator
from xinka.platform.jobs.queue import CHORES, Job, defer, discard, revive
from xinka.platform.look.refusals import is_fragment

_PAGE = 50
CHECK_BOOKS = Job("audit.check", CHORES)


class Note(forms.Form):
    """Why staff did something by hand."""

    note = forms.CharField(
        label=_("What did you do, and where is the proof?"), min_length=5, max_length=200, strip=True
    )


@require_safe
@for_staff(Room.TASKS)
def home(request: HttpRequest) -> HttpResponse:
    """Show what waits for a person."""
    return render(request, "office/home.html", {"tasks": queries.tasks(rooms_of(signed_in(request)))})


@require_safe
@for_staff(Room.SYSTEM)
def system(request: HttpRequest) -> HttpResponse:
    """Show how the shop is doing; htmx asks for the part that changes."""
    if is_fragment(request):
        return render(request, "office/_system.html", {"state": queries.system_state()})
    return render(request, "office/system.html", {"state": queries.system_state(), **maintenance.context_of()})


@require_POST
@for_staff(Room.SYSTEM)
def check_now(request: HttpRequest) -> HttpResponse:
    """Have the books checked by a worker."""
    with transaction.atomic():
        run(defer(CHECK_BOOKS, [{"timestamp": 0}]))
        record(signed_in(request), "books.check", "shop")
    messages.success(request, gettext("The check has been queued"))
    return _see("office:system")


@require_POST
@for_staff(Room.SYSTEM)
def send_test_letter(request: HttpRequest) -> HttpResponse:
    """Have a letter sent to whoever asks; the page says what the mail server answered."""
    me = signed_in(request)
    with transaction.atomic():
        try_mail(me)
    messages.success(request, gettext("A test letter goes to %(address)s") % {"address": me.email})
    return _see("office:system")


@require_POST
@for_staff(Room.SYSTEM)
def retry_job(request: HttpRequest, job_id: int) -> HttpResponse:
    """Let a dead letter run again."""
    with transaction.atomic():
        task = run(revive(job_id))
        if task is not None:
            record(signed_in(request), "job.retry", f"job {job_id}", task=task)
    _tell(request, done=task is not None, words=gettext("Queued again"))
    return _see("office:system")


@require_POST
@for_staff(Room.SYSTEM)
def discard_job(request: HttpRequest, job_id: int) -> HttpResponse:
    """Give a dead letter up."""
    with transaction.atomic():
        task = run(discard(job_id))
        if task is not None:
            record(signed_in(request), "job.discard", f"job {job_id}", task=task)
    _tell(request, done=task is not None, words=gettext("Discarded"))
    return _see("office:system")


@require_safe
@for_staff(Room.REFUNDS)
def money(request: HttpRequest) -> HttpResponse:
    """Show refunds that are not done and money that belongs to no order."""
    asked = RefundFilter.asked_by(request)
    refunds = Paginator(asked.found(), asked.per_page).get_page(request.GET.get("refunds"))
    receipts = Paginator(queries.receipts_unmatched(), _PAGE).get_page(request.GET.get("unmatched"))
    context = {
        "refunds_page": refunds,
        "refunds": [(ids.show("ref", refund.id), refund) for refund in refunds.object_list],
        "receipts_page": receipts,
        "receipts": queries.receipts_in_words(list(receipts.object_list)),
    }
    return render(request, "office/money.html", context | list_context(asked, refunds.number))


@require_safe
@for_staff(Room.REFUNDS)
def refund(request: HttpRequest, shown_id: str) -> HttpResponse:
    """Show one refund and what can be done about it."""
    return _refund_page(request, _refund(shown_id), Note())


@require_POST
@for_staff(Room.REFUNDS)
@require_fresh_proof
def refund_done(request: HttpRequest, shown_id: str) -> HttpResponse:
    """Mark a refund as done by hand: first the note, then a page that asks once more, then the act."""
    found, form = _refund(shown_id), Note(request.POST)
    if not form.is_valid():
        return _refund_page(request, found, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    note = form.cleaned_data["note"]
    if request.POST.get("confirmed") != "1":
        context = {"refund": found, "shown_id": shown_id, "note": note, "place": place_in(request, RefundFilter)}
        return render(request, "office/refund_confirm.html", context)
    mark_done_by_hand(found.id, by=signed_in(request), note=note)
    messages.success(request, gettext("Marked as done"))
    return back_to_queue(request, RefundFilter)


@require_POST
@for_staff(Room.REFUNDS)
@require_fresh_proof
def refund_send(request: HttpRequest, shown_id: str) -> HttpResponse:
    """Have a refund sent again, after a page that asks whether the gateway was looked at."""
    found = _refund(shown_id)
    if request.POST.get("confirmed") != "1":
        context = {"refund": found, "shown_id": shown_id, "place": place_in(request, RefundFilter)}
        return render(request, "office/refund_send.html", context)
    send_again(found.id, by=signed_in(request))
    messages.success(request, gettext("Queued again"))
    return back_to_queue(request, RefundFilter)


@require_safe
@for_staff(Room.AUDIT)
def audit(request: HttpRequest) -> HttpResponse:
    """Show what staff did, the newest first."""
    asked = AuditFilter(request.GET)
    found = asked.apply(AuditEntry.objects.all())
    page = FarPaginator(found, _PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "acts": acts_in_words(page.object_list, signed_in(request)),
        "form": asked,
        "is_part": asked.is_part,
    }
    return render(request, "office/audit.html", context)


def _refund(shown_id: str) -> Refund:
    try:
        refund_id: UUID = ids.parse("ref", shown_id)
    except BadIdentifier:
        raise Http404 from None
    return get_object_or_404(Refund.objects.select_related("channel").defer("channel__config"), id=refund_id)


def _refund_page(request: HttpRequest, found: Refund, form: Note, *, status: int = HTTPStatus.OK) -> HttpResponse:
    order = ids.show("ord", found.order_id) if found.order_id else ""
    place = place_in(request, RefundFilter)
    context = {"refund": found, "shown_id": ids.show("ref", found.id), "order_id": order, "form": form}
    context |= {"place": place, "around": around(place, found.id)}
    return render(request, "office/refund.html", context, status=status)


def _tell(request: HttpRequest, *, done: bool, words: str) -> None:
    if done:
        messages.success(request, words)
    else:
        messages.warning(request, gettext("Somebody was quicker: this job is no longer a dead letter."))


def _see(name: str) -> HttpResponseRedirect:
    response = HttpResponseRedirect(reverse(name))
    response.status_code = HTTPStatus.SEE_OTHER
    return response
