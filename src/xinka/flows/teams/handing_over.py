"""Ownership: offered by an owner to somebody of the team, and theirs once they have accepted it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from xinka.accounts.models import User
from xinka.flows.teams.mailing import tell
from xinka.merchants.invitations import accept_offer, drop_offer, make_offer
from xinka.merchants.models import Merchant
from xinka.platform.audit.actions import record


@transaction.atomic
def offer(merchant: Merchant, to: User, *, by: User, is_shared: bool, now: datetime) -> None:
    """Offer ownership, beside oneself (``is_shared``) or in one's place; owners and whoever is asked are told.

    Raises:
        NotInTeam, OwnsAlready, OfferWaits: see :func:`xinka.merchants.invitations.make_offer`.
    """
    make_offer(merchant, to, by=by, is_shared=is_shared, now=now)
    subject = f"merchant {merchant.slug}"
    tell(record(by, "team.offer", subject, person=to.pk, shared=int(is_shared)))


@transaction.atomic
def accept(merchant: Merchant, user: User, *, now: datetime) -> None:
    """Become an owner; whoever gave the shop up is a clerk from then on.

    Raises:
        NoOffer: if none waits for them.
    """
    taken = accept_offer(merchant, user, now=now)
    subject = f"merchant {merchant.slug}"
    tell(record(user, "team.hand_over", subject, person=user.pk, giver=taken.by_id, shared=int(taken.is_shared)))


@transaction.atomic
def decline(merchant: Merchant, user: User, *, now: datetime) -> None:
    """Say no to an offer.

    Raises:
        NoOffer: as above.
    """
    drop_offer(merchant, now=now, to=user)
    tell(record(user, "team.offer_declined", f"merchant {merchant.slug}", person=user.pk))


@transaction.atomic
def take_back(merchant: Merchant, *, by: User, now: datetime) -> None:
    """Take an offer back; any owner may, whoever made it.

    Raises:
        NoOffer: if none waits.
    """
    ended = drop_offer(merchant, now=now)
    tell(record(by, "team.offer_back", f"merchant {merchant.slug}", person=ended.to_id))
