"""The auditor: proves from the tables alone that stock, books and deliveries agree. Used by ``xinka check`` and tests.

Each check is one statement that returns the rows that break its rule; no row means that the rule holds. The checks are
read in one snapshot, so they can run while the shop sells.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from xinka.disputes.rules import RULES as CASE_RULES
from xinka.flows import legibility
from xinka.flows.escrow.rules import HELD
from xinka.flows.escrow.rules import RULES as ESCROW_RULES
from xinka.flows.master_key.columns import RULES as VAULT_RULES
from xinka.flows.promotions.rules import RULES as PROMOTION_RULES
from xinka.kernel import ids
from xinka.kernel.flow import Flow, Query, Row
from xinka.ledger.rules import RULES as LEDGER_RULES
from xinka.payouts.rules import RULES as PAYOUT_RULES
from xinka.platform.vault.envelope import Keyring

#: So many rows show what is wrong, where nobody asks for more.
SAMPLE = 20
#: Every check reads whole tables. Of a shop that has just grown the planner may still believe that they are small, and
#: would then compare each row with each; without nested loops it sorts or hashes, which is right at any size.
WHOLE_TABLES = "SELECT set_config('enable_nestloop', 'off', true)"


@dataclass(frozen=True, slots=True)
class Check:
    """A rule, the group ``xinka check GROUP`` it belongs to, and the statement that finds what breaks it.

    Where keys are needed to find it, ``look`` does instead. ``mend_…`` say what to do about it, where a rule alone does
    not; a check that ``names_orders`` has one first in each row, and after it what tells people which that is.
    """

    group: str
    name: str
    rule_en: str
    rule_zh: str
    sql: str = ""
    mend_en: str = ""
    mend_zh: str = ""
    names_orders: bool = False
    look: Callable[[Keyring, int], Flow[list[Row]]] | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check; ``rows`` are examples of what breaks the rule, as many as were asked for at most."""

    check: Check
    rows: list[Row]

    @property
    def holds(self) -> bool:
        """Whether nothing broke the rule."""
        return not self.rows


