"""What gateways take: of one day, as agreed and as billed, per channel and per order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from xinka.kernel import ids
from xinka.ledger.days import day_of, end_of, start_of
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
    """Show one day; today unless another is asked for."""
    today = day_of(timezone.now())
    day = _asked(request.GET.get("day", "")) or today
    since, until = start_of(day), end_of(day)
    channels = {channel.id: named(channel) for channel in Channel.objects.only("id", "name", "name_en")}
    bills = {bill.channel_id: bill for bill in Bill.objects.filter(day=day, state=BillState.DONE)}
    context = {
        "day": day,
        "today": today,
        "lines": [_line(one, channels, bills) for one in fee_sums(since, until)],
        "orders": [_order(one, channels) for one in last_fees(since, until, _MOST)],
    }
    return render(request, "office/fees.html", context)


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
