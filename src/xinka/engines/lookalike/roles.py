"""Words that claim an office (客服, support) and words added to look trustworthy (认证, VIP), also in disguise."""

from __future__ import annotations

from functools import cache

from xinka.engines.lookalike import tables, world

HAN_ROLES = """
客服 官方客服 客服中心 客户服务 客户服务中心 客服部 客服团队 在线客服 人工客服 专属客服 认证客服 客服小二
客服助手 客服专员 客服经理 官方 官网 官方售后 售后 售后服务 售后中心 官方支持 支持 技术支持 服务中心 服务台
官方服务 安全中心 安全团队 安全助手 安全专员 官方账号 官方号 团队 小秘书 小管家 小助手 助手 店小二 小二 管家
官方团队 运营团队 运营中心 服务号 服务热线 客服热线 热线 帮助中心 官方助手 客服号 退款中心 理赔中心 仲裁中心
申诉中心 投诉中心 举报中心 风控中心 审核中心 财务部 退款客服 处理中心 交易客服 担保客服 担保 中介 机器人 通知
公告 管理员 工作人员 专员 客户经理 接待 顾问 服务 客服处 客服组 客诉部 退款部 退款组 售后部 理赔部 退费中心
赔付中心 核验中心 清算中心
"""
HAN_FILLERS = """
平台 专属 认证 在线 人工 官方 真 正版 唯一 指定 授权 总部 中国区 贵宾 高级 首席 值班 处理 退款 理赔 投诉 申诉 解封
紧急 咨询 24小时 二十四小时 小时 全天 实名 已认证 企业认证 在线服务 线上 网上 本人 唯一官方 唯一指定 安全 验证 工号
编号 一号 二号 审核 联系 热线 电话 为您服务 竭诚 人员 专线 认证号 特约 快速 极速 客户 用户 会员 为您 您好 你好 账户
账号 会员 风控 法务 财务 消费者 订单 充值 提现 领奖 兑奖 反诈
一部 二部 三部 一组 二组 三组 四组 五组 有事找
请加 请找 为您解答 在线解答 我是 这里是 夜班 白班 早班 晚班 工单 窗口 前台
"""
LATIN_ROLES = """
support help helpdesk security official service services team care cares safety notifications notification
center servicedesk moderator admin administrator staff agent assistance assistant concierge helpline hotline
kefu guanfang refunds refund billing verification compliance disputes recovery shouhou
"""
#: These are not looked for with typing errors: "support steam" is not "supportteam".
LATIN_COMPOUNDS = """
customerservice customercare customersupport supportteam securityteam accountteam trustandsafety trustsafety
custservice custcare custsupport csteam svcdesk suppt
helpcenter supportcenter officialsupport techsupport technicalsupport kefuzhongxin anquanzhongxin
"""
LATIN_FILLERS = """
real verified the live online vip pro plus official help agent team global international hq inc ltd llc account
accounts customer client user desk center centre department dept office bot id number 24 7 247 24h 24x7 7x24
24hours true trusted genuine legit original authentic contact technical service care r tm c v rep representative
support approved certified secure unit shift ticket night of for app ai cn china uk usa eu
com www net org cust cs svc
"""
#: Offices are also named by what they deal with and what they are: 风控部, 解封专区. These are not looked for with
#: slips, and never taken off an official name, for a firm may be called so.
_MATTERS = """
退款 退费 理赔 赔付 风控 审核 核验 解封 解冻 账户 账号 帐号 投诉 客诉 举报 申诉 会员 财务 安全 客户 用户 售后 退换
订单 充值 提现 实名 认证 反诈 法务 运营 仲裁 清算 结算 担保 消费者 权益 维修 预约 报警 办税 退税 业务 咨询 人工
会员服务 兑奖 领奖 招聘 额度 签证 信用卡 贷款 网银 电子银行 手机银行
"""
_KINDS = "部 组 处 科 室 中心 专线 部门 处理 经理 窗口 平台 大厅 小组 服务厅 值班 专区 主管"
_OFFICES = "官号 账户安全 账号安全 帐号安全 资金安全 人工服务 投诉处理 退款处理 解封服务"
#: Chinese role words in pinyin, whole or in part, or by its first letters.
ROMANISED = {
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
_LIGHT = tables.Letters(str.maketrans("i1|!0345789@$+v2q6", "llllo" + "eastbg" + "ast" + "uzg" + "b"))
#: Tokens whose reading is kept for the next time; more would let a stranger fill the memory.
_MOST_KEPT = 20_000
#: A shorter role word of another language is not looked for with a slip.
_LEAST_SLIPPED = 8
UNITS = (("rn", "m"), ("nn", "m"), ("uu", "w"), ("cl", "d"), ("lc", "k"), ("lo", "b"), ("lh", "h"), ("rl", "n"))


def light(text: str) -> str:
    """Return a folded text with what is often written for a letter made that letter: 1 → l, 0 → o; as long as before.

    It is done to official names as well, so that two texts that pass for each other become equal.
    """
    return text.translate(_LIGHT)


def deep(text: str) -> str:
    """Return a light text with letters that together pass for another made that one: rn → m, cl → d."""
    for unit, letter in UNITS:
        if unit in text:
            text = text.replace(unit, letter)
    return text


def folded(word: str) -> str:
    """Return a word of another language as it stands in a folded name without spaces."""
    return "".join(word.translate(tables.fold()).split())


def forms(word: str) -> set[str]:
    """Return a role word in light letters as it stands in names, written small and large."""
    return {light(word), *(light(folded(form)) for form in (word, word.title()))}


@cache
def offices() -> frozenset[str]:
    """Return the offices that are named by what they deal with."""
    made = {matter + kind for matter in _MATTERS.split() for kind in _KINDS.split()}
    return frozenset(made.union(_OFFICES.split()).difference(HAN_ROLES.split()))


@cache
def _of_world() -> dict[str, str]:
    """Return the role words of other languages in light letters, each with the word."""
    return {form: word for word in world.WORLD_ROLES.split() for form in forms(word)}


def exact_roles() -> dict[str, str]:
    """Return the role words in light letters, and Chinese ones in pinyin, each with the word it stands for."""
    words = [*HAN_ROLES.split(), *LATIN_ROLES.split(), *LATIN_COMPOUNDS.split()]
    return (
        _of_world()
        | {light(word): word for word in [*offices(), *words]}
        | {light(written): word for written, word in ROMANISED.items()}
    )


class Words:
    """The role words and added words, exact and as they are often disguised (see ``disguises``)."""

    def __init__(self) -> None:
        self.roles = exact_roles()
        made = tables.disguises()
        self.disguised, self.fillers = made.disguised, frozenset(made.fillers)
        self._alike, self._second = tables.Letters(made.alike()), tables.Letters(made.second())
        self.longest = max(map(len, self.roles)) + 1
        han_fillers = [word for word in self.fillers if not word.isascii()]
        self._filler_ends = frozenset(word[-2:] for word in han_fillers)
        self._filler_beginnings = frozenset(word[:2] for word in han_fillers)
        self._short_fillers = frozenset(word for word in han_fillers if len(word) == 1)
        self._wholes: dict[str, str | None] = {}
        self._ends, self._beginnings = frozenset(made.ends), frozenset(made.beginnings)
        letters = "".join(self._ends | self._beginnings)
        self._meant = {letter: letter for letter in letters}
        for letter, first, second in zip(made.written, made.likeliest, made.next, strict=True):
            self._meant[letter] = "".join(dict.fromkeys((*self._meant.get(letter, ""), first, second)))

    def role_of(self, part: str) -> str | None:
        """Return the role word a part stands for: written right, with a slip, or in characters that are alike."""
        word = self.roles.get(part) or self.disguised.get(part)
        if word is None and not part.isascii():
            word = self.roles.get(part.translate(self._alike)) or self.roles.get(part.translate(self._second))
        return word

    def whole(self, token: str) -> str | None:
        """Return the role word a token is or, with an added word, begins with; remembered, as words come again."""
        if token.isascii():
            if token[:4] not in self._beginnings:
                return None
        elif len(token) < 2 or not (token[0].isascii() or self._may_cut(token, front=True)):
            return None
        word = self._wholes.get(token, "")
        if word == "":
            if len(self._wholes) > _MOST_KEPT:
                self._wholes.clear()
            word = self._wholes[token] = self.role_of(token) or self.glued(token)
        return word

    def cut(self, token: str, *, front: bool) -> tuple[int, str] | None:
        """Return the length of the longest role word at an end of a token, and the word, rather one written right."""
        if len(token) < 3 or not self._may_cut(token, front=front):
            return None
        end = token[0] if front else token[-1]
        least = 4 if end.isascii() else 2
        lengths = range(min(self.longest, len(token) - 1), least - 1, -1)
        parts = [token[:length] if front else token[-length:] for length in lengths]
        for find in (self.roles.get, self.role_of):
            for part in parts:
                word = find(part)
                if word is not None and (len(word) > 5 or not word.isascii()):
                    return len(part), word
        return None

    def slip(self, token: str) -> str | None:
        """Return the long role word of another language that a token is with a letter wrong, missing or more."""
        if not _LEAST_SLIPPED <= len(token) <= self.longest + 1 or not token.isascii():
            return None
        slips, pieces = _world_slips()
        if token[:3] not in pieces and token[-3:] not in pieces:  # one slip leaves one end as it was
            return None
        for at in range(-1, len(token)):
            word = slips.get(token[:at] + token[at + 1 :] if at >= 0 else token)
            if word is not None:
                return word
        return None

    def has_plain_ends(self, token: str) -> bool:
        """Say whether the only token of a name can neither begin nor end with a role word or an added word."""
        if token[:2] in self._filler_beginnings or token[-2:] in self._filler_ends:
            return False
        if token[0] in self._short_fillers or token[-1] in self._short_fillers:
            return False
        return len(token) < 3 or not (self._may_cut(token, front=False) or self._may_cut(token, front=True))

    def may_be_filled(self, token: str, *, front: bool) -> bool:
        """Say whether a token can begin or end with a Chinese added word: a quick look that lets most go."""
        if front:
            return token[:2] in self._filler_beginnings or token[0] in self._short_fillers
        return token[-2:] in self._filler_ends or token[-1] in self._short_fillers

    def _may_cut(self, token: str, *, front: bool) -> bool:
        """Say whether a token can begin or end with a role word: a quick look that lets most go."""
        gates = self._beginnings if front else self._ends
        if (token[0] if front else token[-1]).isascii():
            return (token[:4] if front else token[-4:]) in gates
        one, other = (token[0], token[1]) if front else (token[-2], token[-1])
        meant = self._meant
        for letter in meant.get(one, one):
            for after in meant.get(other, other):
                if letter + after in gates:
                    return True
        return False

    def glued(self, token: str) -> str | None:
        """Return the role word a token of a role word and an added word begins with (supportvip)."""
        if len(token) < 6 or token[: 4 if token[0].isascii() else 2] not in self._beginnings:
            return None
        for length in range(4, len(token)):
            word = self.roles.get(token[:length])
            if word is not None and token[length:] in self.fillers:
                return word
        return None


@cache
def _world_slips() -> tuple[dict[str, str], frozenset[str]]:
    """Return the long role words of other languages in light letters, whole and without one letter; and their ends.

    The ends are three letters each.
    """
    found: dict[str, str] = {}
    for written, word in _of_world().items():
        if len(written) >= _LEAST_SLIPPED and written.isascii():
            found.update({written[:at] + written[at + 1 :]: word for at in range(len(written))})
    words = [written for written in _of_world() if len(written) >= _LEAST_SLIPPED]
    return found | _of_world(), frozenset(end for word in words for end in (word[:3], word[-3:]))


@cache
def words() -> Words:
    """Return the one set of words."""
    return Words()
