"""Finds contact details and numbers of persons and cards, however they are spelled; keys, orders and prices stay."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from xinka.engines.textguard.other_numbers import NAMED_KEY, WHEN, is_named, is_other_number
from xinka.engines.textguard.said_digits import GAP, SPOKEN, WORDS, mark_digits, read_digits
from xinka.engines.textguard.stuffed import may_be_stuffed, stuffed_phones
from xinka.engines.textguard.views import View, clean_text

#: Numbers are looked for in so many characters of a text.
_MOST_READ = 200_000


@dataclass(frozen=True, slots=True)
class Mask:
    """A span of the original to hide, and what it holds."""

    start: int
    end: int
    kind: str


_NUMBER = re.compile(rf"[0-9](?:{GAP}{{0,3}}[0-9]){{4,40}}(?:{GAP}{{0,3}}x(?![a-z]))?")
_WORD_DIGIT = re.compile("|".join(sorted({**WORDS, **SPOKEN}, key=len, reverse=True)))
_LOOSE = str.maketrans({"o": "0", "l": "1", "i": "1", "z": "2", "s": "5", "b": "8", "g": "9"})

_QQ = (
    r"(?:(?<![a-z0-9-])q{1,2}|扣扣|扣(?=[ :：号]|[0-9])|球球|企鹅(?:号)?|秋秋|丘丘|抠抠|叩叩|蔻蔻|求求|🐧|口口"
    r"|qq群|扣群|q群|群号码?|(?:加|进|入|交流|玩家|粉丝|售后|官方)群(?=[ :：号]|[0-9]))"
)
_WECHAT = (
    r"(?:(?:[微威薇维围为葳唯徽]|(?<![a-z0-9-])v) {0,2}信|卫 {0,2}星|[微薇] {0,2}芯|[微薇] {0,2}x"
    r"|(?<![a-z0-9-])(?:[vw] {0,2}x|weixin|wei {0,2}xin|wechat)|绿泡泡|[薇微](?=[ :：号])"
    r"|(?:加|\+|➕|佳|家|嘉|jia) {0,2}(?:我|我的)? {0,2}[v薇微威卫徽]|v(?= {0,2}[:：])|💬|[微薇v威]❤)"
)
#: What may stand between the word and the id.
_LINK = (
    r"(?:[ \t]|群|号|码|联系|方式|帐|账|id(?=[ :：号是])|聊|私|详|交流|咨询|客服|我|是|为|就|:|：|=|-|—|→|>|➡|☞|👉|，|,"
    r"|、|。|~|\+|加|【|\(|（|\["
    r"|/|\||\.|找|搜|索){0,10}"
)
_WECHAT_ID = r"(?P<id>[a-z][a-z0-9_\-]{5,19}|1[3-9][0-9]{9}|[a-z](?:[ ._\-*]{0,3}[a-z0-9]){5,19})"
_WECHAT_FIND = re.compile(_WECHAT + f"(?P<link>{_LINK})" + _WECHAT_ID + r"(?![a-z0-9])")
_QQ_FIND = re.compile(_QQ + _LINK + rf"(?P<id>[1-9](?:{GAP}{{0,2}}[0-9]){{4,11}})(?![0-9])")
_AT = r"(?:@|[ \[(（【<{]{0,4}(?:\bat\b|艾特|圈a|小老鼠|a圈|＠|爱特)[ \])）】>}]{0,4})"
_DOT = r"(?:\.|[ \[(（【<{]{0,4}(?:\bdot\b|点|。|·|．|丶)[ \])）】>}]{0,4})"
#: A turn that could be read as a dot is one (``?>``): else "dot dot dot" could be read in twice as many ways with each.
_EMAIL = re.compile(
    rf"(?<![a-z0-9])[a-z0-9](?>{_DOT}(?=[a-z0-9])|[a-z0-9_+\-]){{0,40}}? {{0,3}}{_AT} {{0,3}}"
    rf"[a-z0-9](?:[a-z0-9\-]{{0,30}}) {{0,3}}(?:{_DOT} {{0,3}}[a-z0-9\-]{{2,20}} {{0,3}}?){{0,2}}{_DOT} {{0,3}}"
    r"(?:com|cn|net|org|me|io|cc|edu|gov|co|vip|top|xyz|info|ru|jp|hk|tw|de|uk|us|fr|kr|sg)(?![a-z0-9])"
)


def luhn(number: str) -> bool:
    """Say whether the last digit checks the others (ISO/IEC 7812-1)."""
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def is_id_card(number: str, today: date | None = None) -> bool:
    """Say whether 18 characters are a Chinese ID number: a province, a day of birth that was, the check of GB 11643."""
    if len(number) != 18 or number[:2] not in _PROVINCES:
        return False
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    if not date(1900, 1, 1) <= born <= (today or date.today()):  # noqa: DTZ011 - a day of birth has no time zone
        return False
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return "10x98765432"[sum(int(d) * w for d, w in zip(number, weights, strict=False)) % 11] == number[17]


_PROVINCES = frozenset(
    """
    11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81
    82 83
    """.split()  # noqa: SIM905 - words read better without quotes
)


def find_masks(text: str, clean: View) -> list[Mask]:
    """Return what should be hidden in a text, in the order of places; spans never overlap."""
    plain = clean.text[:_MOST_READ]
    likely = mark_digits(plain)
    numbers: object = _NUMBER_START.search(likely)
    if not numbers and not _LATIN.search(plain) and not may_be_stuffed(likely):
        return []
    digits = read_digits(plain, likely)
    numbers, ids = numbers and _NUMBER_START.search(digits), _ID_START.search(digits)
    found: list[tuple[int, int, str]] = []
    for start, end, kind in (
        *_emails(plain),
        *(_typed(plain) if _TYPED_START.search(plain) else ()),
        *(_qqs(digits) if numbers else ()),
        *(_numbers(digits) if numbers else ()),
        *(_wechats(digits) if numbers or ids else ()),
        *((start, end, "phone") for start, end in stuffed_phones(digits)),
    ):
        if all(end <= a or b <= start for a, b, _ in found):
            found.append((start, end, kind))
    return [_mask(text, clean, start, end, kind) for start, end, kind in sorted(found)]


def _mask(text: str, clean: View, start: int, end: int, kind: str) -> Mask:
    """Return the mask over a clean span; what shows nothing by itself (marks, joiners) goes with the last character."""
    first, last = clean.span(start, end)
    while last < len(text) and not clean_text(text[last]):
        last += 1
    return Mask(first, last, kind)


#: Each mask begins with one of these; where none is, the patterns that name what stands before it are not tried.
_LATIN = re.compile("[@0-9a-z]")
_NUMBER_START = re.compile(rf"[0-9](?:{GAP}{{0,3}}[0-9]){{4}}")
_ID_START = re.compile(r"[a-z](?:[ ._\-*]{0,3}[a-z0-9_\-]){5}")
_TYPED_START = re.compile(r"[a-z0-9 \-.,，、]{11}")


def _emails(plain: str) -> Iterator[tuple[int, int, str]]:
    if "@" in plain or "at" in plain or "艾特" in plain or "圈a" in plain or "小老鼠" in plain or "爱特" in plain:
        for match in _EMAIL.finditer(plain):
            yield match.start(), match.end(), "email"


def _wechats(digits: str) -> Iterator[tuple[int, int, str]]:
    for match in _WECHAT_FIND.finditer(digits):
        if is_named(digits, match.start()):
            continue
        pieces = re.findall(r"[a-z0-9_\-]+", match["id"])
        written = "".join(pieces)
        if _PHONE.fullmatch(written):
            yield match.start("id"), match.end("id"), "phone"
        elif _is_wechat_id(written, pieces, bool(_POINTS.search(match["link"]))):
            yield match.start("id"), match.end("id"), "wechat"
    for match in _WECHAT_NUMBER.finditer(digits):
        number = re.sub(r"[^0-9]", "", match["id"])
        if 5 <= len(number) <= 12 and not _PHONE.fullmatch(number) and not WHEN.match(match["id"]):
            yield match.start("id"), match.end("id"), "wechat"


def _is_wechat_id(written: str, pieces: list[str], pointed: bool) -> bool:
    """Say whether letters after a word for WeChat are an id: one of digits or signs, or one that is pointed at."""
    if written.startswith(("http", "www")) or written in _NOT_IDS:
        return False
    mixed = any(c.isdigit() or c in "_-" for c in written)
    if len(pieces) > 1 and any(len(piece) > 1 for piece in pieces):
        return mixed and all(len(piece) <= 5 for piece in pieces)
    return mixed or pointed


#: What points at an id: 微信号: …, 加, 搜.
_POINTS = re.compile("号|:|加|搜|id|是|=")
_WECHAT_NUMBER = re.compile(_WECHAT + _LINK + rf"(?P<id>[1-9](?:{GAP}{{0,2}}[0-9]){{5,11}})(?![0-9])")
#: UnionPay, Visa, Mastercard, American Express, and Chinese cards older than those ranges.
_CARD = re.compile(r"62|60|4|5[0-8]|3[47]\d{13}$|9558")
_PHONE = re.compile("1[3-9][0-9]{9}")
_NOT_IDS = frozenset(
    """
    wechat weixin alipay service official account payment please number online contact
    """.split()  # noqa: SIM905 - words read better without quotes
)


def _qqs(digits: str) -> Iterator[tuple[int, int, str]]:
    for match in _QQ_FIND.finditer(digits):
        number = re.sub(r"[^0-9]", "", match["id"])
        if _PHONE.fullmatch(number) or WHEN.match(match["id"]):
            continue
        yield match.start("id"), match.end("id"), "qq"


def _numbers(digits: str) -> Iterator[tuple[int, int, str]]:
    for match in _NUMBER.finditer(digits):
        yield from _in_run(digits, match.start(), match.end())


def _in_run(digits: str, start: int, end: int) -> Iterator[tuple[int, int, str]]:
    """Yield what a row of digits with gaps holds: an ID number, a bank card, a mobile phone."""
    places = [i for i in range(start, end) if digits[i].isdigit() or digits[i] == "x"]
    number = "".join(digits[i] for i in places)
    if _in_key(digits, start):
        return
    if len(number) == 18 and is_id_card(number):
        yield start, end, "idcard"
    elif (
        15 <= len(number) <= 19
        and number.isdigit()
        and _CARD.match(number)
        and luhn(number)
        and not NAMED_KEY.search(digits[max(0, start - 12) : start])
    ):
        yield start, end, "bankcard"
    else:
        shift = _abroad(number)
        if len(number) - shift == 11 and _PHONE.fullmatch(number[shift:]) and not is_other_number(digits, start, end):
            yield places[shift], end, "phone"


def _abroad(number: str) -> int:
    """Return how many digits the code of the country takes before a phone: 86, 0086."""
    return next((len(code) for code in ("0086", "86") if number.startswith(code) and len(number) == 11 + len(code)), 0)


def _in_key(digits: str, start: int) -> bool:
    """Say whether the row goes on a key of letters and digits (AB12-CD34 …)."""
    before = digits[start - 1 : start]
    if not before.isascii() or not (before.isalpha() or before == "-"):
        return False
    head = re.search(r"(?<![a-z0-9\-])[a-z0-9\-]+$", digits[max(0, start - 40) : start])
    return head is not None and sum(c.isalpha() for c in head[0]) >= 2 and any(c.isdigit() or c == "-" for c in head[0])


def _typed(plain: str) -> Iterator[tuple[int, int, str]]:
    """Yield phones spelled in words (yi san ba, one three eight) or with letters for digits (l38o0138OOO)."""
    for match in _TYPED.finditer(plain):
        number = "".join(_DIGITWORDS.get(w, w) for w in _TYPED_WORD.findall(match[0]))
        if len(number) == 11 and _PHONE.fullmatch(number) and not _is_other(plain, match.start(), match.end()):
            yield match.start(), match.end(), "phone"
    for match in _LETTERED.finditer(plain):
        if (
            _PHONE.fullmatch(match[0].translate(_LOOSE))
            and sum(c.isdigit() for c in match[0]) >= 4
            and not _is_other(plain, match.start(), match.end())
        ):
            yield match.start(), match.end(), "phone"


def _is_other(plain: str, start: int, end: int) -> bool:
    return _in_key(plain, start) or is_other_number(plain, start, end)


_DIGITWORDS = {**WORDS, **SPOKEN}
_TYPED_WORD = re.compile(rf"{_WORD_DIGIT.pattern}|[0-9]")
_TYPED = re.compile(
    rf"(?<![a-z0-9])(?:(?:{_WORD_DIGIT.pattern}|[0-9])[ \-.,，、]{{0,2}}){{10}}"
    rf"(?:{_WORD_DIGIT.pattern}|[0-9])(?![a-z0-9])"
)
_LETTERED = re.compile(r"(?<![a-z0-9-])[1li][3-9szbgo][0-9olizsbg]{9}(?![a-z0-9])")
