"""A note when something is back in stock: asked for on its page, confirmed from the mailbox, spent by one letter.

Anybody can type anybody's address, so nothing but one question goes to a mailbox that has not said yes (decision 36).
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import datetime
from uuid import UUID, uuid5

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from xinka.catalog.models import Sku
from xinka.catalog.queries import can_be_bought
from xinka.kernel import ids
from xinka.kernel.errors import BadIdentifier, ProviderError
from xinka.kernel.flow import Flow
from xinka.platform.database.django_drive import run
from xinka.platform.jobs.queue import MAIL, Job, defer
from xinka.platform.mail.letter import Letter
from xinka.platform.mail.sending import send
from xinka.platform.maintenance.actions import current
from xinka.platform.maintenance.state import is_closed_now
from xinka.stock import back_notes
from xinka.stock.errors import NoteNotFound
from xinka.stock.models import BackNote
from xinka.stock.note_links import KEY_PREFIX, PREFIX, allows_link, mailbox_path, note_path
from xinka.stock.queries import live_counts

log = logging.getLogger(__name__)

#: Anybody may ask for a question to be mailed, so it waits for what somebody has paid for.
MAIL_QUESTION = Job("mail.back_question", MAIL, priority=-5)
#: Thousands may wait for one product: their letters go after all others.
MAIL_BACK = Job("mail.back_in_stock", MAIL, priority=-10)


def is_in_stock(sku: Sku) -> bool:
    """Whether a variant, with its product and merchant at hand, can be bought now."""
    count = live_counts([sku.id]).get(sku.id, 0)
    return can_be_bought(sku) and (count is None or count >= sku.min_quantity)


@transaction.atomic
def ask(sku: Sku, address: str, *, language: str, is_theirs: bool, now: datetime) -> None:
    """Write a note for a normalised address, and have its mailbox asked unless it is known to be theirs.

    Whoever asks learns nothing about others: where the mailbox had said yes before, it is not asked again.
    """
    note = back_notes.ask_for_note(sku.id, address, language=language, is_theirs=is_theirs, now=now)
    if note.confirmed_at is None:
        run(defer(MAIL_QUESTION, [{"subject": note.id}]))


def note_at(shown_id: str, proof: str, now: datetime) -> BackNote | None:
    """Return the note behind a link, or ``None`` when it is not kept any more.

    Raises:
        NoteNotFound: if the link is not one of ours.
    """
    return back_notes.note_by_id(_named(PREFIX, shown_id, proof), now)


def mailbox_at(shown_key: str, proof: str) -> UUID:
    """Return the key of the mailbox behind a link.

    Raises:
        NoteNotFound: if the link is not one of ours.
    """
    return _named(KEY_PREFIX, shown_key, proof)


def _named(prefix: str, shown: str, proof: str) -> UUID:
    try:
        identifier = ids.parse(prefix, shown)
    except BadIdentifier:
        raise NoteNotFound from None
    if not allows_link(prefix, identifier, proof):
        raise NoteNotFound
    return identifier


def forget_mailboxes(addresses: Collection[str]) -> int:
    """Forget all that normalised addresses wait for; return how many notes that were."""
    return back_notes.end_notes_of([back_notes.key_of(address) for address in addresses])


def mail_question(note_id: UUID) -> bool:
    """Ask a mailbox whether it wants the letter; false when it has answered, or the time to answer is over."""
    note = back_notes.note_by_id(note_id, timezone.now())
    if note is None or note.confirmed_at is not None:
        return False
    with translation.override(note.language):
        name = {"name": note.sku.local_name}
        letter = Letter(
            kind="back_question",
            about=uuid5(note.id, note.asked_at.isoformat()),
            to=back_notes.address_of(note),
            language=note.language,
            title=_("Tell you when it is back? %(name)s") % name,
            paragraphs=(
                _("%(name)s is sold out. Somebody, probably you, left this address on its page.") % name,
                _("Say yes on the page of the link, and you get one mail when it is back in stock, and no other."),
            ),
            action=(_("Yes or no"), f"{settings.SITE_URL}{note_path(note.id)}"),
            closing=(_("You did not ask? Do nothing: without your yes this address is deleted after two days."),),
        )
    return _send(note, letter)


def tell_waiting(now: datetime) -> int:
    """Queue the letters to those whose turn it is; return how many. A round a minute, see ``take_notes``.

    None while the shop is closed: they would lead people to a shut door, and be spent.
    """
    return 0 if is_closed_now(current()) else run(_tell_waiting(now))


def _tell_waiting(now: datetime) -> Flow[int]:
    taken = yield from back_notes.take_notes(now, most_under_way=settings.BACK_IN_STOCK_MAILS)
    yield from defer(MAIL_BACK, [{"subject": note_id} for note_id in taken])
    return len(taken)


def mail_back(note_id: UUID) -> bool:
    """Tell somebody that what they wait for is back, and forget them; false when there is nothing to tell.

    Was it sold out again, or the shop closed, before the letter's turn came, the note waits on.
    """
    note = BackNote.objects.select_related("sku__product__merchant").filter(id=note_id).first()
    if note is None or note.queued_at is None:
        return False
    if is_closed_now(current()) or not is_in_stock(note.sku):
        back_notes.put_back(note.id)
        return False
    with translation.override(note.language):
        letter = _letter(note)
    is_new = _send(note, letter)
    back_notes.end_note(note.id)
    return is_new


def _send(note: BackNote, letter: Letter) -> bool:
    """Hand a letter over. What a mailbox refuses for good ends the note: as a dead letter nobody could mend it."""
    try:
        return send(letter)
    except ProviderError as failure:
        if not failure.permanent:
            raise
    log.info("stock.note_refused", extra={"note": ids.show(PREFIX, note.id)})
    back_notes.end_note(note.id)
    return False


def _letter(note: BackNote) -> Letter:
    sku, site = note.sku, settings.SITE_URL
    return Letter(
        kind="back",
        about=note.id,
        to=back_notes.address_of(note),
        language=note.language,
        title=_("Back in stock: %(name)s") % {"name": sku.local_name},
        paragraphs=(
            _("You asked to be told. Others were told too, and nothing is kept aside: who comes first has it."),
        ),
        links=((_("What else this address waits for, and how to end it"), f"{site}{mailbox_path(note.contact_key)}"),),
        action=(_("To the product"), f"{site}/p/{sku.product.slug}?sku={sku.id}#buy"),
        closing=(_("This was the one mail you asked for. Your address was kept for it alone and is deleted with it."),),
    )
