"""Teams: nobody comes in, rises or goes unseen, and no shop is left without an owner."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone

from tests import cast
from xinka.accounts.models import User
from xinka.disputes.models import ReplyTemplate
from xinka.disputes.reply_templates import Shelf, Words
from xinka.flows.payouts.mailing import News, mail_account
from xinka.flows.teams import changing, handing_over, inviting
from xinka.flows.teams.mailing import mail_invitation, mail_team
from xinka.kernel.errors import Refusal
from xinka.merchants import invitations, teams
from xinka.merchants.access import join_path
from xinka.merchants.errors import (
    AlreadyInTeam,
    InvitationForSomebodyElse,
    InvitationNotFound,
    InvitationOver,
    LastOwner,
    NoOffer,
    NotInTeam,
    OfferWaits,
    OwnerSettlesIn,
    OwnsAlready,
    TeamFull,
    TooManyInvitations,
)
from xinka.merchants.models import FormerOwner, Invitation, InvitationState, Membership, Merchant, OwnershipOffer, Role
from xinka.merchants.policies import KEPT_FOR, MOST_A_DAY, SETTLES_IN, WAITS_FOR
from xinka.platform.audit.models import AuditEntry
from xinka.platform.mail.models import LetterState, SentLetter

pytestmark = pytest.mark.django_db

FAY = "fay@example.com"


@pytest.fixture
def shop() -> Merchant:
    return cast.adas_shop()


@pytest.fixture
def ada(shop: Merchant) -> User:
    return User.objects.get(email="ada@ada-cards.example")


@pytest.fixture
def bo(shop: Merchant) -> User:
    return User.objects.get(email="bo@ada-cards.example")


def invited(shop: Merchant, ada: User, email: str = FAY) -> Invitation:
    """Return an invitation by Ada."""
    return inviting.invite(shop, email, by=ada, language="en", now=timezone.now())


def team(shop: Merchant) -> dict[str, str]:
    """Return who is in it, as what."""
    return dict(Membership.objects.filter(merchant=shop).values_list("user__email", "role"))


def jobs(task: str) -> list[str]:
    """Return what letters are to tell of."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(args ->> 'entry_id', args ->> 'subject') FROM procrastinate_jobs"
            " WHERE task_name = %s ORDER BY id",
            [task],
        )
        return [subject for (subject,) in cursor.fetchall()]


def owners_of(shop: Merchant, *people: User) -> None:
    """Make owners of these people, and let their role be an old one."""
    for one in people:
        Membership.objects.update_or_create(merchant=shop, user=one, defaults={"role": Role.OWNER})
    Membership.objects.filter(merchant=shop).update(since=timezone.now() - SETTLES_IN * 2)


def test_who_is_invited_joins_as_a_clerk_once_and_both_are_on_record(shop: Merchant, ada: User) -> None:
    made, fay = invited(shop, ada, " FAY@Example.com "), cast.person(FAY)
    inviting.accept(made, fay, now=timezone.now())
    assert team(shop)[FAY] == Role.CLERK
    assert [entry.action for entry in AuditEntry.objects.order_by("id")] == ["team.invite", "team.join"]
    changing.take_out(shop, fay, by=ada)
    with pytest.raises(InvitationOver):
        inviting.accept(made, fay, now=timezone.now())
    assert FAY not in team(shop)


def test_the_audit_has_no_address_of_whoever_was_invited(shop: Merchant, ada: User) -> None:
    invited(shop, ada)
    assert all("@" not in str(entry.details) + entry.subject for entry in AuditEntry.objects.all())


def test_a_link_that_was_passed_on_opens_nothing(shop: Merchant, ada: User) -> None:
    made, eve, before = invited(shop, ada), cast.person(cast.EVE), team(shop)
    for answer in (inviting.accept, inviting.decline):
        with pytest.raises(InvitationForSomebodyElse):
            answer(made, eve, now=timezone.now())
    unproved = cast.person(FAY, verified=False)
    with pytest.raises(InvitationForSomebodyElse):
        inviting.accept(made, unproved, now=timezone.now())
    made.refresh_from_db()
    assert (made.state, team(shop)) == (InvitationState.OPEN, before)


