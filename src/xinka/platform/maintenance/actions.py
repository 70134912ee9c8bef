"""The only writers of a closure: each change is in the audit and told to every process at once."""

from __future__ import annotations

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.utils import timezone

from xinka.kernel.errors import Refusal
from xinka.platform.audit.actions import record
from xinka.platform.maintenance.models import Closure
from xinka.platform.maintenance.state import TAG, Maintenance

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

#: How far ahead a closure can begin, and how long it can be said to take.
LONGEST = timedelta(days=30)


class TimesDoNotFit(Refusal):
    """The end is not after the beginning, is past, or one of both is too far away."""

    code = "maintenance_times"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    zh = "时间不对：结束要晚于开始，也要晚于现在；开始和时长都不能超过 30 天。"
    en = (
        "The times do not fit: the end has to be later than the beginning and than now, and the beginning at most "
        "30 days ahead, as the length."
    )


def current() -> Maintenance | None:
    """Return the closure that was announced or has begun, read anew."""
    found = Closure.objects.first()
    return Maintenance(found.begins_at, found.until, found.words_zh, found.words_en) if found else None


@transaction.atomic
def close_shop(
    by: AbstractBaseUser | None,
    *,
    begins_at: datetime | None,
    until: datetime | None,
    words_zh: str = "",
    words_en: str = "",
) -> Maintenance:
    """Close the shop from a moment on (now without one), or change what is said of a closure.

    Raises:
        TimesDoNotFit: see above.
    """
    now = timezone.now()
    known = Closure.objects.select_for_update().first()
    begins = begins_at or (known.begins_at if known and known.begins_at <= now else now)
    end = until or begins + timedelta(minutes=1)
    if end <= begins or (until and until <= now) or begins - now > LONGEST or end - begins > LONGEST:
        raise TimesDoNotFit
    values = {"begins_at": begins, "until": until, "words_zh": words_zh, "words_en": words_en}
    Closure.objects.update_or_create(id=1, defaults=values)
    told = {"from": begins.isoformat(timespec="minutes"), "until": until.isoformat(timespec="minutes") if until else ""}
    record(by, "maintenance.on", "shop", **told)
    _tell()
    return Maintenance(begins, until, words_zh, words_en)


@transaction.atomic
def open_shop(by: AbstractBaseUser | None) -> bool:
    """Open the shop again, or call a closure off; false when it was open."""
    n_deleted, _ = Closure.objects.all().delete()
    if not n_deleted:
        return False
    record(by, "maintenance.off", "shop")
    _tell()
    return True


def _tell() -> None:
    """Tell the tills; they hear it when this transaction is committed, and not before."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify('xinka_pages', %s)", [TAG])
