"""Cases for staff: a queue, one case with what the records know down to the code, and the decision.

A decision is asked for twice like every act that moves money: first the form, then a page that says what will happen.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST, require_safe

from xinka.accounts.lists import around, list_context
from xinka.accounts.policies import require_fresh_proof, signed_in
from xinka.disputes import reasons
from xinka.disputes.actions import LONGEST_TEXT
from xinka.disputes.errors import CaseMoved, CaseNotFound
from xinka.disputes.forms import WordsForm
from xinka.disputes.models import Case
from xinka.disputes.policies import moves_for
from xinka.disputes.progress import steps_of
from xinka.disputes.queries import evidence_of
from xinka.disputes.states import CaseKind, CaseState, Decision
from xinka.disputes.thread import thread_of
from xinka.disputes.words import KINDS, badge_for, decision_in_words
from xinka.flows.disputes import cases, chargebacks, deciding
from xinka.flows.disputes.deciding import LEAST_REASONS, Verdict, is_impartial
from xinka.flows.disputes.evidence import evidence_pack
from xinka.flows.disputes.facts import codes_mailed_at, facts_of
from xinka.flows.disputes.filling import choices_of, filled_in
from xinka.kernel import ids
from xinka.kernel.actors import Actor, Role
from xinka.kernel.errors import BadIdentifier, Refusal
from xinka.kernel.money import plain_amount
from xinka.office.policies import Room, check_room, for_staff, may_enter
from xinka.office.queue_filters import CASE_TABS, CaseFilter, kinds_open_to, room_of
from xinka.office.queues import next_of, on_to_entry, place_in
from xinka.office.reply_templates import shelf_of
from xinka.orders.contacts import shown_contact
from xinka.payments.queries import is_going_back
from xinka.platform.database.pages import FarPaginator
from xinka.platform.files.models import StoredFile
from xinka.platform.files.serving import answer_with
from xinka.platform.files.uploads import handed_in, limit_uploads
from xinka.platform.look.amounts import MOST_SIGNS, read_amount
from xinka.platform.look.one_way import one_way
from xinka.platform.look.templatetags.look import amount as amount_in_words

_EVERYTHING = gettext_lazy("Everything goes back to the buyer")


class DecisionForm(forms.Form):
    """Who gets the money, and why."""

    decision = forms.ChoiceField(
        label=gettext_lazy("Decision"),
        widget=forms.RadioSelect,
        choices=[
            (Decision.REFUND.value, _EVERYTHING),
            (Decision.PART.value, gettext_lazy("A part goes back to the buyer")),
            (Decision.RELEASE.value, gettext_lazy("The money goes to the merchant")),
        ],
    )
    amount = forms.CharField(label=gettext_lazy("Which part"), required=False, max_length=MOST_SIGNS, strip=True)
    reasons = forms.CharField(
        label=gettext_lazy("Reasons"),
        help_text=gettext_lazy("Both sides read them: what the records show, which rule it comes from."),
        min_length=LEAST_REASONS,
        error_messages={
            "min_length": gettext_lazy(
                "Write at least %(limit_value)d characters: what was looked at, and what follows."
            )
        },
        max_length=LONGEST_TEXT,
        strip=True,
        widget=forms.Textarea(attrs={"rows": 5}),
    )

    def __init__(self, *args: object, case: Case, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # handed on as they came
        self._case, self._part = case, 0
        self.fields["amount"].widget.attrs |= {"inputmode": "decimal", "autocomplete": "off", "class": "num"}
        self.fields["amount"].help_text = _("For a part only: less than %(sum)s.") % {
            "sum": plain_amount(case.amount, case.currency)
        }

    def clean(self) -> dict[str, Any]:
        """See that a part is one, before the page that asks once more; an amount beside anything else is not read."""
        data = super().clean() or {}
        if data.get("decision") == Decision.PART and "amount" in data:
            try:
                self._part = read_amount(data["amount"], self._case.currency)
            except forms.ValidationError as refusal:
                self.add_error("amount", refusal)
            else:
                if not 0 < self._part < self._case.amount:
                    most = amount_in_words(self._case.amount, self._case.currency)
                    told = _("A part is more than 0 and less than %(sum)s. For all of it, choose “%(all)s”.")
                    self.add_error("amount", told % {"sum": most, "all": _EVERYTHING})
        return data

    def verdict(self) -> Verdict:
        """Return what the form says; an amount counts for a part only."""
        return Verdict(Decision(self.cleaned_data["decision"]), self.cleaned_data["reasons"], self._part)


@require_safe
@for_staff(Room.CASES, Room.CHARGEBACKS)
def index(request: HttpRequest) -> HttpResponse:
    """List the cases: what is late first, then what is due soonest."""
    asked = CaseFilter.asked_by(request)
    page = FarPaginator(asked.found(), asked.per_page).get_page(request.GET.get("page"))
    which = asked.cleaned_data.get("which", "")
    rows = [
        {
            "case": case,
            "badge": badge_for(case, Role.STAFF),
            "kind": KINDS[CaseKind(case.kind)],
            "reason": reasons.in_words(case.reason),
        }
        for case in page.object_list
    ]
    by_bank = which == "chargebacks" or asked.kinds == {CaseKind.CHARGEBACK}
    context = {"page": page, "rows": rows, "which": which, "tabs": _tabs(asked.kinds), "by_bank": by_bank}
    return render(request, "office/cases.html", context | list_context(asked, page.number))


def _tabs(kinds: frozenset[CaseKind]) -> list[tuple[str, object]]:
    is_whole = len(kinds) == len(CaseKind)  # to see one kind alone is no choice for who sees nothing else
    return [(value, words) for value, words in CASE_TABS if is_whole or value != "chargebacks"]


def _case(request: HttpRequest, case_id: str) -> Case:
    """Return a case to somebody who works on its kind.

    Raises:
        CaseNotFound: if there is none.
        NotYourRoom: if it is another room's.
    """
    try:
        wanted = ids.parse("dsp", case_id)
    except BadIdentifier:
        raise CaseNotFound from None
    found = Case.objects.select_related("merchant").filter(id=wanted).first()
    if found is None:
        raise CaseNotFound
    check_room(request, room_of(CaseKind(found.kind)))
    return found


@require_safe
@for_staff(Room.CASES, Room.CHARGEBACKS)
def show(request: HttpRequest, case_id: str) -> HttpResponse:
    """Show one case with everything that is known."""
    case = _case(request, case_id)
    return _page(request, case, WordsForm(), DecisionForm(case=case))


def _page(
    request: HttpRequest, case: Case, form: WordsForm, decision: DecisionForm, status: int = HTTPStatus.OK
) -> HttpResponse:
    facts, me = facts_of(case, timezone.now()), signed_in(request)
    can = moves_for(case, Role.ARBITER)
    may_decide = (can["decide"] or can["decide_appeal"]) and may_enter(me, Room.CASES)
    place = place_in(request, CaseFilter)
    context = {
        "case": case,
        "place": place,
        "around": around(place, case.id, request.GET.get("then", "")),
        "case_path": f"/office/cases/{case.shown_id}",
        "facts": facts,
        "order": facts.order,
        "order_id": ids.show("ord", facts.order.id),
        "contact": shown_contact(facts.order),
        "badge": badge_for(case, Role.STAFF),
        "kind_words": KINDS[CaseKind(case.kind)],
        "reason_words": reasons.in_words(case.reason),
        "said": thread_of(case, Role.STAFF),
        "pieces": facts.pieces,
        "mailed_at": codes_mailed_at(case.order_id),
        "earlier": [(one, badge_for(one, Role.STAFF)) for one in facts.earlier if one.kind in kinds_open_to(me)],
        "steps": steps_of(case, is_going_back=is_going_back(facts.order.id)),
        "can": can,
        "may_decide": may_decide,
        "can_decide_here": may_decide and is_impartial(case, me),
        "decision_words": decision_in_words(case.decision, case.decision_amount, case.currency)
        if case.decision
        else "",
        "form": form,
        "decision": decision,
        "replies": choices_of(shelf_of(request), case),
        "replies_path": reverse("office:reply_templates"),
        "reply_chosen": request.POST.get("template", ""),
    }
    return render(request, "office/case.html", context, status=status)


@require_POST
@for_staff(Room.CASES)
@require_fresh_proof
def decide(request: HttpRequest, case_id: str) -> HttpResponse:
    """Decide a case, or the appeal: first a page that says what will happen, then the act."""
    case, me = _case(request, case_id), signed_in(request)
    form = DecisionForm(request.POST, case=case)
    if not form.is_valid():
        return _page(request, case, WordsForm(), form, HTTPStatus.UNPROCESSABLE_ENTITY)
    if request.POST.get("text", "").strip() or request.POST.get("files"):
        return _page(request, case, _not_sent_yet(request), form, HTTPStatus.UNPROCESSABLE_ENTITY)
    if "back" in request.POST:
        return _page(request, case, WordsForm(), form)
    verdict = form.verdict()
    if request.POST.get("confirmed") != "1":
        sums = {Decision.REFUND: case.amount, Decision.PART: verdict.amount, Decision.RELEASE: 0}
        words = decision_in_words(verdict.decision.value, sums[verdict.decision], case.currency)
        context = {"case": case, "form": form, "words": words, "is_final": case.state == CaseState.APPEALED}
        context["place"] = place_in(request, CaseFilter)
        return render(request, "office/case_decide.html", context)
    onward = next_of(request, CaseFilter, case.id)
    act = deciding.decide_appeal if case.state == CaseState.APPEALED else deciding.decide
    try:
        act(case.id, verdict, by=me, now=timezone.now())
    except Refusal as refusal:
        form.add_error(None, refusal.message(get_language() or ""))
        return _page(request, case, WordsForm(), form, HTTPStatus.UNPROCESSABLE_ENTITY)
    messages.success(request, _("Decided"))
    return _back(request, case, onward)


def _not_sent_yet(request: HttpRequest) -> WordsForm:
    """Return what was typed to both sides beside a decision: it is neither sent unasked nor lost."""
    words = WordsForm.beside(request.POST)
    told = _("This is not sent yet. Send it or clear it first, then decide. Files have to be chosen again.")
    words.add_error(None, told)
    return words


@csrf_exempt  # only so far: the check follows once the limits of the upload are set, since it reads the whole body
@for_staff(Room.CASES, Room.CHARGEBACKS)
def say(request: HttpRequest, case_id: str) -> HttpResponseBase:
    """Ask the sides for something, or tell them something."""
    limit_uploads(request)
    return _say(request, _case(request, case_id))


@csrf_protect
@require_POST
def _say(request: HttpRequest, case: Case) -> HttpResponse:
    form = WordsForm(request.POST)
    begun, is_begun = _begun(request, case)
    if form.is_valid():
        by, files = Actor(Role.STAFF, signed_in(request).pk), tuple(handed_in(request, "files"))
        try:
            cases.write(case.id, form.cleaned_data["text"], by=by, now=timezone.now(), files=files)
        except Refusal as refusal:
            form.add_error(None, refusal.message(get_language() or ""))
        else:
            # A decision that was begun stays on the page, in nobody's session: it is not to lie about unsealed.
            return (
                _page(request, _case(request, case.shown_id), WordsForm(), begun) if is_begun else _back(request, case)
            )
    return _page(request, case, form, begun, HTTPStatus.UNPROCESSABLE_ENTITY)


def _begun(request: HttpRequest, case: Case) -> tuple[DecisionForm, bool]:
    """Return a decision as it was typed beside something else, and whether any of it was."""
    typed = {name: one_way(request.POST.get(name, "")) for name in DecisionForm.base_fields}
    return DecisionForm(case=case, initial=typed), any(typed.values())


@require_POST
@for_staff(Room.CASES, Room.CHARGEBACKS)
def put_in(request: HttpRequest, case_id: str) -> HttpResponse:
    """Put a template behind what was typed to both sides, and show it: nothing is sent."""
    case = _case(request, case_id)
    try:
        text = filled_in(shelf_of(request), request.POST.get("template", ""), case)
    except Refusal as refusal:
        form, status = WordsForm.beside(request.POST), HTTPStatus.UNPROCESSABLE_ENTITY
        form.add_error(None, refusal.message(get_language() or ""))
    else:
        form, status = WordsForm.with_more(request.POST, text), HTTPStatus.OK
    return _page(request, case, form, _begun(request, case)[0], status)


def _back(request: HttpRequest, case: Case, onward: str = "") -> HttpResponse:
    return on_to_entry(request, CaseFilter, reverse("office:case", args=[case.shown_id]), onward)


@require_POST
@for_staff(Room.CASES, Room.CHARGEBACKS)
def take_evidence(request: HttpRequest, case_id: str) -> HttpResponse:
    """Hand the evidence pack over; that it was taken is in the audit."""
    pack = evidence_pack(_case(request, case_id), by=signed_in(request), now=timezone.now())
    response = HttpResponse(pack.content, content_type="application/zip")
    # The name is the shown number: letters and digits, so nothing in it needs quoting.
    response["Content-Disposition"] = f'attachment; filename="{pack.name}"'
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@for_staff(Room.CHARGEBACKS)
def sent_evidence(request: HttpRequest, case_id: str) -> HttpResponse:
    """Write down that the evidence was handed to the gateway."""
    case = _case(request, case_id)
    if case.kind != CaseKind.CHARGEBACK:
        raise CaseMoved
    chargebacks.send_evidence(case.id, by=signed_in(request), now=timezone.now())
    messages.success(request, _("Written down"))
    return _back(request, case)


@require_safe
@for_staff(Room.CASES, Room.CHARGEBACKS)
def file(request: HttpRequest, case_id: str, evidence_id: str) -> HttpResponse:
    """Hand a piece of evidence to staff."""
    case = _case(request, case_id)
    try:
        found = evidence_of(case, ids.parse("evd", evidence_id))
    except BadIdentifier:
        found = None
    if found is None:
        raise CaseNotFound
    return answer_with(StoredFile.objects.get(id=found.file_id), download="download" in request.GET)
