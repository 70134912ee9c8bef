"""Applies rules to a text: a term, the intent it needs, the lawful neighbours that excuse it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from xinka.engines.textguard.matcher import Found, Matcher, MatcherData
from xinka.engines.textguard.packs import Pack, Rule
from xinka.engines.textguard.prepared import prepared
from xinka.engines.textguard.spellings import DEPTH, Term
from xinka.engines.textguard.views import View

#: A lawful neighbour excuses a hit that it touches or that is at most so many characters away.
_NEAR = 6
#: What a term must stand beside (its platform, its game) may be so many characters away.
_BESIDE = 8
#: A word that forbids or warns excuses what follows it within so many characters, up to the end of the sentence.
_NEGATION_REACH = 7
_SENTENCE_ENDS = frozenset("。！？!?\n；;")
#: What the language of rules forbids with is said once for a whole list (不得销售账号、银行卡、外挂), which is at most
#: so long and has at least so many commas of lists. Sellers say of themselves 不收, 不卖 or 不用, which go no farther.
_OF_RULES = frozenset(("不得", "禁止", "严禁"))
_LIST_REACH, _FEWEST_COMMAS, _LIST_COMMA = 60, 2, "、"
_AFTER = 6
NEGATIONS = tuple(
    """
    不是 并非 非 不要 请勿 切勿 勿 别 严禁 禁止 拒绝 杜绝 打击 谨防 防止 防范 警惕 小心 举报 抵制
    远离 不卖 不售 不出售 不提供 不支持 不接 不做 不收 不代 不得 没有 无需 不含 不带 不涉及 涉嫌 识破
    揭秘 反 禁 屏蔽 封禁 查处 整治 遇到 凡是 凡要求 不会 绝不 从不 永不 不需要 不用 无
    """.split()  # noqa: SIM905 - words read better without quotes
)

#: Longer words that are no trade although they hold a word of trade (售 in 售后).
COMPOUNDS = tuple(
    """
    售后 售前 售罄 售货 售票 出现 出来 出去 出门 出错 退出 提出 超出 出版 演出 出差 出生 输出 导出
    出品 出发 出国 找出 支出 突出 发出 出口 出路 出行 出众 杰出 日出 收到 收货 收藏 接收 签收 收费
    收件 收益 收入 收集 收听 吸收 收纳 收银 收款 收音 验收 转发 转换 旋转 好转 转账 转移 转码 转录
    转接 运转 转动 转盘 处理器 外卖 卖家 卖场 卖点 价格表 诚信通 元旦 元素 元气 原神 单元 公元 元宇宙
    块头 一块 方块 板块 模块 块状 币种
    """.split()  # noqa: SIM905 - words read better without quotes
)


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule that a text breaks: where in the original, in which view, with the trade intent beside it or not."""

    rule: Rule
    start: int
    end: int
    view: str
    intent: bool


class _Words(NamedTuple):
    """The words that matter to one rule, besides its own terms."""

    excuses: frozenset[str]
    besides: frozenset[str]
    needs: frozenset[str]

    @classmethod
    def of(cls, rule: Rule) -> _Words:
        """Return the words of a rule."""
        return cls(frozenset(rule.not_near), frozenset(rule.beside), frozenset(rule.needs_any))


#: What matters to every rule, beside the ids of rules.
_EVERY = ""


class _Places(NamedTuple):
    """The words that were found, and what was found of each; two sets are compared in half the time of a mapping."""

    words: frozenset[str]
    spots: Mapping[str, Sequence[Found]]

    @classmethod
    def by_word(cls, words: Iterable[tuple[str, Found]]) -> _Places:
        """Return what was found, by its words."""
        spots: defaultdict[str, list[Found]] = defaultdict(list)
        for word, spot in words:
            spots[word].append(spot)
        return cls(frozenset(spots), spots)

    def of(self, words: frozenset[str]) -> list[Found]:
        """Return what was found of some words."""
        return [spot for word in words & self.words for spot in self.spots[word]]


class _Around(NamedTuple):
    """What was found in a text that matters to one rule, besides its own terms; in no order."""

    excuses: list[Found]
    negations: list[Found]
    besides: list[Found]
    needs: list[Found]


