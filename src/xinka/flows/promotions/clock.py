"""What time does to promotions: sales begin and end on the pages, and members rise with what they have spent."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from allauth.account.models import EmailAddress
from django.db import transaction

from xinka.flows.promotions.aside import match_all
from xinka.flows.promotions.vesting import keys_of_addresses
from xinka.kernel.flow import Flow, Query
from xinka.platform.database.arrays import plain_array
from xinka.platform.database.django_drive import run
from xinka.promotions import sql

_PEOPLE_AT_ONCE = 2_000


def tell_sales() -> int:
    """Tell the tills which pages show a sale that has just begun or ended; return how many.

    What a sale that ended had set aside goes back in the same transaction.
    """
    with transaction.atomic():
        run(match_all())
        return run(_tell_sales())


def _tell_sales() -> Flow[int]:
    rows = yield Query(sql.TELL_SALES)
    return len(rows)


def reckon_members() -> None:
    """Reckon anew what everybody with a verified address has spent for good, and which level that is."""
    addresses = EmailAddress.objects.filter(verified=True).order_by("user_id").values_list("user_id", "email")
    for people in _chunks(iter(addresses.iterator())):
        run(_reckon(list(keys_of_addresses(people))))


def _chunks(addresses: Iterator[tuple[int, str]]) -> Iterator[list[tuple[int, str]]]:
    """Yield so many people at once that nobody's addresses are torn apart."""
    rest: list[tuple[int, str]] = []
    while some := rest + list(islice(addresses, _PEOPLE_AT_ONCE)):
        last = some[-1][0]
        rest = [one for one in some if one[0] == last]
        if len(rest) == len(some):
            yield some
            return
        yield some[: len(some) - len(rest)]


def _reckon(keyed: list[tuple[int, object]]) -> Flow[None]:
    yield Query(sql.RECKON_MEMBERS, (plain_array(user for user, _ in keyed), plain_array(key for _, key in keyed)))
