"""Why buyers complain, per kind of goods: the words they choose from, and who has to prove what."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from xinka.catalog.models import Kind


class Reason(StrEnum):
    """What is wrong."""

    ALREADY_USED = "already_used"
    INVALID = "invalid"
    WRONG_REGION = "wrong_region"
    EXPIRED = "expired"
    NOT_AS_DESCRIBED = "not_as_described"
    TOO_FEW = "too_few"
    NEVER_ARRIVED = "never_arrived"
    WRONG_ACCOUNT = "wrong_account"
    ACTIVATIONS_USED = "activations_used"
    REVOKED = "revoked"
    FILE_BROKEN = "file_broken"
    LINK_DEAD = "link_dead"
    NO_ACCESS = "no_access"
    INCOMPLETE = "incomplete"
    NOT_PAID_BY_ME = "not_paid_by_me"
    OTHER = "other"


WORDS: Mapping[Reason, Promise] = MappingProxyType(
    {
        Reason.ALREADY_USED: _("The code was used already"),
        Reason.INVALID: _("The code is not accepted"),
        Reason.WRONG_REGION: _("It is for another region or server"),
        Reason.EXPIRED: _("It has expired"),
        Reason.NOT_AS_DESCRIBED: _("It is not what the page said"),
        Reason.TOO_FEW: _("Pieces are missing"),
        Reason.NEVER_ARRIVED: _("It never arrived"),
        Reason.WRONG_ACCOUNT: _("It went to the wrong account"),
        Reason.ACTIVATIONS_USED: _("No activations are left"),
        Reason.REVOKED: _("It worked and was revoked"),
        Reason.FILE_BROKEN: _("The file is broken"),
        Reason.LINK_DEAD: _("The link does not open"),
        Reason.NO_ACCESS: _("I cannot get in"),
        Reason.INCOMPLETE: _("Parts are missing"),
        Reason.NOT_PAID_BY_ME: _("Somebody else paid with my card"),
        Reason.OTHER: _("Something else"),
    }
)

_CODE = (Reason.ALREADY_USED, Reason.INVALID, Reason.WRONG_REGION, Reason.EXPIRED, Reason.NOT_AS_DESCRIBED)
REASONS: Mapping[Kind, tuple[Reason, ...]] = MappingProxyType(
    {
        Kind.CARD_CODE: (*_CODE, Reason.TOO_FEW, Reason.OTHER),
        Kind.LICENCE: (
            Reason.INVALID,
            Reason.ACTIVATIONS_USED,
            Reason.REVOKED,
            Reason.WRONG_REGION,
            Reason.NOT_AS_DESCRIBED,
            Reason.OTHER,
        ),
        Kind.DOWNLOAD: (
            Reason.LINK_DEAD,
            Reason.FILE_BROKEN,
            Reason.INCOMPLETE,
            Reason.NOT_AS_DESCRIBED,
            Reason.OTHER,
        ),
        Kind.COURSE: (Reason.NO_ACCESS, Reason.INCOMPLETE, Reason.NOT_AS_DESCRIBED, Reason.OTHER),
        Kind.TOP_UP: (
            Reason.NEVER_ARRIVED,
            Reason.TOO_FEW,
            Reason.WRONG_ACCOUNT,
            Reason.WRONG_REGION,
            Reason.NOT_AS_DESCRIBED,
            Reason.OTHER,
        ),
    }
)


def in_words(reason: str) -> str:
    """Return a reason as people read it."""
    return str(WORDS[Reason(reason)])
