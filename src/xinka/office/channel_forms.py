"""The form of a channel: what every channel has, and what its kind of gateway asks for."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.utils.translation import gettext_lazy as _

from xinka.kernel.money import MINOR_DIGITS, plain_amount
from xinka.office.names import SHORT_NAME_ERRORS, is_english
from xinka.payments.models import Channel, Devices
from xinka.payments.providers.protocol import SettingField
from xinka.payments.providers.registry import KINDS, class_of
from xinka.platform.look.amounts import MOST_SIGNS, read_amount

#: Names of settings in the form begin so, to keep apart from the channel's own.
_PREFIX = "setting-"
GLYPHS = (
    ("qr", _("QR code")),
    ("card", _("Card")),
    ("wallet", _("Wallet")),
    ("phone", _("Telephone")),
    ("globe", _("Globe")),
    ("chain", _("Chain")),
)
#: The channel's own currency says it.
_SAID_ELSEWHERE = {"currency"}


def kind_name(kind: str) -> str:
    """Return what a kind of gateway is called."""
    known = KINDS.get(kind)
    return (known.en if is_english() else known.zh) if known else kind


class ChannelForm(forms.Form):
    """A channel of one kind; of a known channel the secrets are not shown, and stay when left empty."""

    slug = forms.CharField(
        label=_("Short name"), max_length=40, validators=[validate_slug], error_messages=SHORT_NAME_ERRORS
    )
    name = forms.CharField(label=_("Name in Chinese"), max_length=40)
    name_en = forms.CharField(label=_("Name in English"), max_length=40)
    glyph = forms.ChoiceField(label=_("Icon"), choices=GLYPHS)
    method = forms.CharField(label=_("Way to pay at the gateway"), max_length=20, required=False)
    currency = forms.ChoiceField(label=_("Currency"), choices=[(code, code) for code in MINOR_DIGITS])
    min_amount = forms.CharField(label=_("Smallest payment"), max_length=MOST_SIGNS)
    max_amount = forms.CharField(label=_("Largest payment"), max_length=MOST_SIGNS)
    devices = forms.ChoiceField(label=_("Offered"), choices=Devices.choices)
    fee_percent = forms.DecimalField(
        label=_("The gateway's share, in percent"), min_value=0, max_value=100, decimal_places=2
    )
    fee_fixed = forms.CharField(label=_("And per payment"), max_length=MOST_SIGNS)
    on = forms.BooleanField(label=_("Buyers may pay with it"), required=False)

    def __init__(self, *args: Any, channel: Channel, stored: dict[str, object], **kwargs: Any) -> None:
        kwargs["initial"] = _initial(channel)
        super().__init__(*args, **kwargs)
        self.channel = channel
        self.is_new = channel.pk is None
        self.fields["method"].help_text = _("As the gateway calls it: alipay, wxpay, qqpay, native, page … or empty.")
        self.fields["slug"].help_text = _("Part of the notice address; it cannot be changed later.")
        if not self.is_new:
            del self.fields["slug"]
        asked = [one for one in class_of(channel.provider).setting_fields() if one.name not in _SAID_ELSEWHERE]
        for setting in asked:
            self.fields[_PREFIX + setting.name] = _field(setting, stored.get(setting.name), is_new=self.is_new)
        self._asked, self._stored = asked, stored

    @property
    def own_fields(self) -> list[forms.BoundField]:
        """What every channel has."""
        return [bound for bound in self if not bound.name.startswith(_PREFIX)]

    @property
    def setting_fields(self) -> list[forms.BoundField]:
        """What this kind of gateway asks for."""
        return [bound for bound in self if bound.name.startswith(_PREFIX)]

    @property
    def told(self) -> dict[str, object]:
        """The settings as they were filled in."""
        return {one.name: self.cleaned_data.get(_PREFIX + one.name) for one in self._asked}

    def clean_slug(self) -> str:
        """A short name is free."""
        slug = str(self.cleaned_data["slug"])
        if Channel.objects.filter(slug=slug).exists():
            raise ValidationError(_("This short name is taken."))
        return slug

    def clean(self) -> dict[str, Any]:
        """Amounts become minor units of the channel's currency, and the share one in ten thousand."""
        data: dict[str, Any] = super().clean() or {}
        for name in ("min_amount", "max_amount", "fee_fixed"):
            if name in data:
                try:
                    data[name] = read_amount(str(data[name]), str(data.get("currency", "CNY")))
                except ValidationError as refusal:
                    self.add_error(name, refusal)
        if not self.errors and not 1 <= data["min_amount"] <= data["max_amount"]:
            self.add_error("max_amount", _("The largest payment must not be below the smallest."))
        self._keep_secrets_from_new_addresses(data)
        return data

    def _keep_secrets_from_new_addresses(self, data: dict[str, Any]) -> None:
        """Refuse to have a secret that is kept go to another address than it was entered for.

        Some gateways are told the key itself. Who changes channels sees none, but could name a machine of their own as
        the gateway and try that, before anybody confirms it.
        """
        moved = [one for one in self._asked if one.name.endswith("_url") and self._is_elsewhere(one, data)]
        for one in self._asked if moved and not self.is_new else ():
            name = _PREFIX + one.name
            if one.secret and self._stored.get(one.name) and not data.get(name) and name not in self.errors:
                self.add_error(
                    name,
                    _("Type it once more: the gateway's address is another one, and what is kept is not sent there."),
                )

    def _is_elsewhere(self, setting: SettingField, data: dict[str, Any]) -> bool:
        before, after = self._stored.get(setting.name), data.get(_PREFIX + setting.name)
        return str(before or "").rstrip("/") != str(after or "").rstrip("/")

    def ask_secrets_again(self) -> None:
        """Say of each secret that was typed that it has to be typed once more: a form that is shown again has none.

        Otherwise who mends another field and saves would believe that the new key went with it.
        """
        for one in self._asked:
            name = _PREFIX + one.name
            if one.secret and not one.multiline and self.data.get(name) and name not in self.errors:
                self.add_error(name, _("Type it once more: it is not kept while something else is mended."))

    def apply(self) -> Channel:
        """Return the channel as it shall become, without its settings."""
        for name, value in self.cleaned_data.items():
            if name == "fee_percent":
                self.channel.fee_bps = int(value * 100)
            elif not name.startswith(_PREFIX):
                setattr(self.channel, name, value)
        return self.channel


