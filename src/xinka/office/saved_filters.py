"""Filters that somebody of staff keeps: what a queue is narrowed down to, under a name. Nobody else sees it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods, require_POST

from xinka.accounts.errors import NoSuchFilter
from xinka.accounts.lists import NameForm, delete_kept, filter_page, is_kept, is_renamed, see
from xinka.accounts.models import SavedFilter
from xinka.accounts.policies import signed_in
from xinka.accounts.saved_filters import filter_of
from xinka.office.policies import Room, check_any_room, for_staff
from xinka.office.queue_filters import QUEUES
from xinka.office.queues import QueueFilter


@require_POST
@for_staff(Room.TASKS)
def keep(request: HttpRequest, queue: str) -> HttpResponse:
    """Keep what a queue is narrowed down to."""
    kind = _queue(request, queue)
    asked, form = kind.written(request.POST.get("query", ""), signed_in(request)), NameForm(request.POST)
    if is_kept(request, asked, form):
        return see(asked)
    return filter_page(request, "office/saved_filter.html", asked, form)


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(Room.TASKS)
def edit(request: HttpRequest, filter_id: int) -> HttpResponse:
    """Give a filter of one's own another name, or come to delete it."""
    kept, asked = _kept(request, filter_id)
    form = NameForm(request.POST if request.method == "POST" else None, initial={"name": kept.name})
    if is_renamed(request, asked, kept, form):
        return see(asked)
    return filter_page(request, "office/saved_filter.html", asked, form, kept=kept)


@require_POST
@for_staff(Room.TASKS)
def delete(request: HttpRequest, filter_id: int) -> HttpResponse:
    """Delete a filter of one's own; what it found stays where it is."""
    kept, asked = _kept(request, filter_id)
    return delete_kept(request, asked, kept)


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
