"""The audit is read by people: acts in words, amounts as money, numbers as names; nothing recorded is wordless."""

from __future__ import annotations

import ast
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client

import xinka
from tests import cast
from xinka.merchants.models import MerchantState
from xinka.office.acts import ACTS, DETAILS
from xinka.platform.audit.actions import record
from xinka.reconciling.states import DifferenceState

_TAG = re.compile(r"[a-z_]+\.[a-z_]+")
#: Tags that end in a state.
_ENDINGS = {
    "difference.": [state.value for state in DifferenceState],
    "merchant.": [state.value for state in MerchantState],
}


def _texts(tree: ast.AST) -> set[str]:
    found = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return {text for text in found if _TAG.fullmatch(text)}


def _tags(written: ast.expr, module: ast.Module) -> set[str]:
    """Return the tags that one call may write down; a tag that is worked out elsewhere stands in the same module."""
    if isinstance(written, ast.JoinedStr):
        begin = written.values[0]
        assert isinstance(begin, ast.Constant)
        return {f"{begin.value}{end}" for end in _ENDINGS[str(begin.value)]}
    return _texts(written) or _texts(module)


def _recorded() -> list[tuple[set[str], set[str]]]:
    """Return the tags and the names of details of each call in the source that writes into the audit."""
    found = []
    for path in Path(xinka.__file__).parent.rglob("*.py"):
        text = path.read_text()
        if "xinka.platform.audit.actions" not in text:
            continue
        module = ast.parse(text)
        for call in ast.walk(module):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "record":
                names = {word.arg for word in call.keywords if word.arg}
                found.append((_tags(call.args[1], module), names))
    return found


def _cy() -> cast.User:
    person = cast.person("cy@example.com")
    person.display_name = "Cy"
    person.save()
    return person


def test_every_act_that_is_recorded_has_words() -> None:
    recorded = _recorded()
    assert len(recorded) > 60
    tags = {tag for some, _names in recorded for tag in some}
    assert {"escrow.freeze", "escrow.ask_unfreeze", "merchant.suspended", "channel.off", "staff.roles"} <= tags
    assert tags - set(ACTS) == set()
    assert {name for _tags, names in recorded for name in names} - set(DETAILS) == set()


def test_no_amount_is_recorded_without_its_currency() -> None:
    assert [
        tags for tags, names in _recorded() if names & {"amount", "total", "value"} and "currency" not in names
    ] == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["Refused to give money back", "asked by</span> Cy", "amount</span> ¥536.00", "JP¥536"]),
        ("zh-hans", ["拒绝退款申请", "申请人</span> Cy", "金额</span> ¥536.00", "JP¥536"]),
    ],
)
def test_an_act_is_told_in_words_with_money_and_names(
    office: Client, dee: cast.User, language: str, words: list[str]
) -> None:
    cy = _cy()
    record(dee, "refund.refuse", "ord_1", amount=53_600, currency="CNY", asked_by=cy.pk)
    record(dee, "refund.refuse", "ord_2", amount=536, currency="JPY", asked_by=cy.pk)
    office.cookies["xk_lang"] = language
    shown = office.get("/office/audit").content.decode()
    assert [one for one in words if one not in shown] == []
    assert "53600" not in shown


@pytest.mark.django_db
def test_what_has_no_words_is_shown_as_it_was_recorded(office: Client, dee: cast.User) -> None:
    record(dee, "moon.land", "moon 1", amount=53_600, flags=2, asked_by=999_999)
    shown = office.get("/office/audit").content.decode()
    assert ">moon.land<" in shown
    assert "amount (in the smallest unit)</span> 53600" in shown
    assert "flags</span> 2" in shown
    assert "#999999" in shown


@pytest.mark.django_db
def test_who_was_given_a_role_is_named_and_so_is_the_role(office: Client, dee: cast.User) -> None:
    cy = _cy()
    record(dee, "staff.roles", f"#{cy.pk}", before="", after="finance risk")
    shown = office.get("/office/audit").content.decode()
    assert ">Cy</td>" in shown
    assert "Finance, Risk" in shown


@pytest.mark.django_db
def test_acts_are_found_by_kind_person_and_day(office: Client, dee: cast.User) -> None:
    cy = _cy()
    mine = record(dee, "channel.on", "channel one")
    record(cy, "channel.off", "channel two")
    day = mine.at.astimezone().date()

    def found(**asked: object) -> set[str]:
        shown = office.get("/office/audit", asked).content.decode()
        return {name for name in ("channel one", "channel two") if name in shown}

    assert found() == {"channel one", "channel two"}
    assert found(act="channel.on") == {"channel one"}
    assert found(who="cy") == {"channel two"}
    assert found(day=day - timedelta(days=3)) == set()
    assert found(act="moon.land", who="\0", day="9999-99-99") == {"channel one", "channel two"}
