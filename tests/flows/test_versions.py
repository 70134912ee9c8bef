"""Old and new workers beside each other (F71): what the old one does not know waits for the new one."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import psycopg
import pytest
from django.db import connection

from tests import cast
from tests.flows.mailbox import wait_until
from xinka.flows.relay import MAIL_GOODS, UNKNOWN_EVENT
from xinka.flows.tasks.chores import unknown_event
from xinka.platform.database.django_drive import run
from xinka.platform.jobs.models import JobProblem
from xinka.platform.jobs.queue import MONEY, Job, defer
from xinka.platform.jobs.versions import OfAnotherVersion

pytestmark = pytest.mark.timeout(400)

Hire = Callable[..., subprocess.Popen[bytes]]
_OF_TOMORROW = Job("gift.wrap", MONEY)


@pytest.mark.crash
def test_a_job_of_a_newer_version_is_put_off_and_not_given_up(committed_shop: str, hire: Hire) -> None:
    run(defer(_OF_TOMORROW, [{"subject": "x"}]))
    hire()
    wait_until(JobProblem.objects.exists)
    assert "update this machine too" in JobProblem.objects.get().problem
    with psycopg.connect(committed_shop) as database:
        state = (
            "SELECT status::text, attempts, scheduled_at > now() + interval '5 s' FROM procrastinate_jobs"
            " WHERE task_name = %s"
        )
        wait_until(lambda: database.execute(state, [_OF_TOMORROW.task]).fetchall() == [("todo", 1, True)])


@pytest.mark.django_db
def test_an_event_that_an_older_worker_did_not_know_is_seen_to_by_a_newer_one() -> None:
    bought = cast.buy(cast.ware(cast.adas_shop(), 1).sku, cast.channel())
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
    unknown_event(subject=str(bought.order_id), kind="order.delivered")
    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name, queue_name, args ->> 'subject' FROM procrastinate_jobs")
        assert cursor.fetchall() == [(MAIL_GOODS.task, MAIL_GOODS.queue, str(bought.order_id))]


@pytest.mark.django_db
def test_an_event_that_no_version_knows_is_tried_again_for_a_while() -> None:
    with pytest.raises(OfAnotherVersion, match=r"order\.teleported"):
        unknown_event(subject="x", kind="order.teleported")
    assert unknown_event.retry_strategy is not None
    assert UNKNOWN_EVENT.task == unknown_event.name
