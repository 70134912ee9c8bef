"""Statements on procrastinate's queue. No Django here."""

from __future__ import annotations

#: $1 queue, $2 task, $3 priority, $4 arguments of each job (a JSON array of objects), $5 seconds to wait.
DEFER = """
SELECT procrastinate_defer_jobs_v1(array_agg(
  ROW($1::text, $2::text, $3::int, NULL, NULL, arguments, now() + $5::float8 * interval '1 second')
    ::procrastinate_job_to_defer_v1))
FROM jsonb_array_elements($4::jsonb) AS arguments HAVING count(*) > 0
"""

#: Keep why a job failed in place of its failure before. For procrastinate's connector.
REMEMBER_PROBLEM = """
INSERT INTO job_problem (job_id, at, problem) VALUES (%(job)s, now(), %(words)s)
ON CONFLICT (job_id) DO UPDATE SET at = excluded.at, problem = excluded.problem
"""

#: Forget the failures of a job by the hour before this one; return what they were. For procrastinate's connector.
FORGET_FAILURES = """
WITH gone AS (
  DELETE FROM procrastinate_jobs
  WHERE queueing_lock = %(lock)s AND id < %(job)s AND status IN ('failed', 'aborted') RETURNING id)
SELECT g.id, p.problem FROM gone g LEFT JOIN job_problem p ON p.job_id = g.id
"""

#: Take a job that failed for good out of the queue; the count tells whether it still was one.
DISCARD = "DELETE FROM procrastinate_jobs WHERE id = $1 AND status IN ('failed', 'aborted') RETURNING task_name"

#: Give a job that failed for good all its attempts again. Of a periodic one, another may wait already and has the lock
#: that only one may have: that one and this one are both run.
REVIVE = """
UPDATE procrastinate_jobs SET status = 'todo', attempts = 0, scheduled_at = now(), abort_requested = false,
  queueing_lock = NULL
WHERE id = $1 AND status IN ('failed', 'aborted') RETURNING task_name, queue_name
"""

#: Wake the workers of a queue, as procrastinate's own trigger does for a new job.
WAKE = """
SELECT pg_notify('procrastinate_queue_v1#' || $1::text, said), pg_notify('procrastinate_any_queue_v1', said)
FROM json_build_object('type', 'job_inserted', 'job_id', $2::bigint) AS body, CAST(body AS text) AS said
"""
