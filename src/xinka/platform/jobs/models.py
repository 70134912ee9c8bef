"""Why a job failed last; procrastinate itself keeps only that it did."""

from __future__ import annotations

from django.db import models


class JobProblem(models.Model):
    """The last failure of one job, in words without personal data; cleared away some time after the job itself."""

    job_id = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    problem = models.TextField()

    class Meta:
        db_table = "job_problem"
