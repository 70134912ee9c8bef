"""Is this domain made to pass for an official one? Look-alike letters, slips, other endings, tricks with subdomains."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from xinka.engines.lookalike import beside, endings, known, links, pinyin
from xinka.engines.lookalike.align import align
from xinka.engines.lookalike.hosts import Host, read_host
from xinka.engines.lookalike.inside import LONG_INSIDE, PIECES, fold, is_meant
from xinka.engines.lookalike.verdict import CLEAR, Reason, Verdict

#: A shorter brand inside a longer label is chance.
_SHORTEST_INSIDE = 5
#: From this score on a domain is an impostor, below it a person should look.
_IMPOSTOR = 0.8
#: The scores of an address that only shows an official domain in its path, and of one that is no place at all.
_IN_PATH, _PROGRAM = 0.7, 0.5
#: The score of the brand itself under a country's ending, which is often its own.
_ABROAD_SAME = 0.75
_TRANSLATORS = frozenset(["translate.goog"])
#: What makes the name in front of somebody's domain look like one of its own, and the score of what it shows.
_LIKE_AN_ENDING, _ONLY_SHOWN = frozenset(["com", "net", "org", "cn", "co"]), 0.8
#: What differences may cost at most where a label is two common words, which likelier make another name.
_MOST_OF_WORDS = 1.3
#: Under another country's ending only this part of the usual differences counts, for brands of up to so many letters.
_ABROAD, _NOT_LONG = 0.6, 9


class Find(NamedTuple):
    """How a label passes for a brand: the score, and why."""

    score: float
    reason: Reason


def limit_of(brand: str) -> float:
    """Return how much differences from a brand may cost; long ones are misspelt in several places at once."""
    steps = ((4, 0.0), (5, 0.7), (6, 1.2), (7, 1.4), (9, 1.8), (11, 2.4), (13, 3.0))
    return next((limit for longest, limit in steps if len(brand) <= longest), 3.5)


class DomainIndex:
    """Official domains (``example.com``) or bare labels (``example``), with their owners."""

    def __init__(self, domains: Iterable[tuple[str, str | None]] = ()) -> None:
        self._owners: dict[str, str | None] = {}
        self._by_label: dict[str, list[str]] = {}
        self._folded: dict[str, str] = {}
        self._joined: dict[str, str] = {}
        self._called: dict[str, str] = {}
        for domain, owner in domains:
            self.add(domain, owner)

    def __len__(self) -> int:
        return len(self._owners)

    def __contains__(self, domain: object) -> bool:
        return domain in self._owners

    def add(self, domain: str, owner: str | None = None) -> None:
        """Register a domain or a bare label, or bind it to another owner."""
        host = read_host(domain)
        if host.domain not in self._owners:
            self._by_label.setdefault(host.label, []).append(host.domain)
            self._folded.setdefault(fold(host.label), host.label)
            self._called |= dict.fromkeys(pinyin.names_of(host.label), host.label)
        if front := host.name.removesuffix(host.domain).strip("."):
            self._joined[f"{front}-{host.label}".replace(".", "-")] = host.label
        self._owners[host.domain] = owner

    def remove(self, domain: str) -> None:
        """Forget a domain.

        Raises:
            KeyError: it is not registered.
        """
        host = read_host(domain)
        del self._owners[host.domain]
        self._by_label[host.label].remove(host.domain)
        if not self._by_label[host.label]:
            del self._by_label[host.label]
            self._folded = {fold(label): label for label in self._by_label}
            self._joined = {joined: label for joined, label in self._joined.items() if label in self._by_label}
            self._called = {name: label for name, label in self._called.items() if label in self._by_label}

    def judge(self, text: str, owner: str | None = None) -> Verdict:
        """Say whether a domain, or where an address leads at once or later, is made to pass for an official one."""
        host = read_host(text)
        if host.suffix in _TRANSLATORS:  # shows the page of another domain, whose dots are hyphens in its label
            host = read_host(host.label.replace("--", "_").replace("-", ".").replace("_", "-"))
        verdict = self._judge_host(host, owner)
        if verdict.decision != "clear" or not links.is_more_than_a_host(text):
            return verdict
        return next(self._look_inside(text, owner), verdict)

    def _look_inside(self, text: str, owner: str | None) -> Iterator[Verdict]:
        """Yield what is wrong with an address whose own host is harmless."""
        if (shown := links.as_shown(text)) is not None:
            yield from self._with_reason(
                self._judge_host(read_host(shown), owner),
                Reason(
                    "turned", "用反向书写的符号显示成另一个域名", "a sign that turns the writing shows another domain"
                ),
            )
        for inner in links.inner_hosts(text):
            why = Reason("leads on", f"这个网址会把人带到“{inner[:100]}”", f"the address leads on to {inner[:100]}")
            yield from self._with_reason(self._judge_host(read_host(inner), owner), why)
        if links.is_program(text):
            told = "这不是网址，而是一段程序或自带的网页", "this is no place but a program or a page of its own"
            yield Verdict("review", _PROGRAM, None, (Reason("program", *told),))
        yield from self._shown_in_path(text)

    @staticmethod
    def _with_reason(verdict: Verdict, reason: Reason) -> Iterator[Verdict]:
        if verdict.decision != "clear":
            yield verdict._replace(reasons=(reason, *verdict.reasons))

    def _shown_in_path(self, text: str) -> Iterator[Verdict]:
        """Yield that an official domain begins the path of somebody else's address which asks for something."""
        shown, behind = links.shown_first(text)
        official, host = read_host(shown).domain, read_host(text)
        if not shown or official not in self or host.domain in self:
            return
        if host.is_number or host.suffix in endings.CHEAP or beside.asks_in_address(host.label.split("-") + behind):
            why = f"“{shown}”只是路径里的字", f"{shown} is only written in the path"
            yield Verdict("review", _IN_PATH, official, (Reason("path", *why),))

    def _judge_host(self, host: Host, owner: str | None) -> Verdict:
        if not host.name or host.name == host.suffix or self._is_own(host, owner):
            return CLEAR  # a public suffix by itself is nobody's to register
        best: tuple[float, str, list[Reason]] | None = None
        checked = endings.is_of_institutions(host.suffix)
        for label, find in (*self._hidden_in(host), *(() if checked else self._finds(host))):
            if best is None or find.score > best[0]:
                best = find.score, label, [find.reason]
        if best is None:
            return CLEAR
        official = self._by_label[best[1]][0]
        if owner is not None and self._owners[official] == owner:
            return Verdict("clear", 0.0, official)
        reasons = best[2]
        if host.was_coded:
            reasons = [*reasons, Reason("coded", "域名用编码藏起了真实字符", "its letters are hidden in a code")]
        return Verdict("impostor" if best[0] >= _IMPOSTOR else "review", best[0], official, tuple(reasons))

    def _is_own(self, host: Host, owner: str | None) -> bool:
        known_owner = self._owners.get(host.domain, "")
        if known_owner == "" and (not host.suffix or host.suffix in endings.COMMON):
            known_owner = self._owners.get(host.label, "")
        return known_owner != "" and (owner is None or known_owner is None or known_owner == owner) and not host.before

    def _hidden_in(self, host: Host) -> Iterator[tuple[str, Find]]:
        """Yield official names in front of the ``@`` or in a subdomain of somebody else's domain."""
        if host.before:
            yield from self._before_the_at(host)
        front = host.name.removesuffix(host.domain).strip(".")
        if front:
            yield from self._in_front(front, host)
        for label in (host.label, *front.split(".")):
            for part in label.split("-") if "-" in label else ():
                if whole := self._whole_in(part, label, "-"):
                    why = f"“{label}”把“{whole}”的点写成了横线", f"{label} writes {whole} with hyphens for dots"
                    yield part, Find(0.9, Reason("hyphens", *why))

    def _before_the_at(self, host: Host) -> Iterator[tuple[str, Find]]:
        shown = read_host(host.before.rpartition(":")[0] or host.before)
        why = f"@ 前面的“{shown.domain}”只是摆设", f"{shown.domain} before the @ is for show"
        if shown.label in self._by_label and shown.domain != host.domain:
            yield shown.label, Find(0.99, Reason("userinfo", *why))
        elif shown.suffix:
            yield from _shown(self._finds(shown), Reason("userinfo", *why))

    def _in_front(self, front: str, host: Host) -> Iterator[tuple[str, Find]]:
        if like_a_domain := _domain_in(front):
            yield from _shown(self._finds(read_host(like_a_domain)), _prefix(like_a_domain))
        for part in front.split("."):
            whole = self._whole_in(part, front, ".") or self._begun_in(part, host)
            if part in self._by_label and part != host.label and (whole or _may_be_meant(part, host)):
                yield part, Find(0.95 if whole else 0.7, _prefix(whole or part))
            elif 2 < len(part) < _SHORTEST_INSIDE and part in self._by_label and _asks_only(host.label):
                yield part, Find(0.7, _prefix(part))

    def _whole_in(self, part: str, text: str, sign: str) -> str:
        """Return the official domain of a label that stands whole in a text, ``sign`` for its dots; else nothing."""
        padded = f"{sign}{text}{sign}"
        officials = (official for official in self._by_label.get(part, ()) if "." in official)
        return next((one for one in officials if f"{sign}{one.replace('.', sign)}{sign}" in padded), "")

    def _begun_in(self, part: str, host: Host) -> str:
        """Return the official domain that a host shows as if it ended there (``qq.com-login.cn``); else nothing."""
        officials = (official for official in self._by_label.get(part, ()) if "." in official)
        return next((one for one in officials if f".{one}-" in f".{host.name}"), "")

    def _finds(self, host: Host) -> list[tuple[str, Find]]:
        label = host.label
        same = self._same(host)
        if same:
            return same
        folded = fold(label)
        if short := self._short_beside(label) or self._short_glued(host):
            return short
        found = self._inside(folded, host) or self._misspelt(folded, host) or self._misspelt_inside(folded, label)
        return found or self._called_in_pinyin(label)

    def _same(self, host: Host) -> list[tuple[str, Find]]:
        if host.label in self._by_label:
            official = self._by_label[host.label][0]
            text = f"与“{official}”只差后缀“.{host.suffix}”", f"only the ending .{host.suffix} differs from {official}"
            score = _ABROAD_SAME if endings.is_national(host.suffix) else 0.85
            return [(host.label, Find(score, Reason("ending", *text)))]
        if (brand := self._folded.get(fold(host.label))) is not None and not _is_mostly_digits(host.label, brand):
            text = f"“{host.label}”看起来就是“{brand}”", f"{host.label} reads as {brand}"
            return [(brand, Find(0.97, Reason("letters", *text)))]
        if (brand := self._joined.get(host.label)) is not None:
            text = (
                f"“{host.label}”把官方子域名的点写成了横线",
                f"{host.label} is an official subdomain with a hyphen for its dot",
            )
            return [(brand, Find(0.9, Reason("hyphens", *text)))]
        return []

    def _short_beside(self, label: str) -> list[tuple[str, Find]]:
        """Return a short brand that stands between hyphens beside nothing but words that ask for something."""
        words = label.split("-")
        brands = {word: brand for word in words if (brand := self._short_brand(word)) is not None}
        others = [word for word in words if word not in brands and not word.isdigit()]
        if len(brands) != 1 or beside.ASKS.isdisjoint(others):
            return []
        if not all(word in beside.MAY_STAND or pinyin.is_pinyin(word) for word in others):
            return []
        (brand,) = brands.values()
        text = f"“{label}”是“{brand}”加上诱饵词", f"{label} is {brand} beside a lure"
        return [(brand, Find(0.7, Reason("inside", *text)))]

    def _short_brand(self, word: str) -> str | None:
        """Return the short brand that a word is, or reads as where it is no word of its own."""
        if len(word) >= _SHORTEST_INSIDE:
            return None
        if word in self._by_label:
            return word
        plain = word.isdigit() or known.is_word(word) or word in beside.MAY_STAND
        return None if plain else self._folded.get(fold(word))

    def _called_in_pinyin(self, label: str) -> list[tuple[str, Find]]:
        """Return a brand that is called in pinyin (支付宝 for alipay) beside nothing but what lures."""
        for name, brand in self._called.items():
            words = [word for word in PIECES.split(label.replace(name, "-", 1)) if word] if name in label else []
            if any(map(pinyin.lures, words)) and all(beside.is_lure(fold(word), word) for word in words):
                text = f"“{label}”用拼音写“{brand}”，又加了诱饵词", f"{label} is {brand} in pinyin beside a lure"
                return [(brand, Find(0.75, Reason("pinyin", *text)))]
        return []

    def _short_glued(self, host: Host) -> list[tuple[str, Find]]:
        """Return a short brand that is one with a word that asks for something, not under a common ending."""
        label = host.label
        if host.suffix in endings.COMMON or known.is_word(label):
            return []
        for at in range(3, len(label) - 2):
            for brand, word in ((label[:at], label[at:]), (label[at:], label[:at])):
                if 2 < len(brand) < _SHORTEST_INSIDE and brand in self._by_label and word in beside.ASKS:
                    text = f"“{label}”是“{brand}”加上诱饵词", f"{label} is {brand} beside a lure"
                    return [(brand, Find(0.65, Reason("inside", *text)))]
        return []

    def _misspelt(self, folded: str, host: Host) -> list[tuple[str, Find]]:
        bare, label = folded.replace("-", ""), host.label
        if len(bare) < _SHORTEST_INSIDE or known.is_word(label):
            return []
        most = _MOST_OF_WORDS if _is_two_words(label) else math.inf
        found = []
        near = process.extract(bare, list(self._folded), scorer=OSA.distance, score_cutoff=6, limit=8)
        for brand, _, _ in near:
            limit = limit_of(brand)
            at_most = limit * (_ABROAD if self._is_abroad(host, brand) else 1)
            alignment = align(brand, bare, min(at_most, most))
            if alignment is not None:
                score = 1 - 0.45 * alignment.cost / (limit or 1)
                meant = self._folded[brand]
                text = f"“{label}”是“{meant}”的变体", f"{label} is {meant} misspelt"
                found.append((meant, Find(score, Reason("misspelt", *text))))
        return found

    def _is_abroad(self, host: Host, brand: str) -> bool:
        """Say whether a label stands under a country's ending that is none of a brand's, which is not long."""
        if len(brand) > _NOT_LONG or not endings.is_national(host.suffix) or host.suffix in endings.SOLD_ABROAD:
            return False
        country = host.suffix.rpartition(".")[2]
        return all(one.rpartition(".")[2] != country for one in self._by_label[self._folded[brand]])

    def _inside(self, folded: str, host: Host) -> list[tuple[str, Find]]:
        found: list[tuple[str, Find]] = []
        for length in range(_SHORTEST_INSIDE, len(folded)):
            for start in range(len(folded) - length + 1):
                meant = self._folded.get(folded[start : start + length])
                if meant is not None and is_meant(folded[:start], folded[start + length :], meant, host):
                    text = f"“{host.label}”里嵌着“{meant}”", f"{meant} stands inside {host.label}"
                    found.append((meant, Find(0.75 + min(0.15, length / 100), Reason("inside", *text))))
        return found[-1:]

    def _misspelt_inside(self, folded: str, label: str) -> list[tuple[str, Find]]:
        if len(folded) < _SHORTEST_INSIDE + 2 or known.is_word(folded):
            return []
        brands = [brand for brand in self._folded if len(brand) >= LONG_INSIDE]
        for brand, _, _ in process.extract(folded, brands, scorer=fuzz.partial_ratio, score_cutoff=70, limit=3):
            for part, rest in _cuts(folded, len(brand)):
                alignment = align(brand, part, limit_of(brand) * 0.6)
                if (
                    alignment is not None
                    and part != brand  # whether a brand written right passes beside a word was decided before
                    and rest
                    and not known.is_word(part)
                    and all(beside.is_lure(word) for word in PIECES.split(rest) if word)
                ):
                    meant = self._folded[brand]
                    text = (
                        f"“{label}”里有“{meant}”的变体，又加了诱饵词",
                        f"{label} holds {meant} misspelt beside a lure",
                    )
                    return [(meant, Find(0.8 - 0.2 * alignment.cost, Reason("misspelt", *text)))]
        return []


