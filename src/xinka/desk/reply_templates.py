"""Templates of what a merchant's team says in cases: each member's own, and those of the whole team."""

from __future__ import annotations

from http import HTTPStatus

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from xinka.desk.access import Desk, for_members
from xinka.disputes.errors import MayNotShare
from xinka.disputes.forms import ReplyTemplateForm
from xinka.disputes.models import ReplyTemplate
from xinka.disputes.reply_templates import PLACEHOLDERS, Shelf
from xinka.kernel.errors import Refusal
from xinka.merchants.policies import Duty, may


def shelf_of(desk: Desk) -> Shelf:
    """Return the templates that a member of a team sees."""
    may_share = may(desk.membership.role, Duty.SHARE_TEMPLATES)
    return Shelf(desk.membership.user, desk.merchant.id, may_share=may_share)


@require_safe
@for_members(Duty.ANSWER_CASES)
def index(request: HttpRequest, desk: Desk) -> HttpResponse:
    """List them."""
    shelf = shelf_of(desk)
    rows = [(one, _address(desk, one) if shelf.may_change(one) else "") for one in shelf.all()]
    return render(request, "desk/reply_templates.html", {"desk": desk, "rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@for_members(Duty.ANSWER_CASES)
def create(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Write a new one."""
    shelf = shelf_of(desk)
    form = ReplyTemplateForm(request.POST if request.method == "POST" else None, may_share=shelf.may_share)
    if request.method == "POST" and form.is_valid():
        try:
            shelf.add(form.words(), shared=form.cleaned_data.get("shared", False), now=timezone.now())
        except Refusal as refusal:
            form.add_error(None, refusal.message(get_language() or ""))
        else:
            messages.success(request, _("The template is saved"))
            return _see(desk)
    return _page(request, desk, form, None)


@require_http_methods(["GET", "HEAD", "POST"])
@for_members(Duty.ANSWER_CASES)
def edit(request: HttpRequest, desk: Desk, template_id: int) -> HttpResponse:
    """Change one."""
    shelf = shelf_of(desk)
    found = shelf.one(template_id)
    if not shelf.may_change(found):
        raise MayNotShare
    kept = {"name": found.name, "text": found.text, "text_en": found.text_en}
    form = ReplyTemplateForm(request.POST if request.method == "POST" else None, initial=kept, may_share=False)
    if request.method == "POST" and form.is_valid():
        try:
            shelf.change(found.pk, form.words(), now=timezone.now())
        except Refusal as refusal:
            form.add_error(None, refusal.message(get_language() or ""))
        else:
            messages.success(request, _("The template is saved"))
            return _see(desk)
    return _page(request, desk, form, found)


@require_POST
@for_members(Duty.ANSWER_CASES)
def delete(request: HttpRequest, desk: Desk, template_id: int) -> HttpResponse:
    """Delete one."""
    shelf_of(desk).drop(template_id)
    messages.success(request, _("The template is deleted"))
    return _see(desk)


def _page(request: HttpRequest, desk: Desk, form: ReplyTemplateForm, found: ReplyTemplate | None) -> HttpResponse:
    context = {"desk": desk, "form": form, "template": found, "placeholders": PLACEHOLDERS.items()}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "desk/reply_template.html", context, status=status)


def _address(desk: Desk, template: ReplyTemplate) -> str:
    return reverse("desk:reply_template", args=[desk.merchant.slug, template.pk])


def _see(desk: Desk) -> HttpResponseRedirect:
    response = HttpResponseRedirect(reverse("desk:reply_templates", args=[desk.merchant.slug]))
    response.status_code = HTTPStatus.SEE_OTHER
    return response
