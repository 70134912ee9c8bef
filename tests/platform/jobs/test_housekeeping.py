"""What is old is cleared away, and nothing that anybody still looks at."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from xinka.kernel.ids import new_uuid
from xinka.platform.database.django_drive import run
from xinka.platform.jobs.housekeeping import forget_old_letters, forget_problems
from xinka.platform.jobs.models import JobProblem
from xinka.platform.jobs.problems import remember
from xinka.platform.jobs.queue import MAIL, Job, defer
from xinka.platform.mail.models import LetterState, SentLetter

pytestmark = pytest.mark.django_db


def _letter(state: LetterState, days: float) -> SentLetter:
    return SentLetter.objects.create(
        kind="goods",
        subject=new_uuid(),
        message_id="<1@x>",
        state=state,
        tried_at=timezone.now() - timedelta(days=days),
    )


def test_letters_are_forgotten_after_a_quarter_of_a_year_whatever_became_of_them() -> None:
    for state in LetterState:
        _letter(state, 91)
    kept = {_letter(state, 89).pk for state in LetterState}
    forget_old_letters()
    assert set(SentLetter.objects.values_list("pk", flat=True)) == kept


def test_why_a_job_failed_is_kept_as_long_as_the_job() -> None:
    run(defer(Job("mail.goods", MAIL), [{"subject": new_uuid()}, {"subject": new_uuid()}]))
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM procrastinate_jobs ORDER BY id")
        gone, stays = (row[0] for row in cursor.fetchall())
        for job_id in (gone, stays):
            remember(job_id, OSError("down"))
        cursor.execute("DELETE FROM procrastinate_jobs WHERE id = %s", [gone])
    forget_problems()
    assert list(JobProblem.objects.values_list("job_id", flat=True)) == [stays]
