"""Alipay pays out to Alipay accounts: ``alipay.fund.trans.uni.transfer`` and ``alipay.fund.trans.common.query``.

The application of the payment channel needs the product "transfer to an Alipay account"; Alipay lets money out only of
applications in certificate mode. Source: Alipay Open Platform, the two calls by these names; that an unknown number is
told as ``ORDER_NOT_EXIST`` is to be confirmed with a live gateway.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar, Self

from django.utils.translation import gettext_noop as _

from xinka.kernel.errors import BadInput, ProviderError
from xinka.kernel.money import parse_amount, plain_amount
from xinka.payments.providers.alipay import replies, wire
from xinka.payments.providers.alipay.client import AlipayClient
from xinka.payments.providers.alipay.config import CURRENCY, AlipayConfig
from xinka.payments.providers.alipay.replies import BusinessRefusal
from xinka.payments.providers.epay.wire import plain_title
from xinka.payouts.details import AccountKind
from xinka.payouts.providers.protocol import TransferRequest, TransferResult, TransferStatus

TRANSFER, QUERY = "alipay.fund.trans.uni.transfer", "alipay.fund.trans.common.query"
_PRODUCT: Mapping[str, object] = MappingProxyType(
    {"product_code": "TRANS_ACCOUNT_NO_PWD", "biz_scene": "DIRECT_TRANSFER"}
)
_STATUSES = {
    "SUCCESS": TransferStatus.DONE,
    "FAIL": TransferStatus.FAILED,
    "CLOSED": TransferStatus.FAILED,
    "REFUND": TransferStatus.FAILED,
}
_UNKNOWN = "ORDER_NOT_EXIST"
_LONGEST_TITLE, _LONGEST_WHY = 64, 120


@dataclass(frozen=True, slots=True)
class AlipayTransfers:
    """Payouts of one application."""

    kinds: ClassVar[frozenset[AccountKind]] = frozenset({AccountKind.ALIPAY})
    config: AlipayConfig

    @classmethod
    def of_settings(cls, settings: Mapping[str, object]) -> Self:
        """Return the gateway behind a channel of kind Alipay; raises ``BadChannel`` if its settings are not usable."""
        return cls(AlipayConfig.from_settings(settings))

    def send(self, transfer: TransferRequest) -> TransferResult:
        """Transfer to a log-in name, whose holder Alipay compares; the same number again is the same transfer."""
        payee = {
            "identity_type": "ALIPAY_LOGON_ID",
            "identity": transfer.to.number,
            "name": transfer.to.holder,
        }
        content = {
            **_PRODUCT,
            "out_biz_no": wire.number(transfer.number),
            "trans_amount": _yuan(transfer),
            "order_title": plain_title(transfer.title)[:_LONGEST_TITLE],
            "payee_info": payee,
        }
        return _judge(self._ask(TRANSFER, content), transfer.number)

    def query(self, number: str, reference: str = "") -> TransferResult:  # noqa: ARG002 - ours is enough here
        """Ask by our number."""
        try:
            answer = self._ask(QUERY, {**_PRODUCT, "out_biz_no": wire.number(number)})
        except BusinessRefusal as refusal:
            if refusal.sub_code == _UNKNOWN:
                return TransferResult(TransferStatus.NOT_FOUND, why=str(refusal)[:_LONGEST_WHY])
            raise ProviderError(_("Alipay refused the question") + f": {refusal.sub_code}") from None
        return _judge(answer, number)

    def _ask(self, method: str, content: Mapping[str, object]) -> dict[str, Any]:
        """Make a call; only Alipay's signed no is permanent."""
        call = wire.plain_call(self.config, method, content, time.time())
        try:
            return AlipayClient(self.config).run(lambda client: client.ask(call, method))
        except BusinessRefusal:
            raise
        except ProviderError as error:
            raise ProviderError(f"payout: {error}") from None


def _yuan(transfer: TransferRequest) -> str:
    if transfer.amount_minor <= 0 or transfer.currency != CURRENCY:
        raise ProviderError(_("Alipay pays out in yuan only"), permanent=True)
    return plain_amount(transfer.amount_minor, CURRENCY)


def _judge(answer: dict[str, Any], number: str) -> TransferResult:
    if replies.text_of(answer, "out_biz_no") != number:
        raise ProviderError(_("Alipay answered about another payout"))
    try:
        amount = parse_amount(found, CURRENCY) if (found := replies.text_of(answer, "trans_amount")) else 0
    except BadInput:
        raise ProviderError(_("Alipay named no readable amount")) from None
    status = _STATUSES.get(replies.text_of(answer, "status"), TransferStatus.PENDING)
    why = " ".join(filter(None, (replies.text_of(answer, name) for name in ("error_code", "fail_reason"))))
    return TransferResult(status, replies.text_of(answer, "order_id"), why[:_LONGEST_WHY], amount)