@pytest.mark.parametrize(
    "how", ["late", "withdrawn", "declined", "replaced", "by a former owner", "by a closed account"]
)
def test_an_invitation_that_is_over_opens_nothing(shop: Merchant, ada: User, bo: User, how: str) -> None:
    made, fay, now, before = invited(shop, ada), cast.person(FAY), timezone.now(), team(shop)
    if how == "late":
        now += WAITS_FOR
    elif how == "withdrawn":
        inviting.withdraw(shop, made.id, by=ada)
    elif how == "declined":
        inviting.decline(made, fay, now=now)
    elif how == "replaced":
        invited(shop, ada)
    elif how == "by a former owner":
        owners_of(shop, ada, bo)
        changing.make_clerk(shop, ada, by=bo)
        before = team(shop)
    else:
        owners_of(shop, ada, bo)
        User.objects.filter(pk=ada.pk).update(is_active=False)
        before = team(shop)
    with pytest.raises(InvitationOver):
        inviting.accept(made, fay, now=now)
    assert team(shop) == before


def test_of_two_invitations_to_one_address_the_newer_link_works(shop: Merchant, ada: User) -> None:
    invited(shop, ada)
    newer = invited(shop, ada)
    inviting.accept(newer, cast.person(FAY), now=timezone.now())
    assert team(shop)[FAY] == Role.CLERK


def test_no_made_up_link_finds_an_invitation(shop: Merchant, ada: User) -> None:
    made = invited(shop, ada)
    _, _, shown, proof = join_path(made.id).split("/")
    assert inviting.invitation_at(shown, proof) == made
    other = join_path(invited(shop, ada, "gus@example.com").id).split("/")[3]
    for wrong in ((shown, other), (shown, ""), (shown, proof[:-1]), (shown, "é" * 40), ("inv_x", proof)):
        with pytest.raises(InvitationNotFound):
            inviting.invitation_at(*wrong)


def test_who_is_in_the_team_is_not_invited_and_a_full_team_invites_nobody(shop: Merchant, ada: User) -> None:
    with pytest.raises(AlreadyInTeam):
        invited(shop, ada, "BO@ada-cards.example")
    for n in range(MOST_A_DAY):
        invited(shop, ada, f"guest{n}@example.com")
    with pytest.raises(TooManyInvitations):
        invited(shop, ada)
    Invitation.objects.update(made_at=timezone.now() - timedelta(days=2))
    for n in range(8):
        invited(shop, ada, f"more{n}@example.com")
    with pytest.raises(TeamFull):
        invited(shop, ada)
    assert Invitation.objects.filter(state=InvitationState.OPEN).count() == 28


def test_the_mail_is_the_same_with_and_without_an_account(shop: Merchant, ada: User) -> None:
    cast.person(FAY)
    for address in (FAY, "gus@example.com"):
        made = invited(shop, ada, address)
        assert mail_invitation(made.id)
        assert not mail_invitation(made.id)
        mail.outbox[-1].body = str(mail.outbox[-1].body).replace(join_path(made.id), "LINK")
    first, second = mail.outbox
    assert (first.subject, first.body) == (second.subject, second.body)
    assert "LINK" in str(first.body)
    assert ada.email not in str(first.body)


def test_an_invitation_that_is_over_is_not_mailed_any_more(shop: Merchant, ada: User) -> None:
    made = invited(shop, ada)
    inviting.withdraw(shop, made.id, by=ada)
    assert not mail_invitation(made.id)
    assert mail.outbox == []


def test_owners_the_alarm_address_and_whoever_it_is_about_hear_of_a_change(shop: Merchant, ada: User, bo: User) -> None:
    Merchant.objects.update(alert_email="alarm@ada-cards.example")
    User.objects.update(language="en")
    changing.take_out(shop, bo, by=ada)
    (entry,) = jobs("mail.team")
    assert (mail_team(int(entry)), mail_team(int(entry))) == (3, 0)
    letters = {letter.to[0]: letter for letter in mail.outbox}
    assert set(letters) == {ada.email, bo.email, "alarm@ada-cards.example"}
    assert "somebody was taken out of the team" in letters[ada.email].subject
    assert "You are no longer in the team" in letters[bo.email].subject
    assert "/desk/ada-cards/team" in str(letters[ada.email].body)
    assert "/desk/" not in str(letters[bo.email].body), "the desk is closed to them"


def test_whoever_leaves_a_team_leaves_no_template_of_their_own_behind(shop: Merchant, ada: User, bo: User) -> None:
    other, now = cast.adas_shop(slug="other"), timezone.now()
    for shelf, shared in (
        (Shelf(bo, shop.id, may_share=True), False),
        (Shelf(bo, shop.id, may_share=True), True),
        (Shelf(bo, other.id, may_share=False), False),
    ):
        shelf.add(Words("Hello", "您好", ""), shared=shared, now=now)
    changing.take_out(shop, bo, by=ada)
    left = ReplyTemplate.objects.order_by("id").values_list("owner", "merchant__slug")
    assert list(left) == [(None, "ada-cards"), (bo.pk, "other")]