def _initial(channel: Channel) -> dict[str, object]:
    names = ("slug", "name", "name_en", "glyph", "method", "currency", "devices", "on")
    amounts = ("min_amount", "max_amount", "fee_fixed")
    currency = channel.currency
    share = {"fee_percent": Decimal(channel.fee_bps) / 100}
    return (
        {name: getattr(channel, name) for name in names}
        | share
        | {name: plain_amount(getattr(channel, name), currency) for name in amounts}
    )


def _field(setting: SettingField, stored: object, *, is_new: bool) -> forms.Field:
    """Return the field of one setting; a secret never carries its value."""
    english = is_english()
    label, words = (setting.label_en, setting.help_en) if english else (setting.label_zh, setting.help_zh)
    keeps = setting.secret and not is_new and bool(stored)
    common: dict[str, Any] = {"label": label, "required": setting.required and not keeps, "help_text": words}
    if setting.is_flag:
        return forms.BooleanField(label=label, required=False, help_text=words, initial=bool(stored))
    if setting.choices:
        choices = [(value, en if english else zh) for value, (zh, en) in setting.choices.items()]
        return forms.ChoiceField(choices=choices, initial=stored, **common)
    if keeps:
        common["help_text"] = _("Kept and not shown. Leave it empty to keep it.")
    quiet = {"autocomplete": "off", "spellcheck": "false"}
    if setting.multiline:
        widget: forms.Widget = forms.Textarea(attrs={"rows": 3, "class": "mono short", **quiet})
    elif setting.secret:
        widget = forms.PasswordInput(attrs={**quiet, "autocomplete": "new-password"})
    else:
        widget = forms.TextInput(attrs=quiet)
    return forms.CharField(widget=widget, initial="" if setting.secret else stored, max_length=20_000, **common)
