"""Stocking over a connection that is lost: it goes on by itself, or is seen to have stopped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection
from procrastinate.jobs import Job

from tests.cast import adas_shop, ware
from xinka.flows import stocking
from xinka.flows.tasks.stock import import_stock
from xinka.stock import actions, withdrawing
from xinka.stock.models import BatchState, StockBatch

pytestmark = pytest.mark.usefixtures("committed_shop")


def _confirmed(tmp_path: Path) -> StockBatch:
    """A file of two codes that a job is about to bring in."""
    path = tmp_path / "codes.txt"
    path.write_text("CODE-OF-MINE-1\nCODE-OF-MINE-2\n")
    with path.open("rb") as file:
        batch = stocking.receive(ware(adas_shop()).sku.id, [file.read()], name=path.name, by_id=None)
    return stocking.start_import(batch.id, reading=actions.reading_of(batch))


def _losing_its_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the database end the session of whoever imports, once."""
    run_batch = actions.run_batch

    def cut(*arguments: Any) -> StockBatch:
        monkeypatch.setattr(actions, "run_batch", run_batch)
        actions.raw_connection().execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return run_batch(*arguments)

    monkeypatch.setattr(actions, "run_batch", cut)


def test_an_import_whose_connection_is_lost_goes_on_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = _confirmed(tmp_path)
    _losing_its_connection(monkeypatch)
    with pytest.raises(psycopg.OperationalError) as lost:
        stocking.import_batch(batch.id, is_last_try=False)
    connection.close()
    job = Job(id=1, queue="chores", lock=None, queueing_lock=None, task_name="stock.import")
    assert import_stock.get_retry_exception(exception=lost.value, job=job) is not None
    assert import_stock.get_retry_exception(exception=ValueError("a fault"), job=job) is None
    assert StockBatch.objects.get(id=batch.id).state == BatchState.IMPORTING
    stocking.import_batch(batch.id, is_last_try=False)
    done = StockBatch.objects.get(id=batch.id)
    assert (done.state, done.n_lines, done.n_added) == (BatchState.DONE, 2, 2)


def test_an_import_that_gives_up_over_a_lost_connection_is_seen_to_have_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = _confirmed(tmp_path)
    _losing_its_connection(monkeypatch)
    with pytest.raises(psycopg.errors.AdminShutdown):
        stocking.import_batch(batch.id)
    stopped = StockBatch.objects.get(id=batch.id)
    assert (stopped.state, stopped.problem) == (BatchState.FAILED, "AdminShutdown")


def test_an_undo_whose_connection_is_lost_is_seen_to_have_stopped_and_may_be_begun_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    batch = StockBatch.objects.get(sku=ware(adas_shop(), 2).sku)
    stocking.start_undo(batch)
    with monkeypatch.context() as cut:
        cut.setattr(
            withdrawing,
            "undo_batch",
            lambda _: actions.raw_connection().execute("SELECT pg_terminate_backend(pg_backend_pid())"),
        )
        with pytest.raises(psycopg.errors.AdminShutdown):
            stocking.undo_import(batch.id)
    assert StockBatch.objects.get(id=batch.id).problem == "AdminShutdown"
    stocking.undo_import(batch.id)
    assert StockBatch.objects.get(id=batch.id).state == BatchState.UNDONE
