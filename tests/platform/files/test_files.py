"""Evidence is what its content says, comes in within limits, is kept sealed, and goes out so that nothing runs."""

from __future__ import annotations

import io
import random
import zipfile

import pytest
from django.utils import timezone
from PIL import Image

from tests.platform.files.samples import (
    PDF,
    SECRET,
    jpeg,
    pdf_behind_predictor,
    pdf_with,
    pdf_with_table,
    png,
    png_that_claims,
    webp,
    webp_that_claims,
)
from xinka.platform.files import pdf_objects, pdfs
from xinka.platform.files.actions import MAX_SIZE, Handed, keep, make_harmless, open_file
from xinka.platform.files.errors import FileNotTaken, FileTooLarge, ImageTooLarge, TooManyFiles
from xinka.platform.files.kinds import FileKind, kind_of, safe_name
from xinka.platform.files.models import StoredFile
from xinka.platform.files.serving import answer_with
from xinka.platform.vault.envelope import EnvelopeError


def one(content: bytes, name: str = "evidence") -> bytes:
    (made,) = make_harmless([Handed(name, content)])
    return made.content


def a_zip() -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("run.js", "alert(1)")
    return written.getvalue()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (png(), FileKind.PNG),
        (jpeg(), FileKind.JPEG),
        (webp(), FileKind.WEBP),
        (PDF, FileKind.PDF),
        (pdf_with(b"1 0 <</Type/Font/BaseFont/#CB#CE#CC#E5>>"), FileKind.PDF),
        (pdf_with(b"BT (what I paid) Tj ET /AAB 1 0 R /JSX (1)"), FileKind.PDF),
        (pdf_with_table(), FileKind.PDF),
        (pdf_with(random.Random(7).randbytes(300_000)), FileKind.PDF),
        ("兑换失败\r\n时间 21:18".encode(), FileKind.TEXT),
        ("兑换失败".encode("gb18030"), FileKind.TEXT),
    ],
)
@pytest.mark.parametrize("name", ["a.png", "a.exe", "a.html", "", "../../etc/passwd"])
def test_a_file_is_what_its_content_says_whatever_its_name(content: bytes, kind: FileKind, name: str) -> None:
    (made,) = make_harmless([Handed(name, content)])
    assert made.kind is kind
    assert made.name.endswith(f".{kind.value}")
    assert "/" not in made.name


ACTING = b"1 0 <</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>"
HOSTILE = {
    "a program": b"MZ\x90\x00\x03\x00\x00\x00",
    "an ELF program": b"\x7fELF\x02\x01\x01\x00",
    "a page": b"<!DOCTYPE html><script>alert(1)</script>",
    "a page after white space": b"  \n<html><body onload=alert(1)>",
    "a drawing that acts": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "XML": b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>',
    "a script": b"<script>alert(1)</script>",
    "an archive": a_zip(),
    "a GIF": b"GIF89a\x01\x00\x01\x00",
    "a GIF that is a script": b"GIF89a/*\x00*/=alert(1)//",
    "nothing": b"",
    "a half PNG": png()[:60],
    "a half JPEG": jpeg()[:300],
    "a PNG head and a page": b"\x89PNG\r\n\x1a\n<html><script>alert(1)</script>",
    "a JPEG head and a page": b"\xff\xd8\xff<html><script>alert(1)</script>",
    "a WebP head and a page": b"RIFF\x20\x00\x00\x00WEBP<html><script>alert(1)</script></html>",
    "a PDF that runs": PDF.replace(b"/Catalog", b"/Catalog/OpenAction<</S/JavaScript/JS(app.alert(1))>>"),
    "a PDF that hides that it runs": PDF.replace(b"/Catalog", b"/Catalog/#4aavaScript 3 0 R"),
    "a PDF with a file inside": PDF.replace(b"/Catalog", b"/Catalog/Names<</EmbeddedFiles 3 0 R>>"),
    "a PDF that is an archive": PDF + a_zip() + b"%%EOF",
    "a PDF that runs from a compressed part": pdf_with(ACTING),
    "the same from the middle of a long part": pdf_with(b"(" + b"a" * 1_048_570 + b")/OpenAction 3 0 R"),
    "the same under another name": pdf_with(b"1 0 <</Open#41ction 3 0 R>>"),
    "a PDF that acts when a page is opened": pdf_with(b"1 0 <</AA <</O 3 0 R>>>>"),
    "a PDF that hides it behind a predictor": pdf_behind_predictor(ACTING),
    "the same with the end of an object in a string": pdf_behind_predictor(ACTING, b"/X((endobj 9 0 obj<<))"),
    "the same with its names written otherwise": pdf_behind_predictor(ACTING).replace(b"/First", b"/F#69rst"),
    "a PDF that cannot be read": PDF.replace(b"/Root", b"/Encrypt 3 0 R/Root"),
    "a PDF packed in a way of old": PDF.replace(b"/Catalog", b"/Catalog/Filter/LZWDecode"),
    "a PDF without an end": PDF.replace(b"%%EOF", b""),
    "text with control characters": b"hello\x1b[2Jworld",
    "text in no encoding": b"\xff\xfe\xfd\x80",
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("name", ["shot.png", "scan.pdf", "note.txt"])
def test_what_is_none_of_these_is_not_taken(content: bytes, name: str) -> None:
    with pytest.raises((FileNotTaken, ImageTooLarge)):
        make_harmless([Handed(name, content)])


@pytest.mark.parametrize("content", [png(), jpeg(), webp()], ids=["png", "jpeg", "webp"])
def test_what_was_hidden_in_a_picture_does_not_come_along(content: bytes) -> None:
    assert SECRET.encode() in content
    polyglot = content + b"<script>alert(1)</script>" + a_zip()
    for received in (content, polyglot):
        kept = one(received)
        assert SECRET.encode() not in kept
        assert b"<script" not in kept
        assert b"PK\x05\x06" not in kept
        with Image.open(io.BytesIO(kept)) as picture:
            assert picture.size == (40, 30)
            assert dict(picture.getexif()) == {}


def test_a_photo_is_turned_upright_as_its_metadata_goes() -> None:
    with Image.open(io.BytesIO(one(jpeg((40, 30), orientation=6)))) as picture:
        assert picture.size == (30, 40)


@pytest.mark.parametrize(
    "content", [png_that_claims(50_000, 50_000), webp_that_claims(16_000, 16_000), png_that_claims(2**31 - 1, 1000)]
)
def test_a_small_file_does_not_become_a_large_picture(content: bytes) -> None:
    assert len(content) < 2000
    with pytest.raises(ImageTooLarge):
        make_harmless([Handed("bomb.png", content)])


def test_large_pictures_are_kept_readable_and_no_larger() -> None:
    with Image.open(io.BytesIO(one(jpeg((6000, 200))))) as picture:
        assert max(picture.size) == 4096


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_every_usual_kind_of_png_is_taken(mode: str) -> None:
    with Image.open(io.BytesIO(one(png(mode=mode)))) as picture:
        assert picture.format == "PNG"


def test_the_limits_are_limits() -> None:
    exactly = b"a" * MAX_SIZE
    assert len(one(exactly)) == MAX_SIZE
    with pytest.raises(FileTooLarge):
        make_harmless([Handed("a.txt", exactly + b"a")])
    with pytest.raises(TooManyFiles):
        make_harmless([Handed("a.txt", b"a")] * 7)
    with pytest.raises(TooManyFiles):
        make_harmless([Handed("a.txt", exactly)] * 4)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("截图 1.PNG", "截图 1.txt"),
        ("..\\..\\boot.ini", "boot.txt"),
        ("a/b/c.png", "c.txt"),
        ('x";filename=evil.exe', "x__filename_evil.txt"),
        ("photo\u202egnp.exe", "photognp.txt"),
        ("\r\nSet-Cookie: a=b", "Set-Cookie_ a_b.txt"),
        ("....", "file.txt"),
        ("", "file.txt"),
        ("长" * 200 + ".png", "长" * 60 + ".txt"),
    ],
)
def test_names_keep_their_words_and_lose_their_tricks(name: str, safe: str) -> None:
    assert safe_name(name, FileKind.TEXT) == safe


