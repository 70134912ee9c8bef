"""The statement that adds codes to an order that was delivered. Private to delivery and the flows that compose it."""

from __future__ import annotations

#: Fresh codes in the place of bad ones: the bad ones stay, so that everybody sees what was given for what.
REPLACE = """
INSERT INTO delivery_code (order_id, position, code_id, reusable, replaces)
SELECT $1::uuid, m.last + c.n, c.code_id, false, c.replaces
FROM unnest($2::bigint[], $3::int[]) WITH ORDINALITY AS c(code_id, replaces, n),
  (SELECT max(position) AS last FROM delivery_code WHERE order_id = $1::uuid) m
RETURNING position
"""
