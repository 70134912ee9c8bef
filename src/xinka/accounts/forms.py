"""allauth's forms with one spelling per address, one password field, and our labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account import forms as allauth_forms
from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from allauth.core import context as current
from django.contrib.auth.hashers import make_password
from django.utils.translation import gettext_lazy as _

from xinka.accounts.email_addresses import normalise_email
from xinka.accounts.first_confirmation import sign_up_again
from xinka.accounts.validators import LEAST_LENGTH, LengthValidator

if TYPE_CHECKING:
    from django import forms
    from django.http import HttpRequest

    _Form = forms.Form
else:
    _Form = object

_LABELS = {
    "login": _("E-mail"),
    "email": _("E-mail"),
    "password": _("Password"),
    "password1": _("New password"),
    "oldpassword": _("Current password"),
    "code": _("Mailed code"),
    "name": _("Name of this passkey"),
}


class Plain(_Form):
    """Labels instead of placeholders, the right keyboard on a phone, room for a password manager."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        self.fields.pop("password2", None)
        for name, field in self.fields.items():
            field.label = _LABELS.get(name, field.label)
            field.help_text = ""
            field.widget.attrs.pop("placeholder", None)
        if "password1" in self.fields:
            self._dress_new_password()
        if "code" in self.fields:
            self.fields["code"].widget.attrs.update(
                autocomplete="one-time-code", autocapitalize="characters", spellcheck="false"
            )
        for name in ("login", "email"):
            if name in self.fields:
                self.fields[name].widget.attrs.update(
                    autocomplete="username" if name == "login" else "email",
                    inputmode="email",
                    autocapitalize="none",
                    spellcheck="false",
                )

    def _dress_new_password(self) -> None:
        field = self.fields["password1"]
        # No "maxlength": browsers cut what is pasted without a word, and a manager of passwords then knows another one.
        field.help_text = LengthValidator().get_help_text()
        field.widget.attrs.update(
            {
                "data-strength": "",
                "minlength": str(LEAST_LENGTH),
                "autocomplete": "new-password",
            }
        )


class OneSpelling(Plain):
    """The address in its stored form before anything is looked up by it."""

    def clean_login(self) -> str:
        """Normalise the log-in name."""
        return normalise_email(self.cleaned_data["login"])


class Login(OneSpelling, allauth_forms.LoginForm):
    """Address and password."""


class SignUp(Plain, allauth_forms.SignupForm):
    """Address and a password, typed once; it can be shown."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].label = _LABELS["password"]

    def try_save(self, request: HttpRequest) -> Any:
        """Make the account, or only a mail where somebody has one; one that nobody has proved yet is begun again.

        The password is hashed in all cases: the time of the answer would tell which it was.
        """
        if self.account_already_exists:
            hashed = make_password(self.cleaned_data["password1"])
            if waiting := sign_up_again(request, self.cleaned_data["email"], hashed):
                return waiting, None
        return super().try_save(request)


class AddEmail(Plain, allauth_forms.AddEmailForm):
    """The address to change to."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("New address")


class ChangeEmail(Plain, allauth_forms.ChangeEmailForm):
    """Another address while the first is being confirmed."""

    def clean_email(self) -> str:
        """Normalise before comparing."""
        self.cleaned_data["email"] = normalise_email(self.cleaned_data["email"])
        return str(super().clean_email())


class ChangePassword(Plain, allauth_forms.ChangePasswordForm):
    """The current password and a new one."""


class SetPassword(Plain, allauth_forms.SetPasswordForm):
    """A first password for someone who signed in by code until now.

    It opens everything that asks for a password, so it asks for a fresh proof itself; allauth's page does not.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise_if_reauthentication_required(current.request, app="allauth.account")
        super().__init__(*args, **kwargs)


class ResetPassword(Plain, allauth_forms.ResetPasswordForm):
    """The address to send a reset code to."""

    def clean_email(self) -> str:
        """Normalise before looking anyone up."""
        self.cleaned_data["email"] = normalise_email(self.cleaned_data["email"])
        return str(super().clean_email())


class ResetPasswordKey(Plain, allauth_forms.ResetPasswordKeyForm):
    """The new password after a reset code."""


class Reauthenticate(Plain, allauth_forms.ReauthenticateForm):
    """The password once more before something sensitive."""


class RequestLoginCode(Plain, allauth_forms.RequestLoginCodeForm):
    """The address to send a sign-in code to."""

    def clean_email(self) -> str:
        """Normalise before looking anyone up."""
        self.cleaned_data["email"] = normalise_email(self.cleaned_data["email"])
        return str(super().clean_email())


class ConfirmLoginCode(Plain, allauth_forms.ConfirmLoginCodeForm):
    """The mailed sign-in code."""


class ConfirmFreshProofCode(Plain, allauth_forms.BaseConfirmCodeForm):
    """The mailed code of somebody who is signed in and has neither a password nor a second factor."""


class ConfirmEmailCode(Plain, allauth_forms.ConfirmEmailVerificationCodeForm):
    """The mailed code that proves an address."""


class ConfirmResetCode(Plain, allauth_forms.ConfirmPasswordResetCodeForm):
    """The mailed code before a new password."""