CHECKS = (
    Check(
        "stock",
        "one_place",
        "no code is in two of: queue, set aside, reservation, delivery",
        "同一张卡不会既在库又被占用或已发出",
        """SELECT code_id, string_agg(place, ' ') FROM (
             SELECT code_id, 'queue' AS place FROM stock_unsold u JOIN catalog_sku s ON s.id = u.sku_id WHERE s.mode
               = 'unique'
             UNION ALL SELECT code_id, 'aside' FROM stock_aside
             UNION ALL SELECT unnest(code_ids), 'reservation' FROM stock_reservation WHERE NOT reusable
             UNION ALL SELECT code_id, 'delivery' FROM delivery_code WHERE NOT reusable) everywhere
           GROUP BY code_id HAVING count(*) > 1""",
    ),
    Check(
        "stock",
        "none_lost",
        "every code is in the queue, set aside, reserved, delivered or withdrawn",
        "每张卡都有去处",
        """SELECT c.id FROM stock_stockcode c WHERE c.withdrawn_at IS NULL
             AND NOT EXISTS (SELECT 1 FROM stock_unsold u WHERE u.code_id = c.id AND u.sku_id = c.sku_id)
             AND NOT EXISTS (SELECT 1 FROM stock_aside a WHERE a.code_id = c.id AND a.sku_id = c.sku_id)
             AND NOT EXISTS (SELECT 1 FROM delivery_code d WHERE d.code_id = c.id)
             AND c.id NOT IN (SELECT unnest(code_ids) FROM stock_reservation)""",
    ),
    Check(
        "stock",
        "queue_is_vault",
        "every row of the queue names a code of that SKU",
        "队列里的每一行都对应库里的卡",
        """SELECT u.sku_id, u.code_id FROM stock_unsold u LEFT JOIN stock_stockcode c ON c.id = u.code_id
           WHERE c.id IS NULL OR c.sku_id <> u.sku_id OR c.withdrawn_at IS NOT NULL""",
    ),
    Check(
        "stock",
        "reserved_is_open",
        "an order holds a reservation exactly while it can be paid",
        "能付款的订单才占用库存",
        """SELECT coalesce(o.id, v.order_id), o.state FROM orders_order o FULL JOIN stock_reservation v ON v.order_id
          = o.id
           WHERE (v.order_id IS NULL AND o.state IN ('awaiting_payment', 'part_paid'))
              OR (v.order_id IS NOT NULL AND coalesce(o.state, '') NOT IN ('awaiting_payment', 'part_paid'))""",
    ),
    Check(
        "stock",
        "reserved_quantity",
        "a reservation holds as many codes as its order asks for",
        "占用数量等于下单数量",
        """SELECT o.id, o.quantity, cardinality(v.code_ids) FROM stock_reservation v JOIN orders_order o ON o.id =
          v.order_id
           WHERE NOT v.reusable AND cardinality(v.code_ids) <> o.quantity""",
    ),
    Check(
        "delivery",
        "sold_once",
        "no code was delivered twice",
        "没有一码两卖",
        """SELECT code_id, count(*) FROM delivery_code WHERE NOT reusable GROUP BY code_id HAVING count(*) > 1""",
    ),
    Check(
        "delivery",
        "delivered_is_paid",
        "delivered quantity = paid quantity, per order",
        "付了多少就发多少",
        """SELECT o.id, o.state, o.quantity, count(d.code_id) FROM orders_order o
           LEFT JOIN delivery_code d ON d.order_id = o.id AND d.replaces IS NULL GROUP BY o.id
           HAVING (o.state = 'delivered' AND NOT bool_or(coalesce(d.reusable, false)) AND count(d.code_id) <>
             o.quantity)
               OR (o.state = 'delivered' AND count(d.code_id) = 0)
               OR (o.state NOT IN ('delivered', 'refunded') AND count(d.code_id) > 0)""",
    ),
    Check(
        "delivery",
        "right_goods",
        "delivered codes are of the SKU that was ordered",
        "发出的卡就是所买的商品",
        """SELECT d.order_id, d.code_id FROM delivery_code d JOIN orders_order o ON o.id = d.order_id
           JOIN stock_stockcode c ON c.id = d.code_id WHERE c.sku_id <> o.sku_id""",
    ),
    Check(
        "delivery",
        "paid_is_received",
        "a delivered order has receipts of at least its amount",
        "发货的订单都收足了钱",
        """SELECT o.id, o.amount, coalesce(sum(r.amount), 0) FROM orders_order o
           LEFT JOIN payments_receipt r ON r.order_id = o.id AND r.outcome NOT IN ('double', 'late_refunded',
             'short_refunded')
           WHERE o.state = 'delivered' GROUP BY o.id HAVING coalesce(sum(r.amount), 0) < o.amount""",
    ),
    Check(
        "delivery",
        "delivered_can_be_read",
        "what was delivered is still there for its buyer",
        "已发出的内容都还在，买家随时能看",
        legibility.IS_THERE,
        mend_en="Where all buyers get one content, its merchant puts the very same text in once more (Desk › Products "
        "› the variant): all who bought it read it again at once; the present one is put in again after that. What was "
        "sold once is replaced or paid back: Office › Orders, by the number.",
        mend_zh="所有买家共用的内容：请商家把原来的内容一字不差地再填一次（商家后台 › 商品 › 规格），"
        "买过的人马上又能看到，然后再把现在卖的内容填回去。"
        "一码一卖的：在“管理后台 › 订单”里按单号补发或退款。",
        names_orders=True,
    ),
    Check(
        "delivery",
        "delivered_opens",
        "what was delivered opens with the shop's keys: every content that buyers share, and a sample of codes",
        "已发出的内容用本站的密钥都能打开：共用的内容全部验，一码一卖的抽样验",
        mend_en="A key, or rows, are of another time than the rest: `xinka check vault`, then restore the backup and "
        "the master key that belong together (docs/operate/backup.md).",
        mend_zh="密钥或数据与其余部分不是同一时期的：先运行 `xinka check vault`，"
        "再恢复配套的备份与主密钥（docs/operate/zh/backup.md）。",
        names_orders=True,
        look=legibility.opens,
    ),
    *(Check("ledger", *rule) for rule in LEDGER_RULES),
    *(Check("escrow", *rule) for rule in ESCROW_RULES),
    *(Check("disputes", *rule) for rule in CASE_RULES),
    *(Check("promotions", *rule) for rule in PROMOTION_RULES),
    *(Check("payouts", *rule) for rule in PAYOUT_RULES),
    *(Check("vault", *rule) for rule in VAULT_RULES),
    Check(
        "ledger",
        "receipts_are_entered",
        "every receipt has its journal, of the same amount",
        "每笔到账都已入账",
        """SELECT r.channel_id, r.trade_no, r.amount, e.amount FROM payments_receipt r
           LEFT JOIN ledger_entry e ON e.journal_id = r.journal_id AND e.account = 1
           WHERE e.amount IS DISTINCT FROM r.amount""",
    ),
    Check(
        "ledger",
        "escrow_is_orders",
        "escrow has exactly what the holds and part-paid orders say",
        "托管余额与订单一致",
        HELD,
    ),
    Check(
        "ledger",
        "refunds_are_promised",
        "money in transit back equals the refunds that are not done",
        "退款在途与退款单一致",
        """SELECT p.promised, q.owed FROM
             (SELECT coalesce(-sum(amount), 0) AS promised FROM ledger_entry WHERE account = 3) p,
             (SELECT coalesce(sum(amount), 0) AS owed FROM payments_refund WHERE state <> 'done') q
           WHERE p.promised <> q.owed""",
    ),
)


def check_all(group: str | None = None, *, keyring: Keyring | None = None, most: int = SAMPLE) -> Flow[list[Finding]]:
    """Run every check, or those of one group; run it in a REPEATABLE READ transaction for one snapshot.

    Without a ``keyring`` the checks that need keys are left out. At most so many rows are shown of each.
    """
    findings = []
    yield Query(WHOLE_TABLES)
    for check in CHECKS:
        if group not in {None, check.group} or (check.look is not None and keyring is None):
            continue
        if check.look is not None and keyring is not None:
            rows = yield from check.look(keyring, most)
        else:
            rows = yield Query(f"SELECT * FROM ({check.sql}) broken LIMIT {int(most)}")
        findings.append(Finding(check, [_shown(row) for row in rows] if check.names_orders else rows))
    return findings


def _shown(row: Row) -> Row:
    """Return a row with its order under the number that people know it by."""
    order_id, *rest = row
    return (ids.show("ord", order_id), *rest)
