"""The gateways of kind "epay V2" pay out too: ``/api/transfer/submit`` and ``/api/transfer/query``.

They are set up as payment channels, with whose keys these calls are signed, both ways. Field names
follow the published V2 documents and are to be confirmed with a live gateway.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar, Self

from django.utils.translation import gettext_noop as _

from xinka.kernel.errors import BadInput, ProviderError, sentence
from xinka.kernel.money import parse_amount, plain_amount
from xinka.payments.providers.answers import NO_REASON
from xinka.payments.providers.epay_v2.config import EpayV2Config
from xinka.payments.providers.epay_v2.signing import agrees, seal
from xinka.payments.providers.errors import OutcomeUnknown
from xinka.payments.providers.http import Call, Reply, ask
from xinka.payouts.details import AccountKind
from xinka.payouts.providers.protocol import TransferRequest, TransferResult, TransferStatus

_TYPES: Mapping[AccountKind, str] = MappingProxyType(
    {AccountKind.BANK: "bank", AccountKind.ALIPAY: "alipay", AccountKind.WECHAT: "wxpay"}
)
_STATUSES = {"0": TransferStatus.PENDING, "1": TransferStatus.DONE, "2": TransferStatus.FAILED}
_UNKNOWN = re.compile("不存在|没有(该|此)|not (found|exist)|no such", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class EpayTransfers:
    """Payouts of one account at one gateway."""

    kinds: ClassVar[frozenset[AccountKind]] = frozenset(_TYPES)
    config: EpayV2Config

    @classmethod
    def of_settings(cls, settings: Mapping[str, object]) -> Self:
        """Return the gateway behind a channel of kind epay V2; raises ``BadChannel`` if its settings are not usable."""
        return cls(EpayV2Config.from_settings(settings))

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

    def query(self, number: str, reference: str = "") -> TransferResult:  # noqa: ARG002 - ours is enough here
        """Ask ``/api/transfer/query``."""
        try:
            answer = self._ask("api/transfer/query", {"out_biz_no": number})
        except _Refused as refused:
            if _UNKNOWN.search(refused.words):
                return TransferResult(TransferStatus.NOT_FOUND, why=refused.words)
            raise ProviderError(_("the gateway refused the question") + f": {refused.words}") from None
        return self._judge(answer, number)

    def _ask(self, path: str, fields: Mapping[str, str]) -> dict[str, str]:
        form = seal(self.config, {name: value for name, value in fields.items() if value}, time.time())
        answer = _read(ask(Call("POST", self.config.api_address(path), form=form)))
        if answer.get("code") != "0":
            raise _Refused(_plain(answer.get("msg", ""))[:120] or NO_REASON)
        if not agrees(self.config, answer):
            raise OutcomeUnknown("the gateway's answer is not signed by its key")
        return answer

    @staticmethod
    def _judge(answer: Mapping[str, str], number: str) -> TransferResult:
        if answer.get("out_biz_no", number) != number:
            raise ProviderError(_("the gateway answered about another payout"))
        status = _STATUSES.get(answer.get("status", ""), TransferStatus.PENDING)
        try:
            amount = parse_amount(answer["amount"], "CNY") if answer.get("amount") else 0
        except BadInput:
            raise ProviderError(_("the gateway named no readable amount")) from None
        return TransferResult(status, answer.get("biz_no", ""), _plain(answer.get("errmsg", ""))[:120], amount)


class _Refused(ProviderError):
    """The gateway said no, in these words."""

    def __init__(self, words: str) -> None:
        super().__init__(sentence("the gateway refused"), permanent=True, quote=words)
        self.words = words


def _read(reply: Reply) -> dict[str, str]:
    """Return the scalars of a JSON answer as text; raises ``OutcomeUnknown`` for anything else."""
    try:
        found = json.loads(reply.body.decode("utf-8-sig"), parse_int=str, parse_float=str)
    except ValueError:
        raise OutcomeUnknown("the gateway did not answer in JSON", quote=f"HTTP {reply.status}") from None
    if reply.status != 200 or not isinstance(found, dict):
        raise OutcomeUnknown("the gateway answered", quote=f"HTTP {reply.status}")
    return {name: value for name, value in found.items() if isinstance(value, str)}


def _plain(text: str) -> str:
    """Return a text that cannot be mistaken for other fields of the signed string."""
    return "".join(letter for letter in text if letter.isprintable() and letter not in "&=").strip()
