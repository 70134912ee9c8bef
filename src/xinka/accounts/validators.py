"""What a new password must be: long enough, not in a breach, hard to guess. Nothing about capitals or digits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.utils.translation import gettext, ngettext

from xinka.accounts.breaches import is_breached
from xinka.accounts.strength import in_a_row, measure

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

LEAST_LENGTH = 8
MOST_LENGTH = 128


class LengthValidator:
    """Between 8 and 128 characters (ASVS 5.0 V6.2.1 and V6.2.9)."""

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:  # noqa: ARG002 -- part of the interface
        """Refuse a password that is too short or too long.

        Raises:
            ValidationError: with what to do.
        """
        if len(password) < LEAST_LENGTH:
            missing = LEAST_LENGTH - len(password)
            text = ngettext("%(n)d more character is needed.", "%(n)d more characters are needed.", missing)
            raise ValidationError(text, code="password_too_short", params={"n": missing})
        if len(password) > MOST_LENGTH:
            text = gettext("At most %(n)d characters, please.")
            raise ValidationError(text, code="password_too_long", params={"n": MOST_LENGTH})

    def get_help_text(self) -> str:
        """Say the rule before it is broken."""
        return gettext("At least 8 characters. Several words are better than one with tricks.")


class BreachedValidator:
    """Not one that attackers already have in their lists (ASVS 5.0 V6.2.4 and V6.2.12)."""

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:  # noqa: ARG002 -- part of the interface
        """Refuse a password known from breaches.

        Raises:
            ValidationError: with what to do.
        """
        if is_breached(password):
            text = gettext("This password is in lists of leaked passwords, so it is tried first. Choose another one.")
            raise ValidationError(text, code="password_breached")

    def get_help_text(self) -> str:
        """Say nothing before it matters."""
        return ""


class StrengthValidator:
    """Hard enough to guess for someone who knows the person's address and name."""

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:
        """Refuse a password that is guessed too soon; say what would help.

        Raises:
            ValidationError: with what to do.
        """
        if not LEAST_LENGTH <= len(password) <= MOST_LENGTH:
            return  # said by LengthValidator
        known = [str(getattr(user, field, "") or "") for field in ("email", "display_name")] if user else []
        strength = measure(password, known)
        if not strength.is_enough:
            words = in_a_row(strength.words)
            raise ValidationError(
                gettext("Too easy to guess. %(words)s"), code="password_too_weak", params={"words": words}
            )

    def get_help_text(self) -> str:
        """Say nothing before it matters."""
        return ""
