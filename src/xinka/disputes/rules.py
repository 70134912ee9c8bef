"""What must be true of cases at any moment; each statement returns the rows that break its rule."""

from __future__ import annotations

#: Name, the rule in English and in Chinese, and the statement that finds what breaks it.
RULES = (
    (
        "case_stops_hold",
        "every open case stops the hold of its order",
        "没结束的纠纷都冻结着货款",
        """SELECT k.id, k.kind, k.state FROM disputes_case k JOIN orders_order o ON o.id = k.order_id
             AND o.delivered_at IS NOT NULL
           WHERE k.state <> 'closed' AND NOT EXISTS (SELECT 1 FROM escrow_stop s WHERE s.order_id = k.order_id
             AND s.ref = k.id::text AND s.ended_at IS NULL
             AND s.cause = CASE k.kind WHEN 'chargeback' THEN 'dispute' ELSE k.kind END)""",
    ),
    (
        "stop_has_case",
        "no hold is stopped for a case that is not open",
        "没有纠纷就没有因纠纷的冻结",
        """SELECT s.order_id, s.cause, s.ref FROM escrow_stop s
           WHERE s.cause IN ('question', 'dispute', 'claim') AND s.ended_at IS NULL
             AND NOT EXISTS (SELECT 1 FROM disputes_case k WHERE k.id::text = s.ref AND k.order_id = s.order_id
               AND k.state <> 'closed')""",
    ),
    (
        "case_log_is_whole",
        "every move of a case is in its log, once, and the last one made its state",
        "纠纷的每一步都有记录",
        """SELECT k.id, k.version, k.state FROM disputes_case k
           LEFT JOIN disputes_case_move m ON m.case_id = k.id GROUP BY k.id
           HAVING count(m.version) <> k.version OR min(m.version) IS DISTINCT FROM 1
             OR max(m.version) IS DISTINCT FROM k.version
             OR (array_agg(m.state ORDER BY m.version DESC))[1] IS DISTINCT FROM k.state""",
    ),
    (
        "case_gave_back",
        "a case gave money back exactly if it ended so, and no more than it was about",
        "纠纷退款与结果一致",
        """SELECT coalesce(k.id::text, g.key), k.outcome, k.amount, g.amount FROM disputes_case k
           FULL JOIN (SELECT * FROM escrow_givenback WHERE key LIKE 'case:%') g ON g.key = 'case:' || k.id
           WHERE (g.key IS NOT NULL AND (k.id IS NULL OR k.outcome NOT IN ('refunded', 'part_refunded')
               OR g.amount > k.amount))
             OR (g.key IS NULL AND k.outcome IN ('refunded', 'part_refunded'))""",
    ),
    (
        "replaced_for_case",
        "codes were given in the place of others exactly in cases that ended so",
        "换新的卡密都对应换新的纠纷",
        """SELECT d.order_id, count(*) FROM delivery_code d WHERE d.replaces IS NOT NULL GROUP BY d.order_id
           HAVING NOT EXISTS (SELECT 1 FROM disputes_case k WHERE k.order_id = d.order_id
             AND k.outcome = 'replaced')""",
    ),
    (
        "chargeback_is_entered",
        "what a chargeback set aside is what it is about",
        "银行拒付的冻结金额一致",
        """SELECT k.id, k.amount FROM disputes_case k WHERE k.kind = 'chargeback' AND k.amount <>
             (SELECT coalesce(sum(value::bigint), 0) FROM jsonb_each_text(k.taken))""",
    ),
)
