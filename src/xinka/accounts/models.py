"""The person behind a sign-in, and the browsers that person has used; nothing else is known about people here."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from xinka.accounts.email_addresses import normalise_email
from xinka.accounts.managers import UserManager
from xinka.accounts.staff_roles import StaffRole


class User(AbstractBaseUser, PermissionsMixin):
    """A person who can sign in. The e-mail address is the log-in name; there is no other."""

    email = models.EmailField(_("e-mail"), max_length=254, unique=True)
    display_name = models.CharField(_("name shown to others"), max_length=40, blank=True, default="")
    language = models.CharField(_("language"), max_length=10, blank=True, default="")
    is_staff = models.BooleanField(_("works for the marketplace"), default=False)
    staff_roles = ArrayField(
        models.CharField(max_length=8),
        default=list,
        blank=True,
        db_default=Value([], output_field=ArrayField(models.CharField(max_length=8))),
        verbose_name=_("what they do for it"),
    )
    is_active = models.BooleanField(_("may sign in"), default=True)
    refunds_to_balance = models.BooleanField(
        default=False,
        db_default=False,
        help_text="money that goes back, goes into the balance, unless an order is to be otherwise",
    )
    created_at = models.DateTimeField(_("member since"), db_default=Now(), editable=False)
    closing_at = models.DateTimeField(null=True, blank=True, help_text="when the account ends, as its person asked for")
    closed_at = models.DateTimeField(null=True, blank=True, help_text="since when the row is nobody's any more")
    second_step_ends_at = models.DateTimeField(
        null=True, blank=True, help_text="when staff take the second step off, unless its person says no"
    )

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        # The few who work here are looked for among all who ever signed up.
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["email"], name="user_staff", condition=Q(is_staff=True)),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                name="staff_roles_known", condition=Q(staff_roles__contained_by=[role.value for role in StaffRole])
            ),
            models.CheckConstraint(name="only_staff_has_roles", condition=Q(is_staff=True) | Q(staff_roles=[])),
        ]

    def __str__(self) -> str:
        return self.display_name or f"#{self.pk}"

    @classmethod
    def normalize_username(cls, username: str) -> str:
        """Return the log-in name as it is stored."""
        return normalise_email(username)

    def clean(self) -> None:
        """Bring the address into its stored form."""
        super().clean()
        self.email = normalise_email(self.email)

    def get_full_name(self) -> str:
        """Return what others may see; never the address."""
        return self.display_name

    def get_short_name(self) -> str:
        """Return what others may see; never the address."""
        return self.display_name


class Notice(models.Model):
    """A mail about an account that no server has taken yet; ``sealed`` is what it says and to whom."""

    id = models.UUIDField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=60)
    sealed = models.BinaryField()
    at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class KnownDevice(models.Model):
    """A browser that has signed in before, known by a random cookie of which only the hash is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="known_devices")
    cookie_hash = models.BinaryField(max_length=32, editable=False)
    label = models.CharField(max_length=60)
    first_seen_at = models.DateTimeField(db_default=Now(), editable=False)
    last_seen_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["user", "cookie_hash"], name="known_device_once_per_user"),
        ]

    def __str__(self) -> str:
        return self.label


class SavedFilter(models.Model):
    """What somebody of staff keeps of a queue under a name; ``query`` is the filter as the queue writes it."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="saved_filters")
    queue = models.CharField(max_length=20)
    name = models.CharField(max_length=30)
    query = models.CharField(max_length=1000)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["user", "queue", "name"], name="saved_filter_once_per_name"),
        ]

    def __str__(self) -> str:
        return self.name
