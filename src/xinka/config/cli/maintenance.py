"""``xinka maintenance``: closing the shop to new orders for a while, from the server it runs on."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from xinka.config.cli.shop import open_shop, refusals_told, room
from xinka.engines.commands import BilingualGroup

if TYPE_CHECKING:
    from xinka.platform.maintenance.state import Maintenance

_LENGTH = re.compile(r"(\d{1,4})(m|h|d)")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_FORMS = ("%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M")
_HOW = "2026-12-01 03:00 in the shop's time, or 45m, 2h, 1d from now"
_HOW_ZH = "商店时间，或从现在起多久"


@click.group(cls=BilingualGroup)
def maintenance() -> None:
    """Close the shop to new orders for a while; what was ordered goes on.

    暂停接新订单（维护）；已下的订单照常付款、发货、退款。
    """


@maintenance.command("on")
@click.option(
    "--from",
    "begins",
    default="",
    metavar="TIME",
    help=f"Announce it and close later; {_HOW} / 先公告，到点再关：{_HOW_ZH}",
)
@click.option(
    "--until", default="", metavar="TIME", help=f"When it is expected to be over; {_HOW} / 预计何时结束：{_HOW_ZH}"
)
@click.option("--words-zh", default="", help="What buyers read, in Chinese. / 给买家看的中文说明")
@click.option("--words-en", default="", help="What buyers read, in English. / 给买家看的英文说明")
def close(begins: str, until: str, words_zh: str, words_en: str) -> None:
    """Close the shop now, or from a time on; again, to change what is said. It opens by `off` alone.

    现在或到点关店；再运行一次可以改时间和说明。要用 off 才会重新开店。
    """
    for option, words, longest in (("--words-zh", words_zh, 200), ("--words-en", words_en, 300)):
        if len(words) > longest:
            raise click.BadParameter(f"{longest} characters at most / 最多 {longest} 个字", param_hint=option)
    with open_shop(), refusals_told():
        made = room("xinka.platform.maintenance.actions").close_shop(
            None,
            begins_at=_moment("--from", begins),
            until=_moment("--until", until),
            words_zh=words_zh.strip(),
            words_en=words_en.strip(),
        )
        _say(made)


@maintenance.command("off")
def open_again() -> None:
    """Open the shop again, or call off what was announced.

    重新开店，或取消预告。
    """
    with open_shop():
        was_closed = room("xinka.platform.maintenance.actions").open_shop(None)
    click.echo("open / 已开店" if was_closed else "it was open already / 本来就开着")


@maintenance.command("status")
def status() -> None:
    """Say whether the shop is open, closed, or going to be closed.

    查看现在开着、关着，还是已经预告。
    """
    with open_shop():
        found = room("xinka.platform.maintenance.actions").current()
        if found is None:
            click.echo("open / 开着")
        else:
            _say(found)


def _say(found: Maintenance) -> None:
    from django.utils import timezone  # here, because --help does without Django

    def shown(moment: datetime) -> str:
        return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M")

    now = timezone.now()
    if found.is_closed(now):
        click.echo(f"closed since {shown(found.begins_at)} / {shown(found.begins_at)} 起关店")
    else:
        click.echo(f"closes at {shown(found.begins_at)} / {shown(found.begins_at)} 关店")
    if found.until:
        click.echo(f"expected back at {shown(found.until)} / 预计 {shown(found.until)} 恢复")
        if found.until <= now:
            click.echo("that time has passed: say another, or open it / 时间已过：请改时间，或开店")
    click.echo(f"{found.words('zh-hans')}\n{found.words('en')}")


def _moment(option: str, typed: str) -> datetime | None:
    """Return the moment that somebody means.

    Raises:
        BadParameter: if it is none.
    """
    from django.utils import timezone  # here, because --help does without Django

    if not typed.strip():
        return None
    if length := _LENGTH.fullmatch(typed.strip()):
        return timezone.now() + timedelta(**{_UNITS[length[2]]: int(length[1])})
    for form in _FORMS:
        try:
            return timezone.make_aware(datetime.strptime(typed.strip(), form))  # noqa: DTZ007 - made aware at once
        except ValueError:
            continue
    raise click.BadParameter(f"write it like {_HOW} / 请这样写：2026-12-01 03:00（{_HOW_ZH}）", param_hint=option)
