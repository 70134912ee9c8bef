"""What the ledger refuses, and how an overdraft is told from any other refusal of the database."""

from __future__ import annotations

from http import HTTPStatus

import psycopg

from xinka.kernel.errors import Refusal

_BALANCE_CHECK = "balance_overdraft"


class KeyReused(Refusal):
    """A journal's key is taken by a journal with other content: two different events claim to be one."""

    code = "journal_key_reused"
    status = HTTPStatus.CONFLICT
    zh = "这笔账的编号「{key}」已用于另一笔内容不同的账，没有重复记账。"
    en = "The key {key} belongs to a journal with other content; nothing was entered."


def is_overdraft(error: psycopg.Error) -> bool:
    """Whether the database refused an entry because the balance does not suffice."""
    return error.diag.constraint_name == _BALANCE_CHECK
