"""Whom one trusts: logs, witnesses, and how many of them must have cosigned (C2SP tlog-policy)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from xinka.engines.merkle.checkpoints import Checkpoint
from xinka.engines.merkle.errors import BadFormat, QuorumMissing, SignatureRefused
from xinka.engines.merkle.keys import Kind, Verifier
from xinka.engines.merkle.notes import Note, Verified

_WHAT = "tlog-policy"
_NONE = "none"
_SPACES = re.compile("[ \t]+")
_THRESHOLD = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
_LONGEST = 1_000_000


@dataclass(frozen=True, slots=True)
class Group:
    """So many of these witnesses or groups."""

    threshold: int
    members: tuple[str, ...]


@dataclass(slots=True)
class Policy:
    """A policy file, read and checked; names are bytes to the format and kept by surrogates here."""

    logs: dict[Verifier, str | None] = field(default_factory=dict)
    witnesses: dict[str, Verifier] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    quorum: str = ""

    @classmethod
    def parse(cls, data: bytes) -> Policy:
        """Read a policy file.

        Raises:
            BadFormat: it is none; the message names the line.
        """
        if len(data) > _LONGEST or any((byte < 0x20 and byte not in b"\t\n") or byte == 0x7F for byte in set(data)):
            raise BadFormat(_WHAT, "a control character inside, or longer than 1 MB", "含有控制字符或超过 1 MB")
        if data and not data.endswith(b"\n"):
            raise BadFormat(_WHAT, "the last line does not end", "最后一行没有换行")
        reader = _Reader(cls())
        for number, line in enumerate(data.decode("utf-8", "surrogateescape").split("\n"), 1):
            words = [word for word in _SPACES.split(line) if word]
            if words and not words[0].startswith("#"):
                reader.read(words, number)
        if not reader.policy.quorum:
            raise BadFormat(_WHAT, "the quorum line is missing", "缺少 quorum 行")
        return reader.policy

    def check(self, note: Note, logs: Sequence[Verifier] = ()) -> list[Verified]:
        """Check that a listed log signed this checkpoint and enough witnesses cosigned it; return who did.

        ``logs`` are trusted beside those of the file.

        Raises:
            BadFormat: the note is no checkpoint.
            SignatureRefused: no trusted log signed it, or a trusted key's signature is wrong.
            QuorumMissing: too few witnesses cosigned.
        """
        origin = Checkpoint.parse(note.text).origin
        keys = [key for key in (*self.logs, *logs) if key.name == origin]
        signed = note.verified_by(keys)
        try:
            cosigned = note.verified_by(self.witnesses.values())
        except SignatureRefused:
            cosigned = self._one_by_one(note)
        if not self._is_met({each.key for each in cosigned}):
            raise QuorumMissing(quorum=self.quorum.encode("utf-8", "replace").decode())
        return [*signed, *cosigned]

    def _one_by_one(self, note: Note) -> list[Verified]:
        # One witness's broken signature must not undo the others' (a quorum is there to survive that).
        found = []
        for key in self.witnesses.values():
            try:
                found += note.verified_by([key])
            except SignatureRefused:
                continue
        return found

    def _is_met(self, present: set[Verifier]) -> bool:
        met = {_NONE, *(name for name, key in self.witnesses.items() if key in present)}
        # A group names only earlier lines, so what it names is known by now, however deep the groups are.
        for name, group in self.groups.items():
            if sum(member in met for member in group.members) >= group.threshold:
                met.add(name)
        return self.quorum in met


class _Reader:
    """Reads the lines of a policy in turn."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self._grouped: set[str] = set()
        self._number = 0

    def read(self, words: list[str], number: int) -> None:
        """Take one line."""
        self._number = number
        kinds: dict[str, Callable[[list[str]], None]] = {
            "log": self._log,
            "witness": self._witness,
            "group": self._group,
            "quorum": self._quorum,
        }
        if words[0] not in kinds:
            raise self._wrong("it begins with an unknown word", "开头的词不认识")
        kinds[words[0]](words[1:])

    def _wrong(self, why_en: str, why_zh: str) -> BadFormat:
        return BadFormat(_WHAT, f"line {self._number}: {why_en}", f"第 {self._number} 行：{why_zh}")

    def _key(self, vkey: str, allowed: tuple[Kind, ...], known: Sequence[Verifier]) -> Verifier:
        try:
            key = Verifier.parse(vkey)
        except BadFormat as refusal:
            raise self._wrong(str(refusal.params["why_en"]), str(refusal.params["why_zh"])) from None
        if key.kind not in allowed:
            raise self._wrong("the key is of a wrong type", "密钥类型不对")
        if any(key.public_key == other.public_key for other in known):
            raise self._wrong("the key is already listed", "密钥重复")
        return key

    def _log(self, words: list[str]) -> None:
        if len(words) not in (1, 2):
            raise self._wrong("log <vkey> [<url>]", "应为 log <vkey> [<url>]")
        key = self._key(words[0], (Kind.ED25519, Kind.ML_DSA_44), list(self.policy.logs))
        self.policy.logs[key] = words[1] if len(words) == 2 else None

    def _witness(self, words: list[str]) -> None:
        if len(words) not in (2, 3):
            raise self._wrong("witness <name> <vkey> [<url>]", "应为 witness <name> <vkey> [<url>]")
        name = self._new_name(words[0])
        known = list(self.policy.witnesses.values())
        self.policy.witnesses[name] = self._key(words[1], (Kind.COSIGNATURE, Kind.ML_DSA_44), known)
        if len(words) == 3:
            self.policy.addresses[name] = words[2]

    def _group(self, words: list[str]) -> None:
        if len(words) < 3:
            raise self._wrong("group <name> <k|any|all> <name>...", "应为 group <name> <k|any|all> <name>...")
        name, members = self._new_name(words[0]), words[2:]
        for member in members:
            self._defined(member)
            if member in self._grouped:
                raise self._wrong("a member is in two groups", "有成员同时在两个组里")
            self._grouped.add(member)
        threshold = {"any": "1", "all": str(len(members))}.get(words[1], words[1])
        if not _THRESHOLD.fullmatch(threshold) or int(threshold) > len(members):
            raise self._wrong("the number is not 1 to the number of members", "数量应在 1 到成员数之间")
        self.policy.groups[name] = Group(int(threshold), tuple(members))

    def _quorum(self, words: list[str]) -> None:
        if len(words) != 1 or self.policy.quorum:
            raise self._wrong("one quorum line with one name", "只能有一行 quorum，带一个名称")
        if words[0] != _NONE:
            self._defined(words[0])
        self.policy.quorum = words[0]

    def _new_name(self, name: str) -> str:
        if name == _NONE or name in self.policy.witnesses or name in self.policy.groups:
            raise self._wrong("the name is taken", "名称已被使用")
        return name

    def _defined(self, name: str) -> None:
        if name not in self.policy.witnesses and name not in self.policy.groups:
            raise self._wrong("a name is not defined before", "引用了未定义的名称")
