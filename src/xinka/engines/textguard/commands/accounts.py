"""``xinka guard accounts``: how real social accounts are."""

from __future__ import annotations

import sys
from typing import Any

import click

from xinka.engines.lines import WrongLine, judge_lines
from xinka.engines.textguard.trust import Figures, judge_account


@click.command()
def accounts() -> None:
    """Read public figures of accounts as JSON lines and say how real each is.

    逐行读取账号的公开数据（粉丝、关注、作品、获赞、评论、转发、注册天数、认证、原创比例等），给出真实程度。

    Known figures: followers, following, posts, likes, comments, shares, likes_given, age_days, verified, originality,
    has_picture, has_link, bio_length, name_length, name_digits, digit_share, listed; what is missing makes the answer
    less sure. Each answer holds `id`, `score` (0 made up .. 1 real), `low`, `high` and `reasons`.
    """

    def judge(record: dict[str, Any]) -> dict[str, Any]:
        try:
            verdict = judge_account(Figures.from_record(record))
        except ValueError as error:
            raise WrongLine(str(error)) from None
        return {
            "id": record.get("id"),
            "score": round(verdict.score, 6),
            "low": round(verdict.low, 4),
            "high": round(verdict.high, 4),
            "reasons": [
                {"zh": piece.zh, "en": piece.en, "speaks": "against" if piece.log_odds > 0 else "for"}
                for piece in verdict.reasons
            ],
        }

    sys.exit(1 if judge_lines(judge) else 0)
