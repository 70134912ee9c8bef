"""The statements on the outbox: putting an event into it, and how many there ever were."""

from __future__ import annotations

#: Who adds events may say so here once they are committed; the relay also looks by itself.
NOTIFIED_ON = "xinka_outbox"

APPEND = "INSERT INTO outbox_event (kind, subject, at) SELECT $1, subject, now() FROM unnest($2::uuid[]) AS subject"

#: The number of the newest event, whether it was handled or not: its growth is how much the shop does.
LAST_NUMBER = "SELECT last_value FROM outbox_event_id_seq"
