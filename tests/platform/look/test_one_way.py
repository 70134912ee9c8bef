"""No text that people decide by can turn the direction in which it is read."""

from __future__ import annotations

from uuid import UUID

import pytest
from allauth.account.fields import PasswordField
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import override

from xinka.platform.look.one_way import one_way

TURNING = [chr(point) for point in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))]


class Anybodys(forms.Form):
    """A form that knows nothing of directions."""

    words = forms.CharField(widget=forms.Textarea)
    number = forms.UUIDField(required=False)


@pytest.mark.parametrize("char", TURNING, ids=lambda char: f"U+{ord(char):04X}")
def test_every_form_refuses_what_turns_a_text_and_says_where_it_stands(char: str) -> None:
    with override("en"):
        form = Anybodys({"words": f"pay ¥100{char}001¥ back"})
        assert not form.is_valid()
        (error,) = form.errors["words"]
        assert error.startswith("After “pay ¥100” there is an invisible character")
        assert Anybodys({"words": char}).errors["words"][0].startswith("At the beginning")
    with override("zh-hans"):
        assert "“pay ¥100”" in Anybodys({"words": f"pay ¥100{char}"}).errors["words"][0]
    assert one_way(f"a{char}b{char}") == "ab"


@pytest.mark.parametrize("text", ["充值卡 ¥100", "שלום", "مرحبا", "👩\u200d👩\u200d👧", "line\nline\ttab"])
def test_what_people_write_is_taken_as_it_is(text: str) -> None:
    form = Anybodys({"words": text, "number": str(UUID(int=7))})
    assert form.is_valid()
    assert form.cleaned_data["words"] == text
    assert one_way(text) == text


def test_a_password_may_be_anything() -> None:
    assert PasswordField().clean("long \u202e password") == "long \u202e password"
    with pytest.raises(ValidationError):
        forms.CharField().clean("long \u202e password")
