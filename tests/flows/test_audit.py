"""The auditor: each of its rules can fail, names what breaks it, and says nothing about a shop in order."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection

from tests import cast
from tests.cast import Bought
from tests.flows.rows import broken
from xinka.flows.audit import CHECKS, check_all
from xinka.ledger.rules import RULES as LEDGER_RULES
from xinka.platform.database.django_drive import run

pytestmark = pytest.mark.django_db


class Scene:
    """A shop with one order of each kind."""

    def __init__(self) -> None:
        ada, alipay = cast.adas_shop(), cast.channel()
        self.ware = cast.ware(ada, 8, sku={"max_quantity": 4})
        self.other = cast.ware(ada, 3, slug="other")
        self.delivered = cast.buy(self.ware.sku, alipay, quantity=2)
        cast.pay(self.delivered)
        self.unpaid = cast.buy(self.ware.sku, alipay, quantity=2)
        self.short = cast.buy(self.ware.sku, alipay)
        cast.settle(cast.money_for(self.short, amount=100))
        self.over = cast.buy(self.ware.sku, alipay)
        cast.settle(cast.money_for(self.over, amount=5000))

    def sql(self, statement: str, *values: object) -> None:
        """Write past every flow and every guard of the database; something must have changed."""
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # nothing may be pending when a table is altered
            cursor.execute("ALTER TABLE ledger_entry DISABLE TRIGGER USER")
            cursor.execute("DROP INDEX IF EXISTS delivery_code_once")
            cursor.execute(statement, values)
            assert cursor.rowcount != 0

    def one(self, statement: str, *values: object) -> int:
        """Return one number."""
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return int(cursor.fetchone()[0])

    def code_of(self, bought: Bought) -> int:
        """Return the first code of a delivered order."""
        return self.one("SELECT code_id FROM delivery_code WHERE order_id = %s AND position = 1", bought.order_id)

    @property
    def unsold(self) -> int:
        """A code of the queue."""
        return self.one("SELECT min(code_id) FROM stock_unsold WHERE sku_id = %s", self.ware.sku.id)

    @property
    def foreign(self) -> int:
        """An unsold code of the other product."""
        return self.one("SELECT min(code_id) FROM stock_unsold WHERE sku_id = %s", self.other.sku.id)


def requeue_a_sold_code(scene: Scene) -> None:
    scene.sql(
        "INSERT INTO stock_unsold (sku_id, place, code_id) VALUES (%s, 1, %s)",
        scene.ware.sku.id,
        scene.code_of(scene.delivered),
    )


def requeue_a_reserved_code(scene: Scene) -> None:
    scene.sql(
        "INSERT INTO stock_unsold (sku_id, place, code_id) SELECT sku_id, 1, code_ids[1] FROM stock_reservation "
        "WHERE order_id = %s",
        scene.unpaid.order_id,
    )


def reserve_a_sold_code(scene: Scene) -> None:
    scene.sql(
        "UPDATE stock_reservation SET code_ids[1] = %s WHERE order_id = %s",
        scene.code_of(scene.delivered),
        scene.unpaid.order_id,
    )


def lose_a_code(scene: Scene) -> None:
    scene.sql("DELETE FROM stock_unsold WHERE code_id = %s", scene.unsold)


def queue_a_code_nobody_stocked(scene: Scene) -> None:
    scene.sql("INSERT INTO stock_unsold (sku_id, place, code_id) VALUES (%s, 1, 999999999)", scene.ware.sku.id)


def queue_a_withdrawn_code(scene: Scene) -> None:
    scene.sql("UPDATE stock_stockcode SET withdrawn_at = now() WHERE id = %s", scene.unsold)


def forget_a_reservation(scene: Scene) -> None:
    scene.sql(
        "WITH gone AS (DELETE FROM stock_reservation WHERE order_id = %s RETURNING *) INSERT INTO stock_unsold "
        "(sku_id, place, code_id) SELECT sku_id, c, c FROM gone CROSS JOIN unnest(code_ids) AS c",
        scene.unpaid.order_id,
    )


def keep_a_reservation_of_an_expired_order(scene: Scene) -> None:
    scene.sql("UPDATE orders_order SET state = 'expired' WHERE id = %s", scene.unpaid.order_id)


def reserve_too_few(scene: Scene) -> None:
    scene.sql(
        "WITH cut AS (UPDATE stock_reservation SET code_ids = code_ids[1:1] WHERE order_id = %s RETURNING 1), "
        "freed AS (SELECT code_ids[2] AS c, sku_id FROM stock_reservation WHERE order_id = %s) "
        "INSERT INTO stock_unsold (sku_id, place, code_id) SELECT sku_id, c, c FROM freed",
        scene.unpaid.order_id,
        scene.unpaid.order_id,
    )


def deliver_a_code_twice(scene: Scene) -> None:
    scene.sql(
        "UPDATE delivery_code SET code_id = %s WHERE order_id = %s",
        scene.code_of(scene.delivered),
        scene.over.order_id,
    )


def deliver_too_few(scene: Scene) -> None:
    scene.sql(
        "WITH gone AS (DELETE FROM delivery_code WHERE order_id = %s AND position = 2 RETURNING code_id) "
        "INSERT INTO stock_unsold (sku_id, place, code_id) SELECT %s, code_id, code_id FROM gone",
        scene.delivered.order_id,
        scene.ware.sku.id,
    )


def deliver_to_who_has_not_paid(scene: Scene) -> None:
    scene.sql(
        "WITH taken AS (DELETE FROM stock_unsold WHERE code_id = %s RETURNING code_id) "
        "INSERT INTO delivery_code (order_id, position, code_id, reusable) SELECT %s, 1, code_id, false FROM taken",
        scene.unsold,
        scene.unpaid.order_id,
    )


def deliver_other_goods(scene: Scene) -> None:
    scene.sql(
        "WITH taken AS (DELETE FROM stock_unsold WHERE code_id = %s RETURNING code_id), back AS (INSERT INTO "
        "stock_unsold (sku_id, place, code_id) VALUES (%s, 1, %s)) "
        "UPDATE delivery_code d SET code_id = t.code_id FROM taken t WHERE d.order_id = %s",
        scene.foreign,
        scene.ware.sku.id,
        scene.code_of(scene.over),
        scene.over.order_id,
    )


def unbalance_a_journal(scene: Scene) -> None:
    scene.sql("UPDATE ledger_entry SET amount = amount - 1 WHERE account = 4 OR (account = 3 AND amount < 0)")


def enter_another_amount_than_came(scene: Scene) -> None:
    scene.sql(
        "UPDATE ledger_entry SET amount = amount * 2 WHERE journal_id = "
        "(SELECT journal_id FROM payments_receipt WHERE order_id = %s)",
        scene.short.order_id,
    )


def lose_a_receipt(scene: Scene) -> None:
    scene.sql("DELETE FROM payments_receipt WHERE order_id = %s", scene.delivered.order_id)


def take_a_seller_s_money_out_of_escrow(scene: Scene) -> None:
    scene.sql("UPDATE ledger_entry SET account = 4 WHERE account = 2 AND order_id = %s", scene.delivered.order_id)


def forget_a_refund(scene: Scene) -> None:
    scene.sql("DELETE FROM payments_refund")


#: What is done to the tables, and exactly which rules then do not hold.
def lose_what_was_sold(scene: Scene) -> None:
    scene.sql("UPDATE stock_stockcode SET envelope = '' WHERE id = %s", scene.code_of(scene.delivered))


def damage_what_was_sold(scene: Scene) -> None:
    scene.sql(
        "UPDATE stock_stockcode SET envelope = set_byte(envelope, 20, get_byte(envelope, 20) # 1) WHERE id = %s",
        scene.code_of(scene.delivered),
    )


def damage_a_key(scene: Scene) -> None:
    scene.sql(
        "UPDATE vault_data_key SET wrapped = set_byte(wrapped, 20, get_byte(wrapped, 20) # 1) WHERE scope LIKE %s",
        "merchant:%",
    )


DAMAGE: list[tuple[Callable[[Scene], None], set[str]]] = [
    (lose_what_was_sold, {"delivered_can_be_read"}),
    (damage_what_was_sold, {"delivered_opens"}),
    (damage_a_key, {"delivered_opens"}),
    (requeue_a_sold_code, {"one_place"}),
    (requeue_a_reserved_code, {"one_place"}),
    (reserve_a_sold_code, {"one_place", "none_lost"}),
    (lose_a_code, {"none_lost"}),
    (queue_a_code_nobody_stocked, {"queue_is_vault"}),
    (queue_a_withdrawn_code, {"queue_is_vault"}),
    (forget_a_reservation, {"reserved_is_open"}),
    (keep_a_reservation_of_an_expired_order, {"reserved_is_open"}),
    (reserve_too_few, {"reserved_quantity"}),
    (deliver_a_code_twice, {"one_place", "sold_once", "none_lost"}),
    (deliver_too_few, {"delivered_is_paid"}),
    (deliver_to_who_has_not_paid, {"delivered_is_paid"}),
    (deliver_other_goods, {"right_goods"}),
    (unbalance_a_journal, {"journals_balance", "books_balance", "customers_are_covered", "refunds_are_promised"}),
    (enter_another_amount_than_came, {"receipts_are_entered", "escrow_is_orders"}),
    (lose_a_receipt, {"paid_is_received"}),
    (take_a_seller_s_money_out_of_escrow, {"escrow_is_orders"}),
    (forget_a_refund, {"refunds_are_promised"}),
]


def test_a_shop_in_order_is_found_in_order() -> None:
    Scene()
    assert broken() == []


@pytest.mark.parametrize(("damage", "rules"), DAMAGE, ids=[damage.__name__ for damage, _ in DAMAGE])
def test_each_damage_is_found_and_nothing_else(damage: Callable[[Scene], None], rules: set[str]) -> None:
    scene = Scene()
    damage(scene)
    assert set(broken()) == rules


def test_no_rule_is_without_a_damage_that_breaks_it() -> None:
    # tests/ledger/test_rules.py breaks these, and each other room's tests break the rules of its own group.
    elsewhere = {rule.name for rule in LEDGER_RULES}
    ours = {check.name for check in CHECKS if check.group in {"stock", "delivery", "ledger"}}
    assert ours == {name for _, rules in DAMAGE for name in rules} | elsewhere


def test_a_finding_shows_examples_of_what_breaks_its_rule() -> None:
    scene = Scene()
    lose_a_receipt(scene)
    (finding,) = [finding for finding in run(check_all("delivery")) if not finding.holds]
    assert [row[0] for row in finding.rows] == [scene.delivered.order_id]


def test_one_group_can_be_asked_for_alone() -> None:
    assert {finding.check.group for finding in run(check_all("stock"))} == {"stock"}
