"""Letters about cases: one to each side for every move that concerns it, each once, in the language of its reader."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import NAMESPACE_URL, UUID, uuid5

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from xinka.disputes.letters import Words, letter_words
from xinka.disputes.models import Case, CaseMove, Message
from xinka.disputes.states import CaseKind
from xinka.flows.mailing import order_link
from xinka.kernel import ids
from xinka.kernel.actors import Role
from xinka.merchants.models import Merchant
from xinka.merchants.policies import Duty
from xinka.merchants.queries import mailboxes_of
from xinka.orders.contacts import contact_of
from xinka.orders.models import Order
from xinka.platform.database.django_drive import run
from xinka.platform.jobs.queue import MAIL, Job, defer
from xinka.platform.look.templatetags.look import amount
from xinka.platform.mail.letter import Letter
from xinka.platform.mail.sending import send_each

MAIL_MOVE = Job("mail.case_move", MAIL)
MAIL_MESSAGE = Job("mail.case_message", MAIL)


@dataclass(frozen=True)
class _Reader:
    """One mailbox."""

    role: Role
    address: str = field(repr=False)
    language: str
    link: str = field(repr=False)


def mail_move_later(case: Case) -> None:
    """Have the letters about the move just made written, if its transaction is committed."""
    run(defer(MAIL_MOVE, [{"case_id": case.id, "version": case.version}]))


def mail_message_later(message: Message) -> None:
    """Have the other side told that something was said while it is nobody's turn."""
    run(defer(MAIL_MESSAGE, [{"message_id": message.id}]))


def mail_move(case_id: UUID, version: int) -> int:
    """Send the letters about one move; return how many were new."""
    case = Case.objects.get(id=case_id)
    step = CaseMove.objects.get(case_id=case_id, version=version)
    order = Order.objects.get(id=case.order_id)
    letters = []
    for reader in _readers(case, order):
        with translation.override(reader.language):
            words = letter_words(case, step, reader.role)
            if words is not None:
                about = step_about(case.id, version, reader.address)
                letters.append(_letter(case, order, reader, words, about))
    return send_each(letters)


def mail_message(message_id: UUID) -> int:
    """Tell everybody but its author that something was said; return how many letters were new."""
    message = Message.objects.select_related("case").get(id=message_id)
    order = Order.objects.get(id=message.case.order_id)
    letters = []
    for reader in _readers(message.case, order):
        if reader.role.value != message.role:
            with translation.override(reader.language):
                words = Words(_("There is news in the case"), (_("Somebody added to it. You may answer there."),))
                about = message_about(message.id, reader.address)
                letters.append(_letter(message.case, order, reader, words, about))
    return send_each(letters)


def step_about(case_id: UUID, version: int, address: str) -> UUID:
    """Return what the letter to one mailbox about a step of a case is filed under."""
    return _of_case(uuid5(case_id, f"{version}:{address}"))


def message_about(message_id: UUID, address: str) -> UUID:
    """Return what the letter to one mailbox about something that was said in a case is filed under."""
    return _of_case(uuid5(message_id, address))


def _of_case(about: UUID) -> UUID:
    return uuid5(NAMESPACE_URL, f"case:{about}")


def _readers(case: Case, order: Order) -> Iterator[_Reader]:
    if case.kind != CaseKind.CHARGEBACK:
        yield _Reader(Role.BUYER, contact_of(order), order.language, order_link(order.id))
    merchant = Merchant.objects.get(id=case.merchant_id)
    for address, language in mailboxes_of(merchant, Duty.ANSWER_CASES).items():
        link = f"{settings.SITE_URL}/desk/{merchant.slug}/cases/{case.shown_id}"
        yield _Reader(Role.SELLER, address, language, link)


def _letter(case: Case, order: Order, reader: _Reader, words: Words, about: UUID) -> Letter:
    return Letter(
        kind="case",
        about=about,
        to=reader.address,
        language=reader.language,
        title=words.title,
        paragraphs=words.paragraphs,
        facts=(
            (_("Product"), order.local_title),
            (_("Stopped"), amount(case.amount, case.currency)),
            (_("Case number"), case.shown_id),
            (_("Order number"), ids.show("ord", order.id)),
        ),
        action=(_("Open the order") if reader.role is Role.BUYER else _("Open the case"), reader.link),
        closing=(_("Never settle it elsewhere: who asks you to has something to hide."),),
    )
