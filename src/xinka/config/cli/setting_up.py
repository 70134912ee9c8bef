"""``xinka merchant`` and ``xinka channel``: what a new shop needs before it can sell, for whoever has the server."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from xinka.config.cli.shop import open_shop, refusals_told, room
from xinka.engines.commands import BilingualGroup

_SHORT_NAME = re.compile(r"[-a-zA-Z0-9_]{1,40}")


def _short_name(_context: click.Context, _parameter: click.Parameter, given: str) -> str:
    """Take what becomes part of an address."""
    if not _SHORT_NAME.fullmatch(given):
        raise click.BadParameter("use letters, digits, - and _, 40 at most / 只能用字母、数字、- 和 _，最多 40 个")
    return given


def _shown(longest: int) -> Callable[[click.Context, click.Parameter, str], str]:
    """Return what takes a name that people read, of as many characters as there is room for."""

    def take(_context: click.Context, parameter: click.Parameter, given: str) -> str:
        name = given.strip()
        if (parameter.required and not name) or len(name) > longest:
            raise click.BadParameter(f"write a name, {longest} characters at most / 要写名称，最多 {longest} 个字")
        return name

    return take


def _key_in(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise click.ClickException(f"{file} holds no key in plain text / {file} 里不是文本密钥") from None


@click.group(cls=BilingualGroup)
def merchant() -> None:
    """Work with merchants.

    管理商家。
    """


@merchant.command("open")
@click.argument("slug", callback=_short_name)
@click.option("--name", required=True, callback=_shown(60), help="The name buyers see. / 买家看到的名称")
@click.option("--name-en", default="", callback=_shown(60), help="The same in English. / 英文名称")
@click.option(
    "--owner",
    required=True,
    help="E-mail address of an account that exists; it becomes the owner. / 店主的邮箱，账号须已存在",
)
@click.option("--verified", is_flag=True, help="You have checked who this is. / 已核验身份")
def open_merchant(slug: str, name: str, name_en: str, owner: str, *, verified: bool) -> None:
    """Open a merchant under the short name SLUG.

    开一家商家。
    """
    with open_shop():
        # Here, because --help does without Django.
        from django.db import transaction
        from django.utils import timezone

        person = _person(owner)
        models = room("xinka.merchants.models")
        if models.Merchant.objects.filter(slug=slug).exists():
            raise click.ClickException(f"{slug} is taken / 这个短名已被占用")
        made = models.Merchant(slug=slug, name=name, name_en=name_en, verified_at=timezone.now() if verified else None)
        with transaction.atomic():
            room("xinka.merchants.actions").open_merchant(made, owner=person)
            room("xinka.flows.merchant_letters").tell_of_opening(made, person)
    click.echo(f"/desk/{slug}/")


@merchant.command("team")
@click.argument("slug")
def show_team(slug: str) -> None:
    """Say who works for the merchant SLUG, and as what.

    列出这家商家的团队。
    """
    with open_shop():
        for one in _merchant(slug).memberships.select_related("user").order_by("role", "since"):
            click.echo(f"{one.role:6} {one.user.email}")


@merchant.command("join")
@click.argument("slug")
@click.argument("email")
@click.option(
    "--owner",
    "is_owner",
    is_flag=True,
    help="Sees the money and withdraws it; without this a clerk. / 店主，可看钱款和提现；不加则为店员",
)
def join(slug: str, email: str, *, is_owner: bool) -> None:
    """Take EMAIL, who has signed up, into the team of the merchant SLUG, or change what they are there.

    让已经注册的人加入商家的团队，或改变其职责：默认店员，--owner 是店主。
    """
    with open_shop():
        changing, role = room("xinka.flows.teams.changing"), room("xinka.merchants.models").Role
        with refusals_told():
            changing.put_in_by_command(_merchant(slug), _person(email), role.OWNER if is_owner else role.CLERK)
    click.echo(f"/desk/{slug}/")


@merchant.command("leave")
@click.argument("slug")
@click.argument("email")
def leave(slug: str, email: str) -> None:
    """Take EMAIL out of the team of the merchant SLUG, at once.

    把这个人移出商家的团队，马上生效。
    """
    with open_shop(), refusals_told():
        if not room("xinka.flows.teams.changing").take_out_by_command(_merchant(slug), _person(email)):
            raise click.ClickException(f"{email} is not in the team of {slug} / 这个人不在团队里")


def _person(email: str) -> Any:
    found = room("xinka.accounts.models").User.objects.find(email)
    if found is None:
        raise click.ClickException(f"nobody has signed up as {email} / 没有这个账号")
    return found


def _merchant(slug: str) -> Any:
    found = room("xinka.merchants.models").Merchant.objects.filter(slug=slug).first()
    if found is None:
        raise click.ClickException(f"there is no merchant {slug} / 没有这个商家")
    return found


@click.group(cls=BilingualGroup)
def channel() -> None:
    """Work with payment channels.

    管理支付渠道。
    """


@channel.command("set")
@click.argument("slug", callback=_short_name)
@click.option("--name", required=True, callback=_shown(40), help="What buyers read, for example 支付宝.")
@click.option("--name-en", required=True, callback=_shown(40), help="The same in English. / 英文名称")
@click.option(
    "--method", default="alipay", help="The gateway's way to pay: alipay, wxpay or qqpay. [alipay] / 网关的付款方式"
)
@click.option("--base-url", required=True, help="The gateway's address, with https://. / 网关地址，含 https://")
@click.option("--pid", required=True, help="Your number at the gateway. / 你在网关的商户号")
@click.option(
    "--key-file",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file that holds the gateway's key and nothing else. / 只装网关密钥的文件",
)
@click.option(
    "--sign-type",
    type=click.Choice(["MD5", "HMAC-SHA256"]),
    default="MD5",
    help="As the gateway signs; HMAC-SHA256 where it can. [MD5] / 签名方式，网关支持时用 HMAC-SHA256",
)
@click.option(
    "--qr",
    is_flag=True,
    help="Ask the gateway's API for a QR code instead of going to its page. / 向网关接口取二维码，不跳转",
)
@click.option("--off", is_flag=True, help="Do not offer it to buyers. / 先不开放给买家")
def set_channel(slug: str, name: str, name_en: str, method: str, key_file: Path, **facts: str | bool) -> None:
    """Write the epay channel SLUG, new or known; its key is read from a file and kept sealed.

    新增或修改 epay 支付渠道；密钥从文件读取，加密保存。
    """
    is_off, by_api = facts.pop("off"), facts.pop("qr")
    settings = {**facts, "key": _key_in(key_file), "by_api": by_api}
    with open_shop():
        from django.conf import settings as of_shop  # here, because --help does without Django

        channel_model, changes = room("xinka.payments.models").Channel, room("xinka.flows.channels.changes")
        wanted = channel_model.objects.filter(slug=slug).first() or channel_model(slug=slug, provider="epay")
        if wanted.provider != "epay":  # what was paid and refunded through it is known to that gateway alone
            raise click.ClickException(
                f"{slug} is a channel of {wanted.provider}: change it in the office, or choose another short name "
                f"/ {slug} 是 {wanted.provider} 的通道：请在后台修改，或换一个短名"
            )
        wanted.name, wanted.name_en, wanted.method = name, name_en, method
        wanted.on = not is_off
        with refusals_told():
            names = changes.change_on_server(changes.Wanted(wanted, settings))
    if not names:
        click.echo("nothing is other than before / 与原来相同，没有改动")
    click.echo(f"notify_url: {of_shop.SITE_URL}/pay/notify/{slug}")
