"""``xinka merchant`` and ``xinka channel``: what a new shop needs before it can sell, until pages exist for it."""

from __future__ import annotations

from pathlib import Path

import click

from xinka.config.cli.shop import open_shop, room


@click.group()
def merchant() -> None:
    """Work with merchants.

    管理商家。
    """


@merchant.command("open")
@click.argument("slug")
@click.option("--name", required=True, help="The name buyers see.")
@click.option("--name-en", default="", help="The same in English.")
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
@click.argument("slug")
@click.option("--name", required=True, help="What buyers read, for example 支付宝.")
@click.option("--name-en", required=True, help="The same in English.")
@click.option("--method", default="alipay", help="The gateway's way to pay: alipay, wxpay or qqpay. [alipay]")
@click.option("--base-url", required=True, help="The gateway's address, with https://.")
@click.option("--pid", required=True, help="Your number at the gateway.")
@click.option("--key-file", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--sign-type", type=click.Choice(["MD5", "HMAC-SHA256"]), default="MD5")
@click.option("--qr", is_flag=True, help="Ask the gateway's API for a QR code instead of going to its page.")
@click.option("--off", is_flag=True, help="Do not offer it to buyers.")
def set_channel(slug: str, name: str, name_en: str, method: str, key_file: Path, **facts: str | bool) -> None:
    """Write the epay channel SLUG, new or known; its key is read from a file and kept sealed.

    新增或修改 epay 支付渠道；密钥从文件读取，加密保存。
    """
    from xinka.kernel.errors import Refusal  # here, because --help does without it

    is_off, by_api = facts.pop("off"), facts.pop("qr")
    settings = {**facts, "key": key_file.read_text(encoding="utf-8").strip(), "by_api": by_api}
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
