"""The public figures of an account, under the names that platforms and data sets give them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: Other names of a figure, beside its own.
_OTHER_NAMES = {
    "followers": ("followers_count", "fans"),
    "following": ("following_count", "friends", "friends_count", "follows"),
    "posts": ("posts_count", "statuses", "statuses_count", "media_count", "videos"),
    "likes": ("likes_received", "total_likes"),
    "comments": ("comments_received",),
    "shares": ("shares_received", "reposts"),
    "likes_given": ("favourites", "favourites_count", "favorites"),
    "age_days": ("age", "account_age_days"),
    "verified": ("is_verified",),
    "originality": ("original_share",),
    "has_picture": ("has_pic", "profile_pic"),
    "has_link": ("has_url", "external_url"),
    "bio_length": ("bio_len", "has_bio", "description_length"),
    "name_length": ("name_len",),
    "name_digits": ("digits_in_name",),
    "digit_share": ("digit_ratio",),
    "listed": ("listed_count",),
}
_LARGEST = 1e12


@dataclass(frozen=True, slots=True)
class Figures:
    """What is publicly known of an account; None stands for what is not known.

    Attributes:
        followers, following, posts: counts. The first two or the last must be known for a judgement.
        likes, comments, shares: what all posts together have received.
        likes_given: how many posts of others the account has liked.
        age_days: days since the account was made.
        verified: whether the platform has checked who it is (1 or 0).
        originality: the share of posts that are the account's own, 0 to 1.
        has_picture, has_link: whether there is a picture of its own and a link in the profile (1 or 0).
        bio_length, name_length, name_digits: characters of the description and of the name, digits in the name.
        digit_share: digits in the name divided by its length, 0 to 1.
        listed: in how many public lists others keep it.
    """

    followers: float | None = None
    following: float | None = None
    posts: float | None = None
    likes: float | None = None
    comments: float | None = None
    shares: float | None = None
    likes_given: float | None = None
    age_days: float | None = None
    verified: float | None = None
    originality: float | None = None
    has_picture: float | None = None
    has_link: float | None = None
    bio_length: float | None = None
    name_length: float | None = None
    name_digits: float | None = None
    digit_share: float | None = None
    listed: float | None = None

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Figures:
        """Read a record that may use other names and numbers written as texts; what is unknown to us is left alone.

        Raises:
            ValueError: a figure is not a number, is below zero or beyond reason, or too few are known.
        """
        found: dict[str, float | None] = {}
        for name in cls.__slots__:
            at = next((key for key in (name, *_OTHER_NAMES[name]) if _is_given(record.get(key))), None)
            found[name] = None if at is None else _number(record[at], at)
        figures = cls(**found)
        if figures.posts is None and (figures.followers is None or figures.following is None):
            raise ValueError(
                "too few figures: give `followers` and `following`, or `posts`"
                " / 数据不足：请提供粉丝数与关注数，或作品数"
            )
        return figures


def _is_given(value: object) -> bool:
    return value is not None and value != ""


def _number(value: object, name: str) -> float:
    try:
        number = float(value)  # type: ignore[arg-type]  # what is no number says so itself
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"`{name}` must be a number / 字段 {name} 必须是数字") from None
    if not 0 <= number <= _LARGEST:
        raise ValueError(f"`{name}` must be between 0 and 10^12 / 字段 {name} 必须在 0 与 10^12 之间")
    return number
