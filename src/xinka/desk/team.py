"""The team: who is in it, inviting, changing and taking out, handing the shop over, leaving.

Every change needs a fresh proof of who one is; owners hear of each by mail. Clerks see who works with them, answer an
offer of ownership that is theirs, and leave.
"""

from __future__ import annotations

from http import HTTPStatus
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from xinka.accounts.policies import require_fresh_proof, signed_in
from xinka.desk.access import Desk, for_members
from xinka.flows.teams import changing, handing_over, inviting
from xinka.flows.teams.mailing import undelivered
from xinka.kernel.errors import Refusal
from xinka.merchants.invitations import waiting_offer
from xinka.merchants.models import Membership, Role
from xinka.merchants.policies import WAITS_FOR, Duty
from xinka.merchants.queries import invitations_of, team_of


class InviteForm(forms.Form):
    """Whom to invite; whether they have an account is not looked at."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail address"),
        max_length=254,
        help_text=gettext_lazy("With or without an account: the mail is the same. They join as a clerk."),
        widget=forms.EmailInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )


class OfferForm(forms.Form):
    """What becomes of whoever offers ownership."""

    after = forms.ChoiceField(
        label=gettext_lazy("And you?"),
        widget=forms.RadioSelect,
        choices=[
            ("owner", gettext_lazy("I stay an owner, too")),
            ("clerk", gettext_lazy("I hand the shop over and become a clerk")),
        ],
    )


@never_cache
@require_safe
@for_members(Duty.SEE_TEAM)
def index(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Show who is in the team, and who is invited."""
    return _index(request, desk, InviteForm())


def _index(request: HttpRequest, desk: Desk, form: InviteForm, *, status: int = HTTPStatus.OK) -> HttpResponse:
    now = timezone.now()
    invited = invitations_of(desk.merchant, now) if desk.may_manage_team else []
    refused = undelivered([one.id for one in invited])
    offer = waiting_offer(desk.merchant, now)
    is_mine = offer is not None and offer.to_id == desk.user_id
    context = {
        "desk": desk,
        "team": team_of(desk.merchant),
        "me": desk.user_id,
        "invited": [(one, one.id in refused) for one in invited],
        "offer": offer if is_mine or desk.may_manage_team else None,
        "is_mine": is_mine,
        "form": form,
        "waits": WAITS_FOR,
        "is_only_owner": desk.may_manage_team and _owners(desk).count() == 1,
    }
    return render(request, "desk/team.html", context, status=status)


def _owners(desk: Desk) -> QuerySet[Membership]:
    return Membership.objects.filter(merchant=desk.merchant, role=Role.OWNER, user__is_active=True)


