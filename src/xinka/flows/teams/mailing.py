"""Letters about teams: the invitation, and to owners and whoever it is about that something was changed."""

from __future__ import annotations

from uuid import UUID, uuid5

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from xinka.accounts.models import User
from xinka.catalog.models import spoken
from xinka.kernel import ids
from xinka.merchants.access import PREFIX, join_path
from xinka.merchants.models import Invitation, InvitationState, Membership, Merchant, Role
from xinka.merchants.policies import Duty
from xinka.merchants.queries import mailboxes_of
from xinka.platform.audit.models import AuditEntry
from xinka.platform.database.django_drive import run
from xinka.platform.jobs.queue import MAIL, Job, defer
from xinka.platform.mail.letter import Letter
from xinka.platform.mail.models import LetterState, SentLetter
from xinka.platform.mail.sending import send, send_each

MAIL_INVITATION = Job("mail.team_invitation", MAIL, priority=5)
MAIL_TEAM = Job("mail.team", MAIL, priority=10)
_KIND = "team_invitation"
_LETTERS = UUID("0b1c7f1e-6a55-4f7c-9d5e-2a4f0d8a7c66")
#: Of these the person concerned hears too, in the second person.
_TOLD = frozenset({"team.role", "team.remove", "team.offer", "team.offer_back"})


def tell(entry: AuditEntry) -> None:
    """Have the owners told of a change; part of the transaction that makes it."""
    run(defer(MAIL_TEAM, [{"entry_id": entry.pk}]))


def mail_invitation(invitation_id: UUID) -> bool:
    """Mail the link to whoever is invited; false when it is over meanwhile or was mailed before."""
    found = Invitation.objects.select_related("merchant").filter(pk=invitation_id, state=InvitationState.OPEN).first()
    if found is None or timezone.now() > found.ends_at:
        return False
    known = User.objects.filter(email=found.email, is_active=True).first()
    language = (known.language if known else "") or found.language
    until = timezone.localtime(found.ends_at).strftime("%Y-%m-%d %H:%M")
    with translation.override(language):
        name = spoken(found.merchant.name, found.merchant.name_en)
        letter = Letter(
            kind=_KIND,
            about=found.id,
            to=found.email,
            language=language,
            title=_("%(shop)s invites you to its team") % {"shop": name},
            paragraphs=(
                _("As a clerk you edit products, put codes into stock, see orders and answer buyers."),
                _("The link works once, until %(until)s, and only for this mail address: sign in or sign up with it.")
                % {"until": until},
            ),
            facts=((_("Shop"), name), (_("As"), _role(Role.CLERK))),
            action=(_("Look at the invitation"), f"{settings.SITE_URL}{join_path(found.id)}"),
            closing=(_("You do not know this shop? Then ignore this mail: without your yes nothing happens."),),
        )
        return send(letter)


def undelivered(invitation_ids: list[UUID]) -> set[UUID]:
    """Return of which invitations the mail server says that it will never deliver them."""
    refused = SentLetter.objects.filter(kind=_KIND, subject__in=invitation_ids, state=LetterState.REFUSED)
    return set(refused.values_list("subject", flat=True))


def mail_team(entry_id: int) -> int:
    """Tell owners, those of lately and whoever it is about of a change; return how many letters were new."""
    entry = AuditEntry.objects.get(id=entry_id)
    merchant = Merchant.objects.get(slug=entry.subject.removeprefix("merchant "))
    person = User.objects.filter(pk=int(entry.details.get("person") or 0), is_active=True).first()
    people = mailboxes_of(merchant, Duty.MANAGE_TEAM, and_former_owners=True)
    concerned = person.email if person and entry.action in _TOLD else ""
    if person and concerned:
        people[concerned] = person.language or "zh-hans"
    letters = []
    for address, language in people.items():
        with translation.override(language):
            letters.append(_letter(entry, merchant, address, language, is_concerned=address == concerned))
    return send_each(letters)