class RuleSet:
    """Packs made ready to be applied; it never changes, so many threads may use it."""

    def __init__(self, packs: Sequence[Pack]) -> None:
        self.packs = tuple(packs)
        self._leads: defaultdict[str, list[Rule]] = defaultdict(list)
        rules = [rule for pack in packs for rule in pack.rules]
        for rule in rules:
            for text in rule.terms:
                self._leads[text].append(rule)
        # dictionaries, since they have an order, and the numbers of terms follow it
        self._needs = dict.fromkeys(text for rule in rules for text in rule.needs_any)
        self._besides = dict.fromkeys(text for rule in rules for text in rule.beside)
        self._excuses = dict.fromkeys(text for rule in rules for text in rule.not_near)
        self._words = {rule.id: _Words.of(rule) for rule in rules}
        self._negations, self._compounds = frozenset(NEGATIONS), frozenset(COMPOUNDS)
        source = msgspec.msgpack.encode(self.packs, order="deterministic")  # a set has no order
        kept = prepared("rules", source, lambda: msgspec.msgpack.encode(self._built()))
        self._terms, data = msgspec.msgpack.decode(kept, type=tuple[list[Term], MatcherData])
        self._matters = self._whom_terms_matter_to()
        self._matcher = Matcher(self._terms, data)

    def _built(self) -> tuple[list[Term], MatcherData]:
        words = dict.fromkeys([*self._leads, *self._needs, *self._besides, *self._excuses, *NEGATIONS, *COMPOUNDS])
        terms = list(map(self._term, words))
        return terms, MatcherData.of(terms)

    def _term(self, text: str) -> Term:
        rules = self._leads.get(text, ())
        depth = max((rule.deepest for rule in rules), default=0)
        if text in self._needs or text in self._besides:
            depth = max(depth, DEPTH["pinyin"] if len(text) > 1 else DEPTH["split"])
        elif text in self._excuses:
            depth = max(depth, DEPTH["squeezed"])  # a space within a lawful neighbour makes it no less lawful
        return Term(text, depth, leads=bool(rules), wary=all(rule.negatable for rule in rules))

    def _whom_terms_matter_to(self) -> list[frozenset[str]]:
        """Return for each term the ids of the rules that it is a word of, besides their own terms."""
        matters = {text: {_EVERY} for text in (*NEGATIONS, *COMPOUNDS)}
        for id_, words in self._words.items():
            for text in words.excuses | words.besides | words.needs:
                matters.setdefault(text, set()).add(id_)
        return [frozenset(matters.get(term.text, ())) for term in self._terms]

    def _beside(self, leads: Iterable[int], task: str) -> Callable[[int], bool]:
        """Return what tells whether a term that leads nothing matters where these terms lead."""
        terms = {self._terms[number].text for number in leads}
        rules = {rule.id for term in terms for rule in self._leads[term] if task in rule.tasks}
        matters, asking = self._matters, rules | {_EVERY} if rules else rules
        return lambda number: not matters[number].isdisjoint(asking)

    def hits(self, text: str, clean: View, task: str) -> list[Hit]:
        """Return what a text breaks, in the order of places."""
        found = self._matcher.find(text, clean, lambda leads: self._beside(leads, task))
        if not found:
            return []
        found = self._without_pieces(found)
        words = [(self._terms[f.term].text, f) for f in found]
        places = _Places.by_word(words)
        negations = [spot for spot in places.of(self._negations) if spot.view in {"clean", "squeezed"}]
        around: dict[str, _Around] = {}
        hits: dict[tuple[str, int], Hit] = {}
        for word, lead in words:
            for rule in self._leads.get(word, ()):
                if task in rule.tasks and DEPTH[lead.view] <= rule.deepest and (rule.id, lead.start) not in hits:
                    if rule.id not in around:
                        excuses, besides, needs = map(places.of, self._words[rule.id])
                        around[rule.id] = _Around(excuses, negations, besides, needs)
                    if hit := _applied(rule, lead, around[rule.id], text):
                        hits[rule.id, lead.start] = hit
        return list(hits.values())

    def quiet(self, plain: Sequence[str]) -> list[bool]:
        """Say of each clean text whether it surely breaks nothing; many at once take a fifth of the time."""
        return self._matcher.glance.quiet(plain)

    def _without_pieces(self, found: list[Found]) -> list[Found]:
        """Drop words of trade that are only pieces of harmless longer ones."""
        terms, compounds = self._terms, self._compounds
        longer = [f for f in found if terms[f.term].text in compounds]
        if not longer:
            return found
        return [
            f for f in found if terms[f.term].leads or terms[f.term].text in compounds or not _is_inside_any(f, longer)
        ]


def _applied(rule: Rule, lead: Found, around: _Around, text: str) -> Hit | None:
    """Return the hit if a rule is broken at one of its terms, with all that was found around it."""
    if _near(lead, around.excuses, _NEAR):
        return None
    if rule.negatable and any(_forbids(word, lead, text) for word in around.negations):
        return None
    if rule.beside and not _near(lead, around.besides, _BESIDE):
        return None
    if not rule.needs_any:
        return Hit(rule, lead.start, lead.end, lead.view, intent=True)
    needs = [other for other in _near(lead, around.needs, rule.reach) if not _is_inside_any(other, (lead,))]
    if not needs:
        return None
    plain_need = any(DEPTH[need.view] <= DEPTH["squeezed"] for need in needs)
    return Hit(rule, lead.start, lead.end, lead.view, intent=plain_need)


def _near(lead: Found, others: Sequence[Found], reach: int) -> list[Found]:
    """Return those of the others that touch a lead or are at most so many characters away."""
    if not others:
        return []
    first, last = lead.start - reach, lead.end + reach
    return [other for other in others if other.start <= last and other.end >= first]


def _is_inside_any(spot: Found, others: Sequence[Found]) -> bool:
    start, end = spot.start, spot.end
    return any(other.start <= start and end <= other.end for other in others)


def _asks(word: Found, text: str) -> bool:
    """Say whether a negation is half of a question: 有没有, 收不收, 要不要."""
    return word.start > 0 and word.end - word.start > 1 and text[word.start - 1] == text[word.start + 1]


def _forbids(word: Found, lead: Found, text: str) -> bool:
    """Say whether a negation stands close before the lead, in the same sentence; half of 有没有 is none."""
    if not 0 <= lead.start - word.end <= _LIST_REACH or _asks(word, text):
        return False
    between = text[word.end : lead.start]
    if not _SENTENCE_ENDS.isdisjoint(between):
        return False
    return len(between) <= _NEGATION_REACH or _lists(word, lead, text)


def _lists(word: Found, lead: Found, text: str) -> bool:
    """Say whether a lead stands in the list of what a word of the language of rules forbids."""
    between = text[word.end : lead.start]
    if text[word.start : word.end] not in _OF_RULES:
        return False
    n_commas = text.count(_LIST_COMMA, word.end, lead.end + _AFTER)
    return _LIST_COMMA in between and n_commas >= _FEWEST_COMMAS and not {",", "，", ":"} & set(between)
