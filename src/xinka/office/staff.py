"""Who works here and as what: operators give the roles, after proving again who they are, and nobody to himself."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from xinka.accounts.closing import sign_out_everywhere
from xinka.accounts.models import User
from xinka.accounts.policies import require_fresh_proof, signed_in
from xinka.accounts.staff_roles import LABELS, StaffRole
from xinka.flows.staffing import give_roles
from xinka.kernel.errors import Refusal
from xinka.office.policies import Room, for_staff

#: What each role does, in words; which doors that opens is in :mod:`xinka.office.policies`.
DUTIES = {
    StaffRole.REVIEW: _("Merchants and categories"),
    StaffRole.SUPPORT: _("Disputes and the orders they are about; no payouts, no books"),
    StaffRole.RISK: _("Lets money rest, asks for freezes and decides them; merchants; the audit"),
    StaffRole.FINANCE: _("Refunds, payouts, transfers, reconciliation, books, chargebacks, channels, promotions"),
    StaffRole.OPERATOR: _("Everything, and gives the roles"),
}


class PersonForm(forms.Form):
    """Somebody who has an account."""

    email = forms.EmailField(label=_("E-mail address of an account that exists"))

    def clean_email(self) -> str:
        """The person has an account, and may sign in."""
        email = str(self.cleaned_data["email"])
        self.person = User.objects.find(email)
        if self.person is None or not self.person.is_active:
            raise forms.ValidationError(gettext("Nobody has signed up with this address."))
        return email


class RolesForm(forms.Form):
    """What somebody does here; nothing marked means that they do not work here."""

    roles = forms.TypedMultipleChoiceField(
        label=_("Roles"),
        coerce=StaffRole,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None marked: this person does not work here any more. It holds from their next click."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["roles"].choices = [  # type: ignore[attr-defined]  # a choice field's
            (role.value, gettext("%(role)s: %(duties)s") % {"role": role.label, "duties": DUTIES[role]})
            for role in StaffRole
        ]


@require_safe
@for_staff(Room.STAFF)
def index(request: HttpRequest) -> HttpResponse:
    """Show everybody who works here."""
    return _index(request, PersonForm())


@require_POST
@for_staff(Room.STAFF)
def find(request: HttpRequest) -> HttpResponse:
    """Find somebody by their address, to give them a role."""
    form = PersonForm(request.POST)
    if not form.is_valid() or form.person is None:
        return _index(request, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    return HttpResponseRedirect(reverse("office:staff_roles", args=[form.person.pk]))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(Room.STAFF)
@require_fresh_proof
def roles(request: HttpRequest, user_id: int) -> HttpResponse:
    """Show and change what somebody does here."""
    person, me = get_object_or_404(User, pk=user_id, is_active=True), signed_in(request)
    form = RolesForm(request.POST if request.method == "POST" else None, initial={"roles": person.staff_roles})
    if form.is_bound and form.is_valid():
        try:
            changed = give_roles(person, form.cleaned_data["roles"], by=me)
        except Refusal as refusal:
            form.add_error(None, refusal.message(get_language() or ""))
        else:
            messages.success(
                request,
                gettext("Saved. Operators and finance are told by mail.")
                if changed
                else gettext("Nothing was changed"),
            )
            response = HttpResponseRedirect(reverse("office:staff"))
            response.status_code = HTTPStatus.SEE_OTHER
            return response
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    context = {"person": person, "form": form, "is_me": person.pk == me.pk}
    return render(request, "office/staff_roles.html", context, status=status)


@require_POST
@for_staff(Room.STAFF)
@require_fresh_proof
def sign_out(request: HttpRequest, user_id: int) -> HttpResponse:
    """Sign somebody out on every device; for oneself there is a page of one's own."""
    person, me = get_object_or_404(User, pk=user_id, is_active=True), signed_in(request)
    if person.pk == me.pk:
        return HttpResponseRedirect(reverse("usersessions_list"), status=HTTPStatus.SEE_OTHER)
    if n_ended := sign_out_everywhere(person, by=me):
        told = ngettext("Signed out on %(n)d device", "Signed out on %(n)d devices", n_ended) % {"n": n_ended}
        messages.success(request, told)
    else:
        messages.info(request, gettext("This person was signed in nowhere."))
    return HttpResponseRedirect(reverse("office:staff_roles", args=[person.pk]), status=HTTPStatus.SEE_OTHER)


def _index(request: HttpRequest, form: PersonForm, status: int = HTTPStatus.OK) -> HttpResponse:
    people = User.objects.filter(is_staff=True, is_active=True).order_by("display_name", "email")
    rows = [(person, [LABELS[StaffRole(role)] for role in person.staff_roles]) for person in people]
    duties = [(role.label, DUTIES[role]) for role in StaffRole]
    context = {"rows": rows, "duties": duties, "form": form, "me": signed_in(request).pk}
    return render(request, "office/staff.html", context, status=status)
