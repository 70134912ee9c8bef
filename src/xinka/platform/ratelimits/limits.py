"""Count a try against several limits at once, in one statement.

Windows are fixed and begin at the first try. A try is counted whether or not it is allowed, so that hammering on a
closed door keeps it closed for the rest of the window and no longer.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from xinka.platform.vault.keys import blind_index

#: A window that ends a minute later than one that began now would was begun under a clock that went wrong and was set
#: right again. It is over: whoever tried in that moment must not be kept out until the wrong date comes.
_COUNT = """
INSERT INTO ratelimit_counter AS c (subject, n_tries, ends_at)
SELECT subject, 1, clock_timestamp() + seconds * interval '1 second'
FROM unnest(%s::uuid[], %s::int[]) AS t(subject, seconds) ORDER BY subject
ON CONFLICT (subject) DO UPDATE SET
  n_tries = CASE WHEN c.ends_at <= clock_timestamp() OR c.ends_at > excluded.ends_at + interval '1 minute'
    THEN 1 ELSE least(c.n_tries + 1, 1000000) END,
  ends_at = CASE WHEN c.ends_at <= clock_timestamp() OR c.ends_at > excluded.ends_at + interval '1 minute'
    THEN excluded.ends_at ELSE c.ends_at END
RETURNING subject, n_tries, greatest(1, ceil(extract(epoch FROM ends_at - clock_timestamp())))::int
"""
_LEFT = """
SELECT c.subject, n_tries, greatest(1, ceil(extract(epoch FROM ends_at - clock_timestamp())))::int
FROM ratelimit_counter c JOIN unnest(%s::uuid[], %s::int[]) AS t(subject, seconds) ON t.subject = c.subject
WHERE ends_at > clock_timestamp()
  AND ends_at <= clock_timestamp() + seconds * interval '1 second' + interval '1 minute'
"""
_SWEEP = """
DELETE FROM ratelimit_counter WHERE subject IN (
  SELECT subject FROM ratelimit_counter WHERE ends_at < clock_timestamp() LIMIT 500 FOR UPDATE SKIP LOCKED)
"""
_SWEEP_EVERY = 100


@dataclass(frozen=True)
class Limit:
    """At most ``n_tries`` in ``seconds`` for one ``subject`` (``"find-order:ip:" + address``)."""

    subject: str
    n_tries: int
    seconds: int


def wait_after(limits: Sequence[Limit]) -> int:
    """Count one try against all limits; return 0 if all allow it, else for how many seconds it is refused."""
    keyed = _keyed(limits)
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [list(keyed), [limit.seconds for limit in keyed.values()]])
        rows = cursor.fetchall()
        if secrets.randbelow(_SWEEP_EVERY) == 0:
            cursor.execute(_SWEEP)
    return max((left for subject, tries, left in rows if tries > keyed[subject].n_tries), default=0)


def wait_before(limits: Sequence[Limit]) -> int:
    """Return for how many seconds one more try would be refused, without counting any; 0 if it would be allowed."""
    keyed = _keyed(limits)
    with connection.cursor() as cursor:
        cursor.execute(_LEFT, [list(keyed), [limit.seconds for limit in keyed.values()]])
        rows = cursor.fetchall()
    return max((left for subject, tries, left in rows if tries >= keyed[subject].n_tries), default=0)


def _keyed(limits: Sequence[Limit]) -> dict[UUID, Limit]:
    return {blind_index("rate-limit").uuid(limit.subject.encode()): limit for limit in limits}
