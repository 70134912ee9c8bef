"""Is this sender of mail who they seem? The shown name, the address, an address inside the name, where answers go."""

from __future__ import annotations

import re
from email.errors import HeaderParseError
from email.header import decode_header, make_header

from xinka.engines.lookalike.domains import DomainIndex
from xinka.engines.lookalike.hosts import Host, read_host
from xinka.engines.lookalike.names import NameIndex
from xinka.engines.lookalike.verdict import Reason, Verdict

_LONGEST = 1_000
_HEAD = re.compile(r"(?:from|sender|reply-to|发件人|回复至)\s*[:：]\s*", re.IGNORECASE)
_REPLY = re.compile(r"\breply-to\s*:", re.IGNORECASE)
_FROM = re.compile(r"([^<>]*)<([^<>]*)>")
_ADDRESS = re.compile(
    r"[\w.+-]{1,63}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}|\b[\w-]{1,63}(?:\.[\w-]{1,63}){0,8}\.[a-z]{2,24}\b", re.IGNORECASE
)
#: Anybody gets an address there, also where the provider is an official one itself: it says nothing for a name.
_PROVIDERS = """
qq.com foxmail.com 163.com 126.com yeah.net 188.com sina.com sina.cn sohu.com aliyun.com 139.com 189.cn wo.cn 21cn.com
gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com yahoo.co.jp ymail.com icloud.com me.com
aol.com gmx.de gmx.net gmx.com web.de t-online.de orange.fr free.fr laposte.net mail.ru bk.ru list.ru yandex.ru
rambler.ru naver.com daum.net proton.me protonmail.com tutanota.com zoho.com mail.com fastmail.com libero.it seznam.cz
wp.pl onet.pl
"""
_OF_EVERYBODY = frozenset(_PROVIDERS.split())
#: The score where answers to an official address go elsewhere, which honest invoices do as well.
_ELSEWHERE = 0.6


def judge_sender(
    text: str,
    domains: DomainIndex,
    names: NameIndex | None = None,
    owner: str | None = None,
    *,
    reply_to: str | None = None,
) -> Verdict:
    """Judge a ``From`` line, ``Steam Support <help@steampowered.com>``, and where answers to it go.

    An official domain is clear whatever name is shown, unless everybody gets an address there: whether it is forged
    is for DKIM and DMARC to say.

    Args:
        text: the line, with or without ``From:``; words coded for mail (RFC 2047) are read. A ``Reply-To:`` may follow.
        domains: the official ones.
        names: the official names, for the shown name; without them only an address in it is looked at.
        owner: who sends it; somebody's own is clear.
        reply_to: the line that says where answers go, if there is one.
    """
    line, *rest = _REPLY.split(text[:_LONGEST], maxsplit=1) if reply_to is None else [text[:_LONGEST]]
    if not line.strip():  # a line of this kind by itself
        return _judge_line(_plain("".join(rest)), domains, names, owner)
    verdict = _judge_line(_plain(line), domains, names, owner)
    answers = reply_to if reply_to is not None else next(iter(rest), "")
    if verdict.decision != "clear" or not answers.strip():
        return verdict
    return _judge_answers(_plain(line), _plain(answers[:_LONGEST]), domains, names, owner)


def _plain(line: str) -> str:
    """Return a line of a mail's head without what kind it is, its coded words read."""
    line = _HEAD.sub("", line.replace("\r", " ").replace("\n", " "), count=1).strip()
    if "=?" not in line:
        return line
    try:
        return str(make_header(decode_header(line)))
    except (HeaderParseError, LookupError, ValueError):
        return line  # coded in a way nobody can read


def _split(line: str) -> tuple[str, str]:
    """Return the shown name of a line and the address."""
    found = _FROM.fullmatch(line)
    return (found[1].rstrip().removesuffix('"').removeprefix('"'), found[2]) if found else ("", line)


def _is_official(host: Host, domains: DomainIndex) -> bool:
    return host.domain in domains or host.label in domains


def _judge_line(line: str, domains: DomainIndex, names: NameIndex | None, owner: str | None) -> Verdict:
    shown, address = _split(line)
    if "@" not in address:
        return names.judge(line, owner) if names is not None else domains.judge(line, owner)
    host = read_host(address)
    official = _is_official(host, domains)
    if official and host.domain not in _OF_EVERYBODY:
        return Verdict("clear", 0.0, host.domain)
    verdict = Verdict("clear", 0.0, host.domain) if official else domains.judge(address, owner)
    for other in _ADDRESS.findall(shown):
        inside = read_host(other)
        if inside.domain != host.domain and inside.domain in domains:
            why = (
                f"显示的是“{inside.domain}”，实际来自“{host.domain}”",
                f"shows {inside.domain}, comes from {host.domain}",
            )
            return Verdict("impostor", 0.98, inside.domain, (Reason("shown", *why), *verdict.reasons))
    by_name = names.judge(shown, owner) if names is not None and shown else verdict
    return max(verdict, by_name, key=lambda one: (one.decision != "clear", one.score))


def _judge_answers(
    line: str, answers: str, domains: DomainIndex, names: NameIndex | None, owner: str | None
) -> Verdict:
    """Judge where the answers to a harmless sender go."""
    sender, other = read_host(_split(line)[1]), read_host(_split(answers)[1])
    is_official = _is_official(sender, domains)
    if sender.domain == other.domain:
        return Verdict("clear", 0.0, sender.domain if is_official else None)
    why = Reason("answers", f"回信会寄到“{other.domain[:100]}”", f"answers go to {other.domain[:100]}")
    verdict = _judge_line(answers, domains, names, owner)
    if is_official and sender.domain not in _OF_EVERYBODY and not _is_official(other, domains):
        score = max(_ELSEWHERE, verdict.score)
        decision = "review" if verdict.decision == "clear" else verdict.decision
        return Verdict(decision, score, sender.domain, (why, *verdict.reasons))
    if verdict.decision == "clear":
        return Verdict("clear", 0.0, sender.domain if is_official else None)
    return verdict._replace(reasons=(why, *verdict.reasons))
