"""Two who ask, or two rounds that tell, at the same moment: one note, and no note is taken twice."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from tests import cast
from tests.flows.waiting import while_uncommitted
from xinka.catalog.models import Sku
from xinka.flows import back_in_stock
from xinka.platform.vault import keys
from xinka.stock import back_notes
from xinka.stock.models import BackNote

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sold_out() -> Sku:
    keys.forget()
    return cast.ware(cast.adas_shop()).sku


def ask(sku: Sku, address: str = cast.CY, *, is_theirs: bool = False, ago: int = 0) -> None:
    at = timezone.now() - timedelta(seconds=ago)
    back_in_stock.ask(sku, address, language="en", is_theirs=is_theirs, now=at)


def queued() -> Counter[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT args::text FROM procrastinate_jobs WHERE task_name = 'mail.back_in_stock'")
        return Counter(json.loads(text)["subject"] for (text,) in cursor.fetchall())


def test_the_same_wish_twice_at_once_is_one_note(sold_out: Sku) -> None:
    assert while_uncommitted(lambda: ask(sold_out), lambda: ask(sold_out)) is None
    assert BackNote.objects.count() == 1


def test_a_yes_that_comes_while_a_stranger_asks_anew_stays(sold_out: Sku) -> None:
    ask(sold_out)
    note = BackNote.objects.get()
    said = while_uncommitted(lambda: back_notes.confirm_note(note.id, timezone.now()), lambda: ask(sold_out))
    assert said is None
    assert BackNote.objects.get().confirmed_at is not None


def test_two_rounds_at_once_take_no_note_twice(sold_out: Sku) -> None:
    for number in range(6):
        ask(sold_out, f"p{number}@example.com", is_theirs=True, ago=60 - number)
    cast.stock_up(sold_out, ["A"])
    taken = while_uncommitted(lambda: back_in_stock.tell_waiting(timezone.now()), lambda: told_elsewhere(2))
    assert taken is None
    assert set(queued().values()) == {1}
    assert sum(queued().values()) == BackNote.objects.exclude(queued_at=None).count() == 6


def told_elsewhere(expected: int) -> None:
    """Tell in a round of its own: the notes that another round has locked are passed over, not waited for."""
    assert back_in_stock.tell_waiting(timezone.now()) == expected


def test_a_note_that_is_ended_while_it_is_taken_leaves_a_job_that_says_nothing(sold_out: Sku) -> None:
    ask(sold_out, is_theirs=True)
    cast.stock_up(sold_out, ["A"])
    note = BackNote.objects.get()
    while_uncommitted(lambda: back_in_stock.tell_waiting(timezone.now()), lambda: back_notes.end_note(note.id))
    assert not BackNote.objects.exists()
    assert list(queued()) == [str(note.id)]
    assert not back_in_stock.mail_back(note.id)