@pytest.fixture
def stored(db: None) -> StoredFile:
    """A text that somebody handed in."""
    from xinka.platform.vault import keys

    keys.forget()
    (file,) = make_harmless([Handed("note.html", b"I paid and got nothing.")])
    return keep(file, now=timezone.now())


def test_files_lie_sealed_and_open_only_in_their_place(stored: StoredFile) -> None:
    assert b"I paid" not in bytes(stored.envelope)
    assert open_file(stored) == b"I paid and got nothing."
    (other,) = make_harmless([Handed("b.txt", b"other")])
    moved = keep(other, now=timezone.now())
    moved.envelope = stored.envelope
    with pytest.raises(EnvelopeError):
        open_file(moved)


def test_text_is_saved_never_shown_and_has_no_origin(stored: StoredFile) -> None:
    answer = answer_with(stored)
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer["Content-Disposition"] == "attachment; filename*=UTF-8''note.txt"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "private, no-store"


def test_pictures_are_shown_and_can_be_saved(db: None) -> None:
    from xinka.platform.vault import keys

    keys.forget()
    (file,) = make_harmless([Handed("截图.png", png())])
    kept = keep(file, now=timezone.now())
    assert answer_with(kept)["Content-Disposition"] == "inline; filename*=UTF-8''%E6%88%AA%E5%9B%BE.png"
    assert answer_with(kept, download=True)["Content-Disposition"].startswith("attachment;")
    assert kind_of(answer_with(kept).content) is FileKind.PNG


@pytest.mark.parametrize("limit", ["MOST_UNPACKED", "MOST_READ"])
def test_a_document_that_never_ends_is_given_up_on(monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    content = pdf_with(random.Random(7).randbytes(100_000))
    monkeypatch.setattr(pdfs, limit, 102_000)
    assert kind_of(content) is FileKind.PDF
    monkeypatch.setattr(pdfs, limit, 90_000)
    assert kind_of(content) is None


def test_a_document_of_endless_objects_is_given_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    content = pdf_with_table()
    monkeypatch.setattr(pdf_objects, "MOST_TOKENS", 5)
    assert kind_of(content) is None


@pytest.mark.parametrize("part", [b"1 0 obj<<(", b"1 0 obj %", b"1 0 obj<<", b"1 0 obj<<<", b"obj<<()"])
def test_objects_within_objects_are_given_up_on_before_they_take_long(part: bytes) -> None:
    with pytest.raises(pdf_objects.TooManyTokens):
        pdf_objects.has_predicted_objects(b"/First/DecodeParms" + part * 1_000)
