"""Nothing that anybody types ends a header and begins another: of an answer, of a mail, of a file that is saved."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from django.core import mail
from django.http import HttpResponse

from tests.eve.addresses import every_address
from tests.eve.test_every_answer import NAMES, browsers
from xinka.platform.files import serving
from xinka.platform.files.kinds import FileKind
from xinka.platform.files.models import StoredFile

pytestmark = pytest.mark.django_db

_ROOM = Path(serving.__file__).parents[2]
#: Ways to end a line that some reader of headers takes for one (RFC 9110, 5.5; Python's str.splitlines).
ENDS = (
    "\r\nX-Evil: 1",
    "\nX-Evil: 1\n\n<b>",
    "\rX-Evil: 1",
    "%0d%0aX-Evil:%201",
    "\u560d\u560aX-Evil: 1",
    "\x85X-Evil: 1",
)
#: What the programs of the till and of the shop ask for, by its name in any template.
_NAMED = re.compile(r'\bname="([a-z_][a-z0-9_-]*)"')


def _every_name() -> list[str]:
    pages = "".join(path.read_text(encoding="utf-8") for path in _ROOM.rglob("templates/**/*.html"))
    return sorted({*_NAMED.findall(pages), *NAMES, "email", "login", "contact", "title", "name", "slug", "file"})


def _has_evil(answer: HttpResponse) -> bool:
    told = [*answer.items(), *((name, morsel.OutputString()) for name, morsel in answer.cookies.items())]
    return "X-Evil" in answer or any(re.search(r"[\r\n\0]", f"{name}{value}") for name, value in told)


@pytest.mark.parametrize("turn", [0, 3])
def test_no_field_of_any_page_ends_a_header_of_its_answer(turn: int) -> None:
    names = _every_name()
    assert len(names) > 80
    form = {name: f"a{ENDS[(turn + place) % len(ENDS)]}" for place, name in enumerate(names)}
    for who, browser in browsers().items():
        for one in every_address():
            if one.name == "account_logout":
                continue
            for answer in (browser.post(one.path, form), browser.get(one.path, form)):
                assert not _has_evil(answer), (who, one.name)
                assert answer.status_code < 500, (who, one.name)
    for letter in mail.outbox:
        assert "X-Evil" not in letter.message()
        assert all("\n" not in address for address in letter.recipients())


def test_control_a_header_that_was_ended_is_seen() -> None:
    answer = HttpResponse()
    answer.headers["X-Evil"] = "1"
    assert _has_evil(answer)
    quiet = HttpResponse()
    quiet.set_cookie("a", "b")
    assert not _has_evil(quiet)


@pytest.mark.parametrize("end", [*ENDS, '"; filename="evil.html', "'; x", "发票；.html", "\u202egpj.exe", "../../etc"])
def test_a_name_of_a_file_stays_one_value_of_its_header_even_if_nobody_cleaned_it(
    monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    monkeypatch.setattr(serving, "open_file", lambda _file: b"text")
    file = StoredFile(name=f"a{end}", kind=FileKind.TEXT.value)
    told = serving.answer_with(file)["Content-Disposition"]
    shown, _, name = told.partition("; filename*=UTF-8''")
    assert shown == "attachment"
    assert re.fullmatch(r"[A-Za-z0-9_.~%-]+", name), told
    assert unquote(name) == f"a{end}"
