"""Every mail about an account, in one table: what it says, and nothing secret in the subject."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


@dataclass(frozen=True)
class Mail:
    """A subject and paragraphs; ``%(name)s`` is filled from the facts of the moment.

    ``link`` is the name of the address to act on, ``when_where`` whether to say when and from which device.
    """

    subject: _StrPromise
    paragraphs: tuple[_StrPromise | str, ...]
    link: str = ""
    when_where: bool = False

    def text(self, facts: dict[str, Any]) -> list[str]:
        """Return the paragraphs with their facts."""
        return [str(paragraph) % facts for paragraph in self.paragraphs]


_CODE = _("Your code: %(code)s")
_CODE_RULES = _(
    "It works for a few minutes, only in the window that asked for it. Nobody at Xinka will ever ask you for it."
)
_NOT_YOU_PASSWORD = _("Not you? Set a new password right away; that signs out every other device.")
_NOT_YOU_SECURITY = _("Not you? Open your account right away, undo it and sign out other devices.")

MAILS: dict[str, Mail] = {
    "account/email/login_code": Mail(
        _("Your sign-in code"),
        (_CODE, _CODE_RULES, _("You did not try to sign in? Then you need not do anything.")),
    ),
    "accounts/email/fresh_proof_code": Mail(
        _("Your code to go on"),
        (
            _CODE,
            _CODE_RULES,
            _("You did not ask for it? Then somebody sits at your account. Sign that device out:"),
        ),
        link="usersessions_list",
    ),
    "accounts/email/second_step_tried": Mail(
        _("Wrong codes at the second step"),
        (
            _("Somebody came as far as the second step of your account today and gave several wrong codes."),
            _("It was you? Then you need not do anything. Not you? Set a new password right away; it ends their try."),
        ),
        link="account_reset_password",
        when_where=True,
    ),
    "account/email/email_confirmation_signup": Mail(
        _("Confirm your e-mail address"),
        (_CODE, _CODE_RULES, _("You did not sign up? Then ignore this mail: without the code nothing happens.")),
    ),
    "account/email/email_confirmation": Mail(
        _("Confirm your e-mail address"),
        (_CODE, _CODE_RULES, _("It was not you? Then ignore this mail: without the code nothing happens.")),
    ),
    "account/email/password_reset_code": Mail(
        _("Code for a new password"),
        (_CODE, _CODE_RULES, _("You did not ask for it? Then ignore this mail: your password stays.")),
    ),
    "account/email/unknown_account": Mail(
        _("There is no account with this address"),
        (
            _("Somebody, probably you, wanted to sign in with %(email)s. There is no account with this address."),
            _("You may have used another address, or you can sign up here:"),
        ),
        link="account_signup",
    ),
    "account/email/account_already_exists": Mail(
        _("You already have an account"),
        (
            _("Somebody, probably you, wanted to sign up with %(email)s. You already have an account."),
            _("Sign in here, with a code if you forgot the password:"),
        ),
        link="account_login",
    ),
    "account/email/password_changed": Mail(
        _("Your password was changed"),
        (_("The password of your account was changed. Other devices were signed out."), _NOT_YOU_PASSWORD),
        link="account_reset_password",
        when_where=True,
    ),
    "account/email/password_set": Mail(
        _("Your account has a password now"),
        (_("A password was set for your account. Other devices were signed out."), _NOT_YOU_PASSWORD),
        link="account_reset_password",
        when_where=True,
    ),
    "account/email/password_reset": Mail(
        _("Your password was replaced"),
        (
            _("The password of your account was replaced with a mailed code. All devices were signed out."),
            _NOT_YOU_PASSWORD,
        ),
        link="account_reset_password",
        when_where=True,
    ),
    "account/email/email_changed": Mail(
        _("Your e-mail address was changed"),
        (
            _("Your account now uses %(to_email)s instead of %(from_email)s."),
            _("Not you? Write to us at once; from this address you can no longer sign in."),
        ),
        when_where=True,
    ),
    "account/email/email_deleted": Mail(
        _("An e-mail address was removed"),
        (_("%(deleted_email)s no longer belongs to your account."), _NOT_YOU_SECURITY),
        link="account_overview",
        when_where=True,
    ),
    "mfa/email/totp_activated": Mail(
        _("Authenticator app added"),
        (_("Signing in now also asks for a code from an authenticator app."), _NOT_YOU_SECURITY),
        link="account_overview",
        when_where=True,
    ),
    "mfa/email/totp_deactivated": Mail(
        _("Authenticator app removed"),
        (_("Signing in no longer asks for a code from an authenticator app."), _NOT_YOU_SECURITY),
        link="account_overview",
        when_where=True,
    ),
    "mfa/email/recovery_codes_generated": Mail(
        _("New recovery codes"),
        (_("New recovery codes were made for your account. The old ones no longer work."), _NOT_YOU_SECURITY),
        link="account_overview",
        when_where=True,
    ),
    "accounts/email/recovery_code_used": Mail(
        _("A recovery code was used"),
        (
            _("One of your recovery codes was used in place of the app or a passkey. Codes that are left: %(left)s."),
            _("It was you? Make new ones before they run out: without any, a lost phone shuts you out."),
            _NOT_YOU_SECURITY,
        ),
        link="mfa_index",
        when_where=True,
    ),
    "mfa/email/webauthn_added": Mail(
        _("Passkey added"),
        (_("A passkey was added to your account. Whoever holds it can sign in."), _NOT_YOU_SECURITY),
        link="account_overview",
        when_where=True,
    ),
    "mfa/email/webauthn_removed": Mail(
        _("Passkey removed"),
        (_("A passkey was removed from your account."), _NOT_YOU_SECURITY),
        link="account_overview",
        when_where=True,
    ),
    "accounts/email/closing_asked": Mail(
        _("Your account will be closed"),
        (
            _("You asked for your account to be closed. It ends on %(day)s; until then you can keep it."),
            _("It was not you? Open your account, keep it, sign other devices out and set a new password:"),
        ),
        link="account_overview",
        when_where=True,
    ),
    "accounts/email/closing_stopped": Mail(
        _("Your account stays open for now"),
        (
            _("Your account was to be closed today, but something has to be done first:"),
            "%(why)s",
            _("Then ask for it once more."),
        ),
        link="account_overview",
    ),
    "accounts/email/closed": Mail(
        _("Your account is closed"),
        (
            _("Your account is closed, as you asked. Your address, your passkeys and your devices are deleted."),
            _("Orders stay as long as the law has them kept; find them with this address and the order password."),
        ),
    ),
    "accounts/email/second_factor_ends": Mail(
        _("The second step will be taken off"),
        (
            _("We were told that you lost the app, passkeys and recovery codes. So we take the second step off."),
            _("From %(day)s on, signing in will not ask for it, and all devices are signed out."),
            _("Not you? Press “Keep it” under Account where you are signed in, or sign in with the second step."),
            _("Then set a new password, here and for your mailbox."),
        ),
        link="account_overview",
    ),
    "accounts/email/second_factor_stays": Mail(
        _("The second step stays"),
        (
            _("The second step was used, or kept on a device that is signed in. So it is not taken off."),
            _("It was not you? Sign that device out and set a new password. You still cannot get in? Write to us."),
        ),
        link="usersessions_list",
    ),
    "accounts/email/second_factor_dropped": Mail(
        _("The second step was taken off"),
        (
            _("As you asked us, signing in needs no second step for now, and all devices were signed out."),
            _("Sign in and set up a new one. You did not ask? Set a new password at once and write to us."),
        ),
        link="account_login",
    ),
    "accounts/email/new_device": Mail(
        _("New sign-in to your account"),
        (
            _("Your account was opened on a device that we have not seen with it before."),
            _("It was you? Then you need not do anything. Not you? Sign that device out and set a new password:"),
        ),
        link="usersessions_list",
        when_where=True,
    ),
}
