"""kill -9 of a worker in the middle of long work: the next one goes on, and nothing happens twice.

A worker is stopped at a moment by a lock that the test holds: it is seen to wait there, then killed.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from django.utils import timezone

from tests import cast
from tests.flows import payouts
from tests.resilience.house import PATIENCE, add_codes, broken_rules, eventually, number
from xinka.accounts.models import User
from xinka.flows.payouts.sending import file_of, make_batch
from xinka.flows.stocking import start_undo
from xinka.merchants.actions import set_standing
from xinka.merchants.models import Merchant, MerchantState
from xinka.payouts.details import AccountKind
from xinka.payouts.models import Payout, PayoutBatch
from xinka.payouts.states import PayoutState
from xinka.platform.audit.models import AuditEntry
from xinka.stock.actions import PORTION
from xinka.stock.models import BatchState, StockBatch

pytestmark = [pytest.mark.crash, pytest.mark.timeout(600)]
_MANY = PORTION + 2_000


@pytest.fixture
def worker(committed: str, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start workers, or another program of the shop; what is left of them in the end is killed."""
    started: list[subprocess.Popen[bytes]] = []
    environment = {**os.environ, "DATABASE_URL": committed, "XINKA_WORKER_STALLED_AFTER": "3"}

    def start(*program: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, *(program or ("-m", "xinka.config.worker"))]
        with (tmp_path / "worker.log").open("ab") as log:
            started.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log))
        return started[-1]

    yield start
    for one in started:
        one.kill()
        one.wait()


def _kill_where_it_waits(database_url: str, one: subprocess.Popen[bytes], statement: str) -> None:
    """Kill a process as soon as it waits in such a statement."""
    waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE %s"
    eventually(lambda: number(database_url, waits, f"%{statement}%"), f"it to wait in {statement}")
    os.kill(one.pid, signal.SIGKILL)
    one.wait(PATIENCE)


def _holding(database_url: str) -> psycopg.Connection:
    return psycopg.connect(database_url, options="-c idle_in_transaction_session_timeout=0")


def test_an_undo_that_is_killed_between_portions_goes_on_and_counts_each_code_once(
    committed: str, worker: Callable[..., subprocess.Popen[bytes]]
) -> None:
    ware = cast.ware(cast.adas_shop(), 1)
    add_codes(committed, ware.sku.id, _MANY)
    batch = StockBatch.objects.get(sku=ware.sku)
    first, last = "SELECT min(id) FROM stock_stockcode", "SELECT max(id) FROM stock_stockcode"
    StockBatch.objects.filter(id=batch.id).update(
        first_code_id=number(committed, first), last_code_id=number(committed, last), state=BatchState.DONE
    )
    with _holding(committed) as guard:
        guard.execute("SELECT 1 FROM stock_stockcode ORDER BY id DESC LIMIT 1 FOR UPDATE")  # in the second portion
        start_undo(batch)
        _kill_where_it_waits(committed, worker(), "DELETE FROM stock_unsold")
    begun = StockBatch.objects.get()
    assert (begun.state, begun.n_undone) == (BatchState.UNDOING, PORTION)
    worker()
    eventually(lambda: StockBatch.objects.get().state == BatchState.UNDONE, "the next worker to finish it", 240)
    assert number(committed, "SELECT count(*) FROM stock_unsold") == 0
    assert StockBatch.objects.get().n_undone == _MANY + 1
    assert number(committed, "SELECT count(*) FROM stock_stockcode WHERE withdrawn_at IS NULL") == 0
    assert broken_rules(committed) == {}


