"""Columns of a stock file, chosen by hand: what makes the code, in which order, what buyers see, what expires."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from xinka.stock.actions import text_of
from xinka.stock.importing.columns import MAX_JOINT, Choice, cells_of, first_line, guess
from xinka.stock.importing.records import Layout
from xinka.stock.models import StockBatch
from xinka.stock.previews import ColumnSample, choice_and_samples

_LINE, _OTHER = "line", "other"
_SEPARATORS = {
    "comma": (",", _("comma")),
    "tab": ("\t", _("tab")),
    "semicolon": (";", _("semicolon")),
    "bar": ("|", "|"),
    "dashes": ("----", "----"),
}
_JOINTS = {
    "space": (" ", _("a space")),
    "dashes": ("----", "----"),
    "dash": ("-", "-"),
    "colon": (":", ":"),
    "bar": ("|", "|"),
    "comma": (",", ","),
    "nothing": ("", _("nothing")),
}
_MOST_PARTS = 6
_LABEL, _EXPIRES = "label", "expires"
_COLUMN = "column"


class ColumnsForm(forms.Form):
    """How a file is read. Its columns are asked for only while ``shown`` is how they are separated, as on the page."""

    separator = forms.ChoiceField(
        label=_("Between the columns is"),
        choices=[
            (_LINE, _("nothing: each line is one code")),
            *((key, words) for key, (_s, words) in _SEPARATORS.items()),
        ],
    )
    has_heading = forms.BooleanField(label=_("The first line is a heading, not a code"), required=False)
    joined_by = forms.ChoiceField(
        label=_("Between the parts of a code comes"),
        choices=[*((key, words) for key, (_j, words) in _JOINTS.items()), (_OTHER, _("something else:"))],
        required=False,
    )
    other = forms.CharField(
        label=_("Something else between the parts"), max_length=MAX_JOINT, strip=False, required=False
    )
    shown = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(
        self, *args: Any, choice: Choice | None, samples: list[ColumnSample], line: str, **kwargs: Any
    ) -> None:
        self._line, self._samples = line, samples
        shown = _key(_SEPARATORS, choice.separator) if choice else _LINE
        kwargs["initial"] = {"separator": shown, "shown": shown, **(_initial(choice) if choice else {})}
        super().__init__(*args, **kwargs)
        for number in range(len(samples)):
            role = kwargs["initial"].get(f"{_COLUMN}{number}", "")
            self.fields[f"{_COLUMN}{number}"] = forms.ChoiceField(
                label=gettext("Column %(n)s is") % {"n": number + 1}, choices=_roles(), required=False, initial=role
            )

    def columns(self) -> list[tuple[int, ColumnSample, BoundField]]:
        """Return each column's number from 1 on, a look at it, and the field that says what it is."""
        return [(number + 1, one, self[f"{_COLUMN}{number}"]) for number, one in enumerate(self._samples)]

    def clean(self) -> dict[str, Any]:
        """A code has a part or more, each its own column; a label and a date are one column each, if any."""
        data: dict[str, Any] = super().clean() or {}
        if not self.errors and self._says_columns():
            roles = self._roles()
            if not any(role.isdigit() for role in roles.values()):
                self.add_error(None, _("Say which column is the code, or its first part."))
            elif len(set(roles.values())) < len(roles):
                self.add_error(None, _("Two columns are the same: give each part of the code its own number."))
            if data.get("joined_by") == _OTHER and not data.get("other", "").replace("\t", " ").isprintable():
                self.add_error("other", _("Only signs that can be seen, spaces and tabs."))
        return data

    def chosen(self) -> tuple[Layout, Choice | None]:
        """Return how the file is to be read; with another separator its first line tells, until it was looked at."""
        key = self.cleaned_data["separator"]
        if key == _LINE:
            return Layout.TXT, None
        separator = _SEPARATORS[key][0]
        if not self._says_columns():
            return Layout.CSV, _first_look(self._line, separator)
        data, roles = self.cleaned_data, self._roles()
        place = {role: number for number, role in roles.items()}
        joint = data["other"] if data["joined_by"] == _OTHER else _JOINTS[data["joined_by"] or "space"][0]
        return Layout.CSV, Choice(
            separator,
            data["has_heading"],
            tuple(place[role] for role in sorted(role for role in place if role.isdigit())),
            len(cells_of(self._line, separator) or []),
            joint,
            place.get(_LABEL),
            place.get(_EXPIRES),
        )

    def _says_columns(self) -> bool:
        return bool(self._samples) and self.cleaned_data["separator"] == self.cleaned_data["shown"]

    def _roles(self) -> dict[int, str]:
        found = ((number, self.cleaned_data[f"{_COLUMN}{number}"]) for number in range(len(self._samples)))
        return {number: role for number, role in found if role}


def columns_form(batch: StockBatch, data: Any = None) -> ColumnsForm:
    """Return the form of a waiting batch as it is read now, or with what was sent."""
    choice, samples = choice_and_samples(batch)
    return ColumnsForm(data, choice=choice, samples=samples, line=first_line(text_of(batch).lines()))


def _first_look(line: str, separator: str) -> Choice:
    """Return what a heading says of its columns; without one nothing is imported, or shown, until it is said."""
    told = guess(line, separator)
    if told.has_heading:
        return told
    return replace(told, code=(), width=len(cells_of(line, separator) or []), label=None, expires_on=None)


def _roles() -> list[tuple[str, Any]]:
    parts = [(str(n), gettext("part %(n)s of the code") % {"n": n}) for n in range(2, _MOST_PARTS + 1)]
    return [
        ("", _("not imported")),
        ("1", _("the code, or part 1 of it")),
        *parts,
        (_LABEL, _("label, which buyers can read")),
        (_EXPIRES, pgettext_lazy("column", "expiry date")),
    ]


def _initial(choice: Choice) -> dict[str, Any]:
    joint = _key(_JOINTS, choice.joined_by)
    roles = {f"{_COLUMN}{number}": str(part) for part, number in enumerate(choice.code, 1)}
    for number, role in ((choice.label, _LABEL), (choice.expires_on, _EXPIRES)):
        if number is not None:
            roles[f"{_COLUMN}{number}"] = role
    other = choice.joined_by if joint == _OTHER else ""
    return {"has_heading": choice.has_heading, "joined_by": joint, "other": other, **roles}


def _key(table: dict[str, tuple[str, Any]], sign: str) -> str:
    return next((key for key, (its, _words) in table.items() if its == sign), _OTHER)
