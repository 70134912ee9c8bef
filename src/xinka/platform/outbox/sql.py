"""The statement that puts an event into the outbox."""

from __future__ import annotations

#: Who adds events may say so here once they are committed; the relay also looks by itself.
NOTIFIED_ON = "xinka_outbox"

APPEND = "INSERT INTO outbox_event (kind, subject, at) SELECT $1, subject, now() FROM unnest($2::uuid[]) AS subject"
