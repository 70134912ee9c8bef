"""The merchant's cases: a queue by urgency, and one case with what can be done about it."""

from __future__ import annotations

from types import MappingProxyType
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST, require_safe

from xinka.accounts.lists import around, list_context
from xinka.desk.access import Desk, check_duty, desk_of, for_members
from xinka.desk.case_filter import TABS, CaseFilter
from xinka.desk.lists import place_in
from xinka.desk.reply_templates import shelf_of
from xinka.disputes import reasons
from xinka.disputes.errors import CaseMoved, CaseNotFound
from xinka.disputes.forms import WordsForm
from xinka.disputes.models import Case
from xinka.disputes.policies import moves_for
from xinka.disputes.progress import steps_of
from xinka.disputes.queries import evidence_of
from xinka.disputes.states import CaseKind, Offer
from xinka.disputes.thread import thread_of
from xinka.disputes.words import KINDS, badge_for, decision_in_words, offer_in_words
from xinka.flows.disputes import cases, deciding
from xinka.flows.disputes.facts import codes_mailed_at, pieces_of
from xinka.flows.disputes.filling import choices_of, filled_in
from xinka.kernel import ids
from xinka.kernel.actors import Actor, Role
from xinka.kernel.errors import BadIdentifier, Refusal
from xinka.merchants.policies import Duty, may
from xinka.orders.models import Order
from xinka.payments.queries import is_going_back
from xinka.platform.database.pages import FarPaginator
from xinka.platform.files.models import StoredFile
from xinka.platform.files.serving import answer_with
from xinka.platform.files.uploads import handed_in, limit_uploads
from xinka.platform.look.amounts import MOST_SIGNS, read_amount
from xinka.platform.look.templatetags.look import amount as amount_in_words


@require_safe
@for_members(Duty.SEE_ORDERS)
def index(request: HttpRequest, desk: Desk) -> HttpResponse:
    """List the cases, the most urgent first."""
    asked = CaseFilter.asked_by(request, desk)
    page = FarPaginator(asked.found(), asked.per_page).get_page(request.GET.get("page"))
    orders = Order.objects.in_bulk([case.order_id for case in page.object_list])
    rows = [
        {
            "case": case,
            "order": orders.get(case.order_id),
            "badge": badge_for(case, Role.SELLER),
            "kind": KINDS[CaseKind(case.kind)],
            "reason": reasons.in_words(case.reason),
        }
        for case in page.object_list
    ]
    context = {
        "desk": desk,
        "page": page,
        "rows": rows,
        "form": asked,
        "tabs": TABS,
        **list_context(asked, page.number),
    }
    context["may_answer"] = may(desk.membership.role, Duty.ANSWER_CASES)
    return render(request, "desk/cases.html", context)


def _case(desk: Desk, case_id: str) -> Case:
    """Return a case of this merchant.

    Raises:
        CaseNotFound: if it is another merchant's, or there is none.
    """
    try:
        wanted = ids.parse("dsp", case_id)
    except BadIdentifier:
        raise CaseNotFound from None
    found = Case.objects.filter(id=wanted, merchant_id=desk.merchant.id).first()
    if found is None:
        raise CaseNotFound
    return found


@require_safe
@for_members(Duty.SEE_ORDERS)
def show(request: HttpRequest, desk: Desk, case_id: str) -> HttpResponse:
    """Show one case."""
    return _page(request, desk, _case(desk, case_id), WordsForm())


def _page(
    request: HttpRequest, desk: Desk, case: Case, form: WordsForm, *, status: int = 200, part_problem: str = ""
) -> HttpResponse:
    order = Order.objects.get(id=case.order_id)
    base = f"/desk/{desk.merchant.slug}"
    may_answer = may(desk.membership.role, Duty.ANSWER_CASES)
    place = place_in(request, desk, CaseFilter)
    context = {
        "desk": desk,
        "case": case,
        "place": place,
        "around": around(place, case.id, request.GET.get("then", "")),
        "case_path": f"{base}/cases/{case.shown_id}",
        "order": order,
        "order_link": f"{base}/orders/{ids.show('ord', order.id)}",
        "badge": badge_for(case, Role.SELLER),
        "kind_words": KINDS[CaseKind(case.kind)],
        "reason_words": reasons.in_words(case.reason),
        "said": thread_of(case, Role.SELLER),
        "pieces": pieces_of(case),
        "mailed_at": codes_mailed_at(case.order_id),
        "steps": steps_of(case, is_going_back=is_going_back(order.id)),
        "can": moves_for(case, Role.SELLER) if may_answer else {},
        "may_answer": may_answer and case.kind != CaseKind.CHARGEBACK,
        "may_give_back": may(desk.membership.role, Duty.GIVE_BACK),
        "can_replace": may_answer and case.is_open and cases.can_replace(case),
        "offer_words": offer_in_words(case.offer, case.offer_amount, case.currency) if case.offer else "",
        "decision_words": decision_in_words(case.decision, case.decision_amount, case.currency)
        if case.decision
        else "",
        "form": form,
        "part": request.POST.get("amount", "") or request.GET.get("part", "")[:MOST_SIGNS],
        "part_problem": part_problem,
        "replies": choices_of(shelf_of(desk), case) if may_answer else [],
        "replies_path": reverse("desk:reply_templates", args=[desk.merchant.slug]) if may_answer else "",
        "reply_chosen": request.POST.get("template", ""),
    }
    return render(request, "desk/case.html", context, status=status)


@csrf_exempt  # only so far: the check follows once the limits of the upload are set, since it reads the whole body
@login_required
def say(request: HttpRequest, merchant: str, case_id: str) -> HttpResponseBase:
    """Answer, with files. Who may not is turned away before a byte of a file is read."""
    desk = desk_of(request, merchant)
    check_duty(request, desk, Duty.ANSWER_CASES)
    limit_uploads(request)
    return _say(request, desk, _case(desk, case_id))


