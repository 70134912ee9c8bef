"""What merchants refuse."""

from __future__ import annotations

from http import HTTPStatus

from xinka.kernel.errors import Refusal


class LastOwner(Refusal):
    """A team would be left without anybody who sees its money and may withdraw it."""

    code = "last_owner"
    status = HTTPStatus.CONFLICT
    zh = "这是最后一位店主。先让另一个人做店主。"
    en = "This is the last owner. Make somebody else an owner first."
