"""The jobs of the stock: long imports beside the pages, and codes whose last day has come."""

from __future__ import annotations

from procrastinate import JobContext
from procrastinate.contrib.django import app

from xinka.flows.stocking import IMPORT_STOCK, UNDO_STOCK, import_batch, undo_import
from xinka.platform.jobs.each_alone import each_alone
from xinka.platform.jobs.queue import CHORES
from xinka.platform.jobs.retries import Backoff, WhileAway
from xinka.stock import actions, withdrawing

_WHILE_AWAY = WhileAway(first=5.0)


@app.task(name=IMPORT_STOCK.task, queue=IMPORT_STOCK.queue, retry=_WHILE_AWAY, pass_context=True)
def import_stock(context: JobContext, batch_id: int) -> None:
    """Import a confirmed file; where a worker was killed or the database was away, it goes on where it was."""
    import_batch(batch_id, is_last_try=_WHILE_AWAY.is_last(context.job))


@app.task(name=UNDO_STOCK.task, queue=UNDO_STOCK.queue, retry=Backoff(first=5.0, attempts=4))
def undo_stock(batch_id: int) -> None:
    """Withdraw the unsold codes of an import; what one try withdrew stays so, and the next does the rest."""
    undo_import(batch_id)


@app.periodic(cron="10 0 * * *")
@app.task(name="stock.tidy", queue=CHORES, queueing_lock="stock.tidy")
def tidy_stock(timestamp: int) -> None:
    """Withdraw codes whose last day has come, and delete files that nobody confirmed."""
    each_alone([("codes", withdrawing.withdraw_expired), ("files", actions.remove_old_files)])