#: What keeps a crew from showing that it lives, so that it ends.
_NO_HEARTBEATS = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no room'; END $$;
CREATE TRIGGER refuse BEFORE UPDATE ON procrastinate_workers FOR EACH ROW EXECUTE FUNCTION refuse();
"""


#: A worker that gives its jobs two seconds to end instead of twenty-five.
_HASTY = "from xinka.config import worker; worker._DRAIN_SECONDS = 2; worker.main()"


def test_a_worker_that_has_to_end_does_not_wait_for_a_job_without_an_end(
    committed: str, worker: Callable[..., subprocess.Popen[bytes]]
) -> None:
    ware = cast.ware(cast.adas_shop(), 1)
    batch = StockBatch.objects.get(sku=ware.sku)
    first = number(committed, "SELECT min(id) FROM stock_stockcode")
    StockBatch.objects.filter(id=batch.id).update(first_code_id=first, last_code_id=first, state=BatchState.DONE)
    waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%%stock_unsold%%'"
    with _holding(committed) as guard:
        guard.execute("SELECT 1 FROM stock_stockcode FOR UPDATE")
        start_undo(batch)
        one = worker("-c", _HASTY)
        eventually(lambda: number(committed, waits), "it to wait for the lock")
        with psycopg.connect(committed) as spoiler:
            spoiler.execute(_NO_HEARTBEATS)
        assert one.wait(60) == 1


_CLOSE = """
import django
django.setup()
from django.utils import timezone
from xinka.accounts.models import User
from xinka.flows.closing_accounts import close_account
close_account(User.objects.get(memberships__role="owner"), by="command", now=timezone.now())
"""


def _killed_while_closing(committed: str, worker: Callable[..., subprocess.Popen[bytes]]) -> User:
    """Kill whoever closes the account of a merchant's only owner, after the shop was closed to buyers."""
    shop = cast.adas_shop()
    ada = User.objects.get(memberships__merchant=shop, memberships__role="owner")
    with _holding(committed) as guard:
        guard.execute("SELECT 1 FROM accounts_user WHERE id = %s FOR UPDATE", [ada.pk])
        _kill_where_it_waits(committed, worker("-c", _CLOSE), "accounts_user")
    assert Merchant.objects.get().state == MerchantState.SUSPENDED
    assert User.objects.get(pk=ada.pk).closed_at is None
    return ada


def test_a_closing_that_is_killed_leaves_no_shop_closed(
    committed: str, worker: Callable[..., subprocess.Popen[bytes]]
) -> None:
    from xinka.flows.closing_shops import open_left_behind

    _killed_while_closing(committed, worker)
    assert open_left_behind(timezone.now()) == 0, "it may be at work still"
    assert open_left_behind(timezone.now() + timedelta(minutes=6)) == 1
    assert (Merchant.objects.get().state, Merchant.objects.get().stopped_at) == (MerchantState.ACTIVE, None)


def test_a_closing_that_was_killed_is_done_by_the_next_and_once(
    committed: str, worker: Callable[..., subprocess.Popen[bytes]]
) -> None:
    ada = _killed_while_closing(committed, worker)
    assert worker("-c", _CLOSE).wait(PATIENCE) == 0
    assert User.objects.get(pk=ada.pk).closed_at is not None
    assert (Merchant.objects.get().state, Merchant.objects.get().stopped_at) == (MerchantState.SUSPENDED, None)
    assert AuditEntry.objects.filter(action="account.close").count() == 1


def test_a_shop_that_staff_suspends_meanwhile_stays_so(
    committed: str, worker: Callable[..., subprocess.Popen[bytes]]
) -> None:
    from xinka.flows.closing_shops import open_left_behind

    _killed_while_closing(committed, worker)
    assert set_standing(Merchant.objects.get().id, to=MerchantState.SUSPENDED)
    assert open_left_behind(timezone.now() + timedelta(minutes=6)) == 0
    assert Merchant.objects.get().state == MerchantState.SUSPENDED


_MAKE_FILE = """
import django
django.setup()
from xinka.accounts.models import User
from xinka.flows.payouts.sending import make_batch
from xinka.payouts.details import AccountKind
make_batch(AccountKind.BANK, "CNY", by=User.objects.filter(is_staff=True).latest("id"))
"""


def test_whoever_is_killed_while_a_file_of_payouts_is_made_has_sent_none_and_the_next_file_has_each_once(
    committed: str, worker: Callable[..., subprocess.Popen[bytes]]
) -> None:
    shop = cast.adas_shop()
    payouts.enter(shop, 90_000)
    to = payouts.account(shop)
    asked = {payouts.approved(to, amount).id for amount in (20_000, 30_000)}
    by = payouts.finance()
    with _holding(committed) as guard:
        guard.execute("LOCK TABLE audit_auditentry IN SHARE MODE")  # writing it down is the last step
        _kill_where_it_waits(committed, worker("-c", _MAKE_FILE), "audit_auditentry")
    assert set(Payout.objects.values_list("state", flat=True)) == {PayoutState.APPROVED}
    assert not PayoutBatch.objects.exists()
    batch = make_batch(AccountKind.BANK, "CNY", by=by)
    assert set(batch.payouts.values_list("id", flat=True)) == asked
    assert file_of(batch, by=by).count("\n") == file_of(batch, by=by).count("\n") == 3, "it can be taken again"
    assert PayoutBatch.objects.count() == 1
    assert broken_rules(committed) == {}
