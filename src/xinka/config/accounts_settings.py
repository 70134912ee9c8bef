"""How people sign in: passwords, codes, second factors, passkeys, sessions and the limits on guessing them."""

from __future__ import annotations

from datetime import timedelta

from xinka.config.environment import read, read_flag

AUTHENTICATION_BACKENDS = [
    "rules.permissions.ObjectPermissionBackend",
    "xinka.accounts.backends.PeopleOfThisShop",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "shop:begin"
LOGOUT_REDIRECT_URL = "/"

# Passwords: OWASP's Argon2id parameters, and the rules of ASVS 5.0 V6.2 (length and strength, no composition rules).
PASSWORD_HASHERS = ["xinka.accounts.hashers.Argon2id"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "xinka.accounts.validators.LengthValidator"},
    {"NAME": "xinka.accounts.validators.BreachedValidator"},
    {"NAME": "xinka.accounts.validators.StrengthValidator"},
]
#: A filter made with ``build_breached_filter``; without it a small one is built from lists that come with the shop.
BREACHED_PASSWORDS_FILE = read("XINKA_BREACHED_PASSWORDS_FILE")

# Counters against guessing live in the database, so that every process counts the same guesses.
CACHES = {"default": {"BACKEND": "xinka.accounts.shared_cache.SharedCache"}}
SESSION_ENGINE = "xinka.accounts.sessions"
SESSION_COOKIE_AGE = 30 * 24 * 3600
#: (how long a session may lie idle, how long it may live at all), for people and for staff.
SESSION_LIMITS = (timedelta(days=14), timedelta(days=30))
SESSION_LIMITS_STAFF = (timedelta(hours=1), timedelta(hours=12))

#: Staff sign in with a second factor; only a demo shop may turn this off.
STAFF_NEEDS_MFA = read_flag("XINKA_STAFF_NEEDS_MFA", default=True)

ACCOUNT_ADAPTER = "xinka.accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_TIMEOUT = 10 * 60  # ASVS 5.0 V6.5.5: no mailed code holds for longer
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
# No change of address at that point: allauth offers it only where the account is new, which would tell.
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 10 * 60
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_PASSWORD_RESET_BY_CODE_TIMEOUT = 10 * 60
ACCOUNT_LOGIN_TIMEOUT = 15 * 60
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 10 * 60
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False  # this browser stays; every other session dies with the old password
ACCOUNT_PASSWORD_MIN_LENGTH = None  # the validators say it in our own words
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "20/m/ip,5/300s/key",
    "signup": "10/m/ip,100/d/ip",
    # By address none for the day: who signs up with somebody else's again and again would shut its owner out.
    "confirm_email": "10/m/ip,3/m/key",
    "request_login_code": "10/m/ip,3/m/key,20/d/key",
    "reset_password": "10/m/ip,3/m/key,20/d/key",
    "reset_password_from_key": "20/m/ip",
    "reauthenticate": "10/m/user",
    # Wrong codes at the second step: in a day at all, before the owner is told, and how often that is.
    "second_step": "50/d/key",
    "second_step_unmailed": "5/d/key",
    "second_step_mail": "1/d/key",
    "manage_email": "10/m/user",
    "change_password": "5/m/user",
    "password_strength": "60/m/ip",
}
ACCOUNT_FORMS = {
    "login": "xinka.accounts.forms.Login",
    "signup": "xinka.accounts.forms.SignUp",
    "add_email": "xinka.accounts.forms.AddEmail",
    "change_email": "xinka.accounts.forms.ChangeEmail",
    "change_password": "xinka.accounts.forms.ChangePassword",
    "set_password": "xinka.accounts.forms.SetPassword",
    "reset_password": "xinka.accounts.forms.ResetPassword",
    "reset_password_from_key": "xinka.accounts.forms.ResetPasswordKey",
    "reauthenticate": "xinka.accounts.forms.Reauthenticate",
    "request_login_code": "xinka.accounts.forms.RequestLoginCode",
    "confirm_login_code": "xinka.accounts.forms.ConfirmLoginCode",
    "confirm_email_verification_code": "xinka.accounts.forms.ConfirmEmailCode",
    "confirm_password_reset_code": "xinka.accounts.forms.ConfirmResetCode",
}

MFA_ADAPTER = "xinka.accounts.adapter.MfaAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Xinka"
MFA_TOTP_TOLERANCE = 1  # one step either way (RFC 6238, 5.2); forms.OneTimeCode refuses the second use in that span
MFA_RECOVERY_CODES_SHOW_ONCE = True  # else a password and a borrowed session read the codes that replace the phone
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_FORMS = {
    "authenticate": "xinka.accounts.mfa_forms.Authenticate",
    "reauthenticate": "xinka.accounts.mfa_forms.Reauthenticate",
    "activate_totp": "xinka.accounts.mfa_forms.ActivateTotp",
    "login_webauthn": "xinka.accounts.mfa_forms.SignInByPasskey",
    "authenticate_webauthn": "xinka.accounts.mfa_forms.SecondStepByPasskey",
    "reauthenticate_webauthn": "xinka.accounts.mfa_forms.ReauthenticateByPasskey",
    "add_webauthn": "xinka.accounts.mfa_forms.AddPasskey",
    "edit_webauthn": "xinka.accounts.mfa_forms.RenamePasskey",
}
