"""What a provider refuses: configurations that would not be safe, and notices that prove nothing.

The text of a refused notice is for the log and the operator. The gateway only ever reads ``failure_body``, so that a
forger learns nothing from us.
"""

from __future__ import annotations

from http import HTTPStatus

from xinka.kernel.errors import ProviderError, Refusal, sentence


class NoticeRefused(Refusal):
    """A payment notice proves nothing; answer ``failure_body`` with status 400 and change nothing."""

    code = "notice_refused"
    zh = "这条支付通知不可信，已忽略。"
    en = "This payment notice cannot be trusted and was ignored."


class MalformedNotice(NoticeRefused):
    """The notice is not in the one unambiguous form we read; ``why`` names the rule that it broke."""

    code = "malformed_notice"
    zh = "支付通知格式不对（{why}）。"
    en = "The payment notice is malformed ({why})."


class BadSignature(NoticeRefused):
    """The signature is not the one this channel's key gives."""

    code = "bad_signature"
    zh = "支付通知的签名不对。"
    en = "The signature of the payment notice is wrong."


class WrongAlgorithm(NoticeRefused):
    """The notice names another algorithm than the channel is set to."""

    code = "wrong_algorithm"
    zh = "支付通知的签名方式和通道设置不一致。"
    en = "The payment notice names another signature algorithm than the channel."


class WrongMerchant(NoticeRefused):
    """The notice is genuine but meant for another merchant number of the same gateway."""

    code = "wrong_merchant"
    zh = "支付通知属于另一个商户号。"
    en = "The payment notice belongs to another merchant number."


class StaleNotice(NoticeRefused):
    """The notice is genuine but too old, or from the future: somebody may have kept it."""

    code = "stale_notice"
    zh = "支付通知的时间不对。"
    en = "The payment notice is not of this time."


class BadChannel(Refusal):
    """A channel's settings are incomplete or unsafe; ``why_zh`` and ``why_en`` say which and how to mend it."""

    code = "bad_channel"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    zh = "支付通道设置有误：{why_zh}"
    en = "The payment channel is not set up right: {why_en}"


class WeakKey(BadChannel):
    """The merchant key is short, patterned or publicly known, so anyone could sign notices with it."""

    code = "weak_key"
    zh = "这个商户密钥不安全：{why_zh}。请在支付网关后台重新生成，至少 32 位。"
    en = "This merchant key is not safe: {why_en}. Make a new one at the gateway, at least 32 characters."


class MethodUnavailable(Refusal):
    """The channel does not offer this way to pay."""

    code = "method_unavailable"
    status = HTTPStatus.CONFLICT
    zh = "这个通道不支持「{method}」，请换一种付款方式。"
    en = "This channel does not offer “{method}”. Please choose another way to pay."


class KeyMissing(ProviderError):
    """A notice names a key that this process has not fetched yet; ``LearnsKeys.learn_key`` does, then judge again."""

    def __init__(self) -> None:
        super().__init__(sentence("the key of the notice is not known yet"))


class OutcomeUnknown(ProviderError):
    """A call that moves money got no answer: it may have happened, so look before asking again.

    It is permanent for the job queue, because this protocol has no idempotency key and a blind retry could pay twice.
    """

    def __init__(self, reason: str, *, quote: str = "") -> None:
        super().__init__(reason, permanent=True, quote=quote)


class NotOffered(ProviderError):
    """This gateway has no such call; ``Provider.can`` says so beforehand."""

    def __init__(self, what: str) -> None:
        super().__init__(sentence("this gateway does not offer"), permanent=True, quote=what)


class AlreadyPaid(ProviderError):
    """A trade that was to be closed has been paid; its money is settled like any other."""

    def __init__(self) -> None:
        super().__init__(sentence("the trade has been paid"), permanent=True)


class BillNotReady(ProviderError):
    """The gateway has not made the bill of that day yet."""

    def __init__(self) -> None:
        super().__init__(sentence("the bill is not ready yet"))
