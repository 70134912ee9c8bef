"""Where django-allauth asks the shop: addresses, mails, notices, devices, seeds."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from smtplib import SMTPException
from typing import TYPE_CHECKING, Any, ClassVar, cast

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.core import context as current
from allauth.core.exceptions import ReauthenticationRequired
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.contrib import messages
from django.core.mail import EmailMessage
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext, override

from xinka.accounts import kept_forms, seeds
from xinka.accounts.client_addresses import client_address
from xinka.accounts.devices import recognise
from xinka.accounts.email_addresses import normalise_email
from xinka.accounts.errors import AddressNotServed, MailNotSent
from xinka.accounts.fresh_proof import has_no_other_proof, proved_by_code
from xinka.accounts.mails import MAILS
from xinka.accounts.notices import ACCOUNT_REFUSALS, MFA_REFUSALS, NOTICES
from xinka.accounts.notifying import promise_notice
from xinka.accounts.sessions import begin_limits
from xinka.accounts.user_agents import device_label
from xinka.platform.mail.sending import judge

if TYPE_CHECKING:
    from allauth.mfa.models import Authenticator
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.forms import BaseForm
    from django.http import HttpRequest, HttpResponse

    from xinka.accounts.models import User

log = logging.getLogger(__name__)

#: More of what a browser calls itself says nothing more.
_LONGEST_AGENT = 500
#: How many pages may wait for the mail server at a time, of the eight that can be rendered; how long one more waits.
MAILING_AT_ONCE = 3
_SLOT_WITHIN = 1.5
_mailing = threading.BoundedSemaphore(MAILING_AT_ONCE)


@contextmanager
def _mail_slot() -> Iterator[None]:
    """Hold one of the few places from which pages may wait for the mail server.

    Raises:
        TimeoutError: if all stayed taken: the server is slow, and not all threads that render pages may wait for it.
    """
    if not _mailing.acquire(timeout=_SLOT_WITHIN):
        raise TimeoutError("too many mails wait for the mail server")
    try:
        yield
    finally:
        _mailing.release()


class AccountAdapter(DefaultAccountAdapter):
    """Accounts, the shop's way."""

    error_messages: ClassVar[dict[str, Any]] = {**DefaultAccountAdapter.error_messages, **ACCOUNT_REFUSALS}

    def clean_email(self, email: str) -> str:
        """Return the stored form of an address."""
        return normalise_email(email)

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the address that limits are counted by."""
        return client_address(request)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:  # noqa: ARG002 -- part of the interface
        """Go back to the overview."""
        return reverse("account_overview")

    def get_email_verification_redirect_url(self, email_address: EmailAddress) -> str:
        """Go back to the overview after a change of the address; a first confirmation goes on with the sign-in."""
        if self.request.user.is_authenticated:
            return reverse("account_overview")
        return str(super().get_email_verification_redirect_url(email_address))

    def save_user(
        self, request: HttpRequest, user: AbstractBaseUser, form: BaseForm, commit: bool = True
    ) -> AbstractBaseUser:
        """Remember the language someone signed up in; mails come in it."""
        cast("User", user).language = get_language() or ""
        return super().save_user(request, user, form, commit=commit)

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Make an address that was proved its person's, all of it or nothing; false where it is somebody else's.

        allauth looks before it writes, and in between somebody else may take the address.
        """
        try:
            with transaction.atomic():
                return bool(super().confirm_email(request, email_address))
        except IntegrityError:
            taken = type(email_address.user).objects.filter(email=email_address.email)
            if not taken.exclude(pk=email_address.user_id).exists():
                raise
            refused = "account/messages/email_confirmation_failed.txt"
            self.add_message(request, messages.ERROR, refused)
            return False

    def login(self, request: HttpRequest, user: AbstractBaseUser) -> None:
        """Sign in under a fresh session key, and start the session's clocks."""
        request.session.cycle_key()
        if user.last_login is None:
            # The first confirmation may just have changed it, and a session is bound to the password.
            user.refresh_from_db(fields=["password"])
        super().login(request, user)
        begin_limits(request.session, staff=cast("User", user).is_staff)

    def post_login(self, request: HttpRequest, user: AbstractBaseUser, **hooks: Any) -> HttpResponse:
        """Tell the owner about a device that was not seen before."""
        response = super().post_login(request, user, **hooks)
        person = cast("User", user)
        if recognise(request, response, person):
            self.send_notification_mail("accounts/email/new_device", person)
        if person.language != get_language():
            person.language = get_language() or ""
            person.save(update_fields=["language"])
        return response

    def is_reauthentication_required(self, *, app: str, **more: Any) -> bool:
        """Say whether something sensitive asks once more, also people who can only be asked for a mailed code.

        Raises:
            ReauthenticationRequired: for those, as allauth would let them through.
        """
        request = current.request
        kept_forms.drop_before_a_visit(request)
        if has_no_other_proof(request.user) and not proved_by_code(request):
            raise ReauthenticationRequired
        return bool(super().is_reauthentication_required(app=app, **more))

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Name the ways to confirm who one is in our words; who has no other is mailed a code."""
        words = {
            "reauthenticate": gettext("With the password"),
            "mfa_reauthenticate": gettext("With a code from the app"),
            "mfa_reauthenticate:webauthn": gettext("With a passkey"),
        }
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        if not methods and user.is_authenticated:
            by_mail = gettext("With a mailed code")
            return [{"id": "mailed_code", "description": by_mail, "url": reverse("account_reauthenticate_code")}]
        return [{**method, "description": words[method["id"]]} for method in methods]

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        message_context: dict[str, Any] | None = None,  # noqa: ARG002 -- part of the interface
        extra_tags: str = "",
        message: str | None = None,
    ) -> None:
        """Say it in our words; a notice that the page says anyway is left out."""
        text = str(message or NOTICES.get(message_template or "", ""))
        if text:
            messages.add_message(request, level, text, extra_tags=extra_tags)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send a mail of the table, in the reader's language.

        Raises:
            MailNotSent: if the mail server did not take it.
            AddressNotServed: if it never will.
        """
        user = context.get("user")
        with override((user.language if user else "") or get_language()):
            mail = self.render_mail(template_prefix, email, context)
        try:
            with _mail_slot():
                mail.send()
        except (SMTPException, OSError) as error:
            failure = judge(error)
            log.warning("account.mail_not_sent", extra={"mail": template_prefix, "why": str(failure)})
            # "from None": smtplib's errors carry the address.
            raise (AddressNotServed if failure.permanent else MailNotSent) from None

    def send_notification_mail(
        self,
        template_prefix: str,
        user: AbstractBaseUser,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """Have a mail sent about something that happened: by the worker, which tries again while a server is away."""
        person, known = cast("User", user), context or {}
        address = email or EmailAddress.objects.get_primary_email(person)
        if address:
            facts = {name: value for name, value in known.items() if isinstance(value, str)} | {
                "email": address,
                "language": person.language or get_language() or "",
                "ip": self.get_client_ip(self.request),
                "user_agent": self.get_http_user_agent(self.request)[:_LONGEST_AGENT],
            }
            promise_notice(template_prefix, person, facts, now=timezone.now())

    def render_mail(
        self,
        template_prefix: str,
        email: str | list[str],
        context: dict[str, Any],
        headers: dict[str, str] | None = None,
    ) -> EmailMessage:
        """Return the mail; every link in it begins with the configured address, whatever host was asked."""
        mail = MAILS[template_prefix]
        facts = {"email": email, **context}
        page = {
            "paragraphs": mail.text(facts),
            "link": settings.SITE_URL + reverse(mail.link) if mail.link else "",
            "site_url": settings.SITE_URL,
            "timestamp": context.get("timestamp") if mail.when_where else None,
            "device": device_label(context.get("user_agent", "")) or gettext("an unknown device"),
            "address": context.get("ip", ""),
        }
        body = render_to_string("accounts/mail.txt", page).strip() + "\n"
        to = [email] if isinstance(email, str) else email
        return EmailMessage(str(mail.subject), body, self.get_from_email(), to, headers=headers)


class MfaAdapter(DefaultMFAAdapter):
    """Second factors, the shop's way."""

    error_messages: ClassVar[dict[str, Any]] = {**DefaultMFAAdapter.error_messages, **MFA_REFUSALS}

    def encrypt(self, text: str) -> str:
        """Return the envelope of a seed of whoever is setting it up."""
        return seeds.seal(text, self._owner())

    def decrypt(self, encrypted_text: str) -> str:
        """Return the seed, if it belongs to whoever is being asked for a code."""
        return seeds.open_sealed(encrypted_text, self._owner())

    def build_totp_svg(self, url: str) -> str:
        """Return the QR code as plain SVG: attributes only, so that the page's policy lets it be."""
        import segno  # only when someone sets up an app

        return str(segno.make(url, error="m").svg_inline(scale=5, border=2, dark="#0b1a1a", light="#ffffff"))

    def generate_authenticator_name(
        self,
        user: AbstractBaseUser,  # noqa: ARG002 -- part of the interface
        type: Authenticator.Type,  # noqa: A002, ARG002 -- the same
    ) -> str:
        """Propose what the key is called by the device it is made on."""
        return device_label(current.request.headers.get("User-Agent", "")) or gettext("Passkey")

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Return the party that passkeys are bound to: the host, under the shop's name."""
        return {"id": current.request.get_host().rpartition(":")[0] or current.request.get_host(), "name": "Xinka"}

    def _owner(self) -> int:
        named = seeds.owner_of_seeds()
        if named is not None:
            return named
        user = current.request.user
        if not user.is_authenticated:
            raise seeds.SeedNotTheirs
        return int(user.pk)
