"""The jobs of promotions: what the hour begins and ends, what a release or a refund means, who has risen."""

from __future__ import annotations

from collections.abc import Callable

from procrastinate.contrib.django import app

from xinka.flows.promotions import clock, vesting
from xinka.platform.jobs.each_alone import each_alone
from xinka.platform.jobs.queue import CHORES, MONEY


@app.periodic(cron="* * * * * */5")
@app.task(name="promotions.tell_sales", queue=CHORES, queueing_lock="promotions.tell_sales", priority=10)
def tell_sales(timestamp: int) -> None:
    """Have pages made anew whose flash sale began or ended."""
    clock.tell_sales()


@app.periodic(cron="* * * * *")
@app.task(name="promotions.vest", queue=MONEY, queueing_lock="promotions.vest")
def vest(timestamp: int) -> None:
    """Book gift cards and referrals whose orders were released or refunded."""
    each_alone([("uses", lambda: _all(vesting.book_uses)), ("commissions", lambda: _all(vesting.vest_due))])


def _all(batch: Callable[[], int]) -> None:
    while batch() == vesting.BATCH:
        pass


@app.periodic(cron="50 2 * * *")
@app.task(name="promotions.reckon_members", queue=CHORES, queueing_lock="promotions.reckon_members", priority=-10)
def reckon_members(timestamp: int) -> None:
    """Reckon the levels of all members anew."""
    clock.reckon_members()
