"""A buyer's case: opened from the order page, followed and settled on its own page, as a guest too.

Whoever may open the order may open its cases, and nobody else learns that there are any: the pages lie under the
order's own path, where its cookie is.
"""

from __future__ import annotations

from datetime import datetime
from types import MappingProxyType
from typing import Protocol
from uuid import UUID

from django import forms
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from xinka.accounts.policies import signed_in
from xinka.catalog.models import Kind
from xinka.disputes import reasons
from xinka.disputes.actions import LONGEST_TEXT
from xinka.disputes.errors import CaseMoved, CaseNotFound
from xinka.disputes.forms import WordsForm
from xinka.disputes.models import Case
from xinka.disputes.policies import moves_for
from xinka.disputes.progress import steps_of
from xinka.disputes.queries import cases_of_order, evidence_of, open_case_of
from xinka.disputes.states import CaseKind, Offer
from xinka.disputes.thread import thread_of
from xinka.disputes.words import KINDS, badge_for, decision_in_words, offer_in_words
from xinka.flows.disputes import cases, deciding
from xinka.flows.disputes.facts import codes_mailed_at, pieces_of
from xinka.flows.disputes.money import positions_in_use
from xinka.flows.order_story import story_of
from xinka.flows.refunds.wishes import wish_for_order, wishes_balance
from xinka.kernel import ids
from xinka.kernel.actors import Actor, Role
from xinka.kernel.errors import BadIdentifier, Refusal
from xinka.orders.access import order_path
from xinka.orders.models import Order
from xinka.payments.queries import is_going_back
from xinka.platform.files.actions import Handed
from xinka.platform.files.models import StoredFile
from xinka.platform.files.serving import answer_with
from xinka.platform.files.uploads import handed_in, limit_uploads
from xinka.platform.ratelimits.limits import Limit, wait_after
from xinka.shop.access import grant_if_missing, order_for
from xinka.shop.wishes import may_wish

#: What one order's page may be asked to change: tries and seconds.
_WRITES = (40, 600)
_SEE_OTHER = 303


class TooBusy(Refusal):
    """Too much was written from one order's pages."""

    code = "case_too_busy"
    status = 429
    zh = "操作太频繁。请等几分钟再试。"
    en = "Too much at once. Please wait a few minutes."


