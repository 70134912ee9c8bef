"""Keeps why jobs fail, for the people who look after the dead letters."""

from __future__ import annotations

from xinka.kernel.flow import Flow, Query
from xinka.platform.database.django_drive import run
from xinka.platform.jobs import sql
from xinka.platform.jobs.retries import in_words


def remember(job_id: int, error: BaseException) -> None:
    """Keep the failure of a job in place of the one before; one that comes every few seconds leaves one dead letter."""
    run(_remember(job_id, in_words(error)))


def _remember(job_id: int, words: str) -> Flow[None]:
    yield Query(sql.REMEMBER_PROBLEM, (job_id, words))
    yield Query(sql.ONLY_THE_NEWEST, (job_id,))