def test_nothing_is_told_or_recorded_when_nothing_was_changed(shop: Merchant, ada: User, bo: User) -> None:
    assert not changing.make_clerk(shop, bo, by=ada)
    assert not changing.put_in_by_command(shop, bo, Role.CLERK)
    assert not changing.take_out_by_command(shop, cast.person(FAY))
    assert (jobs("mail.team"), AuditEntry.objects.count()) == ([], 0)


def test_what_the_server_does_to_a_team_is_told_too(shop: Merchant, bo: User) -> None:
    assert changing.put_in_by_command(shop, cast.person(FAY), Role.OWNER)
    assert changing.take_out_by_command(shop, bo)
    assert [entry.action for entry in AuditEntry.objects.order_by("id")] == ["team.role", "team.remove"]
    assert [mail_team(int(entry)) for entry in jobs("mail.team")] == [2, 3]
    assert any("本站运营者" in str(letter.body) for letter in mail.outbox)


def test_the_last_owner_neither_leaves_nor_becomes_a_clerk(shop: Merchant, ada: User, bo: User) -> None:
    acts = (
        lambda: changing.leave(shop, ada),
        lambda: changing.take_out(shop, ada, by=ada),
        lambda: changing.make_clerk(shop, ada, by=ada),
        lambda: changing.take_out_by_command(shop, ada),
        lambda: changing.put_in_by_command(shop, ada, Role.CLERK),
    )
    before = team(shop)
    for act in acts:
        with pytest.raises(LastOwner):
            act()
    owners_of(shop, ada, bo)
    User.objects.filter(pk=bo.pk).update(is_active=False)
    with pytest.raises(LastOwner):
        changing.leave(shop, ada)
    assert before == {ada.email: Role.OWNER, bo.email: Role.CLERK}
    assert AuditEntry.objects.count() == 0


def test_ownership_is_shared_once_it_is_accepted(shop: Merchant, ada: User, bo: User) -> None:
    now = timezone.now()
    handing_over.offer(shop, bo, by=ada, is_shared=True, now=now)
    assert team(shop)[bo.email] == Role.CLERK
    handing_over.accept(shop, bo, now=now)
    assert team(shop) == {ada.email: Role.OWNER, bo.email: Role.OWNER}
    with pytest.raises(NoOffer):
        handing_over.accept(shop, bo, now=now)


def test_a_shop_is_handed_over_and_whoever_gave_it_is_a_clerk_who_hears_of_what_follows(
    shop: Merchant, ada: User, bo: User
) -> None:
    now = timezone.now()
    handing_over.offer(shop, bo, by=ada, is_shared=False, now=now)
    handing_over.accept(shop, bo, now=now)
    assert team(shop) == {ada.email: Role.CLERK, bo.email: Role.OWNER}
    changing.take_out(shop, ada, by=bo)
    assert [mail_team(int(entry)) for entry in jobs("mail.team")] == [2, 2, 2]
    assert {letter.to[0] for letter in mail.outbox[-2:]} == {ada.email, bo.email}


def test_a_former_owner_hears_of_new_payout_accounts_for_a_while(shop: Merchant, ada: User, bo: User) -> None:
    from tests.flows.payouts import account

    owners_of(shop, ada, bo)
    changing.take_out(shop, ada, by=bo)
    added = account(shop)
    assert mail_account(added.id, News.ADDED) == 2
    assert {letter.to[0] for letter in mail.outbox} == {ada.email, bo.email}
    FormerOwner.objects.update(hears_until=timezone.now())
    mail.outbox.clear()
    SentLetter.objects.all().delete()
    assert mail_account(added.id, News.ADDED) == 1
    assert [letter.to for letter in mail.outbox] == [[bo.email]]