class ComplaintForm(forms.Form):
    """What is wrong, with which pieces, and what the buyer wants."""

    wish = forms.ChoiceField(
        label=_("What do you want?"),
        widget=forms.RadioSelect,
        initial="dispute",
        choices=[
            ("dispute", _("It does not work: I want a fresh one or my money")),
            ("question", _("I have a question to the merchant first")),
        ],
    )
    reason = forms.ChoiceField(label=_("What is wrong?"), error_messages={"required": _("Choose what is wrong.")})
    pieces = forms.TypedMultipleChoiceField(
        label=_("Which pieces?"),
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None marked means the whole order."),
    )
    to_balance = forms.BooleanField(
        label=_("If money comes back, put it into my balance"),
        required=False,
        help_text=_("Otherwise it goes back the way you paid."),
    )
    text = forms.CharField(
        label=_("Tell what happened"),
        error_messages={"required": _("Tell in a sentence or two what happened.")},
        help_text=_("When, in which account and region, and what you saw. Do not paste whole codes."),
        max_length=LONGEST_TEXT,
        strip=True,
        widget=forms.Textarea(attrs={"rows": 5}),
    )

    def __init__(self, *args: object, kind: Kind, pieces: list[int], may_choose: bool, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # handed on as they came
        fields = self.fields
        # None is chosen for the buyer: who does not look would complain about something else.
        known = [(one.value, reasons.WORDS[one]) for one in reasons.REASONS[kind]]
        fields["reason"].choices = [("", gettext("Please choose")), *known]  # type: ignore[attr-defined]  # a choice field's
        fields["pieces"].choices = [(n, gettext("No. %(n)d") % {"n": n}) for n in pieces]  # type: ignore[attr-defined]  # as above
        if len(pieces) < 2:
            del fields["pieces"]
        if not may_choose:
            del fields["to_balance"]


def case_link(order: Order) -> dict[str, object]:
    """Return what the order page says of cases: the open one, earlier ones, or that one can be opened."""
    known = cases_of_order(order.id)
    path = order_path(order.id)
    shown = [(f"{path}/case/{case.shown_id}", case, badge_for(case, Role.BUYER)) for case in known]
    return {"cases": shown, "may_complain": cases.obstacle_to(order) is None}


@csrf_exempt  # only so far: the check follows once the limits of the upload are set, since it reads the whole body
def help_with(request: HttpRequest, shown_id: str) -> HttpResponseBase:
    """Open a case. Who may not see the order is turned away before a byte of a file is read."""
    found = order_for(request, shown_id)
    limit_uploads(request)
    return _help_with(request, found)


@csrf_protect
@require_http_methods(["GET", "HEAD", "POST"])
def _help_with(request: HttpRequest, found: Order) -> HttpResponse:
    open_one = open_case_of(found.id)
    if open_one is not None:
        return redirect(_path(open_one))
    story = story_of(found)
    obstacle = cases.obstacle_to(found)
    if obstacle is not None:
        return _page(request, found, "shop/case_closed.html", {"why": obstacle.message(get_language() or "")})
    data = request.POST if request.method == "POST" else None
    may_choose = may_wish(request, found)
    initial = {"to_balance": may_choose and wishes_balance(found.id, signed_in(request))}
    pieces = positions_in_use(found.id)
    form = ComplaintForm(data, initial=initial, kind=story.kind, pieces=pieces, may_choose=may_choose)
    if form.is_valid():
        _slow_down(found)
        try:
            with transaction.atomic():
                case = cases.open_case(found, _complaint(request, form), by=Actor(Role.BUYER), now=timezone.now())
                if may_choose:  # else what the account says would go before a box that was left empty
                    to_balance = form.cleaned_data["to_balance"]
                    wish_for_order(found.id, to_balance=to_balance, by=signed_in(request))
        except Refusal as refusal:
            form.add_error(None, refusal.message(get_language() or ""))
        else:
            return redirect(_path(case))
    return _page(request, found, "shop/case_open.html", {"form": form, "story": story})


def _complaint(request: HttpRequest, form: ComplaintForm) -> cases.Complaint:
    data = form.cleaned_data
    return cases.Complaint(
        reasons.Reason(data["reason"]),
        data["text"],
        tuple(data.get("pieces", ())),
        is_question=data["wish"] == "question",
        files=tuple(handed_in(request, "files")),
        to_balance=bool(data.get("to_balance")),
    )


def _slow_down(order: Order) -> None:
    if wait := wait_after([Limit(f"case:{order.id}", *_WRITES)]):
        raise TooBusy(retry_after=wait)


def _path(case: Case) -> str:
    return f"{order_path(case.order_id)}/case/{case.shown_id}"


def _case(request: HttpRequest, shown_id: str, case_id: str) -> tuple[Order, Case]:
    """Return a case of an order to somebody who may see the order.

    Raises:
        OrderNotFound, CaseNotFound: in every other case; a chargeback is nobody's business here.
    """
    order = order_for(request, shown_id)
    try:
        wanted = ids.parse("dsp", case_id)
    except BadIdentifier:
        raise CaseNotFound from None
    found = Case.objects.filter(id=wanted, order_id=order.id).exclude(kind=CaseKind.CHARGEBACK).first()
    if found is None:
        raise CaseNotFound
    return order, found


def _page(request: HttpRequest, order: Order, template: str, context: dict[str, object]) -> HttpResponse:
    path = order_path(order.id)
    response = render(request, template, {"order": order, "order_link": path, **context})
    response["Cache-Control"] = "no-store"
    grant_if_missing(request, response, order.id)
    return response


@require_safe
def show(request: HttpRequest, shown_id: str, case_id: str) -> HttpResponse:
    """Show a case."""
    order, case = _case(request, shown_id, case_id)
    return _case_page(request, order, case, WordsForm())


def _case_page(request: HttpRequest, order: Order, case: Case, form: WordsForm, status: int = 200) -> HttpResponse:
    can, going_back = moves_for(case, Role.BUYER), is_going_back(order.id)
    context: dict[str, object] = {
        "case": case,
        "case_path": _path(case),
        "badge": badge_for(case, Role.BUYER),
        "kind_words": KINDS[CaseKind(case.kind)],
        "reason_words": reasons.in_words(case.reason),
        "said": thread_of(case, Role.BUYER),
        "pieces": pieces_of(case),
        "mailed_at": codes_mailed_at(case.order_id),
        "steps": steps_of(case, is_going_back=going_back),
        "is_going_back": going_back,
        "can": can,
        "offer_words": offer_in_words(case.offer, case.offer_amount, case.currency) if case.offer else "",
        "decision_words": _decision(case),
        "form": form,
        "is_mine": can["reply"] or can["appeal"],
    }
    response = _page(request, order, "shop/case.html", context)
    response.status_code = status
    return response


def _decision(case: Case) -> str:
    return decision_in_words(case.decision, case.decision_amount, case.currency) if case.decision else ""


@csrf_exempt  # as above
def say(request: HttpRequest, shown_id: str, case_id: str) -> HttpResponseBase:
    """Add words and files."""
    order, case = _case(request, shown_id, case_id)
    limit_uploads(request)
    return _say(request, order, case)


@csrf_protect
@require_POST
def _say(request: HttpRequest, order: Order, case: Case) -> HttpResponse:
    form = WordsForm(request.POST)
    if form.is_valid():
        _slow_down(order)
        files = tuple(handed_in(request, "files"))
        try:
            cases.write(case.id, form.cleaned_data["text"], by=Actor(Role.BUYER), now=timezone.now(), files=files)
        except Refusal as refusal:
            form.add_error(None, refusal.message(get_language() or ""))
        else:
            return _back(case)
    return _case_page(request, order, case, form, status=422)


def _back(case: Case) -> HttpResponse:
    response = redirect(_path(case))
    response.status_code = _SEE_OTHER
    return response


class _PlainMove(Protocol):
    """A move that needs no more than who and when."""

    def __call__(self, case_id: UUID, *, by: Actor, now: datetime) -> Case: ...


_PLAIN: MappingProxyType[str, _PlainMove] = MappingProxyType(
    {
        "decline": cases.decline,
        "withdraw": cases.withdraw,
        "raise": cases.raise_question,
        "escalate": cases.escalate,
        "waive": deciding.waive,
    }
)


@csrf_exempt  # as above
def act(request: HttpRequest, shown_id: str, case_id: str) -> HttpResponseBase:
    """Make one of the buyer's moves; what was typed on the page is said with it."""
    order, case = _case(request, shown_id, case_id)
    limit_uploads(request)
    return _act(request, order, case)


@csrf_protect
@require_POST
def _act(request: HttpRequest, order: Order, case: Case) -> HttpResponse:
    _slow_down(order)
    form = WordsForm.beside(request.POST)
    if form.is_valid():
        text, files = form.cleaned_data["text"], tuple(handed_in(request, "files"))
        try:
            with transaction.atomic():
                _move(case, text, files, request)
        except Refusal as refusal:
            if not text or not Case.objects.get(id=case.id).is_open:
                raise
            form.add_error(None, refusal.message(get_language() or ""))
        else:
            return _back(case)
    return _case_page(request, order, Case.objects.get(id=case.id), form, status=422)


def _move(case: Case, text: str, files: tuple[Handed, ...], request: HttpRequest) -> None:
    move, by, now = request.POST.get("move", ""), Actor(Role.BUYER), timezone.now()
    if move == "appeal":
        deciding.appeal(case.id, text, by=by, now=now, files=files)
        return
    cases.say_beside(case.id, text, by=by, now=now, files=files)
    if move == "accept":
        _accept(case, request.POST.get("offer", ""), request.POST.get("amount", ""), by)
    elif move in _PLAIN:
        _PLAIN[move](case.id, by=by, now=now)
    else:
        raise CaseMoved


def _accept(case: Case, what: str, amount: str, by: Actor) -> None:
    if what not in set(Offer) or not (amount.isascii() and amount.isdigit() and len(amount) < 16):
        raise CaseMoved
    cases.accept(case.id, Offer(what), amount=int(amount), by=by, now=timezone.now())


@require_safe
def file(request: HttpRequest, shown_id: str, case_id: str, evidence_id: str) -> HttpResponse:
    """Hand a piece of evidence to the buyer."""
    _order, case = _case(request, shown_id, case_id)
    try:
        found = evidence_of(case, ids.parse("evd", evidence_id))
    except BadIdentifier:
        found = None
    if found is None:
        raise CaseNotFound
    return answer_with(StoredFile.objects.get(id=found.file_id), download="download" in request.GET)
