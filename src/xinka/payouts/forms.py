"""The forms of withdrawing: how much to which account, and a new account."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from typing import Any
from uuid import uuid4

from django import forms
from django.utils import timezone
from django.utils.translation import get_language, gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from xinka.kernel.errors import BadInput
from xinka.payouts.details import AccountDetails, AccountKind, Network
from xinka.payouts.models import KINDS, PayoutAccount
from xinka.platform.look.amounts import MOST_SIGNS, read_amount


def words_of(refusal: BadInput) -> str:
    """Return why something was refused, in the reader's language."""
    return str(refusal.params["why_en" if str(get_language()).startswith("en") else "why_zh"])


class WithdrawForm(forms.Form):
    """How much, and where to. ``key`` makes the form sent twice one payout."""

    account = forms.ChoiceField(label=_("To which account"), widget=forms.RadioSelect)
    is_checked = forms.BooleanField(
        label=_("I compared name, number and bank: this account is right"),
        required=False,
        help_text=_("Only needed for an account that its bank sent money back from."),
    )
    amount = forms.CharField(label=pgettext_lazy("payouts", "How much"), max_length=MOST_SIGNS)
    key = forms.CharField(widget=forms.HiddenInput, max_length=36, initial=uuid4)

    def __init__(self, *args: Any, accounts: list[PayoutAccount], currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency
        now = timezone.now()
        usable = [account for account in accounts if account.usable_from <= now]
        self.has_usable = bool(usable)
        field = self.fields["account"]
        field.choices = [(str(one.id), _shown(one)) for one in usable]  # type: ignore[attr-defined]
        if usable:
            # What sent money back is chosen on purpose, not because it stands first.
            field.initial = str(min(usable, key=lambda one: one.returned_at is not None).id)
        self.returned = [one for one in usable if one.returned_at is not None]
        if not self.returned:
            del self.fields["is_checked"]
        self.fields["amount"].widget.attrs |= {"inputmode": "decimal", "autocomplete": "off", "class": "num"}

    def clean_amount(self) -> int:
        """Return minor units."""
        return read_amount(self.cleaned_data["amount"], self.currency)


def _shown(account: PayoutAccount) -> str:
    name = f"{account.get_kind_display()} {account.label}"
    return gettext("%(account)s (returned by the bank)") % {"account": name} if account.returned_at else name


class AccountForm(forms.Form):
    """A new account; what a kind does not need is left empty."""

    kind = forms.ChoiceField(
        label=_("Kind"), choices=[(kind.value, words) for kind, words in KINDS.items()], initial=AccountKind.BANK.value
    )
    holder = forms.CharField(
        label=_("Name of the payee"),
        max_length=60,
        required=False,
        help_text=_("Exactly as the bank or app knows it. Not needed for USDT."),
    )
    bank = forms.CharField(
        label=_("Bank"), max_length=60, required=False, help_text=_("Only for a bank account, with its branch.")
    )
    number = forms.CharField(
        label=_("Account"),
        max_length=80,
        help_text=_("Card number, Alipay or PayPal e-mail, openid of WeChat (or its number), or USDT address."),
    )
    network = forms.ChoiceField(
        label=_("Network"),
        required=False,
        choices=[("", _("Not USDT")), *[(one.value, one.value) for one in Network]],
        help_text=_("Only for USDT. On another network the money would be lost."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("holder", "bank", "number"):
            self.fields[name].widget.attrs |= {"autocomplete": "off", "spellcheck": "false"}
        self.fields["number"].widget.attrs["class"] = "mono"
        for name, kind in (("holder", "named"), ("bank", "bank"), ("network", "usdt")):
            self.fields[name].widget.attrs["data-of"] = kind

    def clean(self) -> dict[str, Any]:
        """Put the account together; what is wrong is said beside its field."""
        data: dict[str, Any] = super().clean() or {}
        if self.errors:
            return data
        number = unicodedata.normalize("NFKC", data["number"]).strip()
        kind = AccountKind(data["kind"])
        if kind is AccountKind.BANK:
            number = number.replace(" ", "").replace("-", "")
        is_usdt, is_bank = kind is AccountKind.USDT, kind is AccountKind.BANK
        try:
            data["details"] = AccountDetails(
                kind,
                "" if is_usdt else data["holder"].strip(),
                number,
                bank=data["bank"].strip() if is_bank else "",
                network=data["network"] if is_usdt else "",
            )
        except BadInput as refusal:
            self.add_error(str(refusal.params["field"]), words_of(refusal))
        return data


def is_usable(account: PayoutAccount, now: datetime) -> bool:
    """Whether money can go to an account now."""
    return account.usable_from <= now