say.duty = Duty.ANSWER_CASES  # type: ignore[attr-defined]  # the tests read it off every address


@csrf_protect
@require_POST
def _say(request: HttpRequest, desk: Desk, case: Case) -> HttpResponse:
    form, onward = WordsForm(request.POST), _next_of(request, desk, case)
    if form.is_valid():
        by, files = Actor(Role.SELLER, desk.user_id), tuple(handed_in(request, "files"))
        try:
            cases.write(case.id, form.cleaned_data["text"], by=by, now=timezone.now(), files=files)
        except Refusal as refusal:
            form.add_error(None, refusal.message(get_language() or ""))
        else:
            return _back(request, desk, case, onward, part=request.POST.get("amount", ""))
    return _page(request, desk, case, form, status=422)


@require_POST
@for_members(Duty.ANSWER_CASES)
def put_in(request: HttpRequest, desk: Desk, case_id: str) -> HttpResponse:
    """Put a template behind what was typed, and show it: nothing is sent."""
    case = _case(desk, case_id)
    try:
        text = filled_in(shelf_of(desk), request.POST.get("template", ""), case)
    except Refusal as refusal:
        form = WordsForm.beside(request.POST)
        form.add_error(None, refusal.message(get_language() or ""))
        return _page(request, desk, case, form, status=422)
    return _page(request, desk, case, WordsForm.with_more(request.POST, text))


def _next_of(request: HttpRequest, desk: Desk, case: Case) -> str:
    """Return the address of the case after this one; asked for before an answer takes this one out of the list."""
    return around(place_in(request, desk, CaseFilter), case.id).after.partition("?")[0]


def _back(request: HttpRequest, desk: Desk, case: Case, onward: str, part: str = "") -> HttpResponse:
    """Show the case again, with the part of the money that was typed and not offered yet, and the place in the list."""
    place = place_in(request, desk, CaseFilter)
    kept = {"in": place.query} if place.is_known else {}
    kept |= {"then": onward} if onward else {}
    kept |= {"part": part[:MOST_SIGNS]} if part else {}
    address = place.asked.page_of(case.id)
    response = redirect(f"{address}?{urlencode(kept)}" if kept else address)
    response.status_code = 303
    return response


#: Whose duty a move is; what gives money back, or agrees to it, is for those who may.
_DUTIES = MappingProxyType(
    {
        "replace": Duty.ANSWER_CASES,
        "escalate": Duty.ANSWER_CASES,
        "appeal": Duty.ANSWER_CASES,
        "part": Duty.GIVE_BACK,
        "concede": Duty.GIVE_BACK,
        "waive": Duty.GIVE_BACK,
    }
)


@csrf_exempt  # as above
@for_members(Duty.ANSWER_CASES)
def act(request: HttpRequest, desk: Desk, case_id: str) -> HttpResponseBase:
    """Make one of the seller's moves; what was typed on the page is said with it."""
    limit_uploads(request)
    return _act(request, desk, _case(desk, case_id))


@csrf_protect
@require_POST
def _act(request: HttpRequest, desk: Desk, case: Case) -> HttpResponse:
    move = request.POST.get("move", "")
    if move not in _DUTIES:
        raise CaseMoved
    check_duty(request, desk, _DUTIES[move])
    form, part_problem, onward = WordsForm.beside(request.POST), "", _next_of(request, desk, case)
    if form.is_valid():
        try:
            with transaction.atomic():
                _move(case, form.cleaned_data["text"], request, Actor(Role.SELLER, desk.user_id))
        except ValidationError as problem:
            part_problem = problem.messages[0]
        except Refusal as refusal:
            if not form.cleaned_data["text"] or not _case(desk, case.shown_id).is_open:
                raise
            form.add_error(None, refusal.message(get_language() or ""))
        else:
            messages.success(request, _("Done"))
            return _back(request, desk, case, onward)
    return _page(request, desk, _case(desk, case.shown_id), form, status=422, part_problem=part_problem)


def _move(case: Case, text: str, request: HttpRequest, by: Actor) -> None:
    now, files, move = timezone.now(), tuple(handed_in(request, "files")), request.POST["move"]
    if move == "appeal":
        deciding.appeal(case.id, text, by=by, now=now, files=files)
        return
    cases.say_beside(case.id, text, by=by, now=now, files=files)
    match move:
        case "replace":
            cases.offer(case.id, Offer.REPLACE, by=by, now=now)
        case "part":
            cases.offer(case.id, Offer.PART, amount=_part(request, case), by=by, now=now)
        case "concede":
            cases.concede(case.id, by=by, now=now)
        case "escalate":
            cases.escalate(case.id, by=by, now=now)
        case _:
            deciding.waive(case.id, by=by, now=now)


def _part(request: HttpRequest, case: Case) -> int:
    """Return the part that is offered; what is none is said on the page of the case, beside what was typed."""
    part = read_amount(request.POST.get("amount", ""), case.currency)
    if not 0 < part < case.amount:
        most = amount_in_words(case.amount, case.currency)
        raise ValidationError(_("A part is more than 0 and less than %(sum)s.") % {"sum": most})
    return part


@require_safe
@for_members(Duty.SEE_ORDERS)
def file(request: HttpRequest, desk: Desk, case_id: str, evidence_id: str) -> HttpResponse:
    """Hand a piece of evidence to the merchant's team."""
    case = _case(desk, case_id)
    try:
        found = evidence_of(case, ids.parse("evd", evidence_id))
    except BadIdentifier:
        found = None
    if found is None:
        raise CaseNotFound
    return answer_with(StoredFile.objects.get(id=found.file_id), download="download" in request.GET)
