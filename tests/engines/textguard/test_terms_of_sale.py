"""A listing is judged by what is for sale, not by how one pays and until when it is cheaper."""

from __future__ import annotations

import pytest

from xinka.engines.textguard.guard import Guard
from xinka.engines.textguard.model import Model
from xinka.engines.textguard.terms_of_sale import without_terms_of_sale

GUARD = Guard(model=Model.load())


@pytest.mark.parametrize("text", ["全店九折，今晚截止，支持支付宝微信", "限量五十份，先到先得，拍完即止"])
def test_a_promotion_that_says_nothing_but_its_terms_passes(text: str) -> None:
    assert GUARD.judge(text, "listing").decision == "allow"


@pytest.mark.parametrize(
    "text", ["微信老号特价清仓，十年实名带支付，今晚截止", "全店九折，抖音千粉号现货，支付宝微信都收"]
)
def test_what_is_forbidden_is_found_on_any_terms(text: str) -> None:
    assert GUARD.judge(text, "listing").decision in {"review", "block"}


@pytest.mark.parametrize("text", ["微信号出售", "支付宝 实名 出", "信用卡代还", "九折出号", "微信，价格私聊"])
def test_what_may_be_for_sale_or_a_contact_is_left(text: str) -> None:
    assert without_terms_of_sale(text) == text


def test_talk_is_judged_with_all_it_says() -> None:
    text = "支付宝微信都行，先到先得"
    talk, goods = GUARD.judge(text, "chat"), GUARD.judge(text, "listing")
    assert talk.model == pytest.approx(Model.load().score(text, "chat"))
    assert goods.model == pytest.approx(Model.load().score("，", "listing"))
