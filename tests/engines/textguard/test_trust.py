"""Real and made-up accounts."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinka.engines.textguard.trust import Figures, judge_account

_FOR_SALE = {"followers": 12, "following": 3400, "posts": 0, "has_pic": 0, "name_digits": 4}
_PERSON = {"followers": 420, "following": 380, "posts": 96, "has_pic": 1, "bio_len": 40, "name_digits": 0}


def _score(**figures: object) -> float:
    return judge_account(Figures.from_record(figures)).score


def test_a_person_is_real_and_a_follower_for_sale_is_not() -> None:
    assert _score(**_PERSON) > 0.95
    assert _score(**_FOR_SALE) < 0.05


def test_a_verified_account_is_believed_more() -> None:
    assert _score(**_FOR_SALE, verified=1) > _score(**_FOR_SALE)


def test_a_crowd_that_never_answers_speaks_against_the_account() -> None:
    crowd = {"followers": 80_000, "following": 20, "posts": 300}
    silent, lively = _score(**crowd, likes=3000, comments=2), _score(**crowd, likes=900_000, comments=20_000)
    assert silent < lively


def test_copied_content_and_youth_speak_against_the_account() -> None:
    assert _score(**_PERSON, originality=0.05) < _score(**_PERSON, originality=0.95)
    assert _score(**_PERSON, age_days=4) < _score(**_PERSON, age_days=1500)


def test_what_is_not_known_widens_the_interval() -> None:
    little = judge_account(Figures(followers=300, following=300))
    much = judge_account(
        Figures.from_record({**_PERSON, "age_days": 900, "likes": 9000, "originality": 0.9, "listed": 3})
    )
    assert little.high - little.low > much.high - much.low
    assert little.low < little.score < little.high


def test_the_reasons_are_the_heaviest_first() -> None:
    reasons = judge_account(Figures.from_record(_FOR_SALE)).reasons
    assert [abs(piece.log_odds) for piece in reasons] == sorted((abs(p.log_odds) for p in reasons), reverse=True)
    assert reasons[0].en == "follows 3400, followed by 12"


@pytest.mark.parametrize(
    ("name", "own"), [("friends_count", "following"), ("statuses", "posts"), ("has_url", "has_link")]
)
def test_other_names_of_a_figure_are_understood(name: str, own: str) -> None:
    record = {"followers": 1, "following": 2, "posts": 3}
    record.pop(own, None)
    assert getattr(Figures.from_record({**record, name: "7"}), own) == 7


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ({"followers": 3}, "too few figures"),
        ({"followers": "many", "following": 1}, "`followers` must be a number"),
        ({"followers": -1, "following": 1}, "`followers` must be between 0 and 10\\^12"),
        ({"followers": float("nan"), "following": 1}, "`followers` must be between"),
    ],
)
def test_wrong_figures_are_named(record: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Figures.from_record(record)


@given(st.dictionaries(st.sampled_from(Figures.__slots__), st.floats(0, 1e12), max_size=17))
def test_every_account_has_a_score_inside_its_interval(record: dict[str, float]) -> None:
    verdict = judge_account(Figures.from_record({"posts": 1, **record}))
    assert 0 <= verdict.low <= verdict.score <= verdict.high <= 1


def test_the_command_answers_each_account_and_names_the_wrong_lines() -> None:
    lines = [json.dumps({"id": "p", **_PERSON}), json.dumps({"id": "w"}), json.dumps({"id": "s", **_FOR_SALE})]
    done = subprocess.run(
        [sys.executable, "-m", "xinka.config.cli", "guard", "accounts"],
        input="\n".join(lines),
        capture_output=True,
        text=True,
        check=False,
    )
    answers = {answer["id"]: answer for answer in map(json.loads, done.stdout.splitlines())}
    assert set(answers) == {"p", "s"}
    assert answers["s"]["score"] < answers["p"]["score"]
    assert answers["s"]["reasons"][0] == {
        "zh": "关注 3400 人，只有 12 人关注",
        "en": "follows 3400, followed by 12",
        "speaks": "against",
    }
    assert done.returncode == 1
    assert "line 2 / 第 2 行: too few figures" in done.stderr
