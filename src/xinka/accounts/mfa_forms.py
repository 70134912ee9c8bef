"""Forms of the second factors: a code works once, and seeds open only for the person being asked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.core import context as current
from allauth.core.internal import ratelimit
from allauth.mfa import app_settings as mfa_settings
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as base_forms
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import forms as totp_forms
from allauth.mfa.webauthn import forms as webauthn_forms
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.forms import HiddenInput
from django.utils.translation import gettext_lazy as _
from fido2.utils import websafe_decode

from xinka.accounts.forms import Plain
from xinka.accounts.recovery_codes import tell_one_was_used
from xinka.accounts.seeds import seeds_of
from xinka.accounts.sign_in_log import wrong_second_step

if TYPE_CHECKING:
    from django import forms

    from xinka.accounts.models import User

    _Form = forms.Form
else:
    _Form = object


def spend_code(user: User, code: str) -> bool:
    """Mark a one-time code as used for as long as the clock still accepts it; say whether it was unused.

    RFC 6238, section 5.2: a verifier must not accept the second use of a code. allauth keeps it for one period, which
    is too short once a step of drift either way is tolerated.
    """
    digits = "".join(letter for letter in code if letter.isalnum())
    accepted_for = mfa_settings.TOTP_PERIOD * (2 * mfa_settings.TOTP_TOLERANCE + 1)
    return bool(cache.add(f"accounts.totp-used.{user.pk}.{digits}", 1, timeout=accepted_for))


class OneTimeCode(Plain):
    """A code of an authenticator app or a recovery code, each good for one use."""

    user: Any
    authenticator: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("Code from the app, or a recovery code")
        self.fields["code"].widget.attrs["inputmode"] = "numeric"

    def clean_code(self) -> str:
        """Check the code, and that it was not used before.

        allauth allows five wrong ones in five minutes, which are 1,440 a day and, with three codes of a million right
        at any time, four chances in five within a year. Who comes here knows the password already, so there is a limit
        for the day, too, and the owner is told.
        """
        if not _allows("second_step", self.user, dry_run=True):
            raise get_account_adapter().validation_error("second_step_closed")
        try:
            return self._checked_code()
        except ValidationError:
            _note_wrong_code(self.user)
            raise

    def _checked_code(self) -> str:
        with seeds_of(self.user.pk):
            code = str(super().clean_code())  # type: ignore[misc]  # the next class in line is allauth's form
        if self.authenticator.type == Authenticator.Type.TOTP and not spend_code(self.user, code):
            raise get_adapter().validation_error("incorrect_code")
        if self.authenticator.type == Authenticator.Type.RECOVERY_CODES:
            tell_one_was_used(self.user)
        return code


def _allows(what: str, user: User, *, dry_run: bool = False) -> bool:
    limits = {"app": "allauth.account", "action": what, "key": str(user.pk), "dry_run": dry_run}
    return bool(ratelimit.consume(current.request, **limits))


def _note_wrong_code(user: User) -> None:
    """Count a wrong code; tell the owner of many, once a day."""
    wrong_second_step(current.request, user)
    _allows("second_step", user)
    if not _allows("second_step_unmailed", user) and _allows("second_step_mail", user):
        get_account_adapter().send_notification_mail("accounts/email/second_step_tried", user)


class Authenticate(OneTimeCode, base_forms.AuthenticateForm):
    """The second step of signing in."""


class Reauthenticate(OneTimeCode, base_forms.ReauthenticateForm):
    """A code once more before something sensitive."""


class ActivateTotp(Plain, totp_forms.ActivateTOTPForm):
    """The first code of a new authenticator app."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("Code the app shows")
        self.fields["code"].help_text = _("Refused again and again? Set the clock of the phone to automatic.")
        self.fields["code"].widget.attrs["inputmode"] = "numeric"

    def clean_code(self) -> str:
        """Check the code; it cannot be used again to sign in."""
        code = str(super().clean_code())
        spend_code(self.user, code)
        return code


class FromHere(_Form):
    """What a passkey answered, taken only if the browser gave it to a page of this very address.

    Passkeys are bound to the host, and WebAuthn lets its subdomains and its other ports ask for them too (Level 3,
    section 5.1.3). Whoever has one of those, an old blog for example, could hand on here what they were given there.
    """

    def clean_credential(self) -> Any:
        """Look at the origin before anything else; what is no answer of a passkey at all is refused the same way."""
        credential = self.cleaned_data["credential"]
        if not _is_from_here(credential):
            raise get_adapter().validation_error("passkey_refused")
        try:
            return getattr(super(), "clean_credential", lambda: credential)()
        except ValidationError as error:
            if error.code != "incorrect_code":
                raise
            raise get_adapter().validation_error(
                "passkey_refused"
            ) from error  # there is no code to take a fresh one of


def _is_from_here(credential: Any) -> bool:
    try:
        said = json.loads(websafe_decode(credential["response"]["clientDataJSON"]))
        origin, is_framed = said["origin"], said.get("crossOrigin", False)
    except (AttributeError, KeyError, TypeError, ValueError):
        return False
    return bool(origin == f"{current.request.scheme}://{current.request.get_host()}" and not is_framed)


class SignInByPasskey(FromHere, webauthn_forms.LoginWebAuthnForm):
    """A passkey instead of address and password."""


class SecondStepByPasskey(FromHere, webauthn_forms.AuthenticateWebAuthnForm):
    """A passkey as the second step."""


class ReauthenticateByPasskey(FromHere, webauthn_forms.ReauthenticateWebAuthnForm):
    """A passkey once more before something sensitive."""


class AddPasskey(FromHere, Plain, webauthn_forms.AddWebAuthnForm):
    """A new passkey; always one that can sign in by itself, with the device's own lock."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].widget.attrs["maxlength"] = "60"
        self.fields["passwordless"].widget = HiddenInput()
        self.fields["passwordless"].initial = True


class RenamePasskey(Plain, webauthn_forms.EditWebAuthnForm):
    """What a passkey is called."""
