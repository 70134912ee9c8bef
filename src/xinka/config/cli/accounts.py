"""``xinka account``: what an operator does for people who cannot, or do not want to, do it on the pages."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from xinka.config.cli.shop import open_shop, refusals_told, room
from xinka.engines.commands import BilingualGroup

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinka.accounts.models import User

_EMAIL = click.argument("email")
_YES = click.option("--yes", is_flag=True, help="Do not ask whether you are sure. / 不再询问")


@click.group(cls=BilingualGroup)
def account() -> None:
    """Work with people's accounts.

    管理用户账号。
    """


@account.command("close")
@_EMAIL
@click.option(
    "--money-settled",
    is_flag=True,
    help="You have paid out what they had here; the books stay as they are. / 余额已另行付清；账簿不变",
)
@_YES
def close(email: str, *, money_settled: bool, yes: bool) -> None:
    """Close the account of EMAIL now, after its person asked you to; what has to be done first is named.

    立即注销一个账号（本人要求时用）；若有事要先办，会逐条列出。
    """
    with open_shop():
        from django.utils import timezone  # here, because --help does without Django

        with _person(email) as person:
            _ask(yes, f"Close the account of {person.email} for good? / 确定注销 {person.email}？不能恢复")
            closing = room("xinka.flows.closing_accounts")
            if closing.close_account(person, by="command", now=timezone.now(), but_money=money_settled):
                raise click.ClickException(_to_do_first(person, but_money=money_settled))
    click.echo("closed / 已注销")


@account.command("drop-second-factor")
@_EMAIL
@click.option(
    "--now",
    "at_once",
    is_flag=True,
    help="Do not wait: the person stands before you, or you are it yourself. / 不等待：本人就在面前，或就是自己",
)
@_YES
def drop_second_factor(email: str, *, at_once: bool, yes: bool) -> None:
    """Take the second step off the sign-in of EMAIL in three days, who lost the phone and the recovery codes.

    They are told by mail and on their pages, and may say no; using the second step is a no as well.

    本人丢了手机和恢复码时，三天后去掉登录第二步，并让所有设备退出。先核实身份再用。期间会用邮件和页面告诉本人，本人可以阻止；用了第二步也算阻止。
    """
    with open_shop(), _person(email) as person:
        _ask(yes, f"Have you made sure that it is {person.email} who asks? / 已核实确实是 {person.email} 本人？")
        losing = room("xinka.accounts.losing_second_factor")
        if at_once:
            n_dropped = losing.drop(person)
            click.echo(f"{n_dropped} taken off, signed out everywhere / 去掉 {n_dropped} 个，所有设备已退出")
            return
        from django.utils import timezone  # here, because --help does without Django

        ends_at = losing.ask_to_drop(person, timezone.now())
        if ends_at is None:
            raise click.ClickException("there is no second step / 没有登录第二步")
        when = timezone.localtime(ends_at).strftime("%Y-%m-%d %H:%M")
    click.echo(f"taken off at {when}, and its person is told / {when} 去掉，已通知本人")


@account.command("keep-second-factor")
@_EMAIL
def keep_second_factor(email: str) -> None:
    """Leave the second step of EMAIL on, that was to be taken off.

    取消：不再去掉登录第二步。
    """
    with open_shop(), _person(email) as person:
        if not room("xinka.accounts.losing_second_factor").keep(person):
            raise click.ClickException("nobody wanted it off / 没有要去掉")
    click.echo("it stays / 保留")


@contextmanager
def _person(email: str) -> Iterator[User]:
    """Yield the person; refusals of the shop end the command with their sentence."""
    person = room("xinka.accounts.models").User.objects.find(email)
    if person is None:
        raise click.ClickException(f"there is no account of {email} / 没有 {email} 这个账号")
    with refusals_told():
        yield person


def _to_do_first(person: User, *, but_money: bool) -> str:
    """Return the list in both languages."""
    from django.utils.translation import override  # here, because --help does without Django

    lines = ["not closed, to be done first / 没有注销，要先办："]
    for language in ("en", "zh-hans"):
        with override(language):
            ending = room("xinka.flows.closing_accounts").ending_of(person, but_money=but_money)
        lines += [f"- {one.words} {one.address}".rstrip() for one in ending.to_do_first]
    return "\n".join(lines)


def _ask(yes: bool, question: str) -> None:
    if not yes:
        click.confirm(question, abort=True)
