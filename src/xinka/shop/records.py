"""How a seller did lately, in the few facts that help a buyer decide; what is too little to say is not said."""

from __future__ import annotations

from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from xinka.merchants.models import Record
from xinka.merchants.policies import LEAST_COUNTED, RECORD_DAYS
from xinka.platform.look.templatetags.look import grouped, span


class Fact(NamedTuple):
    """One fact with what to compare it with; ``is_worse`` than with most sellers."""

    label: str
    value: str
    context: str = ""
    is_worse: bool = False


def facts_of(record: Record | None) -> list[Fact]:
    """Return the facts of a seller; none where nothing was counted yet."""
    if record is None:
        return []
    n = record.n_delivered
    sold = ngettext("%(n)s order", "%(n)s orders", n) % {"n": grouped(n)} if n else _("none yet")
    facts = [Fact(_("Sold in %(days)d days") % {"days": RECORD_DAYS}, sold)]
    if n >= LEAST_COUNTED:
        facts.append(_disputes(record))
    elif n:
        facts.append(Fact(_("Dispute share"), "—", _("too few orders for a share")))
    if record.answers_in is not None:
        facts.append(Fact(_("Answers buyers"), _("within %(time)s") % {"time": span(record.answers_in)}, _("mostly")))
    return facts


def _disputes(record: Record) -> Fact:
    share = round(10_000 * record.n_disputed / record.n_delivered)
    usual = record.usual_bps
    context = "" if usual is None else _("half of all sellers: %(share)s or less") % {"share": _percent(usual)}
    return Fact(_("Dispute share"), _percent(share), context, usual is not None and share > usual)


def _percent(bps: int) -> str:
    """Write a share of ten-thousandths: ``150`` → ``1.5%``."""
    return f"{bps / 100:.1f}%"
