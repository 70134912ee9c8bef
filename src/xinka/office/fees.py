"""What gateways take: of one day, as agreed and as billed, per channel and per order."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from xinka.flows.reconciling.bills import Day
from xinka.kernel import ids
from xinka.ledger.days import day_of
from xinka.office.names import named
from xinka.office.policies import Room, for_staff
from xinka.payments.fee_report import FeeSum, PaidOrder, fee_sums, last_fees
from xinka.payments.models import Channel
from xinka.reconciling.models import Bill
from xinka.reconciling.states import BillState

_MOST = 50


@dataclass(frozen=True)
class Line:
    """One channel on the page; ``billed`` is ``None`` until a bill of the day was compared."""

    name: str
    sums: FeeSum
    billed: int | None


@require_safe
@for_staff(Room.BILLS)
def index(request: HttpRequest) -> HttpResponse:
    """Show one day of each gateway's calendar, as its bill has it; today unless another is asked for."""
    today = day_of(timezone.now())
    day = _asked(request.GET.get("day", "")) or today
    channels = list(Channel.objects.only("id", "name", "name_en", "provider"))
    names = {channel.id: named(channel) for channel in channels}
    bills = {bill.channel_id: bill for bill in Bill.objects.filter(day=day, state=BillState.DONE)}
    sums, orders = _came(channels, day)
    context = {
        "day": day,
        "today": today,
        "lines": [_line(one, names, bills) for one in sums],
        "orders": [_order(one, names) for one in orders],
    }
    return render(request, "office/fees.html", context)


def _came(channels: list[Channel], day: date) -> tuple[list[FeeSum], list[PaidOrder]]:
    """Return the sums of a day, and its last payments, the newest first."""
    together = defaultdict[tuple[datetime, datetime], list[int]](list)
    for channel in channels:
        one = Day(channel, day)
        together[one.start, one.end].append(channel.id)
    sums = [one for (since, until), numbers in together.items() for one in fee_sums(numbers, since, until)]
    last = [one for (since, until), numbers in together.items() for one in last_fees(numbers, since, until, _MOST)]
    newest_first = sorted(last, key=lambda one: one.received_at, reverse=True)
    return sorted(sums, key=lambda one: (one.channel_id, one.currency)), newest_first[:_MOST]


def _asked(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _line(one: FeeSum, channels: dict[int, str], bills: dict[int, Bill]) -> Line:
    bill = bills.get(one.channel_id)
    billed = int(bill.fees_entered.get(one.currency, 0)) if bill else None
    return Line(channels.get(one.channel_id, ""), one, billed)


def _order(one: PaidOrder, channels: dict[int, str]) -> tuple[str, str, PaidOrder]:
    return ids.show("ord", one.order_id) if one.order_id else "—", channels.get(one.channel_id, ""), one
