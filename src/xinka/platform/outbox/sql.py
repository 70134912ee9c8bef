"""The statement that puts an event into the outbox."""

from __future__ import annotations

APPEND = "INSERT INTO outbox_event (kind, subject, at) SELECT $1, subject, now() FROM unnest($2::uuid[]) AS subject"
