"""Templates of what staff say in cases: one's own, and those that all of staff share."""

from __future__ import annotations

from http import HTTPStatus

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from xinka.accounts.policies import signed_in
from xinka.disputes import template_pages
from xinka.disputes.models import ReplyTemplate
from xinka.disputes.reply_templates import Shelf
from xinka.office.policies import Room, for_staff, may_enter


def shelf_of(request: HttpRequest) -> Shelf:
    """Return the templates that somebody of staff sees."""
    me = signed_in(request)
    return Shelf(me, None, may_share=may_enter(me, Room.SHARED_TEMPLATES))


@require_safe
@for_staff(Room.CASES, Room.CHARGEBACKS)
def index(request: HttpRequest) -> HttpResponse:
    """List them."""
    shelf = shelf_of(request)
    rows = [
        (one, reverse("office:reply_template", args=[one.pk]) if shelf.may_change(one) else "") for one in shelf.all()
    ]
    return render(request, "office/reply_templates.html", {"rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(Room.CASES, Room.CHARGEBACKS)
def create(request: HttpRequest) -> HttpResponse:
    """Write a new one."""
    return _write(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(Room.CASES, Room.CHARGEBACKS)
def edit(request: HttpRequest, template_id: int) -> HttpResponse:
    """Change one."""
    return _write(request, template_pages.one_to_change(shelf_of(request), template_id))


def _write(request: HttpRequest, found: ReplyTemplate | None) -> HttpResponse:
    shelf = shelf_of(request)
    form = template_pages.form_of(request, shelf, found)
    if template_pages.is_saved(shelf, form, found):
        messages.success(request, gettext("The template is saved"))
        return _see()
    return template_pages.page(request, "office/reply_template.html", form, found)


@require_POST
@for_staff(Room.CASES, Room.CHARGEBACKS)
def delete(request: HttpRequest, template_id: int) -> HttpResponse:
    """Delete one."""
    shelf_of(request).drop(template_id)
    messages.success(request, gettext("The template is deleted"))
    return _see()


def _see() -> HttpResponseRedirect:
    response = HttpResponseRedirect(reverse("office:reply_templates"))
    response.status_code = HTTPStatus.SEE_OTHER
    return response
