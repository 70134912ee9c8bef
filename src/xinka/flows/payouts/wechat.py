"""WeChat Pay pays out to people: merchant transfers that the payee confirms in WeChat (商家转账, ``transfer-bills``).

The payee is known by the openid that they have with the channel's app; their name goes sealed with WeChat's own key.
Source: WeChat Pay, "发起转账" and "商户单号查询转账单" of ``/v3/fund-app/mch-transfer``: a number has letters and
digits only, a name is allowed from 0.30 and needed from 2,000 yuan, a bill can be asked about for thirty days, and a
refusal that is not listed there proves nothing. *To be confirmed with a live gateway*: which refusals are listed.
Taking back: WeChat Pay, "撤销转账" of the same product: possible until the payee has confirmed; its answer says only
that the wish was heard, the money is back when the bill is ``CANCELLED``.
"""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Self

from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.hashes import SHA1
from django.utils.translation import gettext_noop as _

from xinka.kernel.errors import ProviderError
from xinka.payments.providers.errors import BadChannel
from xinka.payments.providers.http import Call, ask
from xinka.payments.providers.wechat import js_sdk, replies, wire
from xinka.payments.providers.wechat.config import WechatConfig
from xinka.payments.providers.wechat.notice import CURRENCY
from xinka.payments.providers.wechat.replies import Declined
from xinka.payouts.details import AccountKind
from xinka.payouts.providers.protocol import ConfirmCall, TransferRequest, TransferResult, TransferStatus

_TARGET = "/v3/fund-app/mch-transfer/transfer-bills"
_OPENID = re.compile(r"[0-9A-Za-z_\-]{20,64}", re.ASCII)
_STATES = {
    "SUCCESS": TransferStatus.DONE,
    "FAIL": TransferStatus.FAILED,
    "CANCELLED": TransferStatus.CALLED_BACK,
}
#: States that last a while, and what to say of them.
_MEANWHILE = {"CANCELING": _("WeChat is taking it back")}
_WAITS = "WAIT_USER_CONFIRM"
CONFIRM_CALL = "requestMerchantTransfer"
#: How long a payee has, from when the bill was made; then WeChat closes it and gives the money back.
CONFIRM_FOR = timedelta(hours=24)
#: After these nothing was made; any other no may hide a bill, so it is asked about and never believed.
_CERTAIN = {"PARAM_ERROR", "NO_AUTH", "NOT_ENOUGH", "SIGN_ERROR", "APPID_MCHID_NOT_MATCH", "ACCOUNT_ERROR"}
_UNKNOWN = {"NOT_FOUND"}
_NAME_FROM, _LONGEST_REMARK, _LONGEST_WHY, _LONGEST_PACKAGE = 30, 32, 120, 1024


