"""What many pages of the office show: the rooms open to whoever looks, names, and what held money up, in words."""

from __future__ import annotations

from typing import Any

from django import template
from django.http import Http404

from xinka.accounts.policies import signed_in
from xinka.flows.hindrances import hindrance_in_words
from xinka.office.audit_values import percent
from xinka.office.jobs_in_words import problem_in_words, queue_in_words, task_in_words
from xinka.office.letters import letter_in_words
from xinka.office.names import named
from xinka.office.policies import Room, rooms_of

register = template.Library()


register.filter("named", named)
register.filter("percent", percent)
register.filter("hindrance", hindrance_in_words)
register.filter("letter", letter_in_words)
register.filter("problem", problem_in_words)
register.filter("task", task_in_words)
register.filter("queue", queue_in_words)


@register.simple_tag(takes_context=True)
def open_rooms(context: dict[str, Any]) -> frozenset[Room]:
    """Return the rooms that are open to whoever looks; none for nobody."""
    try:
        return rooms_of(signed_in(context["request"]))
    except (KeyError, Http404):
        return frozenset()
