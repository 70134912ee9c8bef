"""What the till and the pages know of a closure, and what they say of it. No Django here.

The till reads it once and again whenever somebody says that it changed, and tells Django with each request it passes
on: no page costs a look into the database for it, and all of them say the same.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from http import HTTPStatus

from xinka.kernel.errors import Refusal

#: What the till passes on to Django; nobody else can say it.
HEADER = "x-xinka-maintenance"
#: What is told to other processes when it changes, on the line that pages are dropped by.
TAG = "maintenance"
READ = "SELECT begins_at, until, words_zh, words_en FROM maintenance"
#: The shop's calendar, which has no summer time.
_SHOP_TIME = timezone(timedelta(hours=8))
#: In how many seconds it is worth coming again: when it is over, or in a while where nobody can say.
_SOONEST, _LATEST, _UNKNOWN = 60, 86_400, 300


class ShopClosed(Refusal):
    """No orders are taken for a while; nothing that was ordered stands still for it."""

    code = "shop_closed"
    status = HTTPStatus.SERVICE_UNAVAILABLE
    zh = "{words_zh}{until_zh}没有下单，也没有扣款。"
    en = "{words_en} {until_en}Nothing was ordered and you have not been charged."


@dataclass(frozen=True, slots=True)
class Maintenance:
    """A closure that was announced or has begun; ``until`` is ``None`` where nobody can say."""

    begins_at: datetime
    until: datetime | None
    words_zh: str
    words_en: str

    def is_closed(self, now: datetime) -> bool:
        """Whether it has begun. It ends by somebody's word alone: work that takes longer opens nothing by itself."""
        return now >= self.begins_at

    def until_still(self, now: datetime) -> datetime | None:
        """Return until when, or ``None`` where nobody can say or the time has passed."""
        return self.until if self.until and self.until > now else None

    def retry_after(self, now: datetime) -> int:
        """Return after how many seconds it is worth coming again (RFC 9110, section 10.2.3)."""
        until = self.until_still(now)
        return _UNKNOWN if until is None else max(_SOONEST, min(_LATEST, int((until - now).total_seconds())))

    def words(self, language: str) -> str:
        """Return why it is closed, as the operator put it or as the house does."""
        if language.startswith("en"):
            return self.words_en or "The shop is closed for maintenance and takes no new orders."
        return self.words_zh or "商店正在维护，暂时不接新订单。"

    def refusal(self, now: datetime) -> ShopClosed:
        """Return what a new order is refused with."""
        zh, en = "", ""
        if until := self.until_still(now):
            at = until.astimezone(_SHOP_TIME).strftime("%Y-%m-%d %H:%M")
            zh, en = f"预计 {at} 恢复。", f"It is expected back at {at}. "
        elif self.until:
            zh, en = "比预计的久一些，很快恢复。", "It takes longer than expected. "
        return ShopClosed(
            words_zh=self.words("zh-hans"),
            words_en=self.words("en"),
            until_zh=zh,
            until_en=en,
            retry_after=self.retry_after(now),
        )

    def as_header(self) -> str:
        """Return what the till passes on, in ASCII."""
        until = self.until.isoformat() if self.until else ""
        return json.dumps([self.begins_at.isoformat(), until, self.words_zh, self.words_en])


def of_row(row: tuple[datetime, datetime | None, str, str] | None) -> Maintenance | None:
    """Return what a row says, or that there is none."""
    return Maintenance(*row) if row else None


def of_header(header: str) -> Maintenance | None:
    """Return what the till has passed on."""
    if not header:
        return None
    begins_at, until, words_zh, words_en = json.loads(header)
    return Maintenance(
        datetime.fromisoformat(begins_at), datetime.fromisoformat(until) if until else None, words_zh, words_en
    )


def is_closed_now(maintenance: Maintenance | None) -> bool:
    """Whether a closure, if there is any, has begun."""
    return maintenance is not None and maintenance.is_closed(datetime.now(UTC))
