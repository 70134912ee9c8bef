"""The page that an invitation's link opens: whoever it is for joins a team there, after signing in or up."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from xinka.accounts.models import User
from xinka.accounts.policies import require_sign_in, signed_in
from xinka.flows.teams import inviting
from xinka.merchants.access import join_path
from xinka.merchants.invitations import is_for, is_open
from xinka.merchants.queries import membership_of
from xinka.shop import words


@never_cache
@require_safe
def show(request: HttpRequest, shown_id: str, proof: str) -> HttpResponse:
    """Show an invitation; to whoever is not signed in, with both ways to do so, whether or not they have an account.

    Raises:
        InvitationNotFound: if the link is not one of ours.
    """
    invitation = inviting.invitation_at(shown_id, proof)
    person = request.user if isinstance(request.user, User) else None
    is_mine = person is not None and is_for(invitation, person)
    context = {
        "invitation": invitation,
        "merchant_name": words.merchant_name(invitation.merchant),
        "path": join_path(invitation.id),
        "is_open": is_open(invitation, timezone.now()),
        "is_mine": is_mine,
        "person": person,
        "is_member": person is not None and membership_of(person, invitation.merchant.slug) is not None,
    }
    return render(request, "shop/team_join.html", context, status=200 if context["is_open"] else 410)


@never_cache
@require_POST
@require_sign_in
def answer(request: HttpRequest, shown_id: str, proof: str) -> HttpResponse:
    """Accept an invitation, or decline it.

    Raises:
        InvitationNotFound, InvitationForSomebodyElse, InvitationOver: if it is not to be answered by them, or now.
    """
    invitation, said = inviting.invitation_at(shown_id, proof), request.POST.get("answer", "")
    if said == "accept":
        inviting.accept(invitation, signed_in(request), now=timezone.now())
        messages.success(request, _("You are in the team now."))
        return redirect("desk:start", merchant=invitation.merchant.slug)
    if said != "decline":
        raise Http404
    inviting.decline(invitation, signed_in(request), now=timezone.now())
    messages.success(request, _("Declined."))
    return redirect("account_overview")  # the front page is everybody's and shows nobody's messages
