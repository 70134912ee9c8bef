"""Templates of what staff say in cases: one's own, and those that all of staff share."""

from __future__ import annotations

from http import HTTPStatus

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from xinka.accounts.policies import signed_in
from xinka.disputes.errors import MayNotShare
from xinka.disputes.forms import ReplyTemplateForm
from xinka.disputes.models import ReplyTemplate
from xinka.disputes.reply_templates import PLACEHOLDERS, Shelf
from xinka.kernel.errors import Refusal
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
    shelf = shelf_of(request)
    form = ReplyTemplateForm(request.POST if request.method == "POST" else None, may_share=shelf.may_share)
    if request.method == "POST" and form.is_valid():
        try:
            shelf.add(form.words(), shared=form.cleaned_data.get("shared", False), now=timezone.now())
        except Refusal as refusal:
            form.add_error(None, refusal.message(get_language() or ""))
        else:
            messages.success(request, gettext("The template is saved"))
            return _see()
    return _page(request, form, None)


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(Room.CASES, Room.CHARGEBACKS)
def edit(request: HttpRequest, template_id: int) -> HttpResponse:
    """Change one."""
    shelf = shelf_of(request)
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
            messages.success(request, gettext("The template is saved"))
            return _see()
    return _page(request, form, found)


@require_POST
@for_staff(Room.CASES, Room.CHARGEBACKS)
def delete(request: HttpRequest, template_id: int) -> HttpResponse:
    """Delete one."""
    shelf_of(request).drop(template_id)
    messages.success(request, gettext("The template is deleted"))
    return _see()


def _page(request: HttpRequest, form: ReplyTemplateForm, found: ReplyTemplate | None) -> HttpResponse:
    context = {"form": form, "template": found, "placeholders": PLACEHOLDERS.items()}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "office/reply_template.html", context, status=status)


def _see() -> HttpResponseRedirect:
    response = HttpResponseRedirect(reverse("office:reply_templates"))
    response.status_code = HTTPStatus.SEE_OTHER
    return response
