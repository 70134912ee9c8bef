"""Codes: however they are typed they are the same, and made ones cannot be guessed or misread."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinka.promotions.codes import LETTERS, make_codes, normalise_code, show_code
from xinka.promotions.passes import MEMBER_FOR, MemberPass, Passes


@pytest.mark.parametrize(
    "typed",
    ["SPRING10", "spring10", " spring-10 ", "ＳＰＲＩＮＧ１０", "spr ing\u301010".replace("\u3010", ""), "Spring–10"],
)
def test_a_code_is_the_same_however_it_is_typed(typed: str) -> None:
    assert normalise_code(typed) == "SPRING10"


@pytest.mark.parametrize("typed", ["", "abc", "a" * 33, "a'; DROP", "<b>code</b>", "co\x00de", "code\u202e12"])
def test_what_cannot_be_a_code_is_none(typed: str) -> None:
    assert normalise_code(typed) == ""


def test_chinese_words_can_be_codes() -> None:
    assert normalise_code("双十一大促") == "双十一大促"


@given(st.text(max_size=60))
def test_the_normal_form_is_normal(typed: str) -> None:
    once = normalise_code(typed)
    assert normalise_code(once) == once


def test_ten_thousand_codes_are_different_and_readable() -> None:
    codes = make_codes(10_000)
    assert len(set(codes)) == 10_000
    assert {len(code) for code in codes} == {10}
    assert set("".join(codes)) <= set(LETTERS)
    assert not set(LETTERS) & set("0O1IL")
    assert normalise_code(show_code(codes[0])) == codes[0]


PASSES = Passes(b"s" * 32)
CY = MemberPass(7, 300)


def test_a_members_pass_is_believed_beside_its_session_until_it_is_old() -> None:
    value = PASSES.member(CY, "session", 1000)
    assert PASSES.read_member(value, "session", 1000 + MEMBER_FOR) == CY
    assert PASSES.read_member(value, "session", 1001 + MEMBER_FOR) is None
    assert PASSES.read_member(value, "another", 1000) is None
    assert PASSES.read_member(value, "", 1000) is None


@pytest.mark.parametrize("change", [("7.", "8."), (".300.", ".9000."), ("7.300", "7.300.1"), ("7", "七")])
def test_a_changed_pass_is_worth_nothing(change: tuple[str, str]) -> None:
    value = PASSES.member(CY, "session", 1000).replace(*change, 1)
    assert PASSES.read_member(value, "session", 1000) is None


@given(st.text(max_size=80))
def test_whatever_comes_as_a_pass_is_judged_quietly(value: str) -> None:
    assert PASSES.read_member(value, "session", 0) is None
    assert PASSES.read_referral(value) == 0


def test_a_referral_code_names_its_person_and_nobody_else_can_make_it() -> None:
    code = PASSES.referral(42)
    assert PASSES.read_referral(code) == 42
    assert PASSES.read_referral(code.replace("42.", "43.")) == 0
    assert Passes(b"t" * 32).read_referral(code) == 0


def test_a_persons_key_is_a_uuid_that_tells_nothing() -> None:
    assert len(PASSES.buyer_key(7)) == 32
    assert PASSES.buyer_key(7) != PASSES.buyer_key(8)


def test_networks_are_counted_by_keys_that_only_this_shop_can_make() -> None:
    key = PASSES.place_key("203.0.113.7")
    assert key == PASSES.place_key("203.0.113.7")
    assert PASSES.place_key("2001:db8:1:2::3") == PASSES.place_key("2001:db8:1:2::4"), "a network, not a device"
    assert key not in {Passes(b"t" * 32).place_key("203.0.113.7"), PASSES.place_key("203.0.113.8")}
