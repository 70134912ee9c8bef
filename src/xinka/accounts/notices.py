"""The short lines shown after an action, and the refusals of forms, in our own words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

#: By the template allauth would render; an empty text means that the page itself says it.
NOTICES: dict[str, _StrPromise | str] = {
    "account/messages/cannot_delete_primary_email.txt": _(
        "This is the address you sign in with; it cannot be removed."
    ),
    "account/messages/email_confirmation_failed.txt": _("This address cannot be used."),
    "account/messages/email_confirmation_sent.txt": "",
    "account/messages/email_confirmed.txt": _("Address confirmed"),
    "account/messages/email_deleted.txt": _("Address removed"),
    "account/messages/logged_in.txt": "",
    "account/messages/logged_out.txt": _("Signed out"),
    "account/messages/login_code_sent.txt": "",
    "account/messages/password_changed.txt": _("Password changed, other devices signed out"),
    "account/messages/password_set.txt": _("Password set, other devices signed out"),
    "account/messages/primary_email_set.txt": _("Address changed"),
    "account/messages/unverified_primary_email.txt": _("Confirm this address first."),
    "mfa/messages/recovery_codes_generated.txt": _(
        "These recovery codes are shown once. Keep them before you leave this page."
    ),
    "mfa/messages/totp_activated.txt": _("Authenticator app added"),
    "mfa/messages/totp_deactivated.txt": _("Authenticator app removed"),
    "mfa/messages/webauthn_added.txt": _("Passkey added"),
    "mfa/messages/webauthn_removed.txt": _("Passkey removed"),
    "usersessions/messages/sessions_logged_out.txt": _("Signed out everywhere else"),
}

ACCOUNT_REFUSALS: dict[str, Any] = {
    "account_inactive": _("This account is closed."),
    "duplicate_email": _("This is already the address of your account."),
    "email_password_mismatch": _("The address and the password do not match. Try again, or sign in with a code."),
    "email_taken": _("This address cannot be used."),
    "enter_current_password": _("That is not your current password."),
    "incorrect_code": _("That is not the code. Look at the newest mail or the app."),
    "incorrect_password": _("That is not your password."),
    "invalid_login": _("Type your e-mail address."),
    "max_email_addresses": _("Confirm the address you are changing to, or cancel that change first."),
    "rate_limited": _("Too many tries. Wait a minute."),
    "same_as_current": _("This is already the address."),
    "second_step_closed": _(
        "Too many wrong codes today. Use a passkey, or try again tomorrow; if it was not you, set a new password."
    ),
    "too_many_login_attempts": _("Too many tries. Begin again in some minutes, or use another way to sign in."),
}

MFA_REFUSALS: dict[str, Any] = {
    "add_email_blocked": _("Remove the second factor before you add an address."),
    "cannot_delete_authenticator": _("This second factor cannot be removed."),
    "cannot_generate_recovery_codes": _("Set up an authenticator app or a passkey first."),
    "incorrect_code": _("That did not work. Use a fresh code or try again."),
    "passkey_refused": _(
        "This passkey was not accepted. Try again, or sign in another way; one that was removed here no longer works."
    ),
    "unverified_email": _("Confirm your e-mail address first."),
}
