"""Letters that tell several people the same: each is tried, whatever becomes of the others."""

from __future__ import annotations

from uuid import uuid4

import pytest

from xinka.kernel.errors import ProviderError
from xinka.platform.mail import sending
from xinka.platform.mail.letter import Letter
from xinka.platform.mail.sending import send_each

NO, LATER = ProviderError("550 unknown", permanent=True), ProviderError("451 later")


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([NO, True, True], NO),
        ([True, LATER, True], LATER),
        ([NO, LATER, True], LATER),
        ([LATER, NO, True], LATER),
    ],
)
def test_all_are_tried_and_what_another_try_may_mend_is_not_called_permanent(
    monkeypatch: pytest.MonkeyPatch, answers: list[bool | ProviderError], expected: ProviderError
) -> None:
    tried = []

    def send(letter: Letter) -> bool:
        tried.append(letter)
        answer = answers[len(tried) - 1]
        if isinstance(answer, ProviderError):
            raise answer
        return answer

    monkeypatch.setattr(sending, "send", send)
    letters = [Letter("case", uuid4(), f"{name}@example.com", "en", "News", ("It is so.",)) for name in "abc"]
    with pytest.raises(ProviderError) as failure:
        send_each(letters)
    assert failure.value is expected
    assert tried == letters


def test_what_was_sent_before_is_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([True, False, True])
    monkeypatch.setattr(sending, "send", lambda _letter: next(answers))
    letters = [Letter("case", uuid4(), f"{name}@example.com", "en", "News", ("It is so.",)) for name in "abc"]
    assert send_each(letters) == 2