@dataclass(frozen=True, slots=True)
class WechatTransfers:
    """Payouts of one merchant number."""

    kinds: ClassVar[frozenset[AccountKind]] = frozenset({AccountKind.WECHAT})
    #: Where payees confirm, in the words of ``PaymentRequest.device``.
    device: ClassVar[str] = "wechat"
    config: WechatConfig

    @classmethod
    def of_settings(cls, settings: Mapping[str, object]) -> Self:
        """Return the gateway behind a channel of kind WeChat Pay.

        Raises:
            BadChannel: if its settings are not usable, or name no scene for transfers.
        """
        config = WechatConfig.from_settings(settings)
        if not config.transfer_scene_id or not config.transfer_reports:
            raise BadChannel(
                why_zh="没有填写商家转账的场景和报备信息",
                why_en="the scene of merchant transfers and its report are missing",
            )
        return cls(config)

    def send(self, transfer: TransferRequest) -> TransferResult:
        """Open a transfer; the same number again is the same one."""
        if transfer.amount_minor <= 0 or transfer.currency != CURRENCY:
            raise ProviderError(_("WeChat Pay pays out in yuan only"), permanent=True)
        if not _OPENID.fullmatch(transfer.to.number):
            raise ProviderError(_("WeChat Pay needs the payee's openid, not a WeChat number"), permanent=True)
        serial, sealed = self._sealed(transfer.to.holder) if transfer.amount_minor >= _NAME_FROM else ("", "")
        body: dict[str, object] = {
            "appid": self.config.appid,
            "out_bill_no": _number(transfer.number),
            "transfer_scene_id": self.config.transfer_scene_id,
            "openid": transfer.to.number,
            "transfer_amount": transfer.amount_minor,
            "transfer_remark": wire.plain_title(transfer.title)[:_LONGEST_REMARK],
            "transfer_scene_report_infos": [
                {"info_type": kind, "info_content": content} for kind, content in self.config.transfer_reports
            ],
        }
        call = wire.signed(
            self.config, "POST", _TARGET, body | ({"user_name": sealed} if sealed else {}), now=time.time()
        )
        if sealed:
            headers = {**call.headers, "wechatpay-serial": serial}
            call = Call(call.method, call.url, headers=headers, content=call.content)
        try:
            return _judge(self._ask(call), transfer.number)
        except Declined as refusal:
            if refusal.code in _CERTAIN:
                raise
            raise ProviderError(f"payout: {refusal}") from None

    def query(self, number: str, reference: str = "") -> TransferResult:  # noqa: ARG002 - ours is enough here
        """Ask by our number."""
        target = f"{_TARGET}/out-bill-no/{_number(number)}"
        try:
            answer = self._ask(wire.signed(self.config, "GET", target, now=time.time()))
        except Declined as refusal:
            if refusal.code in _UNKNOWN:
                return TransferResult(TransferStatus.NOT_FOUND, why=str(refusal)[:_LONGEST_WHY])
            raise ProviderError(_("WeChat Pay refused the question") + f": {refusal.code}") from None
        if answer.get("mch_id") != self.config.mchid or answer.get("appid") != self.config.appid:
            raise ProviderError(_("WeChat Pay answered about another merchant"))
        return _judge(answer, number)

    def cancel(self, number: str, reference: str = "") -> None:  # noqa: ARG002 - ours is enough here
        """Ask WeChat to take it back; only a bill that somebody asks about afterwards tells whether it did."""
        target = f"{_TARGET}/out-bill-no/{_number(number)}/cancel"
        answer = self._ask(wire.signed(self.config, "POST", target, now=time.time()))
        if answer.get("out_bill_no") != _number(number):
            raise ProviderError(_("WeChat Pay answered about another payout"))

    def confirm_call(self, package: str, page_url: str) -> ConfirmCall:
        """Return what a page in WeChat calls to have its user confirm; WeChat checks that this is the payee.

        Source: WeChat Pay, "JSAPI调起用户确认收款": the page needs the permission of the JS-SDK, then it calls
        ``requestMerchantTransfer``; what that says at the end is no proof.

        Raises:
            ProviderError: if WeChat gives no permission; permanent if the channel has no AppSecret.
        """
        config = js_sdk.page_config(self.config, page_url, CONFIRM_CALL, now=time.time())
        fields = {"mchId": self.config.mchid, "appId": self.config.appid, "package": package}
        return ConfirmCall(CONFIRM_CALL, fields, config, js_sdk.SCRIPT)

    def _ask(self, call: Call) -> dict[str, object]:
        """Make a call; only WeChat's own no is permanent."""
        try:
            return replies.accepted(self.config, ask(call), now=time.time())
        except Declined:
            raise
        except ProviderError as error:
            raise ProviderError(f"payout: {error}") from None

    def _sealed(self, name: str) -> tuple[str, str]:
        """Return a name that only WeChat can read, and which of its keys it is for."""
        serial, key = self.config.platform.newest()
        sealed = key.encrypt(name.encode(), OAEP(MGF1(SHA1()), SHA1(), None))  # noqa: S303 - prescribed
        return serial, base64.b64encode(sealed).decode()


def _number(shown: str) -> str:
    """Return our number in WeChat's alphabet of letters and digits; it stays one to one."""
    return wire.number(shown.replace("_", ""))


def _judge(answer: Mapping[str, object], number: str) -> TransferResult:
    if answer.get("out_bill_no") != _number(number):
        raise ProviderError(_("WeChat Pay answered about another payout"))
    state, amount = str(answer.get("state", "")), answer.get("transfer_amount", 0)
    reference, told = str(answer.get("transfer_bill_no", "")), amount if type(amount) is int else 0
    if state == _WAITS:
        package = str(answer.get("package_info") or "")
        if len(package) > _LONGEST_PACKAGE:
            raise ProviderError(_("WeChat Pay's package is too long to be one"))
        why = _("the payee has to confirm it in WeChat")
        return TransferResult(TransferStatus.TO_CONFIRM, reference, why, told, package, _confirm_by(answer))
    why = str(answer.get("fail_reason") or _MEANWHILE.get(state, ""))
    return TransferResult(_STATES.get(state, TransferStatus.PENDING), reference, why[:_LONGEST_WHY], told)


def _confirm_by(answer: Mapping[str, object]) -> datetime | None:
    """Return until when the payee can confirm, if WeChat says when the bill was made."""
    try:
        made = datetime.fromisoformat(str(answer.get("create_time", "")))
    except ValueError:
        return None
    return made + CONFIRM_FOR if made.tzinfo is not None else None
