"""Identifiers: ordered by time, unguessable, and shown in a form that survives being read aloud."""

from __future__ import annotations

import time
from contextlib import suppress
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinka.kernel import ids
from xinka.kernel.errors import BadIdentifier


@given(st.uuids())
def test_what_is_shown_is_read_back(identifier: UUID) -> None:
    assert ids.parse("ord", ids.show("ord", identifier)) == identifier


@given(st.text(max_size=40))
def test_any_other_text_is_refused_as_not_found(text: str) -> None:
    assert BadIdentifier.status == 404
    with suppress(BadIdentifier):
        assert ids.show("ord", ids.parse("ord", text)) == text


@pytest.mark.parametrize(
    "spoilt",
    [
        "",
        "ord_",
        "pay_00000000000000000000000000",
        "ord_0000000000000000000000000",
        "ord_000000000000000000000000000",
        "ord_80000000000000000000000000",
        "ord_0000000000000000000000000i",
        "ord_0000000000000000000000000A",
        "ord_0000000000000000000000000０",
        "ord_0000000000000000000000000\n",
        "ORD_00000000000000000000000000",
    ],
)
def test_a_spoilt_identifier_is_refused(spoilt: str) -> None:
    with pytest.raises(BadIdentifier):
        ids.parse("ord", spoilt)


def test_identifiers_are_uuids_of_version_7_and_never_repeat() -> None:
    made = [ids.new_uuid() for _ in range(5_000)]
    assert len(set(made)) == 5_000
    assert {(each.version, each.variant) for each in made} == {(7, "specified in RFC 4122")}


def test_identifiers_sort_by_the_time_they_were_made() -> None:
    before = ids.first_of(time.time() - 1)
    made = ids.new_uuid()
    after = ids.first_of(time.time() + 1)
    assert before < made < after


def test_the_random_part_does_not_tell_the_next_one() -> None:
    tails = [ids.new_uuid().int & ((1 << 62) - 1) for _ in range(2_000)]
    for bit in range(62):
        n_set = sum(tail >> bit & 1 for tail in tails)
        assert 800 < n_set < 1_200, f"bit {bit} is set in {n_set} of 2,000"
