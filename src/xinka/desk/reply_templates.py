"""Templates of what a merchant's team says in cases: each member's own, and those of the whole team."""

from __future__ import annotations

from http import HTTPStatus

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from xinka.desk.access import Desk, for_members
from xinka.disputes import template_pages
from xinka.disputes.models import ReplyTemplate
from xinka.disputes.reply_templates import Shelf
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
    return _write(request, desk, None)


@require_http_methods(["GET", "HEAD", "POST"])
@for_members(Duty.ANSWER_CASES)
def edit(request: HttpRequest, desk: Desk, template_id: int) -> HttpResponse:
    """Change one."""
    return _write(request, desk, template_pages.one_to_change(shelf_of(desk), template_id))


def _write(request: HttpRequest, desk: Desk, found: ReplyTemplate | None) -> HttpResponse:
    shelf = shelf_of(desk)
    form = template_pages.form_of(request, shelf, found)
    if template_pages.is_saved(shelf, form, found):
        messages.success(request, _("The template is saved"))
        return _see(desk)
    return template_pages.page(request, "desk/reply_template.html", form, found, desk=desk)


@require_POST
@for_members(Duty.ANSWER_CASES)
def delete(request: HttpRequest, desk: Desk, template_id: int) -> HttpResponse:
    """Delete one."""
    shelf_of(desk).drop(template_id)
    messages.success(request, _("The template is deleted"))
    return _see(desk)


def _address(desk: Desk, template: ReplyTemplate) -> str:
    return reverse("desk:reply_template", args=[desk.merchant.slug, template.pk])


def _see(desk: Desk) -> HttpResponseRedirect:
    response = HttpResponseRedirect(reverse("desk:reply_templates", args=[desk.merchant.slug]))
    response.status_code = HTTPStatus.SEE_OTHER
    return response
