"""A scorecard: each figure adds to or takes from the odds that an account was made to be sold or to swell a count.

The weights are rounded numbers set by hand from what is generally known of such accounts (they follow many, are
followed by few, post next to nothing, are named by a machine); nothing learned from a data set is shipped.
``docs/engines`` says how well it does on labelled sets.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from xinka.engines.textguard.trust.figures import Figures

#: The log-odds of a fake account before anything is known: one in nine, as among followers that were rated by hand.
_PRIOR = -2.1
#: How far the log-odds may be off even when every figure is known, and what each unknown group adds (variances).
_OWN_VARIANCE, _PRIOR_VARIANCE = 0.6, 0.5
#: An interval of four in five.
_FOUR_IN_FIVE = 1.2816
#: Less than this (log-odds) is no reason worth telling.
_WORTH_TELLING = 0.7


@dataclass(frozen=True, slots=True)
class Piece:
    """What one figure says: log-odds of a fake (above zero speaks against the account), and its words."""

    log_odds: float
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class TrustVerdict:
    """How real an account is.

    Attributes:
        score: 0 (made up) to 1 (real).
        low, high: four of five such accounts lie between these; wide where little is known.
        reasons: the pieces that weigh most, the heaviest first.
    """

    score: float
    low: float
    high: float
    reasons: tuple[Piece, ...]


def judge_account(figures: Figures) -> TrustVerdict:
    """Return how real the account is, with the reasons and the uncertainty."""
    pieces, variance = [], _OWN_VARIANCE
    for rule, unknown_variance in _RULES:
        found = list(rule(figures))
        pieces += found
        variance += 0 if found else unknown_variance
    log_odds = _PRIOR + sum(piece.log_odds for piece in pieces)
    width = _FOUR_IN_FIVE * math.sqrt(variance)
    told = sorted((p for p in pieces if abs(p.log_odds) >= _WORTH_TELLING), key=lambda p: -abs(p.log_odds))
    return TrustVerdict(
        score=_real(log_odds), low=_real(log_odds + width), high=_real(log_odds - width), reasons=tuple(told[:5])
    )


def _real(log_odds: float) -> float:
    return 1 / (1 + math.exp(max(-60.0, min(60.0, log_odds))))


def _between(value: float, low: float, high: float) -> float:
    return max(low, min(high, value))


def _following(figures: Figures) -> Iterator[Piece]:
    """Many followed, few followers: what a follower for sale looks like."""
    if figures.followers is None or figures.following is None:
        return
    ratio = math.log((figures.following + 5) / (figures.followers + 5))
    size = math.log((figures.following + 20) / 320)
    odds = 0.5 * _between(ratio, -4, 4) + 0.9 * _between(size, -2, 3)
    yield Piece(
        odds,
        f"关注 {figures.following:.0f} 人，只有 {figures.followers:.0f} 人关注"
        if odds > 0
        else f"有 {figures.followers:.0f} 人关注，关注 {figures.following:.0f} 人",
        f"follows {figures.following:.0f}, followed by {figures.followers:.0f}",
    )


def _posting(figures: Figures) -> Iterator[Piece]:
    """Who is real posts now and then."""
    if figures.posts is None:
        return
    odds = -1.3 * _between(math.log((figures.posts + 1) / 12), -2.5, 2.5)
    yield Piece(odds, f"发布过 {figures.posts:.0f} 条内容", f"has posted {figures.posts:.0f} times")


def _crowd_without_posts(figures: Figures) -> Iterator[Piece]:
    """A large crowd that came for next to nothing was bought, unless the account is verified."""
    if figures.followers is None or figures.posts is None or figures.verified:
        return
    if figures.followers >= 5000 and figures.posts < 10:
        yield Piece(
            2.0,
            f"几乎没有内容却有 {figures.followers:.0f} 粉丝",
            f"{figures.followers:.0f} followers of an account with next to no posts",
        )


def _answers(figures: Figures) -> Iterator[Piece]:
    """Real followers answer: of a hundred, one to ten like an ordinary post, and some say a word."""
    if figures.likes is None or not figures.posts or not figures.followers or figures.followers < 50:
        return
    rate = figures.likes / figures.posts / figures.followers
    words = (
        f"每条内容的点赞约为粉丝数的 {100 * rate:.2g}%",
        f"a post is liked by about {100 * rate:.2g} % of its followers",
    )
    if rate < 0.002:
        yield Piece(0.6 + _between(0.5 * math.log(0.002 / max(rate, 1e-6)), 0, 1.6), *words)
    elif rate > 0.5:
        yield Piece(0.8, *words)
    else:
        yield Piece(-0.8, *words)
    if figures.comments is not None and figures.likes >= 100:
        talk = (figures.comments + (figures.shares or 0)) / figures.likes
        yield Piece(
            0.8 if talk < 0.002 else -0.3,
            f"评论与转发为点赞的 {100 * talk:.2g}%",
            f"{100 * talk:.2g} comments a hundred likes",
        )


def _age(figures: Figures) -> Iterator[Piece]:
    """Accounts for sale are young, or post at a pace nobody keeps."""
    if figures.age_days is None:
        return
    odds = _between(0.5 * math.log(180 / max(figures.age_days, 1)), -1.2, 1.5)
    yield Piece(odds, f"注册 {figures.age_days:.0f} 天", f"is {figures.age_days:.0f} days old")
    pace = (figures.posts or 0) / max(figures.age_days, 1)
    if pace > 60:
        yield Piece(1.2, f"平均每天发布 {pace:.0f} 条", f"posts {pace:.0f} times a day")


def _name(figures: Figures) -> Iterator[Piece]:
    """A row of digits in a name is how machines keep names apart."""
    digits, length = figures.name_digits, figures.name_length
    if digits is None and figures.digit_share is not None:
        digits = figures.digit_share * (length or 11)
    if digits is None:
        return
    odds = 1.2 if digits >= 3 else 0.3 if digits >= 2 else -0.2
    yield Piece(odds, f"名字里有 {digits:.0f} 个数字", f"{digits:.0f} digits in its name")


def _profile(figures: Figures) -> Iterator[Piece]:
    """What it costs a moment to fill in."""
    if figures.has_picture is not None:
        odds = -0.1 if figures.has_picture else 1.2
        yield Piece(odds, "有头像" if figures.has_picture else "没有头像", "a picture" if odds < 0 else "no picture")
    if figures.bio_length is not None:
        odds = -0.6 if figures.bio_length else 0.5
        yield Piece(odds, "写有简介" if odds < 0 else "没有简介", "a description" if odds < 0 else "no description")
    if figures.has_link:
        yield Piece(-0.8, "主页有链接", "a link in its profile")


def _standing(figures: Figures) -> Iterator[Piece]:
    """What others vouch for."""
    if figures.verified:
        yield Piece(-4.0, "已通过平台认证", "verified by the platform")
    if figures.listed is not None:
        yield Piece(
            -0.7 * _between(math.log1p(figures.listed), 0, 3) + 0.3, "被他人收入列表", "kept in lists of others"
        )
    if figures.likes_given is not None:
        odds = 0.6 if figures.likes_given == 0 else -0.25 * _between(math.log1p(figures.likes_given), 0, 4)
        yield Piece(odds, f"赞过 {figures.likes_given:.0f} 次", f"has liked {figures.likes_given:.0f} posts")


def _originality(figures: Figures) -> Iterator[Piece]:
    """Copied content is how an account is made to look lived in."""
    if figures.originality is None:
        return
    share = _between(figures.originality, 0, 1)
    yield Piece(2.4 * (0.5 - share), f"原创占 {share:.0%}", f"{share:.0%} of its posts are its own")


#: Each rule with the variance of the log-odds that remains where its figures are not known.
_RULES: tuple[tuple[Callable[[Figures], Iterator[Piece]], float], ...] = (
    (_following, 2.0),
    (_posting, 1.2),
    (_crowd_without_posts, 0.0),
    (_answers, 0.5),
    (_age, 0.5),
    (_name, 0.3),
    (_profile, 0.3),
    (_standing, 0.2),
    (_originality, 0.2),
)
