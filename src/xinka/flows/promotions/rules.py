"""What must always be true of promotions, for the auditor: what is counted is what orders hold, and cards are debts."""

from __future__ import annotations

from xinka.ledger.accounts import Account
from xinka.ledger.rules import Rule

_COUPONS = """
SELECT c.id, c.n_used, coalesce(u.n, 0) AS held FROM promotions_coupon c
LEFT JOIN (SELECT coupon_id, count(*) AS n FROM promotions_use WHERE state = 'held' GROUP BY 1) u ON u.coupon_id = c.id
WHERE c.n_used <> coalesce(u.n, 0)
"""
_SALES = """
SELECT s.id, s.n_taken, coalesce(u.n, 0) AS held FROM promotions_flashsale s
LEFT JOIN (SELECT sale_id, sum(units) AS n FROM promotions_use WHERE state = 'held' GROUP BY 1) u ON u.sale_id = s.id
WHERE s.n_taken <> coalesce(u.n, 0)
"""
#: A minute may pass before the clock has seen that a sale is over.
_ASIDE = """
SELECT a.sale_id, count(*) AS aside, max(s.units - s.n_taken) AS units_left FROM stock_aside a
LEFT JOIN promotions_flashsale s ON s.id = a.sale_id AND s.sku_id = a.sku_id AND s.stopped_at IS NULL
  AND s.ends_at > now() - interval '1 minute'
GROUP BY 1 HAVING count(*) > coalesce(max(s.units - s.n_taken), 0)
"""
_SPENT = "CASE WHEN u.done THEN u.booked ELSE u.amount END"
_CARDS = f"""
SELECT g.id, g.value, g.balance, g.redeemed, coalesce(sum({_SPENT}), 0) AS spent FROM promotions_giftcard g
LEFT JOIN promotions_use u ON u.card_id = g.id AND u.state = 'held'
GROUP BY g.id HAVING g.value <> g.balance + g.redeemed + coalesce(sum({_SPENT}), 0)
"""
_DEBTS = f"""
SELECT d.currency, coalesce(b.owed, 0) AS booked, coalesce(c.owed, 0) AS on_cards
FROM (SELECT currency FROM promotions_giftcard UNION SELECT currency FROM ledger_entry
  WHERE account = {Account.GIFT_CARDS:d}) d
LEFT JOIN (SELECT currency, -sum(amount) AS owed FROM ledger_entry WHERE account = {Account.GIFT_CARDS:d} GROUP BY 1) b
  ON b.currency = d.currency
LEFT JOIN (SELECT g.currency, sum(g.balance) + coalesce(sum(u.open), 0) AS owed FROM promotions_giftcard g
  LEFT JOIN (SELECT card_id, sum(amount - booked) AS open FROM promotions_use
    WHERE state = 'held' AND kind = 'gift_card' AND NOT done GROUP BY 1) u ON u.card_id = g.id GROUP BY 1) c
  ON c.currency = d.currency
WHERE coalesce(b.owed, 0) <> coalesce(c.owed, 0)
"""
_REFERRALS = f"""
SELECT f.order_id, f.accrued, coalesce(b.owed, 0) AS booked FROM promotions_referral f
LEFT JOIN (SELECT e.order_id, -sum(e.amount) AS owed FROM ledger_entry e JOIN ledger_journal j ON j.id = e.journal_id
  WHERE e.account = {Account.REFERRAL_PENDING:d} AND j.key LIKE 'referral:%:accrue:%' GROUP BY 1) b
  ON b.order_id = f.order_id
WHERE f.accrued <> coalesce(b.owed, 0)
"""

RULES: tuple[Rule, ...] = (
    Rule("coupons_are_counted", "a coupon is counted as often as orders hold it", "优惠码的次数与订单一致", _COUPONS),
    Rule("sales_are_counted", "units at a flash price are those of orders", "限时价的件数与订单一致", _SALES),
    Rule("aside_is_for_sales", "no more is set aside than sales have left", "预留的卡密不多于限时价剩余的件数", _ASIDE),
    Rule(
        "cards_conserve", "a gift card's value = balance + redeemed + spent", "礼品卡面值 = 余额 + 转入 + 已用", _CARDS
    ),
    Rule("cards_are_debts", "the books owe what is on gift cards", "礼品卡负债与账面一致", _DEBTS),
    Rule("referrals_are_booked", "commission accrued is commission booked", "推荐佣金都已入账", _REFERRALS),
)
