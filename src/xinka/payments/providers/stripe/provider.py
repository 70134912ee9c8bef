"""Stripe as one of Xinka's payment providers."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import ClassVar, Self

from xinka.kernel.errors import ProviderError
from xinka.payments.providers.errors import AlreadyPaid, BillNotReady, OutcomeUnknown
from xinka.payments.providers.protocol import (
    BillRow,
    Can,
    HowToPay,
    PaymentRequest,
    QueryResult,
    RawNotice,
    RefundRequest,
    RefundResult,
    RefundStatus,
    SettingField,
    TradeStatus,
    VerifiedNotice,
)
from xinka.payments.providers.stripe import notice as notices
from xinka.payments.providers.stripe import replies, wire
from xinka.payments.providers.stripe.client import NotThere, Stripe
from xinka.payments.providers.stripe.config import SETTING_FIELDS, StripeConfig
from xinka.payments.providers.threads import ThreadedSession

_OFFERS = frozenset({Can.NOTICE, Can.CLOSE, Can.REFUND, Can.REFUND_QUERY, Can.REFUND_STRAY, Can.BILL})


@dataclass(frozen=True, slots=True)
class StripeProvider:
    """One Stripe account in one currency. A payment's handle is its session, its trade number its PaymentIntent."""

    config: StripeConfig
    success_body: ClassVar[bytes] = b"ok"
    failure_body: ClassVar[bytes] = b"fail"
    is_weak: ClassVar[bool] = False
    can: ClassVar[frozenset[Can]] = _OFFERS
    notice_headers: ClassVar[Sequence[str]] = (notices.SIGNATURE,)

    @classmethod
    def from_settings(cls, settings: Mapping[str, object]) -> Self:
        """Return the channel described by stored settings; raises ``BadChannel``."""
        return cls(StripeConfig.from_settings(settings))

    @classmethod
    def setting_fields(cls) -> Sequence[SettingField]:
        """Return what the office asks for."""
        return SETTING_FIELDS

    def prepare(self, payment: PaymentRequest) -> HowToPay:
        """Make a Checkout Session; asked again about the same payment, Stripe returns the same one."""
        params = wire.session_params(self.config, payment)
        return replies.how_to_pay(self._stripe.create_session(params, key=f"session:{payment.out_trade_no}"))

    def judge_notice(self, notice: RawNotice) -> VerifiedNotice:
        """Return what a genuine webhook says; raises ``NoticeRefused``."""
        return notices.judge(self.config, notice, now=time.time())

    def query(self, out_trade_no: str, trade_no: str = "") -> QueryResult:
        """Ask about a PaymentIntent or, by the handle, about a session.

        A payment without either was never shown to a buyer, so nobody can have paid it.
        """
        try:
            if trade_no.startswith("pi_"):
                return replies.of_intent(self._stripe.intent(trade_no), out_trade_no)
            if trade_no:
                return replies.of_session(self.config, self._stripe.session(trade_no), out_trade_no)
        except NotThere:
            pass
        return QueryResult(out_trade_no, trade_no, 0, self.config.currency, TradeStatus.NOT_FOUND)

    def refund(self, refund: RefundRequest) -> None:
        """Give money back; our number of the refund is Stripe's idempotency key."""
        key = f"refund:{refund.refund_no}" if refund.refund_no else ""
        result = replies.of_refund(self._stripe.refund(wire.refund_params(refund), key=key))
        if result.status is RefundStatus.FAILED:
            raise ProviderError("Stripe could not give the money back", permanent=True)
        if result.status is not RefundStatus.DONE:
            raise OutcomeUnknown("Stripe's refund is on its way")

    def close(self, out_trade_no: str, trade_no: str = "") -> None:
        """Expire the session; one that was paid meanwhile is ``AlreadyPaid``."""
        if not trade_no.startswith("cs_"):
            return
        try:
            self._stripe.expire(trade_no)
        except NotThere:
            return
        except ProviderError as error:
            if not error.permanent:
                raise
            self._judge_unclosed(trade_no)

    def _judge_unclosed(self, session_no: str) -> None:
        """Find out why Stripe would not expire a session: it had ended already, one way or the other."""
        session = self._stripe.session(session_no)
        if session.get("status") == "complete":
            raise AlreadyPaid
        if session.get("status") != "expired":
            raise ProviderError("Stripe did not close the session")

    def refund_query(self, refund: RefundRequest) -> RefundResult:
        """Look among the refunds of the PaymentIntent for the one with our number."""
        try:
            for found in self._stripe.refunds_of(refund.trade_no):
                if (found.get("metadata") or {}).get("refund_no") == refund.refund_no:
                    return replies.of_refund(found)
        except NotThere:
            pass
        return RefundResult(RefundStatus.NOT_FOUND)

    def bill(self, day: date) -> Iterator[BillRow]:
        """Return the balance transactions of one day in UTC; they are complete once the day is over."""
        start = datetime(day.year, day.month, day.day, tzinfo=UTC)
        end = start + timedelta(days=1)
        if datetime.now(UTC) < end:
            raise BillNotReady
        for entry in self._stripe.balance_transactions(int(start.timestamp()), int(end.timestamp())):
            yield from replies.bill_rows(entry)

    def check(self) -> str:
        """Ask for our own account."""
        account = self._stripe.account()
        mode = "live" if self.config.is_live else "test"
        return f"{account.get('id', 'Stripe')} ({mode})"

    def session(self) -> ThreadedSession:
        """Return the same calls for an event loop."""
        return ThreadedSession(self)

    @property
    def _stripe(self) -> Stripe:
        return Stripe(self.config)


PROVIDER = StripeProvider
