"""What Xinka says no with: a fact with a stable code, and a sentence in both languages that a person can act on."""

from __future__ import annotations

from http import HTTPStatus
from typing import ClassVar


class Refusal(Exception):
    """A request was understood and refused; nothing was changed.

    Subclasses are named as the fact and set the class attributes; ``params`` fill the placeholders of both sentences.
    ``status`` is the HTTP status (RFC 9110) and ``code`` the ``type`` of the problem document (RFC 9457).
    """

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = HTTPStatus.BAD_REQUEST
    zh: ClassVar[str] = "这一步没能完成。"
    en: ClassVar[str] = "This could not be done."

    def __init__(self, **params: object) -> None:
        super().__init__(self.code)
        self.params = params

    def message(self, language: str) -> str:
        """Return the sentence in ``language`` (anything that begins with ``en`` is English, all else Chinese)."""
        template = self.en if language.startswith("en") else self.zh
        return template.format(**self.params) if self.params else template

    def problem(self, language: str) -> dict[str, object]:
        """Return the problem document of RFC 9457, with both sentences and the facts behind them."""
        return {
            "type": f"urn:xinka:refusal:{self.code}",
            "title": self.message(language),
            "status": int(self.status),
            "code": self.code,
            "message_zh": self.message("zh-hans"),
            "message_en": self.message("en"),
            **{name: value for name, value in self.params.items() if isinstance(value, str | int)},
        }

    def __str__(self) -> str:
        return f"{self.code}: {self.message('en')}"


class BadIdentifier(Refusal):
    """An identifier is not in the form Xinka gives out; people see it as "not found"."""

    code = "bad_identifier"
    status = HTTPStatus.NOT_FOUND
    zh = "没有这个编号。请检查链接是否完整。"
    en = "There is no such number. Please check that the link is complete."


class BadInput(Refusal):
    """A field is missing or malformed."""

    code = "bad_input"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    zh = "「{field}」填得不对：{why_zh}"
    en = "“{field}” is not right: {why_en}"


class IllegalMove(Exception):
    """A state machine was asked for a move its table does not have: a bug or a lost race, never a user's mistake."""


class ProviderError(Exception):
    """A remote party failed us. ``permanent`` decides whether trying again can help.

    ``reason`` is a sentence of ours and a literal, so that it is translated when somebody reads it; what differs from
    case to case, such as a gateway's own words, is ``quote`` and stands behind it.
    """

    def __init__(self, reason: str, *, permanent: bool = False, quote: str = "") -> None:
        super().__init__(f"{reason}: {quote}" if quote else reason)
        self.permanent = permanent


def sentence(english: str) -> str:
    """Return the sentence as it is: by this name it is found for translation where no Django may be imported."""
    return english
