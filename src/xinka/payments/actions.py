"""The only writers of channels outside of the command line. Every change reaches the tills when it is committed."""

from __future__ import annotations

import json
from collections.abc import Mapping

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from xinka.catalog.actions import PAGES
from xinka.payments.channels import config_place, seal_config
from xinka.payments.fees import Terms, note_terms
from xinka.payments.models import Channel
from xinka.payments.providers.registry import class_of, provider_for
from xinka.platform.vault.keys import open_envelope


def settings_of(channel: Channel) -> dict[str, object]:
    """Return a channel's settings in clear, secrets among them: not for pages."""
    found: dict[str, object] = json.loads(open_envelope(channel.config, config_place(channel.slug)))
    return found


@transaction.atomic
def save_channel(channel: Channel, settings: Mapping[str, object]) -> Channel:
    """Write a channel, new or known, with its settings sealed; a new one goes last. Other fees count from now on.

    Raises:
        BadChannel: if the provider would not accept the settings; nothing was changed.
    """
    provider_for(channel.provider, settings)
    known = Channel.objects.select_for_update().filter(pk=channel.pk).values_list("fee_bps", "fee_fixed").first()
    channel.config = seal_config(channel.slug, settings)
    if channel.pk is None:
        last = Channel.objects.aggregate(last=Max("position"))["last"]
        channel.position = 0 if last is None else last + 1
    channel.save()
    note_terms(Terms(*known) if known else None, channel, timezone.now())
    tell_tills()
    return channel


@transaction.atomic
def switch_channel(channel_id: int, *, on: bool) -> bool:
    """Offer a channel to buyers, or not any more; false when it was so before."""
    changed = Channel.objects.filter(id=channel_id).exclude(on=on).update(on=on) == 1
    if changed:
        tell_tills()
    return changed


@transaction.atomic
def move_channel(channel_id: int, *, up: bool) -> bool:
    """Move a channel one place up or down; false when it is first or last already."""
    order = list(Channel.objects.select_for_update().defer("config").order_by("position", "id"))
    place = next((n for n, channel in enumerate(order) if channel.id == channel_id), -1)
    other = place - 1 if up else place + 1
    if place < 0 or not 0 <= other < len(order):
        return False
    order[place], order[other] = order[other], order[place]
    for position, channel in enumerate(order):
        Channel.objects.filter(id=channel.id).update(position=position)
    tell_tills()
    return True


def tell_tills() -> None:
    """Have every till read its channels again and forget its pages; heard when this is committed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, '')", [PAGES])


def merged_settings(kind: str, stored: Mapping[str, object], told: Mapping[str, object]) -> dict[str, object]:
    """Return settings as they shall be: an empty secret stays what it was, and so does what no form asks for."""
    found = dict(stored)
    for field in class_of(kind).setting_fields():
        value = told.get(field.name)
        if field.is_flag:
            found[field.name] = bool(value)
        elif value:
            found[field.name] = value
        elif not field.secret:
            found.pop(field.name, None)
    return found
