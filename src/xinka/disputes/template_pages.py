"""What the pages of reply templates do alike, of staff and of merchants' teams."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language

from xinka.disputes.errors import MayNotShare
from xinka.disputes.forms import ReplyTemplateForm
from xinka.disputes.models import ReplyTemplate
from xinka.disputes.reply_templates import PLACEHOLDERS, Shelf
from xinka.kernel.errors import Refusal


def one_to_change(shelf: Shelf, template_id: int) -> ReplyTemplate:
    """Return a template that whoever looks at the shelf may change.

    Raises:
        MayNotShare: if it is everybody's and they may not; ``Shelf.one`` says what else.
    """
    found = shelf.one(template_id)
    if not shelf.may_change(found):
        raise MayNotShare
    return found


def form_of(request: HttpRequest, shelf: Shelf, found: ReplyTemplate | None = None) -> ReplyTemplateForm:
    """Return the form of a new template, or of one that is there; whose it is stays as it was then."""
    sent = request.POST if request.method == "POST" else None
    if found is None:
        return ReplyTemplateForm(sent, may_share=shelf.may_share)
    kept = {"name": found.name, "text": found.text, "text_en": found.text_en}
    return ReplyTemplateForm(sent, initial=kept, may_share=False)


def is_saved(shelf: Shelf, form: ReplyTemplateForm, found: ReplyTemplate | None = None) -> bool:
    """Save what was sent; false if nothing was or it cannot be, and then the form says why."""
    if not form.is_bound or not form.is_valid():
        return False
    try:
        if found is None:
            shelf.add(form.words(), shared=form.cleaned_data.get("shared", False), now=timezone.now())
        else:
            shelf.change(found.pk, form.words(), now=timezone.now())
    except Refusal as refusal:
        form.add_error(None, refusal.message(get_language() or ""))
        return False
    return True


def page(
    request: HttpRequest, name: str, form: ReplyTemplateForm, found: ReplyTemplate | None, **more: object
) -> HttpResponse:
    """Show the form on the page ``name``, with what may stand in a template."""
    context = {"form": form, "template": found, "placeholders": PLACEHOLDERS.items(), **more}
    return render(request, name, context, status=HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK)