@require_POST
@for_members(Duty.MANAGE_TEAM)
@require_fresh_proof
def invite(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Mail an invitation. The answer is the same whoever has an account with that address."""
    form = InviteForm(request.POST)
    if form.is_valid():
        language = get_language() or ""
        try:
            inviting.invite(
                desk.merchant, form.cleaned_data["email"], by=signed_in(request), language=language, now=timezone.now()
            )
        except Refusal as refusal:
            form.add_error("email", refusal.message(language))
        else:
            messages.success(request, _("Invited. The mail with the link is on its way."))
            return _to_team(desk)
    return _index(request, desk, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)


@require_POST
@for_members(Duty.MANAGE_TEAM)
@require_fresh_proof
def uninvite(request: HttpRequest, desk: Desk, invitation_id: UUID) -> HttpResponse:
    """Withdraw an invitation."""
    inviting.withdraw(desk.merchant, invitation_id, by=signed_in(request))
    messages.success(request, _("Withdrawn. The link opens nothing any more."))
    return _to_team(desk)


@never_cache
@require_safe
@for_members(Duty.MANAGE_TEAM)
def person(request: HttpRequest, desk: Desk, user_id: int) -> HttpResponse:
    """Show one person of the team, with what can be done."""
    return _person(request, desk, _part(desk, user_id), OfferForm(initial={"after": "owner"}))


def _part(desk: Desk, user_id: int) -> Membership:
    found = Membership.objects.filter(merchant=desk.merchant).select_related("user", "merchant")
    return get_object_or_404(found, user_id=user_id)


def _person(
    request: HttpRequest, desk: Desk, part: Membership, form: OfferForm, *, status: int = HTTPStatus.OK
) -> HttpResponse:
    context = {
        "desk": desk,
        "part": part,
        "is_me": part.user_id == desk.user_id,
        "is_owner": part.role == Role.OWNER,
        "is_only_owner": part.role == Role.OWNER and _owners(desk).count() == 1,
        "offer": waiting_offer(desk.merchant, timezone.now()),
        "form": form,
        "waits": WAITS_FOR,
    }
    return render(request, "desk/team_person.html", context, status=status)


@require_POST
@for_members(Duty.MANAGE_TEAM)
@require_fresh_proof
def make_clerk(request: HttpRequest, desk: Desk, user_id: int) -> HttpResponse:
    """Make a clerk of an owner. The way up is an offer that is accepted."""
    changing.make_clerk(desk.merchant, _part(desk, user_id).user, by=signed_in(request))
    messages.success(request, _("Changed. It holds from their next click."))
    return _to_team(desk)


@require_POST
@for_members(Duty.MANAGE_TEAM)
@require_fresh_proof
def offer(request: HttpRequest, desk: Desk, user_id: int) -> HttpResponse:
    """Offer ownership to a clerk."""
    part, form = _part(desk, user_id), OfferForm(request.POST)
    if form.is_valid():
        is_shared = form.cleaned_data["after"] == "owner"
        handing_over.offer(desk.merchant, part.user, by=signed_in(request), is_shared=is_shared, now=timezone.now())
        messages.success(request, _("Offered. It holds once they have accepted it on this page."))
        return _to_team(desk)
    return _person(request, desk, part, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)


@require_POST
@for_members(Duty.MANAGE_TEAM)
@require_fresh_proof
def remove(request: HttpRequest, desk: Desk, user_id: int) -> HttpResponse:
    """Take somebody out."""
    changing.take_out(desk.merchant, _part(desk, user_id).user, by=signed_in(request))
    if user_id == desk.user_id:
        return _left(request)
    messages.success(request, _("Taken out. This desk is closed to them from now on, on every device."))
    return _to_team(desk)


@require_POST
@for_members(Duty.MANAGE_TEAM)
@require_fresh_proof
def take_back(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Take an offer of ownership back."""
    handing_over.take_back(desk.merchant, by=signed_in(request), now=timezone.now())
    messages.success(request, _("Taken back. Nothing was changed."))
    return _to_team(desk)


@require_POST
@for_members(Duty.SEE_TEAM)
@require_fresh_proof
def answer(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Accept or decline an offer of ownership."""
    said, me, now = request.POST.get("answer", ""), signed_in(request), timezone.now()
    if said == "accept":
        handing_over.accept(desk.merchant, me, now=now)
        messages.success(request, _("You are an owner of this shop now."))
    elif said == "decline":
        handing_over.decline(desk.merchant, me, now=now)
        messages.success(request, _("Declined. Nothing was changed."))
    else:
        raise Http404
    return _to_team(desk)


@require_POST
@for_members(Duty.SEE_TEAM)
@require_fresh_proof
def leave(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Leave the team."""
    changing.leave(desk.merchant, signed_in(request))
    return _left(request)


def _left(request: HttpRequest) -> HttpResponse:
    messages.success(request, _("You have left the team."))
    return redirect("desk:choose")


def _to_team(desk: Desk) -> HttpResponse:
    response = redirect("desk:team", merchant=desk.merchant.slug)
    response.status_code = HTTPStatus.SEE_OTHER
    return response
