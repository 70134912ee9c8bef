"""What is wrong with a line of a stock file, in words for a page or a terminal: they follow the line's number."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from xinka.stock.importing.problems import Why

_WORDS = {
    Why.CONTROL: gettext_lazy("has a control character"),
    Why.TOO_LONG: gettext_lazy("is longer than 4,096 bytes"),
    Why.NO_CODE: gettext_lazy("has no code"),
    Why.HEADING: gettext_lazy("is the name of a column, not a code"),
    Why.BAD_QUOTES: gettext_lazy("has a quotation mark without its other half"),
    Why.TOO_MANY_COLUMNS: gettext_lazy("has more columns than the first line"),
    Why.BAD_DATE: gettext_lazy("has a date that is not like 2027-01-31, 2027/1/31 or 20270131"),
    Why.EXPIRED: gettext_lazy("has expired already"),
    Why.ROUNDED: gettext_lazy(
        "was rounded by a spreadsheet, as in 1.23E+15; its digits are lost, so export it again as text"
    ),
    Why.LABEL_TOO_LONG: gettext_lazy("has a label of more than 80 characters"),
}


def in_words(why: Why) -> str:
    """Say in the language of the moment why a line was left out; it follows "Line 5"."""
    return str(_WORDS[why])
