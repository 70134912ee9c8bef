"""The gateways of kind "epay V2" pay out too: ``/api/transfer/submit`` and ``/api/transfer/query``.

They are set up as payment channels, with whose keys these calls are signed: sorted ``k=v&k=v``, RSA PKCS#1 v1.5 with
SHA-256, both ways. Field names follow the published V2 documents and are to be confirmed with a live gateway.
"""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from xinka.kernel.errors import ProviderError
from xinka.kernel.money import plain_amount
from xinka.payments.channels import config_place
from xinka.payments.models import Channel
from xinka.payments.providers.epay.signing import canonical
from xinka.payments.providers.errors import OutcomeUnknown
from xinka.payments.providers.http import Call, Reply, ask
from xinka.payments.providers.keys import Named, private_key, public_key
from xinka.payouts.details import AccountKind
from xinka.payouts.providers.protocol import TransferRequest, TransferResult, TransferStatus
from xinka.platform.vault.keys import open_envelope

_TYPES: Mapping[AccountKind, str] = MappingProxyType(
    {AccountKind.BANK: "bank", AccountKind.ALIPAY: "alipay", AccountKind.WECHAT: "wxpay"}
)
_STATUSES = {"0": TransferStatus.PENDING, "1": TransferStatus.DONE, "2": TransferStatus.FAILED}
_UNKNOWN = re.compile("不存在|没有(该|此)|not (found|exist)|no such", re.IGNORECASE)
_OURS, _THEIRS = Named("商户私钥", "merchant private key"), Named("平台公钥", "platform public key")


@dataclass(frozen=True, slots=True)
class EpayTransfers:
    """Payouts of one account at one gateway."""

    kinds: ClassVar[frozenset[AccountKind]] = frozenset(_TYPES)
    base_url: str
    pid: str
    ours: RSAPrivateKey = field(repr=False)
    theirs: RSAPublicKey = field(repr=False)

    @classmethod
    def of_channel(cls, channel: Channel) -> Self:
        """Return the gateway behind a channel of kind epay V2; raises ``BadChannel`` if a key cannot be read."""
        known = json.loads(open_envelope(channel.config, config_place(channel.slug)))
        ours = private_key(str(known.get("private_key", "")), _OURS)
        theirs = public_key(str(known.get("public_key", "")), _THEIRS)
        base = str(known.get("api_url") or known.get("base_url", ""))
        return cls(base.rstrip("/"), str(known.get("pid", "")), ours, theirs)

    def send(self, transfer: TransferRequest) -> TransferResult:
        """Ask ``/api/transfer/submit``; only a signed answer is one."""
        fields = {
            "type": _TYPES[transfer.to.kind],
            "out_biz_no": transfer.number,
            "account": transfer.to.number,
            "name": _plain(transfer.to.holder),
            "money": plain_amount(transfer.amount_minor, transfer.currency),
            "remark": _plain(transfer.title)[:32],
        }
        try:
            answer = self._ask("api/transfer/submit", fields)
        except ProviderError as error:
            if error.permanent and not isinstance(error, OutcomeUnknown):
                raise
            raise ProviderError(f"payout: {error}") from None
        return self._judge(answer, transfer.number)

    def query(self, number: str) -> TransferResult:
        """Ask ``/api/transfer/query``."""
        try:
            answer = self._ask("api/transfer/query", {"out_biz_no": number})
        except _Refused as refused:
            if _UNKNOWN.search(refused.words):
                return TransferResult(TransferStatus.NOT_FOUND, why=refused.words)
            raise ProviderError(f"the gateway refused the question: {refused.words}") from None
        return self._judge(answer, number)

    def _ask(self, path: str, fields: Mapping[str, str]) -> dict[str, str]:
        whole = {"pid": self.pid, "timestamp": str(int(time.time())), **fields}
        signature = self.ours.sign(canonical(whole).encode(), PKCS1v15(), SHA256())
        form = {**whole, "sign": base64.b64encode(signature).decode(), "sign_type": "RSA"}
        answer = _read(ask(Call("POST", f"{self.base_url}/{path}", form=form)))
        if answer.get("code") != "0":
            raise _Refused(_plain(answer.get("msg", ""))[:120] or "no reason given")
        try:
            signed = base64.b64decode(answer.get("sign", ""), validate=True)
            self.theirs.verify(signed, canonical(answer).encode(), PKCS1v15(), SHA256())
        except (InvalidSignature, ValueError):
            raise OutcomeUnknown("the gateway's answer is not signed by its key") from None
        return answer

    @staticmethod
    def _judge(answer: Mapping[str, str], number: str) -> TransferResult:
        if answer.get("out_biz_no", number) != number:
            raise ProviderError("the gateway answered about another payout")
        status = _STATUSES.get(answer.get("status", ""), TransferStatus.PENDING)
        return TransferResult(status, answer.get("biz_no", ""), _plain(answer.get("errmsg", ""))[:120])


class _Refused(ProviderError):
    """The gateway said no, in these words."""

    def __init__(self, words: str) -> None:
        super().__init__(f"the gateway refused: {words}", permanent=True)
        self.words = words


def _read(reply: Reply) -> dict[str, str]:
    """Return the scalars of a JSON answer as text; raises ``OutcomeUnknown`` for anything else."""
    try:
        found = json.loads(reply.body.decode("utf-8-sig"), parse_int=str, parse_float=str)
    except ValueError:
        raise OutcomeUnknown(f"the gateway answered HTTP {reply.status}, not in JSON") from None
    if reply.status != 200 or not isinstance(found, dict):
        raise OutcomeUnknown(f"the gateway answered HTTP {reply.status}")
    return {name: value for name, value in found.items() if isinstance(value, str)}


def _plain(text: str) -> str:
    """Return a text that cannot be mistaken for other fields of the signed string."""
    return "".join(letter for letter in text if letter.isprintable() and letter not in "&=").strip()


#: Kinds of payment channels that pay out.
PAYERS: Mapping[str, type[EpayTransfers]] = MappingProxyType({"epay2": EpayTransfers})