def _letter(entry: AuditEntry, merchant: Merchant, address: str, language: str, *, is_concerned: bool) -> Letter:
    shop = spoken(merchant.name, merchant.name_en)
    title = _of_you(entry) if is_concerned else _of_the_team(entry)
    actor = User.objects.filter(pk=entry.actor_id or 0).first()
    at = timezone.localtime(entry.at)
    facts = [(_("Shop"), shop), *_about(entry)]
    facts.append((_("Done by"), known_as(actor) if actor else _("whoever runs this site")))
    facts.append((_("When"), f"{at:%Y-%m-%d %H:%M}"))
    is_member = Membership.objects.filter(merchant=merchant, user__email=address).exists()
    return Letter(
        kind="team",
        about=uuid5(_LETTERS, f"{entry.pk} {address}"),
        to=address,
        language=language,
        title=title % {"shop": shop},
        paragraphs=tuple(_advice(entry, is_concerned=is_concerned)),
        facts=tuple(facts),
        action=(_("Open the team"), f"{settings.SITE_URL}/desk/{merchant.slug}/team") if is_member else None,
    )


def known_as(user: User) -> str:
    """Return how people of a team know one another: by name and address, or by the address alone."""
    return f"{user.display_name} ({user.email})" if user.display_name else user.email


def _of_the_team(entry: AuditEntry) -> str:
    is_shared = bool(entry.details.get("shared"))
    return {
        "team.invite": _("%(shop)s: somebody was invited to the team"),
        "team.join": _("%(shop)s: somebody joined the team"),
        "team.role": _("%(shop)s: what somebody may do was changed"),
        "team.remove": _("%(shop)s: somebody was taken out of the team"),
        "team.leave": _("%(shop)s: somebody left the team"),
        "team.offer": _("%(shop)s: somebody is asked to be an owner"),
        "team.offer_back": _("%(shop)s: an offer of ownership was taken back"),
        "team.offer_declined": _("%(shop)s: an offer of ownership was declined"),
        "team.hand_over": _("%(shop)s has one more owner") if is_shared else _("%(shop)s has another owner now"),
    }[entry.action]


def _of_you(entry: AuditEntry) -> str:
    if entry.action == "team.role" and not entry.details.get("before"):
        return _("You are in the team of %(shop)s now")
    return {
        "team.role": _("%(shop)s: what you may do was changed"),
        "team.remove": _("You are no longer in the team of %(shop)s"),
        "team.offer": _("You are asked to be an owner of %(shop)s"),
        "team.offer_back": _("%(shop)s: the offer to be an owner was taken back"),
    }[entry.action]


def _about(entry: AuditEntry) -> list[tuple[str, str]]:
    """Return whom a change is about, and what they were and are."""
    said, facts = entry.details, list[tuple[str, str]]()
    person = User.objects.filter(pk=int(said.get("person") or 0)).first()
    if person is not None:
        facts.append((_("Person"), known_as(person)))
    if shown := said.get("invitation"):
        invited = Invitation.objects.filter(pk=ids.parse(PREFIX, shown)).first()
        facts += [(_("Invited address"), invited.email)] if invited else []
    if "before" in said:
        facts.append((_("Before"), _role(said["before"])))
    if "after" in said:
        facts.append((pgettext("role", "Now"), _role(said["after"])))
    if giver := User.objects.filter(pk=int(said.get("giver") or 0)).first():
        facts.append((_("From"), known_as(giver)))
    return facts


def _role(role: str) -> str:
    return str(Role(role).label) if role else _("not in the team")


def _advice(entry: AuditEntry, *, is_concerned: bool) -> list[str]:
    if is_concerned and entry.action == "team.offer":
        return [
            _("An owner sees the money, withdraws it and decides who is in the team."),
            _("Accept or decline on the page of the team, within %(days)s days.") % {"days": 7},
        ]
    if is_concerned:
        return [_("It holds at once. If you think this is a mistake, ask an owner of the shop.")]
    return [
        _("Every owner is told of each change of the team, so that nobody comes in or goes unseen."),
        _("Was it not agreed? Open the team now and undo it, change your password, and write to us."),
    ]
