"""Words that claim an office (客服, support) and words added to look trustworthy (认证, VIP), also in disguise."""

from __future__ import annotations

from collections import defaultdict
from functools import cache

from xinka.engines.lookalike import known, tables

_HAN_ROLES = """
客服 官方客服 客服中心 客户服务 客户服务中心 客服部 客服团队 在线客服 人工客服 专属客服 认证客服 客服小二
客服助手 客服专员 客服经理 官方 官网 官方售后 售后 售后服务 售后中心 官方支持 支持 技术支持 服务中心 服务台
官方服务 安全中心 安全团队 安全助手 安全专员 官方账号 官方号 团队 小秘书 小管家 小助手 助手 店小二 小二 管家
官方团队 运营团队 运营中心 服务号 服务热线 客服热线 热线 帮助中心 官方助手 客服号 退款中心 理赔中心 仲裁中心
申诉中心 投诉中心 举报中心 风控中心 审核中心 财务部 退款客服 处理中心 交易客服 担保客服 担保 中介 机器人 通知
公告 管理员 工作人员 专员 客户经理 接待 顾问 服务
"""
_HAN_FILLERS = """
平台 专属 认证 在线 人工 官方 真 正版 唯一 指定 授权 总部 中国区 贵宾 高级 首席 值班 处理 退款 理赔 投诉 申诉
解封 紧急 咨询 24小时 二十四小时 小时 全天 实名 已认证 企业认证 在线服务 线上 网上 本人 唯一官方 唯一指定 安全
验证 工号 编号 一号 二号 审核 联系 热线 电话 为您服务 竭诚 人员 专线 认证号 特约 快速 极速 客户 用户 会员
"""
_LATIN_ROLES = """
support help helpdesk security official service services team care cares safety notifications notification
center servicedesk moderator admin administrator staff agent assistance assistant concierge helpline hotline
kefu guanfang refunds refund billing verification compliance disputes recovery shouhou
"""
#: These are not looked for with typing errors: "support steam" is not "supportteam".
_LATIN_COMPOUNDS = """
customerservice customercare customersupport supportteam securityteam accountteam trustandsafety trustsafety
helpcenter supportcenter officialsupport techsupport technicalsupport kefuzhongxin anquanzhongxin
"""
_LATIN_FILLERS = """
real verified the live online vip pro plus official help agent team global international hq inc ltd llc account
accounts customer client user desk center centre department dept office bot id number 24 7 247 24h 24x7 7x24
24hours true trusted genuine legit original authentic contact technical service care r tm c v rep representative
support approved certified secure
"""
#: Chinese role words in pinyin, whole or in part, or by its first letters.
_ROMANISED = {
    **dict.fromkeys(("kefu", "ke服", "客fu", "k服", "客f", "kf"), "客服"),
    **dict.fromkeys(("guanfang", "guan方", "官fang", "官f"), "官方"),
    "shouhou": "售后",
    "kefuzhongxin": "客服中心",
    "anquanzhongxin": "安全中心",
    "guanfangkefu": "官方客服",
}
#: Small words and strokes somebody puts between two characters of a word.
PARTICLES = "小的の之丶一阿啊哦呀大"

#: Digits and signs written for letters, and letters that pass for one another, to one of them.
_LIGHT = str.maketrans("i1|!0345789@$+v2q", "llllo" + "eastbg" + "ast" + "uzg")
#: Tokens whose reading is kept for the next time; more would let a stranger fill the memory.
_MOST_KEPT = 20_000
_UNITS = (("rn", "m"), ("nn", "m"), ("uu", "w"), ("cl", "d"), ("lc", "k"), ("lo", "b"), ("lh", "h"), ("rl", "n"))


def light(text: str) -> str:
    """Return a folded text with what is often written for a letter made that letter: 1 → l, 0 → o; as long as before.

    It is done to official names as well, so that two texts that pass for each other become equal.
    """
    return text.translate(_LIGHT)


def deep(text: str) -> str:
    """Return a light text with letters that together pass for another made that one: rn → m, cl → d."""
    for unit, letter in _UNITS:
        if unit in text:
            text = text.replace(unit, letter)
    return text


