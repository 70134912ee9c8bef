"""What is old is cleared away, and nothing that anybody still looks at."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import psycopg
import pytest
from django.db import connection
from django.utils import timezone
from procrastinate import App, PsycopgConnector

from xinka.kernel.ids import new_uuid
from xinka.platform.database.django_drive import run
from xinka.platform.jobs.housekeeping import forget_old_letters, forget_problems, rescue_stalled, set_hours_right
from xinka.platform.jobs.models import JobProblem
from xinka.platform.jobs.queue import CHORES, MAIL, Job, defer
from xinka.platform.mail.models import LetterState, SentLetter


def _letter(state: LetterState, days: float) -> SentLetter:
    return SentLetter.objects.create(
        kind="goods",
        subject=new_uuid(),
        message_id="<1@x>",
        state=state,
        tried_at=timezone.now() - timedelta(days=days),
    )


@pytest.mark.django_db
def test_letters_are_forgotten_after_a_quarter_of_a_year_whatever_became_of_them() -> None:
    for state in LetterState:
        _letter(state, 91)
    kept = {_letter(state, 89).pk for state in LetterState}
    forget_old_letters()
    assert set(SentLetter.objects.values_list("pk", flat=True)) == kept


@pytest.mark.django_db
def test_why_a_job_failed_is_kept_as_long_as_the_job() -> None:
    run(defer(Job("mail.goods", MAIL), [{"subject": new_uuid()}, {"subject": new_uuid()}]))
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM procrastinate_jobs ORDER BY id")
        gone, stays = (row[0] for row in cursor.fetchall())
        for job_id in (gone, stays):
            JobProblem.objects.create(job_id=job_id, at=timezone.now(), problem="OSError: down")
        cursor.execute("DELETE FROM procrastinate_jobs WHERE id = %s", [gone])
    forget_problems()
    assert list(JobProblem.objects.values_list("job_id", flat=True)) == [stays]


@pytest.mark.django_db
def test_a_job_that_failed_under_a_clock_that_was_ahead_waits_no_longer_than_it_was_told() -> None:
    run(defer(Job("mail.goods", MAIL), [{"subject": new_uuid()}, {"subject": new_uuid()}]))
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM procrastinate_jobs ORDER BY id")
        ahead, right = (row[0] for row in cursor.fetchall())
        for job_id, hours in ((ahead, 26), (right, 0)):
            cursor.execute(
                "UPDATE procrastinate_jobs SET scheduled_at = now() + %s * interval '1 hour' + interval '20 s' "
                "WHERE id = %s",
                [hours, job_id],
            )
            cursor.execute(
                "UPDATE procrastinate_events SET at = now() + %s * interval '1 hour' WHERE job_id = %s", [hours, job_id]
            )
    assert (set_hours_right(), set_hours_right()) == (1, 0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, round(extract(epoch FROM scheduled_at - now())) FROM procrastinate_jobs ORDER BY id")
        assert cursor.fetchall() == [(ahead, 20), (right, 20)]


@pytest.mark.django_db
def test_a_job_that_waits_for_hours_because_it_was_told_to_goes_on_waiting() -> None:
    run(defer(Job("stock.undo", CHORES), [{"batch_id": 1}], wait_for=7200))
    run(defer(Job("mail.goods", MAIL), [{"subject": new_uuid()}]))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing' WHERE task_name = 'mail.goods' RETURNING id")
        failed = cursor.fetchall()[0][0]
        again_at = timezone.now() + timedelta(hours=5)
        cursor.execute("SELECT procrastinate_retry_job_v2(%s, %s, NULL, NULL, NULL)", [failed, again_at])
    assert set_hours_right() == 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT round(extract(epoch FROM scheduled_at - now()) / 3600) FROM procrastinate_jobs")
        assert sorted(cursor.fetchall()) == [(2,), (5,)]


def test_jobs_under_which_workers_died_again_and_again_come_back_one_by_one(shop_database: str) -> None:
    """Else what runs beside a job that kills its workers would die as often, and be a dead letter with it."""
    app = App(connector=PsycopgConnector(conninfo=shop_database))
    with psycopg.connect(shop_database) as connected:
        connected.execute(
            "WITH dead AS (INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour') "
            "RETURNING id) INSERT INTO procrastinate_jobs (queue_name, task_name, status, worker_id, attempts) "
            "SELECT 'mail', 'mail.goods', 'doing', id, n FROM dead, unnest('{4, 0, 1, 6, 0, 2, 4}'::int[]) n"
        )

    async def rescued() -> None:
        async with app.open_async():
            await rescue_stalled(app.job_manager, stalled_for=0.0)

    asyncio.run(rescued())
    with psycopg.connect(shop_database) as connected:
        waits = connected.execute(
            "SELECT attempts, round(extract(epoch FROM scheduled_at - min(scheduled_at) OVER ())) "
            "FROM procrastinate_jobs WHERE task_name = 'mail.goods' ORDER BY scheduled_at"
        ).fetchall()
    assert waits == [(1, 0), (1, 0), (2, 0), (3, 4), (5, 12), (5, 44), (7, 76)]


def test_a_worker_that_died_under_a_clock_that_was_ahead_is_found_dead(shop_database: str) -> None:
    app = App(connector=PsycopgConnector(conninfo=shop_database))
    with psycopg.connect(shop_database) as connected:
        connected.execute(
            "WITH dead AS (INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() + interval '1 hour') "
            "RETURNING id) INSERT INTO procrastinate_jobs (queue_name, task_name, status, worker_id) "
            "SELECT 'mail', 'mail.goods', 'doing', id FROM dead"
        )

    async def rescued() -> int:
        async with app.open_async():
            return await rescue_stalled(app.job_manager, stalled_for=0.0)

    assert [asyncio.run(rescued()), asyncio.run(rescued())] in ([1, 0], [0, 1])
