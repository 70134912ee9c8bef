"""Where the goods are sent: an e-mail address, or a QQ number that stands for its mailbox. No Django here."""

from __future__ import annotations

import re
import unicodedata

from xinka.kernel.errors import BadInput

_QQ = re.compile(r"[1-9][0-9]{4,11}", re.ASCII)
# The dot-atom of RFC 5322 and a host name of RFC 1123; no quoting, no comments, no address literals.
_LOCAL = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*", re.ASCII)
_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(?:{_LABEL}\.)+(?![0-9]+\Z){_LABEL}", re.ASCII)
_WIDTHS = ("<wide>", "<narrow>", "<small>")
_MAX = 254
_MAX_LOCAL = 64


def normalise_contact(text: str) -> str:
    """Return the mail address a contact stands for; ``12345678`` is ``12345678@qq.com``.

    Full-width digits and letters are folded, white space around is dropped and all is lower case, so that the order is
    found again however the address was typed. A QQ number may be written in groups: ``123 456 789``. Signs that are
    others of a keyboard's (``²``, ``①``, ``ⓐ``, ``ﬁ``) are refused: read as plain ones they would name another mailbox.

    Raises:
        BadInput: if it is neither an address nor a QQ number.
    """
    plain = (text if text.isascii() else _in_half_width(text)).strip()
    # There are letters beyond ASCII whose small form is one of ours, as that of the sign for kelvin.
    folded = plain.lower() if plain.isascii() else plain
    local, at, host = folded.rpartition("@")
    if not at:
        number = "".join(folded.split())
        if _QQ.fullmatch(number):
            return f"{number}@qq.com"
    is_address = len(folded) <= _MAX and len(local) <= _MAX_LOCAL and _LOCAL.fullmatch(local) and _HOST.fullmatch(host)
    if not is_address:
        raise BadInput(
            field="contact",
            why_zh="请填邮箱（name@example.com）或 QQ 号（5 到 12 位数字）",
            why_en="enter an e-mail address (name@example.com) or a QQ number (5 to 12 digits)",
        )
    return folded


def _in_half_width(text: str) -> str:
    """Return a text with what an input method makes wide or small as a keyboard has it, and all else as it is."""
    return "".join(
        unicodedata.normalize("NFKC", sign) if unicodedata.decomposition(sign).startswith(_WIDTHS) else sign
        for sign in text
    )


def mask_contact(address: str) -> str:
    """Return the address with most of its name hidden: ``li***@qq.com``."""
    local, _, host = address.rpartition("@")
    return f"{local[:2] if len(local) > 2 else local[:1]}***@{host}"