def _prefix(shown: str) -> Reason:
    text = f"“{shown}”只是别人域名下的前缀", f"{shown} is only a prefix of somebody else's domain"
    return Reason("subdomain", *text)


def _domain_in(front: str) -> str:
    """Return what in front of somebody's domain looks like one of its own (``a-b.com`` before ``.evil.ru``)."""
    parts = front.split(".")
    end = next((at for at in range(1, len(parts)) if parts[at] in _LIKE_AN_ENDING), 0)
    return ".".join(parts[: end + 1]) if end else ""


def _shown(finds: list[tuple[str, Find]], reason: Reason) -> list[tuple[str, Find]]:
    """Return what passes for a brand where it is only for show, with the reason why."""
    return [(brand, Find(max(find.score, _ONLY_SHOWN), reason)) for brand, find in finds]


def _may_be_meant(part: str, host: Host) -> bool:
    """Say whether a brand before somebody else's domain is likelier meant than a machine named with a common word."""
    if len(part) < _SHORTEST_INSIDE or endings.is_of_institutions(host.suffix):
        return False
    lures = any(beside.is_lure(fold(word)) for word in PIECES.split(host.label) if word)
    return lures or not endings.is_ordinary(host.suffix) or not known.is_word(part)


def _is_mostly_digits(label: str, brand: str) -> bool:
    """Say whether a short label reads as a brand only by chance, two of its letters being digits."""
    changed = sum(one != other for one, other in zip(label, brand, strict=False))
    return len(brand) < _SHORTEST_INSIDE and label.isascii() and changed > 1


def _asks_only(label: str) -> bool:
    """Say whether a label is nothing but words that ask for something and those beside them."""
    words = [word for word in label.split("-") if not word.isdigit()]
    return not beside.ASKS.isdisjoint(words) and beside.MAY_STAND.issuperset(words)


def _is_two_words(label: str) -> bool:
    """Say whether a label is two common words, written together or with a hyphen."""
    parts = [label.split("-")] if "-" in label else [[label[:at], label[at:]] for at in range(4, len(label) - 3)]
    return any(len(pair) == 2 and all(len(word) > 3 and known.is_word(word) for word in pair) for pair in parts)


def _cuts(folded: str, length: int) -> list[tuple[str, str]]:
    """Return ways to take a part about as long as a brand off a label, and what is left."""
    pieces = folded.split("-")
    found = [("".join(pieces[:count]), "-".join(pieces[count:])) for count in range(1, len(pieces))]
    found += [("".join(pieces[count:]), "-".join(pieces[:count])) for count in range(1, len(pieces))]
    for size in (length, length - 1, length + 1):
        if 0 < size < len(folded):
            found += [(folded[:size], folded[size:]), (folded[-size:], folded[:-size])]
    return found
