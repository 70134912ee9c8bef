"""What must be true of escrow at any moment; each statement returns the rows that break its rule.

An order that was delivered a moment ago has no hold yet, because the relay makes it: all its money counts as held.
"""

from __future__ import annotations

from xinka.ledger.accounts import Account, JournalKind
from xinka.ledger.rules import Rule

#: How long the relay may take, in minutes, before a delivered order without a hold is a fault.
_RELAYED_WITHIN = 15
_SELLERS = (
    Account.CLEARING,  # what a provider shared out
    Account.SELLER_RECEIVABLE,
    Account.SELLER_PENDING,
    Account.SELLER_AVAILABLE,
    Account.SELLER_RESERVE,
    Account.FROZEN,
)

#: Escrow per order is what its hold says, or all of it.
HELD = f"""
SELECT o.id, o.state, o.amount, coalesce(h.state, 'no hold'), coalesce(-sum(e.amount), 0) FROM orders_order o
LEFT JOIN escrow_hold h ON h.order_id = o.id
LEFT JOIN ledger_entry e ON e.order_id = o.id AND e.account = {Account.ESCROW:d}
GROUP BY o.id, h.order_id HAVING coalesce(-sum(e.amount), 0) <> CASE
  WHEN h.order_id IS NOT NULL THEN h.amount - h.refunded - h.released - h.seized_held
  WHEN o.state = 'delivered' THEN o.amount
  WHEN o.state = 'part_paid' THEN (SELECT coalesce(sum(r.amount), 0) FROM payments_receipt r
    WHERE r.order_id = o.id AND r.outcome = 'short') ELSE 0 END
"""

_OF_ORDERS = f"""
SELECT coalesce(o.id, h.order_id), o.state, h.state AS hold FROM orders_order o
FULL JOIN escrow_hold h ON h.order_id = o.id
WHERE (h.order_id IS NULL AND o.state = 'delivered' AND o.delivered_at < now() - interval '{_RELAYED_WITHIN} minutes'
    AND NOT EXISTS (SELECT 1 FROM outbox_event v WHERE v.kind = 'order.delivered' AND v.subject = o.id))
  OR (h.order_id IS NOT NULL AND (o.id IS NULL OR o.amount <> h.amount OR o.currency <> h.currency
    OR o.merchant_id <> h.merchant_id OR coalesce(o.state, '') NOT IN ('delivered', 'refunded')
    OR (h.state = 'returned') <> (o.state = 'refunded')))
"""

_CONSERVED = f"""
SELECT h.order_id, h.refunded, h.released, h.commission, h.subsidy, b.* FROM escrow_hold h LEFT JOIN LATERAL (
  SELECT coalesce(-sum(e.amount) FILTER (WHERE e.account = {Account.REFUND_IN_TRANSIT:d}), 0) AS back,
    coalesce(-sum(e.amount) FILTER (WHERE e.account IN ({", ".join(str(int(one)) for one in _SELLERS)})), 0) AS sellers,
    coalesce(-sum(e.amount) FILTER (WHERE e.account = {Account.COMMISSION:d}), 0) AS ours,
    coalesce(sum(e.amount) FILTER (WHERE e.account = {Account.PROMOTIONS:d}), 0) AS added
  FROM ledger_entry e JOIN ledger_journal j ON j.id = e.journal_id AND j.key LIKE 'hold/%'
  WHERE e.order_id = h.order_id) b ON true
WHERE b.back <> h.refunded OR b.ours <> h.commission OR b.added <> h.subsidy
  OR b.sellers <> h.released - h.commission + h.subsidy - h.seized_net
"""

#: What left the trust account for an order is what two persons granted on a court's order, and what its hold says.
_HANDED_OVER = f"""
SELECT h.order_id, h.seized_held + h.seized_net AS seized, coalesce(c.amount, 0) AS granted,
  coalesce(e.amount, 0) AS gone
FROM escrow_hold h
LEFT JOIN (SELECT order_id, sum(amount) AS amount FROM escrow_freezecase
  WHERE is_hand_over AND granted AND decided_by_id <> asked_by_id GROUP BY 1) c USING (order_id)
LEFT JOIN (SELECT order_id, -sum(amount) AS amount FROM ledger_entry
  WHERE kind = {JournalKind.HAND_OVER:d} AND account = {Account.BANK_TRUST:d} GROUP BY 1) e USING (order_id)
WHERE h.seized_held + h.seized_net <> coalesce(c.amount, 0) OR coalesce(c.amount, 0) <> coalesce(e.amount, 0)
"""

_STOPPED = """
SELECT h.order_id, h.n_stops, coalesce(s.n, 0) AS open FROM escrow_hold h
LEFT JOIN (SELECT order_id, count(*) AS n FROM escrow_stop WHERE ended_at IS NULL GROUP BY 1) s USING (order_id)
WHERE h.n_stops <> coalesce(s.n, 0)
"""

_TOLD = """
SELECT h.order_id, h.version, count(s.version) AS told FROM escrow_hold h
LEFT JOIN escrow_holdstep s ON s.order_id = h.order_id GROUP BY h.order_id HAVING count(s.version) <> h.version
"""

_DECIDED = """
SELECT h.order_id, h.refunded, coalesce(g.amount, 0) AS decided, coalesce(f.amount, 0) AS refunds FROM escrow_hold h
LEFT JOIN (SELECT order_id, sum(amount) AS amount FROM escrow_givenback GROUP BY 1) g USING (order_id)
LEFT JOIN (SELECT g.order_id, sum(f.amount) AS amount FROM escrow_givenback g JOIN payments_refund f
  ON f.order_id = g.order_id AND f.key LIKE replace(replace(g.key, '_', '\\_'), '%', '\\%') || '/%'
  GROUP BY 1) f USING (order_id)
WHERE h.refunded <> coalesce(g.amount, 0) OR h.refunded <> coalesce(f.amount, 0)
"""

RULES: tuple[Rule, ...] = (
    Rule("holds_are_orders", "a delivered order has one hold, of its amount", "发货的订单各有一笔等额托管", _OF_ORDERS),
    Rule(
        "trades_conserve",
        "paid = given back + the seller's + commission + held, per order",
        "每单：实付 = 已退 + 卖家所得 + 佣金 + 托管中",
        _CONSERVED,
    ),
    Rule("stops_are_counted", "a hold rests exactly while something is open", "有未结事项的托管都已停表", _STOPPED),
    Rule("moves_are_told", "every move of a hold has its line of history", "托管的每次变动都有记录", _TOLD),
    Rule(
        "handed_over_by_order",
        "what a court had was granted by two persons, and left the trust account once",
        "移交法院的款都经两人批准，且只出账一次",
        _HANDED_OVER,
    ),
    Rule("returns_are_decided", "what went back was decided, and is on its way", "退回的款都有决定和退款单", _DECIDED),
)
