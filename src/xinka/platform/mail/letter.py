"""A letter: what a mail says, apart from how it looks. The look is the same for all of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from email.utils import parseaddr
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation

_LONGEST_SUBJECT = 120


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail to one person. ``kind`` and ``about`` make its Message-ID, so every attempt carries the same.

    ``goods`` are what was bought, a line or more each; ``action`` is the label and the address of the one button.
    """

    kind: str
    about: UUID
    to: str = field(repr=False)
    language: str
    title: str
    paragraphs: tuple[str, ...]
    facts: tuple[tuple[str, str], ...] = ()
    goods: tuple[str, ...] = field(default=(), repr=False)
    goods_title: str = ""
    links: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    action: tuple[str, str] | None = field(default=None, repr=False)
    closing: tuple[str, ...] = ()

    @property
    def message_id(self) -> str:
        """The Message-ID (RFC 5322, 3.6.4): tells nothing, and is equal exactly for attempts of the same letter."""
        digest = hashlib.sha256(f"{self.kind}:{self.about}".encode()).hexdigest()[:32]
        host = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or settings.ENVIRONMENT.site_host
        return f"<{self.kind}.{digest}@{host}>"


def compose(letter: Letter) -> EmailMultiAlternatives:
    """Return the mail, in text and in HTML, marked as sent by a machine (RFC 3834) so that nothing answers it."""
    language = "en" if letter.language.startswith("en") else "zh-hans"
    with translation.override(language):
        context = {
            "letter": letter,
            "html_lang": "en" if language == "en" else "zh-Hans",
            "site": settings.SITE_URL,
            "host": settings.SITE_URL.partition("://")[2],
        }
        text = render_to_string("mail/letter.txt", context)
        html = render_to_string("mail/letter.html", context)
    message = EmailMultiAlternatives(
        subject=" ".join(letter.title.split())[:_LONGEST_SUBJECT],
        body=text,
        to=[letter.to],
        headers={
            "Message-ID": letter.message_id,
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",
            "Content-Language": "en" if language == "en" else "zh-Hans",
        },
    )
    message.attach_alternative(html, "text/html")
    return message
