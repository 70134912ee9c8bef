"""What providers without a gateway share: nobody sends notices, nobody can be asked, people or books decide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from types import TracebackType
from typing import ClassVar, Self

from xinka.payments.providers.errors import MalformedNotice, NotOffered
from xinka.payments.providers.protocol import (
    BillRow,
    Can,
    QueryResult,
    RawNotice,
    RefundRequest,
    RefundResult,
    TradeStatus,
    VerifiedNotice,
)


class WithoutGateway:
    """A way to pay that ends in this shop."""

    success_body: ClassVar[bytes] = b"ok"
    failure_body: ClassVar[bytes] = b"fail"
    is_weak: ClassVar[bool] = False
    can: ClassVar[frozenset[Can]] = frozenset()
    notice_headers: ClassVar[Sequence[str]] = ()

    def judge_notice(self, notice: RawNotice) -> VerifiedNotice:
        """Refuse: nobody has anything to tell us here."""
        raise MalformedNotice(why="this channel has no notices")

    def query(self, out_trade_no: str, trade_no: str = "") -> QueryResult:
        """Answer that nothing came: what comes is settled here, by the books or by staff, and is not asked about."""
        return QueryResult(out_trade_no, trade_no, 0, "", TradeStatus.UNPAID)

    def refund(self, refund: RefundRequest) -> None:
        """Nothing goes back by itself."""
        raise NotOffered("refunds")

    def close(self, out_trade_no: str, trade_no: str = "") -> None:
        """There is nothing to close."""

    def refund_query(self, refund: RefundRequest) -> RefundResult:
        """Nobody can be asked."""
        raise NotOffered("questions about refunds")

    def bill(self, day: date) -> Iterator[BillRow]:
        """There is no bill."""
        raise NotOffered("bills")

    def check(self) -> str:
        """There is nobody who could not know us."""
        return "ok"

    def session(self) -> _Session:
        """Return the same for an event loop."""
        return _Session()


class _Session:
    """The calls of a gateway that is not there."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is open."""

    async def query(self, out_trade_no: str, trade_no: str = "") -> QueryResult:
        """As ``WithoutGateway.query``."""
        return QueryResult(out_trade_no, trade_no, 0, "", TradeStatus.UNPAID)

    async def refund(self, refund: RefundRequest) -> None:
        """Nothing goes back by itself."""
        raise NotOffered("refunds")
