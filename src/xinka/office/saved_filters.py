"""Filters that somebody of staff keeps: what a queue is narrowed down to, under a name. Nobody else sees it."""

from __future__ import annotations

import unicodedata
from http import HTTPStatus

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from xinka.accounts.errors import NoSuchFilter
from xinka.accounts.models import SavedFilter
from xinka.accounts.policies import signed_in
from xinka.accounts.saved_filters import drop_filter, filter_of, keep_filter, rename_filter
from xinka.kernel.errors import Refusal
from xinka.office.policies import Room, check_any_room, for_staff
from xinka.office.queue_filters import QUEUES
from xinka.office.queues import QueueFilter

_LONGEST_NAME = 30


class NameForm(forms.Form):
    """What a kept filter is called."""

    name = forms.CharField(
        label=_("Name of the filter"),
        max_length=_LONGEST_NAME,
        strip=True,
        help_text=_("Only you see it. 30 characters at most."),
    )

    def clean_name(self) -> str:
        """Take a name as it is shown: without signs that show nothing, and not of those alone."""
        seen = "".join(sign for sign in self.cleaned_data["name"] if not unicodedata.category(sign).startswith("C"))
        name = " ".join(seen.split())
        if not name:
            raise forms.ValidationError(gettext("Write a name that can be read."))
        return name


@require_POST
@for_staff(Room.TASKS)
def keep(request: HttpRequest, queue: str) -> HttpResponse:
    """Keep what a queue is narrowed down to."""
    kind = _queue(request, queue)
    asked, form = kind.written(request.POST.get("query", ""), signed_in(request)), NameForm(request.POST)
    if not asked.is_part or not asked.is_valid():
        form.add_error(None, gettext("There is nothing here to keep. Go back, set the filter, then keep it."))
    elif form.is_valid():
        try:
            keep_filter(asked.reader, kind.key, name=form.cleaned_data["name"], query=asked.query)
        except Refusal as refusal:
            form.add_error("name", refusal.message(get_language() or ""))
        else:
            messages.success(request, gettext("The filter is kept"))
            return _see(asked)
    context = {"form": form, "asked": asked, "kept": None, "back": _address(asked)}
    return render(request, "office/saved_filter.html", context, status=HTTPStatus.UNPROCESSABLE_ENTITY)


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(Room.TASKS)
def edit(request: HttpRequest, filter_id: int) -> HttpResponse:
    """Give a filter of one's own another name, or come to delete it."""
    kept, asked = _kept(request, filter_id)
    form = NameForm(request.POST if request.method == "POST" else None, initial={"name": kept.name})
    status = HTTPStatus.OK
    if request.method == "POST":
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if form.is_valid():
            try:
                rename_filter(asked.reader, kept.pk, name=form.cleaned_data["name"])
            except Refusal as refusal:
                form.add_error("name", refusal.message(get_language() or ""))
            else:
                messages.success(request, gettext("The filter has its new name"))
                return _see(asked)
    context = {"form": form, "asked": asked, "kept": kept, "back": _address(asked)}
    return render(request, "office/saved_filter.html", context, status=status)


@require_POST
@for_staff(Room.TASKS)
def delete(request: HttpRequest, filter_id: int) -> HttpResponse:
    """Delete a filter of one's own; what it found stays where it is."""
    kept, asked = _kept(request, filter_id)
    drop_filter(asked.reader, kept.pk)
    messages.success(request, gettext("The filter is deleted"))
    return _see(asked)


def _queue(request: HttpRequest, name: str) -> type[QueueFilter]:
    """Return a queue to somebody to whom it is open."""
    kind = QUEUES.get(name)
    if kind is None:
        raise NoSuchFilter
    check_any_room(request, *kind.rooms)
    return kind


def _kept(request: HttpRequest, filter_id: int) -> tuple[SavedFilter, QueueFilter]:
    """Return a filter of one's own; it rests while its queue is another role's."""
    reader = signed_in(request)
    kept = filter_of(reader, filter_id)
    return kept, _queue(request, kept.queue).written(kept.query, reader)


def _address(asked: QueueFilter) -> str:
    return f"{asked.path}?{asked.query}" if asked.is_part else asked.path


def _see(asked: QueueFilter) -> HttpResponseRedirect:
    response = HttpResponseRedirect(_address(asked))
    response.status_code = HTTPStatus.SEE_OTHER
    return response
