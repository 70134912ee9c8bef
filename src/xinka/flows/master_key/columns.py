"""Every column that holds envelopes of data keys. No Django here: ``xinka check`` does without it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """A column of envelopes; ``row`` is the unique column by which its rows are named, and ``kind`` its type."""

    table: str
    field: str
    row: str = "id"
    kind: str = "uuid"

    @property
    def named(self) -> str:
        """The expression for the four bytes that name the key; what was forgotten is empty and names none."""
        return f"substring({self.field} FROM 2 FOR 4)"

    def __str__(self) -> str:
        return f"{self.table}.{self.field}"


CHANNELS = Column("payments_channel", "config", row="slug", kind="text")
CHANNEL_CHANGES = Column("payments_channelchange", "body")
PAYOUT_ACCOUNTS = Column("payouts_payoutaccount", "details")
PAID_TO = Column("payouts_payout", "account_sealed")
PACKAGES = Column("payouts_payout", "package")
MESSAGES = Column("disputes_message", "body")
FILES = Column("files_file", "envelope")
CONTACTS = Column("orders_order", "contact")
NOTICES = Column("accounts_notice", "sealed")
BACK_NOTES = Column("stock_backnote", "contact")
CODES = Column("stock_stockcode", "envelope", kind="bigint")

COLUMNS = (
    *(CHANNELS, CHANNEL_CHANGES, PAYOUT_ACCOUNTS, PAID_TO, PACKAGES, MESSAGES, FILES, NOTICES, BACK_NOTES),
    *(CONTACTS, CODES),
)


def _rule(column: Column) -> str:
    return f"""SELECT '{column}' AS place, t.{column.row}::text AS row FROM {column.table} t
        LEFT JOIN vault_data_key k ON int4send(k.id) = {column.named}
        WHERE octet_length({column.field}) > 0 AND k.id IS NULL"""


#: For ``xinka check``: name, the rule in English and in Chinese, and the statement that finds what breaks it.
RULES = (
    (
        "sealed_can_open",
        "everything sealed names a key that the shop still has",
        "所有加密内容的密钥都在",
        " UNION ALL ".join(map(_rule, COLUMNS)),
    ),
)
