"""What people are told while the database cannot be reached: it restarts, or its disk is full. No Django here."""

from __future__ import annotations

from http import HTTPStatus

import psycopg

from xinka.kernel.errors import Refusal

#: The classes of SQLSTATE that speak of the server and not of what was asked (PostgreSQL's documentation, appendix A):
#: no connection, not enough of something, and taken out of service.
_OF_THE_SERVER = ("08", "53", "57P")


class DatabaseAway(Refusal):
    """The database cannot be reached. Whether what was sent last is in it, nobody can say for certain."""

    code = "database_away"
    status = HTTPStatus.SERVICE_UNAVAILABLE
    zh = "商店暂时连不上数据库，过一分钟再试。刚才提交过内容的，请先看看是否已经生效。"
    en = (
        "The shop cannot reach its database just now. Try again in a minute. "
        "If you had sent something, look first whether it went through."
    )


def is_away(error: BaseException | None) -> bool:
    """Whether a fault, or what caused it, says that the database is away; a deadlock or a broken rule does not."""
    while error is not None:
        if isinstance(error, psycopg.OperationalError):
            return error.sqlstate is None or error.sqlstate.startswith(_OF_THE_SERVER)
        error = error.__cause__
    return False
