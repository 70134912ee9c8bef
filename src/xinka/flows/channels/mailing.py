"""The letters about channels: whoever can confirm a change hears of it, and all of staff when one was made."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID, uuid5

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from xinka.accounts.models import User
from xinka.flows.channels.keepers import keepers, known_as
from xinka.payments.models import Channel, ChannelChange
from xinka.platform.audit.models import AuditEntry
from xinka.platform.jobs.queue import MAIL, Job
from xinka.platform.mail.letter import Letter
from xinka.platform.mail.sending import send_each

MAIL_CHANNEL = Job("mail.channel", MAIL, priority=10)
MAIL_CHANNEL_ON_SERVER = Job("mail.channel_on_server", MAIL, priority=10)
_OF_ENTRIES = UUID("b51c7c0e-3f0d-4f8e-9a35-0b8a4d1f6c27")


class News(StrEnum):
    """What a letter tells."""

    WAITS = "waits"
    MADE = "made"


def mail_channel(change_id: UUID, news: News) -> int:
    """Tell staff of a change of a channel; return how many letters were new. No setting is named by its value."""
    found = ChannelChange.objects.select_related("asked_by", "decided_by", "channel")
    change = found.defer("channel__config").get(id=change_id)
    if news is News.WAITS and change.decided_at is not None:
        return 0  # somebody was quicker than this letter
    readers = [one for one in keepers() if one.pk != change.asked_by_id] if news is News.WAITS else _staff()
    letters = []
    for reader in readers:
        language = reader.language or "zh-hans"
        with translation.override(language):
            letters.append(_letter(change, news, reader.email, language))
    return send_each(letters)


def mail_channel_on_server(entry_id: int) -> int:
    """Tell staff that a channel was changed by command; return how many letters were new."""
    entry = AuditEntry.objects.get(id=entry_id)
    letters = []
    for reader in _staff():
        language = reader.language or "zh-hans"
        with translation.override(language):
            letters.append(_letter_on_server(entry, reader.email, language))
    return send_each(letters)


def _staff() -> list[User]:
    return list(User.objects.filter(is_staff=True, is_active=True).order_by("pk"))


def _letter_on_server(entry: AuditEntry, address: str, language: str) -> Letter:
    slug = entry.subject.removeprefix("channel ")
    channel_id = Channel.objects.filter(slug=slug).values_list("id", flat=True).first()
    return Letter(
        kind="channel_on_server",
        about=uuid5(_OF_ENTRIES, f"{entry.pk} {address}"),
        to=address,
        language=language,
        title=_("The payment channel %(slug)s was changed") % {"slug": slug},
        paragraphs=(
            _("It was changed on the server, by the command xinka channel set, which asks nobody."),
            _("Was that not agreed? Turn the channel off, and ask whoever runs the server who did it."),
        ),
        facts=((_("When"), f"{timezone.localtime(entry.at):%Y-%m-%d %H:%M}"),),
        action=(_("Open the channel"), f"{settings.SITE_URL}/office/channels/{channel_id or ''}"),
    )


def _letter(change: ChannelChange, news: News, address: str, language: str) -> Letter:
    alarm = _("Was that not agreed? Turn the channel off, change your password, and ask who did it.")
    if news is News.WAITS:
        title = _("A change of the payment channel %(slug)s waits for a second person") % {"slug": change.slug}
        first = _("Look at what changes, ask who proposed it, and confirm or refuse it.")
    else:
        title = _("The payment channel %(slug)s was changed") % {"slug": change.slug}
        alone = _("There was nobody else who could confirm it, so one person did it alone.")
        first = alone if change.is_alone else _("One person proposed it, another confirmed it.")
    people = [(_("Proposed by"), known_as(change.asked_by))]
    if change.decided_by is not None and not change.is_alone:
        people.append((_("Confirmed by"), known_as(change.decided_by)))
    at = timezone.localtime(change.decided_at or change.asked_at)
    path = f"changes/{change.id}" if news is News.WAITS else (change.channel_id or "")
    return Letter(
        kind=f"channel_{news}",
        about=uuid5(change.id, address),
        to=address,
        language=language,
        title=title,
        paragraphs=(first, alarm),
        facts=(*people, (_("When"), f"{at:%Y-%m-%d %H:%M}")),
        action=(_("Open the channel"), f"{settings.SITE_URL}/office/channels/{path}"),
    )
