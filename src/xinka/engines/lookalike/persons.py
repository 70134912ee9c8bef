"""Takes a person off an official name: 腾讯客服小王, 王经理（腾讯客服）, Binance Support John.

Whoever adds a person's name to that of a support account claims to be of its staff. Some are, so somebody should look.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from xinka.engines.lookalike import known

_SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石"
    "姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)
_TITLES = "经理|主管|主任|组长|总监|专员|老师|先生|女士|小姐姐|小姐|小哥哥|小哥|小妹|工程师|总|哥|姐|工"
_TITLED = re.compile(
    f"(?:[{_SURNAMES}][\u4e00-\u9fff]{{0,2}}|小[\u4e00-\u9fff]?)(?:{_TITLES})|小姐姐|小哥哥|小哥|小妹|[小晓阿老][\u4e00-\u9fff]"
)
_CALLED = re.compile(f"[小晓阿老][\u4e00-\u9fff]{{1,2}}|([\u4e00-\u9fff])\\1|[{_SURNAMES}][\u4e00-\u9fff]{{1,2}}")
#: Full names that are common words or famous as well.
_FULL = re.compile(
    "[王李张刘陈杨赵吴周徐孙][娜伟芳敏静丽强磊军洋勇艳杰娟涛明超兰霞刚英玲婷雪琳倩慧颖欣萍燕斌辉鹏浩凯健俊]{1,2}"
)
#: What begins as a nickname does and is none.
_NO_PERSONS = frozenset(
    ["小程序", "小助手", "小秘书", "小管家", "老客户", "老用户", "小窗口", "小黑屋", "小视频", "老号码"]
)
#: Words of an office that a person may stand behind.
_ROLE = re.compile(
    "(?:客服(?:中心|部)?|官方|安全中心|售后|人工|服务中心|客户服务|退款中心|理赔中心|工作人员)"
    "(?:专员|经理|主管|组长|助理|顾问|接待|热线|团队|处理|咨询|值班)?"
)
_SIGNS = re.compile(r"[^\w]+|_+")
_NUMBER_BEHIND = re.compile(r"(?:工号|编号|no)?[0-9]{1,8}号?$", re.IGNORECASE)
#: How far before a person the office's word may end, and how far behind a person its name may begin. In characters.
_LONGEST_PERSON = 12

_LATIN_ROLES = frozenset(["support", "help", "helpdesk", "service", "services", "care", "security", "official", "team"])
_LINKS = frozenset(["from", "at", "of", "with", "agent", "the"])
_GIVEN_NAMES = frozenset(
    """
    amy anna alice allen alex adam andrew angela anthony ashley ben betty bill bob brian carl carol chloe chris cindy
    claire daisy dan daniel david diana donna dylan edward elaine elena ella emily emma eric ethan eva evan fiona frank
    fred gary george gina grace hannah harry helen henry ian iris ivan jack jackie jacob james jane jason jeff jennifer
    jenny jerry jessica jim joe john jonathan joseph josh judy julia julie justin karen kate kathy kelly ken kevin kim
    laura leo lily linda lisa lucas lucy luke mandy marco maria mark martin mary matt max megan melissa michael mike mia
    nancy natalie nick nicole nina noah oliver olivia oscar pamela paul peter rachel rebecca richard robert robin roger
    rose ruby ryan sam samantha sandra sara sarah scott sean sharon simon sofia sophia sophie stella stephanie steve
    steven susan tina tom tony tracy victor victoria vivian wendy william zoe
    """.split()  # noqa: SIM905 - names read better without quotes
)


def without_person(name: str) -> Iterator[str]:
    """Yield a name without the person that stands behind or before it; nothing where none does."""
    if name.isascii():
        if not name.isalpha():
            yield from _latin(name)
        return
    if not _ROLE.search(name):
        return
    for role in _ROLE.finditer(name):
        behind = name[role.end() : role.end() + _LONGEST_PERSON + 1]
        if role.end() + len(behind) == len(name) and _is_person(behind):
            yield name[: role.end()]
    begun = _SIGNS.search(name.lstrip(), 0, _LONGEST_PERSON)
    if begun and begun.start() and _is_person(name.lstrip()[: begun.start()]):
        yield name.lstrip()[begun.end() :]


def _latin(name: str) -> Iterator[str]:
    words = [word for word in _SIGNS.split(name) if word]
    small = [word.lower() for word in words]
    if len(words) < 3 or _LATIN_ROLES.isdisjoint(small):
        return
    if small[-1] in _GIVEN_NAMES:
        yield " ".join(words[:-1])
    elif small[0] in _GIVEN_NAMES:
        yield " ".join(words[2 if small[1] in _LINKS else 1 :])


def _is_person(text: str) -> bool:
    """Say whether a text, signs and a staff number aside, is how one calls a person: 小王, 王经理, 王伟, Amy."""
    called = _NUMBER_BEHIND.sub("", _SIGNS.sub("", text))
    if called in _NO_PERSONS:
        return False
    if called.lower() in _GIVEN_NAMES or _TITLED.fullmatch(called) or _FULL.fullmatch(called):
        return True
    return _CALLED.fullmatch(called) is not None and not known.is_word(called)