@pytest.mark.parametrize("how", ["late", "for somebody else", "taken back", "declined", "giver is a clerk", "left"])
def test_an_offer_that_does_not_stand_makes_nobody_an_owner(shop: Merchant, ada: User, bo: User, how: str) -> None:
    now, fay, who = timezone.now(), cast.person(FAY), bo
    owners_of(shop, ada, fay)
    handing_over.offer(shop, bo, by=ada, is_shared=False, now=now)
    if how == "late":
        now += WAITS_FOR
    elif how == "for somebody else":
        who = cast.person("gus@example.com")
        Membership.objects.create(merchant=shop, user=who, role=Role.CLERK)
    elif how == "taken back":
        handing_over.take_back(shop, by=fay, now=now)
    elif how == "declined":
        handing_over.decline(shop, bo, now=now)
    elif how == "giver is a clerk":
        changing.make_clerk(shop, ada, by=fay)
    else:
        changing.leave(shop, bo)
        Membership.objects.create(merchant=shop, user=bo, role=Role.CLERK)
    before = team(shop)
    with pytest.raises(NoOffer):
        handing_over.accept(shop, who, now=now)
    assert team(shop) == before


def test_one_offer_waits_at_a_time_and_only_for_a_clerk_of_the_team(shop: Merchant, ada: User, bo: User) -> None:
    now, fay = timezone.now(), cast.person(FAY)
    refused: list[tuple[User, type[Refusal]]] = [(ada, OwnsAlready), (fay, NotInTeam)]
    for person, refusal in refused:
        with pytest.raises(refusal):
            handing_over.offer(shop, person, by=ada, is_shared=True, now=now)
    handing_over.offer(shop, bo, by=ada, is_shared=True, now=now)
    with pytest.raises(OfferWaits):
        handing_over.offer(shop, bo, by=ada, is_shared=False, now=now)
    handing_over.offer(shop, bo, by=ada, is_shared=False, now=now + WAITS_FOR)
    assert not OwnershipOffer.objects.get().is_shared


def test_a_new_owner_does_not_drive_the_old_one_out(shop: Merchant, ada: User, bo: User) -> None:
    Membership.objects.update(since=timezone.now() - SETTLES_IN * 2)
    handing_over.offer(shop, bo, by=ada, is_shared=True, now=timezone.now())
    handing_over.accept(shop, bo, now=timezone.now())
    for act in (changing.take_out, changing.make_clerk):
        with pytest.raises(OwnerSettlesIn):
            act(shop, ada, by=bo)
    assert team(shop)[ada.email] == Role.OWNER
    Membership.objects.filter(user=bo).update(owner_since=timezone.now() - SETTLES_IN)
    changing.take_out(shop, ada, by=bo)
    assert team(shop) == {bo.email: Role.OWNER}


def test_the_old_owner_can_undo_at_once_what_was_not_meant(shop: Merchant, ada: User, bo: User) -> None:
    Membership.objects.update(since=timezone.now() - SETTLES_IN * 2)
    handing_over.offer(shop, bo, by=ada, is_shared=True, now=timezone.now())
    handing_over.accept(shop, bo, now=timezone.now())
    made = invited(shop, bo)
    changing.take_out(shop, bo, by=ada)
    made.refresh_from_db()
    assert made.state == InvitationState.WITHDRAWN, "what a removed owner began is over"


def test_old_invitations_are_forgotten_with_their_address(shop: Merchant, ada: User) -> None:
    made = invited(shop, ada)
    assert invitations.forget_old_invitations(made.ends_at + KEPT_FOR) == 0
    assert invitations.forget_old_invitations(made.ends_at + KEPT_FOR + timedelta(seconds=1)) == 1
    (entry,) = jobs("mail.team")
    assert mail_team(int(entry)) == 1, "a letter that waited that long still goes, without the address"
    assert FAY not in str(mail.outbox[-1].body)


def test_who_owned_a_shop_is_forgotten_once_they_hear_of_it_no_more(shop: Merchant, ada: User, bo: User) -> None:
    owners_of(shop, ada, bo)
    changing.leave(shop, ada)
    until = FormerOwner.objects.get(user=ada).hears_until
    assert (teams.forget_former_owners(until), FormerOwner.objects.count()) == (0, 1)
    assert (teams.forget_former_owners(until + timedelta(seconds=1)), FormerOwner.objects.count()) == (1, 0)


def test_a_mail_that_no_server_takes_is_told_apart(shop: Merchant, ada: User) -> None:
    from xinka.flows.teams.mailing import undelivered

    good, bad = invited(shop, ada), invited(shop, ada, "gus@example.com")
    mail_invitation(good.id)
    mail_invitation(bad.id)
    SentLetter.objects.filter(subject=bad.id).update(state=LetterState.REFUSED, sent_at=None)
    assert undelivered([good.id, bad.id]) == {bad.id}
