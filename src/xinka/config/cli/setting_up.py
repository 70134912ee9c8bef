"""``xinka merchant`` and ``xinka channel``: what a new shop needs before it can sell, until pages exist for it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import click

from xinka.config.cli.shop import open_shop, room

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


@click.group()
def merchant() -> None:
    """Work with merchants.

    管理商家。
    """


@merchant.command("open")
@click.argument("slug", callback=_short_name)
@click.option("--name", required=True, callback=_shown(60), help="The name buyers see.")
@click.option("--name-en", default="", callback=_shown(60), help="The same in English.")
@click.option("--owner", required=True, help="E-mail address of an account that exists; it becomes the owner.")
@click.option("--verified", is_flag=True, help="You have checked who this is.")
def open_merchant(slug: str, name: str, name_en: str, owner: str, *, verified: bool) -> None:
    """Open a merchant under the short name SLUG.

    开一家商家。
    """
    with open_shop():
        from django.utils import timezone  # here, because --help does without Django

        person = room("xinka.accounts.models").User.objects.filter(email=owner.strip().lower()).first()
        if person is None:
            raise click.ClickException(f"nobody has signed up as {owner} / 没有这个账号")
        models = room("xinka.merchants.models")
        if models.Merchant.objects.filter(slug=slug).exists():
            raise click.ClickException(f"{slug} is taken / 这个短名已被占用")
        made = models.Merchant.objects.create(
            slug=slug, name=name, name_en=name_en, verified_at=timezone.now() if verified else None
        )
        models.Membership.objects.create(merchant=made, user=person, role=models.Role.OWNER)
    click.echo(f"/desk/{slug}/")


@click.group()
def channel() -> None:
    """Work with payment channels.

    管理支付渠道。
    """


@channel.command("set")
@click.argument("slug", callback=_short_name)
@click.option("--name", required=True, callback=_shown(40), help="What buyers read, for example 支付宝.")
@click.option("--name-en", required=True, callback=_shown(40), help="The same in English.")
@click.option("--method", default="alipay", help="The gateway's way to pay: alipay, wxpay or qqpay. [alipay]")
@click.option("--base-url", required=True, help="The gateway's address, with https://.")
@click.option("--pid", required=True, help="Your number at the gateway.")
@click.option(
    "--key-file",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file that holds the gateway's key and nothing else.",
)
@click.option(
    "--sign-type",
    type=click.Choice(["MD5", "HMAC-SHA256"]),
    default="MD5",
    help="As the gateway signs; HMAC-SHA256 where it can. [MD5]",
)
@click.option("--qr", is_flag=True, help="Ask the gateway's API for a QR code instead of going to its page.")
@click.option("--off", is_flag=True, help="Do not offer it to buyers.")
def set_channel(slug: str, name: str, name_en: str, method: str, key_file: Path, **facts: str | bool) -> None:
    """Write the epay channel SLUG, new or known; its key is read from a file and kept sealed.

    新增或修改 epay 支付渠道；密钥从文件读取，加密保存。
    """
    from xinka.kernel.errors import Refusal  # here, because --help does without it

    is_off, by_api = facts.pop("off"), facts.pop("qr")
    settings = {**facts, "key": _key_in(key_file), "by_api": by_api}
    with open_shop():
        channels = room("xinka.payments.channels")
        try:
            room("xinka.payments.providers.registry").provider_for("epay", settings)
        except Refusal as refusal:
            raise click.ClickException(f"{refusal.message('en')} / {refusal.message('zh-hans')}") from None
        fields = {"name": name, "name_en": name_en, "provider": "epay", "method": method, "on": not is_off}
        room("xinka.payments.models").Channel.objects.update_or_create(
            slug=slug, defaults={**fields, "config": channels.seal_config(slug, settings)}
        )
        with room("django.db").connection.cursor() as cursor:  # the tills read channels again, and forget their pages
            cursor.execute("SELECT pg_notify(%s, '')", [room("xinka.catalog.actions").PAGES])
    click.echo(f"notify_url: …/pay/notify/{slug}")
