"""Filters that somebody keeps of a queue under a name of their own: nobody else's are ever read or changed here."""

from __future__ import annotations

from django.db import transaction

from xinka.accounts.errors import FilterNameTaken, NoSuchFilter, TooManyFilters
from xinka.accounts.models import SavedFilter, User

#: Of one queue; each is counted whenever its queue is looked at.
MOST_FILTERS = 12


def filters_of(user: User, queue: str) -> list[SavedFilter]:
    """Return what somebody keeps of a queue, in the order in which it was kept."""
    return list(SavedFilter.objects.filter(user=user, queue=queue).order_by("id"))


def filter_of(user: User, filter_id: int) -> SavedFilter:
    """Return one filter of somebody.

    Raises:
        NoSuchFilter: if it is gone, or another's.
    """
    found = SavedFilter.objects.filter(user=user, id=filter_id).first()
    if found is None:
        raise NoSuchFilter
    return found


@transaction.atomic
def keep_filter(user: User, queue: str, *, name: str, query: str) -> SavedFilter:
    """Keep a filter of a queue.

    Raises:
        FilterNameTaken: if the name is in use there.
        TooManyFilters: if there are as many as there may be.
    """
    _lock(user)
    _see_that_it_is_free(user, queue, name)
    if SavedFilter.objects.filter(user=user, queue=queue).count() >= MOST_FILTERS:
        raise TooManyFilters(most=MOST_FILTERS)
    return SavedFilter.objects.create(user=user, queue=queue, name=name, query=query)


@transaction.atomic
def rename_filter(user: User, filter_id: int, *, name: str) -> SavedFilter:
    """Give a filter another name.

    Raises:
        NoSuchFilter: if it is gone, or another's.
        FilterNameTaken: if another of the same queue has this name.
    """
    _lock(user)
    found = filter_of(user, filter_id)
    _see_that_it_is_free(user, found.queue, name, beside=found.pk)
    found.name = name
    found.save(update_fields=["name"])
    return found


def drop_filter(user: User, filter_id: int) -> SavedFilter:
    """Delete a filter; return what it was.

    Raises:
        NoSuchFilter: if it is gone, or another's.
    """
    found = filter_of(user, filter_id)
    SavedFilter.objects.filter(user=user, id=filter_id).delete()
    return found


def _lock(user: User) -> None:
    """Let one browser of somebody go at a time, or two at once would keep one filter too many."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)


def _see_that_it_is_free(user: User, queue: str, name: str, *, beside: int = 0) -> None:
    if SavedFilter.objects.filter(user=user, queue=queue, name__iexact=name).exclude(id=beside).exists():
        raise FilterNameTaken