class Words:
    """The role words and added words, exact and as they are often disguised."""

    def __init__(self) -> None:
        han, latin = _HAN_ROLES.split(), _LATIN_ROLES.split()
        self.alike, self.second = _alike_to_role_letters("".join(han))
        self.roles = {light(word): word for word in [*han, *latin, *_LATIN_COMPOUNDS.split()]}
        self.roles |= {light(written): word for written, word in _ROMANISED.items()}
        self.fillers = {light(word) for word in [*_HAN_FILLERS.split(), *_LATIN_FILLERS.split()]}
        self.disguised: dict[str, str] = {}
        for word in han:
            for typo in _typos_han(word):
                self._disguise(typo, word)
        for word in latin:
            for typo in _typos_latin(light(word)) | _written_in_units(light(word)):
                self._disguise(typo, word)
        for word in _LATIN_FILLERS.split():
            if len(word) > 5:
                self.fillers |= _typos_latin(light(word))
        self.longest = max(map(len, self.roles)) + 1
        self.filler_ends = {at: frozenset(word[at] for word in self.fillers) for at in (0, -1)}
        self._wholes: dict[str, str | None] = {}
        every = [*self.roles, *self.disguised]
        self._ends = frozenset(_gate(word, front=False) for word in every)
        self._beginnings = frozenset(_gate(word, front=True) for word in every)
        self._passing = frozenset("".join(self._ends | self._beginnings)) | {chr(code) for code in self.second}

    def _disguise(self, typo: str, word: str) -> None:
        if typo not in self.roles and typo not in self.fillers and (len(word) > 5 or not known.is_word(typo)):
            self.disguised.setdefault(typo, word)

    def role_of(self, part: str) -> str | None:
        """Return the role word a part stands for: written right, with a slip, or in characters that are alike."""
        word = self.roles.get(part) or self.disguised.get(part)
        if word is None and not part.isascii():
            word = self.roles.get(part.translate(self.alike)) or self.roles.get(part.translate(self.second))
        return word

    def whole(self, token: str) -> str | None:
        """Return the role word a token is or, with an added word, begins with; remembered, as words come again."""
        if token not in self._wholes:
            if len(self._wholes) > _MOST_KEPT:
                self._wholes.clear()
            self._wholes[token] = self.role_of(token) or self.glued(token)
        return self._wholes[token]

    def cut(self, token: str, *, front: bool) -> tuple[int, str] | None:
        """Return the length of the longest role word at an end of a token, and the word, rather one written right."""
        if len(token) < 3 or not self._may_cut(token, front=front):
            return None
        least = 4 if token[0 if front else -1].isascii() else 2
        lengths = range(min(self.longest, len(token) - 1), least - 1, -1)
        parts = [token[:length] if front else token[-length:] for length in lengths]
        for find in (self.roles.get, self.role_of):
            for part in parts:
                word = find(part)
                if word is not None and (len(word) > 5 or not word.isascii()):
                    return len(part), word
        return None

    def _may_cut(self, token: str, *, front: bool) -> bool:
        """Say whether a token can begin or end with a role word: a quick look that lets most go."""
        gates, gate = self._beginnings if front else self._ends, _gate(token, front=front)
        if gate in gates:
            return True
        if gate.isascii() or not self._passing.issuperset(gate):
            return False
        return gate.translate(self.alike) in gates or gate.translate(self.second) in gates

    def glued(self, token: str) -> str | None:
        """Return the role word a token of a role word and an added word begins with (supportvip)."""
        if len(token) < 6 or _gate(token, front=True) not in self._beginnings:
            return None
        for length in range(4, len(token)):
            word = self.roles.get(token[:length])
            if word is not None and token[length:] in self.fillers:
                return word
        return None


def _gate(word: str, *, front: bool) -> str:
    """Return the letters at an end of a word that are looked at first: four, of Han characters two."""
    length = 4 if word[0 if front else -1].isascii() else 2
    return word[:length] if front else word[-length:]


def _alike_to_role_letters(letters: str) -> tuple[dict[int, str], dict[int, str]]:
    """Return translations of characters that look or sound like a role word's to it: the likeliest, the next."""
    best: dict[str, dict[str, float]] = defaultdict(dict)
    near, sounds = tables.table().near, tables.table().sound
    wanted = dict.fromkeys(letters)
    spoken: dict[str, str] = {}
    for letter in wanted:
        for reading in tables.sounds_of(letter)[:1]:
            spoken.setdefault(reading[:-1], letter)
    for other, readings in sounds.items():
        for place, reading in enumerate(readings.split()):
            if (meant := spoken.get(reading[:-1])) is not None:
                best[other][meant] = max(best[other].get(meant, 0.0), 0.6 - place / 10 + _weight(meant))
    for other, (targets, chances) in near.items():
        for target, chance in zip(targets, chances, strict=True):
            if target in wanted and chance >= 12:
                best[other][target] = max(best[other].get(target, 0.0), chance / 100 + _weight(target))
    ranked = {
        ord(other): sorted(meant, key=lambda one: -meant[one]) for other, meant in best.items() if other not in wanted
    }
    first = {code: meant[0] for code, meant in ranked.items()}
    return first, first | {code: meant[1] for code, meant in ranked.items() if len(meant) > 1}


def _weight(letter: str) -> float:
    """Return how much a letter of the most copied words is preferred."""
    return 1.0 if letter in "客服官方" else 0.5 if letter in "中心安全" else 0.0


def _typos_han(word: str) -> set[str]:
    if len(word) > 4:
        return set()
    doubled = {word[: at + 1] + word[at:] for at in range(len(word))}
    swapped = {word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in range(len(word) - 1)}
    stuffed = {word[:at] + particle + word[at:] for at in range(1, len(word)) for particle in PARTICLES}
    return doubled | swapped | stuffed - {word}


def _typos_latin(word: str) -> set[str]:
    if len(word) < 4:
        return set()
    letters = "abcdefghjklmnoprstuwxyz"
    missing = {word[:at] + word[at + 1 :] for at in range(len(word))}
    swapped = {word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in range(len(word) - 1)}
    wrong = {word[:at] + letter + word[at + 1 :] for at in range(len(word)) for letter in letters}
    more = {word[:at] + letter + word[at:] for at in range(len(word) + 1) for letter in letters}
    return missing | swapped | wrong | more - {word}


def _written_in_units(word: str) -> set[str]:
    return {word.replace(letter, unit) for unit, letter in _UNITS if letter in word}


@cache
def words() -> Words:
    """Return the one set of words."""
    return Words()
