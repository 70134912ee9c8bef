"""How often orders may be looked for: enough for people, hopeless for guessing, and nothing that shuts out others.

A try counts for the place it comes from and for the contact it names; those limits refuse. What all visitors together
do never refuses anybody, for a thief could use it up and lock everybody out. It only makes the shop careful with
newcomers: while many wrong passwords are tried, in the whole shop or for one contact, newcomers are led to the mailed
link and their guesses are not looked at. Browsers that have seen goods they had paid for go on, each within a limit of
its own.
"""

from __future__ import annotations

from django.http import HttpRequest

from xinka.accounts.client_addresses import client_address
from xinka.kernel.places import place_of
from xinka.platform.ratelimits.limits import Limit, wait_after, wait_before
from xinka.shop.known_browsers import known_browser

#: Tries to find an order, right or wrong, as (number, seconds): per network address, per contact, per known browser.
FIND_PLACE, FIND_CONTACT, FIND_BROWSER = (20, 600), (8, 900), (20, 600)
#: Wrong passwords after which newcomers are asked for the mailed link: in the whole shop, for one contact.
WRONG_ALL, WRONG_CONTACT = (200, 600), (40, 86400)
#: Mails with links: they cost a stranger's attention, so there are few. The second pair is for newcomers while more
#: than MAIL_MANY are asked for in the whole shop.
MAIL_PLACE, MAIL_CONTACT = (10, 3600), (3, 3600)
MAIL_PLACE_BUSY, MAIL_CONTACT_BUSY = (3, 3600), (2, 3600)
MAIL_MANY = (300, 3600)
#: Notes for what is sold out, per place; each may mail a question to a stranger, whose mailbox gets few of them a day.
#: The second pair holds while more than NOTE_MANY are asked for in the whole shop.
NOTE_PLACE, NOTE_CONTACT = (10, 3600), (4, 86400)
NOTE_PLACE_BUSY, NOTE_CONTACT_BUSY = (3, 3600), (2, 86400)
NOTE_MANY = (300, 3600)


def wait_to_find(request: HttpRequest, contact: str) -> int:
    """Count a try; return for how many seconds it is refused, 0 if it is allowed."""
    limits = [Limit(_place("find", request), *FIND_PLACE), Limit(f"find:contact:{contact}", *FIND_CONTACT)]
    if browser := known_browser(request):
        limits.append(Limit(f"find:browser:{browser}", *FIND_BROWSER))
    return wait_after(limits)


def only_by_mail_for(request: HttpRequest, contact: str) -> int:
    """Return for how many seconds passwords of this newcomer are not looked at; 0 if they are."""
    return 0 if known_browser(request) else wait_before(_wrong(contact))


def count_wrong(contact: str) -> None:
    """Note that a contact and a password did not fit."""
    wait_after(_wrong(contact))


def wait_to_mail(request: HttpRequest, contact: str) -> int:
    """Count an asking for links; return for how many seconds it is refused, 0 if it is allowed."""
    is_busy = wait_after([Limit("mail:all", *MAIL_MANY)]) > 0 and not known_browser(request)
    place, per_contact = (MAIL_PLACE_BUSY, MAIL_CONTACT_BUSY) if is_busy else (MAIL_PLACE, MAIL_CONTACT)
    return wait_after([Limit(_place("mail", request), *place), Limit(f"mail:contact:{contact}", *per_contact)])


def wait_to_be_noted(request: HttpRequest, contact: str, *, is_theirs: bool) -> int:
    """Count an asking for a note; return for how many seconds it is refused, 0 if it is allowed.

    Somebody whose mailbox this is known to be is mailed no question, so only their place counts.
    """
    is_busy = wait_after([Limit("note:all", *NOTE_MANY)]) > 0
    place, per_contact = (NOTE_PLACE_BUSY, NOTE_CONTACT_BUSY) if is_busy else (NOTE_PLACE, NOTE_CONTACT)
    limits = [Limit(_place("note", request), *place)]
    return wait_after(limits if is_theirs else [*limits, Limit(f"note:contact:{contact}", *per_contact)])


def _place(what: str, request: HttpRequest) -> str:
    return f"{what}:ip:{place_of(client_address(request))}"


def _wrong(contact: str) -> list[Limit]:
    return [Limit("find:wrong", *WRONG_ALL), Limit(f"find:wrong:{contact}", *WRONG_CONTACT)]
